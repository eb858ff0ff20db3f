"""The one business clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from rulebook.models import ClockMove
from rulebook.rules import beijing


def now() -> datetime:
    """Return business time: the server's clock plus the one offset row, so that web, worker and beat agree. In UTC."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp() + make_interval(secs => seconds::double precision) FROM rulebook_clockoffset"
        )
        at: datetime = cursor.fetchone()[0]
    return at


def business_date(at: datetime) -> date:
    """Return the day that an instant belongs to, in Beijing."""
    return beijing(at).date()


@dataclass(frozen=True)
class ClockMoveView:
    """A move of the clock as shown: how far it is, and what each sweep did."""

    id: int
    started_from: datetime
    target: datetime
    state: str
    steps_total: int
    steps_done: int
    error: str
    steps: tuple[tuple[datetime, str, str], ...]


def _view(move: ClockMove, newest: int | None = None) -> ClockMoveView:
    """Return a move with all of its steps, or with the `newest` ones that did something."""
    if newest is None:
        rows = list(move.steps.order_by("at", "pk"))
    else:
        rows = list(move.steps.exclude(result="").order_by("-at", "-pk")[:newest])[::-1]
    steps = tuple((step.at, step.sweep, step.result) for step in rows)
    return ClockMoveView(
        move.pk, move.started_from, move.target, move.state, move.steps_total, move.steps_done, move.error, steps
    )


def clock_move(move_id: int) -> ClockMoveView | None:
    """Return one move of the clock with all of its steps."""
    move = ClockMove.objects.filter(pk=move_id).first()
    return _view(move) if move else None


def running_move() -> ClockMoveView | None:
    """Return the move that is under way, if any, with all of its steps."""
    move = ClockMove.objects.filter(state=ClockMove.State.RUNNING).first()
    return _view(move) if move else None


def last_move(newest: int = 20) -> ClockMoveView | None:
    """Return the newest move, whatever became of it, with the last steps that did something."""
    move = ClockMove.objects.order_by("-pk").first()
    return _view(move, newest) if move else None


def is_clock_moving() -> bool:
    """Tell whether a move is under way."""
    return ClockMove.objects.filter(state=ClockMove.State.RUNNING).exists()
