"""Deals beside the book: between two orders that hold what they need, carried out in the queue's order like others."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from exchange import queries
from exchange.models import Order, Trade
from exchange.rules import Side
from exchange.services.matching import carry_out_queue
from exchange.services.sequence import accept_event


def deal(*, maker: Order, taker: Order, quantity: int, at: datetime) -> Trade | None:
    """Trade between two orders beside the book at the maker's price, in the caller's transaction; return the trade.

    None: nothing was traded, since one of them has ended before its turn (a freeze, a lapse), or the buyer has sold the
    product within the interval since he agreed. Whoever calls has locked the instrument's queue, and has seen to it
    that the two are of two control groups.
    """
    assert connection.in_atomic_block, "whoever deals decides when it is committed"
    buyer = maker if maker.side == Side.BUY else taker
    if _has_sold_lately(buyer, at):
        return None
    accept_event(
        instrument_id=taker.instrument_id,
        kind="deal",
        order_id=taker.pk,
        counterpart_id=maker.pk,
        quantity=quantity,
        at=at,
    )
    carry_out_queue(instrument_id=taker.instrument_id, at=at)
    return Trade.objects.filter(maker_order=maker, taker_order=taker).order_by("-pk").first()


def _has_sold_lately(purchase: Order, at: datetime) -> bool:
    """Tell whether who buys has sold the product within the interval: asked at the order, and again at the trade."""
    instrument = queries.instrument(purchase.instrument_id)
    since = queries.round_trip_start(queries.profile(at, instrument.rule_scheme), at)
    return since is not None and queries.sold_since(instrument.pk, purchase.organisation_id, since) > 0


def end_beside_book(*, orders: list[Order], expired: bool = False, at: datetime) -> None:
    """Let orders beside the book end and give back what they hold. expired: by their time, not by somebody's word.

    Whoever calls has locked the queues of their instruments.
    """
    for order in sorted(orders, key=lambda one: one.pk):
        kind = "expire" if expired else "cancel"
        accept_event(instrument_id=order.instrument_id, kind=kind, order_id=order.pk, at=at)
    for instrument_id in sorted({order.instrument_id for order in orders}):
        carry_out_queue(instrument_id=instrument_id, at=at)
