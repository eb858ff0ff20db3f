"""Writing a batch set-wise: one statement for all orders, one settlement and one statement for all trades."""

from __future__ import annotations

from collections import Counter

from django.db import connection

from exchange.models import Order
from exchange.models.orders import ACCEPTED
from exchange.rules import OFF_BOOK, OrderStatus, Side, TradingMode
from exchange.services.match_run import MatchRun
from rulebook.queries import business_date
from settlement.rules import TradeToSettle
from settlement.services import release_cash_of_order, release_units_of_order, settle_trades


def write(run: MatchRun) -> None:
    """Write the batch set-wise: order states, settlement, trades; then what orders give back."""
    orders = [run.orders[pk] for pk in sorted(run.orders)]
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE exchange_order o SET quantity = v.quantity, filled = v.filled, cancelled = v.cancelled,
                      expired = v.expired, remaining = v.remaining, status = v.status, reject_code = v.reject_code,
                      traded_value_fen = v.traded_value, fee_taken_fen = v.fee_taken, held_units = v.held_units,
                      held_fen = v.held_fen, price_fen = v.price, hold_price_fen = v.hold_price, priority = v.priority
               FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                           %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                           %s::bigint[], %s::bigint[], %s::bigint[])
                    AS v (id, quantity, filled, cancelled, expired, remaining, status, reject_code, traded_value,
                          fee_taken, held_units, held_fen, price, hold_price, priority)
               WHERE o.id = v.id""",
            [
                [order.pk for order in orders],
                [order.quantity for order in orders],
                [order.filled for order in orders],
                [order.cancelled for order in orders],
                [order.expired for order in orders],
                [order.remaining for order in orders],
                [_resting_status(order) for order in orders],
                [order.reject_code for order in orders],
                [order.traded_value_fen for order in orders],
                [order.fee_taken_fen for order in orders],
                [order.held_units for order in orders],
                [order.held_fen for order in orders],
                [order.price_fen for order in orders],
                [order.hold_price_fen for order in orders],
                [order.priority for order in orders],
            ],
        )
    _count_done(run)
    if run.trades:
        _write_trades(run)
    for key, order, surplus in run.releases:
        if order.side == Side.SELL:
            assert order.asset_id is not None
            release_units_of_order(
                key=key, organisation_id=order.organisation_id, asset_id=order.asset_id, units=surplus, at=run.at
            )
        else:
            release_cash_of_order(key=key, organisation_id=order.organisation_id, fen=surplus, at=run.at)


def _count_done(run: MatchRun) -> None:
    """Note how many tonnes of purchases are open no more: what they were open for before, less what they are now."""
    done = Counter(run.given_up)
    for order in run.orders.values():
        if order.side == Side.BUY and not order.retires:
            done[order.organisation_id] += order.ended - run.ended_before[order.pk]
    rows = sorted((holder, units) for holder, units in done.items() if units)
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO exchange_purchasesdone AS d (instrument_id, organisation_id, units)
               SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[])
               ON CONFLICT ON CONSTRAINT purchases_done_are_one DO UPDATE SET units = d.units + excluded.units""",
            [run.instrument.pk, *map(list, zip(*rows, strict=True))],
        )


def _resting_status(order: Order) -> str:
    """Return the status to store: an order that rests is live, or partially filled; one beside the book is neither."""
    if order.remaining and order.kind in OFF_BOOK:
        return ACCEPTED
    if order.remaining:
        return (OrderStatus.PARTIALLY_FILLED if order.filled else OrderStatus.LIVE).value
    return OrderStatus(order.status).value


def _write_trades(run: MatchRun) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('exchange_trade_id_seq') FROM generate_series(1, %s)", [len(run.trades)])
        ids = [row[0] for row in cursor]
    entries = settle_trades(
        trades=[
            TradeToSettle(
                number,
                trade["asset_id"],
                trade["quantity"],
                trade["price"],
                trade["buy"].organisation_id,
                trade["sell"].organisation_id,
                trade["value"],
                trade["buyer_fee"],
                trade["seller_fee"],
                trade["release"],
            )
            for number, trade in zip(ids, run.trades, strict=True)
        ],
        at=run.at,
    )
    rows = [
        (
            number,
            run.instrument.pk,
            trade["asset_id"],
            trade["maker"].pk,
            trade["taker"].pk,
            trade["buy"].organisation_id,
            trade["sell"].organisation_id,
            trade["buy"].control_group,
            trade["sell"].control_group,
            trade["taker"].side,
            trade["price"],
            trade["quantity"],
            trade["value"],
            trade["buyer_fee"],
            trade["seller_fee"],
            entry,
            trade["at_call"],
            OFF_BOOK.get(trade["taker"].kind, TradingMode(run.day.mode)).value,
        )
        for number, entry, trade in zip(ids, entries, run.trades, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO exchange_trade (id, instrument_id, asset_id, maker_order_id, taker_order_id, buyer_id,
                   seller_id, buyer_group, seller_group, taker_side, price_fen, quantity, value_fen, buyer_fee_fen,
                   seller_fee_fen, entry_id, at_call, mode, batch_id, business_date, at)
               SELECT v.*, %s, %s, %s
               FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                           %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[],
                           %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::boolean[], %s::text[]) AS v""",
            [
                run.batch_id,
                business_date(run.at),
                run.at,
                *([row[column] for row in rows] for column in range(18)),
            ],
        )
    for row in rows:
        run.news.append(
            (
                "trade",
                {
                    "id": row[0],
                    "price": row[10],
                    "quantity": row[11],
                    "side": row[9],
                    "mode": row[17],
                    "at": run.at.isoformat(),
                },
            )
        )
