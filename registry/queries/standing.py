from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from accounts.queries import organisations, user_name
from accounts.rules import Actor, Role, days_left
from registry.models import (
    BorderDecision,
    Contribution,
    IssuedVintage,
    MonitoringPeriod,
    Parcel,
    Project,
    PublicComment,
    ReviewStep,
    Validation,
)
from registry.queries.cases import levels, notice_is_open
from registry.rules.issuance import digest
from registry.rules.standing import Standing, handler, way
from registry.rules.states import PROJECT_STEPS, ProjectState, Verb, role_for
from rulebook.queries import business_date

OFFICES = {Role.BANNER_CLERK: 6, Role.LEAGUE_REVIEWER: 4}  # How much of the code names the office's area.


@dataclass(frozen=True)
class Suspension:
    """A suspension whose end two persons have not decided, what it froze, and the proposal to end it, if there is one.

    digest: of all that whoever ends it has to read; "" without a proposal.
    """

    step: ReviewStep
    order_number: str
    freezes: tuple[int, ...]
    assets: tuple[int, ...]
    proposal: ReviewStep | None
    digest: str

    def is_to_be_lifted(self, state: str) -> bool:
        """Tell whether its end would change anything."""
        return state == ProjectState.SUSPENDED or bool(self.freezes)


def suspension_of(row: Project) -> Suspension | None:
    """Return the suspension of a case that nobody has ended; a deregistration does not end it."""
    if row.state not in (ProjectState.SUSPENDED, ProjectState.DEREGISTERED):
        return None
    steps = row.steps.filter(period=None).select_related("organisation").order_by("-pk")
    suspended = steps.filter(verb=Verb.SUSPEND).first()
    if suspended is None or steps.filter(verb=Verb.RESUME, pk__gt=suspended.pk).exists():
        return None
    last = steps.filter(verb__in=[Verb.PROPOSE, Verb.KEEP], pk__gt=suspended.pk).first()
    proposal = last if last is not None and last.verb == Verb.PROPOSE else None
    frozen = [one for one in suspended.checklist if "freeze" in one]
    content = {
        "project": row.code,
        "version": row.version,
        "suspension": suspended.pk,
        "frozen": frozen,
        "proposal": proposal.pk if proposal else None,
        "proposed_by": proposal.reviewer_id if proposal else None,
        "reason": proposal.opinion if proposal else "",
    }
    return Suspension(
        suspended,
        order_number_of(suspended),
        tuple(one["freeze"] for one in frozen),
        tuple(one["asset"] for one in frozen),
        proposal,
        digest(content) if proposal else "",
    )


def order_number_of(step: ReviewStep) -> str:
    """Return the number of the order on which a suspension rests, "" for other acts."""
    return next((str(one["order_number"]) for one in step.checklist if "order_number" in one), "")


def changes_of_standing(row: Project) -> list[ReviewStep]:
    """Return when a registered project was suspended, resumed, taken off the register, the newest first. Public."""
    verbs = [Verb.SUSPEND, Verb.RESUME, Verb.DEREGISTER]
    rows = row.steps.filter(period=None, verb__in=verbs).select_related("organisation")
    return list(rows.order_by("-pk"))


@dataclass(frozen=True)
class Handler:
    """Who has a case now, and until when. An office is named by its role and the code of its area."""

    role: Role | None
    organisation_id: int | None
    division_code: str
    due_on: date | None
    is_provisional: bool
    days_left: int | None


def handler_of(row: Project, at: datetime, roles: list[str] | None = None) -> Handler:
    """Return who has to act on a case now. `roles`: the levels of review, if they are at hand."""
    roles = levels(row.scheme, at) if roles is None else roles
    is_proposed = row.proposed_by_id is not None
    if row.state == ProjectState.SUSPENDED:
        suspended = suspension_of(row)
        is_proposed = suspended is not None and suspended.proposal is not None
    role = handler(
        row.state,
        row.level,
        roles,
        is_proposed=is_proposed,
        is_decided=row.decided_by_id is not None,
    )
    organisation_id = {Role.OWNER: row.owner_id, Role.VALIDATOR: row.validator_id}.get(role) if role else None
    length = OFFICES.get(role, 2) if role else 0
    code = row.division_code[:length].ljust(6, "0") if organisation_id is None and length else ""
    due = row.due_on if row.state not in (ProjectState.DRAFT, ProjectState.REGISTERED) else None
    left = None if due is None or role is None else days_left(due, business_date(at))
    return Handler(role, organisation_id, code, due if role else None, row.due_provisional, left)


def way_of(row: Project, at: datetime) -> list[Standing]:
    """Return the steps of a case from the draft to the register."""
    return way(row.state, row.level, levels(row.scheme, at))


def verbs_of(actor: Actor, row: Project, at: datetime) -> frozenset[Verb]:
    """Return what this actor may do with a case now: by state, role, level of review, and whose case it is.

    What the pages offer. The services decide again, and name the reason where they refuse.
    """
    found = {
        one.verb
        for one in PROJECT_STEPS
        if one.state == row.state and role_for(one.roles, actor, row.parties) is not None
    }
    if row.owner_id != actor.organisation_id and row.created_by_id != actor.user_id:
        # A clerk helps with the drafts that the clerk began, and reviews the others.
        found -= {Verb.EDIT, Verb.SUBMIT, Verb.WITHDRAW}
    if row.state == ProjectState.SUBMITTED:
        now = handler_of(row, at).role
        if now is None or not actor.has(now):
            found -= {Verb.PASS, Verb.ACCEPT, Verb.RETURN, Verb.REJECT}
    if row.state in (ProjectState.SUSPENDED, ProjectState.DEREGISTERED):
        suspended = suspension_of(row)
        if suspended is None or suspended.proposal is not None or not suspended.is_to_be_lifted(row.state):
            found.discard(Verb.PROPOSE)
        if suspended is None or suspended.proposal is None:
            found -= {Verb.RESUME, Verb.KEEP}
    if row.state == ProjectState.REVIEW:
        if row.proposed_by_id is not None:
            found.discard(Verb.PROPOSE)
        if row.proposed_by_id is None or row.decided_by_id is not None:
            found -= {Verb.DECIDE, Verb.REJECT}
        if row.decided_by_id is None:
            found.discard(Verb.RECORD)
    return frozenset(found)


def took_part(actor: Actor, row: Project) -> bool:
    """Tell whether the actor entered, drew or uploaded anything of a case."""
    return actor.user_id is not None and Contribution.objects.filter(project=row, user_id=actor.user_id).exists()


def border_decisions(parcels: Iterable[Parcel]) -> dict[int, BorderDecision]:
    """Return what was decided on parcels that cross a border, by parcel."""
    rows = BorderDecision.objects.filter(parcel__in=[one.pk for one in parcels])
    return {row.parcel_id: row for row in rows}


def returned_items(row: Project) -> list[dict[str, Any]]:
    """Return the items of the last review's checklist that were not passed, while the case waits for its owner."""
    if row.state != ProjectState.RETURNED:
        return []
    last = row.steps.filter(verb=Verb.RETURN, period=None).order_by("-pk").first()
    return [item for item in last.checklist if not item.get("passed")] if last else []


def validation_of(row: Project) -> Validation | None:
    """Return the signed validation of a case, the newest one."""
    return Validation.objects.filter(project=row).select_related("document").order_by("-pk").first()


@dataclass(frozen=True)
class Notice:
    """A public notice of a project's design, or of one of its monitoring reports, with what was said on it."""

    period: MonitoringPeriod | None
    first: date
    until: date | None
    is_running: bool
    comments: tuple[PublicComment, ...]


def notices_of(row: Project, at: datetime) -> list[Notice]:
    """Return the public notices of a project, the newest first."""
    comments = list(PublicComment.objects.filter(project=row).order_by("pk"))
    periods = list(row.periods.filter(notice_from__isnull=False).order_by("-first"))
    found = []
    for subject in (*periods, None):
        shown = subject or row
        if shown.notice_from is None:
            continue
        is_running = notice_is_open(shown, at)
        said = tuple(one for one in comments if one.period_id == (subject.pk if subject else None))
        found.append(Notice(subject, shown.notice_from, shown.notice_until, is_running, said))
    return found


def batches_of(row: Project) -> list[IssuedVintage]:
    """Return the batches issued to a project, the newest first. Public."""
    rows = IssuedVintage.objects.filter(issuance__project=row).select_related("issuance__period")
    return list(rows.order_by("-pk"))


def areas_of(project_ids: Iterable[int]) -> dict[int, Decimal]:
    """Return the hectares of projects, by project; one without land is left out."""
    rows = Parcel.objects.filter(project__in=list(project_ids), is_removed=False).order_by()
    return dict(rows.values_list("project_id").annotate(total=Sum("area_ha")))


def issued_tonnes_of(project_ids: Iterable[int]) -> dict[int, int]:
    """Return the tonnes issued to projects, buffer included, by project."""
    rows = IssuedVintage.objects.filter(issuance__project__in=list(project_ids)).order_by()
    return dict(rows.values_list("issuance__project_id").annotate(total=Sum("tonnes")))


def names_of(organisation_ids: Iterable[int | None], user_ids: Iterable[int | None] = ()) -> dict[str, str]:
    """Return display names by "o<id>" for organisations and "u<id>" for people."""
    found = {f"o{key}": one.name for key, one in organisations({one for one in organisation_ids if one}).items()}
    return found | {f"u{one}": user_name(one) for one in {one for one in user_ids if one}}


def acts_of(user_id: int | None, limit: int = 20) -> list[ReviewStep]:
    """Return the newest official acts of a person on projects."""
    if user_id is None:
        return []
    rows = ReviewStep.objects.filter(reviewer_id=user_id, period=None).select_related("project").order_by("-pk")
    return list(rows[:limit])
