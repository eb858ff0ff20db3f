"""Projects with their reviews, comments and validations, as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from accounts.queries import user_name
from accounts.rules import Actor
from registry.api.shown.parties import PartyShown, party_shown, shown_time
from registry.models import (
    Project,
    PublicComment,
    ReviewStep,
    Validation,
)
from registry.rules.states import PROJECT_STEPS, open_verbs
from rulebook.rules import beijing


class RegisterEntryShown(BaseModel):
    """A project as the public register shows it."""

    code: str
    scheme: str
    name: str
    owner: PartyShown | None
    validator: PartyShown | None
    methodology: str
    methodology_version: str
    division_code: str
    summary: str
    crediting_first: date | None
    crediting_last: date | None
    state: str
    notice_from: date | None
    notice_until: date | None
    registered_at: datetime | None


def entry_values(row: Project) -> dict[str, Any]:
    return {
        "code": row.code,
        "scheme": row.scheme,
        "name": row.name,
        "owner": party_shown(row.owner_id),
        "validator": party_shown(row.validator_id),
        "methodology": row.methodology,
        "methodology_version": row.methodology_version,
        "division_code": row.division_code,
        "summary": row.summary,
        "crediting_first": row.crediting_first,
        "crediting_last": row.crediting_last,
        "state": row.state,
        "notice_from": row.notice_from,
        "notice_until": row.notice_until,
        "registered_at": shown_time(row.registered_at),
    }


def entry_shown(row: Project) -> RegisterEntryShown:
    """Return a project of the public register."""
    return RegisterEntryShown(**entry_values(row))


class ProjectShown(RegisterEntryShown):
    """A case for those who work on it. `verbs`: the steps open to the caller's roles in this state."""

    id: int
    design: dict[str, Any]
    level: int
    round: int
    due_on: date | None
    due_provisional: bool
    version: int
    verbs: list[str]


def project_shown(row: Project, actor: Actor) -> ProjectShown:
    """Return a case as the actor sees it."""
    return ProjectShown(
        **entry_values(row),
        id=row.pk,
        design=row.design,
        level=row.level,
        round=row.round,
        due_on=row.due_on,
        due_provisional=row.due_provisional,
        version=row.version,
        verbs=[verb.value for verb in open_verbs(PROJECT_STEPS, row.state, actor.roles)],
    )


class StepShown(BaseModel):
    """One official act on a case."""

    id: int
    verb: str
    role: str
    reviewer: str
    organisation: PartyShown | None
    level: int
    round: int
    period: int | None
    opinion: str
    checklist: list[dict[str, Any]]
    at: datetime


def step_shown(row: ReviewStep) -> StepShown:
    """Return an official act."""
    return StepShown(
        id=row.pk,
        verb=row.verb,
        role=row.role,
        reviewer=user_name(row.reviewer_id),
        organisation=party_shown(row.organisation_id),
        level=row.level,
        round=row.round,
        period=row.period_id,
        opinion=row.opinion,
        checklist=row.checklist,
        at=beijing(row.at),
    )


class ReviewsShown(BaseModel):
    """The items of the checklist now, and every official act so far, oldest first."""

    checklist: list[str]
    levels: list[str]
    results: list[StepShown]


class CommentShown(BaseModel):
    """A comment of a public notice, and the owner's answer."""

    id: int
    period: int | None
    author: str
    text: str
    at: datetime
    answer: str
    answered_at: datetime | None


def comment_shown(row: PublicComment) -> CommentShown:
    """Return a comment."""
    return CommentShown(
        id=row.pk,
        period=row.period_id,
        author=row.author,
        text=row.text,
        at=beijing(row.at),
        answer=row.answer,
        answered_at=shown_time(row.answered_at),
    )


class ValidationShown(BaseModel):
    """A signed validation report."""

    id: int
    organisation: PartyShown | None
    round: int
    opinion: str
    document: int | None
    signed_by: str
    signed_at: datetime


def validation_shown(row: Validation) -> ValidationShown:
    """Return a validation."""
    return ValidationShown(
        id=row.pk,
        organisation=party_shown(row.organisation_id),
        round=row.round,
        opinion=row.opinion,
        document=row.document_id,
        signed_by=user_name(row.signed_by_id),
        signed_at=beijing(row.signed_at),
    )
