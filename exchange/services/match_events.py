"""Carrying out one accepted event: to the book with it, and what comes of it to the orders of the batch."""

from __future__ import annotations

from typing import Any

from exchange import rules
from exchange.models import Order, OrderEvent
from exchange.rules import Fill, OrderStatus, OrderType, Rest, Side, TimeInForce
from exchange.services.match_orders import needed_fen, record, release_surplus, restate
from exchange.services.match_run import MatchRun


def carry_out(event: OrderEvent, run: MatchRun) -> None:
    """Apply one event to the book and bring the orders that it touched to what the book says."""
    if event.order_id is None:
        _note(run.book.apply(_of_a_call(event)), event, run)
        return
    order = run.orders[event.order_id]
    if event.kind == "order":
        order.priority = event.sequence
        outcome = run.book.apply(_arrival(order))
    elif event.kind == "deal":
        _deal(event, order, run)
        return
    elif event.kind == "amend":
        outcome = _amend(event, order, run)
    elif event.kind == "confirm":
        assert event.counterpart_id is not None
        outcome = run.book.apply(rules.Confirm(order.pk, event.counterpart_id, event.quantity or 0))
    elif order.pk not in run.book.orders:
        _end_sleeping(event, order, run)
        return
    else:
        outcome = run.book.apply(rules.Cancel(order.pk) if event.kind == "cancel" else rules.Expire(order.pk))
    if outcome.rejected is not None:
        _reject(event, order, outcome.rejected.value, run)
        return
    _note(outcome, event, run)


def _of_a_call(event: OrderEvent) -> rules.Event:
    return rules.OpenAuction() if event.kind == "call" else rules.Uncross(event.price_fen)


def _note(outcome: rules.Outcome, event: OrderEvent, run: MatchRun) -> None:
    """Bring the orders that an event touched to what the book says; a call that was refused changes none."""
    both: set[Any] = {pk for fill in outcome.fills for pk in (fill.maker_id, fill.taker_id)}
    run.take(both | outcome.changed.keys())
    for fill in outcome.fills:
        record(fill, run, at_call=event.kind == "uncross")
    for pk, standing in outcome.changed.items():
        restate(run.orders[pk], standing, event, run)
    for fill in outcome.fills:
        _end_purchases_of_sellers(fill, event, run)


def _arrival(order: Order) -> rules.Event:
    side, group = Side(order.side), order.control_group
    if order.kind == "pick":
        return rules.Pick(order.pk, order.organisation_id, group, side, order.price_fen or 0, order.quantity)
    if order.kind == "accept":
        rest = Rest.POST if order.posts_rest else Rest.LAPSE
        return rules.Accept(order.pk, order.organisation_id, group, side, order.price_fen or 0, order.quantity, rest)
    given = TimeInForce(order.time_in_force)
    return rules.Place(
        order.pk,
        order.organisation_id,
        group,
        side,
        OrderType(order.type),
        given if given in (TimeInForce.IOC, TimeInForce.FOK) else TimeInForce.GTC,
        order.price_fen,
        order.quantity,
        order.minimum_quantity,
    )


def _deal(event: OrderEvent, taker: Order, run: MatchRun) -> None:
    """Trade between two orders beside the book, at the maker's price; one that has ended meanwhile trades nothing."""
    assert event.counterpart_id is not None
    assert event.quantity is not None
    maker = run.orders[event.counterpart_id]
    if min(taker.remaining, maker.remaining) < event.quantity or taker.control_group == maker.control_group:
        return
    assert maker.price_fen is not None
    fill = Fill(maker.pk, taker.pk, maker.price_fen, event.quantity)
    record(fill, run, at_call=False)
    _end_purchases_of_sellers(fill, event, run)


def _amend(event: OrderEvent, order: Order, run: MatchRun) -> rules.Outcome:
    """Apply an amendment that what is held can carry; fills since it was asked for may have used that up."""
    outcome = rules.Outcome()
    if order.pk not in run.book.orders:
        outcome.rejected = rules.RejectCode.NOT_LIVE
        return outcome
    quantity = order.remaining if event.quantity is None else event.quantity
    price = order.price_fen if event.price_fen is None else event.price_fen
    if order.side == Side.SELL:
        enough = quantity <= order.held_units + event.extra_held
    else:
        assert price is not None
        enough = needed_fen(order, price, quantity) <= order.held_fen + event.extra_held
        enough = enough and quantity - order.remaining <= event.adds
    if not enough:
        outcome.rejected = rules.RejectCode.INVALID_QUANTITY
        return outcome
    keeps_place = price == order.price_fen and quantity <= order.remaining
    # The terms first: fills of the amended order are held at, and checked against, its new price.
    if quantity > order.remaining:
        order.quantity += quantity - order.remaining
    else:
        order.cancelled += order.remaining - quantity
    order.remaining = quantity
    if order.side == Side.SELL:
        order.held_units += event.extra_held
    else:
        order.held_fen += event.extra_held
        order.hold_price_fen = price or 0
    order.price_fen = price
    if not keeps_place:
        order.priority = event.sequence
    return run.book.apply(rules.Amend(order.pk, event.price_fen, event.quantity))


def _reject(event: OrderEvent, order: Order, code: str, run: MatchRun) -> None:
    """An event the engine does not carry out: an arriving order ends, anything else leaves its order as it is."""
    if event.kind == "order":
        order.cancelled += order.remaining
        order.remaining = 0
        order.status = OrderStatus.REJECTED
        order.reject_code = code
        release_surplus(order, event, run)
    elif event.kind == "amend":
        run.given_up[order.organisation_id] += event.adds
        if event.extra_held:
            run.releases.append((f"order:{order.pk}:release:{event.sequence}", order, event.extra_held))


def _end_sleeping(event: OrderEvent, order: Order, run: MatchRun) -> None:
    """Cancel or expire an order that rests in the rows alone, outside the day's limits."""
    if not order.remaining:
        return
    if event.kind == "cancel":
        order.cancelled += order.remaining
        order.status = OrderStatus.CANCELLED
    else:
        order.expired += order.remaining
        order.status = OrderStatus.EXPIRED
    order.remaining = 0
    release_surplus(order, event, run)


def _end_purchases_of_sellers(fill: Fill, event: OrderEvent, run: MatchRun) -> None:
    """Who has sold may not buy the same product within the interval: his resting purchases end here."""
    if not run.profile.round_trip_days:
        return
    maker, taker = run.orders[fill.maker_id], run.orders[fill.taker_id]  # type: ignore[index]
    seller = (maker if maker.side == Side.SELL else taker).organisation_id
    for pk in run.book.resting(seller, Side.BUY):
        outcome = run.book.apply(rules.Cancel(pk))
        run.take(set(outcome.changed))
        for changed, standing in outcome.changed.items():
            restate(run.orders[changed], standing, event, run)
            run.orders[changed].reject_code = "round_trip_interval"
