"""Moving the business clock: forwards only, and only where the installation may."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, connection, transaction

from rulebook.errors import ClockIsMoving, ClockMovesForwards, ClockRunsTrue
from rulebook.models import ClockMove, ClockMoveStep, Installation
from rulebook.rules import beijing


@transaction.atomic
def start_clock_move(*, started_from: datetime, target: datetime, asked_by: str, steps: int) -> int:
    """Open a move of the clock and return its id. Raises ClockRunsTrue, ClockMovesForwards, ClockIsMoving."""
    if not Installation.objects.filter(time_travel=True).exists():
        raise ClockRunsTrue
    if target <= started_from:
        raise ClockMovesForwards(field="to", target=beijing(target).strftime("%Y-%m-%d %H:%M"))
    try:
        with transaction.atomic():
            return ClockMove.objects.create(
                started_from=started_from, target=target, asked_by=asked_by, steps_total=steps
            ).pk
    except IntegrityError as error:
        if "one_clock_move_at_a_time" in str(error):
            raise ClockIsMoving from error
        raise


@transaction.atomic
def set_clock(*, to: datetime) -> None:
    """Set business time to `to`; a time already past is left as it is. The database refuses a step backwards."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE rulebook_clockoffset SET time_travel = true,
                      seconds = extract(epoch FROM %s - clock_timestamp())
               WHERE extract(epoch FROM %s - clock_timestamp()) > seconds""",
            [to, to],
        )


@transaction.atomic
def record_sweep(*, move_id: int, sweep: str, at: datetime, result: str) -> None:
    """Note that a sweep of a move was run, and what it did. Right when told twice."""
    _, is_new = ClockMoveStep.objects.get_or_create(
        move_id=move_id, sweep=sweep, at=at, defaults={"result": result[:400]}
    )
    if is_new:
        move = ClockMove.objects.select_for_update().get(pk=move_id)
        move.steps_done += 1
        move.steps_total = max(move.steps_total, move.steps_done)
        move.save(update_fields=["steps_done", "steps_total"])


@transaction.atomic
def finish_clock_move(*, move_id: int, error: str = "") -> None:
    """Close a move: done, or failed with what went wrong (then another may go on from where it stopped)."""
    state = ClockMove.State.FAILED if error else ClockMove.State.DONE
    ClockMove.objects.filter(pk=move_id, state=ClockMove.State.RUNNING).update(state=state, error=error[:400])
