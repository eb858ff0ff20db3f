"""Registration by two persons of the region and the ecology department."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.rules import Actor, Role
from accounts.services import close_work_items, require_confirmed
from registry.errors import SamePerson, StateForbids
from registry.models import Project
from registry.rules.states import ProjectState, Verb
from registry.services.acts import change, locked_project, open_item, refuse_contributor, require_step, write_step
from registry.services.projects import end_case
from registry.services.review import checked_opinion


@transaction.atomic
def propose_registration(
    *, actor: Actor, project_id: int, opinion: str, version: int | None = None, at: datetime
) -> Project:
    """Propose a validated case for registration, as the maker. Raises StateForbids, RoleForbids, TookPart."""
    row = locked_project(actor, project_id, version)
    role = require_step(actor, row, Verb.PROPOSE)
    if row.state != ProjectState.REVIEW or row.proposed_by_id is not None:
        raise StateForbids(verb=Verb.PROPOSE.value, state=row.state)
    write_step(actor, row, Verb.PROPOSE, role, at, opinion=checked_opinion(opinion, is_needed=False))
    close_work_items(subject=row.subject, at=at)
    change(actor, row, "propose", at, proposed_by_id=actor.user_id)
    open_item(row, "decide_registration", _("Decide on the registration of {code} {name}"), Role.REGION_CHECKER, at)
    return row


@transaction.atomic
def decide_registration(
    *, actor: Actor, project_id: int, approve: bool, opinion: str, version: int | None = None, at: datetime
) -> Project:
    """Approve or reject what was proposed, as the checker, another person than the maker.

    Raises SamePerson, StaleVersion, PasswordNeeded, OpinionNeeded, StateForbids, RoleForbids, TookPart.
    """
    row = locked_project(actor, project_id, version)
    verb = Verb.DECIDE if approve else Verb.REJECT
    role = require_step(actor, row, verb)
    if row.proposed_by_id is None or row.decided_by_id is not None:
        raise StateForbids(verb=verb.value, state=row.state)
    refuse_contributor(actor, row)
    if row.proposed_by_id == actor.user_id:
        raise SamePerson
    require_confirmed(actor, at)
    write_step(actor, row, verb, role, at, opinion=checked_opinion(opinion, is_needed=not approve))
    if not approve:
        end_case(actor, row, verb, ProjectState.REJECTED, at)
        return row
    close_work_items(subject=row.subject, at=at)
    change(actor, row, "decide", at, decided_by_id=actor.user_id)
    open_item(row, "record_registration", _("Record the registration of {code} {name}"), Role.ECOLOGY_RECORDER, at)
    return row


@transaction.atomic
def record_registration(*, actor: Actor, project_id: int, version: int | None = None, at: datetime) -> Project:
    """Record a decided registration, as the ecology department: the project is registered.

    Raises StateForbids, RoleForbids, PasswordNeeded, TookPart, StaleVersion.
    """
    row = locked_project(actor, project_id, version)
    role = require_step(actor, row, Verb.RECORD)
    if row.decided_by_id is None:
        raise StateForbids(verb=Verb.RECORD.value, state=row.state)
    refuse_contributor(actor, row)
    require_confirmed(actor, at)
    write_step(actor, row, Verb.RECORD, role, at)
    close_work_items(subject=row.subject, at=at)
    change(
        actor,
        row,
        "record",
        at,
        state=ProjectState.REGISTERED,
        recorded_by_id=actor.user_id,
        registered_at=at,
        due_on=None,
        due_provisional=False,
    )
    return row
