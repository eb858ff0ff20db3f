"""Two at once on one holding: real threads, real commits, an order that the test decides."""

from datetime import timedelta

import pytest
from django.db import transaction

from settlement import queries, services
from settlement.errors import InsufficientFunds, InsufficientUnits, StepNotOpen, TransferKnown
from settlement.rules import ReversalReason, TradeToSettle
from settlement.services.deposits import BankMessage
from tests.concurrency import started_and_waiting
from tests.settlement.makers import an_organisation, give_money, issue, of_organisation
from tests.settlement.transfer_makers import World


def clean() -> None:
    assert {name: proof["broken"] for name, proof in queries.broken_invariants().items() if proof["broken"]} == {}
    assert queries.unreconciled_holdings() == []


@pytest.fixture
def seller(committed, at):
    return an_organisation(at=at)


@pytest.fixture
def batch(seller, at):
    return issue(seller, 100, at)


def test_the_same_units_are_not_held_twice_at_once(seller, batch, at):
    hold = {"organisation_id": seller, "asset_id": batch.asset_id, "at": at}
    with transaction.atomic():
        services.hold_units_for_order(key="one", units=70, **hold)
        second = started_and_waiting(lambda: services.hold_units_for_order(key="two", units=70, **hold))
    second.join()

    assert isinstance(second.error, InsufficientUnits)
    assert queries.held_units(seller, batch.asset_id) == 70
    clean()


def test_two_holds_of_one_block_both_get_their_serials(seller, batch, at):
    hold = {"organisation_id": seller, "asset_id": batch.asset_id, "at": at}
    with transaction.atomic():
        services.hold_units_for_order(key="one", units=30, **hold)
        second = started_and_waiting(lambda: services.hold_units_for_order(key="two", units=70, **hold))
    second.join()

    assert second.error is None
    assert queries.held_units(seller, batch.asset_id) == 100
    clean()


def test_the_same_money_is_not_spent_twice_at_once(seller, at):
    give_money(seller, 1000, at)
    hold = {"organisation_id": seller, "at": at}
    with transaction.atomic():
        services.hold_cash_for_order(key="one", fen=700, **hold)
        second = started_and_waiting(lambda: services.hold_cash_for_order(key="two", fen=700, **hold))
    second.join()

    assert isinstance(second.error, InsufficientFunds)
    clean()


def test_a_hold_and_a_retirement_at_once_never_take_the_same_tonne(seller, batch, at):
    with transaction.atomic():
        services.retire_units(
            key="r",
            organisation_id=seller,
            asset_id=batch.asset_id,
            units=60,
            at=at,
            maker_id=None,
            checker_id=None,
            basis="",
        )
        second = started_and_waiting(
            lambda: services.hold_units_for_order(
                key="o", organisation_id=seller, asset_id=batch.asset_id, units=60, at=at
            )
        )
    second.join()

    assert isinstance(second.error, InsufficientUnits)
    clean()


def test_one_key_sent_twice_at_once_has_one_effect(seller, batch, at):
    hold = {"key": "same", "organisation_id": seller, "asset_id": batch.asset_id, "units": 10, "at": at}
    with transaction.atomic():
        first = services.hold_units_for_order(**hold)
        second = started_and_waiting(lambda: services.hold_units_for_order(**hold))
    second.join()

    assert second.result == first
    assert queries.held_units(seller, batch.asset_id) == 10
    clean()


def test_a_bank_notice_delivered_twice_at_once_is_booked_once(seller, at):
    reference = services.request_deposit(actor=of_organisation(seller), amount_fen=500, at=at).reference
    message = BankMessage("B1", 500, reference, "", "")
    with transaction.atomic():
        first = services.book_bank_notice(message=message, at=at)
        second = started_and_waiting(lambda: services.book_bank_notice(message=message, at=at))
    second.join()

    assert second.error is None
    assert second.result == first
    assert queries.available_fen(seller) == 500
    clean()


def test_two_issuances_of_a_vintage_at_once_take_serials_one_after_the_other(seller, at):
    with transaction.atomic():
        first = issue(seller, 40, at)
        second = started_and_waiting(lambda: issue(seller, 60, at))
    second.join()

    assert second.error is None
    assert (first.last_serial, second.result.first_serial) == (40, 41)
    clean()


def test_two_settlements_that_share_holdings_queue_and_never_deadlock(seller, batch, at):
    buyer = an_organisation(at=at)
    give_money(buyer, 1_000_000, at)
    services.hold_units_for_order(key="s", organisation_id=seller, asset_id=batch.asset_id, units=100, at=at)
    services.hold_cash_for_order(key="b", organisation_id=buyer, fen=1_000_000, at=at)

    def settle(number: int) -> None:
        trade = TradeToSettle(number, batch.asset_id, 50, 100, buyer, seller, 5000, 0, 0, 0)
        with transaction.atomic():
            services.settle_trades(trades=[trade], at=at)

    with transaction.atomic():
        settle(1)
        second = started_and_waiting(lambda: settle(2))
    second.join()

    assert second.error is None
    assert queries.available_units(buyer, batch.asset_id) == 100
    clean()


# -- a transfer against whatever else wants the same credits


@pytest.fixture
def confirmed(committed, at):
    """A transfer of 70 of a holder's 100 credits that waits for its approval."""
    world = World(at)
    row = world.propose(units=70)
    world.confirm(row)
    return world, row


def test_an_approved_transfer_leaves_too_little_for_an_order(confirmed, at):
    world, row = confirmed
    with transaction.atomic():
        world.approve(row)
        second = started_and_waiting(
            lambda: services.hold_units_for_order(
                key="o", organisation_id=world.giver, asset_id=world.asset, units=40, at=at
            )
        )
    second.join()

    assert isinstance(second.error, InsufficientUnits)
    assert queries.held_units(world.giver, world.asset) == 0
    clean()


def test_an_orders_hold_leaves_too_little_for_a_transfer(confirmed, at):
    world, row = confirmed
    with transaction.atomic():
        services.hold_units_for_order(key="o", organisation_id=world.giver, asset_id=world.asset, units=40, at=at)
        second = started_and_waiting(lambda: world.approve(row))
    second.join()

    assert isinstance(second.error, InsufficientUnits)
    row.refresh_from_db()
    assert (row.state, row.hold_entry_id) == ("proposed", None)
    clean()


def retire(world, at, units):
    return services.retire_units(
        key="r",
        organisation_id=world.giver,
        asset_id=world.asset,
        units=units,
        at=at,
        maker_id=None,
        checker_id=None,
        basis="",
    )


def test_credits_in_transit_are_not_retired_at_once(confirmed, at):
    world, row = confirmed
    with transaction.atomic():
        world.approve(row)
        second = started_and_waiting(lambda: retire(world, at, 40))
    second.join()

    assert isinstance(second.error, InsufficientUnits)
    clean()


def test_retired_credits_are_not_transferred_at_once(confirmed, at):
    world, row = confirmed
    with transaction.atomic():
        retire(world, at, 40)
        second = started_and_waiting(lambda: world.approve(row))
    second.join()

    assert isinstance(second.error, InsufficientUnits)
    clean()


def test_a_transfer_and_an_order_that_both_fit_get_their_serials(confirmed, at):
    world, row = confirmed
    with transaction.atomic():
        world.approve(row)
        second = started_and_waiting(
            lambda: services.hold_units_for_order(
                key="o", organisation_id=world.giver, asset_id=world.asset, units=30, at=at
            )
        )
    second.join()

    assert second.error is None
    clean()


def test_a_transfer_stopped_while_it_is_executed_has_one_end(confirmed, at):
    world, row = confirmed
    due = world.approve(row).due_at
    with transaction.atomic():
        assert services.execute_transfer(transfer_id=row.pk, at=due) == "executed"
        second = started_and_waiting(
            lambda: services.stop_transfer(actor=world.initiator, transfer_id=row.pk, note="x", at=due)
        )
    second.join()

    assert isinstance(second.error, StepNotOpen)
    clean()


def test_a_transfer_executed_while_it_is_stopped_has_one_end(confirmed, at):
    world, row = confirmed
    due = world.approve(row).due_at
    with transaction.atomic():
        services.stop_transfer(actor=world.initiator, transfer_id=row.pk, note="x", at=due)
        second = started_and_waiting(lambda: services.execute_transfer(transfer_id=row.pk, at=due))
    second.join()

    assert second.result == "cancelled"
    assert queries.available_units(world.giver, world.asset) == 100
    clean()


def test_one_transfer_approved_twice_at_once_is_approved_once(confirmed, at):
    world, row = confirmed
    with transaction.atomic():
        world.approve(row)
        second = started_and_waiting(lambda: world.approve(row, actor=world.second))
    second.join()

    assert isinstance(second.error, StepNotOpen)
    clean()


def test_one_proposal_sent_twice_at_once_is_written_once(committed, at):
    world = World(at)
    with transaction.atomic():
        world.propose()
        second = started_and_waiting(world.propose)
    second.join()

    assert isinstance(second.error, TransferKnown)
    clean()


def test_one_entry_reversed_twice_at_once_is_reversed_once(committed, at):
    world = World(at)
    entry_id = world.executed().end_entry_id
    later = at + timedelta(days=2)
    asked = services.propose_reversal(
        actor=world.now(world.operator, later),
        entry_id=entry_id,
        reason=ReversalReason.POSTING_ERROR,
        note="x",
        at=later,
    )

    def approve():
        return services.approve_reversal(
            actor=world.now(world.second, later), reversal_id=asked.pk, digest=asked.digest, at=later
        )

    with transaction.atomic():
        approve()
        second = started_and_waiting(approve)
    second.join()

    assert isinstance(second.error, StepNotOpen)
    clean()
