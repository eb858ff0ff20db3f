"""The work queue: who sees what, taken by one, handed to a colleague, closed by subject."""

from datetime import timedelta

import pytest

from accounts import queries, services
from accounts.errors import ItemClaimed, UserNotThere, WorkItemNotThere
from accounts.models import WorkItem
from accounts.rules import OrganisationKind, Role
from tests.accounts import makers

pytestmark = pytest.mark.django_db


def opened(at, **given):
    values = {"kind": "review", "title": "Review {name}", "subject": "project:1", "url": "/projects/1/"}
    return services.open_work_item(**{**values, "role": Role.BANNER_CLERK, "found": {"name": "甲"}, "at": at, **given})


def test_an_item_reaches_the_role_in_the_area_and_nobody_else(at):
    clerk, league = makers.a_person(Role.BANNER_CLERK, at=at), makers.a_person(Role.LEAGUE_REVIEWER, at=at)
    item = opened(at, division_code="150430")
    elsewhere = opened(at, subject="project:2", division_code="150781")
    of_league = opened(at, subject="project:3", division_code="150430", role=Role.LEAGUE_REVIEWER)

    assert [one.id for one in queries.work_items_for(clerk, at=at)] == [item]
    assert [one.id for one in queries.work_items_for(league, at=at)] == [of_league]
    with pytest.raises(WorkItemNotThere):
        queries.work_item(clerk, elsewhere, at=at)


def test_an_item_of_an_organisation_reaches_its_members_only(at):
    owner, other = makers.a_person(Role.OWNER, at=at), makers.a_person(Role.OWNER, at=at)
    item = opened(at, role=Role.OWNER, organisation_id=owner.organisation_id)

    assert [one.id for one in queries.work_items_for(owner, at=at)] == [item]
    assert queries.open_work_count(owner) == 1
    assert queries.open_work_count(other) == 0


def test_items_stand_by_due_date_with_days_left(at):
    clerk = makers.a_person(Role.BANNER_CLERK, at=at)
    later = opened(at, subject="project:1", due_at=at + timedelta(days=3), due_provisional=True)
    never = opened(at, subject="project:2")
    over = opened(at, subject="project:3", due_at=at - timedelta(days=2))

    shown = queries.work_items_for(clerk, at=at)

    assert [one.id for one in shown] == [over, later, never]
    assert [(one.days_left, one.is_overdue, one.is_provisional) for one in shown] == [
        (-2, True, False),
        (3, False, True),
        (None, False, False),
    ]


def test_the_same_item_is_open_once_and_takes_the_new_due_date(at):
    first = opened(at, due_at=at)
    again = opened(at, due_at=at + timedelta(days=1))

    assert first == again
    assert WorkItem.objects.get().due_at == at + timedelta(days=1)


def test_closing_is_by_subject_and_kind_and_lets_a_new_one_open(at):
    opened(at)
    opened(at, kind="answer")

    assert services.close_work_items(subject="project:1", kind="answer", at=at) == 1
    assert services.close_work_items(subject="project:1", at=at) == 1
    assert services.close_work_items(subject="project:1", at=at) == 0
    opened(at)
    assert WorkItem.objects.open().count() == 1


def test_one_takes_it_and_hands_it_to_a_colleague_with_the_role(at):
    bureau = makers.an_organisation(OrganisationKind.FORESTRY_BUREAU, at=at, division_code="150430")
    first, second = (makers.a_person(Role.BANNER_CLERK, at=at, organisation_id=bureau) for _ in range(2))
    stranger = makers.a_user(bureau, at=at)
    item = opened(at)

    services.claim_work_item(actor=first, item_id=item, at=at)
    with pytest.raises(ItemClaimed):
        services.claim_work_item(actor=second, item_id=item, at=at)
    with pytest.raises(ItemClaimed):
        services.hand_over_work_item(actor=second, item_id=item, to_user_id=second.user_id, at=at)
    with pytest.raises(UserNotThere):
        services.hand_over_work_item(actor=first, item_id=item, to_user_id=stranger, at=at)
    services.hand_over_work_item(actor=first, item_id=item, to_user_id=second.user_id, at=at)

    assert queries.work_item(first, item, at=at).claimed_by_id == second.user_id
    assert [one.id for one in queries.colleagues_for(first, queries.work_item(first, item, at=at), at=at)] == [
        second.user_id
    ]
