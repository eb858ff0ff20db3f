"""Changing a rule: its shape, its day, two persons; the value counts from its day on and nothing before it moves."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import transaction

from accounts import services
from accounts.errors import ChangedMeanwhile, ChangeReasonNeeded, RoleMissing, SamePerson
from accounts.models import WorkItem
from accounts.rules import Role
from rulebook import errors, queries
from rulebook.models import RuleChange, RuleValue
from rulebook.rules import fits, parsed
from rulebook.rules.changes import ShapeDiffers
from tests.accounts.makers import PASSWORD, a_person, signed_in_as
from tests.concurrency import started_and_waiting

KEY, SCHEME = "trading.fee_rate", "nm_regional"


@pytest.fixture
def two(committed, at):
    return [a_person(Role.EXCHANGE_OPERATOR, at=at, confirmed=True) for _ in range(2)]


def propose(actor, at, *, key=KEY, value="0.005", days=1, **changes):
    asked = {"scheme": SCHEME, "basis": "platform-interim-rules", "reason": "降低交易成本", **changes}
    day = at.date() + timedelta(days=days)
    return services.propose_rule_change(actor=actor, key=key, value_text=value, in_force_from=day, at=at, **asked)


@pytest.mark.parametrize(
    ("text", "like", "value"),
    [
        ("5", 3, 5),
        ("0.005", "0.006", "0.005"),
        ("2", "0.10", "2"),
        ("09:15", "09:30", "09:15"),
        ("cancel_oldest", "cancel_newest", "cancel_oldest"),
        ("true", False, True),
        (' [["09:00", "10:00"]] ', [["09:30", "11:30"], ["13:00", "15:00"]], [["09:00", "10:00"]]),
        (
            '{"from": "09:00", "until": "09:10"}',
            {"from": "09:15", "until": "09:25"},
            {"from": "09:00", "until": "09:10"},
        ),
    ],
)
def test_a_value_has_the_shape_of_the_one_before(text, like, value):
    assert parsed(text, like) == value


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("", 3),
        ("-1", 3),
        ("1.5", 3),
        ("１２", 3),
        ("9" * 16, 3),
        ("-0.1", "0.10"),
        ("1e5", "0.10"),
        ("NaN", "0.10"),
        ("24:00", "09:30"),
        ("9:30", "09:30"),
        ("yes", True),
        ("1", True),
        ("x" * 101, "word"),
        ("a\u202eb", "word"),
        ("[]", [1]),
        ('["x"]', [1]),
        ("{", {"a": 1}),
        ('{"a": 1, "b": 2}', {"a": 1}),
        ("[" * 5000, [1]),
    ],
)
def test_what_is_no_value_of_the_rule_is_refused(text, like):
    with pytest.raises(ShapeDiffers):
        parsed(text, like)


def test_every_shipped_value_fits_itself(db, at):
    for value in queries.rules_in_force(at):
        assert fits(value.value, value.value), value.key


def test_a_change_takes_effect_on_its_day_for_everybody(two, at):
    row = propose(two[0], at, days=3)
    assert WorkItem.objects.get(closed_at=None, kind="decide_rule_change").found == {"key": KEY}
    assert queries.rule(KEY, at=at + timedelta(days=9)).value == "0.006"
    services.approve_rule_change(actor=two[1], change_id=row.id, digest=row.digest, at=at)
    assert [queries.rule(KEY, at=at + timedelta(days=days)).value for days in (0, 2, 3, 9)] == [
        "0.006",
        "0.006",
        "0.005",
        "0.005",
    ]
    assert queries.rule(KEY, at=at + timedelta(days=3)).note == queries.rule(KEY, at=at).note
    assert not WorkItem.objects.filter(closed_at=None, kind="decide_rule_change").exists()


def test_one_person_changes_nothing(two, at):
    row = propose(two[0], at)
    with pytest.raises(SamePerson):
        services.approve_rule_change(actor=two[0], change_id=row.id, digest=row.digest, at=at)
    with pytest.raises(ChangedMeanwhile):
        services.approve_rule_change(actor=two[1], change_id=row.id, digest="x", at=at)
    services.end_rule_change(actor=two[0], change_id=row.id, at=at)
    with pytest.raises(errors.ChangeNotThere):
        services.approve_rule_change(actor=two[1], change_id=row.id, digest=row.digest, at=at)
    assert RuleChange.objects.get().state == "withdrawn"


@pytest.mark.parametrize(
    ("key", "role"), [(KEY, Role.SYSTEM_ADMIN), ("password.confirmation_minutes", Role.EXCHANGE_OPERATOR)]
)
def test_each_office_changes_its_own_rules(committed, at, key, role):
    with pytest.raises(RoleMissing):
        propose(a_person(role, at=at), at, key=key, value="7")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"value": "x"}, errors.ValueDiffers),
        ({"value": "0.006"}, errors.ValueUnchanged),
        ({"days": 0}, errors.ChangeTooEarly),
        ({"days": -1}, errors.ChangeTooEarly),
        ({"basis": "none"}, errors.BasisUnknown),
        ({"reason": " "}, ChangeReasonNeeded),
        ({"reason": "a\u202eb"}, ChangeReasonNeeded),
        ({"key": "trading.none"}, errors.RuleMissing),
        ({"scheme": "replay"}, errors.RuleMissing),
    ],
)
def test_what_cannot_be_proposed_is_said(two, at, changes, refusal):
    with pytest.raises(refusal):
        propose(two[0], at, **changes)
    assert not RuleChange.objects.exists()


def test_one_change_at_a_time_and_none_before_one_that_is_decided(two, at):
    row = propose(two[0], at, days=5)
    with pytest.raises(errors.ChangeOpen):
        propose(two[1], at, days=9)
    services.approve_rule_change(actor=two[1], change_id=row.id, digest=row.digest, at=at)
    with pytest.raises(errors.OtherValueScheduled):
        propose(two[0], at, value="0.004", days=4)
    later = propose(two[0], at, value="0.004", days=8)
    services.approve_rule_change(actor=two[1], change_id=later.id, digest=later.digest, at=at)
    ends = (
        RuleValue.objects.filter(scheme=SCHEME, key=KEY).order_by("in_force_from").values_list("value", "in_force_to")
    )
    assert list(ends)[-2:] == [("0.005", at.date() + timedelta(days=8)), ("0.004", None)]


def test_a_change_whose_day_has_come_is_not_approved_any_more(two, at):
    row = propose(two[0], at, days=1)
    late = at + timedelta(days=1)
    confirmed = replace(two[1], confirmed_at=late)
    with pytest.raises(errors.ChangeTooEarly):
        services.approve_rule_change(actor=confirmed, change_id=row.id, digest=row.digest, at=late)
    assert queries.rule(KEY, at=at + timedelta(days=2)).value == "0.006"


def test_two_who_decide_at_once_decide_once(two, at):
    row = propose(two[0], at)
    with transaction.atomic():
        services.approve_rule_change(actor=two[1], change_id=row.id, digest=row.digest, at=at)
        other = started_and_waiting(lambda: services.end_rule_change(actor=two[0], change_id=row.id, at=at))
    assert isinstance(other.join().error, errors.ChangeNotThere)
    assert RuleChange.objects.get().state == "approved"


def test_shipped_rules_are_loaded_again_beside_a_change(two, at):
    from rulebook.services import load_rules

    row = propose(two[0], at)
    services.approve_rule_change(actor=two[1], change_id=row.id, digest=row.digest, at=at)
    assert load_rules() == 0


def test_the_pages_propose_and_decide(two, at, client):
    first, second = (signed_in_as(one) for one in two)
    page = f"/rules/{SCHEME}/{KEY}/"
    assert "更改本规则" in first.get(page).content.decode()
    assert "更改本规则" not in client.get(page).content.decode()
    typed = {"value": "x", "in_force_from": date(2026, 4, 1), "basis": "platform-interim-rules", "reason": "降费"}
    answer = first.post(page + "change/", typed)
    assert answer.status_code == 422
    assert "0.006" in answer.content.decode()
    assert first.post(page + "change/", {**typed, "value": "0.005"}).status_code == 302
    row = RuleChange.objects.get()
    assert "0.5 %" in second.get(page).content.decode()
    for browser in (first, second):
        browser.post("/confirm/", {"password": PASSWORD})
    first.post(f"/rules/changes/{row.id}/approve/", {"digest": row.digest}, follow=True)
    assert RuleChange.objects.get().state == "proposed"
    answer = second.post(f"/rules/changes/{row.id}/approve/", {"digest": row.digest}, follow=True)
    assert RuleChange.objects.get().state == "approved"
    assert "2026-04-01" in answer.content.decode()
    admin = signed_in_as(a_person(Role.SYSTEM_ADMIN, at=at))
    assert admin.get(page + "change/").status_code == 404
