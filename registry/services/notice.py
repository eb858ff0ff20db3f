"""The public notice with its comments, and the validation that runs beside it."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop as _

from accounts.errors import InvalidField
from accounts.rules import Actor, Role
from accounts.services import close_work_items, record_audit, require_confirmed
from registry.errors import (
    CommentsOpen,
    DueDatePassed,
    NoticeOver,
    NoticeRuns,
    ProjectNotThere,
    RecordNotThere,
    TooManyComments,
)
from registry.models import Document, MonitoringPeriod, Project, PublicComment, Validation
from registry.queries.cases import notice_is_open, open_comments
from registry.rules.states import ProjectState, Verb
from registry.rules.texts import is_clean, one_line
from registry.services.acts import Case, change, locked_project, note_contribution, open_item, require_step, write_step
from registry.services.projects import end_case, tell_owner
from registry.services.review import checked_opinion
from rulebook.errors import Conflicting
from rulebook.queries import add_calendar_days, add_working_days, business_date, rule

AUTHOR_LIMIT, TEXT_LIMIT = 60, 2000
HOUR = timedelta(hours=1)


@transaction.atomic
def publish_project(*, actor: Actor, project_id: int, at: datetime) -> Project:
    """Publish an accepted case: the notice of working days, its first day counted, and the validator's clock begin.

    Raises StateForbids, RoleForbids, TookPart.
    """
    row = locked_project(actor, project_id)
    role = require_step(actor, row, Verb.PUBLISH)
    write_step(actor, row, Verb.PUBLISH, role, at)
    close_work_items(subject=row.subject, at=at)
    today = business_date(at)
    days = int(rule("notice.working_days", at=at, scheme=row.scheme).value)
    due = add_calendar_days(today, int(rule("validation.calendar_days", at=at, scheme=row.scheme).value))
    change(
        actor,
        row,
        "publish",
        at,
        state=ProjectState.NOTICE,
        notice_from=today,
        notice_until=add_working_days(today, days, counting_first=True).date,
        due_on=due.date,
        due_provisional=due.provisional,
    )
    title = _("Validate project {code} {name}")
    open_item(row, "validate_project", title, Role.VALIDATOR, at, organisation_id=row.validator_id)
    return row


@transaction.atomic
def comment(*, project_code: str, period_id: int | None = None, author: str, text: str, at: datetime) -> PublicComment:
    """Take what anyone says to a notice that runs; the same sent twice is one comment.

    Raises ProjectNotThere, RecordNotThere, NoticeOver, InvalidField, TooManyComments.
    """
    if not is_clean(author) or not is_clean(text):
        raise InvalidField(field="text", reason=_("The text holds control characters."))
    if not one_line(author):
        raise InvalidField(field="author", reason=_("The name is needed."))
    if not text.strip():
        raise InvalidField(field="text", reason=_("A text is needed."))
    if len(one_line(author)) > AUTHOR_LIMIT or len(text) > TEXT_LIMIT:
        raise InvalidField(field="text", reason=_("The text is too long."))
    case = _published_case(project_code, period_id)
    if not notice_is_open(case, at):
        raise NoticeOver
    project = case if isinstance(case, Project) else case.project
    said = PublicComment.objects.filter(project=project, period=None if isinstance(case, Project) else case)
    same = said.filter(answered_at=None).filter(author=one_line(author), text=text.strip()).first()
    if same is not None:  # Sent twice: it is heard once.
        return same
    _refuse_flood(said, project, at)
    row = PublicComment.objects.create(
        project=project,
        period=None if isinstance(case, Project) else case,
        author=one_line(author),
        text=text.strip(),
        at=at,
    )
    tell_owner(case, "answer_comments", _("Answer the public comments on {code} {name}"), at)
    record_audit(
        actor=None,
        verb="comment",
        subject=case.subject,
        before=None,
        after={"comment": row.pk, "text": row.text},
        at=at,
    )
    return row


def _refuse_flood(said: QuerySet[PublicComment], project: Project, at: datetime) -> None:
    """Raise TooManyComments when a case has had its comments of the hour: each one must be answered by a person.

    Counted under the case's lock, so that many at once are counted one by one.
    """
    limit = rule("notice.comments_per_hour", at=at, scheme=project.scheme)
    lately = list(said.filter(at__gt=at - HOUR, at__lte=at).order_by("-at").values_list("at", flat=True)[: limit.value])
    if len(lately) >= int(limit.value):
        wait = lately[-1] + HOUR - at
        seconds = max(1, math.ceil(wait.total_seconds()))
        raise TooManyComments(rule=limit, limit=limit.value, minutes=math.ceil(seconds / 60), seconds=seconds)


def _published_case(project_code: str, period_id: int | None) -> Case:
    """Return a case of the public register, locked: nobody signs while a comment comes in."""
    known = Project.objects.public() if is_clean(project_code) else Project.objects.none()
    if period_id is None:
        row = known.select_for_update().filter(code=project_code).first()
        if row is None:
            raise ProjectNotThere
        return row
    period = (
        MonitoringPeriod.objects.select_for_update(of=("self",))
        .select_related("project")
        .filter(pk=period_id, project__in=known.filter(code=project_code))
        .first()
    )
    if period is None:
        raise RecordNotThere
    return period


@transaction.atomic
def answer_comment(*, actor: Actor, comment_id: int, answer: str, at: datetime) -> PublicComment:
    """Answer a public comment for the owner; the days an answer came after the notice are not the validator's.

    Raises RecordNotThere, StateForbids, RoleForbids, InvalidField, Conflicting (answered already).
    """
    found = PublicComment.objects.filter(
        pk=comment_id, project__in=Project.objects.visible_to(actor).values("pk")
    ).first()
    if found is None:
        raise RecordNotThere
    project = locked_project(actor, found.project_id)
    case: Case = project
    if found.period_id is not None:
        case = (
            MonitoringPeriod.objects.select_for_update(of=("self",)).select_related("project").get(pk=found.period_id)
        )
    require_step(actor, case, Verb.ANSWER)
    row = PublicComment.objects.select_for_update().get(pk=comment_id)
    if row.answered_at is not None:
        raise Conflicting
    if not answer.strip() or len(answer) > TEXT_LIMIT or not is_clean(answer):
        raise InvalidField(field="answer", reason=_("A text is needed."))
    note_contribution(actor, project, at)
    row.answer, row.answered_by_id, row.answered_at = answer.strip(), actor.user_id, at
    row.save(update_fields=["answer", "answered_by", "answered_at"])
    record_audit(
        actor=actor,
        verb="answer_comment",
        subject=case.subject,
        before={"comment": row.pk, "text": row.text},
        after={"comment": row.pk, "answer": row.answer},
        at=at,
    )
    if not open_comments(project, None if isinstance(case, Project) else case):
        close_work_items(subject=case.subject, kind="answer_comments", at=at)
        _give_back_days(case, row, at)
    return row


def _give_back_days(case: Case, row: PublicComment, at: datetime) -> None:
    """Add the days the owner took after the notice to the clock of the validator or verifier."""
    assert case.notice_until is not None
    waited = business_date(at) - max(case.notice_until, business_date(row.at))
    if waited > timedelta(0) and case.due_on is not None:
        change(None, case, "extend", at, due_on=case.due_on + waited)


@transaction.atomic
def sign_validation(
    *, actor: Actor, project_id: int, opinion: str, document_id: int | None, version: int | None = None, at: datetime
) -> Project:
    """Sign that the design holds, as the validator chosen; only after the notice, with every comment answered.

    Raises NoticeRuns, CommentsOpen, DueDatePassed, PasswordNeeded, StateForbids, RoleForbids, TookPart, OpinionNeeded,
    RecordNotThere (the report is no paper of the case).
    """
    row = locked_project(actor, project_id, version)
    role = require_step(actor, row, Verb.SIGN)
    assert row.notice_until is not None
    today = business_date(at)
    if today <= row.notice_until:
        raise NoticeRuns(until=row.notice_until.isoformat())
    if count := open_comments(row):
        raise CommentsOpen(count=count)
    if row.due_on is not None and not row.due_provisional and today > row.due_on:
        raise DueDatePassed(due=row.due_on.isoformat())
    require_confirmed(actor, at)
    opinion = checked_opinion(opinion, is_needed=True)
    if document_id is not None and not Document.objects.filter(pk=document_id, project=row).exists():
        raise RecordNotThere
    write_step(actor, row, Verb.SIGN, role, at, opinion=opinion)
    assert actor.organisation_id is not None
    assert actor.user_id is not None
    Validation.objects.create(
        project=row,
        organisation_id=actor.organisation_id,
        round=row.round,
        opinion=opinion,
        document_id=document_id,
        signed_by_id=actor.user_id,
        signed_at=at,
    )
    close_work_items(subject=row.subject, at=at)
    due = add_working_days(today, int(rule("registration.decision_working_days", at=at, scheme=row.scheme).value))
    change(actor, row, "sign", at, state=ProjectState.REVIEW, due_on=due.date, due_provisional=due.provisional)
    open_item(row, "propose_registration", _("Propose the registration of {code} {name}"), Role.REGION_MAKER, at)
    return row


@transaction.atomic
def reject_validation(
    *, actor: Actor, project_id: int, opinion: str, version: int | None = None, at: datetime
) -> Project:
    """Reject the design, as the validator chosen, at any time of the validation. Raises as sign_validation."""
    row = locked_project(actor, project_id, version)
    role = require_step(actor, row, Verb.REJECT)
    require_confirmed(actor, at)
    write_step(actor, row, Verb.REJECT, role, at, opinion=checked_opinion(opinion, is_needed=True))
    end_case(actor, row, Verb.REJECT, ProjectState.REJECTED, at)
    return row
