from celery import shared_task

from settlement import services


@shared_task(acks_late=True, ignore_result=True)
def make_room_for_entries(**_later_arguments: object) -> None:
    """Add the partitions that the ledger will need next. Nightly; there is always room for ten million more."""
    services.make_room()
