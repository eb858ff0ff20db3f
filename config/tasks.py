"""Jobs that span rooms: the sweeps, and moving the business clock."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from celery import shared_task
from django.db import OperationalError, connection

import exchange.queries
import settlement.services
from config import invariants
from config.sweeps import SWEEPS, Sweep, next_place, place_of
from exchange.tasks import match
from rulebook import queries, services

logger = logging.getLogger(__name__)
CLOCK_LOCK = 20260302  # One runner of the clock at a time, whichever worker it is in.
MOST_TRIES = 3
MOST_ROUNDS = 20  # Of matching while the clock stands; what is left then is carried out by the matching workers.


@shared_task(acks_late=True, ignore_result=True)
def run_sweeps(**_later_arguments: object) -> None:
    """Run every sweep for the present business time. Beat calls it every few seconds; nothing is due twice.

    While the clock is being moved, the move runs them and says what they did. A sweep that breaks stops no other.
    """
    if queries.is_clock_moving():
        return
    at = queries.now()
    for sweep in SWEEPS:
        if not sweep.in_present:
            continue
        try:
            sweep.run(at)
        except Exception:
            logger.exception("the sweep %s broke", sweep.name)


@shared_task(acks_late=True, ignore_result=True)
def carry_on_clock_moves(**_later_arguments: object) -> None:
    """Carry the move of the clock that is under way to its end, also one that a killed worker left half way."""
    with _only_runner() as alone:
        move = queries.running_move() if alone else None
        if move is None:
            return
        done = place_of(move)
        try:
            while (place := next_place(done, move.target)) is not None:
                sweep = SWEEPS[place.number]
                services.set_clock(to=place.at)
                result = _run(sweep, place.at)
                _match_what_waits()
                # Recorded last: after a kill the step is run again, which is right, and never left out.
                services.record_sweep(move_id=move.id, sweep=sweep.name, at=place.at, result=result)
                done = place
            services.set_clock(to=move.target)
        except Exception as error:
            logger.exception("the move of the clock stopped")
            services.finish_clock_move(move_id=move.id, error=f"{type(error).__name__}: {error}")
            return
        services.finish_clock_move(move_id=move.id)


@shared_task(acks_late=True, ignore_result=True)
def prove_invariants(**_later_arguments: object) -> None:
    """Prove every invariant where a run of that waits, and keep what was found."""
    settlement.services.carry_out_invariant_proof(prove=invariants.prove, at=queries.now())


def _run(sweep: Sweep, at: datetime) -> str:
    """Run a sweep; where the database was busy (a lock, a deadlock), the whole of it again, at most three times."""
    for _ in range(MOST_TRIES - 1):
        try:
            return sweep.run(at)
        except OperationalError:
            logger.warning("the sweep %s found the database busy and runs again", sweep.name)
    return sweep.run(at)


def _match_what_waits() -> None:
    """Carry out, while the clock stands, what a sweep has queued for matching. Another worker may do the same."""
    for _ in range(MOST_ROUNDS):
        waiting = exchange.queries.waiting_instruments()
        if not waiting:
            return
        for instrument_id in waiting:
            try:
                match(instrument_id)
            except Exception:
                logger.exception("instrument %s was not matched", instrument_id)


@contextmanager
def _only_runner() -> Iterator[bool]:
    """Say whether this is the only runner of the clock; the lock ends with the session of a killed worker."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [CLOCK_LOCK])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [CLOCK_LOCK])
