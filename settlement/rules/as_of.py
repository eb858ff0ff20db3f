"""Where serials stood at an instant, worked out from their moves. Plain arithmetic of ranges."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from settlement.rules.serials import SerialRange


class LedgerClock(StrEnum):
    """By which clock an instant of the past is meant: business time (`at`), or the server's own (`recorded_at`)."""

    BUSINESS = "business"
    RECORDED = "recorded"


@dataclass(frozen=True)
class StoodIn:
    """Serials that stood in one holding."""

    serials: SerialRange
    holding_id: int


def where_serials_stood(newest_first: Iterable[StoodIn]) -> list[StoodIn]:
    """Return where the serials of one batch stood after all of the moves, lowest first, touching ranges joined.

    newest_first: each move up to the instant, the last one first, as what it put where. A serial is where its newest
    move put it, so each is taken once, and what older moves say of it no longer counts.
    """
    starts: list[int] = []  # Of the ranges already taken, in order; never touching.
    ends: list[int] = []
    found: list[StoodIn] = []
    for move in newest_first:
        first, last = move.serials.first, move.serials.last
        low = bisect_left(ends, first - 1)  # The first taken range that reaches `first - 1` or beyond.
        high, at = low, first
        while high < len(starts) and starts[high] <= last + 1:
            if at < starts[high]:
                found.append(StoodIn(SerialRange(at, starts[high] - 1), move.holding_id))
            at = max(at, ends[high] + 1)
            high += 1
        if at <= last:
            found.append(StoodIn(SerialRange(at, last), move.holding_id))
        start = min(first, starts[low]) if high > low else first
        end = max(last, ends[high - 1]) if high > low else last
        starts[low:high] = [start]
        ends[low:high] = [end]
    return _joined(sorted(found, key=lambda one: one.serials.first))


def _joined(parts: list[StoodIn]) -> list[StoodIn]:
    joined: list[StoodIn] = []
    for part in parts:
        before = joined[-1] if joined else None
        if before and before.holding_id == part.holding_id and before.serials.last + 1 == part.serials.first:
            joined[-1] = StoodIn(SerialRange(before.serials.first, part.serials.last), part.holding_id)
        else:
            joined.append(part)
    return joined
