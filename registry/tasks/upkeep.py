from celery import shared_task

from registry import queries, services
from rulebook.queries import now


@shared_task(acks_late=True, ignore_result=True)
def verify_issued_again(**_later_arguments: object) -> None:
    """Put every issued report into the queue of the checks, once a business day."""
    services.open_nightly_runs(at=now())


@shared_task(acks_late=True, ignore_result=True)
def make_certificates(**_later_arguments: object) -> None:
    """Make the certificates that are still missing: those whose maker was killed after the retirement."""
    at = now()
    for retirement_id in queries.retirements_without_certificate():
        services.make_certificate(retirement_id=retirement_id, at=at)
