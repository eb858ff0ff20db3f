"""Freezes and pledges: what each takes, how reasons queue, where units go, who must agree."""

import pytest
from django.db import IntegrityError, transaction

from accounts.errors import PasswordNeeded, RoleMissing
from accounts.models import WorkItem
from accounts.rules import Role
from settlement import queries, services
from settlement.errors import (
    DocumentNeeded,
    HolderMayNotHold,
    HoldNotThere,
    HoldSamePerson,
    InvalidQuantity,
    LiftAskedAlready,
    StaleVersion,
    StepNotOpen,
    UnitsElsewhere,
    UnitsFrozen,
    UnitsPledged,
)
from settlement.models import Hold, HoldEntry, HoldLift
from settlement.queries.holds import digest_of_hold, digest_of_lift
from settlement.rules import HoldReason, Purpose
from settlement.services import NewHold
from tests.accounts.makers import a_person
from tests.database import check_deferred
from tests.settlement.hold_makers import Place, paper
from tests.settlement.makers import of_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(at):
    return Place(at)


@pytest.fixture(autouse=True)
def _everything_holds(request):
    """After each test, what a commit would check, and every invariant."""
    yield
    check_deferred()
    assert {name: proof["broken"] for name, proof in queries.broken_invariants().items() if proof["broken"]} == {}


def test_a_freeze_takes_what_is_available_and_gives_it_back(place):
    freeze = place.freeze(60)
    assert place.units == {"available": 40, "frozen": 60}

    place.lift(freeze)

    assert place.units == {"available": 100}
    assert Hold.objects.get(pk=freeze).state == "ended"


def test_a_freeze_takes_available_units_first_then_pledged_ones_the_newest_pledge_first(place):
    older, newer = place.pledge(30), place.pledge(20)
    assert place.units == {"available": 50, "pledged": 50}

    place.freeze(80)

    assert place.units == {"frozen": 80, "pledged": 20}
    assert place.stands(newer) == (0, 20, 0)
    assert place.stands(older) == (20, 10, 0)


def test_a_lifted_freeze_returns_each_part_to_where_it_came_from(place):
    pledge = place.pledge(30)
    freeze = place.freeze(100)
    assert place.units == {"frozen": 100}

    place.lift(freeze)

    assert place.units == {"available": 70, "pledged": 30}
    assert place.stands(pledge) == (30, 0, 0)


def test_a_pledge_released_under_a_freeze_leaves_its_units_frozen_and_then_they_are_available(place):
    pledge = place.pledge(30)
    freeze = place.freeze(100)

    place.lift(pledge)
    assert place.units == {"frozen": 100}
    assert HoldEntry.objects.filter(hold_id=pledge, kind="released").count() == 0  # Nothing has moved.

    place.lift(freeze)
    assert place.units == {"available": 100}


def test_a_pledge_is_released_in_part(place):
    pledge = place.pledge(30)

    place.lift(pledge, 12)

    assert place.units == {"available": 82, "pledged": 18}
    assert Hold.objects.get(pk=pledge).state == "live"
    place.lift(pledge)
    assert place.units == {"available": 100}


def test_a_court_freeze_is_lifted_in_part_on_a_document(place):
    place.pledge(30)
    freeze = place.freeze(100)

    place.lift(freeze, 40)  # What was taken last comes back first: the pledge gets its units.

    assert place.units == {"available": 10, "frozen": 60, "pledged": 30}


def test_a_second_court_freeze_waits_and_takes_effect_when_the_first_is_lifted(place):
    first, second = place.freeze(70), place.freeze(60)
    assert place.units == {"frozen": 100}
    assert place.stands(second) == (30, 30, 0)

    place.lift(first)

    assert place.stands(second) == (60, 0, 0)
    assert place.units == {"available": 40, "frozen": 60}


def test_lifting_the_first_of_two_equal_freezes_moves_nothing_but_the_reason(place):
    first, second = place.freeze(100), place.freeze(100)
    assert place.stands(second) == (0, 100, 0)

    place.lift(first)

    assert place.units == {"frozen": 100}
    assert place.stands(second) == (100, 0, 0)
    assert HoldEntry.objects.filter(hold_id=first, kind="released").count() == 0


def test_lifting_the_waiting_one_moves_nothing(place):
    first, second = place.freeze(100), place.freeze(100)

    place.lift(second)

    assert place.units == {"frozen": 100}
    assert place.stands(first) == (100, 0, 0)


def test_three_wait_in_the_order_of_time_and_the_court_goes_before_a_bureau(place):
    bureau = place.freeze(100, HoldReason.DISTURBANCE)
    court = place.freeze(80)
    assert place.stands(court) == (80, 0, 0)
    assert place.stands(bureau) == (20, 80, 0)
    later = place.freeze(100)
    assert place.stands(later) == (20, 80, 0)
    assert place.stands(bureau) == (0, 100, 0)

    place.lift(court)
    assert place.stands(later) == (100, 0, 0)

    place.lift(later)
    assert place.stands(bureau) == (100, 0, 0)
    assert place.units == {"frozen": 100}


def test_a_freeze_of_more_than_there_is_stays_open_and_catches_what_becomes_available(place):
    place.order(30, "o")
    freeze = place.freeze(150)
    assert place.units == {"frozen": 70, "held_for_orders": 30}
    assert place.stands(freeze) == (70, 0, 80)

    place.end_order(30, "r")

    assert place.units == {"frozen": 100}
    assert place.stands(freeze) == (100, 0, 50)


def test_what_the_first_freeze_gives_back_the_open_second_one_catches(place):
    first, second = place.freeze(40), place.freeze(150)
    assert place.stands(second) == (60, 40, 50)

    place.lift(first)

    assert place.stands(second) == (100, 0, 50)
    assert place.units == {"frozen": 100}


def test_a_partial_lift_gives_up_the_open_rest_first(place):
    freeze = place.freeze(150)

    place.lift(freeze, 50)

    assert place.units == {"frozen": 100}
    assert place.stands(freeze) == (100, 0, 0)


def test_a_waiting_freeze_takes_new_units_rather_than_wait(place):
    place.order(20, "o")
    first, second = place.freeze(80), place.freeze(50)
    assert place.stands(second) == (0, 50, 0)

    place.end_order(20, "r")

    assert place.stands(second) == (20, 30, 0)
    assert place.stands(first) == (80, 0, 0)


def test_frozen_units_are_refused_with_since_when_by_what_and_until_when(place):
    freeze = place.freeze(60)
    with pytest.raises(UnitsFrozen) as caught:
        place.retire(50, "r")
    assert caught.value.code == "frozen"
    assert caught.value.found["document"] == "（2026）内01执1号"
    assert caught.value.found["held"] == 60
    with pytest.raises(UnitsFrozen):
        place.order(50, "o")
    with pytest.raises(UnitsFrozen):
        place.ask_pledge(50)
    place.retire(40, "r2")
    assert Hold.objects.get(pk=freeze).open_units == 0


def test_pledged_units_are_refused_and_name_the_pledgee(place):
    place.pledge(60)
    with pytest.raises(UnitsPledged) as caught:
        place.order(50, "o")
    assert caught.value.code == "pledged"
    assert caught.value.found["authority"] == "中国农业银行赤峰分行"


def test_too_few_units_tells_what_is_held_for_what(place):
    place.pledge(10)
    place.order(30, "o")
    with pytest.raises(UnitsElsewhere) as caught:
        place.retire(90, "r")
    assert caught.value.code == "insufficient_units"
    assert caught.value.found | {"available": 60, "held_for_orders": 30, "pledged": 10} == caught.value.found


def test_an_open_freeze_refuses_everything_that_leaves(place):
    place.freeze(150)
    with pytest.raises(UnitsFrozen):
        place.order(1, "o")


def test_a_release_needs_another_person_the_same_content_and_the_password(place):
    freeze = place.freeze(60)
    asked = ask_lift(place, freeze)
    digest = digest_of_lift(asked)
    decide = {"lift_id": asked.pk, "at": place.at}
    with pytest.raises(HoldSamePerson):
        services.lift_hold(actor=place.operator, digest=digest, **decide)
    with pytest.raises(StaleVersion):
        services.lift_hold(actor=place.second, digest="0" * 64, **decide)
    unconfirmed = a_person(Role.SETTLEMENT_OPERATOR, at=place.at, organisation_id=place.operator.organisation_id)
    with pytest.raises(PasswordNeeded):
        services.lift_hold(actor=unconfirmed, digest=digest, **decide)
    with pytest.raises(LiftAskedAlready):
        ask_lift(place, freeze)
    assert WorkItem.objects.filter(subject=f"hold:{freeze}", closed_at=None).count() == 1

    services.lift_hold(actor=place.second, digest=digest, **decide)

    assert WorkItem.objects.filter(subject=f"hold:{freeze}", closed_at=None).count() == 0
    with pytest.raises(StepNotOpen):
        services.lift_hold(actor=place.second, digest=digest, **decide)


def test_the_constraint_has_the_last_word_on_two_persons(place):
    asked = ask_lift(place, place.freeze(60))
    with pytest.raises(IntegrityError, match="hold_is_lifted_by_two_persons"), transaction.atomic():
        HoldLift.objects.filter(pk=asked.pk).update(state="done", decided_by=asked.asked_by, decided_at=place.at)


def test_a_refused_release_leaves_everything_and_can_be_asked_for_again(place):
    freeze = place.freeze(60)
    services.refuse_lift(actor=place.second, lift_id=ask_lift(place, freeze).pk, at=place.at)
    assert place.units == {"available": 40, "frozen": 60}
    place.lift(freeze)


def test_who_may_freeze_for_which_reason(place, at):
    recorder = a_person(Role.ECOLOGY_RECORDER, at=at, confirmed=True)
    with pytest.raises(RoleMissing):
        place.freeze(10, HoldReason.JUDICIAL, by=recorder)
    with pytest.raises(RoleMissing):
        place.freeze(10, HoldReason.INQUIRY, by=place.initiator)
    freeze = place.freeze(10, HoldReason.DISTURBANCE, by=recorder)
    asked = ask_lift(place, freeze, by=recorder)
    services.lift_hold(actor=place.operator, lift_id=asked.pk, digest=digest_of_lift(asked), at=at)
    assert place.units == {"available": 100}


def test_a_court_freeze_needs_its_document_and_a_whole_number(place, at):
    without = NewHold(place.asset, 10, "1", "法院")
    asked = {"actor": place.operator, "organisation_id": place.holder, "at": at}
    with pytest.raises(DocumentNeeded):
        services.place_freeze(reason=HoldReason.JUDICIAL, new=without, **asked)
    with pytest.raises(InvalidQuantity):
        services.place_freeze(reason=HoldReason.JUDICIAL, new=place.new(0), **asked)
    with pytest.raises(HolderMayNotHold):
        services.place_freeze(
            reason=HoldReason.JUDICIAL,
            new=place.new(1),
            **{**asked, "organisation_id": place.operator.organisation_id},
        )
    assert services.place_freeze(reason=HoldReason.INQUIRY, new=without, **asked).evidence is None


def test_a_pledge_takes_two_persons_of_the_holder_and_the_registration(place, at):
    row = place.ask_pledge(30)
    digest = digest_of_hold(row)
    assert place.units == {"available": 100}
    with pytest.raises(StepNotOpen):
        services.register_pledge(actor=place.operator, hold_id=row.pk, digest=digest, at=at)
    both = a_person(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, at=at, confirmed=True, organisation_id=place.holder)
    own = services.ask_pledge(actor=both, new=place.new(5), at=at)
    with pytest.raises(HoldSamePerson):
        services.confirm_pledge(actor=both, hold_id=own.pk, digest=digest_of_hold(own), at=at)
    services.confirm_pledge(actor=place.confirmer, hold_id=row.pk, digest=digest, at=at)
    with pytest.raises(RoleMissing):
        services.register_pledge(actor=place.confirmer, hold_id=row.pk, digest=digest, at=at)
    services.register_pledge(actor=place.operator, hold_id=row.pk, digest=digest, at=at)
    assert place.units == {"available": 70, "pledged": 30}
    services.refuse_pledge(actor=both, hold_id=own.pk, at=at)
    assert Hold.objects.get(pk=own.pk).state == "refused"


def test_a_pledge_whose_units_are_gone_is_not_registered(place, at):
    row = place.ask_pledge(80)
    digest = digest_of_hold(row)
    services.confirm_pledge(actor=place.confirmer, hold_id=row.pk, digest=digest, at=at)
    place.freeze(50)
    with pytest.raises(UnitsFrozen):
        services.register_pledge(actor=place.operator, hold_id=row.pk, digest=digest, at=at)


def test_the_holder_asks_for_the_release_of_its_pledge_but_of_no_freeze(place, at):
    pledge, freeze = place.pledge(30), place.freeze(10)
    asked = ask_lift(place, pledge, by=place.initiator)
    with pytest.raises(RoleMissing):
        services.lift_hold(actor=place.confirmer, lift_id=asked.pk, digest=digest_of_lift(asked), at=at)
    services.lift_hold(actor=place.operator, lift_id=asked.pk, digest=digest_of_lift(asked), at=at)
    with pytest.raises(RoleMissing):
        ask_lift(place, freeze, by=place.initiator)


def test_others_see_nothing_of_it_and_the_holder_sees_everything(place, at):
    freeze = place.freeze(10)
    with pytest.raises(HoldNotThere):
        queries.hold(of_organisation(Place(at).holder), freeze)
    assert queries.hold(of_organisation(place.holder), freeze).pk == freeze
    assert [one.id for one in queries.stacked_holds(place.holder)[place.asset]] == [freeze]
    assert [(step.source, step.target, step.units) for step in queries.entries_of(Hold.objects.get(pk=freeze))] == [
        (Purpose.AVAILABLE, Purpose.FROZEN, 10)
    ]


def ask_lift(place, hold_id, by=None):
    row = Hold.objects.get(pk=hold_id)
    return services.ask_lift(
        actor=by or place.operator,
        hold_id=hold_id,
        units=row.units,
        basis_number="解除 1 号",
        note="",
        evidence=paper(),
        at=place.at,
    )
