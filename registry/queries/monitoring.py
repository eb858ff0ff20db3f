from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet, Sum

from accounts.rules import Actor
from registry.errors import RecordNotThere
from registry.models import (
    CalculationJob,
    CalculationRecord,
    Finding,
    Issuance,
    LandComparison,
    MonitoringPeriod,
    ObservationFile,
    ParameterVersion,
    Project,
    Verification,
    VerificationRun,
)
from registry.queries.documents import path_of
from registry.queries.growth import IssuedBefore, issued_on_land_of
from registry.queries.land import live_neighbours, parcels_of
from registry.rules.calculation import LATER, NotCalculable, PeriodResult, calculate_period, stock_per_ha, years_between
from registry.rules.checks import Case, PlausibleRange
from registry.rules.methodologies import ParameterSet, ParameterSets, shipped
from registry.rules.parcels import overlap_ha
from registry.rules.states import PeriodState
from registry.rules.uploads import Upload
from rulebook.queries import business_date, rule


def periods_visible_to(actor: Actor, *, state: str = "", project_id: int | None = None) -> QuerySet[MonitoringPeriod]:
    """Return the monitoring periods an actor may see, newest first, those in a state or of a case if asked."""
    rows = MonitoringPeriod.objects.visible_to(actor).select_related("project", "record").order_by("-pk")
    rows = rows.defer("record__parts")  # The whole calculation, megabytes of it.
    if state:
        rows = rows.filter(state=state)
    return rows if project_id is None else rows.filter(project_id=project_id)


def period(actor: Actor, period_id: int) -> MonitoringPeriod:
    """Return a monitoring period the actor may see. Raises RecordNotThere."""
    row = MonitoringPeriod.objects.visible_to(actor).select_related("project", "record").filter(pk=period_id).first()
    if row is None:
        raise RecordNotThere
    return row


def issuance(actor: Actor, issuance_id: int) -> Issuance:
    """Return an issuance the actor may see. Raises RecordNotThere."""
    row = Issuance.objects.visible_to(actor).select_related("project", "period").filter(pk=issuance_id).first()
    if row is None:
        raise RecordNotThere
    return row


def public_periods_of(row: Project) -> QuerySet[MonitoringPeriod]:
    """Return the monitoring reports of a project that have been published, newest first."""
    published = [PeriodState.NOTICE, PeriodState.REVIEW, PeriodState.ISSUED]
    return row.periods.filter(state__in=published).select_related("record").defer("record__parts").order_by("-pk")


def issuances_visible_to(actor: Actor) -> QuerySet[Issuance]:
    """Return the issuances an actor may see, newest first."""
    return Issuance.objects.visible_to(actor).select_related("project").order_by("-pk")


def public_issuances_of(row: Project) -> QuerySet[Issuance]:
    """Return what was issued to a project, oldest first."""
    return row.issuances.filter(state="issued").order_by("pk")


def verifications_visible_to(actor: Actor) -> QuerySet[Verification]:
    """Return the signed verifications of the periods an actor may see, newest first."""
    periods = MonitoringPeriod.objects.visible_to(actor).values("pk")
    return Verification.objects.filter(period__in=periods).order_by("-pk")


def verification(actor: Actor, verification_id: int) -> Verification:
    """Return a signed verification the actor may see. Raises RecordNotThere."""
    row = verifications_visible_to(actor).filter(pk=verification_id).first()
    if row is None:
        raise RecordNotThere
    return row


def verification_of(row: MonitoringPeriod) -> Verification:
    """Return the signed verification of a period. Raises RecordNotThere before there is one."""
    found = Verification.objects.filter(period=row).first()
    if found is None:
        raise RecordNotThere
    return found


def record_of(row: MonitoringPeriod) -> CalculationRecord:
    """Return the calculation that a period's report rests on. Raises RecordNotThere before there is one."""
    if row.record is None:
        raise RecordNotThere
    return row.record


def jobs_of(row: MonitoringPeriod) -> QuerySet[CalculationJob]:
    """Return the calculations asked for, newest first."""
    return row.jobs.order_by("-pk")


def job(row: MonitoringPeriod, job_id: int) -> CalculationJob:
    """Return one calculation of a period. Raises RecordNotThere."""
    found = row.jobs.filter(pk=job_id).first()
    if found is None:
        raise RecordNotThere
    return found


def runs_of(row: MonitoringPeriod) -> QuerySet[VerificationRun]:
    """Return the runs of the checks, newest first."""
    return row.runs.order_by("-pk")


def findings_of(row: MonitoringPeriod) -> QuerySet[Finding]:
    """Return the findings of a period in their order."""
    return row.findings.order_by("pk")


def bases_of_parameters() -> dict[tuple[str, str], str]:
    """Return on what basis each version of a parameter set was made here, by set and version."""
    return {(one.set_id, one.version): one.basis for one in ParameterVersion.objects.defer("document")}


def latest_files(row: MonitoringPeriod) -> list[ObservationFile]:
    """Return the newest workbook of each kind and date."""
    files = ObservationFile.objects.filter(period=row).select_related("document").order_by("pk")
    return list({(one.kind, one.date_of): one for one in files}.values())


def uploads_of(files: list[ObservationFile]) -> dict[tuple[str, str], Upload]:
    """Return what the workbooks hold, as the calculation takes it."""
    return {(one.kind, one.date_of): Upload.from_json(one.parsed) for one in files}


def latest_job(row: MonitoringPeriod) -> CalculationJob | None:
    """Return the newest calculation asked for."""
    return row.jobs.order_by("-pk").first()


def latest_run(row: MonitoringPeriod) -> VerificationRun | None:
    """Return the newest run of the checks."""
    return row.runs.order_by("-pk").first()


def queued_jobs() -> list[int]:
    """Return the calculations that wait, oldest first."""
    return list(CalculationJob.objects.filter(state="queued").order_by("pk").values_list("pk", flat=True)[:50])


def queued_runs() -> list[int]:
    """Return the automatic verifications that wait, oldest first."""
    return list(VerificationRun.objects.filter(state="queued").order_by("pk").values_list("pk", flat=True)[:50])


def parameter_sets() -> ParameterSets:
    """Return every published version, with the newest of each set in use."""
    sets = shipped()
    for row in ParameterVersion.objects.order_by("number"):
        sets = sets.adding({row.set_id: ParameterSet(row.set_id, row.version, row.document)})
    return sets


def period_before(row: MonitoringPeriod) -> MonitoringPeriod | None:
    """Return the period of the same project that ended last before this one, rejected ones left out."""
    rows = MonitoringPeriod.objects.filter(project_id=row.project_id, last__lt=row.first)
    return rows.exclude(state=PeriodState.REJECTED).select_related("record").order_by("-last").first()


def previous_stock(row: MonitoringPeriod) -> dict[str, float] | None:
    """Return the undiscounted stock at the end of the period before, None where it is not verified or not known."""
    before = period_before(row)
    if before is None or before.record is None or before.state not in (PeriodState.REVIEW, PeriodState.ISSUED):
        return None
    stock: dict[str, float] | None = before.record.parts[-1]["answer"]["outputs"].get("stock_t2")
    return stock


def recalculated(record: CalculationRecord) -> PeriodResult:
    """Return the result of the stored inputs on the stored versions. Raises NotCalculable."""
    files = ObservationFile.objects.filter(pk__in=[one["file"] for one in record.files])
    return calculate_period(
        record.methodology,
        uploads_of(list(files)),
        version=record.methodology_version,
        parameters=parameter_sets().choosing(record.parameter_versions),
        design=record.design,
        stated=record.stated,
        first=record.period.first,
        last=record.period.last,
        previous=record.previous,
    )


def case_to_check(row: MonitoringPeriod, *, is_demonstration: bool, at: datetime) -> Case:
    """Return what the numbered checks look at."""
    project, record = row.project, row.record
    assert record is not None
    assert project.crediting_first is not None
    assert project.crediting_last is not None
    files = list(
        ObservationFile.objects.filter(pk__in=[one["file"] for one in record.files]).select_related("document")
    )
    uploads = uploads_of(files)
    try:
        again: PeriodResult | None = recalculated(record)
    except NotCalculable:
        again = None
    tolerance_ha = float(rule("land.overlap_tolerance_ha", at=at, scheme=project.scheme).value)
    issued = issued_on_land_of(row, tolerance_ha)
    ranges: Mapping[str, Any] = rule("verification.plausible_tco2e_ha_yr", at=at, scheme=project.scheme).value
    least, most = ranges[record.methodology]
    return Case(
        missing=[] if files else ["files"],
        hashes=[(one.document.name, one.document.sha256, _hash_now(one.document.sha256)) for one in files],
        stored_credits=record.credits,
        stored_net=record.net_tco2e,
        recalculated_credits=again.credits if again else None,
        recalculated_net=again.net_tco2e if again else None,
        first=row.first,
        last=row.last,
        crediting_first=project.crediting_first,
        crediting_last=project.crediting_last,
        today=business_date(at),
        other_periods=list(
            MonitoringPeriod.objects.filter(project=project)
            .exclude(pk=row.pk)
            .exclude(state="rejected")
            .values_list("first", "last")
        ),
        repeated_plots=_repeated_plots(uploads),
        repeated_files=_repeated_files(row, files),
        area_ha=float(parcels_of(project).aggregate(total=Sum("area_ha"))["total"] or 0),
        measured_ha=_measured_ha(uploads),
        years=years_between(row.first, row.last),
        plausible=PlausibleRange(float(least), float(most)),
        uncertainty=record.uncertainty,
        most_uncertainty=float(rule("verification.most_uncertainty", at=at, scheme=project.scheme).value),
        provisional=[f"{set_id} {version} {key}" for set_id, version, key in record.provisional],
        demonstration=_demonstration_sets(record),
        is_demonstration=is_demonstration,
        land_claims=[*_land_claims(row), *_issued_days(row, issued)],
        validator_id=row.validator_id,
        verifier_id=row.verifier_id,
        joints=[*_joints(row, record), *_joints_of_land(row, record, issued, is_same_land=True)],
        loose_joints=_joints_of_land(row, record, issued, is_same_land=False),
    )


def _issued_days(row: MonitoringPeriod, issued: list[IssuedBefore]) -> list[str]:
    """Return the issuances of other projects for days of this period on its land."""
    return [
        f"{one.period.project.code} {one.period.first}–{one.period.last}"
        for one in issued
        if one.period.first <= row.last and row.first <= one.period.last
    ]


def _joints_of_land(
    row: MonitoringPeriod, record: CalculationRecord, issued: list[IssuedBefore], *, is_same_land: bool
) -> list[tuple[date, float, float]]:
    """Return where a period meets those that were issued beside it on its land, whoever's project it was then."""
    beside = [
        one.period
        for one in issued
        if one.is_same_land is is_same_land and one.period.project.methodology == row.project.methodology
    ]
    before = [one for one in beside if one.last < row.first]
    after = [one for one in beside if one.first > row.last]
    return [
        joint
        for other in (
            max(before, key=lambda one: one.last, default=None),
            min(after, key=lambda one: one.first, default=None),
        )
        if other is not None and (joint := _joint(row, record, other)) is not None
    ]


def _joints(row: MonitoringPeriod, record: CalculationRecord) -> list[tuple[date, float, float]]:
    """Return where a period meets those beside it: the day, the stock per hectare then ended with and begun with."""
    others = MonitoringPeriod.objects.filter(project_id=row.project_id, record__isnull=False)
    others = others.exclude(state=PeriodState.REJECTED).select_related("record")
    beside = (
        others.filter(last__lt=row.first).order_by("-last").first(),
        others.filter(first__gt=row.last).order_by("first").first(),
    )
    return [joint for other in beside if other is not None and (joint := _joint(row, record, other)) is not None]


def _joint(
    row: MonitoringPeriod, record: CalculationRecord, beside: MonitoringPeriod
) -> tuple[date, float, float] | None:
    """Return where two periods meet, None where either rests on no stock."""
    own = stock_per_ha(record.parts[-1])
    stock = stock_per_ha(beside.record.parts[-1]) if beside.record else None
    if own is None or stock is None:
        return None
    return (row.first, stock[1], own[0]) if beside.last < row.first else (beside.first, own[1], stock[0])


def _hash_now(sha256: str) -> str:
    path = path_of(sha256)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _repeated_plots(uploads: Mapping[tuple[str, str], Upload]) -> list[str]:
    """Return plots whose trees are those of another plot of the same date, to the last figure."""
    found = []
    for upload in uploads.values():
        standing: dict[str, list[tuple[Any, ...]]] = {}
        for tree in upload.sheets.get("trees", ()):
            standing.setdefault(tree.plot, []).append((tree.species, tree.dbh_cm, tree.height_m, tree.count))
        seen: dict[tuple[Any, ...], str] = {}
        for plot, trees in standing.items():
            key = tuple(sorted(trees, key=repr))
            if len(key) > 1 and key in seen:
                found.append(f"{seen[key]} = {plot}")
            seen.setdefault(key, plot)
    return found


def _repeated_files(row: MonitoringPeriod, files: list[ObservationFile]) -> list[str]:
    hashes = {one.document.sha256: one.document.name for one in files}
    others = ObservationFile.objects.filter(document__sha256__in=hashes).exclude(period__project=row.project)
    return sorted({hashes[one.document.sha256] for one in others.select_related("document")})


def _measured_ha(uploads: Mapping[tuple[str, str], Upload]) -> float | None:
    later = [upload for (_, date_of), upload in uploads.items() if date_of == LATER]
    rows = [one for upload in later for one in upload.sheets.get("strata", ()) if not getattr(one, "is_control", False)]
    return sum(one.area_ha for one in rows) if rows else None


def _demonstration_sets(record: CalculationRecord) -> list[str]:
    """Return the versions in the record's chain that were confirmed for a demonstration only.

    A version carries the confirmations of those before it, so an earlier one counts too.
    """
    found = []
    rows = list(ParameterVersion.objects.filter(basis="demonstration"))
    numbers = {(one.set_id, one.version): one.number for one in ParameterVersion.objects.all()}
    for set_id, version in record.parameter_versions.items():
        used = numbers.get((set_id, version))
        if used is not None and any(one.set_id == set_id and one.number <= used for one in rows):
            found.append(f"{set_id} {version}")
    return found


def _land_claims(row: MonitoringPeriod) -> list[str]:
    """Return live projects that share land with this one beyond what was compared at registration."""
    found = set()
    for parcel in parcels_of(row.project):
        for other in live_neighbours(parcel.geometry, row.project_id):
            pair = sorted((parcel.pk, other.pk))
            compared = LandComparison.objects.filter(first_id=pair[0], second_id=pair[1]).first()
            if compared is None and overlap_ha(parcel.geometry, other.geometry) > 0:
                found.add(other.project.code)
    return sorted(found)
