"""Monitoring periods, calculations, checks, findings and verifications, as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from accounts.queries import user_name
from accounts.rules import Actor
from registry import queries
from registry.api.shown.parties import PartyShown, party_shown, shown_time
from registry.models import (
    CalculationJob,
    CalculationRecord,
    Finding,
    MonitoringPeriod,
    ObservationFile,
    Verification,
    VerificationRun,
)
from registry.rules.states import PERIOD_STEPS, open_verbs
from rulebook.rules import beijing


class PeriodShown(BaseModel):
    """A monitoring period. `credits`: what the newest calculation gives; `verbs`: the steps open to the caller."""

    id: int
    project: int
    project_code: str
    first: date
    last: date
    stated: dict[str, float]
    state: str
    round: int
    validator: PartyShown | None
    verifier: PartyShown | None
    record: int | None
    credits: int | None
    due_on: date | None
    due_provisional: bool
    notice_from: date | None
    notice_until: date | None
    version: int
    verbs: list[str]


def period_shown(row: MonitoringPeriod, actor: Actor) -> PeriodShown:
    """Return a monitoring period as the actor sees it."""
    return PeriodShown(
        id=row.pk,
        project=row.project_id,
        project_code=row.project.code,
        first=row.first,
        last=row.last,
        stated=row.stated,
        state=row.state,
        round=row.round,
        validator=party_shown(row.validator_id),
        verifier=party_shown(row.verifier_id),
        record=row.record_id,
        credits=row.record.credits if row.record else None,
        due_on=row.due_on,
        due_provisional=row.due_provisional,
        notice_from=row.notice_from,
        notice_until=row.notice_until,
        version=row.version,
        verbs=[verb.value for verb in open_verbs(PERIOD_STEPS, row.state, actor.roles)],
    )


class ObservationShown(BaseModel):
    """A workbook as it was read: how many rows each of its sheets has."""

    id: int
    period: int
    kind: str
    date_of: str
    document: int
    name: str
    sha256: str
    rows: dict[str, int]
    at: datetime


def observation_shown(row: ObservationFile) -> ObservationShown:
    """Return an uploaded workbook."""
    upload = queries.uploads_of([row])[row.kind, row.date_of]
    return ObservationShown(
        id=row.pk,
        period=row.period_id,
        kind=row.kind,
        date_of=row.date_of,
        document=row.document_id,
        name=row.document.name,
        sha256=row.document.sha256,
        rows={sheet: len(rows) for sheet, rows in upload.sheets.items()},
        at=beijing(row.at),
    )


class CalculationShown(BaseModel):
    """A calculation asked for: `done` of `total` steps; when it failed, `problem` says why."""

    id: int
    period: int
    state: str
    done: int
    total: int
    problem: dict[str, Any] | None
    at: datetime
    finished_at: datetime | None


def calculation_shown(row: CalculationJob) -> CalculationShown:
    """Return a calculation asked for."""
    return CalculationShown(
        id=row.pk,
        period=row.period_id,
        state=row.state,
        done=row.done,
        total=row.total,
        problem=row.problem,
        at=beijing(row.at),
        finished_at=shown_time(row.finished_at),
    )


class RecordShown(BaseModel):
    """A calculation with everything it rests on and everything it said, so that it can be recalculated."""

    id: int
    period: int
    methodology: str
    methodology_version: str
    parameter_versions: dict[str, str]
    files: list[dict[str, Any]]
    stated: dict[str, float]
    design: dict[str, Any]
    previous: dict[str, float] | None
    parts: list[dict[str, Any]]
    provisional: list[list[str]]
    credits: int
    net_tco2e: float
    stock_part_tco2e: float | None
    uncertainty: float | None
    code_version: str
    sha256: str
    at: datetime


def record_shown(row: CalculationRecord) -> RecordShown:
    """Return a calculation's record."""
    return RecordShown(
        id=row.pk,
        period=row.period_id,
        methodology=row.methodology,
        methodology_version=row.methodology_version,
        parameter_versions=row.parameter_versions,
        files=row.files,
        stated=row.stated,
        design=row.design,
        previous=row.previous,
        parts=row.parts,
        provisional=row.provisional,
        credits=row.credits,
        net_tco2e=row.net_tco2e,
        stock_part_tco2e=row.stock_part_tco2e,
        uncertainty=row.uncertainty,
        code_version=row.code_version,
        sha256=row.sha256,
        at=beijing(row.at),
    )


class CheckShown(BaseModel):
    """The answer of one numbered check, with what was looked at."""

    code: str
    title: str
    outcome: str
    evidence: dict[str, Any]


class RunShown(BaseModel):
    """One run of the automatic verification."""

    id: int
    cause: str
    state: str
    has_failed: bool
    at: datetime
    finished_at: datetime | None
    results: list[CheckShown]


def run_shown(row: VerificationRun) -> RunShown:
    """Return a run with the answers of its checks."""
    return RunShown(
        id=row.pk,
        cause=row.cause,
        state=row.state,
        has_failed=row.has_failed,
        at=beijing(row.at),
        finished_at=shown_time(row.finished_at),
        results=[
            CheckShown(code=one.code, title=one.title, outcome=one.outcome, evidence=one.evidence)
            for one in row.results.order_by("code")
        ],
    )


class FindingShown(BaseModel):
    """Something the verifier wants answered. `check`: the check whose question it was."""

    id: int
    period: int
    number: int
    check: str
    text: str
    answer: str
    is_closed: bool
    opened_at: datetime
    closed_at: datetime | None


def finding_shown(row: Finding) -> FindingShown:
    """Return a finding."""
    return FindingShown(
        id=row.pk,
        period=row.period_id,
        number=row.number,
        check=row.check_code,
        text=row.text,
        answer=row.answer,
        is_closed=row.closed_at is not None,
        opened_at=beijing(row.opened_at),
        closed_at=shown_time(row.closed_at),
    )


class VerificationShown(BaseModel):
    """A signed verification report: the confirmed tonnes of a period."""

    id: int
    period: int
    record: int
    organisation: PartyShown | None
    verified_tonnes: int
    opinion: str
    document: int | None
    signed_by: str
    signed_at: datetime


def verification_shown(row: Verification) -> VerificationShown:
    """Return a verification."""
    return VerificationShown(
        id=row.pk,
        period=row.period_id,
        record=row.record_id,
        organisation=party_shown(row.organisation_id),
        verified_tonnes=row.verified_tonnes,
        opinion=row.opinion,
        document=row.document_id,
        signed_by=user_name(row.signed_by_id),
        signed_at=beijing(row.signed_at),
    )
