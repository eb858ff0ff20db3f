"""The transparency log, kept going by beat."""

from __future__ import annotations

import logging

from celery import shared_task
from django.conf import settings

from rulebook.queries import now
from settlement import services
from settlement.rules.seals import Signer

logger = logging.getLogger(__name__)
MOST_BATCHES = 20  # In one run, so that the worker is soon free for others.


@shared_task(acks_late=True, ignore_result=True)
def keep_log(**_later_arguments: object) -> None:
    """Seal what waits, and sign the head when its time has come. Right when run late, twice or on two workers."""
    for _ in range(MOST_BATCHES):
        if not services.seal_leaves():
            break
    if not settings.LOG_SIGNING_KEY:
        logger.warning("LOG_SIGNING_KEY is not set: the heads of the transparency log are not signed")
        return
    signer = Signer(name=settings.LOG_NAME, secret=settings.LOG_SIGNING_KEY)
    services.sign_head(signer=signer, origin=settings.LOG_NAME, at=now())
