"""Holds: units that stand still for a reason. Which one counts, what it takes, and where units go when it ends.

Units under several reasons stand in a queue, the reason that outranks the others (or came first) at its head. The head
alone has the units in the ledger: as `frozen`, or as `pledged` where nothing but a pledge is on them. The others wait
behind it. Source: docs/decisions/0019-holds-and-their-queue.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from settlement.rules.holdings import Purpose


class HoldReason(StrEnum):
    """Why units stand still."""

    JUDICIAL = "judicial"
    DISTURBANCE = "disturbance"
    SUSPENSION = "suspension"
    INQUIRY = "inquiry"
    PLEDGE = "pledge"


class HoldState(StrEnum):
    """A freeze is live at once; a pledge is asked for, confirmed, and live from its registration."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    LIVE = "live"
    ENDED = "ended"
    REFUSED = "refused"


class LiftState(StrEnum):
    """A release is asked for by one person, and done or refused by another."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"


class HoldEntryKind(StrEnum):
    """What an entry does for a hold: takes what is available, also what is pledged, or gives units back."""

    PLACED = "placed"
    LAID_OVER = "laid_over"
    RELEASED = "released"


# The lower number goes before the higher; orders come after every hold.
# Source: 最高人民法院关于人民法院民事执行中查封、扣押、冻结财产的规定; 民法典 386, 440.
RANKS: dict[HoldReason, int] = {
    HoldReason.JUDICIAL: 1,
    HoldReason.DISTURBANCE: 2,
    HoldReason.SUSPENSION: 2,
    HoldReason.INQUIRY: 2,
    HoldReason.PLEDGE: 3,
}
FREEZES = tuple(reason for reason in HoldReason if reason is not HoldReason.PLEDGE)

Parts = dict[tuple[int, int | None], int]  # (hold, what it was taken from) -> units; None: what was available.


@dataclass(frozen=True)
class LiveHold:
    """A hold in force: `units` is what it is still for, the parts may be fewer. Order: rank, then time, then id."""

    id: int
    reason: HoldReason
    units: int
    since: datetime

    @property
    def is_pledge(self) -> bool:
        return self.reason is HoldReason.PLEDGE

    @property
    def order(self) -> tuple[int, datetime, int]:
        return RANKS[self.reason], self.since, self.id


@dataclass(frozen=True)
class Shift:
    """Units that a hold moves in the ledger, from one purpose of its holder to another."""

    source: Purpose
    target: Purpose
    units: int


class Stack:
    """The live holds of one holder on one asset, with their parts; each verb changes the parts and says what moves.

    A part whose `taken_from` is a freeze waits behind that freeze; all others have their units in the ledger.
    """

    def __init__(self, holds: Iterable[LiveHold], parts: Mapping[tuple[int, int | None], int]) -> None:
        self.holds = {hold.id: hold for hold in holds}
        self.parts: Parts = {key: units for key, units in parts.items() if units}

    def size(self, hold_id: int) -> int:
        """Return the units of a hold, waiting ones included."""
        return sum(units for (own, _), units in self.parts.items() if own == hold_id)

    def waiting(self, hold_id: int) -> int:
        """Return the units of a hold that wait behind another freeze."""
        return sum(units for (own, origin), units in self.parts.items() if own == hold_id and self._is_freeze(origin))

    def unmet(self, hold_id: int) -> int:
        """Return what a freeze still has to take: its open rest and what waits."""
        hold = self.holds[hold_id]
        return 0 if hold.is_pledge else hold.units - self.size(hold_id) + self.waiting(hold_id)

    def laid_over(self, hold_id: int) -> int:
        """Return the units of a hold that others lie on, or wait behind."""
        return sum(units for (_, origin), units in self.parts.items() if origin == hold_id)

    def place(self, hold: LiveHold, available: int) -> list[Shift]:
        """Add a hold and return what moves: available units first, then pledged ones, the newest pledge first.

        What others have frozen it takes over if it outranks them, else it waits behind them. A pledge takes what is
        available and nothing else. What is missing then stays open.
        """
        self.holds[hold.id] = hold
        wanted = hold.units
        target = Purpose.PLEDGED if hold.is_pledge else Purpose.FROZEN
        shifts = [(Purpose.AVAILABLE, taken := min(wanted, available))]
        self._add(hold.id, None, taken)
        wanted -= taken
        if not hold.is_pledge:
            for pledge in self._pledges():
                taken = min(wanted, self.size(pledge.id) - self.laid_over(pledge.id))
                self._add(hold.id, pledge.id, taken)
                shifts.append((Purpose.PLEDGED, taken))
                wanted -= taken
            wanted -= self._displace(hold, wanted)
            self._queue(hold, wanted)
        return _shifts(shifts, target)

    def lift(self, hold_id: int, units: int) -> list[Shift]:
        """Take `units` from what a hold is for and return what moves; nothing where only the reason changes.

        Given up in the reverse of the order of taking: the open rest, what waits, what was pledged, what was available.
        Units that others wait for go to the first of them, all others to where they came from.
        """
        hold = self.holds[hold_id]
        assert 0 < units <= hold.units, (hold, units)
        rest = max(0, units - (hold.units - self.size(hold_id)))
        exposed = self.size(hold_id) - self.laid_over(hold_id)
        moved: list[tuple[Purpose, Purpose, int]] = []
        source = Purpose.PLEDGED if hold.is_pledge else Purpose.FROZEN
        freed, inherited = min(rest, exposed), max(0, rest - exposed)
        for origin in reversed(self._origins(hold_id)):
            taken = min(freed, self.parts[hold_id, origin])
            self._add(hold_id, origin, -taken)
            freed -= taken
            if not self._is_freeze(origin):
                moved.append((source, Purpose.AVAILABLE if origin is None else Purpose.PLEDGED, taken))
        for heir in sorted(self.holds.values(), key=lambda one: one.order):
            passed = min(inherited, self.parts.get((heir.id, hold_id), 0))
            inherited -= passed
            self._add(heir.id, hold_id, -passed)
            for origin in self._origins(hold_id):
                given = min(passed, self.parts[hold_id, origin])
                self._add(hold_id, origin, -given)
                self._add(heir.id, origin, given)
                passed -= given
        left = hold.units - units
        if left:
            self.holds[hold_id] = LiveHold(hold.id, hold.reason, left, hold.since)
        else:
            assert not self.size(hold_id), hold
            del self.holds[hold_id]
        totals: dict[tuple[Purpose, Purpose], int] = {}
        for start, end, count in moved:
            totals[start, end] = totals.get((start, end), 0) + count
        return [Shift(start, end, count) for (start, end), count in totals.items() if count]

    def catch(self, available: int) -> dict[int, list[Shift]]:
        """Let freezes that still have to take something take what has become available, or pledged alone, in order.

        Returns what each of them moves.
        """
        caught = {}
        for hold in sorted(self.holds.values(), key=lambda one: one.order):
            taken = [(Purpose.AVAILABLE, self._take(hold, None, available))]
            available -= taken[0][1]
            for pledge in self._pledges():
                bare = self.size(pledge.id) - self.laid_over(pledge.id)
                taken.append((Purpose.PLEDGED, self._take(hold, pledge.id, bare)))
            if shifts := _shifts(taken, Purpose.FROZEN):
                caught[hold.id] = shifts
        return caught

    def _take(self, hold: LiveHold, origin: int | None, most: int) -> int:
        """Let a freeze take at most so much of what it has not yet, and wait for that much less. Return how much."""
        taken = min(most, self.unmet(hold.id))
        no_longer_waits = taken - (hold.units - self.size(hold.id))
        self._add(hold.id, origin, taken)
        for ahead in reversed(self._origins(hold.id)):
            if self._is_freeze(ahead) and no_longer_waits > 0:
                given_up = min(no_longer_waits, self.parts[hold.id, ahead])
                self._add(hold.id, ahead, -given_up)
                no_longer_waits -= given_up
        return taken

    def _displace(self, hold: LiveHold, wanted: int) -> int:
        """Let a freeze take over what others it outranks have in the ledger; they wait behind it. Return how much."""
        taken = 0
        outranked = [one for one in self._freezes() if one.order > hold.order]
        for other in reversed(outranked):
            for origin in self._origins(other.id):
                if self._is_freeze(origin):
                    continue
                part = min(wanted - taken, self.parts[other.id, origin])
                self._add(other.id, origin, -part)
                self._add(hold.id, origin, part)
                self._add(other.id, hold.id, part)
                taken += part
        return taken

    def _queue(self, hold: LiveHold, wanted: int) -> None:
        """Let a freeze wait behind those before it, in front of those after it."""
        before = [one for one in self._freezes() if one.order < hold.order]
        for first in before:
            ahead = sum(self.parts.get((one.id, first.id), 0) for one in before)
            part = min(wanted, self.size(first.id) - ahead)
            self._add(hold.id, first.id, part)
            wanted -= part
            for other in reversed(self._freezes()):
                if other.order > hold.order:
                    back = min(
                        max(0, self.laid_over(first.id) - self.size(first.id)), self.parts.get((other.id, first.id), 0)
                    )
                    self._add(other.id, first.id, -back)
                    self._add(other.id, hold.id, back)

    def _origins(self, hold_id: int) -> list[int | None]:
        """Return what a hold was taken from, in the order of taking: available, pledges, freezes it waits behind."""
        known = [origin for own, origin in self.parts if own == hold_id]
        pledges = [one.id for one in self._pledges() if one.id in known]
        freezes = [one.id for one in self._freezes() if one.id in known]
        return [*([None] if None in known else []), *pledges, *freezes]

    def _pledges(self) -> list[LiveHold]:
        """Return the pledges, the newest first."""
        return sorted((one for one in self.holds.values() if one.is_pledge), key=lambda one: one.order, reverse=True)

    def _freezes(self) -> list[LiveHold]:
        """Return the freezes, the one that goes before all others first."""
        return sorted((one for one in self.holds.values() if not one.is_pledge), key=lambda one: one.order)

    def _is_freeze(self, hold_id: int | None) -> bool:
        return hold_id is not None and hold_id in self.holds and not self.holds[hold_id].is_pledge

    def _add(self, hold_id: int, origin: int | None, units: int) -> None:
        left = self.parts.get((hold_id, origin), 0) + units
        assert left >= 0, (hold_id, origin, units)
        if left:
            self.parts[hold_id, origin] = left
        else:
            self.parts.pop((hold_id, origin), None)


def _shifts(taken: Iterable[tuple[Purpose, int]], target: Purpose) -> list[Shift]:
    """Return one shift for each purpose from which something is taken."""
    totals: dict[Purpose, int] = {}
    for source, units in taken:
        totals[source] = totals.get(source, 0) + units
    return [Shift(source, target, units) for source, units in totals.items() if units]


def content_digest(*content: object) -> str:
    """Return the SHA-256, in hex, of what a second person sees and agrees to."""
    text = json.dumps(content, ensure_ascii=False, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
