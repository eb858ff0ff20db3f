"""Non-trade transfers, trusted accounts and reversals through the services."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from accounts import queries as people
from accounts.errors import PasswordNeeded, RoleMissing
from accounts.queries import organisation
from accounts.rules import OrganisationKind, Role
from accounts.services import freeze_organisation, revoke_role
from rulebook.models import CalendarYear
from settlement import errors, queries, services
from settlement.models import Transfer, TrustedAccount
from settlement.rules import Purpose, ReversalReason, SerialRange, TransferKind
from tests.accounts.makers import a_client, a_person
from tests.database import check_deferred
from tests.settlement.makers import an_organisation, issue
from tests.settlement.transfer_makers import PAPER, World, beijing, evidence, reverse

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday 10:00 in Beijing.


@pytest.fixture(scope="module")
def founded(shared_database):
    """One world for all tests here: to found it costs more than most of them do."""
    return World(AT)


@pytest.fixture
def world(founded):
    """The world as it was founded; whatever a test does to it is rolled back."""
    with transaction.atomic():
        yield founded
        transaction.set_rollback(True)


def clean():
    check_deferred()
    assert {key: proof["broken"] for key, proof in queries.broken_invariants().items() if proof["broken"]} == {}


# -- the way of a transfer


def test_a_transfer_waits_and_then_reaches_the_receiver_with_the_serials_it_held(world):
    row = world.approved()
    assert (row.state, row.is_trusted) == ("approved", False)
    assert row.due_at == beijing("2026-03-03T12:00")  # Proposed on Monday at 10:00.
    assert world.units(world.giver) == 60
    assert world.units(world.giver, Purpose.IN_TRANSIT) == 40
    assert queries.serials_of_transfer(row) == (SerialRange(61, 100),)
    clean()

    assert services.run_due_transfers(row.due_at - timedelta(seconds=1)) == ""
    assert services.run_due_transfers(row.due_at) == "1 transfers executed"
    assert services.run_due_transfers(row.due_at) == ""

    row.refresh_from_db()
    assert row.state == "executed"
    assert world.units(world.receiver) == 40
    assert world.serials(world.receiver) == {Purpose.AVAILABLE: (SerialRange(61, 100),)}
    assert world.units(world.giver, Purpose.IN_TRANSIT) == 0
    clean()


def test_every_stage_stores_what_the_numbered_checks_found(world):
    row = world.executed()
    stages = {}
    for one in queries.checks_of(row):
        stages.setdefault(one.stage, []).append((one.number, one.passed))
    expected = [(f"T{number:02d}", True) for number in range(1, 12)]
    assert stages == {"proposal": expected, "approval": expected, "execution": expected}


def test_units_of_a_transfer_are_neither_bought_nor_sold(world):
    world.executed()
    assert queries.received_by_trade_since(world.receiver, world.asset, world.at.date()) == 0


def test_the_entry_names_who_proposed_and_who_approved(world):
    row = world.executed()
    entry = Transfer.objects.select_related("end_entry").get(pk=row.pk).end_entry
    assert (entry.kind, entry.maker_id, entry.checker_id) == (
        "transfer",
        world.initiator.user_id,
        world.operator.user_id,
    )


def test_a_court_takes_with_two_operators_also_from_a_frozen_holder(world):
    freeze_organisation(
        organisation_id=world.giver,
        order="冻结1号",
        actor=a_person(Role.SECURITY_ADMIN, at=world.at),
        at=world.at,
    )
    row = world.court()
    with pytest.raises(errors.TransferSamePerson):
        world.approve(row)
    assert world.approve(row, actor=world.second).state == "approved"
    clean()


def test_a_client_proposes_and_two_persons_agree(world, at):
    client = a_client("ledger:write", at=at, organisation_id=world.giver)
    row = world.propose(actor=people.actor_of_client(client.id))
    assert row.proposed_by_client_id == client.id
    world.confirm(row)
    row = world.approve(row)
    assert services.execute_transfer(transfer_id=row.pk, at=row.due_at) == "executed"
    clean()


# -- times by the calendar


@pytest.mark.parametrize(
    ("proposed", "due"),
    [
        ("2026-03-02T11:59", "2026-03-03T12:00"),
        ("2026-03-02T12:00", "2026-03-04T12:00"),
        ("2026-03-06T09:00", "2026-03-09T12:00"),  # A Friday morning: over the weekend.
        ("2026-03-06T15:00", "2026-03-10T12:00"),
        ("2026-03-07T09:00", "2026-03-09T12:00"),  # On a Saturday.
        ("2026-05-08T09:00", "2026-05-09T12:00"),  # 2026-05-09 is a Saturday that is worked (调休).
        ("2026-02-13T13:00", "2026-02-24T12:00"),  # Over the Spring Festival; Saturday 02-14 is worked.
    ],
)
def test_a_transfer_waits_by_the_official_calendar(world, proposed, due):
    assert queries.waiting_time(beijing(proposed)).at == beijing(due)


@pytest.mark.parametrize(
    ("approved", "counts"),
    [
        ("2026-03-02T09:00", "2026-03-06T12:00"),
        ("2026-03-05T18:00", "2026-03-11T12:00"),  # Over a weekend.
        ("2026-05-07T09:00", "2026-05-12T12:00"),  # With the worked Saturday 2026-05-09.
    ],
)
def test_a_trusted_account_counts_from_noon_of_the_fourth_working_day(world, approved, counts):
    assert queries.trust_counts_from(beijing(approved)).at == beijing(counts)


def test_a_time_past_the_calendar_is_provisional_and_executes_nothing(world):
    at = beijing("2026-12-31T15:00")
    row = world.approved(at)
    assert row.due_provisional
    assert services.run_due_transfers(row.due_at + timedelta(days=9)) == ""

    CalendarYear.objects.create(year=2027, basis="test")
    assert services.run_due_transfers(row.due_at + timedelta(days=9)) == "1 transfers executed"
    clean()


def test_an_approval_after_the_waiting_time_executes_at_once(world):
    row = world.propose()
    later = world.at + timedelta(days=3)
    world.confirm(row, later)
    assert world.approve(row, later).state == "executed"
    clean()


# -- trusted accounts


def test_a_trusted_receiver_gets_its_units_at_the_approval(world):
    trust = world.trust()
    later = trust.counts_from
    row = world.approved(later)
    assert (row.state, row.is_trusted) == ("executed", True)
    clean()


def test_a_trusted_account_does_not_count_before_its_time(world):
    trust = world.trust()
    early = trust.counts_from - timedelta(seconds=1)
    assert world.approved(early).state == "approved"


def test_a_trusted_account_takes_two_persons_and_the_password(world):
    row = services.propose_trusted_account(
        actor=world.initiator, to_uscc=organisation(world.receiver).uscc, reason="子公司", at=world.at
    )
    both = a_person(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, at=world.at, organisation_id=world.giver, confirmed=True)
    with pytest.raises(PasswordNeeded):
        services.approve_trusted_account(
            actor=replace(world.confirmer, confirmed_at=None), trust_id=row.pk, at=world.at
        )
    with pytest.raises(RoleMissing):
        services.approve_trusted_account(actor=world.initiator, trust_id=row.pk, at=world.at)
    with pytest.raises(errors.TrustKnown):
        services.propose_trusted_account(
            actor=both, to_uscc=organisation(world.receiver).uscc, reason="子公司", at=world.at
        )
    services.end_trusted_account(actor=both, trust_id=row.pk, at=world.at)
    own = services.propose_trusted_account(
        actor=both, to_uscc=organisation(world.receiver).uscc, reason="子公司", at=world.at
    )
    with pytest.raises(errors.TransferSamePerson):
        services.approve_trusted_account(actor=both, trust_id=own.pk, at=world.at)


@pytest.mark.parametrize(("after", "state"), [(timedelta(days=1), "stopped"), (timedelta(days=9), "revoked")])
def test_a_trusted_account_is_stopped_before_it_counts_and_revoked_afterwards(world, after, state):
    trust = world.trust()
    ended = services.end_trusted_account(
        actor=world.now(world.initiator, world.at + after), trust_id=trust.pk, at=world.at + after
    )
    assert ended.state == state
    assert not queries.is_trusted(world.giver, world.receiver, world.at + timedelta(days=20))
    with pytest.raises(errors.StepNotOpen):
        services.end_trusted_account(actor=world.initiator, trust_id=trust.pk, at=world.at + after)


@pytest.mark.parametrize(
    ("to", "code"), [("self", "same_organisation"), ("bureau", "receiver_may_not_hold"), ("x", "organisation_unknown")]
)
def test_not_everybody_can_be_trusted(world, to, code):
    found = {
        "self": organisation(world.giver).uscc,
        "bureau": organisation(an_organisation(OrganisationKind.FORESTRY_BUREAU, at=world.at)).uscc,
        "x": "91150000MA0000000X",
    }[to]
    with pytest.raises(errors.Refusal) as caught:
        services.propose_trusted_account(actor=world.initiator, to_uscc=found, reason="x", at=world.at)
    assert caught.value.code == code


def test_a_stranger_sees_no_trusted_account_and_no_transfer(world):
    trust, row = world.trust(), world.propose()
    stranger = a_person(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, at=world.at, confirmed=True)
    for call in (
        lambda: services.end_trusted_account(actor=stranger, trust_id=trust.pk, at=world.at),
        lambda: services.stop_transfer(actor=stranger, transfer_id=row.pk, note="x", at=world.at),
        lambda: services.confirm_transfer(actor=stranger, transfer_id=row.pk, digest=row.digest, at=world.at),
        lambda: queries.transfer(stranger, row.pk),
        lambda: queries.evidence(stranger, row.evidence_id),
    ):
        with pytest.raises(errors.NotThere):
            call()
    assert not queries.transfers_visible_to(stranger)
    assert not TrustedAccount.objects.visible_to(stranger)


def test_the_receiver_sees_what_is_coming_and_never_the_evidence(world):
    row = world.propose()
    receiver = a_person(Role.FIRM_INITIATOR, at=world.at, organisation_id=world.receiver)
    assert not queries.transfers_visible_to(receiver)
    world.confirm(row)
    world.approve(row)
    assert [one.pk for one in queries.transfers_visible_to(receiver)] == [row.pk]
    with pytest.raises(errors.NotThere):
        queries.evidence(receiver, row.evidence_id)


# -- each numbered check


def _frozen_giver(world):
    freeze_organisation(
        organisation_id=world.giver, order="1", actor=a_person(Role.SECURITY_ADMIN, at=world.at), at=world.at
    )


def _frozen_receiver(world):
    freeze_organisation(
        organisation_id=world.receiver, order="1", actor=a_person(Role.SECURITY_ADMIN, at=world.at), at=world.at
    )


def _frozen_batch(world):
    services.freeze_asset(asset_id=world.asset, reason="火灾", order_number="灾1", set_by_id=None, at=world.at)


def _retired(world):
    services.retire_units(
        key="r",
        organisation_id=world.giver,
        asset_id=world.asset,
        units=70,
        at=world.at,
        maker_id=None,
        checker_id=None,
        basis="",
    )


def _lost_file(world):
    for row in Transfer.objects.select_related("evidence"):
        path = queries.transfers.evidence_path(row.evidence.sha256)
        path.write_bytes(b"%PDF-1.7 another deed")


@pytest.fixture
def files_restored(world):
    yield
    import hashlib

    Path(queries.transfers.evidence_path(hashlib.sha256(PAPER).hexdigest())).write_bytes(PAPER)


PROPOSALS = {
    "holder_may_not_hold": ({"from": OrganisationKind.FORESTRY_BUREAU}, None),
    "receiver_may_not_hold": ({"to": OrganisationKind.FORESTRY_BUREAU}, None),
    "same_organisation": ({"to": "self"}, None),
    "not_transferable": ({"asset": "cash"}, None),
    "insufficient_units": ({"units": 101}, None),
    "evidence_unfit": ({"evidence": "gift_agreement"}, None),
    "frozen": ({}, _frozen_batch),
    "receiver_frozen": ({}, _frozen_receiver),
    "transfer_known": ({}, lambda world: world.propose()),
}


@pytest.mark.parametrize("code", PROPOSALS)
def test_a_proposal_that_fails_a_check_is_refused_with_its_code(world, code):
    wanted, before = PROPOSALS[code]
    if before:
        before(world)
    changes = {}
    if "from" in wanted:
        bureau = an_organisation(wanted["from"], at=world.at)
        with pytest.raises(errors.Refusal) as caught:
            world.court(from_uscc=organisation(bureau).uscc)
        assert caught.value.code in (code, "insufficient_units")
        assert caught.value.code == code
        return
    if wanted.get("to") == "self":
        changes["to_uscc"] = organisation(world.giver).uscc
    elif "to" in wanted:
        changes["to_uscc"] = organisation(an_organisation(wanted["to"], at=world.at)).uscc
    if "asset" in wanted:
        changes["asset_id"] = queries.cash_asset_id()
    if "units" in wanted:
        changes["units"] = wanted["units"]
    if "evidence" in wanted:
        changes["evidence"] = evidence(wanted["evidence"])
    known = Transfer.objects.count()
    with pytest.raises(errors.Refusal) as caught:
        world.propose(**changes)
    assert caught.value.code == code
    assert Transfer.objects.count() == known


def test_a_frozen_holder_proposes_nothing(world):
    _frozen_giver(world)
    with pytest.raises(errors.HolderFrozen):
        world.propose()


def test_credits_of_single_trees_never_change_hands(world, at):
    trees = issue(world.giver, 100, at, credit_type="T", project_code="NM-T-1", project_serial="000999")
    with pytest.raises(errors.NotTransferable):
        world.propose(asset_id=trees.asset_id)


APPROVALS = {
    "frozen": _frozen_batch,
    "receiver_frozen": _frozen_receiver,
    "insufficient_units": _retired,
    "evidence_missing": _lost_file,
}


@pytest.mark.parametrize("code", APPROVALS)
def test_an_approval_runs_the_checks_again(world, files_restored, code):
    row = world.propose()
    world.confirm(row)
    APPROVALS[code](world)
    with pytest.raises(errors.Refusal) as caught:
        world.approve(row)
    assert caught.value.code == code
    row.refresh_from_db()
    assert row.state == "proposed"


@pytest.mark.parametrize("code", ["frozen", "receiver_frozen", "evidence_missing"])
def test_an_execution_that_fails_a_check_gives_the_units_back_and_says_why(world, files_restored, code):
    row = world.approved()
    APPROVALS[code](world)
    assert services.run_due_transfers(row.due_at) == "1 transfers refused"
    row.refresh_from_db()
    assert row.state == "refused"
    assert [one.code for one in queries.checks_of(row) if not one.passed] == [code]
    assert world.units(world.giver) == 100
    clean()


def test_an_early_execution_is_refused_by_its_check(world):
    row = world.approved()
    answers = queries.run_checks(row, stage=queries.transfers.Stage.EXECUTION, at=row.due_at - timedelta(minutes=1))
    assert [one.refusal.code for one in answers if one.refusal] == ["transfer_not_due"]
    assert services.execute_transfer(transfer_id=row.pk, at=row.due_at - timedelta(minutes=1)) == "approved"


def test_who_proposed_must_still_hold_the_role_at_the_approval(world, at):
    from accounts.models import RoleGrant

    row = world.propose()
    world.confirm(row)
    grant = RoleGrant.objects.get(user_id=world.initiator.user_id)
    later = at + timedelta(minutes=5)
    revoke_role(grant_id=grant.pk, actor=a_person(Role.SECURITY_ADMIN, at=at), at=later)
    with pytest.raises(errors.PersonNotActive):
        world.approve(row, later + timedelta(minutes=1))


# -- two persons, password, digest


def test_a_transfer_takes_the_right_persons_in_the_right_order(world):
    row = world.propose()
    with pytest.raises(errors.StepNotOpen):
        world.approve(row)  # The holder's second person comes first.
    with pytest.raises(RoleMissing):
        services.confirm_transfer(actor=world.initiator, transfer_id=row.pk, digest=row.digest, at=world.at)
    with pytest.raises(RoleMissing):
        services.confirm_transfer(actor=world.operator, transfer_id=row.pk, digest=row.digest, at=world.at)
    with pytest.raises(RoleMissing):
        services.approve_transfer(actor=world.confirmer, transfer_id=row.pk, digest=row.digest, at=world.at)
    world.confirm(row)
    with pytest.raises(errors.StepNotOpen):
        world.confirm(row)
    assert world.approve(row).state == "approved"
    with pytest.raises(errors.StepNotOpen):
        world.approve(row)


def test_an_owner_never_confirms_what_the_owner_proposed(world, at):
    owner = a_person(Role.OWNER, at=at, confirmed=True)
    batch = issue(owner.organisation_id, 50, at)
    receiver = an_organisation(at=at)
    row = services.propose_transfer(
        actor=owner,
        kind=TransferKind.GIFT,
        asset_id=batch.asset_id,
        units=5,
        to_uscc=organisation(receiver).uscc,
        basis_number="1",
        reason="赠与",
        evidence=evidence("gift_agreement"),
        at=at,
    )
    with pytest.raises(errors.TransferSamePerson):
        services.confirm_transfer(actor=owner, transfer_id=row.pk, digest=row.digest, at=at)


def test_the_password_is_asked_for_at_each_agreement(world):
    row = world.propose()
    with pytest.raises(PasswordNeeded):
        services.confirm_transfer(
            actor=replace(world.confirmer, confirmed_at=None), transfer_id=row.pk, digest=row.digest, at=world.at
        )
    world.confirm(row)
    with pytest.raises(PasswordNeeded):
        services.approve_transfer(
            actor=replace(world.operator, confirmed_at=None), transfer_id=row.pk, digest=row.digest, at=world.at
        )


def test_another_content_than_the_one_seen_is_not_approved(world):
    row = world.propose()
    with pytest.raises(errors.StaleVersion):
        services.confirm_transfer(actor=world.confirmer, transfer_id=row.pk, digest="0" * 64, at=world.at)
    world.confirm(row)
    with pytest.raises(errors.StaleVersion):
        services.approve_transfer(actor=world.operator, transfer_id=row.pk, digest="0" * 64, at=world.at)


# -- stopping


@pytest.mark.parametrize("who", ["initiator", "confirmer", "operator", "colleague"])
def test_either_person_and_the_holder_may_stop_it_until_it_is_executed(world, who):
    row = world.approved()
    world.colleague = a_person(Role.FIRM_INITIATOR, at=world.at, organisation_id=world.giver)
    stopped = services.stop_transfer(actor=getattr(world, who), transfer_id=row.pk, note="有误", at=world.at)
    assert stopped.state == "cancelled"
    assert world.units(world.giver) == 100
    assert world.serials(world.giver) == {Purpose.AVAILABLE: (SerialRange(1, 100),)}
    assert services.run_due_transfers(row.due_at) == ""
    clean()


def test_nobody_else_stops_it_and_nobody_after_it_is_executed(world):
    row = world.approved()
    receiver = a_person(Role.FIRM_INITIATOR, at=world.at, organisation_id=world.receiver)
    for actor in (world.second, receiver):
        with pytest.raises(RoleMissing):
            services.stop_transfer(actor=actor, transfer_id=row.pk, note="x", at=world.at)
    services.execute_transfer(transfer_id=row.pk, at=row.due_at)
    with pytest.raises(errors.StepNotOpen):
        services.stop_transfer(actor=world.initiator, transfer_id=row.pk, note="x", at=row.due_at)


def test_a_courts_transfer_is_not_stopped_by_the_holder_it_takes_from(world):
    row = world.court()
    with pytest.raises(RoleMissing):
        services.stop_transfer(actor=world.confirmer, transfer_id=row.pk, note="x", at=world.at)
    assert (
        services.stop_transfer(actor=world.operator, transfer_id=row.pk, note="撤回", at=world.at).state == "cancelled"
    )


def test_the_operator_refuses_on_the_evidence_with_a_reason(world):
    row = world.propose()
    world.confirm(row)
    with pytest.raises(errors.ReasonNeeded):
        services.refuse_transfer(actor=world.operator, transfer_id=row.pk, note=" ", at=world.at)
    with pytest.raises(RoleMissing):
        services.refuse_transfer(actor=world.confirmer, transfer_id=row.pk, note="x", at=world.at)
    refused = services.refuse_transfer(actor=world.operator, transfer_id=row.pk, note="印章不清", at=world.at)
    assert (refused.state, refused.end_note) == ("refused", "印章不清")
    clean()


# -- evidence


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"MZ program", "PDF"), (b"%PDF-" + b"x" * (20 * 1024 * 1024), "20 MB")],
    ids=["empty", "program", "large"],
)
def test_evidence_is_judged_by_what_stands_in_it(world, content, reason):
    with pytest.raises(errors.FileRejected, match=reason):
        world.propose(evidence=evidence(content=content))


@pytest.mark.parametrize("field", ["basis_number", "reason"])
@pytest.mark.parametrize("text", ["", "x" * 301, "a\u202eb"])
def test_document_and_reason_are_needed(world, field, text):
    with pytest.raises(errors.ReasonNeeded):
        world.propose(**{field: text})


@pytest.mark.parametrize("units", [0, -5, True, 1.5, 10**13])
def test_units_are_a_positive_whole_number(world, units):
    with pytest.raises(errors.InvalidQuantity):
        world.propose(units=units)


# -- work items


def test_the_queue_leads_from_the_confirmer_to_the_operator(world):
    def waiting(actor):
        return [item.kind for item in people.work_items_for(actor, at=world.at)]

    row = world.propose()
    assert waiting(world.confirmer) == ["confirm_transfer"]
    assert waiting(world.operator) == []
    world.confirm(row)
    assert (waiting(world.confirmer), waiting(world.operator)) == ([], ["approve_transfer"])
    world.approve(row)
    assert waiting(world.operator) == []


# -- reversals


def test_a_reversal_gives_exactly_the_same_serials_back(world):
    first, row = world.executed(units=30), world.executed(units=20, basis_number="2")
    done = reverse(world, row.end_entry_id)
    row.refresh_from_db()
    assert (done.state, row.state) == ("done", "reversed")
    assert world.serials(world.giver) == {Purpose.AVAILABLE: (SerialRange(1, 70),)}
    assert world.serials(world.receiver) == {Purpose.AVAILABLE: (SerialRange(71, 100),)}
    assert queries.reversal_of(row.end_entry_id) == done.entry_id
    assert queries.reversal_of(first.end_entry_id) is None
    clean()


def test_serials_that_have_been_split_and_come_back_are_given_back(world):
    row = world.executed()
    hold = {"organisation_id": world.receiver, "asset_id": world.asset, "at": row.due_at}
    services.hold_units_for_order(key="h", units=15, **hold)
    services.release_units_of_order(key="r", units=15, **hold)
    reverse(world, row.end_entry_id)
    assert world.serials(world.giver) == {Purpose.AVAILABLE: (SerialRange(1, 100),)}
    clean()


def test_serials_that_have_moved_on_cannot_be_given_back(world):
    row = world.executed()
    other = issue(world.receiver, 5, world.at, vintage_year=2025)
    assert other.asset_id != world.asset
    services.hold_units_for_order(key="h", organisation_id=world.receiver, asset_id=world.asset, units=1, at=row.due_at)
    with pytest.raises(errors.InsufficientUnits):
        reverse(world, row.end_entry_id)
    # As many units again, but other serials: the same number is not the same credits.
    world.executed(units=10, basis_number="2")
    with pytest.raises(errors.SerialsElsewhere):
        services.approve_reversal(
            actor=world.now(world.second, world.at + timedelta(days=2)),
            reversal_id=queries.reversals_visible_to(world.operator)[0].id,
            digest=queries.reversals_visible_to(world.operator)[0].digest,
            at=world.at + timedelta(days=2),
        )


def test_a_reversal_takes_two_operators_the_password_and_the_digest(world):
    row = world.executed()
    at = world.at + timedelta(days=2)
    one, two = world.now(world.operator, at), world.now(world.second, at)
    with pytest.raises(RoleMissing):
        services.propose_reversal(
            actor=world.initiator, entry_id=row.end_entry_id, reason=ReversalReason.BASIS_VOID, note="x", at=at
        )
    asked = services.propose_reversal(
        actor=one, entry_id=row.end_entry_id, reason=ReversalReason.BASIS_VOID, note="x", at=at
    )
    with pytest.raises(errors.NotReversible):  # It waits already.
        services.propose_reversal(
            actor=two, entry_id=row.end_entry_id, reason=ReversalReason.BASIS_VOID, note="x", at=at
        )
    with pytest.raises(errors.TransferSamePerson):
        services.approve_reversal(actor=one, reversal_id=asked.pk, digest=asked.digest, at=at)
    with pytest.raises(PasswordNeeded):
        services.approve_reversal(
            actor=replace(two, confirmed_at=None), reversal_id=asked.pk, digest=asked.digest, at=at
        )
    with pytest.raises(errors.StaleVersion):
        services.approve_reversal(actor=two, reversal_id=asked.pk, digest="0" * 64, at=at)
    services.refuse_reversal(actor=two, reversal_id=asked.pk, at=at)
    with pytest.raises(errors.StepNotOpen):
        services.approve_reversal(actor=two, reversal_id=asked.pk, digest=asked.digest, at=at)
    assert reverse(world, row.end_entry_id).state == "done"
    with pytest.raises(errors.NotReversible):
        reverse(world, row.end_entry_id)


def test_issues_holds_ends_and_reversals_are_never_reversed(world):
    row = world.executed()
    held = services.hold_units_for_order(
        key="h", organisation_id=world.giver, asset_id=world.asset, units=1, at=world.at
    )
    done = reverse(world, row.end_entry_id)
    row.refresh_from_db()
    for entry_id in (world.batch.entry_id, held, row.hold_entry_id, row.return_entry_id, done.entry_id):
        with pytest.raises(errors.NotReversible):
            reverse(world, entry_id)
    with pytest.raises(errors.ReversalNotThere):
        reverse(world, 10**9)


def test_nothing_is_taken_back_from_a_frozen_receiver_or_of_a_frozen_batch(world):
    row = world.executed()
    _frozen_receiver(world)
    with pytest.raises(errors.HolderFrozen):
        reverse(world, row.end_entry_id)
