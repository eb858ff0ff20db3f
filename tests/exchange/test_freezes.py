"""A freeze outranks orders: they are withdrawn in the transaction that freezes, and name its document."""

import pytest
from django.db import connection, transaction

from accounts.rules import Role
from config import invariants
from exchange import services
from exchange.errors import OrderEnded
from exchange.models import Order
from exchange.rules import Side, TradingMode
from exchange.services import matching
from settlement import queries as ledger
from settlement.errors import UnitsFrozen
from settlement.rules import HoldReason
from settlement.services import EvidenceFile, NewHold, retire_units
from tests.accounts.makers import a_person
from tests.concurrency import started_and_waiting
from tests.database import check_deferred
from tests.exchange.makers import a_market

PAPER = EvidenceFile("court_ruling", "ruling.pdf", b"%PDF-1.7\n%of the tests\n")


def freeze(market, units, operator=None):
    return services.freeze_units(
        actor=operator or a_person(Role.SETTLEMENT_OPERATOR, at=market.at),
        organisation_id=market.seller.organisation_id,
        reason=HoldReason.JUDICIAL,
        new=NewHold(market.batch.asset_id, units, "（2026）内01执1号", "内蒙古自治区高级人民法院", PAPER),
        at=market.at,
    )


def units(market):
    return {purpose.value: count for purpose, count in ledger.units_by_purpose(market.batch.asset_id).items()}


@pytest.mark.django_db
def test_a_freeze_withdraws_the_newest_orders_as_far_as_needed(at):
    market = a_market(at, units=100)
    oldest = market.place(market.seller, Side.SELL, 2500, 30)
    newest = market.place(market.seller, Side.SELL, 2510, 40)
    market.match()

    frozen = freeze(market, 60)

    assert (frozen.in_ledger, frozen.waiting, frozen.open) == (60, 0, 0)
    assert units(market) == {"available": 10, "frozen": 60, "held_for_orders": 30}
    ended = market.order(newest)
    assert (ended.status, ended.reject_code, ended.freeze_id) == ("cancelled", "frozen", frozen.id)
    assert market.order(oldest).remaining == 30
    check_deferred()
    assert invariants.broken() == {}


@pytest.mark.django_db
def test_an_order_that_nobody_has_matched_yet_is_withdrawn_in_its_turn(at):
    market = a_market(at, units=100)
    market.place(market.traders[0], Side.BUY, 2500, 20)
    market.place(market.seller, Side.SELL, 2500, 100)  # Accepted before the freeze: what it meets it trades.

    frozen = freeze(market, 100)

    assert (frozen.in_ledger, frozen.open) == (80, 20)
    assert ledger.units_by_purpose(market.batch.asset_id) == {"frozen": 80, "available": 20}
    assert ledger.available_units(market.traders[0].organisation_id, market.batch.asset_id) == 20
    assert market.match() == 0
    check_deferred()
    assert invariants.broken() == {}


@pytest.mark.django_db
def test_posts_in_a_listed_instrument_are_withdrawn_too(at):
    market = a_market(at, units=100, mode=TradingMode.LISTED)
    post = market.place(market.seller, Side.SELL, 2500, 100)
    market.match()
    frozen = freeze(market, 50)
    assert frozen.in_ledger == 50
    assert units(market) == {"available": 50, "frozen": 50}
    assert market.order(post).status == "cancelled"


@pytest.mark.django_db
def test_what_an_open_freeze_finds_later_is_caught_at_the_trade_that_brings_it(at):
    market = a_market(at, units=100)
    buyer = market.traders[0]
    frozen = services.freeze_units(
        actor=a_person(Role.SETTLEMENT_OPERATOR, at=at),
        organisation_id=buyer.organisation_id,
        reason=HoldReason.JUDICIAL,
        new=NewHold(market.batch.asset_id, 30, "1", "法院", PAPER),
        at=at,
    )
    assert frozen.open == 30
    market.place(market.seller, Side.SELL, 2500, 50)
    market.place(buyer, Side.BUY, 2500, 50)
    market.match()
    assert ledger.available_units(buyer.organisation_id, market.batch.asset_id) == 20
    assert ledger.hold_summary(frozen.id).in_ledger == 30
    check_deferred()
    assert invariants.broken() == {}


@pytest.mark.django_db
def test_an_offer_of_frozen_units_is_refused_with_the_document(at):
    market = a_market(at, units=100)
    freeze(market, 60)
    with pytest.raises(UnitsFrozen) as caught:
        market.place(market.seller, Side.SELL, 2500, 50)
    assert caught.value.found["document"] == "（2026）内01执1号"
    assert caught.value.field == "quantity"


@pytest.mark.django_db
def test_a_freeze_that_is_rolled_back_leaves_no_book_behind(at):
    """The book carried out inside has moved on; were it kept, it would be taken for right at the same sequence."""
    market = a_market(at, units=100)
    market.place(market.seller, Side.SELL, 2500, 100)
    market.match()
    kept_as = (connection.settings_dict["NAME"], market.instrument.pk)
    assert kept_as in matching._KEPT
    with transaction.atomic():
        freeze(market, 100)
        transaction.set_rollback(True)
    assert kept_as not in matching._KEPT
    market.place(market.traders[0], Side.BUY, 2500, 10)  # The sequence that the cancellation had.
    market.match()
    assert Order.objects.get(organisation_id=market.seller.organisation_id).filled == 10
    assert units(market) == {"available": 10, "held_for_orders": 90}


def test_a_freeze_waits_for_a_match_and_takes_what_it_left(committed, at):
    market = a_market(at, units=100)
    operator = a_person(Role.SETTLEMENT_OPERATOR, at=at)
    market.place(market.seller, Side.SELL, 2500, 100)
    market.place(market.traders[0], Side.BUY, 2500, 40)
    with transaction.atomic():
        services.match_instrument(instrument_id=market.instrument.pk, at=at)
        second = started_and_waiting(lambda: freeze(market, 100, operator))
    second.join()

    assert second.error is None
    assert (second.result.in_ledger, second.result.open) == (60, 40)
    assert invariants.broken() == {}


def test_a_match_waits_for_a_freeze_and_finds_the_order_gone(committed, at):
    market = a_market(at, units=100)
    operator = a_person(Role.SETTLEMENT_OPERATOR, at=at)
    market.place(market.seller, Side.SELL, 2500, 100)
    market.match()
    market.place(market.traders[0], Side.BUY, 2490, 40)
    with transaction.atomic():
        freeze(market, 100, operator)
        second = started_and_waiting(lambda: services.match_instrument(instrument_id=market.instrument.pk, at=at))
    second.join()

    assert second.error is None
    assert units(market) == {"frozen": 100}
    assert market.match() == 0
    assert invariants.broken() == {}


def test_a_cancellation_waits_for_a_freeze_and_is_told_that_the_order_has_ended(committed, at):
    market = a_market(at, units=100)
    operator = a_person(Role.SETTLEMENT_OPERATOR, at=at)
    order = market.place(market.seller, Side.SELL, 2500, 100)
    market.match()
    with transaction.atomic():
        freeze(market, 30, operator)
        second = started_and_waiting(lambda: services.cancel_order(actor=market.seller, order_id=order, at=at))
    second.join()

    assert isinstance(second.error, OrderEnded)
    assert units(market) == {"available": 70, "frozen": 30}
    assert invariants.broken() == {}


def test_an_order_waits_for_a_freeze_and_is_refused(committed, at):
    market = a_market(at, units=100)
    operator = a_person(Role.SETTLEMENT_OPERATOR, at=at)
    with transaction.atomic():
        freeze(market, 100, operator)
        second = started_and_waiting(lambda: market.place(market.seller, Side.SELL, 2500, 10))
    second.join()

    assert isinstance(second.error, UnitsFrozen)
    assert invariants.broken() == {}


def retire(market):
    return retire_units(
        key="retire",
        organisation_id=market.seller.organisation_id,
        asset_id=market.batch.asset_id,
        units=60,
        at=market.at,
        maker_id=None,
        checker_id=None,
        basis="",
    )


def test_a_freeze_waits_for_a_retirement_and_takes_what_it_left(committed, at):
    market = a_market(at, units=100)
    operator = a_person(Role.SETTLEMENT_OPERATOR, at=at)
    with transaction.atomic():
        retire(market)
        second = started_and_waiting(lambda: freeze(market, 60, operator))
    second.join()

    assert (second.result.in_ledger, second.result.open) == (40, 20)
    assert invariants.broken() == {}


def test_a_retirement_waits_for_a_freeze_and_is_refused(committed, at):
    market = a_market(at, units=100)
    operator = a_person(Role.SETTLEMENT_OPERATOR, at=at)
    with transaction.atomic():
        freeze(market, 60, operator)
        second = started_and_waiting(lambda: retire(market))
    second.join()

    assert isinstance(second.error, UnitsFrozen)
    assert invariants.broken() == {}
