"""The audit trail."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import AuditRecord
from accounts.rules import Actor


def record_audit(
    *,
    actor: Actor | None,
    verb: str,
    subject: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    at: datetime,
) -> int:
    """Write one audit record in the caller's transaction and return its id.

    actor:   who did it; None is the platform itself (a sweep, the founding).
    subject: what it was done to, as "project:12".
    before, after: the fields that changed, JSON values, dates and decimals; None where there is no such state.
    """
    record = AuditRecord.objects.create(
        user_id=actor.user_id if actor else None,
        organisation_id=actor.organisation_id if actor else None,
        client_id=actor.client_id if actor else None,
        actor_name=actor.display_name if actor else "",
        verb=verb,
        subject=subject,
        before=None if before is None else dict(before),
        after=None if after is None else dict(after),
        at=at,
    )
    return record.pk
