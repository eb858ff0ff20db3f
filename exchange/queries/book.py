"""The order book as shown: best levels of both sides."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from exchange.models import MatchState, Order
from exchange.rules import LIVE_STATUSES, Side

BEST = 5


@dataclass(frozen=True)
class LevelView:
    """One price level: fen, tonnes, and how many orders stand there."""

    price_fen: int
    quantity: int
    orders: int


@dataclass(frozen=True)
class BookView:
    """Both sides, best price first, as of the sequence matched last."""

    bids: tuple[LevelView, ...]
    asks: tuple[LevelView, ...]
    sequence: int


def live_orders(instrument_id: int) -> list[Order]:
    """Return the live orders that the matching job has seen, in queue order."""
    statuses = [status.value for status in LIVE_STATUSES]
    return list(Order.objects.filter(instrument_id=instrument_id, status__in=statuses).order_by("priority"))


def book(instrument_id: int, *, depth: int = BEST, lower: int | None = None, upper: int | None = None) -> BookView:
    """Return the best `depth` levels of both sides; posts outside lower..upper (in fen) sleep and are not shown."""
    sides: dict[str, list[LevelView]] = {Side.BUY.value: [], Side.SELL.value: []}
    with connection.cursor() as cursor:
        for side, sign in ((Side.BUY, -1), (Side.SELL, 1)):
            cursor.execute(
                """SELECT price_fen, sum(remaining), count(*) FROM exchange_order
                   WHERE instrument_id = %s AND side = %s AND status IN ('live', 'partially_filled')
                     AND (%s::bigint IS NULL OR price_fen >= %s) AND (%s::bigint IS NULL OR price_fen <= %s)
                   GROUP BY price_fen ORDER BY %s * price_fen LIMIT %s""",
                [instrument_id, side.value, lower, lower, upper, upper, sign, depth],
            )
            sides[side.value] = [LevelView(price, int(quantity), count) for price, quantity, count in cursor]
    sequence = MatchState.objects.filter(instrument_id=instrument_id, kind="match").values_list("sequence", flat=True)
    return BookView(tuple(sides["buy"]), tuple(sides["sell"]), sequence.first() or 0)
