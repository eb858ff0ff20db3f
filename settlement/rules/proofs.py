"""The nightly proofs of the ledger: which there are, and when a night begins."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum

from rulebook.rules import BEIJING, beijing

NIGHT_BEGINS = time(2, 0)  # Beijing time: the day is closed and nobody trades. Technical, no rule of the market.


class ProofKind(StrEnum):
    """What is proved: that legs and moves give what is stored, or that every invariant holds."""

    SECOND_READING = "second_reading"
    INVARIANTS = "invariants"


class ProofState(StrEnum):
    """How far a run has come. FAILED: it broke off and proved nothing."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


def night_of(at: datetime) -> date:
    """Return the day whose night, from 02:00 on, is the last that began by `at`."""
    here = beijing(at)
    return here.date() if here.time() >= NIGHT_BEGINS else here.date() - timedelta(days=1)


def nights_between(after: datetime, until: datetime) -> list[datetime]:
    """Return the instants in (after, until] at which a night begins."""
    first, last = night_of(after), night_of(until)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    begun = (datetime.combine(day, NIGHT_BEGINS, BEIJING) for day in days)
    return [instant for instant in begun if after < instant <= until]
