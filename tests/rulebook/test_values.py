"""Dated rules: which value counts on a day, what the loader refuses, what the database refuses."""

import json
from datetime import UTC, date, datetime

import psycopg2.errors
import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils.translation import override

from config.web.rules import shown_rule
from rulebook import queries, services
from rulebook.errors import RuleIsFixed, RuleMissing
from rulebook.models import RuleValue, SpecialDay
from rulebook.services.shipped import ShippedRule, shipped_rules
from tests.rulebook.makers import a_rule

BEFORE_CHANGE = datetime(2026, 6, 30, 15, 59, 59, tzinfo=UTC)  # 23:59:59 in Beijing.
AT_CHANGE = datetime(2026, 6, 30, 16, 0, tzinfo=UTC)  # Midnight in Beijing.


def shipped(value=1, **more):
    described = {
        "scheme": "test",
        "key": "trading.limit",
        "value": value,
        "unit": "t",
        "basis": "platform-interim-rules",
        "in_force_from": date(2026, 1, 1),
    }
    return ShippedRule(**described | more)


@pytest.mark.django_db
class TestInForce:
    def test_a_value_counts_from_its_first_day_in_beijing_and_no_longer_on_its_end(self):
        a_rule(value=1, in_force_from=date(2026, 1, 1), in_force_to=date(2026, 7, 1))
        a_rule(value=2, in_force_from=date(2026, 7, 1))

        assert queries.rule("trading.limit", at=BEFORE_CHANGE, scheme="test").value == 1
        assert queries.rule("trading.limit", at=AT_CHANGE, scheme="test").value == 2
        assert [rule.value for rule in queries.history_of("test", "trading.limit")] == [2, 1]
        assert [rule.value for rule in queries.rules_of("test", AT_CHANGE).values()] == [2]

    def test_before_its_first_day_there_is_no_rule_and_the_refusal_says_so(self):
        a_rule(value=1, in_force_from=date(2026, 7, 1))
        with pytest.raises(RuleMissing) as refused:
            queries.rule("trading.limit", at=BEFORE_CHANGE, scheme="test")
        assert str(refused.value) == "No rule value trading.limit of scheme test is in force on 2026-06-30."

    def test_a_rule_brings_its_legal_basis(self, at):
        sessions = queries.rule("trading.sessions", at=at)
        assert sessions.value == [["09:30", "11:30"], ["13:00", "15:00"]]
        assert sessions.basis.title == "温室气体自愿减排交易和结算规则（试行）"
        assert not sessions.basis.provisional
        assert queries.legal_basis("platform-interim-rules").provisional
        assert queries.legal_basis("unheard-of") is None


@pytest.mark.django_db
class TestLoading:
    def test_all_that_ships_is_in_the_table_and_loading_again_changes_nothing(self):
        before = list(RuleValue.objects.order_by("pk").values())
        assert len(before) == len(shipped_rules())

        loaded = services.load_shipped_data()

        assert loaded["rules"] == 0
        assert loaded["divisions"] == 116
        assert list(RuleValue.objects.order_by("pk").values()) == before

    @pytest.mark.parametrize("change", [{"value": 2}, {"unit": "fen"}, {"basis": "guobanfa-2012-37"}])
    def test_a_changed_value_needs_a_new_date(self, change):
        services.load_rules(rules=[shipped()])
        with pytest.raises(RuleIsFixed) as refused:
            services.load_rules(rules=[shipped(**change)])
        assert refused.value.found == {"key": "trading.limit", "scheme": "test", "day": "2026-01-01"}
        assert RuleValue.objects.get(scheme="test").value == 1

    def test_a_new_date_ends_the_old_value(self):
        services.load_rules(rules=[shipped()])
        both = [shipped(in_force_to=date(2026, 7, 1)), shipped(value=2, in_force_from=date(2026, 7, 1))]

        assert services.load_rules(rules=both) == 1

        assert queries.rule("trading.limit", at=BEFORE_CHANGE, scheme="test").value == 1
        assert queries.rule("trading.limit", at=AT_CHANGE, scheme="test").value == 2
        with pytest.raises(RuleIsFixed):
            services.load_rules(rules=[shipped(in_force_to=date(2026, 8, 1))])

    def test_a_value_in_a_file_lasts_until_the_next_of_its_key(self, tmp_path, monkeypatch):
        rows = [
            {"scheme": "s", "key": "k", "value": value, "basis": "b", "in_force_from": day}
            for value, day in ((2, "2026-07-01"), (1, "2026-01-01"))
        ]
        (tmp_path / "room.json").write_text(json.dumps([*rows, {**rows[0], "key": "other"}]))
        monkeypatch.setattr("rulebook.services.shipped.PARAMETERS", tmp_path)
        assert [(row.key, row.value, row.in_force_to) for row in shipped_rules()] == [
            ("k", 1, date(2026, 7, 1)),
            ("k", 2, None),
            ("other", 2, None),
        ]

    def test_the_command_says_which_rule_was_changed(self, monkeypatch, capsys):
        services.load_rules(rules=[shipped()])
        monkeypatch.setattr("rulebook.services.shipped.shipped_rules", lambda: [shipped(value=2)])
        with pytest.raises(SystemExit) as ended:
            call_command("load_rules")
        assert ended.value.code == 2
        assert "trading.limit of test" in json.loads(capsys.readouterr().err)["error"]["message"]

    def test_only_the_note_may_be_reworded(self):
        services.load_rules(rules=[shipped(note="old")])
        services.load_rules(rules=[shipped(note="new")])
        assert RuleValue.objects.get(scheme="test").note == "new"

    def test_a_rule_without_a_known_basis_is_a_mistake_of_ours(self):
        with pytest.raises(AssertionError, match="no-such-law"):
            services.load_rules(rules=[shipped(basis="no-such-law")])


@pytest.mark.django_db
class TestDatabase:
    def test_two_values_on_one_day_are_refused(self):
        a_rule(value=1, in_force_from=date(2026, 1, 1), in_force_to=date(2026, 7, 2))
        with pytest.raises(IntegrityError, match="one_rule_value_a_day"):
            a_rule(value=2, in_force_from=date(2026, 7, 1))

    def test_a_value_that_ends_before_it_begins_is_refused(self):
        with pytest.raises(Exception, match=r"rule_value_lasts_a_day|range lower bound"):  # Whichever looks first.
            a_rule(value=1, in_force_from=date(2026, 7, 1), in_force_to=date(2026, 6, 1))

    def test_a_value_of_no_day_is_refused(self):
        with pytest.raises(IntegrityError, match="rule_value_lasts_a_day"):
            a_rule(value=1, in_force_from=date(2026, 7, 1), in_force_to=date(2026, 7, 1))

    @pytest.mark.parametrize(
        "change",
        [
            "SET value = '2'",
            "SET unit = 'kg'",
            "SET basis_id = 'guobanfa-2012-37'",
            "SET key = 'other'",
            "SET in_force_from = '2020-01-01'",
        ],
    )
    def test_a_rule_is_not_edited(self, change):
        a_rule(value=1, in_force_from=date(2026, 1, 1))
        with pytest.raises(IntegrityError, match="rule values are not edited"), transaction.atomic():
            run(f"UPDATE rulebook_rulevalue {change} WHERE scheme = 'test'")

    def test_an_ended_rule_is_not_ended_again(self):
        a_rule(value=1, in_force_from=date(2026, 1, 1))
        run("UPDATE rulebook_rulevalue SET in_force_to = '2026-05-01' WHERE scheme = 'test'")
        with pytest.raises(IntegrityError, match="rule values are not edited"), transaction.atomic():
            run("UPDATE rulebook_rulevalue SET in_force_to = '2026-06-01' WHERE scheme = 'test'")

    @pytest.mark.parametrize("table", ["rulevalue", "legalbasis", "calendaryear", "specialday", "division"])
    def test_nothing_is_deleted(self, table):
        with pytest.raises(Exception, match="permission denied"):
            run(f"DELETE FROM rulebook_{table}")


def test_a_rule_is_kept_from_its_owner_too(as_owner):
    with pytest.raises(psycopg2.errors.CheckViolation, match="not edited"):
        as_owner.execute("DELETE FROM rulebook_rulevalue")


@pytest.mark.django_db
def test_every_rule_in_force_speaks_chinese(at):
    with override("zh-hans"):
        shown = [shown_rule(rule) for rule in queries.rules_in_force(at)]
    words = {text for one in shown for text in (one.note, one.unit, one.value)}
    silent = {text for text in words if text.isascii() and any(map(str.isalpha, text))}
    assert shown
    assert not silent, "their Chinese belongs into locale/rulebook"


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
def test_what_is_kept_in_memory_is_forgotten_with_every_change(at):
    def rule_on(day, value):
        row = {
            "scheme": "kept",
            "key": "trading.tick_fen",
            "value": value,
            "unit": "",
            "basis_id": "platform-interim-rules",
        }
        return RuleValue.objects.create(**row, in_force_from=day)

    assert queries.rules_of("kept", at) == {}
    before = queries.edition()
    with transaction.atomic():
        rule_on(at.date(), 7)
        assert queries.rules_of("kept", at)["trading.tick_fen"].value == 7
        inside = queries.edition()
        transaction.set_rollback(True)
    assert queries.edition() == before
    assert queries.rules_of("kept", at) == {}
    rule_on(at.date(), 8)
    assert queries.edition() not in (before, inside)
    assert queries.rule("trading.tick_fen", at=at, scheme="kept").value == 8


@pytest.mark.django_db
def test_a_new_holiday_is_known_at_once(at):
    assert queries.is_trading_day(at.date())
    SpecialDay.objects.create(day=at.date(), year_id=at.year, is_working=False, name="x")
    assert not queries.is_trading_day(at.date())
