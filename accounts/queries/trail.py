"""Reads of the audit trail."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import AuditRecord
from accounts.rules import Actor


@dataclass(frozen=True)
class TrailFilter:
    """What to look for in the trail; empty means anything."""

    subject: str = ""
    verb: str = ""
    person: str = ""
    since: datetime | None = None
    until: datetime | None = None


def audit_records(actor: Actor, wanted: TrailFilter) -> QuerySet[AuditRecord]:
    """Return the records the actor may read, newest first."""
    rows = AuditRecord.objects.visible_to(actor).select_related("user", "organisation")
    if wanted.subject:
        # "project" finds all projects, "project:12" that one and not project:123.
        rows = rows.filter(Q(subject=wanted.subject) | Q(subject__startswith=f"{wanted.subject.rstrip(':')}:"))
    if wanted.verb:
        rows = rows.filter(verb=wanted.verb)
    if wanted.person:
        rows = rows.filter(Q(actor_name__icontains=wanted.person) | Q(user__username=wanted.person))
    if wanted.since:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(at__lt=wanted.until)
    return rows.order_by("-pk")


def history_of(subject: str) -> list[AuditRecord]:
    """Return what was done to one subject, oldest first; the caller has checked that its reader may see the subject."""
    return list(AuditRecord.objects.filter(subject=subject).select_related("organisation").order_by("pk"))
