"""Monitoring periods: observations, calculations, the report, its checks, findings and verification."""

from __future__ import annotations

from collections.abc import Callable

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import repeatable
from registry import queries, services, tasks
from registry.api import bodies, shown
from registry.api.uploads import PARSERS, as_forms, upload_of
from registry.models import MonitoringPeriod


def _shown_to(endpoint: Endpoint) -> Callable[[MonitoringPeriod], shown.PeriodShown]:
    return lambda row: shown.period_shown(row, endpoint.actor)


def _wake_checks(endpoint: Endpoint, row: MonitoringPeriod) -> None:
    run = queries.latest_run(row)
    if run is not None and run.state == "queued":
        endpoint.after_commit(lambda: tasks.wake_verification(run.pk))


class Periods(Endpoint):
    """The monitoring periods of the cases that the caller may see, newest first."""

    @described(page_of(shown.PeriodShown), filters=bodies.PeriodFilters)
    def get(self, request: Request) -> Response:
        wanted = self.filters(bodies.PeriodFilters)
        rows = queries.periods_visible_to(self.actor, state=wanted.state or "", project_id=wanted.project)
        return self.page(rows, _shown_to(self))


class PeriodsOfProject(Endpoint):
    """The monitoring periods of a case, newest first; POST begins one."""

    @described(page_of(shown.PeriodShown))
    def get(self, request: Request, project_id: int) -> Response:
        row = queries.project(self.actor, project_id)
        return self.page(queries.periods_visible_to(self.actor, project_id=row.pk), _shown_to(self))

    @described(shown.PeriodShown, body=bodies.PeriodBody, status=201)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        body = self.body(bodies.PeriodBody)
        row = services.create_period(
            actor=self.actor, project_id=project_id, first=body.first, last=body.last, at=self.at
        )
        return self.answer(_shown_to(self)(row), status=201, location=f"/api/v1/monitoring-periods/{row.pk}/")


class OnePeriod(Endpoint):
    """One monitoring period; PATCH states the totals beside the workbooks."""

    @described(shown.PeriodShown)
    def get(self, request: Request, period_id: int) -> Response:
        return self.answer(_shown_to(self)(queries.period(self.actor, period_id)))

    @described(shown.PeriodShown, body=bodies.StatedBody)
    @repeatable
    def patch(self, request: Request, period_id: int) -> Response:
        stated = self.body(bodies.StatedBody).stated
        row = services.edit_period(actor=self.actor, period_id=period_id, stated=stated, at=self.at)
        return self.answer(_shown_to(self)(row))


class Observations(Endpoint):
    """The workbooks that count: the newest of each kind and date; POST uploads one (.xlsx), every cell checked."""

    parser_classes = PARSERS

    @described(page_of(shown.ObservationShown))
    def get(self, request: Request, period_id: int) -> Response:
        files = queries.latest_files(queries.period(self.actor, period_id))
        return self.list_page(files, shown.observation_shown, key=lambda one: one.pk)

    @described(shown.ObservationShown, body=as_forms(bodies.ObservationBody), status=201)
    @repeatable
    def post(self, request: Request, period_id: int) -> Response:
        body = upload_of(self, bodies.ObservationBody)
        row = services.upload_observations(
            actor=self.actor,
            period_id=period_id,
            kind=body.kind,
            date_of=body.date_of,
            name=body.name,
            content=body.content,
            at=self.at,
        )
        return self.answer(shown.observation_shown(row), status=201)


class Calculations(Endpoint):
    """The calculations asked for, newest first; POST asks for one, which a job carries out."""

    @described(page_of(shown.CalculationShown))
    def get(self, request: Request, period_id: int) -> Response:
        row = queries.period(self.actor, period_id)
        return self.page(queries.jobs_of(row), shown.calculation_shown)

    @described(shown.CalculationShown, status=202)
    @repeatable
    def post(self, request: Request, period_id: int) -> Response:
        job = services.request_calculation(actor=self.actor, period_id=period_id, at=self.at)
        self.after_commit(lambda: tasks.wake_calculation(job.pk))
        location = f"/api/v1/monitoring-periods/{period_id}/calculations/{job.pk}/"
        return self.answer(shown.calculation_shown(job), status=202, location=location)


class OneCalculation(Endpoint):
    """One calculation with its progress."""

    @described(shown.CalculationShown)
    def get(self, request: Request, period_id: int, job_id: int) -> Response:
        row = queries.period(self.actor, period_id)
        return self.answer(shown.calculation_shown(queries.job(row, job_id)))


class Record(Endpoint):
    """The calculation that the report rests on: every input, every intermediate figure, every version."""

    @described(shown.RecordShown)
    def get(self, request: Request, period_id: int) -> Response:
        return self.answer(shown.record_shown(queries.record_of(queries.period(self.actor, period_id))))


class SubmitPeriod(Endpoint):
    """Hand a calculated period in; the automatic verification runs at once."""

    @described(shown.PeriodShown, body=bodies.SubmissionBody)
    @repeatable
    def post(self, request: Request, period_id: int) -> Response:
        verifier_id = self.body(bodies.SubmissionBody).verifier_id
        row = services.submit_period(actor=self.actor, period_id=period_id, verifier_id=verifier_id, at=self.at)
        _wake_checks(self, row)
        return self.answer(_shown_to(self)(row))


class PublishPeriod(Endpoint):
    """Open the public notice of a monitoring report whose checks did not fail."""

    @described(shown.PeriodShown)
    @repeatable
    def post(self, request: Request, period_id: int) -> Response:
        return self.answer(_shown_to(self)(services.publish_period(actor=self.actor, period_id=period_id, at=self.at)))


class ReturnPeriod(Endpoint):
    """Return a monitoring report to its owner."""

    @described(shown.PeriodShown, body=bodies.OpinionBody)
    @repeatable
    def post(self, request: Request, period_id: int) -> Response:
        opinion = self.body(bodies.OpinionBody).opinion
        row = services.return_period(actor=self.actor, period_id=period_id, opinion=opinion, at=self.at)
        return self.answer(_shown_to(self)(row))


class RejectPeriod(Endpoint):
    """Reject a monitoring report, for good."""

    @described(shown.PeriodShown, body=bodies.OpinionBody)
    @repeatable
    def post(self, request: Request, period_id: int) -> Response:
        opinion = self.body(bodies.OpinionBody).opinion
        row = services.reject_period(actor=self.actor, period_id=period_id, opinion=opinion, at=self.at)
        return self.answer(_shown_to(self)(row))


class Checks(Endpoint):
    """The runs of the automatic verification, newest first, each check with its evidence."""

    @described(page_of(shown.RunShown))
    def get(self, request: Request, period_id: int) -> Response:
        return self.page(queries.runs_of(queries.period(self.actor, period_id)), shown.run_shown)


class Findings(Endpoint):
    """The findings of a period, in their order; POST raises one."""

    @described(page_of(shown.FindingShown))
    def get(self, request: Request, period_id: int) -> Response:
        row = queries.period(self.actor, period_id)
        return self.page(queries.findings_of(row), shown.finding_shown, ordering="pk")

    @described(shown.FindingShown, body=bodies.FindingBody, status=201)
    @repeatable
    def post(self, request: Request, period_id: int) -> Response:
        text = self.body(bodies.FindingBody).text
        row = services.raise_finding(actor=self.actor, period_id=period_id, text=text, at=self.at)
        return self.answer(shown.finding_shown(row), status=201)


class AnswerFinding(Endpoint):
    """The owner's answer to a finding."""

    @described(shown.FindingShown, body=bodies.AnswerBody)
    @repeatable
    def post(self, request: Request, finding_id: int) -> Response:
        answer = self.body(bodies.AnswerBody).answer
        row = services.answer_finding(actor=self.actor, finding_id=finding_id, answer=answer, at=self.at)
        return self.answer(shown.finding_shown(row))


class CloseFinding(Endpoint):
    """The verifier closes a finding."""

    @described(shown.FindingShown)
    @repeatable
    def post(self, request: Request, finding_id: int) -> Response:
        row = services.close_finding(actor=self.actor, finding_id=finding_id, at=self.at)
        return self.answer(shown.finding_shown(row))


class SignVerification(Endpoint):
    """The signed verification of a period; POST signs it, for good, after the notice with everything closed."""

    @described(shown.VerificationShown)
    def get(self, request: Request, period_id: int) -> Response:
        row = queries.period(self.actor, period_id)
        return self.answer(shown.verification_shown(queries.verification_of(row)))

    @described(shown.VerificationShown, body=bodies.SignatureBody, status=201)
    @repeatable
    def post(self, request: Request, period_id: int) -> Response:
        body = self.body(bodies.SignatureBody)
        row = services.sign_verification(
            actor=self.actor, period_id=period_id, opinion=body.opinion, document_id=body.document_id, at=self.at
        )
        _wake_checks(self, row.period)
        return self.answer(shown.verification_shown(row), status=201, location=f"/api/v1/verifications/{row.pk}/")


class Verifications(Endpoint):
    """The signed verifications of the cases that the caller may see, newest first."""

    @described(page_of(shown.VerificationShown))
    def get(self, request: Request) -> Response:
        return self.page(queries.verifications_visible_to(self.actor), shown.verification_shown)


class OneVerification(Endpoint):
    """One signed verification."""

    @described(shown.VerificationShown)
    def get(self, request: Request, verification_id: int) -> Response:
        return self.answer(shown.verification_shown(queries.verification(self.actor, verification_id)))
