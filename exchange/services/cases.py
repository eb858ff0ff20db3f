"""Case files of surveillance (监察案件): opened from alerts, measures taken, closed with a reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import ChangedMeanwhile, SamePerson
from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from exchange import queries
from exchange.errors import CaseNotThere, CaseWaits, LetterNotThere, MeasureIncomplete, MeasureNotThere
from exchange.models import CaseMeasure, SurveillanceCase
from exchange.services.halts import halt
from exchange.services.surveillance import OPERATOR, checked_reason, open_alerts, operator
from rulebook.queries import business_date, calendar, rule

Kind = CaseMeasure.Kind
State = SurveillanceCase.State
LONGEST_TITLE, LONGEST_TEXT, LONGEST_ANSWER = 200, 1000, 2000
ANSWERS = (Role.FIRM_INITIATOR, Role.OWNER)


@dataclass(frozen=True)
class NewMeasure:
    """A measure as it is taken. addressee: of a report, the authority. until: of a restriction, None: until lifted."""

    kind: str
    organisation_id: int
    text: str
    addressee: str = ""
    until: datetime | None = None


@transaction.atomic
def open_case(*, actor: Actor, alert_ids: Sequence[int], title: str, at: datetime) -> SurveillanceCase:
    """Open a case over alerts that are in none yet. Raises RoleMissing, NoAlertChosen, AlertNotThere, ReasonMissing."""
    user_id = operator(actor)
    title = checked_reason(title, LONGEST_TITLE, field="title")
    alerts = open_alerts(alert_ids)
    year = business_date(at).year
    with connection.cursor() as cursor:  # Numbers of a year run on without gaps.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('surveillance case', 0))")
    number = SurveillanceCase.objects.filter(number__startswith=f"SC-{year}-").count() + 1
    row = SurveillanceCase.objects.create(
        number=f"SC-{year}-{number:04d}", title=title, opened_by_id=user_id, opened_at=at
    )
    for alert in alerts:
        alert.case = row
        alert.save(update_fields=["case"])
        close_work_items(subject=f"surveillance_alert:{alert.pk}", at=at)
    _note(row, actor, "open_surveillance_case", {"title": title, "alerts": [alert.pk for alert in alerts]}, at)
    return row


@transaction.atomic
def take_measure(*, actor: Actor, case_id: int, new: NewMeasure, at: datetime) -> CaseMeasure:
    """Take a measure in a case; a restriction waits for another operator, a request to explain gets its due day.

    Raises RoleMissing, CaseNotThere, MeasureIncomplete, ReasonMissing.
    """
    user_id = operator(actor)
    case = _open_case(case_id)
    text = checked_reason(new.text, LONGEST_TEXT, field="text")
    addressee = new.addressee.strip()
    is_restriction = new.kind == Kind.RESTRICTION
    if new.kind not in Kind.values:
        raise MeasureIncomplete(field="kind")
    if new.organisation_id not in queries.parties_of_case(case.pk):
        raise MeasureIncomplete(field="organisation")
    if bool(addressee) != (new.kind == Kind.REPORT) or len(addressee) > LONGEST_TITLE or not addressee.isprintable():
        raise MeasureIncomplete(field="addressee")
    if new.until is not None and (not is_restriction or new.until <= at):
        raise MeasureIncomplete(field="until")
    due_on = None
    if new.kind == Kind.EXPLANATION:
        days = int(rule("surveillance.explanation_days", at=at).value)
        due_on = calendar().add_trading_days(business_date(at), days)
    said = {**asdict(new), "case": case.number, "text": text, "addressee": addressee}
    row = CaseMeasure.objects.create(
        case=case,
        kind=new.kind,
        organisation_id=new.organisation_id,
        text=text,
        addressee=addressee,
        until=new.until,
        due_on=due_on,
        state=CaseMeasure.State.PROPOSED if is_restriction else CaseMeasure.State.IN_FORCE,
        digest=hashlib.sha256(json.dumps(said, default=str, ensure_ascii=False).encode()).hexdigest(),
        maker_id=user_id,
        at=at,
    )
    if is_restriction:
        open_work_item(
            kind="check_restriction",
            title=_("Check a restriction in the case {number}"),
            subject=_subject(row),
            url=f"/surveillance/cases/{case.pk}/",
            role=OPERATOR,
            found={"number": case.number},
            at=at,
        )
    elif row.kind in CaseMeasure.LETTERS:
        asks = new.kind == Kind.EXPLANATION
        open_work_item(
            kind="answer_letter" if asks else "read_letter",
            title=_("Answer the letter of the exchange") if asks else _("Read the warning of the exchange"),
            subject=_subject(row),
            url=f"/letters/{row.pk}/",
            role=Role.FIRM_INITIATOR,
            organisation_id=new.organisation_id,
            at=at,
        )
    if new.kind not in (Kind.EXPLANATION, Kind.RESTRICTION):
        _go_to(case, State.MEASURES)
    _note(case, actor, "take_case_measure", {"kind": new.kind, "organisation": new.organisation_id, "text": text}, at)
    return row


@transaction.atomic
def approve_restriction(*, actor: Actor, measure_id: int, digest: str, at: datetime) -> CaseMeasure:
    """Let a restriction work, as another operator: the participant is halted at once.

    Raises RoleMissing, MeasureNotThere, SamePerson, PasswordNeeded, ChangedMeanwhile, HaltEndsTooEarly.
    """
    user_id = operator(actor)
    row = _proposed(measure_id)
    if row.maker_id == user_id:
        raise SamePerson
    require_confirmed(actor, at)
    if digest != row.digest:
        raise ChangedMeanwhile(field="digest")
    row.halt = halt(
        actor=actor,
        organisation_id=row.organisation_id,
        order_number=row.case.number,
        reason=row.text[:200],
        until=row.until,
        at=at,
    )
    _decide(row, CaseMeasure.State.IN_FORCE, user_id, at)
    _go_to(row.case, State.MEASURES)
    _note(row.case, actor, "approve_restriction", {"organisation": row.organisation_id}, at)
    return row


@transaction.atomic
def refuse_restriction(*, actor: Actor, measure_id: int, at: datetime) -> CaseMeasure:
    """Refuse a restriction, or take the own one back. Raises RoleMissing, MeasureNotThere."""
    user_id = operator(actor)
    row = _proposed(measure_id)
    _decide(row, CaseMeasure.State.REFUSED, user_id, at)
    _note(row.case, actor, "refuse_restriction", {"organisation": row.organisation_id}, at)
    return row


@transaction.atomic
def answer_letter(*, actor: Actor, measure_id: int, answer: str, at: datetime) -> CaseMeasure:
    """Answer, for the party, what it was asked to explain; once, also after the due day.

    Raises LetterNotThere, ReasonMissing.
    """
    letters = CaseMeasure.objects.letters_of(actor).select_for_update(of=("self",)).select_related("case")
    row = letters.filter(pk=measure_id, kind=Kind.EXPLANATION, answered_at=None).first()
    if row is None or not actor.has(*ANSWERS) or row.case.state == State.CLOSED:
        raise LetterNotThere
    row.answer = checked_reason(answer, LONGEST_ANSWER, field="answer")
    row.answered_by_id, row.answered_at = actor.user_id, at
    row.save(update_fields=["answer", "answered_by", "answered_at"])
    close_work_items(subject=_subject(row), at=at)
    case = SurveillanceCase.objects.select_for_update().get(pk=row.case_id)
    _go_to(case, State.EXPLAINED)
    open_work_item(
        kind="read_answer",
        title=_("Read what was answered in the case {number}"),
        subject=_subject(row),
        url=f"/surveillance/cases/{case.pk}/",
        role=OPERATOR,
        found={"number": case.number},
        at=at,
    )
    _note(case, actor, "answer_letter", {"organisation": row.organisation_id, "answer": row.answer}, at)
    return row


@transaction.atomic
def close_case(*, actor: Actor, case_id: int, dismissed: bool, reason: str, at: datetime) -> SurveillanceCase:
    """Close a case for a reason: dismissed, or concluded after its measures.

    Raises RoleMissing, CaseNotThere, ReasonMissing, CaseWaits: a restriction is not decided.
    """
    user_id = operator(actor)
    row = _open_case(case_id)
    reason = checked_reason(reason, LONGEST_TEXT)
    measures = list(row.measures.all())
    if any(measure.state == CaseMeasure.State.PROPOSED for measure in measures):
        raise CaseWaits
    row.state, row.closing, row.closed_by_id, row.closed_at = State.CLOSED, reason, user_id, at
    row.outcome = SurveillanceCase.Outcome.DISMISSED if dismissed else SurveillanceCase.Outcome.CONCLUDED
    row.save(update_fields=["state", "closing", "closed_by", "closed_at", "outcome"])
    for measure in measures:
        close_work_items(subject=_subject(measure), at=at)
    _note(row, actor, "close_surveillance_case", {"outcome": row.outcome, "reason": reason}, at)
    return row


def _open_case(case_id: int) -> SurveillanceCase:
    row = SurveillanceCase.objects.select_for_update().filter(pk=case_id).exclude(state=State.CLOSED).first()
    if row is None:
        raise CaseNotThere
    return row


def _proposed(measure_id: int) -> CaseMeasure:
    rows = CaseMeasure.objects.select_for_update().select_related("case")
    row = rows.filter(pk=measure_id, state=CaseMeasure.State.PROPOSED).first()
    if row is None:
        raise MeasureNotThere
    return row


def _decide(row: CaseMeasure, state: str, user_id: int, at: datetime) -> None:
    row.state, row.checker_id, row.decided_at = state, user_id, at
    row.save(update_fields=["state", "checker", "decided_at", "halt"])
    close_work_items(subject=_subject(row), at=at)


def _go_to(case: SurveillanceCase, state: str) -> None:
    """Bring a case forward; one that has come further stays where it is."""
    way = [State.OPEN, State.EXPLAINED, State.MEASURES, State.CLOSED]
    if way.index(State(case.state)) < way.index(State(state)):
        case.state = state
        case.save(update_fields=["state"])


def _subject(row: CaseMeasure) -> str:
    return f"case_measure:{row.pk}"


def _note(case: SurveillanceCase, actor: Actor, verb: str, after: dict[str, object], at: datetime) -> None:
    record_audit(actor=actor, verb=verb, subject=f"surveillance_case:{case.pk}", before=None, after=after, at=at)
