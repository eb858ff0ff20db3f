from __future__ import annotations

from celery import shared_task

from registry import queries, services
from rulebook.queries import now


@shared_task(acks_late=True, ignore_result=True)
def make_packs(**_later_arguments: object) -> None:
    """Make every evidence pack that waits. Another worker that has one already is left alone."""
    for pack_id in queries.waiting_packs():
        services.make_pack(pack_id=pack_id, at=now())
