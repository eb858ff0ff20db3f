from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import QuerySet, Sum

from accounts.rules import Actor
from registry.errors import RecordNotThere
from registry.models import IssuedVintage, Retirement
from registry.queries.cases import day_begins
from registry.rules.certificate import knows_names_of, masked_name
from settlement.rules.day import BookedUnits


def retirements_visible_to(actor: Actor) -> QuerySet[Retirement]:
    """Return the retirements an actor may see, newest first."""
    return Retirement.objects.visible_to(actor).order_by("-pk")


def certificate(number: str) -> Retirement:
    """Return a done retirement by its certificate's number; anyone may ask. Raises RecordNotThere."""
    asked = number.strip().upper()
    row = Retirement.objects.filter(number=asked, state="retired").first() if "\0" not in asked else None
    if row is None:
        raise RecordNotThere
    return row


def issued_batches() -> QuerySet[IssuedVintage]:
    """Return every batch issued, newest first. Public."""
    return IssuedVintage.objects.select_related("issuance__project", "issuance__period").order_by("-pk")


def booked_units() -> list[BookedUnits]:
    """Return what the registry has issued and retired of each batch, to be compared with the ledger."""
    rows = Retirement.objects.filter(state="retired").values("asset_id").annotate(tonnes=Sum("tonnes"))
    retired = {row["asset_id"]: row["tonnes"] for row in rows}
    issued = IssuedVintage.objects.values_list("asset_id", "tonnes")
    return [BookedUnits(asset_id, tonnes, retired.get(asset_id, 0)) for asset_id, tonnes in issued]


def retirements_without_certificate() -> list[int]:
    """Return the done retirements whose certificate is still to be made, oldest first."""
    rows = Retirement.objects.filter(state="retired", certificate__isnull=True).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:50])


def retired_alone(organisation_id: int, day: date) -> int:
    """Return the tonnes that an organisation has retired on a business day without a second person."""
    rows = Retirement.objects.filter(
        organisation_id=organisation_id,
        state="retired",
        needs_second=False,
        retired_at__gte=day_begins(day),
        retired_at__lt=day_begins(day + timedelta(days=1)),
    )
    return rows.aggregate(total=Sum("tonnes"))["total"] or 0


def beneficiary_for(actor: Actor, row: Retirement) -> str:
    """Return the beneficiary as the actor may read it: a natural person's name covered for all but the holder."""
    is_covered = row.beneficiary_is_person and not knows_names_of(actor, row.organisation_id)
    return masked_name(row.beneficiary) if is_covered else row.beneficiary


def note_for(actor: Actor, row: Retirement) -> str:
    """Return the note on the certificate as the actor may read it; beside a natural person it may name one, too."""
    is_covered = row.beneficiary_is_person and not knows_names_of(actor, row.organisation_id)
    return "" if is_covered else row.note


def retirement(actor: Actor, retirement_id: int) -> Retirement:
    """Return a retirement the actor may see. Raises RecordNotThere."""
    row = Retirement.objects.visible_to(actor).filter(pk=retirement_id).first()
    if row is None:
        raise RecordNotThere
    return row


def certificates_of_entries(entry_ids: Iterable[int]) -> dict[int, str]:
    """Return the numbers of the certificates of retirements, by the ledger entry that retired. Public."""
    rows = Retirement.objects.filter(entry_id__in=set(entry_ids), state="retired")
    return {row.entry_id: row.number for row in rows.only("entry_id", "number") if row.entry_id is not None}


def issuances_of_batches(asset_ids: Iterable[int]) -> dict[int, int]:
    """Return the issuances of batches, by batch. Public."""
    rows = IssuedVintage.objects.filter(asset_id__in=set(asset_ids))
    return dict(rows.values_list("asset_id", "issuance_id"))
