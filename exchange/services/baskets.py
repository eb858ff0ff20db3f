"""Basket purchases: an amount by criteria, from the cheapest offers, all of it or nothing."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.rules import Actor
from accounts.services import record_audit
from exchange import errors, queries
from exchange.models import MatchState, Order
from exchange.queries import BasketLine, InstrumentFilter
from exchange.services.matching import carry_out_queue
from exchange.services.new_orders import NewOrder
from exchange.services.orders import place_orders
from exchange.services.sequence import lock_queues
from exchange.services.terms import require_trader


@transaction.atomic
def buy_basket(*, actor: Actor, asked: InstrumentFilter, units: int, digest: str, at: datetime) -> list[Order]:
    """Buy the basket that was shown and return its orders, each of them filled; all or none.

    Its orders are placed, matched and settled in this one transaction, so that a basket which does not come about
    leaves nothing behind. digest: of the basket as shown; where the offers have changed since, it is shown again.

    Raises RoleMissing, BasketChanged, BasketNotOffered and what place_orders raises.
    """
    require_trader(actor)
    basket = queries.basket(actor.organisation_id, asked, units, at)
    if basket.digest != digest:
        raise errors.BasketChanged(field="digest")
    if not basket.is_whole:
        raise errors.BasketNotOffered(field="units", offered=basket.offered, needed=units)
    instrument_ids = sorted({line.instrument.id for line in basket.lines})
    _lock(instrument_ids)
    # Whoever came first is served first; the lines' prices bound the cost, their sum what has to come.
    placed = place_orders(actor=actor, orders=[_order(line) for line in basket.lines], at=at)
    for number in instrument_ids:
        carry_out_queue(instrument_id=number, at=at)
    orders = list(Order.objects.filter(pk__in=[one.id for one in placed]).select_related("instrument").order_by("pk"))
    if sum(order.filled for order in orders) != units:
        raise errors.BasketChanged(field="digest")
    record_audit(
        actor=actor,
        verb="buy_basket",
        subject=f"basket:{orders[0].pk}",
        before=None,
        after={"units": units, "total_fen": basket.total_fen, "orders": [order.pk for order in orders]},
        at=at,
    )
    return orders


def _lock(instrument_ids: list[int]) -> None:
    """Lock the queues, then the matching of all instruments of a basket, before any account: as everyone locks."""
    lock_queues(instrument_ids)
    rows = MatchState.objects.select_for_update().filter(instrument_id__in=instrument_ids, kind="match")
    list(rows.order_by("instrument_id"))


def _order(line: BasketLine) -> NewOrder:
    return NewOrder.taking(
        instrument_code=line.instrument.code,
        mode=line.instrument.mode,
        quantity=line.quantity,
        price_fen=line.price_fen,
    )
