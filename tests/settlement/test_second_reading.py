"""The second reading: agrees with an honest ledger, and names the place of every change behind the guards' back."""

import json
import random
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import WorkItem
from accounts.rules import Role
from settlement import queries, services, tasks
from settlement.errors import ProofWaits
from settlement.models import ProofRun, SecondReading
from settlement.queries.second_reading import Ranges
from settlement.rules import EntryKind, NewLeg, ProofKind, SerialRange, night_of, nights_between
from tests.accounts.makers import a_person
from tests.settlement.test_refusals import AT, make_world


@pytest.fixture
def world(committed, at):
    return make_world(at)


@pytest.fixture(scope="module")
def shared_world(shared_database):
    return make_world(AT)


def test_an_honest_ledger_reads_the_same_twice(world):
    reading = queries.read_again()
    assert reading.differences == ()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM settlement_leg")
        assert reading.legs_read == cursor.fetchone()[0] > 5
        cursor.execute("SELECT count(*) FROM settlement_serialmove")
        assert reading.moves_read == cursor.fetchone()[0] > 3
        cursor.execute("SELECT max(id) FROM settlement_entry")
        assert reading.last_entry_id == cursor.fetchone()[0]
    assert ":" in reading.snapshot


def test_an_entry_that_named_its_serials_reads_as_it_was_posted(shared_world, tampering):
    asset, held = shared_world["asset"], shared_world["held_for_orders"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(last_serial) FROM settlement_serialblock WHERE holding_id = %s", [shared_world["available"]]
        )
        last = cursor.fetchone()[0]
    serials = (SerialRange(last - 7, last),)
    leg = NewLeg(asset, shared_world["available"], held, 8, serials)
    entry = services.post_entry(key="named", kind=EntryKind.HOLD, legs=[leg], at=AT)
    assert queries.read_again().differences == ()
    tampering.execute(f"UPDATE settlement_leg SET units = 9 WHERE entry_id = {entry:d}")
    assert {"what": "entry is not as it was posted", "entry": entry}.items() <= queries.read_again().differences[
        0
    ].items()


HOLD = "(SELECT id FROM settlement_entry WHERE kind = 'hold' LIMIT 1)"
DEPOSIT = "(SELECT id FROM settlement_entry WHERE kind = 'deposit' LIMIT 1)"
# What a superuser does while the triggers sleep, and what the reading has to say of it.
TAMPERS = {
    "units of a holding": (
        "UPDATE settlement_holding SET units = units + 7 WHERE id = {available}",
        {
            "what": "units of a holding",
            "holding": "{available}",
            "purpose": "available",
            "stored": "(SELECT units + 7 FROM settlement_holding WHERE id = {available})",
            "by_legs": "(SELECT units FROM settlement_holding WHERE id = {available})",
        },
    ),
    "amount of a leg of credits": (
        f"UPDATE settlement_leg SET units = units + 1 WHERE entry_id = {HOLD}",
        {"what": "entry is not as it was posted", "entry": HOLD},
    ),
    "amount of a leg of money": (
        f"UPDATE settlement_leg SET units = units + 1 WHERE entry_id = {DEPOSIT}",
        {"what": "entry is not as it was posted", "entry": DEPOSIT},
    ),
    "amount of a leg and the units with it": (
        f"UPDATE settlement_leg SET units = units + 1 WHERE entry_id = {DEPOSIT};"
        f"UPDATE settlement_holding h SET units = h.units + CASE WHEN h.id = l.credited_id THEN 1 ELSE -1 END"
        f" FROM settlement_leg l WHERE l.entry_id = {DEPOSIT} AND h.id IN (l.debited_id, l.credited_id)",
        {"what": "entry is not as it was posted", "entry": DEPOSIT},
    ),
    "a leg removed": (
        f"DELETE FROM settlement_leg WHERE entry_id = {HOLD}",
        {"what": "entry is not as it was posted", "entry": HOLD, "legs": []},
    ),
    "a leg added": (
        "INSERT INTO settlement_leg (entry_id, asset_id, debited_id, credited_id, units)"
        f" VALUES ({HOLD}, {{asset}}, {{available}}, {{held_for_orders}}, 5)",
        {"what": "legs and serials of an entry", "entry": HOLD, "legs_more_by": 5},
    ),
    "a leg of no entry": (
        "INSERT INTO settlement_leg (entry_id, asset_id, debited_id, credited_id, units)"
        " VALUES (987654, {asset}, {available}, {held_for_orders}, 5)",
        {"what": "no such entry", "entry": 987654},
    ),
    "a block in other hands": (
        "UPDATE settlement_serialblock SET holding_id = {buffer} WHERE holding_id = {held_for_orders}",
        {"what": "serials", "batch": "{asset}", "stored": "{buffer}", "by_moves": "{held_for_orders}"},
    ),
    "a move removed": (
        f"DELETE FROM settlement_serialmove WHERE entry_id = {HOLD}",
        {"what": "legs and serials of an entry", "entry": HOLD, "legs_more_by": 300},
    ),
    "a move removed whose serials went on": (
        "DELETE FROM settlement_serialmove WHERE debited_id = {issuance}",
        {"what": "move from where the serials are not", "batch": "{asset}", "says": "{available}", "were_in": None},
    ),
    "the range of a block": (
        "UPDATE settlement_serialblock SET last_serial = last_serial - 2 WHERE holding_id = {held_for_orders}",
        {"what": "serials", "batch": "{asset}", "stored": None, "by_moves": "{held_for_orders}"},
    ),
    "a block over another": (
        "UPDATE settlement_serialblock SET last_serial = last_serial + 2 WHERE id ="
        " (SELECT id FROM settlement_serialblock WHERE asset_id = {asset} ORDER BY first_serial LIMIT 1)",
        {"what": "blocks overlap", "batch": "{asset}"},
    ),
    "all blocks of a batch": (
        "DELETE FROM settlement_serialblock WHERE asset_id = {other}",
        {"what": "serials", "batch": "{other}", "first": 1, "last": 10, "stored": None, "by_moves": "{elsewhere}"},
    ),
    "a holding removed": (
        "DELETE FROM settlement_holding WHERE id = {retired}",
        {"what": "no such holding", "holding": "{retired}", "by_legs": 50, "by_moves": 50},
    ),
    "an entry removed": (
        f"DELETE FROM settlement_entry WHERE id = {HOLD}",
        {"what": "no such entry"},
    ),
    "another reason of an entry": (
        f"UPDATE settlement_entry SET basis = 'x' WHERE id = {DEPOSIT}",
        {"what": "entry is not as it was posted", "entry": DEPOSIT},
    ),
}


@pytest.mark.parametrize("name", TAMPERS)
def test_what_was_changed_is_found_at_its_place(name, shared_world, tampering):
    statement, said = TAMPERS[name]

    def meant(value):
        if isinstance(value, str) and value.startswith("(SELECT"):
            tampering.execute(f"SELECT {value}".format(**shared_world))
            return tampering.fetchone()[0]
        return shared_world[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value

    expected = {key: meant(value) for key, value in said.items()}
    tampering.execute(statement.format(**shared_world))
    reading = queries.read_again()
    assert any(expected.items() <= one.items() for one in reading.differences), reading.differences


def test_a_flood_of_differences_is_counted_and_the_first_hundred_kept(world, as_superuser, at):
    as_superuser.execute("SET session_replication_role = replica")
    as_superuser.execute(
        "INSERT INTO settlement_leg (entry_id, asset_id, debited_id, credited_id, units)"
        " SELECT 1000000 + n, {asset}, {available}, {buffer}, 1 FROM generate_series(1, 300) n".format(**world)
    )
    as_superuser.connection.commit()
    reading = queries.read_again()
    assert reading.found > 600
    assert len(reading.differences) == 100
    assert services.record_second_reading(reading=reading, run_id=None, at=at)


def test_a_reading_sees_one_instant_alone(world, at, monkeypatch):
    """What is committed while it reads is not in it; else a busy ledger would never read the same twice."""
    seen = []

    def meanwhile(done, of):
        if not seen:
            services.hold_units_for_order(
                key="meanwhile",
                organisation_id=_seller(world),
                asset_id=world["asset"],
                units=3,
                at=at,
            )
        seen.append(done)

    monkeypatch.setattr("settlement.queries.second_reading.TELL_EVERY", 1)
    reading = queries.read_again(tell=meanwhile)
    assert reading.differences == ()
    assert queries.read_again().legs_read == reading.legs_read + 1


def _seller(world):
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation_id FROM settlement_holding WHERE id = %s", [world["available"]])
        return cursor.fetchone()[0]


def test_ranges_agree_with_a_list_of_single_serials():
    chance = random.Random(20260302)
    for _ in range(300):
        ranges, plain = Ranges(), {}
        for holder in range(1, 12):
            first = chance.randint(1, 30)
            last = chance.randint(first, 30)
            were = {n: was for begin, end, was in ranges.put(first, last, holder) for n in range(begin, end + 1)}
            assert were == {n: plain.get(n) for n in range(first, last + 1)}
            plain.update(dict.fromkeys(range(first, last + 1), holder))
        assert {n: holder for begin, end, holder in ranges.parts() for n in range(begin, end + 1)} == plain
        assert sorted(ranges.firsts) == ranges.firsts


def printed(capsys):
    return json.loads(capsys.readouterr().out)


def test_the_command_answers_in_json(world, as_superuser, capsys):
    call_command("second_reading")
    first = printed(capsys)
    assert (first["status"], first["differences"]) == ("ok", [])
    as_superuser.execute("SET session_replication_role = replica")
    as_superuser.execute("UPDATE settlement_holding SET units = units + 1 WHERE id = {available}".format(**world))
    as_superuser.connection.commit()
    with pytest.raises(SystemExit) as ended:
        call_command("second_reading")
    assert ended.value.code == 1
    second = printed(capsys)
    assert (second["status"], second["found"]) == ("differs", 1)
    assert SecondReading.objects.count() == 2


def test_each_night_has_one_reading_and_it_is_carried_out_once(world, at):
    assert services.open_night_proofs(at) == "second_reading begun, invariants begun"
    assert services.open_night_proofs(at) == ""
    tasks.carry_out_second_reading()
    tasks.carry_out_second_reading()
    run = ProofRun.objects.get(kind="second_reading")
    assert (run.state, run.night, run.done_steps == run.all_steps > 0) == ("done", night_of(at), True)
    assert run.reading.found == 0
    assert services.open_night_proofs(at) == ""
    assert services.open_night_proofs(at + timedelta(days=1)) == "second_reading begun"  # The other still waits.
    assert not WorkItem.objects.filter(kind__startswith="proof").exists()


def test_a_run_is_taken_up_after_a_killed_worker_and_left_alone_while_another_reads(world, at, as_superuser):
    services.open_night_proofs(at)
    ProofRun.objects.filter(kind="second_reading").update(state="running", done_steps=5)
    as_superuser.execute("SELECT pg_advisory_lock(20260303)")
    tasks.carry_out_second_reading()
    assert ProofRun.objects.get(kind="second_reading").state == "running"
    as_superuser.execute("SELECT pg_advisory_unlock(20260303)")
    tasks.carry_out_second_reading()
    assert ProofRun.objects.get(kind="second_reading").state == "done"


def test_what_differs_is_work_for_two_roles_until_it_agrees_again(world, at, as_superuser):
    services.open_night_proofs(at)
    as_superuser.execute("SET session_replication_role = replica")
    as_superuser.execute("UPDATE settlement_holding SET units = units + 1 WHERE id = {available}".format(**world))
    as_superuser.connection.commit()
    services.carry_out_second_reading(at=at)
    items = WorkItem.objects.filter(kind="proof_found", closed_at=None)
    assert sorted(items.values_list("role", flat=True)) == ["auditor", "settlement_operator"]
    assert SecondReading.objects.get().differences[0]["holding"] == world["available"]
    as_superuser.execute("UPDATE settlement_holding SET units = units - 1 WHERE id = {available}".format(**world))
    as_superuser.connection.commit()
    services.ask_for_proof(actor=a_person(Role.AUDITOR, at=at), kind=ProofKind.SECOND_READING, at=at)
    services.carry_out_second_reading(at=at)
    assert not items.exists()


def test_a_reading_that_breaks_off_is_seen_and_only_one_run_waits(world, at, monkeypatch):
    services.open_night_proofs(at)

    def breaks(**_):
        raise ValueError("no")

    monkeypatch.setattr(queries, "read_again", breaks)
    assert services.carry_out_second_reading(at=at) is None
    with pytest.raises(ProofWaits):
        services.ask_for_proof(actor=a_person(Role.AUDITOR, at=at), kind=ProofKind.INVARIANTS, at=at)
    run = ProofRun.objects.get(kind="second_reading")
    assert (run.state, run.error) == ("failed", "ValueError: no")
    assert WorkItem.objects.filter(kind="proof_broke_off", closed_at=None).count() == 2


def test_a_night_begins_at_two(at):
    """`at` is 10:00 on Monday 2 March."""
    assert str(night_of(at)) == "2026-03-02"
    assert str(night_of(at - timedelta(hours=8, minutes=1))) == "2026-03-01"
    two = at - timedelta(hours=8)
    assert nights_between(at - timedelta(days=2), at) == [two - timedelta(days=1), two]
    assert nights_between(two, at) == []
    assert nights_between(two - timedelta(microseconds=1), two) == [two]
