"""The day of the ledger, with what only the rooms above it know: the exchange's trades, the registry's batches."""

from __future__ import annotations

import time
from datetime import date, datetime

import exchange.queries
import registry.queries
import settlement.queries
import settlement.services
from accounts.rules import Actor

TRIES, PAUSE_SECONDS = 40, 0.05


def run_days(at: datetime) -> str:
    """Do what is due for the days by `at`, oldest first, and say what: seal, clear, reconcile, close, open.

    Right when run late or twice. Each step is a transaction of its own; a day that does not close is tried again when
    the bank's side has changed, or when a person asks for it.
    """
    sealed = settlement.services.seal_days(at=at)
    said = [f"{one} sealed" for one in sealed]
    for row in settlement.queries.unclosed_days():
        if not _becomes_quiet(row.day):
            return ", ".join(said)  # The next sweep goes on; a day is opened after the one before it was tried.
        if settlement.queries.is_run_due(row, at=at):
            said.append(f"{row.day} {run_steps(row.day, at=at)}")
        if row.sealed_at is not None and settlement.services.close_day(day=row.day, at=at):
            said.append(f"{row.day} closed")
    for day in settlement.services.reserves_to_fill():
        settlement.services.fill_reserve(day=day, at=at)
    opened = settlement.services.open_day(at=at, unmatched=len(exchange.queries.waiting_instruments()))
    if opened is not None:
        said.append(f"{opened.day} opened")
    return ", ".join(said)


def _becomes_quiet(day: date) -> bool:
    """Wait a little for the transactions that may not have seen the day's seal; tell whether all are over."""
    for _ in range(TRIES):
        if settlement.queries.is_quiet(day):
            return True
        time.sleep(PAUSE_SECONDS)
    return settlement.queries.is_quiet(day)


def run_steps(day: date, *, at: datetime, actor: Actor | None = None) -> str:
    """Clear and reconcile an unclosed day, and say how many differences there were. Raises DayNotThere, DayClosed."""
    first = settlement.queries.covered_from(day)
    cleared = settlement.services.clear_day(
        day=day, trades=exchange.queries.trades_to_clear(first, day), at=at, actor=actor
    )
    reconciled = settlement.services.reconcile_day(day=day, booked=registry.queries.booked_units(), at=at, actor=actor)
    found = cleared.found + reconciled.found
    return f"{found} differences" if found else "agrees"


def run_again(day: date, *, at: datetime, actor: Actor) -> bool:
    """Run the steps of a day again for a person, close it if it can be closed, and tell whether it is closed now."""
    run_steps(day, at=at, actor=actor)
    closed = settlement.services.close_day(day=day, at=at)
    if closed:
        settlement.services.fill_reserve(day=day, at=at)
    return closed
