from __future__ import annotations

import logging

from celery import shared_task

import exchange.queries
import exchange.tasks
from inclusion import queries, services
from rulebook.queries import now

logger = logging.getLogger(__name__)
MOST_STEPS = 50  # In one run, so that a worker's queue stays short; the sweep finds what is left.


@shared_task(acks_late=True, ignore_result=True)
def carry_on(purchase_id: int, **_later_arguments: object) -> None:
    """Take one purchase as far as it goes now, and make the certificates of what it retired. Right when run twice."""
    for _ in range(MOST_STEPS):
        if not services.carry_on_purchase(purchase_id=purchase_id, at=now()):
            break
    services.make_certificates(purchase_id=purchase_id, at=now())


@shared_task(acks_late=True, ignore_result=True)
def sweep_purchases(**_later_arguments: object) -> None:
    """Carry on with every purchase under way: a lost nudge costs two seconds. One that breaks stops no other."""
    for purchase_id in queries.open_purchases():
        try:
            carry_on(purchase_id)
        except Exception:
            logger.exception("purchase %s was not carried on; the next sweep tries again", purchase_id)


def wake(purchase_id: int) -> None:
    """Ring for the matching of a purchase's orders, then for the purchase. A failed call never reaches the user."""
    for instrument_id in exchange.queries.waiting_instruments():
        exchange.tasks.wake(instrument_id)
    try:
        carry_on.apply_async(args=[purchase_id], countdown=1, expires=30, ignore_result=True)
    except Exception:
        logger.warning("purchase %s was not woken; the sweep will find it", purchase_id)
