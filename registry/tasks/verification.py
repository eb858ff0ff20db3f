from __future__ import annotations

import logging

from celery import shared_task
from django.conf import settings

from registry import queries, services
from rulebook.queries import now

logger = logging.getLogger(__name__)


@shared_task(acks_late=True, ignore_result=True)
def verify_monitoring_report(run_id: int, **_later_arguments: object) -> None:
    """Run the numbered checks over a monitoring report (自动核查). Right when run twice or on two workers."""
    services.run_verification(run_id=run_id, is_demonstration=settings.DEMO, at=now())


@shared_task(acks_late=True, ignore_result=True)
def sweep_verifications(**_later_arguments: object) -> None:
    """Wake every run of the checks that waits: a lost nudge costs two seconds at most."""
    for run_id in queries.queued_runs():
        wake_verification(run_id)


def wake_verification(run_id: int) -> None:
    """Ring for one run of the checks. A failed call is logged and never reaches the user."""
    try:
        verify_monitoring_report.apply_async(args=[run_id], expires=30, ignore_result=True)
    except Exception:
        logger.warning("verification run %s was not woken; the sweep will find it", run_id)
