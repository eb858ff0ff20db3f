"""A registered project's standing, as JSON."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from accounts.queries import user_name
from registry import queries
from registry.api.shown.parties import PartyShown, party_shown
from registry.models import Project
from rulebook.rules import beijing


class ChangeShown(BaseModel):
    """One change of standing: "suspend", "resume" or "deregister", with its reason."""

    verb: str
    organisation: PartyShown | None
    reason: str
    order_number: str
    at: datetime


class ResumptionShown(BaseModel):
    """A proposal to end a suspension. `digest`: of all that the second person reads, to be sent with the answer."""

    proposed_by: str
    reason: str
    proposed_at: datetime
    digest: str


class StandingShown(BaseModel):
    """Where a registered project stands. `frozen_assets`: the batches that its suspension freezes."""

    id: int
    code: str
    state: str
    version: int
    changes: list[ChangeShown]
    frozen_assets: list[int]
    resumption: ResumptionShown | None


def changes_shown(row: Project) -> list[ChangeShown]:
    """Return the changes of a project's standing, the newest first. Public."""
    return [
        ChangeShown(
            verb=one.verb,
            organisation=party_shown(one.organisation_id),
            reason=one.opinion,
            order_number=queries.order_number_of(one),
            at=beijing(one.at),
        )
        for one in queries.changes_of_standing(row)
    ]


def standing_shown(row: Project) -> StandingShown:
    """Return a project's standing for those who may see the case."""
    suspended = queries.suspension_of(row)
    proposal = suspended.proposal if suspended else None
    return StandingShown(
        id=row.pk,
        code=row.code,
        state=row.state,
        version=row.version,
        changes=changes_shown(row),
        frozen_assets=list(suspended.assets) if suspended else [],
        resumption=ResumptionShown(
            proposed_by=user_name(proposal.reviewer_id),
            reason=proposal.opinion,
            proposed_at=beijing(proposal.at),
            digest=suspended.digest,
        )
        if suspended and proposal
        else None,
    )
