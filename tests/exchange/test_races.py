"""Two at once on one instrument: real threads, real commits, an order that the test decides."""

from datetime import timedelta

from django.db import transaction

from config import invariants
from exchange import services
from exchange.errors import OrderEnded
from exchange.models import Order
from exchange.rules import Side
from exchange.services.sequence import lock_queues, tell_streams
from tests.concurrency import started_and_waiting
from tests.exchange.makers import a_market


def test_the_first_order_of_a_day_and_a_late_close_queue_and_never_deadlock(committed, at):
    market = a_market(at)
    next_day = at + timedelta(days=1)
    order = services.NewOrder(market.instrument.code, Side.SELL, 10, 2500)
    with transaction.atomic():  # What a close does: the queue first, the news last.
        lock_queues([market.instrument.pk])
        second = started_and_waiting(lambda: services.place_order(actor=market.seller, order=order, at=next_day))
        tell_streams(market.instrument.pk, [("state", {"open": False})])
    second.join()

    assert second.error is None
    assert Order.objects.get().quantity == 10
    assert invariants.broken() == {}


def test_an_order_that_is_cancelled_while_it_is_matched_is_done_one_way_or_the_other(committed, at):
    market = a_market(at)
    ask = market.place(market.seller, Side.SELL, 2500, 10)
    market.place(market.traders[0], Side.BUY, 2500, 10)
    with transaction.atomic():
        services.match_instrument(instrument_id=market.instrument.pk, at=at)
        second = started_and_waiting(lambda: services.cancel_order(actor=market.seller, order_id=ask, at=at))
    second.join()
    market.match()

    assert isinstance(second.error, OrderEnded)
    assert market.order(ask).filled == 10
    assert market.order(ask).cancelled == 0
    assert invariants.broken() == {}
