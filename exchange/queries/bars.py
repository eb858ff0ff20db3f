"""Who is barred from trading: at an instant, and the register."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import F, Q, QuerySet

from exchange.errors import BarNotThere
from exchange.models import BarredParty
from rulebook.queries import business_date

SHOWN, HIDDEN = 1, "*"
ENDS = 3  # Characters of a document number that stay at its end.


def _in_force(day: date) -> QuerySet[BarredParty]:
    rows = BarredParty.objects.filter(state=BarredParty.State.APPROVED, since__lte=day, until__gte=day)
    return rows.filter(Q(ended_on=None) | Q(ended_on__gt=day))


def bar_of(uscc: str, user_id: int | None, at: datetime) -> BarredParty | None:
    """Return a bar in force at `at` of an organisation or of a person who acts for it; the one that lasts longest."""
    whose = Q(kind=BarredParty.Kind.ORGANISATION, identity=uscc) | Q(user_id=user_id, user__isnull=False)
    return _in_force(business_date(at)).filter(whose).order_by("-until", "pk").first()


def bars_in_force(at: datetime) -> list[BarredParty]:
    """Return every bar in force at `at`, oldest first."""
    return list(_in_force(business_date(at)).order_by("pk"))


def bars(*, waiting: bool) -> list[BarredParty]:
    """Return the entries that wait to be approved, or those that were, newest first; refused ones count for nothing."""
    state = BarredParty.State.PROPOSED if waiting else BarredParty.State.APPROVED
    rows = BarredParty.objects.filter(state=state).select_related("maker", "checker")
    return list(rows.order_by(F("since").desc(), "-pk"))


def bar(bar_id: int) -> BarredParty:
    """Return one entry with its paper. Raises BarNotThere."""
    row = BarredParty.objects.select_related("evidence").filter(pk=bar_id).first()
    if row is None:
        raise BarNotThere
    return row


def public_name(row: BarredParty) -> str:
    """Return the name as the public reads it: a person's first character alone."""
    if row.kind == BarredParty.Kind.ORGANISATION:
        return row.name
    return row.name[:SHOWN] + HIDDEN * max(2, len(row.name) - SHOWN)


def public_identity(row: BarredParty) -> str:
    """Return the code as the public reads it: of a person's document number the last characters alone."""
    if row.kind == BarredParty.Kind.ORGANISATION:
        return row.identity
    kept = row.identity[-ENDS:] if len(row.identity) > 2 * ENDS else ""
    return HIDDEN * (len(row.identity) - len(kept)) + kept
