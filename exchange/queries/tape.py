"""What has traded: tape, candles, turnover, and how the matching job is doing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Max

from exchange.models import MarketEvent

STEPS = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "1d": 86400}
BEIJING_SHIFT = 8 * 3600
MOST_TRADES = 50_000  # Technical: how far back candles within days look.


@dataclass(frozen=True)
class TapeLine:
    """One trade as the public sees it: no parties."""

    id: int
    price_fen: int
    quantity: int
    taker_side: str
    at: datetime
    change_fen: int  # Against the trade before it; 0 for the first one.


def tape(instrument_id: int, *, limit: int = 30, before: int | None = None) -> list[TapeLine]:
    """Return the newest trades of an instrument, newest first, older than trade `before`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id, price_fen, quantity, taker_side, at,
                      coalesce(price_fen - lag(price_fen) OVER (ORDER BY id), 0)
               FROM (SELECT * FROM exchange_trade WHERE instrument_id = %s AND (%s::bigint IS NULL OR id < %s)
                       AND mode IN ('listed_agreement', 'continuous')
                     ORDER BY id DESC LIMIT %s) newest ORDER BY id DESC""",
            [instrument_id, before, before, limit + 1],  # One more: the last one shown is compared with it.
        )
        return [TapeLine(*row) for row in cursor][:limit]


def newest_market_event(instrument_id: int) -> int:
    """Return the number of the newest event that the streams tell of an instrument, 0 before the first one."""
    newest = MarketEvent.objects.filter(instrument_id=instrument_id).aggregate(newest=Max("sequence"))["newest"]
    return newest or 0


@dataclass(frozen=True)
class Candle:
    """Open, high, low, close in fen and volume in tonnes of one step of time that begins at `at`."""

    at: datetime
    open_fen: int
    high_fen: int
    low_fen: int
    close_fen: int
    volume: int


def candles(instrument_id: int, step: str, *, limit: int = 200) -> list[Candle]:
    """Return the newest candles of an instrument, oldest first; steps without a trade have none.

    Of trades in the book alone, of the newest MOST_TRADES of them; days whose bulletin is out come from their figures.
    """
    if step == "1d":
        return _daily_candles(instrument_id, limit)
    seconds = STEPS[step]
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT to_timestamp(floor((extract(epoch FROM at) + %s) / %s) * %s - %s) AS start,
                      (array_agg(price_fen ORDER BY id))[1], max(price_fen), min(price_fen),
                      (array_agg(price_fen ORDER BY id DESC))[1], sum(quantity)::bigint
               FROM (SELECT * FROM exchange_trade
                     WHERE instrument_id = %s AND mode IN ('listed_agreement', 'continuous')
                     ORDER BY id DESC LIMIT %s) newest
               GROUP BY 1 ORDER BY 1 DESC LIMIT %s""",
            [BEIJING_SHIFT, seconds, seconds, BEIJING_SHIFT, instrument_id, MOST_TRADES, limit],
        )
        return [Candle(*row) for row in reversed(cursor.fetchall())]


def _daily_candles(instrument_id: int, limit: int) -> list[Candle]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT (day + time '00:00') AT TIME ZONE 'Asia/Shanghai', open_fen, high_fen, low_fen, close_fen,
                      quantity
               FROM exchange_dailyfigure WHERE instrument_id = %(instrument)s AND trades > 0
               UNION ALL
               SELECT (business_date + time '00:00') AT TIME ZONE 'Asia/Shanghai',
                      (array_agg(price_fen ORDER BY id))[1], max(price_fen), min(price_fen),
                      (array_agg(price_fen ORDER BY id DESC))[1], sum(quantity)::bigint
               FROM exchange_trade
               WHERE instrument_id = %(instrument)s AND mode IN ('listed_agreement', 'continuous')
                 AND business_date > coalesce((SELECT max(day) FROM exchange_dailyfigure
                                               WHERE instrument_id = %(instrument)s), '-infinity')
               GROUP BY business_date ORDER BY 1 DESC LIMIT %(limit)s""",
            {"instrument": instrument_id, "limit": limit},
        )
        return [Candle(*row) for row in reversed(cursor.fetchall())]


@dataclass(frozen=True)
class DayFigures:
    """What a day has come to so far, in fen and tonnes; prices None before the first trade; beside: beside the book."""

    open_fen: int | None
    high_fen: int | None
    low_fen: int | None
    last_fen: int | None
    vwap_fen: int | None
    quantity: int
    value_fen: int
    beside: int


def day_so_far(instrument_id: int, day: date) -> DayFigures:
    """Return the figures of an instrument's day up to now, of trades in its book, and what was agreed beside it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH t AS (SELECT *, mode IN ('listed_agreement', 'continuous') AS own FROM exchange_trade
                          WHERE instrument_id = %s AND business_date = %s)
               SELECT (array_agg(price_fen ORDER BY id) FILTER (WHERE own))[1], max(price_fen) FILTER (WHERE own),
                      min(price_fen) FILTER (WHERE own), (array_agg(price_fen ORDER BY id DESC) FILTER (WHERE own))[1],
                      round(sum(value_fen) FILTER (WHERE own) / sum(quantity) FILTER (WHERE own))::bigint,
                      coalesce(sum(quantity) FILTER (WHERE own), 0)::bigint,
                      coalesce(sum(value_fen) FILTER (WHERE own), 0)::bigint,
                      coalesce(sum(quantity) FILTER (WHERE NOT own), 0)::bigint
               FROM t""",
            [instrument_id, day],
        )
        return DayFigures(*cursor.fetchone())


def turnover(day: date) -> dict[int, tuple[int, int, int, int]]:
    """Return, by instrument, the day's quantity, value in fen, first price and last price, of trades in the book."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT instrument_id, sum(quantity)::bigint, sum(value_fen)::bigint,
                      (array_agg(price_fen ORDER BY id))[1], (array_agg(price_fen ORDER BY id DESC))[1]
               FROM exchange_trade WHERE business_date = %s AND mode IN ('listed_agreement', 'continuous')
               GROUP BY 1""",
            [day],
        )
        return {row[0]: (row[1], row[2], row[3], row[4]) for row in cursor}


@dataclass(frozen=True)
class MatchingStrip:
    """The matching job at work: what waits, the newest batch, and how long from order to trade (ms)."""

    waiting: int
    last_batch_at: datetime | None
    last_batch_events: int
    last_batch_trades: int
    last_batch_ms: float | None
    p50_ms: float | None
    p99_ms: float | None


def matching_strip(instrument_id: int | None = None) -> MatchingStrip:
    """Return how matching stands, of one instrument or of all; times are the database's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(sum(a.sequence - m.sequence), 0) FROM exchange_matchstate a
               JOIN exchange_matchstate m ON m.instrument_id = a.instrument_id AND m.kind = 'match'
               WHERE a.kind = 'accept' AND (%s::bigint IS NULL OR a.instrument_id = %s)""",
            [instrument_id, instrument_id],
        )
        waiting = int(cursor.fetchone()[0])
        cursor.execute(
            """SELECT recorded_at, last_sequence - first_sequence + 1, trades, took_ms FROM exchange_matchbatch
               WHERE %s::bigint IS NULL OR instrument_id = %s ORDER BY id DESC LIMIT 1""",
            [instrument_id, instrument_id],
        )
        last = cursor.fetchone() or (None, 0, 0, None)
        cursor.execute(
            """SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms), percentile_cont(0.99) WITHIN GROUP (ORDER BY ms)
               FROM (SELECT 1000 * extract(epoch FROM t.recorded_at - o.recorded_at) AS ms FROM exchange_trade t
                     JOIN exchange_order o ON o.id = t.taker_order_id
                     WHERE %s::bigint IS NULL OR t.instrument_id = %s ORDER BY t.id DESC LIMIT 200) newest""",
            [instrument_id, instrument_id],
        )
        p50, p99 = cursor.fetchone()
    return MatchingStrip(waiting, last[0], last[1], last[2], last[3], _rounded(p50), _rounded(p99))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 1)
