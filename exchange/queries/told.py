"""A past day of an instrument as the market was told of it: the five best levels and the trades of any second."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from exchange.models import InstrumentDay, MarketEvent
from exchange.queries.book import LevelView

TOLD = ("book", "trade", "state")


@dataclass(frozen=True)
class Moment:
    """The five best levels of both sides, best first, from business time `at` on. sequence: of the market event."""

    sequence: int
    at: datetime
    bids: tuple[LevelView, ...]
    asks: tuple[LevelView, ...]


def replayable_days(instrument_id: int, *, most: int = 60) -> list[date]:
    """Return the days of an instrument whose book can be replayed, newest first."""
    rows = InstrumentDay.objects.filter(instrument_id=instrument_id, first_event__isnull=False)
    return list(rows.order_by("-day").values_list("day", flat=True)[:most])


def told_on_day(instrument_id: int, day: date, *, after: int = 0, limit: int = 5000) -> list[MarketEvent]:
    """Return what the market was told on a day after event `after`, oldest first, at most `limit`."""
    first, end = _span(instrument_id, day)
    if first is None:
        return []
    rows = MarketEvent.objects.filter(instrument_id=instrument_id, kind__in=TOLD, sequence__gte=max(first, after + 1))
    if end is not None:
        rows = rows.filter(sequence__lt=end)
    return list(rows.order_by("sequence")[:limit])


def moment(instrument_id: int, day: date, at: datetime) -> Moment | None:
    """Return the book of a day as it stood at `at`; None before its opening, or where the day cannot be replayed."""
    first, end = _span(instrument_id, day)
    if first is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT sequence, (body->>'at')::timestamptz, body->'bids', body->'asks' FROM exchange_marketevent
               WHERE instrument_id = %s AND sequence >= %s AND (%s::bigint IS NULL OR sequence < %s) AND kind = 'book'
                 AND (body->>'at')::timestamptz <= %s ORDER BY sequence DESC LIMIT 1""",
            [instrument_id, first, end, end, at],
        )
        row = cursor.fetchone()
    return None if row is None else Moment(row[0], row[1], _levels(row[2]), _levels(row[3]))


def _span(instrument_id: int, day: date) -> tuple[int | None, int | None]:
    """Return the first market event of a day and the first one after it, None where there is none."""
    rows = InstrumentDay.objects.filter(instrument_id=instrument_id, day__gte=day, first_event__isnull=False)
    found = list(rows.order_by("day").values_list("day", "first_event")[:2])
    if not found or found[0][0] != day:
        return None, None
    return found[0][1], found[1][1] if len(found) > 1 else None


def _levels(written: str) -> tuple[LevelView, ...]:
    return tuple(LevelView(price, quantity, 0) for price, quantity in json.loads(written))
