"""Deals beside the book: two orders that hold what they need, and one event in the queue."""

import pytest
from django.db import transaction

from exchange import errors, queries, services
from exchange.models import Order, Trade
from exchange.rules import Side, TimeInForce, TradingMode
from exchange.services.deals import deal, end_beside_book
from exchange.services.sequence import lock_queues
from settlement import queries as ledger
from tests.exchange.makers import a_market, broken
from tests.settlement.makers import give_money


@pytest.fixture
def market(db, at):
    return a_market(at, mode=TradingMode.LISTED, units=40_000, buyers=2)


def both(market, quantity=10_000, price=2500):
    """Two orders of a block agreement, the seller's and the first buyer's."""
    for trader in market.traders:
        give_money(trader.organisation_id, 100_000_000, market.at)
    return [
        Order.objects.get(pk=market.place(who, side, price, quantity, kind="block", time_in_force=TimeInForce.DAY))
        for who, side in ((market.seller, Side.SELL), (market.traders[0], Side.BUY))
    ]


def dealt(market, maker, taker, quantity):
    with transaction.atomic():
        lock_queues([market.instrument.pk])
        return deal(maker=maker, taker=taker, quantity=quantity, at=market.at)


def test_a_deal_is_a_trade_of_its_own_mode_and_leaves_the_book_alone(market):
    market.place(market.seller, Side.SELL, 2400, 5)
    market.match()
    sale, purchase = both(market)
    assert queries.book(market.instrument.pk).asks[0].quantity == 5
    trade = dealt(market, sale, purchase, 10_000)

    assert (trade.mode, trade.price_fen, trade.quantity) == ("block_agreement", 2500, 10_000)
    assert {market.order(row.pk).status for row in (sale, purchase)} == {"filled"}
    assert ledger.available_units(market.traders[0].organisation_id, market.batch.asset_id) == 10_000
    assert ledger.held_fen(market.traders[0].organisation_id) == 0
    assert queries.traded_in_mode(market.instrument.pk, trade.business_date, "listed_agreement") == (0, 0)
    assert [(level.price_fen, level.quantity) for level in queries.book(market.instrument.pk).asks] == [(2400, 5)]
    assert broken() == {}


def test_an_order_beside_the_book_is_in_no_book_rebuilt_from_rows_and_lapses_at_the_close(market):
    sale, purchase = both(market)
    market.match()
    assert not queries.book(market.instrument.pk).asks
    assert services.close_day(instrument_id=market.instrument.pk, day=market.at.date(), at=market.at) == 2
    market.match()
    assert {market.order(row.pk).status for row in (sale, purchase)} == {"expired"}
    assert ledger.held_fen(market.traders[0].organisation_id) == 0
    assert broken() == {}


def test_a_deal_with_an_order_that_has_ended_trades_nothing(market):
    sale, purchase = both(market)
    with transaction.atomic():
        lock_queues([market.instrument.pk])
        end_beside_book(orders=[sale], at=market.at)
    assert market.order(sale.pk).status == "cancelled"
    assert dealt(market, sale, purchase, 10_000) is None
    assert not Trade.objects.exists()
    assert market.order(purchase.pk).remaining == 10_000
    assert broken() == {}


def test_nobody_cancels_or_amends_an_order_beside_the_book_as_one_of_the_book(market):
    sale, _ = both(market)
    with pytest.raises(errors.ModeForbids):
        services.cancel_order(actor=market.seller, order_id=sale.pk, at=market.at)
    with pytest.raises(errors.ModeForbids):
        services.amend_order(actor=market.seller, order_id=sale.pk, price_fen=2400, quantity=None, at=market.at)


@pytest.mark.parametrize(("price", "fits"), [(1749, False), (1750, True), (3250, True), (3251, False)])
def test_a_block_has_its_own_band_around_the_same_base_price(market, price, fits):
    """25.00 yuan, ±30 %: 17.50 to 32.50."""
    if fits:
        assert market.place(market.seller, Side.SELL, price, 10_000, kind="block")
    else:
        with pytest.raises(errors.PriceOutOfBand) as refused:
            market.place(market.seller, Side.SELL, price, 10_000, kind="block")
        assert refused.value.rule.key == "trading.band.block_agreement"


@pytest.mark.parametrize(("quantity", "fits"), [(9_999, False), (10_000, True), (10_001, True)])
def test_a_block_has_its_own_least_quantity(market, quantity, fits):
    if fits:
        assert market.place(market.seller, Side.SELL, 2500, quantity, kind="block")
    else:
        with pytest.raises(errors.InvalidQuantity) as refused:
            market.place(market.seller, Side.SELL, 2500, quantity, kind="block")
        assert refused.value.rule.key == "trading.least_tonnes.block_agreement"
