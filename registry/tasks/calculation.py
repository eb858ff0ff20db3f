from __future__ import annotations

import logging

from celery import shared_task

from registry import queries, services
from rulebook.queries import now

logger = logging.getLogger(__name__)


@shared_task(acks_late=True, ignore_result=True)
def run_calculations(job_id: int, **_later_arguments: object) -> None:
    """Carry out a calculation that was asked for. Another worker that has it already is left alone."""
    services.run_calculation(job_id=job_id, at=now())


@shared_task(acks_late=True, ignore_result=True)
def sweep_calculations(**_later_arguments: object) -> None:
    """Wake every calculation that waits: a lost nudge costs two seconds at most."""
    for job_id in queries.queued_jobs():
        wake_calculation(job_id)


def wake_calculation(job_id: int) -> None:
    """Ring for one calculation. A failed call is logged and never reaches the user."""
    try:
        run_calculations.apply_async(args=[job_id], expires=30, ignore_result=True)
    except Exception:
        logger.warning("calculation %s was not woken; the sweep will find it", job_id)
