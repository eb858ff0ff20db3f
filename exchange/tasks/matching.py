from __future__ import annotations

import logging

from celery import shared_task
from django.conf import settings

from exchange import queries, services
from rulebook.queries import now

logger = logging.getLogger(__name__)
MOST_BATCHES = 50  # In one run of the task, so that a worker's queue stays short.


@shared_task(acks_late=True, ignore_result=True)
def match(instrument_id: int, **_later_arguments: object) -> None:
    """Carry out what was accepted for an instrument, batch by batch. Right when run twice or on two workers."""
    for _ in range(MOST_BATCHES):
        if not services.match_instrument(instrument_id=instrument_id, at=now()):
            return


@shared_task(acks_late=True, ignore_result=True)
def sweep_matching(**_later_arguments: object) -> None:
    """Wake the matching of every instrument that has something waiting: a lost nudge costs a second at most."""
    for instrument_id in queries.waiting_instruments():
        wake(instrument_id)


def wake(instrument_id: int) -> None:
    """Ring for one instrument, on the queue its number gives. A failed call is logged and never reaches the user."""
    queue = f"match.{instrument_id % settings.MATCH_QUEUES}"
    try:
        match.apply_async(args=[instrument_id], queue=queue, expires=30, ignore_result=True)
    except Exception:
        logger.warning("matching of instrument %s was not woken; the sweep will find it", instrument_id)
