"""Asking for a move of the business clock: one way for the command and the bar."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from config.sweeps import due_places
from config.tasks import carry_on_clock_moves
from rulebook import queries, services
from rulebook.errors import ClockMovesTooFar

logger = logging.getLogger(__name__)
LIMIT_DAYS = 3660  # There is no way back: a slip of the keyboard must not carry an installation out of its century.


def ask_move(*, target: datetime, asked_by: str) -> int:
    """Open a move of the clock to `target`, wake the job that carries it out, and return its id.

    Raises ClockRunsTrue, ClockMovesForwards, ClockMovesTooFar, ClockIsMoving.
    """
    at = queries.now()
    if target - at > timedelta(days=LIMIT_DAYS):
        raise ClockMovesTooFar(field="to", days=LIMIT_DAYS)
    steps = len(due_places(at, target)) if target > at else 0
    move_id = services.start_clock_move(started_from=at, target=target, asked_by=asked_by, steps=steps)
    try:
        carry_on_clock_moves.delay()
    except Exception:
        logger.warning("the clock's job was not woken; beat will find the move")
    return move_id
