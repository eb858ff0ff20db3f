"""The calculation of a period: asked for, run by the job, kept with everything it rests on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext_noop as _

from accounts.rules import Actor
from accounts.services import record_audit
from registry import queries
from registry.errors import CalculationRefused, RecordNotThere
from registry.models import CalculationJob, CalculationRecord, MonitoringPeriod, ObservationFile, Project
from registry.rules.calculation import EARLIER, NotCalculable, PeriodResult, calculate_period
from registry.rules.code_version import code_version
from registry.rules.methodologies import ParameterSets
from registry.rules.records import record_digest
from registry.rules.states import PERIOD_STEPS, Verb, step
from registry.services.acts import change
from registry.services.gate import locked_period

logger = logging.getLogger(__name__)
MOST_TRIES = 3  # When the inputs change while they are calculated.
PROGRESS_SECONDS = 0.3
BROKE = _("The calculation broke. The platform's operators have been told.")
STALE = _("The period has gone on in the meantime.")
JOB_LOCK, RUN_LOCK = 20260303, 20260304


@transaction.atomic
def request_calculation(*, actor: Actor, period_id: int, at: datetime) -> CalculationJob:
    """Ask for the calculation of a period; one that waits already is given back. Raises StateForbids, RoleForbids."""
    row = locked_period(actor, period_id, Verb.CALCULATE).row
    waiting = row.jobs.filter(state="queued").first()
    if waiting is not None:
        return waiting
    job = CalculationJob.objects.create(period=row, state="queued", requested_by_id=actor.user_id, at=at)
    record_audit(
        actor=actor, verb="request_calculation", subject=row.subject, before=None, after={"job": job.pk}, at=at
    )
    return job


def run_calculation(*, job_id: int, at: datetime) -> CalculationJob:
    """Carry out a calculation and return its job: done with a record, or failed with the problem.

    Long, so it is no transaction: the inputs are read, the progress is written in short transactions of its own, and
    the record in one at the end, if the inputs are still the ones in force. Whoever comes while another worker has
    the job leaves it alone; a killed worker's lock ends with its session. Raises RecordNotThere.
    """
    if not CalculationJob.objects.filter(pk=job_id).exists():
        raise RecordNotThere
    with only_runner(JOB_LOCK, job_id) as alone:
        for _try in range(MOST_TRIES if alone else 0):
            job = CalculationJob.objects.select_related("period__project").get(pk=job_id)
            if job.state != "queued" or _calculate_once(job, at):
                break
    return CalculationJob.objects.get(pk=job_id)


def _calculate_once(job: CalculationJob, at: datetime) -> bool:
    """Calculate on the inputs as they are now; return whether the job has ended with it."""
    inputs = _inputs_of(job.period)
    try:
        result = inputs.calculate(_Progress(job.pk))
    except NotCalculable as refused:
        return _fail(job, inputs, _refusal(refused), at)
    except OperationalError:
        raise  # The database was busy or went away: the row waits for the sweep.
    except Exception as error:
        # Otherwise the sweep would run it again for ever.
        logger.exception("the calculation %s broke", job.pk)
        return _fail(job, inputs, {"code": "calculation_broke", "message": BROKE, "found": {"error": repr(error)}}, at)
    return _keep(job, inputs, result, at)


@dataclass(frozen=True)
class _Inputs:
    """Everything a calculation rests on, as read at one moment."""

    project: Project
    row: MonitoringPeriod
    files: tuple[ObservationFile, ...]
    parameters: ParameterSets
    previous: Mapping[str, float] | None
    is_first: bool  # No period of the project comes before this one.

    def calculate(self, progress: _Progress) -> PeriodResult:
        has_earlier = any((one.kind, one.date_of) == ("forest_plots", EARLIER) for one in self.files)
        is_forest = self.project.methodology == "F1"
        if is_forest and not has_earlier and self.previous is None and not self.is_first:
            # Without the stock before, all that stands would count as grown in this period, and be issued again.
            raise NotCalculable("F1.expost", (("E_REQUIRED", "forest_plots.earlier"),))
        return calculate_period(
            self.project.methodology,
            queries.uploads_of(list(self.files)),
            version=self.project.methodology_version,
            parameters=self.parameters,
            design=self.project.design,
            stated=self.row.stated,
            first=self.row.first,
            last=self.row.last,
            previous=self.previous,
            progress=progress,
        )

    @property
    def key(self) -> tuple[Any, ...]:
        """What must still be the same when the result is written."""
        return (
            self.project.methodology_version,
            self.project.design,
            self.row.stated,
            [one.pk for one in self.files],
            self.parameters.versions,
            self.previous,
            self.is_first,
        )


def _inputs_of(period: MonitoringPeriod) -> _Inputs:
    row = MonitoringPeriod.objects.select_related("project").get(pk=period.pk)
    return _Inputs(
        row.project,
        row,
        tuple(queries.latest_files(row)),
        queries.parameter_sets(),
        queries.previous_stock(row),
        queries.period_before(row) is None,
    )


class _Progress:
    """Writes how far a calculation is, a few times a second, each in a transaction of its own that the page sees."""

    def __init__(self, job_id: int) -> None:
        self.job_id, self.written_at = job_id, 0.0

    def __call__(self, done: int, total: int) -> None:
        if done < total and monotonic() - self.written_at < PROGRESS_SECONDS:
            return
        self.written_at = monotonic()
        CalculationJob.objects.filter(pk=self.job_id, state="queued").update(done=done, total=total)


def _refusal(refused: NotCalculable) -> dict[str, Any]:
    problems = [{"code": code, "field": path} for code, path in refused.problems]
    told = "; ".join(f"{refused.operation}: {one['code']} {one['field']}" for one in problems)
    return {
        "code": CalculationRefused.code,
        "message": CalculationRefused.message,
        "found": {"problems": told, "operation": refused.operation, "details": problems},
    }


def _locked(job: CalculationJob) -> tuple[CalculationJob, MonitoringPeriod]:
    """Lock project, period and job, in the order of every step on a period."""
    project = Project.objects.select_for_update().get(pk=job.period.project_id)
    row = MonitoringPeriod.objects.select_for_update().get(pk=job.period_id)
    row.project = project
    return CalculationJob.objects.select_for_update().get(pk=job.pk), row


@transaction.atomic
def _fail(job: CalculationJob, inputs: _Inputs, problem: dict[str, Any], at: datetime) -> bool:
    held, row = _locked(job)
    if held.state != "queued":
        return True
    if _inputs_of(row).key != inputs.key:
        return False
    _end(held, "failed", at, problem)
    return True


@transaction.atomic
def _keep(job: CalculationJob, inputs: _Inputs, result: PeriodResult, at: datetime) -> bool:
    held, row = _locked(job)
    if held.state != "queued":
        return True
    if _inputs_of(row).key != inputs.key:
        return False  # An upload came in between: what was calculated is not what the period says now.
    taken = step(PERIOD_STEPS, row.state, Verb.CALCULATE)
    if taken is None:  # Submitted or rejected meanwhile on an earlier record.
        _end(held, "failed", at, {"code": "state_forbids", "message": STALE, "found": {"state": row.state}})
        return True
    content = {
        "methodology": inputs.project.methodology,
        "methodology_version": inputs.project.methodology_version,
        "parameter_versions": dict(result.parameter_versions),
        "files": [
            {"file": one.pk, "kind": one.kind, "date_of": one.date_of, "sha256": one.document.sha256}
            for one in inputs.files
        ],
        "stated": row.stated,
        "design": inputs.project.design,
        "previous": inputs.previous,
        "parts": [vars(part) for part in result.parts],
        "provisional": [list(one) for one in result.provisional],
        "credits": result.credits,
        "net_tco2e": result.net_tco2e,
        "stock_part_tco2e": result.stock_part_tco2e,
        "uncertainty": result.uncertainty,
        "code_version": code_version(),
    }
    record = CalculationRecord.objects.create(period=row, sha256=record_digest(content), at=at, **content)
    change(None, row, "calculate", at, state=taken.to, record_id=record.pk)
    _end(held, "done", at, None)
    return True


def _end(job: CalculationJob, state: str, at: datetime, problem: dict[str, Any] | None) -> None:
    job.state, job.finished_at, job.problem = state, at, problem
    if state == "done":
        job.done = job.total = max(job.total, 1)
    job.save(update_fields=["state", "finished_at", "problem", "done", "total"])


@contextmanager
def only_runner(kind: int, number: int) -> Iterator[bool]:
    """Say whether nobody else runs this job now; the lock ends with the session of a killed worker."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [kind, number])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [kind, number])
