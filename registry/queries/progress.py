from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from accounts.rules import Actor
from registry.models import Document, Finding, IssuedVintage, MonitoringPeriod, Project, PublicComment
from registry.queries.cases import levels
from registry.queries.land import parcels_of
from registry.queries.monitoring import latest_files, latest_job


@dataclass(frozen=True)
class PeriodProgress:
    """How far a monitoring period has come."""

    id: int
    state: str
    files: frozenset[tuple[str, str]]  # (kind of workbook, date it speaks of)
    is_calculating: bool
    notice_until: date | None
    verifier_id: int | None
    open_comments: int
    unanswered_findings: int
    answered_findings: int  # Answered and not yet closed.
    issuance_id: int | None
    is_entered: bool  # The issuance stands in the ecology department's records.


@dataclass(frozen=True)
class CaseProgress:
    """How far a case has come, from the land to its batches: what the next step rests on."""

    id: int
    code: str
    name: str
    methodology: str
    state: str
    owner_id: int
    validator_id: int | None
    division_code: str
    level: int
    level_roles: tuple[str, ...]
    areas_ha: dict[str, float]  # By parcel.
    has_method: bool  # Crediting period and validator are named.
    papers: frozenset[str]
    notice_until: date | None
    open_comments: int
    is_proposed: bool
    is_decided: bool
    contributors: frozenset[int]
    period: PeriodProgress | None  # The newest that was not rejected.
    asset_ids: tuple[int, ...]


def progress_of(actor: Actor, project_id: int, *, at: datetime) -> CaseProgress | None:
    """Return how far a case has come, None where there is none that the actor may see."""
    row = Project.objects.visible_to(actor).filter(pk=project_id).first()
    return None if row is None else _case(row, at)


def newest_project_id(actor: Actor) -> int:
    """Return the id of the newest case the actor may see, 0 where there is none."""
    return Project.objects.visible_to(actor).order_by("-pk").values_list("pk", flat=True).first() or 0


def first_project_after(actor: Actor, project_id: int) -> int | None:
    """Return the id of the first case that was begun after another."""
    rows = Project.objects.visible_to(actor).filter(pk__gt=project_id).order_by("pk")
    return rows.values_list("pk", flat=True).first()


def _case(row: Project, at: datetime) -> CaseProgress:
    period = MonitoringPeriod.objects.filter(project=row).exclude(state="rejected").order_by("-pk").first()
    return CaseProgress(
        id=row.pk,
        code=row.code,
        name=row.name,
        methodology=row.methodology,
        state=row.state,
        owner_id=row.owner_id,
        validator_id=row.validator_id,
        division_code=row.division_code,
        level=row.level,
        level_roles=tuple(levels(row.scheme, at)),
        areas_ha={parcel.name: float(parcel.area_ha) for parcel in parcels_of(row)},
        has_method=row.crediting_first is not None and row.validator_id is not None,
        papers=frozenset(Document.objects.filter(project=row).values_list("kind", flat=True)),
        notice_until=row.notice_until,
        open_comments=PublicComment.objects.open().filter(project=row, period=None).count(),
        is_proposed=row.proposed_by_id is not None,
        is_decided=row.decided_by_id is not None,
        contributors=frozenset(row.contributions.values_list("user_id", flat=True)),
        period=_period(period) if period else None,
        asset_ids=tuple(
            IssuedVintage.objects.filter(issuance__project=row)
            .order_by("-vintage_year", "pk")
            .values_list("asset_id", flat=True)
        ),
    )


def _period(row: MonitoringPeriod) -> PeriodProgress:
    issuance = getattr(row, "issuance", None)
    job = latest_job(row)
    findings = list(Finding.objects.filter(period=row, closed_at=None).values_list("answer", flat=True))
    return PeriodProgress(
        id=row.pk,
        state=row.state,
        files=frozenset((one.kind, one.date_of) for one in latest_files(row)),
        is_calculating=job is not None and job.state == "queued",
        notice_until=row.notice_until,
        verifier_id=row.verifier_id,
        open_comments=PublicComment.objects.open().filter(period=row).count(),
        unanswered_findings=sum(not answer for answer in findings),
        answered_findings=sum(bool(answer) for answer in findings),
        issuance_id=issuance.pk if issuance else None,
        is_entered=bool(issuance and issuance.entered_at),
    )
