"""The clock's bar, the pages of rules and the calendar, the regions over the API."""

import io
from datetime import date, timedelta

import pytest
from django.test import Client
from openpyxl import load_workbook

from config.tasks import carry_on_clock_moves
from rulebook import queries, services
from rulebook.models import ClockMove, RuleValue
from rulebook.rules import beijing
from tests.rulebook.makers import a_rule
from tests.rulebook.test_clock import MONDAY

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/rules/?x=1"}
HOUR = timedelta(hours=1)
CASE_DUE = (MONDAY + 30 * HOUR).isoformat()


@pytest.fixture
def _asleep(monkeypatch):
    """No worker is woken: the move stays under way until the test carries it on."""
    monkeypatch.setattr(carry_on_clock_moves, "delay", lambda: None)


@pytest.mark.django_db
@pytest.mark.usefixtures("_asleep")
class TestBar:
    def test_it_stands_on_every_page_with_its_targets(self):
        services.set_clock(to=MONDAY.replace(year=2026, month=12, day=28))
        page = Client().get("/rules/").content.decode()
        assert "业务时间" in page
        assert "2026-12-28 09:00" in page
        for name in ("next_session", "close", "next_trading_day"):
            assert f'value="{name}"' in page

    def test_past_the_loaded_calendar_there_are_no_targets_and_no_page_fails(self):
        services.set_clock(to=MONDAY)
        page = Client().get("/rules/")
        assert page.status_code == 200
        assert 'value="next_session"' not in page.content.decode()

    def test_a_named_target_opens_a_move_and_the_asker_is_told_when_it_has_arrived(self):
        services.set_clock(to=MONDAY.replace(year=2026, month=12, day=28))
        bar = Client().post("/clock/", {"to": "next_session", "case_due": CASE_DUE}, headers=HTMX).content.decode()
        move = ClockMove.objects.get()
        assert beijing(move.target).isoformat() == "2026-12-28T09:30:00+08:00"
        assert f"mine={move.pk}" in bar
        assert "every 1s" in bar

        waiting = Client().get("/clock/", {"mine": move.pk, "case_due": CASE_DUE}, headers=HTMX)
        assert "HX-Refresh" not in waiting.headers
        carry_on_clock_moves()
        arrived = Client().get("/clock/", {"mine": move.pk, "case_due": CASE_DUE}, headers=HTMX)
        assert arrived.headers["HX-Refresh"] == "true"
        assert "到本办件期限" in arrived.content.decode()
        assert 'value="/rules/?x=1"' in arrived.content.decode()
        others = Client().get("/clock/", headers=HTMX)
        assert "HX-Refresh" not in others.headers

    def test_a_typed_time_is_beijings(self):
        services.set_clock(to=MONDAY)
        answer = Client().post("/clock/", {"to": "2027-03-02T11:00", "back": "/rules/"})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/rules/")
        assert beijing(ClockMove.objects.get().target).isoformat() == "2027-03-02T11:00:00+08:00"

    def test_it_leads_back_to_our_own_pages_only(self):
        services.set_clock(to=MONDAY)
        answer = Client().post("/clock/", {"to": "2027-03-02T11:00", "back": "https://elsewhere.example/"})
        assert answer.headers["Location"] == "/"

    @pytest.mark.parametrize(
        ("to", "status", "words"),
        [
            ("2027-02-28T11:00", 409, "业务时间只能向前推进"),
            ("9999-12-31T23:00", 422, "一次最多推进 3660 天"),
            ("soon", 422, "请填写时间"),
            ("", 422, "请填写时间"),
            ("0001-01-01T00:00+14:00", 422, "请填写时间"),
        ],
    )
    def test_a_time_that_will_not_do_is_refused_in_words(self, to, status, words):
        services.set_clock(to=MONDAY)
        plain = Client().post("/clock/", {"to": to})
        assert plain.status_code == status
        assert words in plain.content.decode()
        by_htmx = Client().post("/clock/", {"to": to}, headers=HTMX)
        assert by_htmx.status_code == 200
        assert words in by_htmx.content.decode()
        assert not ClockMove.objects.exists()

    def test_where_the_clock_runs_true_there_is_no_bar(self, settings):
        settings.TIME_TRAVEL = False
        assert "clock-bar" not in Client().get("/rules/").content.decode()
        assert Client().get("/clock/").status_code == 404
        assert Client().post("/clock/", {"to": "close"}).status_code == 404


@pytest.mark.django_db
class TestTargets:
    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            # Monday before the opening.
            (
                "2026-03-02T08:00",
                {
                    "next_session": "2026-03-02T09:30",
                    "close": "2026-03-02T15:01",
                    "next_trading_day": "2026-03-03T09:30",
                },
            ),
            # At noon the next session is the afternoon's.
            (
                "2026-03-02T12:00",
                {
                    "next_session": "2026-03-02T13:00",
                    "close": "2026-03-02T15:01",
                    "next_trading_day": "2026-03-03T09:30",
                },
            ),
            # A make-up Saturday is no trading day.
            ("2026-02-28T10:00", {"next_session": "2026-03-02T09:30", "next_trading_day": "2026-03-02T09:30"}),
            # After the close of the last day of the loaded calendar.
            ("2026-12-31T16:00", {}),
        ],
    )
    def test_where_the_clock_may_go(self, now, expected):
        targets = queries.clock_targets(date_time(now))
        assert {target.name: beijing(target.at).strftime("%Y-%m-%dT%H:%M") for target in targets} == expected

    def test_without_sessions_in_force_there_is_nowhere_to_go(self):
        assert queries.clock_targets(date_time("2023-12-29T10:00")) == []


def date_time(text):
    return MONDAY.fromisoformat(f"{text}+08:00")


@pytest.mark.django_db
class TestRulesPages:
    def test_every_rule_in_force_is_shown_with_its_basis(self):
        page = Client().get("/rules/").content.decode()
        for rule in RuleValue.objects.filter(in_force_to=None):
            assert f"/rules/{rule.scheme}/{rule.key}/" in page
        assert "交易手续费率" in page
        assert "0.6 %" in page
        assert "¥50,000.00" in page
        assert "暂行" in page

    def test_a_rule_shows_what_it_was_and_will_be(self):
        a_rule(value=1, in_force_from=date(2020, 1, 1), in_force_to=date(2999, 1, 1))
        a_rule(value=2, in_force_from=date(2999, 1, 1))
        page = Client().get("/rules/test/trading.limit/").content.decode()
        assert page.index("2999-01-01") < page.index("2020-01-01")
        assert page.count("生效中") == 1
        for unknown in ("/rules/test/trading.nothing/", "/rules/test/%00/", "/rules/%00/x/"):
            assert Client().get(unknown).status_code == 404

    def test_they_are_exported(self):
        answer = Client().get("/rules/export/")
        sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
        rows = list(sheet.iter_rows(values_only=True))
        assert len(rows) == 1 + len(queries.rules_in_force(queries.now()))
        assert sorted(row[2] for row in rows if row[1] == "trading.fee_rate") == ["0.3 %", "0.6 %"]

    def test_the_calendar_names_make_up_days(self):
        assert Client().get("/rules/calendar/?year=" + "9" * 5000).status_code == 200
        page = Client().get("/rules/calendar/?year=2026").content.decode()
        assert "春节调休" in page
        assert page.count("tone-success") == 1 + 242  # The legend, and the trading days of 2026.


@pytest.mark.django_db
class TestRegions:
    def test_the_list_is_by_code_in_pages(self):
        answer = Client().get("/api/v1/regions/", {"page_size": 100}).json()
        codes = [row["code"] for row in answer["results"]]
        assert codes == sorted(codes)
        assert len(codes) == 100
        rest = Client().get(answer["next"]).json()
        assert len(rest["results"]) == 16
        assert rest["next"] is None

    def test_those_under_a_league(self):
        rows = Client().get("/api/v1/regions/", {"parent": "150400", "level": "banner"}).json()["results"]
        assert {"150430", "150429"} & {row["code"] for row in rows} == {"150430"}
        assert {row["parent"] for row in rows} == {"150400"}

    def test_one_and_none(self):
        assert Client().get("/api/v1/regions/150430/").json() == {
            "code": "150430",
            "name": "敖汉旗",
            "official_name": "敖汉旗",
            "level": "banner",
            "parent": "150400",
        }
        for unknown in ("990000", "x", "%00", "15043０"):
            assert Client().get(f"/api/v1/regions/{unknown}/").json()["code"] == "not_found"
        assert Client().get("/api/v1/regions/?parent=%00").status_code == 422
        refused = Client().get("/api/v1/regions/", {"country": "CN"})
        assert (refused.status_code, refused.json()["code"]) == (400, "unknown_filter")
        assert Client().get("/api/v1/regions/", {"level": "planet"}).status_code == 422
