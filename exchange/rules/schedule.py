"""The parts of a trading day, by the clock of Beijing."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import time
from enum import StrEnum


class Phase(StrEnum):
    """What an instrument does at a moment of a trading day."""

    CLOSED = "closed"
    PRE_OPEN = "pre_open"  # Base price and limits are known; orders may be cancelled.
    CALL = "call"  # Orders gather and nothing trades.
    CALL_FIRM = "call_firm"  # The same, and no order is changed or cancelled any more.
    PAUSE = "pause"  # The call has its price, the first session has not begun.
    SESSION = "session"
    BREAK = "break"


GATHERS = (Phase.CALL, Phase.CALL_FIRM)
TAKES_ORDERS = (*GATHERS, Phase.SESSION)
AFTER_CALL = (Phase.PAUSE, Phase.SESSION, Phase.BREAK)


@dataclass(frozen=True)
class Call:
    """The opening call auction: orders gather from `begins`, are firm from `firm_from`, meet at `ends`."""

    begins: time
    firm_from: time
    ends: time


@dataclass(frozen=True)
class Schedule:
    """When what happens on a trading day. sessions None: orders are taken at any time of any day."""

    sessions: tuple[tuple[time, time], ...] | None
    pre_open: time | None = None
    call: Call | None = None

    def turns(self) -> list[tuple[time, Phase]]:
        """Return when each phase of the day begins, in time order; what comes before the first is CLOSED."""
        turns = [] if self.pre_open is None else [(self.pre_open, Phase.PRE_OPEN)]
        if self.call is not None:
            turns += [
                (self.call.begins, Phase.CALL),
                (self.call.firm_from, Phase.CALL_FIRM),
                (self.call.ends, Phase.PAUSE),
            ]
        for begins, ends in self.sessions or ():
            turns += [(begins, Phase.SESSION), (ends, Phase.BREAK)]
        if turns and turns[-1][1] is Phase.BREAK:
            turns[-1] = (turns[-1][0], Phase.CLOSED)
        # Where one phase ends as the next begins (a call right before a session), the later in the list holds.
        return sorted(turns, key=lambda turn: turn[0])

    def phase(self, clock: time) -> Phase:
        """Return the phase at a time of a trading day."""
        if self.sessions is None:
            return Phase.SESSION
        turns = self.turns()
        place = bisect_right(turns, clock, key=lambda turn: turn[0])
        return turns[place - 1][1] if place else Phase.CLOSED
