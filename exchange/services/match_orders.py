"""What a fill or a change of the book does to an order: what it has traded, what it holds, what it gives back."""

from __future__ import annotations

from exchange.models import Order, OrderEvent
from exchange.rules import BookOrder, Fill, OrderStatus, Side
from exchange.services.match_run import MatchRun
from settlement.rules import fee_due_fen


def needed_fen(order: Order, price: int, open_quantity: int) -> int:
    """Return what a purchase must hold for `open_quantity` at `price`: the value, and the fee on all it will trade."""
    if not open_quantity:
        return 0
    value = price * open_quantity
    return value + fee_due_fen(
        rate=order.fee_rate, value_so_far_fen=order.traded_value_fen + value, taken_fen=order.fee_taken_fen
    )


def record(fill: Fill, run: MatchRun, *, at_call: bool) -> None:
    """Turn one fill into a trade and its settlement. at_call: at the one price of a call, not at the maker's."""
    maker, taker = run.orders[fill.maker_id], run.orders[fill.taker_id]  # type: ignore[index]
    buy, sell = (taker, maker) if taker.side == Side.BUY else (maker, taker)
    value = fill.quantity * fill.price
    before = buy.held_fen
    fees = {}
    for order in (buy, sell):
        fee = fee_due_fen(
            rate=order.fee_rate,
            value_so_far_fen=order.traded_value_fen + value,
            taken_fen=order.fee_taken_fen,
        )
        order.traded_value_fen += value
        order.fee_taken_fen += fee
        order.filled += fill.quantity
        order.remaining -= fill.quantity
        order.status = OrderStatus.PARTIALLY_FILLED if order.remaining else OrderStatus.FILLED
        fees[order.pk] = fee
    sell.held_units -= fill.quantity
    buy.held_fen = needed_fen(buy, buy.hold_price_fen, buy.remaining)
    release = before - buy.held_fen - value - fees[buy.pk]
    assert release >= 0, (buy.pk, before, buy.held_fen, value)
    assert sell.asset_id is not None
    run.trades.append(
        {
            "asset_id": sell.asset_id,
            "maker": maker,
            "taker": taker,
            "buy": buy,
            "sell": sell,
            "price": fill.price,
            "quantity": fill.quantity,
            "value": value,
            "buyer_fee": fees[buy.pk],
            "seller_fee": fees[sell.pk],
            "release": release,
            "at_call": at_call,
        }
    )


def restate(order: Order, standing: BookOrder, event: OrderEvent, run: MatchRun) -> None:
    """Bring an order's cancelled, expired and status to what the book says, and give back what it needs no longer."""
    cancelled = order.remaining - standing.remaining - (standing.expired - order.expired)
    order.cancelled += cancelled
    order.expired = standing.expired
    order.remaining = standing.remaining
    order.status = standing.status
    release_surplus(order, event, run)


def release_surplus(order: Order, event: OrderEvent, run: MatchRun) -> None:
    """Note for release what an order holds beyond what its open quantity needs."""
    key = f"order:{order.pk}:release:{event.sequence}"
    if order.side == Side.SELL:
        surplus = order.held_units - order.remaining
        order.held_units = order.remaining
    else:
        needed = needed_fen(order, order.hold_price_fen, order.remaining)
        surplus = order.held_fen - needed
        order.held_fen = needed
    if surplus:
        run.releases.append((key, order, surplus))
