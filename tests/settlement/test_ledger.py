"""The ledger through its services: entries, batches, holds, delivery versus payment, retirement, serial lives."""

import pytest
from django.test import Client

from rulebook.errors import NotThere
from settlement import queries, services
from settlement.errors import (
    AssetFrozen,
    InsufficientFunds,
    InsufficientUnits,
    KeyReused,
    SerialMistyped,
    SerialUnknown,
)
from settlement.rules import EntryKind, Purpose, SerialRange, TradeToSettle
from tests.settlement.makers import a_user, an_organisation, give_money, issue, of_organisation


@pytest.fixture
def world(committed, at):
    """A seller with 1,000 t, 100 t of which are in the buffer pool besides, and a buyer with 50,000 yuan."""
    seller, buyer = an_organisation(at=at), an_organisation(at=at)
    batch = issue(seller, 1000, at, buffer_units=100)
    give_money(buyer, 5_000_000, at)
    return seller, buyer, batch


def clean() -> None:
    assert {name: proof["broken"] for name, proof in queries.broken_invariants().items() if proof["broken"]} == {}
    assert queries.unreconciled_holdings() == []


def settle(trade_id, batch, buyer, seller, units, price_fen=2500, **fees):
    from django.db import transaction

    money = {"buyer_fee_fen": 0, "seller_fee_fen": 0, "buyer_release_fen": 0, **fees}
    with transaction.atomic():
        return services.settle_trades(
            trades=[
                TradeToSettle(trade_id, batch.asset_id, units, price_fen, buyer, seller, units * price_fen, **money)
            ],
            at=AT,
        )


AT = None


@pytest.fixture(autouse=True)
def _clock(at):
    global AT
    AT = at


def test_a_batch_is_issued_to_owner_and_pool(world):
    seller, _, batch = world
    assert (batch.first_serial, batch.last_serial, batch.units) == (1, 1100, 1100)
    assert queries.available_units(seller, batch.asset_id) == 1000
    assert queries.units_by_purpose(batch.asset_id) == {Purpose.AVAILABLE: 1000, Purpose.BUFFER: 100}
    clean()


def test_serials_run_on_over_the_batches_of_a_vintage(world, at):
    seller, _, batch = world
    second = issue(seller, 50, at)
    assert (second.first_serial, second.last_serial) == (batch.last_serial + 1, batch.last_serial + 50)
    other_year = issue(seller, 50, at, vintage_year=2025)
    assert other_year.first_serial == 1
    clean()


def test_the_same_issue_key_issues_once(world, at):
    seller, _, _ = world
    first = issue(seller, 70, at, key="same")
    with pytest.raises(KeyReused):
        issue(seller, 71, at, key="same")
    assert queries.available_units(seller, first.asset_id) == 70
    clean()


def test_a_hold_takes_units_and_their_serials(world, at):
    seller, _, batch = world
    services.hold_units_for_order(key="o1", organisation_id=seller, asset_id=batch.asset_id, units=300, at=at)
    assert queries.available_units(seller, batch.asset_id) == 700
    assert queries.held_units(seller, batch.asset_id) == 300
    services.release_units_of_order(key="o1-r", organisation_id=seller, asset_id=batch.asset_id, units=120, at=at)
    assert queries.held_units(seller, batch.asset_id) == 180
    clean()


def test_a_replay_gives_the_first_entry_and_another_content_is_refused(world, at):
    seller, _, batch = world
    hold = {"key": "o1", "organisation_id": seller, "asset_id": batch.asset_id, "at": at}
    first = services.hold_units_for_order(units=10, **hold)
    assert services.hold_units_for_order(units=10, **hold) == first
    with pytest.raises(KeyReused):
        services.hold_units_for_order(units=11, **hold)
    assert queries.held_units(seller, batch.asset_id) == 10


def test_more_than_available_is_refused_with_the_figures(world, at):
    seller, buyer, batch = world
    with pytest.raises(InsufficientUnits) as units:
        services.hold_units_for_order(key="o", organisation_id=seller, asset_id=batch.asset_id, units=1001, at=at)
    assert units.value.found == {"available": 1000, "needed": 1001}
    with pytest.raises(InsufficientFunds) as money:
        services.hold_cash_for_order(key="o", organisation_id=buyer, fen=5_000_001, at=at)
    assert money.value.found == {"available_yuan": "50,000.00", "needed_yuan": "50,000.01"}
    clean()


def test_a_trade_moves_units_money_and_fees_in_one_entry(world, at):
    seller, buyer, batch = world
    services.hold_units_for_order(key="s", organisation_id=seller, asset_id=batch.asset_id, units=200, at=at)
    services.hold_cash_for_order(key="b", organisation_id=buyer, fen=600_000, at=at)
    (entry,) = settle(1, batch, buyer, seller, 200, buyer_fee_fen=3000, seller_fee_fen=3000, buyer_release_fen=97_000)

    assert queries.available_units(buyer, batch.asset_id) == 200
    assert queries.held_units(seller, batch.asset_id) == 0
    assert queries.available_fen(seller) == 500_000 - 3000
    assert queries.available_fen(buyer) == 5_000_000 - 600_000 + 97_000
    assert queries.held_fen(buyer) == 0
    assert queries.received_by_trade_since(buyer, batch.asset_id, at.date()) == 200
    assert entry > 0
    clean()


def test_many_trades_of_one_holding_settle_together(world, at):
    from django.db import transaction

    seller, buyer, batch = world
    third = an_organisation(at=at)
    give_money(third, 1_000_000, at)
    services.hold_units_for_order(key="s", organisation_id=seller, asset_id=batch.asset_id, units=200, at=at)
    for name, who in (("b", buyer), ("c", third)):
        services.hold_cash_for_order(key=name, organisation_id=who, fen=300_000, at=at)
    trades = [
        TradeToSettle(n, batch.asset_id, units, 2500, who, seller, units * 2500, 0, 0, 0)
        for n, (units, who) in enumerate([(30, buyer), (50, third), (40, buyer), (70, third)], start=1)
    ]
    with transaction.atomic():
        services.settle_trades(trades=trades, at=at)
    assert (queries.available_units(buyer, batch.asset_id), queries.available_units(third, batch.asset_id)) == (70, 120)
    clean()


def test_retired_units_carry_their_serials_and_a_serial_tells_its_life(world, at):
    seller, buyer, batch = world
    services.hold_units_for_order(key="s", organisation_id=seller, asset_id=batch.asset_id, units=200, at=at)
    services.hold_cash_for_order(key="b", organisation_id=buyer, fen=500_000, at=at)
    settle(1, batch, buyer, seller, 200)
    retired = services.retire_units(
        key="r",
        organisation_id=buyer,
        asset_id=batch.asset_id,
        units=150,
        at=at,
        maker_id=None,
        checker_id=None,
        basis="",
    )

    assert sum(part.units for part in retired.serials) == 150
    life = queries.serial_life(retired.serial_texts[0])
    assert [step.kind for step in life.steps] == [
        EntryKind.ISSUE,
        EntryKind.HOLD,
        EntryKind.TRADE,
        EntryKind.RETIRE,
    ]
    assert [step.organisation_id for step in life.steps] == [seller, seller, buyer, buyer]
    assert life.steps[-1].purpose is Purpose.RETIRED
    whole = queries.serial_parts(batch.serial_text)
    assert [part.purpose for part in whole.parts].count(Purpose.RETIRED) == len(retired.serials)
    assert sum(part.serials.units for part in whole.parts) == whole.serials.units
    assert [part.serials.first for part in whole.parts[1:]] == [part.serials.last + 1 for part in whole.parts[:-1]]
    assert whole.unknown == 0
    credit = queries.asset(batch.asset_id).credit
    inner = queries.serial_parts(queries.text_of(credit, SerialRange(2, 1_000_000)), most=1)
    assert inner.parts[0].serials.first == 2
    assert inner.unknown == 1_000_000 - whole.serials.last
    assert inner.is_cut
    page = Client().get("/serials/", {"serial": batch.serial_text}).content.decode()
    assert f"序列号 {whole.serials.first} 至 {whole.serials.last}" in page
    assert page.count("首个序列号的流转") == len(whole.parts) + 1
    clean()


def test_a_mistyped_serial_is_told_apart_from_an_unknown_one(world):
    _, _, batch = world
    asset = queries.asset(batch.asset_id)
    with pytest.raises(SerialMistyped):
        queries.serial_life(batch.serial_text.replace("000123", "000132"))
    with pytest.raises(SerialUnknown):
        queries.serial_life(queries.text_of(asset.credit, SerialRange(1_000_000, 1_000_000)))


def test_frozen_credits_stand_still_until_two_persons_lift_the_freeze(world, at):
    from django.db import IntegrityError

    seller, _, batch = world
    asker, lifter = a_user(at=at), a_user(at=at)
    freeze = services.freeze_asset(
        asset_id=batch.asset_id, reason="火灾核查", order_number="F-1", set_by_id=asker, at=at
    )
    for attempt in (
        lambda: services.hold_units_for_order(key="o", organisation_id=seller, asset_id=batch.asset_id, units=1, at=at),
        lambda: services.retire_units(
            key="r",
            organisation_id=seller,
            asset_id=batch.asset_id,
            units=1,
            at=at,
            maker_id=None,
            checker_id=None,
            basis="",
        ),
    ):
        with pytest.raises(AssetFrozen):
            attempt()
    with pytest.raises(IntegrityError, match="asset_freeze_is_lifted_by_two_persons"):
        services.lift_asset_freeze(freeze_id=freeze, asked_by_id=asker, lifted_by_id=asker, at=at)
    services.lift_asset_freeze(freeze_id=freeze, asked_by_id=asker, lifted_by_id=lifter, at=at)
    services.hold_units_for_order(key="o", organisation_id=seller, asset_id=batch.asset_id, units=1, at=at)


def test_a_holder_sees_his_own_holdings_alone(world):
    from accounts.rules import NOBODY

    seller, buyer, batch = world
    as_seller, as_buyer = (of_organisation(who) for who in (seller, buyer))
    assert {view.asset_id for view in queries.holdings_visible_to(as_seller)} == {batch.asset_id}
    assert {view.asset_id for view in queries.holdings_visible_to(as_buyer)} == {queries.cash_asset_id()}
    assert queries.holdings_visible_to(NOBODY) == []


def test_nobody_else_may_open_a_batch_for_sale(world):

    seller, buyer, batch = world
    with pytest.raises(NotThere):
        services.set_may_be_posted(actor=of_organisation(buyer), asset_id=batch.asset_id, allowed=False)
    services.set_may_be_posted(actor=of_organisation(seller), asset_id=batch.asset_id, allowed=False)
