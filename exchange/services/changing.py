"""Changing and cancelling orders: asked for here, carried out by the matching job in the queue's order."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.rules import Actor
from exchange import errors
from exchange.models import Order
from exchange.rules import OFF_BOOK, OrderType, Side, TradingMode
from exchange.services.means import count_purchases, refuse_beyond_limits, standing_in
from exchange.services.sequence import accept_event, lock_queues
from exchange.services.terms import (
    check_price,
    check_quantity,
    refuse_crossing_itself,
    refuse_in_firm_call,
    terms_of,
    trader,
)
from settlement.rules import highest_fee_fen
from settlement.services import hold_cash_for_order, hold_units_for_order


@transaction.atomic
def cancel_order(*, actor: Actor, order_id: int, at: datetime) -> Order:
    """Ask for the open part of an order to be cancelled; queued like any event.

    Raises OrderNotThere, OrderEnded, CallIsFirm, ModeForbids for an order beside the book.
    """
    order = _own_live_order(actor, order_id)
    refuse_in_firm_call(order.instrument, at)
    accept_event(instrument_id=order.instrument_id, kind="cancel", order_id=order.pk, at=at)
    return order


@transaction.atomic
def amend_order(*, actor: Actor, order_id: int, price_fen: int | None, quantity: int | None, at: datetime) -> Order:
    """Ask for another price or open quantity; one that only lowers the quantity keeps its place in the queue.

    What the new terms need is held beside what the order holds already, until the matching job has carried it out.
    Raises OrderNotThere, OrderEnded, CallIsFirm, and what place_order raises of price, quantity and means.
    """
    order = _own_live_order(actor, order_id)
    refuse_in_firm_call(order.instrument, at)
    terms = terms_of(trader(actor, at), order.instrument, at)
    new_price = order.price_fen if price_fen is None else price_fen
    new_quantity = order.remaining if quantity is None else quantity
    rests = order.kind == "place" or (order.kind == "accept" and order.posts_rest)
    if not rests or order.type != OrderType.LIMIT:
        raise errors.ModeForbids(mode=terms.day.mode)
    mode = TradingMode(terms.day.mode)
    check_quantity(new_quantity, terms, mode)
    check_price(new_price, terms, mode)
    refuse_crossing_itself(Side(order.side), new_price, terms)
    adds = max(0, new_quantity - order.remaining) if order.side == Side.BUY else 0
    if adds and not order.retires:
        refuse_beyond_limits(adds, terms, standing_in(terms, at))
        count_purchases([(order.instrument_id, order.organisation_id, adds)], at)
    extra = 0
    if order.side == Side.SELL:
        extra = max(0, new_quantity - order.remaining)
        if extra:
            assert order.asset_id is not None
            hold_units_for_order(
                key=f"order:{order.pk}:amend:{order.events.count()}",
                organisation_id=order.organisation_id,
                asset_id=order.asset_id,
                units=extra,
                at=at,
            )
    elif new_price != order.price_fen or new_quantity > order.remaining:
        assert new_price is not None
        value = new_price * new_quantity
        needed = value + highest_fee_fen(
            rate=order.fee_rate,
            value_fen=value,
            taken_fen=order.fee_taken_fen,
            traded_value_fen=order.traded_value_fen,
        )
        extra = max(0, needed - order.held_fen)
        if extra:
            hold_cash_for_order(
                key=f"order:{order.pk}:amend:{order.events.count()}",
                organisation_id=order.organisation_id,
                fen=extra,
                at=at,
            )
    accept_event(
        instrument_id=order.instrument_id,
        kind="amend",
        order_id=order.pk,
        price_fen=price_fen,
        quantity=quantity,
        extra_held=extra,
        adds=adds,
        at=at,
    )
    return order


def _own_live_order(actor: Actor, order_id: int) -> Order:
    found = Order.objects.visible_to(actor).filter(pk=order_id).first()
    if found is None or found.organisation_id != actor.organisation_id:
        raise errors.OrderNotThere
    lock_queues([found.instrument_id])
    order = Order.objects.select_for_update(of=("self",)).select_related("instrument").get(pk=order_id)
    if not order.remaining:
        raise errors.OrderEnded
    if order.kind in OFF_BOOK:  # Its room lets it go, or nobody does.
        raise errors.ModeForbids(mode=OFF_BOOK[order.kind].value)
    return order
