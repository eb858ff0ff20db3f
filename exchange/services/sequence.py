"""The counters of an instrument: events accepted, events carried out, market events written.

Whoever needs several of them in one transaction takes them in this order: accept, match, market; then orders, then
holdings. An order that held money before it waited for its place in the queue met a closing session the other way
round, and one of the two died of the deadlock.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection

from exchange.models import MatchState, Order, OrderEvent


def next_sequence(instrument_id: int, kind: str, count: int = 1) -> int:
    """Return the first of `count` new numbers, counted under the row's lock: they rise by one without gaps."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE exchange_matchstate SET sequence = sequence + %s WHERE instrument_id = %s AND kind = %s
               RETURNING sequence""",
            [count, instrument_id, kind],
        )
        return int(cursor.fetchone()[0]) - count + 1


def lock_queues(instrument_ids: Iterable[int]) -> None:
    """Take the places in the queues of instruments before anything else is locked, by ascending id."""
    rows = MatchState.objects.select_for_update().filter(instrument_id__in=set(instrument_ids), kind="accept")
    list(rows.order_by("instrument_id"))


def accept_event(
    *,
    instrument_id: int,
    kind: str,
    order_id: int | None,
    at: datetime,
    counterpart_id: int | None = None,
    price_fen: int | None = None,
    quantity: int | None = None,
    extra_held: int = 0,
    adds: int = 0,
) -> int:
    """Write one event into the instrument's queue and return its sequence."""
    sequence = next_sequence(instrument_id, "accept")
    OrderEvent.objects.create(
        instrument_id=instrument_id,
        sequence=sequence,
        kind=kind,
        order_id=order_id,
        counterpart_id=counterpart_id,
        price_fen=price_fen,
        quantity=quantity,
        extra_held=extra_held,
        adds=adds,
        at=at,
    )
    return sequence


def accept_orders(rows: Sequence[Order], *, at: datetime) -> list[int]:
    """Write new orders into the queues of their instruments, in their order, and return the sequence of each.

    The events say price and quantity as asked for: a later change overwrites them in the order.
    """
    counts = Counter(row.instrument_id for row in rows)
    following = {number: next_sequence(number, "accept", count) for number, count in sorted(counts.items())}
    events = []
    for row in rows:
        sequence = following[row.instrument_id]
        following[row.instrument_id] += 1
        events.append(
            OrderEvent(
                instrument_id=row.instrument_id,
                sequence=sequence,
                kind="order",
                order_id=row.pk,
                price_fen=row.price_fen,
                quantity=row.quantity,
                at=at,
            )
        )
    OrderEvent.objects.bulk_create(events)
    return [event.sequence for event in events]


def tell_streams(instrument_id: int, events: list[tuple[str, dict[str, object]]]) -> int:
    """Write market events, each with the next number of the instrument's stream; return the first of them, 0: none."""
    if not events:
        return 0
    first = next_sequence(instrument_id, "market", len(events))
    with connection.cursor() as cursor:  # One statement for all: a batch tells of hundreds.
        cursor.execute(
            """INSERT INTO exchange_marketevent (instrument_id, sequence, kind, body)
               SELECT %s, %s + e.number - 1, e.kind, e.body::jsonb
               FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS e (kind, body, number)""",
            [instrument_id, first, [kind for kind, _ in events], [json.dumps(body) for _, body in events]],
        )
    return first
