"""What has to happen at certain business times, room by room: openings, closes, lapses, notices.

A sweep names the instants at which it is due within a window, and runs for one instant; it is right when run late or
twice. Beat runs every sweep for the present; a move of the business clock runs them for every instant in between, in
time order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import exchange.queries
import exchange.services
import registry.queries
import registry.services
import settlement.queries
import settlement.services
import settlement.tasks
from config import day
from rulebook.queries import ClockMoveView

LOOK_AHEAD = timedelta(days=1)
RESOLUTION = timedelta(microseconds=1)


@dataclass(frozen=True)
class Sweep:
    """`due(after, until)` gives the instants in (after, until]; `run(at)` does what is due by then, and says what.

    in_present: whether the sweeps of the present run it; else Beat has a task of its own for it, which may be slow.
    """

    name: str
    due: Callable[[datetime, datetime], Sequence[datetime]]
    run: Callable[[datetime], str]
    in_present: bool = True


@dataclass(frozen=True, order=True)
class Place:
    """How far a move has come: the instant, and the place in SWEEPS of the last sweep that was run at it."""

    at: datetime
    number: int


# In the order in which they run when due at the same instant.
SWEEPS: tuple[Sweep, ...] = (
    # Before the sessions: an auction may end with a session.
    Sweep("exchange.auctions", exchange.queries.auction_instants, exchange.services.end_due_auctions),
    Sweep("exchange.sessions", exchange.queries.session_instants, exchange.services.run_sessions),
    # Slow where much was traded, so that the present has a task of its own for it; a day is looked at once.
    Sweep("exchange.surveillance", exchange.queries.session_instants, exchange.services.watch_closed_days, False),
    Sweep("exchange.bars", exchange.queries.session_instants, exchange.services.cancel_orders_of_the_barred),
    Sweep("exchange.bulletins", exchange.queries.bulletin_instants, exchange.services.publish_due_bulletins),
    Sweep("registry.cases", registry.queries.due_instants, registry.services.run_due_cases),
    Sweep("settlement.transfers", settlement.queries.transfer_instants, settlement.services.run_due_transfers),
    Sweep("settlement.statements", settlement.queries.statement_instants, settlement.tasks.fetch_due_statement, False),
    Sweep("settlement.day", settlement.queries.day_instants, day.run_days),
    Sweep("settlement.night", settlement.queries.night_instants, settlement.services.open_night_proofs),
)


def due_places(after: datetime, until: datetime) -> list[Place]:
    """Return every sweep due in (after, until], in time order."""
    return sorted(Place(at, number) for number, sweep in enumerate(SWEEPS) for at in set(sweep.due(after, until)))


def next_place(done: Place, until: datetime) -> Place | None:
    """Return the first sweep due after the place `done`, up to `until`; None when nothing is left.

    Asked anew after every step, since a sweep may make another one due: a notice that ends begins a decision's clock.
    """
    after, look_ahead = done.at - RESOLUTION, LOOK_AHEAD  # Another sweep of the same instant may be left.
    while after < until:
        ahead = min(after + look_ahead, until)
        following = next((place for place in due_places(after, ahead) if place > done), None)
        if following is not None:
            return following
        after, look_ahead = ahead, look_ahead * 2  # Empty years are crossed in a few strides.
    return None


def place_of(move: ClockMoveView) -> Place:
    """Return how far a move has come, also one whose worker was killed: after its last recorded step."""
    numbers = {sweep.name: number for number, sweep in enumerate(SWEEPS)}
    done = [Place(at, numbers.get(name, len(SWEEPS))) for at, name, _ in move.steps]
    return max(done, default=Place(move.started_from, len(SWEEPS)))
