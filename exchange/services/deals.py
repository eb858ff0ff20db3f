"""Deals beside the book: between two orders that hold what they need, carried out in the queue's order like others."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from exchange.models import Order, Trade
from exchange.services.matching import carry_out_queue
from exchange.services.sequence import accept_event


def deal(*, maker: Order, taker: Order, quantity: int, at: datetime) -> Trade | None:
    """Trade between two orders beside the book at the maker's price, in the caller's transaction; return the trade.

    None: one of them has ended before its turn (a freeze, a lapse): nothing was traded. Whoever calls has locked the
    instrument's queue, and has seen to it that the two are of two control groups.
    """
    assert connection.in_atomic_block, "whoever deals decides when it is committed"
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


def end_beside_book(*, orders: list[Order], expired: bool = False, at: datetime) -> None:
    """Let orders beside the book end and give back what they hold. expired: by their time, not by somebody's word.

    Whoever calls has locked the queues of their instruments.
    """
    for order in sorted(orders, key=lambda one: one.pk):
        kind = "expire" if expired else "cancel"
        accept_event(instrument_id=order.instrument_id, kind=kind, order_id=order.pk, at=at)
    for instrument_id in sorted({order.instrument_id for order in orders}):
        carry_out_queue(instrument_id=instrument_id, at=at)
