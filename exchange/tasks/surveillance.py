from __future__ import annotations

from celery import shared_task

from exchange import services
from rulebook.queries import now


@shared_task(acks_late=True, ignore_result=True)
def watch_closed_days(**_later_arguments: object) -> None:
    """Look at every closed day that surveillance has not looked at. Right when run late, twice or on two workers."""
    services.watch_closed_days(now())
