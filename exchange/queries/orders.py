"""Orders and trades, seen by those who may see them."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet

from accounts.rules import Actor
from exchange.errors import OrderNotThere
from exchange.models import MatchState, Order, OrderEvent, Trade, TradeProposal
from settlement.rules.day import ClearedTrade


def orders_visible_to(actor: Actor) -> QuerySet[Order]:
    """Return the orders `actor` may see, newest first, with their instruments."""
    return Order.objects.visible_to(actor).select_related("instrument").order_by("-pk")


def order_view(actor: Actor, order_id: int) -> Order:
    """Return one order. Raises OrderNotThere, also for another organisation's."""
    found = orders_visible_to(actor).filter(pk=order_id).first()
    if found is None:
        raise OrderNotThere
    return found


def events_of_order(order_id: int) -> list[OrderEvent]:
    """Return what was accepted for an order, oldest first."""
    return list(OrderEvent.objects.filter(order_id=order_id).order_by("sequence"))


def trades_visible_to(actor: Actor) -> QuerySet[Trade]:
    """Return the trades whose parties `actor` may know, newest first."""
    return Trade.objects.visible_to(actor).select_related("instrument").order_by("-pk")


def trades_of_order(actor: Actor, order_id: int) -> QuerySet[Trade]:
    """Return the trades of an order that `actor` may see, oldest first."""
    rows = Trade.objects.visible_to(actor).filter(Q(maker_order_id=order_id) | Q(taker_order_id=order_id))
    return rows.select_related("instrument").order_by("pk")


def proposals_visible_to(actor: Actor) -> list[TradeProposal]:
    """Return the open proposals in which the actor's organisation is a party."""
    if actor.organisation_id is None:
        return []
    rows = TradeProposal.objects.filter(
        Q(bid__organisation_id=actor.organisation_id) | Q(ask__organisation_id=actor.organisation_id),
        closed_at__isnull=True,
    )
    return list(rows.select_related("bid", "ask", "instrument").order_by("pk"))


def waiting_instruments() -> list[int]:
    """Return the instruments for which something accepted has not been carried out."""
    accepted = dict(MatchState.objects.filter(kind="accept").values_list("instrument_id", "sequence"))
    matched = dict(MatchState.objects.filter(kind="match").values_list("instrument_id", "sequence"))
    return sorted(number for number, sequence in accepted.items() if sequence > matched.get(number, 0))


def trades_to_clear(first: date, last: date) -> list[ClearedTrade]:
    """Return the trades of some business dates as they are cleared, oldest first."""
    rows = Trade.objects.filter(business_date__gte=first, business_date__lte=last).order_by("pk")
    columns = (
        "entry_id",
        "asset_id",
        "buyer_id",
        "seller_id",
        "quantity",
        "value_fen",
        "buyer_fee_fen",
        "seller_fee_fen",
    )
    return [ClearedTrade(*row) for row in rows.values_list("pk", *columns)]
