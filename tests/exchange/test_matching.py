"""The matching job on PostgreSQL: trades, settlement, holds and states in one transaction."""

import pytest

from exchange import errors, queries, services
from exchange.models import Trade
from exchange.rules import OrderType, Side, TimeInForce, TradingMode
from settlement import queries as ledger
from settlement.errors import InsufficientFunds
from tests.exchange.makers import a_market, broken


@pytest.fixture
def market(db, at):
    return a_market(at)


@pytest.fixture
def listed(db, at):
    return a_market(at, mode=TradingMode.LISTED)


def clean() -> None:
    assert broken() == {}


def test_a_trade_is_settled_in_the_transaction_that_records_it(market):
    buyer = market.traders[0]
    sale = market.place(market.seller, Side.SELL, 2500, 100)
    purchase = market.place(buyer, Side.BUY, 2600, 60)
    assert ledger.held_fen(buyer.organisation_id) == 156_000 + 936
    assert market.match() == 2

    (trade,) = Trade.objects.all()
    assert (trade.price_fen, trade.quantity, trade.buyer_fee_fen, trade.seller_fee_fen) == (2500, 60, 900, 900)
    assert ledger.available_units(buyer.organisation_id, market.batch.asset_id) == 60
    assert ledger.held_fen(buyer.organisation_id) == 0
    assert ledger.available_fen(buyer.organisation_id) == 10_000_000 - 150_000 - 900
    assert ledger.available_fen(market.seller.organisation_id) == 150_000 - 900
    assert (market.order(sale).status, market.order(sale).remaining) == ("partially_filled", 40)
    assert market.order(purchase).status == "filled"
    clean()


def test_many_fills_of_one_order_take_the_fee_of_one(market):
    buyer = market.traders[0]
    for _ in range(7):
        market.place(market.seller, Side.SELL, 2501, 3)
    purchase = market.place(buyer, Side.BUY, 2501, 21)
    market.match()
    order = market.order(purchase)
    assert order.fee_taken_fen == round(2501 * 21 * 0.006)
    assert ledger.held_fen(buyer.organisation_id) == 0
    clean()


def test_the_rest_of_an_immediate_order_is_given_back(market):
    buyer = market.traders[0]
    market.place(market.seller, Side.SELL, 2500, 10)
    rest = market.place(buyer, Side.BUY, 2500, 30, time_in_force=TimeInForce.IOC)
    killed = market.place(market.traders[1], Side.BUY, 2500, 30, time_in_force=TimeInForce.FOK)
    market.match()
    assert (market.order(rest).filled, market.order(rest).cancelled) == (10, 20)
    assert market.order(killed).status == "cancelled"
    assert ledger.held_fen(buyer.organisation_id) == ledger.held_fen(market.traders[1].organisation_id) == 0
    clean()


def test_a_market_order_takes_what_is_there_and_never_rests(market):
    market.place(market.seller, Side.SELL, 2600, 10)
    taken = market.place(market.traders[0], Side.BUY, None, 15, type=OrderType.MARKET)
    market.match()
    assert (market.order(taken).filled, market.order(taken).remaining) == (10, 0)
    clean()


def test_cancelling_gives_back_all_that_is_held(market):
    buyer = market.traders[0]
    sale = market.place(market.seller, Side.SELL, 2600, 10)
    purchase = market.place(buyer, Side.BUY, 2400, 10)
    market.match()
    services.cancel_order(actor=market.seller, order_id=sale, at=market.at)
    services.cancel_order(actor=buyer, order_id=purchase, at=market.at)
    market.match()
    assert ledger.held_units(market.seller.organisation_id, market.batch.asset_id) == 0
    assert ledger.held_fen(buyer.organisation_id) == 0
    with pytest.raises(errors.OrderEnded):
        services.cancel_order(actor=buyer, order_id=purchase, at=market.at)
    clean()


@pytest.mark.parametrize(
    ("price", "quantity", "left"), [(None, 4, 4), (2450, None, 10), (2450, 20, 20), (2380, 20, 20), (2450, 3, 3)]
)
def test_an_amended_purchase_holds_what_its_new_terms_need(market, price, quantity, left):
    buyer = market.traders[0]
    purchase = market.place(buyer, Side.BUY, 2400, 10)
    market.match()
    services.amend_order(actor=buyer, order_id=purchase, price_fen=price, quantity=quantity, at=market.at)
    market.match()
    order = market.order(purchase)
    value = (price or 2400) * left
    assert (order.remaining, order.held_fen) == (left, value + (value * 6 + 500) // 1000)
    assert ledger.held_fen(buyer.organisation_id) == order.held_fen
    clean()


def test_an_amended_sale_may_trade(market):
    sale = market.place(market.seller, Side.SELL, 2600, 10)
    market.place(market.traders[0], Side.BUY, 2500, 25)
    market.match()
    services.amend_order(actor=market.seller, order_id=sale, price_fen=2500, quantity=30, at=market.at)
    market.match()
    order = market.order(sale)
    assert (order.quantity, order.filled, order.remaining) == (30, 25, 5)
    assert ledger.held_units(market.seller.organisation_id, market.batch.asset_id) == 5
    clean()


def test_own_orders_do_not_trade_with_each_other(market):
    from tests.settlement.makers import give_money

    give_money(market.seller.organisation_id, 1_000_000, market.at)
    market.place(market.seller, Side.SELL, 2500, 10)
    own = market.place(market.seller, Side.BUY, 2500, 10)
    market.match()
    assert market.order(own).status == "cancelled"
    assert not Trade.objects.exists()
    clean()


def test_an_accepting_order_takes_posts_by_price_and_time(listed):
    for price, quantity in ((2520, 10), (2500, 10), (2500, 5), (2550, 10)):
        listed.place(listed.seller, Side.SELL, price, quantity)
    taker = listed.place(listed.traders[0], Side.BUY, 2520, 40, kind="accept")
    listed.match()
    trades = Trade.objects.order_by("pk").values_list("price_fen", "quantity")
    assert list(trades) == [(2500, 10), (2500, 5), (2520, 10)]
    order = listed.order(taker)
    assert (order.filled, order.cancelled, order.remaining) == (25, 15, 0)
    clean()


def test_the_rest_of_an_accepting_order_is_posted_if_so_ticked(listed):
    listed.place(listed.seller, Side.SELL, 2500, 10)
    taker = listed.place(listed.traders[0], Side.BUY, 2500, 40, kind="accept", posts_rest=True)
    listed.match()
    assert (listed.order(taker).status, listed.order(taker).remaining) == ("partially_filled", 30)
    clean()


def test_a_pick_takes_exactly_the_best_price_or_is_refused(listed):
    listed.place(listed.seller, Side.SELL, 2500, 10)
    listed.place(listed.seller, Side.SELL, 2550, 10)
    wrong = listed.place(listed.traders[0], Side.BUY, 2550, 5, kind="pick")
    right = listed.place(listed.traders[1], Side.BUY, 2500, 5, kind="pick")
    listed.match()
    assert (listed.order(wrong).status, listed.order(wrong).reject_code) == ("rejected", "not_best_price")
    assert listed.order(right).status == "filled"
    assert ledger.held_fen(listed.traders[0].organisation_id) == 0
    clean()


def test_posts_that_meet_are_proposed_and_the_first_to_confirm_is_the_taker(listed):
    ask = listed.place(listed.seller, Side.SELL, 2500, 10)
    bid = listed.place(listed.traders[0], Side.BUY, 2600, 25)
    listed.match()
    assert not Trade.objects.exists()
    (proposal,) = queries.proposals_visible_to(listed.traders[0])
    assert queries.proposals_visible_to(listed.traders[1]) == []
    services.confirm_proposal(actor=listed.traders[0], proposal_id=proposal.pk, at=listed.at)
    listed.match()
    (trade,) = Trade.objects.all()
    assert (trade.price_fen, trade.quantity, trade.taker_order_id, trade.maker_order_id) == (2500, 10, bid, ask)
    assert queries.proposals_visible_to(listed.seller) == []
    with pytest.raises(errors.ProposalNotThere):
        services.confirm_proposal(actor=listed.seller, proposal_id=proposal.pk, at=listed.at)
    clean()


def test_a_lost_book_is_rebuilt_from_the_rows(market):
    from exchange.services import matching

    first = market.place(market.seller, Side.SELL, 2500, 10)
    market.place(market.seller, Side.SELL, 2500, 10)
    market.match()
    matching._KEPT.clear()
    market.place(market.traders[0], Side.BUY, 2500, 10)
    market.match()
    assert market.order(first).status == "filled"
    clean()


def test_running_twice_carries_out_nothing_twice(market):
    market.place(market.seller, Side.SELL, 2500, 10)
    market.place(market.traders[0], Side.BUY, 2500, 10)
    assert market.match() == 2
    assert market.match() == 0
    assert Trade.objects.count() == 1


@pytest.mark.parametrize("point", ["locked", "matched", "settled", "before_commit"])
def test_a_failure_at_any_point_leaves_nothing_half_done(market, point):
    market.place(market.seller, Side.SELL, 2500, 10)
    market.match()  # A book is kept from now on, which the failure must not leave ahead of the rows.
    market.place(market.traders[0], Side.BUY, 2500, 10)

    def fail(reached: str) -> None:
        if reached == point:
            raise RuntimeError(reached)

    with pytest.raises(RuntimeError):
        services.match_instrument(instrument_id=market.instrument.pk, at=market.at, interrupt=fail)
    assert not Trade.objects.exists()
    clean()
    market.match()
    assert Trade.objects.count() == 1
    clean()


def test_more_money_than_there_is_is_refused_and_nothing_is_stored(market):
    from exchange.models import Order

    with pytest.raises(InsufficientFunds):
        market.place(market.traders[0], Side.BUY, 2700, 1_000_000)
    with pytest.raises(errors.NothingToSell) as caught:
        market.place(market.seller, Side.SELL, 2500, 1001)
    assert caught.value.found == {"available": 1000, "needed": 1001}
    assert not Order.objects.exists()
    clean()


@pytest.mark.django_db
def test_the_tape_says_how_each_price_moved_against_the_trade_before(at):
    market = a_market(at)
    for price in (2500, 2510, 2505):
        market.place(market.seller, Side.SELL, price, 1)
        market.place(market.traders[0], Side.BUY, price, 1)
        market.match()

    assert [(line.price_fen, line.change_fen) for line in queries.tape(market.instrument.pk)] == [
        (2505, -5),
        (2510, 10),
        (2500, 0),
    ]
    assert [line.change_fen for line in queries.tape(market.instrument.pk, limit=1)] == [-5]
