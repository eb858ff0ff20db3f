"""From the submitted report to the signed one: automatic checks, public notice, findings, the verifier's word."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Max
from django.utils.translation import gettext_noop as _

from accounts.errors import OrganisationNotThere
from accounts.queries import organisation
from accounts.rules import Actor, OrganisationKind, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from registry import queries
from registry.errors import (
    AnswerMissing,
    ChecksFailed,
    ChecksRunning,
    CommentsOpen,
    FindingsOpen,
    Incomplete,
    NoticeRuns,
    OpinionNeeded,
    RecordNotThere,
    RoleForbids,
    StateForbids,
    VerifierNotIndependent,
)
from registry.models import CheckResult, Document, Finding, MonitoringPeriod, Validation, Verification, VerificationRun
from registry.rules.checks import Checked, Outcome, check_all, failed
from registry.rules.states import PeriodState, Verb
from registry.services.acts import change, note_contribution, write_step
from registry.services.calculation import RUN_LOCK, only_runner
from registry.services.gate import hand_on, locked_period
from rulebook.queries import add_calendar_days, add_working_days, business_date, rule

logger = logging.getLogger(__name__)
CHECKED_STATES = frozenset({PeriodState.SUBMITTED, PeriodState.NOTICE, PeriodState.REVIEW})


@transaction.atomic
def submit_period(*, actor: Actor, period_id: int, verifier_id: int, at: datetime) -> MonitoringPeriod:
    """Hand the calculated report in, for a verifier of another organisation than the validator's; checks begin.

    Raises VerifierNotIndependent, OrganisationNotThere, StateForbids, RoleForbids.
    """
    gate = locked_period(actor, period_id, Verb.SUBMIT)
    row = gate.row
    if verifier_id == row.validator_id:
        raise VerifierNotIndependent(field="verifier_id")
    if organisation(verifier_id).kind is not OrganisationKind.VERIFICATION_BODY:
        raise OrganisationNotThere(field="verifier_id")
    note_contribution(actor, row.project, at)
    change(actor, row, "submit", at, state=gate.to, verifier_id=verifier_id, round=row.round + 1, **NO_CLOCK)
    VerificationRun.objects.create(period=row, cause="submission", state="queued", at=at)
    hand_on(
        row,
        "publish_period",
        _("Check and publish the monitoring report of {name}, {first} to {last}"),
        Role.REGION_MAKER,
        at,
    )
    return row


NO_CLOCK: dict[str, Any] = {"due_on": None, "due_provisional": False, "notice_from": None, "notice_until": None}


@transaction.atomic
def check_again(*, actor: Actor, period_id: int, at: datetime) -> VerificationRun:
    """Have the checks run once more over a report under way; a run that waits already is given back.

    Raises RecordNotThere, StateForbids, RoleForbids.
    """
    row = MonitoringPeriod.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=period_id).first()
    if row is None:
        raise RecordNotThere
    if row.state not in CHECKED_STATES:
        raise StateForbids(verb="check", state=row.state)
    is_verifier = actor.has(Role.VERIFIER) and actor.organisation_id == row.verifier_id
    if not is_verifier and not actor.has(Role.REGION_MAKER, Role.REGION_CHECKER):
        raise RoleForbids
    waiting = row.runs.filter(state="queued").first()
    cause = "issuance" if row.state == PeriodState.REVIEW else "submission"
    return waiting or VerificationRun.objects.create(period=row, cause=cause, state="queued", at=at)


def run_verification(*, run_id: int, is_demonstration: bool = False, at: datetime) -> VerificationRun:
    """Carry out a run of the numbered checks; a question of a submission becomes a draft finding of the verifier.

    The recalculation takes its time, so it is done before the one transaction that writes the answers. Right when
    run twice or on two workers. Raises RecordNotThere.
    """
    if not VerificationRun.objects.filter(pk=run_id).exists():
        raise RecordNotThere
    with only_runner(RUN_LOCK, run_id) as alone:
        run = VerificationRun.objects.select_related("period__project", "period__record").get(pk=run_id)
        if not alone or run.state != "queued":
            return run
        return _answer(run_id, _checks_of(run.period, is_demonstration, at), at)


def _checks_of(row: MonitoringPeriod, is_demonstration: bool, at: datetime) -> list[Checked]:
    """Return the answers of all checks over a period as it stands now; checks that break have failed."""
    try:
        return check_all(queries.case_to_check(row, is_demonstration=is_demonstration, at=at))
    except OperationalError:
        raise  # The database was busy or went away: the row waits for the sweep.
    except Exception as error:
        # Otherwise the sweep would run it again for ever, and nobody would hear of it.
        logger.exception("the checks of period %s broke", row.pk)
        return [Checked("V00", "The checks could be carried out", Outcome.FAILED, {"error": repr(error)})]


@transaction.atomic
def _answer(run_id: int, checked: list[Checked], at: datetime) -> VerificationRun:
    run = VerificationRun.objects.select_for_update().get(pk=run_id)
    if run.state != "queued":
        return run
    row = MonitoringPeriod.objects.select_related("project").get(pk=run.period_id)
    write_answers(run, checked, at)
    if run.cause == "submission":
        _draft_findings(row, checked, at)
    if run.cause == "nightly" and run.has_failed:
        open_work_item(
            kind="look_into_checks",
            title=_("The nightly check of an issued report failed: {name}, {first} to {last}"),
            subject=f"verification_run:{run.pk}",
            url=f"/periods/{row.pk}/checks/",
            role=Role.REGION_CHECKER,
            division_code=row.project.division_code,
            found={"name": row.project.name, "first": str(row.first), "last": str(row.last)},
            at=at,
        )
    record_audit(
        actor=None,
        verb="verify_monitoring_report",
        subject=row.subject,
        before=None,
        after={"run": run.pk, "cause": run.cause, "failed": failed(checked)},
        at=at,
    )
    return run


def write_answers(run: VerificationRun, checked: list[Checked], at: datetime) -> None:
    """Write the answers of a run and end it."""
    CheckResult.objects.bulk_create(
        CheckResult(run=run, code=one.code, title=one.title, outcome=one.outcome.value, evidence=dict(one.evidence))
        for one in checked
    )
    run.state, run.has_failed, run.finished_at = "done", bool(failed(checked)), at
    run.save(update_fields=["state", "has_failed", "finished_at"])


def _draft_findings(row: MonitoringPeriod, checked: list[Checked], at: datetime) -> None:
    """Put each question among the verifier's findings, once; its words are the check's title, a message id."""
    held = set(Finding.objects.filter(period=row, closed_at=None).values_list("check_code", flat=True))
    for one in checked:
        if one.outcome is Outcome.QUESTION and one.code not in held:
            _add_finding(row, one.title, at, check_code=one.code)


def _add_finding(row: MonitoringPeriod, text: str, at: datetime, *, check_code: str = "") -> Finding:
    number = (row.findings.aggregate(last=Max("number"))["last"] or 0) + 1
    return Finding.objects.create(period=row, number=number, check_code=check_code, text=text, opened_at=at)


def require_checks(row: MonitoringPeriod) -> None:
    """Return if the newest run of the checks is done and nothing failed. Raises ChecksRunning, ChecksFailed."""
    run = queries.latest_run(row)
    if run is None or run.state != "done":
        raise ChecksRunning
    if run.has_failed:
        codes = run.results.filter(outcome=Outcome.FAILED).order_by("code").values_list("code", flat=True)
        raise ChecksFailed(checks=list(codes))


@transaction.atomic
def publish_period(*, actor: Actor, period_id: int, version: int | None = None, at: datetime) -> MonitoringPeriod:
    """Publish a report whose checks passed; the notice and the verifier's clock begin today.

    Raises ChecksRunning, ChecksFailed, StateForbids, RoleForbids, StaleVersion.
    """
    gate = locked_period(actor, period_id, Verb.PUBLISH, version=version)
    row = gate.row
    require_checks(row)
    scheme, day = row.project.scheme, business_date(at)
    notice = add_working_days(day, int(rule("notice.working_days", at=at, scheme=scheme).value), counting_first=True)
    due = add_calendar_days(day, int(rule("verification.calendar_days", at=at, scheme=scheme).value))
    write_step(actor, row, Verb.PUBLISH, gate.role, at)
    change(
        actor,
        row,
        "publish",
        at,
        state=gate.to,
        notice_from=day,
        notice_until=notice.date,
        due_on=due.date,
        due_provisional=due.provisional,
    )
    title = _("Verify the monitoring report of {name}, {first} to {last}")
    hand_on(row, "verify_period", title, Role.VERIFIER, at, organisation_id=row.verifier_id)
    return row


@transaction.atomic
def return_period(
    *, actor: Actor, period_id: int, opinion: str, version: int | None = None, at: datetime
) -> MonitoringPeriod:
    """Give a report back to its owner, with the reason: the bureau before the notice, the verifier during it.

    Raises OpinionNeeded, StateForbids, RoleForbids, StaleVersion.
    """
    gate = locked_period(actor, period_id, Verb.RETURN, version=version)
    row = gate.row
    said = needed_opinion(opinion)
    due = add_working_days(business_date(at), int(rule("return.working_days", at=at, scheme=row.project.scheme).value))
    clock: dict[str, Any] = {**NO_CLOCK, "due_on": due.date, "due_provisional": due.provisional}
    write_step(actor, row, Verb.RETURN, gate.role, at, opinion=said)
    change(actor, row, "return", at, state=gate.to, **clock)
    title = _("The monitoring report of {name}, {first} to {last}, was returned")
    hand_on(row, "answer_return", title, Role.OWNER, at, organisation_id=row.project.owner_id)
    return row


@transaction.atomic
def reject_period(
    *, actor: Actor, period_id: int, opinion: str, version: int | None = None, at: datetime
) -> MonitoringPeriod:
    """Reject a report for good; its days may be monitored anew. Raises OpinionNeeded, StateForbids, RoleForbids."""
    gate = locked_period(actor, period_id, Verb.REJECT, version=version)
    row = gate.row
    said = needed_opinion(opinion)
    write_step(actor, row, Verb.REJECT, gate.role, at, opinion=said)
    change(actor, row, "reject", at, state=gate.to, due_on=None, due_provisional=False)
    close_work_items(subject=row.subject, at=at)
    return row


def needed_opinion(opinion: str) -> str:
    """Return the opinion without blanks around it. Raises OpinionNeeded."""
    said = opinion.strip()
    if not said:
        raise OpinionNeeded(field="opinion")
    return said


@transaction.atomic
def raise_finding(*, actor: Actor, period_id: int, text: str, at: datetime) -> Finding:
    """Ask the owner something about the report. Raises Incomplete, StateForbids, RoleForbids."""
    row = locked_period(actor, period_id, Verb.SIGN).row
    if not text.strip():
        raise Incomplete(field="text", missing="text")
    found = _add_finding(row, text.strip(), at)
    _note(actor, "raise_finding", row, found, at)
    open_work_item(
        kind="answer_finding",
        title=_("The verifier asks about the monitoring report of {name}"),
        subject=_subject(found),
        url=f"/periods/{row.pk}/findings/",
        role=Role.OWNER,
        organisation_id=row.project.owner_id,
        found={"name": row.project.name},
        at=at,
    )
    return found


@transaction.atomic
def answer_finding(*, actor: Actor, finding_id: int, answer: str, at: datetime) -> Finding:
    """Answer a finding as the owner; an answer may be bettered until it is closed. Raises Incomplete, RoleForbids."""
    found, row = _locked_finding(actor, finding_id, Verb.ANSWER)
    if not answer.strip():
        raise Incomplete(field="answer", missing="answer")
    found.answer, found.answered_by_id = answer.strip(), actor.user_id
    found.save(update_fields=["answer", "answered_by"])
    close_work_items(subject=_subject(found), at=at)
    _note(actor, "answer_finding", row, found, at)
    return found


@transaction.atomic
def close_finding(*, actor: Actor, finding_id: int, at: datetime) -> Finding:
    """Close a finding as the verifier: an own one after its answer, a check's question also by looking at it.

    Raises AnswerMissing, StateForbids, RoleForbids.
    """
    found, row = _locked_finding(actor, finding_id, Verb.SIGN)
    if not found.answer and not found.check_code:
        raise AnswerMissing
    found.closed_by_id, found.closed_at = actor.user_id, at
    found.save(update_fields=["closed_by", "closed_at"])
    close_work_items(subject=_subject(found), at=at)
    _note(actor, "close_finding", row, found, at)
    return found


def _locked_finding(actor: Actor, finding_id: int, verb: Verb) -> tuple[Finding, MonitoringPeriod]:
    seen = Finding.objects.filter(pk=finding_id).values_list("period_id", flat=True).first()
    if seen is None:
        raise RecordNotThere
    row = locked_period(actor, seen, verb).row
    found = Finding.objects.select_for_update().get(pk=finding_id)
    if found.closed_at is not None:
        raise StateForbids(verb=verb.value, state="closed")
    return found, row


def _note(actor: Actor, verb: str, row: MonitoringPeriod, found: Finding, at: datetime) -> None:
    after = {"finding": found.number, "text": found.text, "answer": found.answer, "closed": found.closed_at is not None}
    record_audit(actor=actor, verb=verb, subject=row.subject, before=None, after=after, at=at)


def _subject(found: Finding) -> str:
    return f"finding:{found.pk}"


@transaction.atomic
def sign_verification(
    *,
    actor: Actor,
    period_id: int,
    opinion: str,
    document_id: int | None = None,
    version: int | None = None,
    at: datetime,
) -> Verification:
    """Sign the verification report: the confirmed amount is the record's, to the tonne. Not to be undone.

    Raises NoticeRuns, CommentsOpen, FindingsOpen, ChecksRunning, ChecksFailed, OpinionNeeded, PasswordNeeded,
    VerifierNotIndependent (the person signed the validation).
    """
    gate = locked_period(actor, period_id, Verb.SIGN, version=version)
    row = gate.row
    if actor.user_id is None:
        raise RoleForbids
    require_confirmed(actor, at)
    if Validation.objects.filter(project=row.project, signed_by_id=actor.user_id).exists():
        raise VerifierNotIndependent  # The same person, whatever the organisation.
    said = needed_opinion(opinion)
    assert row.notice_until is not None
    if business_date(at) <= row.notice_until:
        raise NoticeRuns(until=row.notice_until)
    if comments := queries.open_comments(row.project, row):
        raise CommentsOpen(count=comments)
    if findings := row.findings.filter(closed_at=None).count():
        raise FindingsOpen(count=findings)
    require_checks(row)
    if document_id is not None and not Document.objects.filter(pk=document_id, project_id=row.project_id).exists():
        raise RecordNotThere(field="document_id")
    assert row.record is not None
    assert row.verifier_id is not None
    signed = Verification.objects.create(
        period=row,
        record=row.record,
        organisation_id=row.verifier_id,
        verified_tonnes=row.record.credits,
        opinion=said,
        document_id=document_id,
        signed_by_id=actor.user_id,
        signed_at=at,
    )
    days = int(rule("issuance.decision_working_days", at=at, scheme=row.project.scheme).value)
    due = add_working_days(business_date(at), days)
    write_step(actor, row, Verb.SIGN, gate.role, at, opinion=said)
    change(actor, row, "sign", at, state=gate.to, due_on=due.date, due_provisional=due.provisional)
    VerificationRun.objects.create(period=row, cause="issuance", state="queued", at=at)
    title = _("Propose the issuance for {name}, {first} to {last}")
    hand_on(row, "propose_issuance", title, Role.REGION_MAKER, at)
    return signed


@transaction.atomic
def open_nightly_runs(*, at: datetime) -> list[int]:
    """Put every issued report into the queue of the checks, once a business day, and return the new runs.

    A report whose run still waits gets no second one, so days that pass at once do not pile up.
    """
    day = business_date(at)
    opened = []
    for row in MonitoringPeriod.objects.select_for_update(skip_locked=True).filter(state=PeriodState.ISSUED):
        newest = row.runs.order_by("-pk").first()
        if newest is not None and (newest.state == "queued" or _is_of(newest, day)):
            continue
        opened.append(VerificationRun.objects.create(period=row, cause="nightly", state="queued", at=at).pk)
    return opened


def _is_of(run: VerificationRun, day: object) -> bool:
    return run.cause == "nightly" and business_date(run.at) == day
