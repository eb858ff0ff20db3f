"""What the clock itself does with transfers: it executes those that are due, and counts provisional times anew."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from settlement.models import Transfer
from settlement.queries.transfers import due_transfer_ids, waiting_time
from settlement.rules import TransferState
from settlement.services.transfers import execute_transfer
from settlement.services.trusted import fix_provisional_trust

BATCH = 200


def run_due_transfers(at: datetime) -> str:
    """Execute the transfers that are due by `at`, each in a transaction of its own, and say how many.

    One whose checks fail now is refused and its units go back. A due time that was provisional is counted anew once
    the calendar of its year is loaded. Right when run late or twice.
    """
    fix_provisional_trust(at)
    waiting = Transfer.objects.filter(state="approved", due_provisional=True)
    for transfer_id in list(waiting.values_list("pk", flat=True)):
        _fix_due(transfer_id, at)
    states = [execute_transfer(transfer_id=one, at=at) for one in due_transfer_ids(at, BATCH)]
    counted = {"transfers executed": states.count("executed"), "transfers refused": states.count("refused")}
    return ", ".join(f"{count} {what}" for what, count in counted.items() if count)


@transaction.atomic
def _fix_due(transfer_id: int, at: datetime) -> None:
    row = Transfer.objects.select_for_update(of=("self",)).filter(pk=transfer_id, due_provisional=True).first()
    due = waiting_time(row.proposed_at) if row is not None and row.state == TransferState.APPROVED else None
    if row is None or due is None or due.provisional:
        return
    assert row.approved_at is not None
    row.due_at, row.due_provisional = max(due.at, row.approved_at), False
    row.save(update_fields=["due_at", "due_provisional"])
