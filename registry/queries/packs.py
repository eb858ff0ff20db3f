"""Evidence packs: what one is about, and everything that goes into it, read on one snapshot of the caller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts.queries import organisations
from accounts.rules import Actor, Role
from registry.errors import PackNotThere, RecordNotThere
from registry.models import (
    CalculationRecord,
    Document,
    EvidencePack,
    Issuance,
    IssuedVintage,
    MonitoringPeriod,
    Parcel,
    Project,
    Retirement,
    ReviewStep,
    Validation,
    Verification,
)
from registry.queries.recalculation import content_of_record
from registry.rules.packs import PackScope, PackState, canonical_bytes, csv_bytes, json_line
from settlement.queries import asset, packed_entries, packed_legs

PACK_READERS = (Role.AUDITOR,)
Part = tuple[str, Iterable[bytes]]


@dataclass(frozen=True)
class PackSubject:
    """What a pack is about: a project, and those of its periods and batches that belong to it."""

    scope: PackScope
    subject_id: int
    title: str
    project: Project
    periods: tuple[MonitoringPeriod, ...]
    batches: tuple[IssuedVintage, ...]

    @property
    def asset_ids(self) -> list[int]:
        """The batches as the ledger knows them."""
        return [row.asset_id for row in self.batches]


def pack_path(sha256: str) -> Path:
    """Return where a pack lies: by its hash, under MEDIA_ROOT."""
    return Path(settings.MEDIA_ROOT) / "packs" / sha256[:2] / sha256


def packs_visible_to(actor: Actor) -> QuerySet[EvidencePack]:
    """Return the packs an auditor may have, newest first."""
    rows = EvidencePack.objects.all() if actor.has(*PACK_READERS) else EvidencePack.objects.none()
    return rows.select_related("asked_by").order_by("-pk")


def pack(actor: Actor, pack_id: int) -> EvidencePack:
    """Return one pack. Raises PackNotThere."""
    found = packs_visible_to(actor).filter(pk=pack_id).first()
    if found is None:
        raise PackNotThere
    return found


def pack_file(actor: Actor, pack_id: int) -> EvidencePack:
    """Return a pack whose file is there. Raises PackNotThere."""
    found = pack(actor, pack_id)
    if found.state != PackState.DONE or not pack_path(found.sha256).is_file():
        raise PackNotThere
    return found


def waiting_packs() -> list[int]:
    """Return the packs that are to be made, also one that a killed worker left half way, oldest first."""
    rows = EvidencePack.objects.filter(state__in=[PackState.QUEUED, PackState.RUNNING]).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def pack_subject(scope: PackScope, subject_id: int) -> PackSubject:
    """Return what a pack would be about. Raises RecordNotThere."""
    batches = IssuedVintage.objects.select_related("issuance__project", "issuance__period")
    if scope is PackScope.BATCH:
        row = batches.filter(asset_id=subject_id).first()
        if row is None:
            raise RecordNotThere
        issuance = row.issuance
        return PackSubject(scope, subject_id, row.serial_text, issuance.project, (issuance.period,), (row,))
    if scope is PackScope.PERIOD:
        period = MonitoringPeriod.objects.select_related("project").filter(pk=subject_id).first()
        if period is None:
            raise RecordNotThere
        own = tuple(batches.filter(issuance__period=period).order_by("pk"))
        title = f"{period.project.code} {period.first}–{period.last}"
        return PackSubject(scope, subject_id, title, period.project, (period,), own)
    project = Project.objects.filter(pk=subject_id).first()
    if project is None:
        raise RecordNotThere
    periods = tuple(MonitoringPeriod.objects.filter(project=project).order_by("first", "pk"))
    own = tuple(batches.filter(issuance__project=project).order_by("pk"))
    return PackSubject(scope, subject_id, f"{project.code} {project.name}", project, periods, own)


def project_to_pack(actor: Actor, code: str) -> int:
    """Return the id of a project that `actor` may see, by its code. Raises RecordNotThere."""
    found = Project.objects.visible_to(actor).filter(code=code).values_list("pk", flat=True).first()
    if found is None:
        raise RecordNotThere
    return found


def decisions_of(subject: PackSubject) -> list[str]:
    """Return how the log names the official acts of what a pack is about, in the order of the acts."""
    periods = [row.pk for row in subject.periods]
    steps = ReviewStep.objects.filter(project=subject.project)
    if subject.scope is not PackScope.PROJECT:  # What was decided on other periods belongs to their packs.
        steps = steps.filter(Q(period__isnull=True) | Q(period_id__in=periods))
    names = [f"review_step:{pk}" for pk in steps.order_by("pk").values_list("pk", flat=True)]
    names += [f"validation:{row.pk}" for row in Validation.objects.filter(project=subject.project).order_by("pk")]
    names += [f"verification:{row.pk}" for row in Verification.objects.filter(period_id__in=periods).order_by("pk")]
    issued = Issuance.objects.filter(period_id__in=periods, state="issued").order_by("pk")
    names += [f"issuance:{row.pk}" for row in issued]
    names += [f"issued_vintage:{row.pk}" for row in subject.batches]
    retired = Retirement.objects.filter(asset_id__in=subject.asset_ids, state="retired").order_by("pk")
    return names + [f"retirement:{row.number}" for row in retired]


def pack_parts(subject: PackSubject, entry_ids: list[int]) -> Iterator[Part]:
    """Give the files of a pack but for the log's, each with its content in pieces."""
    yield "project.csv", _project(subject.project)
    yield "parcels.csv", _parcels(subject.project)
    yield "papers.csv", _papers(subject.project)
    yield "decisions.csv", _decisions(subject)
    yield "periods.csv", _periods(subject.periods)
    for record in CalculationRecord.objects.filter(period__in=subject.periods).order_by("pk"):
        yield f"calculations/{record.sha256}.json", [canonical_bytes(content_of_record(record))]
    yield "issuances.csv", _issuances(subject.periods)
    yield "batches.csv", _batches(subject.batches)
    yield "retirements.csv", _retirements(subject.asset_ids)
    yield (
        "ledger/entries.jsonl",
        (json_line({"entry": row.entry_id, "text": row.text}) for row in packed_entries(entry_ids)),
    )
    yield (
        "ledger/entries.csv",
        csv_bytes(
            ["entry", "kind", "at", "key", "basis"],
            ((row.entry_id, row.kind, row.at, row.key, row.basis) for row in packed_entries(entry_ids)),
        ),
    )
    yield (
        "ledger/legs.csv",
        csv_bytes(
            ["entry", "asset", "code", "from_organisation", "from_purpose", "to_organisation", "to_purpose", "units"],
            (
                (row.entry_id, row.asset_id, row.code, row.giver_id, row.gave, row.taker_id, row.took, row.units)
                for row in packed_legs(entry_ids)
            ),
        ),
    )


def _project(row: Project) -> Iterator[bytes]:
    owner = organisations({row.owner_id})[row.owner_id]
    facts = [
        ("code", row.code),
        ("name", row.name),
        ("owner", owner.name),
        ("owner_code", owner.uscc),
        ("methodology", f"{row.methodology} {row.methodology_version}"),
        ("division", row.division_code),
        ("crediting_first", row.crediting_first),
        ("crediting_last", row.crediting_last),
        ("state", row.state),
        ("registered_at", row.registered_at),
        ("summary", row.summary),
    ]
    return csv_bytes(["field", "value"], facts)


def _parcels(row: Project) -> Iterator[bytes]:
    rows = Parcel.objects.filter(project=row).order_by("pk")
    columns = ("pk", "name", "division_code", "land_category", "tenure", "tenure_number", "area_ha", "is_live")
    return csv_bytes(
        ["parcel", "name", "division", "land_category", "tenure", "tenure_number", "area_ha", "is_live", "geometry"],
        ((*one, canonical_bytes(geometry).decode()) for *one, geometry in rows.values_list(*columns, "geometry")),
    )


def _papers(row: Project) -> Iterator[bytes]:
    rows = Document.objects.filter(project=row).order_by("pk")
    return csv_bytes(
        ["document", "kind", "name", "content_type", "size", "sha256", "at"],
        rows.values_list("pk", "kind", "name", "content_type", "size", "sha256", "at"),
    )


def _decisions(subject: PackSubject) -> Iterator[bytes]:
    wanted = set(decisions_of(subject))
    steps = ReviewStep.objects.filter(project=subject.project).order_by("pk")
    rows: list[tuple[object, ...]] = [
        (f"review_step:{one.pk}", one.verb, one.role, one.reviewer_id, one.organisation_id, one.at, one.opinion)
        for one in steps
        if f"review_step:{one.pk}" in wanted
    ]
    for report in Validation.objects.filter(project=subject.project).order_by("pk"):
        said = (report.signed_by_id, report.organisation_id, report.signed_at, report.opinion)
        rows.append((f"validation:{report.pk}", "sign", "validator", *said))
    for one in Verification.objects.filter(period__in=subject.periods).order_by("pk"):
        signed = (one.signed_by_id, one.organisation_id, one.signed_at, one.opinion)
        rows.append((f"verification:{one.pk}", "sign", "verifier", *signed))
    for issuance in Issuance.objects.filter(period__in=subject.periods, state="issued").order_by("pk"):
        two = (issuance.checker_id, None, issuance.issued_at, f"proposed by {issuance.maker_id}")
        rows.append((f"issuance:{issuance.pk}", "issue", "region_checker", *two))
    return csv_bytes(["act", "verb", "role", "person", "organisation", "at", "opinion"], rows)


def _periods(periods: tuple[MonitoringPeriod, ...]) -> Iterator[bytes]:
    verified = dict(Verification.objects.filter(period__in=periods).values_list("period_id", "verified_tonnes"))
    return csv_bytes(
        ["period", "first", "last", "state", "record", "verified_tonnes"],
        ((row.pk, row.first, row.last, row.state, row.record_id, verified.get(row.pk)) for row in periods),
    )


def _issuances(periods: tuple[MonitoringPeriod, ...]) -> Iterator[bytes]:
    rows = Issuance.objects.filter(period__in=periods).order_by("pk")
    columns = ("pk", "period_id", "state", "verified_tonnes", "buffer_tonnes", "digest", "maker_id", "checker_id")
    head = ["issuance", "period", "state", "verified_tonnes", "buffer_tonnes", "digest", "maker", "checker"]
    return csv_bytes([*head, "issued_at"], rows.values_list(*columns, "issued_at"))


def _batches(batches: tuple[IssuedVintage, ...]) -> Iterator[bytes]:
    return csv_bytes(
        ["issued_vintage", "issuance", "asset", "code", "vintage_year", "tonnes", "buffer_tonnes", "serials"],
        (
            (
                row.pk,
                row.issuance_id,
                row.asset_id,
                asset(row.asset_id).code,
                row.vintage_year,
                row.tonnes,
                row.buffer_tonnes,
                row.serial_text,
            )
            for row in batches
        ),
    )


def _retirements(asset_ids: list[int]) -> Iterator[bytes]:
    rows = Retirement.objects.filter(asset_id__in=asset_ids, state="retired").order_by("pk")
    return csv_bytes(
        ["certificate", "asset", "tonnes", "purpose", "entry", "retired_at", "serials"],
        rows.values_list("number", "asset_id", "tonnes", "purpose", "entry_id", "retired_at", "serials"),
    )
