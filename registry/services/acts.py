"""What every step of a case needs: the case locked, the step open, the person allowed, the act written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.queries import has_open_item
from accounts.rules import Actor, Role
from accounts.services import open_work_item, record_audit
from registry.errors import ProjectNotThere, ReviewedIt, RoleForbids, StaleVersion, StateForbids, TookPart
from registry.models import Contribution, MonitoringPeriod, Project, ReviewStep
from registry.queries.cases import day_ends
from registry.rules.states import PERIOD_STEPS, PROJECT_STEPS, Verb, role_for, step

Case = Project | MonitoringPeriod


def locked_project(actor: Actor, project_id: int, version: int | None = None) -> Project:
    """Return a case the actor may see, locked. Raises ProjectNotThere, StaleVersion."""
    row = Project.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=project_id).first()
    if row is None:
        raise ProjectNotThere
    if version is not None and version != row.version:
        raise StaleVersion(field="version")
    return row


def require_step(actor: Actor, case: Case, verb: Verb) -> Role:
    """Return the role in which the actor takes the step. Raises StateForbids, RoleForbids."""
    steps = PROJECT_STEPS if isinstance(case, Project) else PERIOD_STEPS
    found = step(steps, case.state, verb)
    if found is None:
        raise StateForbids(verb=verb.value, state=case.state)
    role = role_for(found.roles, actor, case.parties)
    if role is None:
        raise RoleForbids
    return role


def note_contribution(actor: Actor, project: Project, at: datetime) -> None:
    """Note that a person entered something of a case; from now on this person cannot review it. Raises ReviewedIt."""
    if actor.user_id is None:  # A client is no person; who reviews is always one.
        return
    if ReviewStep.objects.filter(project=project, reviewer_id=actor.user_id).exists():
        raise ReviewedIt
    Contribution.objects.get_or_create(project=project, user_id=actor.user_id, defaults={"at": at})


def refuse_contributor(actor: Actor, project: Project) -> None:
    """Return if the actor entered nothing of a case. Raises TookPart."""
    if actor.user_id is not None and Contribution.objects.filter(project=project, user_id=actor.user_id).exists():
        raise TookPart


def write_step(
    actor: Actor,
    case: Case,
    verb: Verb,
    role: Role,
    at: datetime,
    *,
    opinion: str = "",
    checklist: Sequence[Mapping[str, Any]] = (),
) -> ReviewStep:
    """Write an official act into the case's record. Raises RoleForbids for a client, TookPart."""
    project = case if isinstance(case, Project) else case.project
    if actor.user_id is None or actor.organisation_id is None:
        raise RoleForbids
    refuse_contributor(actor, project)
    return ReviewStep.objects.create(
        project=project,
        period=None if isinstance(case, Project) else case,
        round=case.round,
        level=case.level if isinstance(case, Project) else 0,
        verb=verb.value,
        role=role.value,
        reviewer_id=actor.user_id,
        organisation_id=actor.organisation_id,
        opinion=opinion,
        checklist=[dict(one) for one in checklist],
        at=at,
    )


def change(
    actor: Actor | None, case: Case, verb: str, at: datetime, *, note: Mapping[str, Any] | None = None, **fields: Any
) -> None:
    """Write fields of a locked case, raise its version and note before and after in the trail, with a `note`."""
    before = {name: getattr(case, name) for name in fields}
    for name, value in fields.items():
        setattr(case, name, value)
    case.version += 1
    case.save(update_fields=[*fields, "version"])
    noun = "project" if isinstance(case, Project) else "period"
    after = {**fields, **(note or {})}
    record_audit(actor=actor, verb=f"{verb}_{noun}", subject=case.subject, before=before, after=after, at=at)


def open_item(
    case: Case,
    kind: str,
    title: str,
    role: Role,
    at: datetime,
    *,
    organisation_id: int | None = None,
    is_of_area: bool = False,
    url: str = "",
    **found: str,
) -> bool:
    """Put the next step of a case into the queue of who takes it, due with the case's own clock; return if it is new.

    is_of_area: for the office of the case's place only.
    """
    project = case if isinstance(case, Project) else case.project
    place = f"/projects/{case.pk}/" if isinstance(case, Project) else f"/periods/{case.pk}/"
    is_known = has_open_item(kind, case.subject)
    open_work_item(
        kind=kind,
        title=title,
        subject=case.subject,
        url=url or place,
        role=role,
        organisation_id=organisation_id,
        division_code=project.division_code if is_of_area else "",
        due_at=None if case.due_on is None else day_ends(case.due_on),
        due_provisional=case.due_provisional,
        found={"code": project.code, "name": project.name, **found},
        at=at,
    )
    return not is_known
