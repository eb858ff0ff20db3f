from celery import shared_task

from rulebook.queries import now
from settlement import services


@shared_task(acks_late=True, ignore_result=True)
def carry_out_second_reading(**_later_arguments: object) -> None:
    """Carry out the second reading that waits. Right when run twice: a lock lets one worker do it."""
    services.carry_out_second_reading(at=now())
