"""Requests to admit a product, seen by who made them and by those who watch over the market."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.rules import Actor
from exchange.errors import AdmissionNotThere
from exchange.models import Admission, Instrument
from settlement.queries import available_units, batches


def admissions_visible_to(actor: Actor) -> QuerySet[Admission]:
    """Return the requests `actor` may see, newest first, with holder, batch and product."""
    rows = Admission.objects.visible_to(actor)
    return rows.select_related("organisation", "asset", "instrument", "reviewed_by", "decided_by").order_by("-pk")


def admission(actor: Actor, admission_id: int) -> Admission:
    """Return one request. Raises AdmissionNotThere, also for another organisation's."""
    found = admissions_visible_to(actor).filter(pk=admission_id).first()
    if found is None:
        raise AdmissionNotThere
    return found


@dataclass(frozen=True)
class AdmissibleBatch:
    """A held batch whose product does not trade yet: tonnes available."""

    asset_id: int
    project_name: str
    vintage_year: int
    units: int


def admissible_batches(organisation_id: int) -> list[AdmissibleBatch]:
    """Return the batches that an organisation holds of products that are not admitted, one a product."""
    admitted = set(Instrument.objects.values_list("project_code", "vintage_year"))
    found: dict[tuple[str, int], AdmissibleBatch] = {}
    for batch in batches():
        credit = batch.credit
        if credit is None or (credit.project_code, credit.vintage_year) in admitted:
            continue
        units = available_units(organisation_id, batch.id)
        if units:
            one = AdmissibleBatch(batch.id, credit.project_name, credit.vintage_year, units)
            found.setdefault((credit.project_code, credit.vintage_year), one)
    return list(found.values())
