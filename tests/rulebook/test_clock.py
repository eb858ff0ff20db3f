"""The business clock: forwards only, true in production, moved through every sweep in between, once and in order."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg2.errors
import pytest
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection, transaction

import config.sweeps
import config.tasks
from config.clock import ask_move
from config.management.commands import move_clock
from config.sweeps import Place, Sweep, due_places, next_place
from config.tasks import carry_on_clock_moves, run_sweeps
from rulebook import queries, services
from rulebook.errors import ClockIsMoving, ClockMovesForwards, ClockRunsTrue
from rulebook.models import ClockMove, ClockOffset
from rulebook.rules import BEIJING
from tests.concurrency import started_and_waiting

HOUR = timedelta(hours=1)
SOON = timedelta(seconds=20)  # What a test may take between reading the clock and comparing.
MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=BEIJING)  # After any real time at which this is run, for years.


class Diary:
    """Two sweeps that write down when they ran and what the business clock said."""

    def __init__(self):
        self.ran = []
        self.instants = {"first": [], "second": []}
        self.breaks = {}  # (name, at) -> exceptions still to raise.

    def sweeps(self):
        return tuple(Sweep(name, self._due(name), self._run(name)) for name in self.instants)

    def _due(self, name):
        return lambda after, until: [at for at in self.instants[name] if after < at <= until]

    def _run(self, name):
        def run(at):
            if errors := self.breaks.get((name, at)):
                raise errors.pop(0)
            self.ran.append((name, at, queries.now()))
            return f"{name} ran"

        return run

    @property
    def order(self):
        return [(name, at) for name, at, _ in self.ran]


@pytest.fixture
def diary(monkeypatch):
    kept = Diary()
    monkeypatch.setattr(config.sweeps, "SWEEPS", kept.sweeps())
    monkeypatch.setattr(config.tasks, "SWEEPS", config.sweeps.SWEEPS)
    monkeypatch.setattr(carry_on_clock_moves, "delay", lambda: None)  # No worker: the test is the worker.
    return kept


@pytest.fixture
def ahead():
    """An instant later than business time, from which a test begins."""
    services.set_clock(to=MONDAY)
    return MONDAY


def run(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.django_db
class TestClock:
    def test_business_time_is_the_servers_plus_the_offset(self):
        for seconds in (ClockOffset.objects.get().seconds, Decimal(10**9)):
            ClockOffset.objects.update(seconds=seconds)
            with connection.cursor() as cursor:
                cursor.execute("SELECT clock_timestamp()")
                true = cursor.fetchone()[0]
            assert timedelta() <= queries.now() - true - timedelta(seconds=float(seconds)) < SOON
        assert queries.now().utcoffset() == timedelta()

    def test_it_runs_on_by_itself(self, ahead):
        first = queries.now()
        run("SELECT pg_sleep(0.01)")
        assert queries.now() - first >= timedelta(seconds=0.01)

    def test_the_business_day_is_beijings(self):
        assert queries.business_date(datetime(2026, 3, 1, 15, 59, tzinfo=UTC)).isoformat() == "2026-03-01"
        assert queries.business_date(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)).isoformat() == "2026-03-02"

    def test_a_time_already_past_is_left_as_it_is(self, ahead):
        services.set_clock(to=ahead - HOUR)
        assert queries.now() >= ahead

    def test_the_database_refuses_a_step_backwards(self, ahead):
        with pytest.raises(IntegrityError, match="only moves forwards"), transaction.atomic():
            run("UPDATE rulebook_clockoffset SET seconds = seconds - 1")

    def test_the_database_refuses_a_second_clock_and_none(self):
        for sql in ("DELETE FROM rulebook_clockoffset", "INSERT INTO rulebook_clockoffset VALUES (2, 0, false)"):
            with pytest.raises(Exception, match="permission denied"), transaction.atomic():
                run(sql)


class TestProduction:
    """An installation without time travel: what its database refuses, whoever asks."""

    @pytest.fixture(autouse=True)
    def _production(self, as_owner):
        # As the first migration leaves it without TIME_TRAVEL; only with the guards off can the owner get there later.
        as_owner.execute("ALTER TABLE rulebook_clockoffset DISABLE TRIGGER USER")
        as_owner.execute("DELETE FROM rulebook_clockoffset")
        as_owner.execute("UPDATE rulebook_installation SET time_travel = false")
        as_owner.execute("INSERT INTO rulebook_clockoffset (id, seconds, time_travel) VALUES (1, 0, false)")
        as_owner.execute("ALTER TABLE rulebook_clockoffset ENABLE TRIGGER USER")

    def test_an_offset_is_refused(self):
        with pytest.raises(IntegrityError, match="clock_runs_true_in_production"), transaction.atomic():
            run("UPDATE rulebook_clockoffset SET seconds = 1")

    def test_so_is_one_that_calls_itself_time_travel(self):
        with pytest.raises(IntegrityError, match="clock_of_this_installation"), transaction.atomic():
            run("UPDATE rulebook_clockoffset SET seconds = 1, time_travel = true")
        with pytest.raises(IntegrityError, match="clock_of_this_installation"), transaction.atomic():
            services.set_clock(to=queries.now() + HOUR)

    def test_the_app_cannot_declare_time_travel(self):
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            run("UPDATE rulebook_installation SET time_travel = true")

    def test_a_move_is_refused_with_a_reason(self):
        with pytest.raises(ClockRunsTrue):
            ask_move(target=queries.now() + HOUR, asked_by="test")
        assert not ClockMove.objects.exists()


def test_an_installation_is_for_time_travel_or_not_from_its_first_day_on(as_owner):
    for _ in range(2):
        with pytest.raises(psycopg2.errors.ForeignKeyViolation, match="clock_of_this_installation"):
            as_owner.execute("UPDATE rulebook_installation SET time_travel = false")
        services.set_clock(to=MONDAY)
    assert ClockOffset.objects.get().seconds > 0


@pytest.mark.django_db
class TestMoves:
    def test_sweeps_run_in_order_of_time_then_of_the_table_and_the_clock_stands_there(self, diary, ahead):
        at = [ahead + n * HOUR for n in range(1, 60, 10)]
        diary.instants = {"first": [at[5], at[0], at[2]], "second": [at[0], at[1]]}
        target = at[5]

        move_id = ask_move(target=target, asked_by="test")
        carry_on_clock_moves()

        assert diary.order == [
            ("first", at[0]),
            ("second", at[0]),
            ("second", at[1]),
            ("first", at[2]),
            ("first", at[5]),
        ]
        assert all(timedelta() <= said - instant < SOON for _, instant, said in diary.ran)
        move = queries.clock_move(move_id)
        assert (move.state, move.steps_done, move.steps_total) == ("done", 5, 5)
        assert [(sweep, when, said) for when, sweep, said in move.steps] == [
            (name, when, f"{name} ran") for name, when in diary.order
        ]
        assert timedelta() <= queries.now() - target < SOON

    def test_what_a_sweep_makes_due_is_run_in_the_same_move(self, diary, ahead):
        diary.instants["first"] = [ahead + HOUR]
        diary.instants["second"] = Growing(ahead + HOUR, ahead + 100 * HOUR, diary)
        ask_move(target=ahead + 200 * HOUR, asked_by="test")

        carry_on_clock_moves()

        assert diary.order == [("first", ahead + HOUR), ("second", ahead + 100 * HOUR)]

    def test_what_a_sweep_queues_is_matched_while_the_clock_stands_there(self, diary, ahead, monkeypatch):
        diary.instants["first"] = [ahead + HOUR, ahead + 2 * HOUR]
        waiting, matched = [[7, 9], [9], []] * 2, []
        monkeypatch.setattr("exchange.queries.waiting_instruments", lambda: waiting.pop(0))

        def match(instrument_id):
            matched.append((instrument_id, len(diary.ran), queries.now()))
            if instrument_id == 7:
                raise OperationalError("lock timeout")

        monkeypatch.setattr(config.tasks, "match", match)
        ask_move(target=ahead + 3 * HOUR, asked_by="test")

        carry_on_clock_moves()

        assert [(number, ran) for number, ran, _ in matched] == [(7, 1), (9, 1), (9, 1), (7, 2), (9, 2), (9, 2)]
        assert all(timedelta() <= said - ahead - ran * HOUR < SOON for _, ran, said in matched)

    def test_the_clock_does_not_go_back(self, diary, ahead):
        with pytest.raises(ClockMovesForwards):
            ask_move(target=ahead - HOUR, asked_by="test")

    def test_two_moves_at_once_are_refused(self, diary, ahead):
        ask_move(target=ahead + HOUR, asked_by="one")
        with pytest.raises(ClockIsMoving):
            ask_move(target=ahead + 2 * HOUR, asked_by="two")
        carry_on_clock_moves()
        ask_move(target=ahead + 2 * HOUR, asked_by="two")

    def test_a_killed_worker_leaves_a_move_that_is_carried_on_without_losing_a_step(self, diary, ahead):
        at = [ahead + n * HOUR for n in (1, 2, 3)]
        diary.instants = {"first": list(at), "second": list(at)}
        diary.breaks["second", at[1]] = [KeyboardInterrupt()]  # The clock stands at the instant, nothing is recorded.
        move_id = ask_move(target=ahead + 4 * HOUR, asked_by="test")
        with pytest.raises(KeyboardInterrupt):
            carry_on_clock_moves()
        assert queries.clock_move(move_id).state == "running"

        carry_on_clock_moves()

        assert diary.order == [(name, when) for when in at for name in ("first", "second")]
        assert queries.clock_move(move_id).state == "done"

    def test_a_sweep_that_breaks_stops_the_move_and_says_so(self, diary, ahead):
        diary.instants["first"] = [ahead + HOUR, ahead + 2 * HOUR]
        diary.breaks["first", ahead + HOUR] = [ValueError("no such day")]
        move_id = ask_move(target=ahead + 3 * HOUR, asked_by="test")

        carry_on_clock_moves()

        move = queries.clock_move(move_id)
        assert (move.state, move.error) == ("failed", "ValueError: no such day")
        assert ahead + HOUR <= queries.now() < ahead + 2 * HOUR
        ask_move(target=ahead + 3 * HOUR, asked_by="test")
        carry_on_clock_moves()
        assert diary.order == [("first", ahead + 2 * HOUR)]

    def test_a_busy_database_is_asked_again(self, diary, ahead):
        diary.instants["first"] = [ahead + HOUR]
        diary.breaks["first", ahead + HOUR] = [OperationalError("lock timeout"), OperationalError("lock timeout")]
        move_id = ask_move(target=ahead + 2 * HOUR, asked_by="test")
        carry_on_clock_moves()
        assert queries.clock_move(move_id).state == "done"
        assert diary.order == [("first", ahead + HOUR)]

    def test_a_step_told_twice_counts_once(self, ahead):
        move_id = services.start_clock_move(started_from=ahead, target=ahead + HOUR, asked_by="test", steps=1)
        for _ in range(2):
            services.record_sweep(move_id=move_id, sweep="first", at=ahead + HOUR, result="done")
        assert queries.clock_move(move_id).steps_done == 1

    def test_beat_runs_every_sweep_but_not_while_the_clock_is_moved(self, diary, ahead):
        diary.breaks["first", None] = []
        run_sweeps()
        assert [name for name, _ in diary.order] == ["first", "second"]
        ask_move(target=ahead + HOUR, asked_by="test")
        run_sweeps()
        assert len(diary.order) == 2

    def test_one_broken_sweep_stops_no_other(self, diary, ahead, monkeypatch):
        broken = Sweep("broken", lambda after, until: [], lambda at: 1 // 0)
        monkeypatch.setattr(config.tasks, "SWEEPS", (broken, *config.sweeps.SWEEPS))
        run_sweeps()
        assert [name for name, _ in diary.order] == ["first", "second"]


class Growing:
    """Instants that are only known once another sweep has run."""

    def __init__(self, known_from, instant, diary):
        self.known_from, self.instant, self.diary = known_from, instant, diary

    def __iter__(self):
        return iter([self.instant] if any(at >= self.known_from for _, at in self.diary.order) else [])


def test_two_askers_at_the_same_moment_get_one_move(committed, diary):
    target = MONDAY + HOUR
    with transaction.atomic():
        ask_move(target=target, asked_by="one")
        second = started_and_waiting(lambda: ask_move(target=target, asked_by="two"))
    second.join()
    assert isinstance(second.error, ClockIsMoving)
    assert ClockMove.objects.get().asked_by == "one"


def test_two_workers_run_a_move_once(committed, diary):
    services.set_clock(to=MONDAY)
    diary.instants["first"] = [MONDAY + HOUR]
    ask_move(target=MONDAY + 2 * HOUR, asked_by="test")
    with config.tasks._only_runner() as alone:
        assert alone
        other = started_and_done(carry_on_clock_moves)
        assert diary.order == []
    assert other.error is None
    carry_on_clock_moves()
    assert diary.order == [("first", MONDAY + HOUR)]


def started_and_done(call):
    from tests.concurrency import started

    return started(call).join()


class TestPlaces:
    def test_days_without_anything_are_walked_over(self, diary):
        diary.instants["second"] = [MONDAY + 400 * 24 * HOUR]
        start = Place(MONDAY, 2)
        found = next_place(start, MONDAY + 500 * 24 * HOUR)
        assert found == Place(MONDAY + 400 * 24 * HOUR, 1)
        assert next_place(found, MONDAY + 500 * 24 * HOUR) is None

    def test_an_instant_named_twice_is_one_step(self, diary):
        diary.instants["first"] = [MONDAY + HOUR, MONDAY + HOUR]
        assert due_places(MONDAY, MONDAY + HOUR) == [Place(MONDAY + HOUR, 0)]


@pytest.mark.django_db
class TestCommand:
    @pytest.fixture(autouse=True)
    def _no_workers(self, monkeypatch):
        monkeypatch.setattr(move_clock, "workers_answer", lambda: False)

    def test_it_moves_the_clock_itself_where_no_worker_answers_and_prints_json(self, diary, ahead, capsys):
        diary.instants["first"] = [ahead + HOUR]
        call_command("move_clock", (ahead + 2 * HOUR).isoformat())
        answer = json.loads(capsys.readouterr().out)
        assert answer["status"] == "ok"
        assert answer["to"] == "2027-03-01T11:00:00+08:00"
        assert answer["steps"] == [{"at": "2027-03-01T10:00:00+08:00", "sweep": "first", "result": "first ran"}]

    def test_a_refusal_is_an_answer(self, diary, ahead, capsys):
        call_command("move_clock", (ahead - HOUR).isoformat())
        answer = json.loads(capsys.readouterr().out)
        assert (answer["status"], answer["errors"][0]["code"]) == ("error", "clock_moves_forwards")

    @pytest.mark.parametrize("text", ["tomorrow", "2027-03-01T11:00"])
    def test_what_is_no_time_is_not_read(self, text, capsys):
        with pytest.raises(SystemExit) as ended:
            call_command("move_clock", text)
        assert ended.value.code == 2
        assert json.loads(capsys.readouterr().err)["error"]["field"] == "target"

    def test_a_move_that_stops_is_a_failure(self, diary, ahead, capsys):
        diary.instants["first"] = [ahead + HOUR]
        diary.breaks["first", ahead + HOUR] = [ValueError("no such day")]
        with pytest.raises(SystemExit) as ended:
            call_command("move_clock", (ahead + 2 * HOUR).isoformat())
        assert ended.value.code == 1
        assert json.loads(capsys.readouterr().out)["status"] == "failed"
