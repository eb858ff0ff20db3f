"""What one batch of matching gathers in memory before it is written, and the orders it has locked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from exchange import rules
from exchange.models import Instrument, InstrumentDay, Order
from exchange.rules import Book


@dataclass
class MatchRun:
    """What one batch does, gathered before it is written."""

    instrument: Instrument
    day: InstrumentDay
    profile: rules.Profile
    at: datetime
    book: Book
    batch_id: int
    orders: dict[int, Order] = field(default_factory=dict)
    ended_before: dict[int, int] = field(default_factory=dict)  # Of each order: tonnes open no more, before the batch.
    given_up: Counter[int] = field(default_factory=Counter)  # By organisation: tonnes of amendments not carried out.
    trades: list[dict[str, Any]] = field(default_factory=list)
    releases: list[tuple[str, Order, int]] = field(default_factory=list)
    news: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def take(self, ids: set[int]) -> None:
        """Lock these orders and let the batch have them."""
        for pk, order in locked(ids - self.orders.keys()).items():
            self.orders[pk] = order
            self.ended_before[pk] = order.ended


def locked(ids: set[int]) -> dict[int, Order]:
    """Return these orders by number, locked in the order of their numbers, as every batch locks them."""
    if not ids:  # Nearly always: its makers came with the batch. An empty query costs a millisecond to build.
        return {}
    rows = Order.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    return {row.pk: row for row in rows}
