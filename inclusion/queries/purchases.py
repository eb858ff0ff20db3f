"""Quotes and purchases, seen by those who may see them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet

from accounts.rules import NOBODY, Actor
from inclusion.errors import PurchaseNotThere, QuoteNotThere
from inclusion.models import OffsetPurchase, OffsetQuote
from inclusion.rules import OPEN
from registry.queries import retirements_visible_to
from registry.rules.certificate import knows_names_of, masked_name


def quote(actor: Actor, quote_id: int) -> OffsetQuote:
    """Return one quote with its lines. Raises QuoteNotThere, also for another organisation's."""
    found = (
        OffsetQuote.objects.visible_to(actor)
        .select_related("footprint", "purchase")
        .prefetch_related("lines")
        .filter(pk=quote_id)
        .first()
    )
    if found is None:
        raise QuoteNotThere
    return found


def names_for(actor: Actor, row: OffsetPurchase) -> tuple[str, str]:
    """Return beneficiary and note as the actor may read them: a natural person's name is the buyer's own to read."""
    if row.beneficiary_is_person and not knows_names_of(actor, row.organisation_id):
        return masked_name(row.beneficiary), ""
    return row.beneficiary, row.note


def purchases_visible_to(actor: Actor) -> QuerySet[OffsetPurchase]:
    """Return the purchases an actor may see, newest first, with what they bought and retired."""
    rows = OffsetPurchase.objects.visible_to(actor).select_related("quote__footprint")
    return rows.prefetch_related("retirements").order_by("-pk")


def purchase(actor: Actor, purchase_id: int) -> OffsetPurchase:
    """Return one purchase. Raises PurchaseNotThere, also for another organisation's."""
    found = purchases_visible_to(actor).prefetch_related("bought", "orders").filter(pk=purchase_id).first()
    if found is None:
        raise PurchaseNotThere
    return found


@dataclass(frozen=True)
class Certified:
    """A retirement of a purchase: its number, tonnes, state, and the serials it took out of circulation."""

    retirement_id: int
    number: str
    units: int
    state: str
    serials: tuple[str, ...]


def certificates_of(row: OffsetPurchase) -> list[Certified]:
    """Return the retirements of a purchase as the registry has them now, in their order."""
    return [
        Certified(
            one.pk,
            one.number,
            one.tonnes,
            one.state,
            tuple(part["text"] if isinstance(part, dict) else str(part) for part in one.serials),
        )
        for one in _retirements(row).order_by("pk")
    ]


def open_purchases(limit: int = 200) -> list[int]:
    """Return the purchases that are under way, oldest first."""
    rows = OffsetPurchase.objects.filter(state__in=[one.value for one in OPEN]).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def uncertified(purchase_id: int) -> list[int]:
    """Return the done retirements of a purchase whose certificate has not been made yet."""
    row = OffsetPurchase.objects.filter(pk=purchase_id).prefetch_related("retirements").first()
    if row is None:
        return []
    missing = _retirements(row).filter(state="retired", certificate__isnull=True)
    return sorted(missing.values_list("pk", flat=True))


def _retirements(row: OffsetPurchase) -> QuerySet[Any]:
    """Return the registry's rows of a purchase's retirements, as its holder sees them."""
    holder = replace(NOBODY, organisation_id=row.organisation_id)
    return retirements_visible_to(holder).filter(pk__in=[one.retirement_id for one in row.retirements.all()])
