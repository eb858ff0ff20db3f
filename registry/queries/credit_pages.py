"""What the pages of credits show beside the rows themselves: findings, comments, runs, batches, values of a set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from accounts.rules import Actor
from registry.errors import RecordNotThere
from registry.models import (
    CalculationRecord,
    CheckResult,
    Finding,
    IssuedVintage,
    MonitoringPeriod,
    ParameterVersion,
    Project,
    PublicComment,
    Retirement,
    ReviewStep,
    Verification,
    VerificationRun,
)
from registry.rules.methodologies import ParameterSet
from registry.rules.methodologies.outcome import USABLE_STATUSES
from registry.rules.states import PeriodState
from settlement.queries import batches, units_by_purpose
from settlement.rules import AssetView, Purpose

# What of a set is about its values and is none itself.
ABOUT = frozenset(
    {"set_id", "version", "units", "unit", "source", "confidence", "confidence_notes", "status", "confirmed"}
    | {"name_zh", "name_la", "note", "notes", "classes_zh", "default"}
)
ABOUT_ENDINGS = ("_status", "_confidence", "_source", "_notes")
PUBLIC_PERIOD = (PeriodState.NOTICE, PeriodState.REVIEW, PeriodState.ISSUED)


def record_of(period: MonitoringPeriod, record_id: int | None = None) -> CalculationRecord | None:
    """Return a calculation of a period: the one asked for, else the one its report rests on, else the newest."""
    rows = CalculationRecord.objects.filter(period=period).order_by("-pk")
    if record_id is not None:
        return rows.filter(pk=record_id).first()
    return period.record or rows.first()


def records_of(period: MonitoringPeriod) -> list[CalculationRecord]:
    """Return the calculations of a period without their long parts, newest first."""
    return list(CalculationRecord.objects.filter(period=period).defer("parts").order_by("-pk"))


def findings_of(period: MonitoringPeriod) -> QuerySet[Finding]:
    """Return the findings of a period by number."""
    return Finding.objects.filter(period=period).select_related("answered_by", "closed_by").order_by("number")


def comments_of(period: MonitoringPeriod) -> QuerySet[PublicComment]:
    """Return what was said during the notice of a period, oldest first."""
    return PublicComment.objects.filter(period=period).select_related("answered_by").order_by("pk")


def runs_of(period: MonitoringPeriod) -> QuerySet[VerificationRun]:
    """Return the runs of the checks over a period, newest first."""
    return VerificationRun.objects.filter(period=period).order_by("-pk")


def results_of(run: VerificationRun) -> QuerySet[CheckResult]:
    """Return the answers of a run in the order of their numbers."""
    return CheckResult.objects.filter(run=run).order_by("code")


def steps_of_period(period: MonitoringPeriod) -> QuerySet[ReviewStep]:
    """Return the official acts on a period, oldest first."""
    return ReviewStep.objects.filter(period=period).select_related("reviewer", "organisation").order_by("pk")


def verification_of(period: MonitoringPeriod) -> Verification | None:
    """Return the signed report of a period."""
    return Verification.objects.filter(period=period).select_related("document", "signed_by").first()


def public_period(code: str, period_id: int) -> MonitoringPeriod:
    """Return a period that is or was on public notice; anyone may ask. Raises RecordNotThere."""
    row = (
        MonitoringPeriod.objects.filter(
            pk=period_id,
            project__in=Project.objects.public().values("pk"),
            project__code=code if "\0" not in code else "",
            state__in=PUBLIC_PERIOD,
        )
        .select_related("project", "record")
        .first()
    )
    if row is None:
        raise RecordNotThere
    return row


@dataclass(frozen=True)
class BatchView:
    """A batch as the register shows it: the credit, its serials in print, and where its units are now."""

    asset: AssetView
    serial_text: str
    issuance_id: int | None
    buffer_tonnes: int | None  # As withheld at issuance; None for what the registry did not issue itself.
    units: Mapping[Purpose, int]

    def of(self, *purposes: Purpose) -> int:
        return sum(self.units.get(one, 0) for one in purposes)


def batches_found(*, text: str = "", vintage: int | None = None, credit_type: str = "") -> list[AssetView]:
    """Return the batches of a search, newest first. Public."""
    wanted = text.strip().lower()
    return [
        one
        for one in batches()
        if one.credit is not None
        and (not wanted or wanted in f"{one.credit.project_code} {one.credit.project_name}".lower())
        and (vintage is None or one.credit.vintage_year == vintage)
        and (not credit_type or one.credit.credit_type == credit_type)
    ]


def batch_views(assets: list[AssetView], texts: Mapping[int, str]) -> list[BatchView]:
    """Return batches with their units by purpose; `texts` are their serial ranges as printed."""
    issued = {
        row.asset_id: row for row in IssuedVintage.objects.filter(asset_id__in=[one.id for one in assets]).iterator()
    }
    return [
        BatchView(
            one,
            texts[one.id],
            issued[one.id].issuance_id if one.id in issued else None,
            issued[one.id].buffer_tonnes if one.id in issued else None,
            units_by_purpose(one.id),
        )
        for one in assets
    ]


def batches_of(issuance_id: int) -> QuerySet[IssuedVintage]:
    """Return the batches of an issuance by vintage."""
    return IssuedVintage.objects.filter(issuance_id=issuance_id).order_by("vintage_year")


def retirement(actor: Actor, retirement_id: int) -> Retirement:
    """Return a retirement the actor may see. Raises RecordNotThere."""
    row = (
        Retirement.objects.visible_to(actor)
        .select_related("requested_by", "confirmed_by")
        .filter(pk=retirement_id)
        .first()
    )
    if row is None:
        raise RecordNotThere
    return row


def may_see_retirement(actor: Actor, row: Retirement) -> bool:
    """Tell whether the actor may see a retirement; of a natural person's, the holder alone reads the name."""
    return Retirement.objects.visible_to(actor).filter(pk=row.pk).exists()


def retirements_found(actor: Actor, rows: QuerySet[Retirement], text: str) -> QuerySet[Retirement]:
    """Return those of the rows whose number or beneficiary holds the text; no name is found that is not shown."""
    if not text or "\0" in text:
        return rows
    readable = Q(beneficiary_is_person=False) | Q(organisation_id=actor.organisation_id)
    return rows.filter(Q(number__icontains=text) | (Q(beneficiary__icontains=text) & readable))


@dataclass(frozen=True)
class ParameterValue:
    """A value of a set, or a part of values that are confirmed together."""

    key: str
    name: str
    value: Any
    status: str
    source: str

    @property
    def is_usable(self) -> bool:
        return self.status in USABLE_STATUSES


def values_of(one: ParameterSet) -> list[ParameterValue]:
    """Return the parts of a set that can be confirmed, in the order of the document."""
    return list(_parts(one, one.values, ()))


def _parts(one: ParameterSet, node: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[ParameterValue]:
    for name, found in node.items():
        if name in ABOUT or name.startswith("source_") or name.endswith(ABOUT_ENDINGS):
            continue
        key = (*path, name)
        if isinstance(found, Mapping) and _goes_deeper(found):
            yield from _parts(one, found, key)
        else:
            yield ParameterValue(
                ".".join(key), _name_of(found), _value_of(found), _status_of(one, key, found), _source_of(found)
            )


def _status_of(one: ParameterSet, key: tuple[str, ...], found: Any) -> str:
    """Return the status of a part; "partly" where some of what stands below it was confirmed by itself."""
    whole = one.status(*key)
    if whole in USABLE_STATUSES or not isinstance(found, Mapping):
        return whole
    below = [one.status(*key, name) in USABLE_STATUSES for name in _value_of(found)]
    if below and all(below):
        return "confirmed"
    return "partly" if any(below) else whole


def _goes_deeper(found: Mapping[str, Any]) -> bool:
    """Tell whether a part only gathers parts: it says no status of its own, and all below it are parts."""
    if "status" in found or "confidence" in found or "value" in found:
        return False
    below = [value for name, value in found.items() if name not in ABOUT]
    return bool(below) and all(isinstance(value, Mapping) for value in below)


def _name_of(found: Any) -> str:
    return str(found.get("name_zh", "")) if isinstance(found, Mapping) else ""


def _source_of(found: Any) -> str:
    return str(found.get("source", "")) if isinstance(found, Mapping) else ""


def _value_of(found: Any) -> Any:
    if isinstance(found, Mapping):
        return {name: value for name, value in found.items() if name not in ABOUT}
    return found


def confirmations_of(set_id: str) -> QuerySet[ParameterVersion]:
    """Return the versions of a set that persons confirmed, newest first."""
    return ParameterVersion.objects.filter(set_id=set_id).select_related("confirmed_by", "evidence").order_by("-number")
