"""What every step on a monitoring period begins and ends with: rows locked, verb open, next task handed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.rules import Actor, Role
from accounts.services import close_work_items
from registry.errors import RecordNotThere, StaleVersion, StateForbids
from registry.models import MonitoringPeriod, Project
from registry.rules.states import PERIOD_STEPS, ProjectState, Verb, step
from registry.services.acts import open_item, require_step

MONITORED = frozenset({ProjectState.REGISTERED, ProjectState.COMPLETED})


@dataclass(frozen=True)
class Gate:
    """A step that is open: the period, locked after its project; where the step leads; the role it is taken in."""

    row: MonitoringPeriod
    to: str
    role: Role


def locked_period(actor: Actor, period_id: int, verb: Verb, *, version: int | None = None) -> Gate:
    """Return a period that this actor may take this step on.

    Raises RecordNotThere, StateForbids, RoleForbids, StaleVersion.
    """
    seen = MonitoringPeriod.objects.visible_to(actor).filter(pk=period_id).values_list("project_id", flat=True).first()
    if seen is None:
        raise RecordNotThere
    project = Project.objects.select_for_update().get(pk=seen)
    row = MonitoringPeriod.objects.select_for_update().get(pk=period_id)
    row.project = project
    role = require_step(actor, row, verb)
    if project.state not in MONITORED:  # Suspended, say: nothing of it goes on.
        raise StateForbids(verb=verb.value, state=project.state)
    if version is not None and version != row.version:
        raise StaleVersion(field="version")
    found = step(PERIOD_STEPS, row.state, verb)
    assert found is not None
    return Gate(row, found.to, role)


def hand_on(
    row: MonitoringPeriod, kind: str, title: str, role: Role, at: datetime, *, organisation_id: int | None = None
) -> None:
    """Close what waited on a period and put its next task into a role's queue, due with the period's clock."""
    close_work_items(subject=row.subject, at=at)
    open_item(
        row,
        kind,
        title,
        role,
        at,
        organisation_id=organisation_id,
        is_of_area=organisation_id is None,
        first=str(row.first),
        last=str(row.last),
    )
