"""What is taken and given as JSON of freezes, pledges and their releases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from accounts.api.bodies import Body, Filters, Quantity, Text
from rulebook.rules import beijing
from settlement import queries
from settlement.api.transfer_schemas import Content
from settlement.models import Hold, HoldLift
from settlement.rules import HoldReason, HoldState
from settlement.services import EvidenceFile, NewHold

# StrEnum values and dates arrive as plain text.
FreezeReason = Annotated[HoldReason, Field(strict=False)]
Day = Annotated[date, Field(strict=False)]
# An id that fits its column; whether there is such a row is asked afterwards.
Number = Annotated[int, Field(ge=1, le=2**62)]


class PaperBody(Body):
    """The document a hold or a release rests on: file name and content (PDF, PNG or JPEG)."""

    name: Annotated[Text, Field(min_length=1, max_length=160)]
    content: Content


class _NewHoldBody(Body):
    asset: Number
    units: Quantity
    basis_number: Annotated[Text, Field(max_length=80)]
    authority: Annotated[Text, Field(max_length=120)]
    until: Day | None = None
    note: Annotated[Text, Field(max_length=300)] = ""
    evidence: PaperBody | None = None

    def new(self, kind: str) -> NewHold:
        """Return it as the service takes it."""
        return NewHold(
            self.asset,
            self.units,
            self.basis_number,
            self.authority,
            paper(self.evidence, kind),
            self.until,
            self.note,
        )


class NewFreezeBody(_NewHoldBody):
    """A freeze to be placed at once on units of a holder; `reason`: judicial, disturbance, suspension or inquiry."""

    organisation: Number
    reason: FreezeReason


class NewPledgeBody(_NewHoldBody):
    """A pledge of own credits to be registered; `authority` is the pledgee."""


class NewLiftBody(Body):
    """A release to be asked for, whole or in part, on the document that orders it."""

    units: Quantity
    basis_number: Annotated[Text, Field(max_length=80)]
    note: Annotated[Text, Field(max_length=300)] = ""
    evidence: PaperBody


class HoldFilters(Filters):
    """Holds in one state, for one reason."""

    state: HoldState | None = None
    reason: HoldReason | None = None


class HoldPartShown(BaseModel):
    """Units of a hold and what they were taken from: null, what was available; else another hold's id."""

    units: int
    taken_from: int | None


class HoldLiftShown(BaseModel):
    """A release that was asked for, and what became of it. `digest` stands for its content."""

    id: int
    units: int
    basis_number: str
    note: str
    state: str
    digest: str
    asked_at: datetime
    decided_at: datetime | None


class HoldShown(BaseModel):
    """A freeze or a pledge.

    `units` is what it was placed for, `released` what has been given back. Of the rest `in_force` stands frozen or
    pledged by it alone, `waiting` stands behind a freeze that goes before it, `open` has not been found yet.
    """

    id: int
    organisation: int
    asset: int
    reason: str
    state: str
    basis_number: str
    authority: str
    note: str
    since: datetime | None
    until: date | None
    units: int
    released: int
    in_force: int
    waiting: int
    open: int
    digest: str
    evidence_sha256: str | None
    parts: list[HoldPartShown]
    lifts: list[HoldLiftShown]


def paper(body: PaperBody | None, kind: str) -> EvidenceFile | None:
    """Return a file as the services take it."""
    return EvidenceFile(kind, body.name, body.content) if body else None


def lift_shown(row: HoldLift) -> HoldLiftShown:
    """Return a release."""
    return HoldLiftShown(
        id=row.pk,
        units=row.units,
        basis_number=row.basis_number,
        note=row.note,
        state=row.state,
        digest=row.digest,
        asked_at=beijing(row.asked_at),
        decided_at=beijing(row.decided_at) if row.decided_at else None,
    )


def hold_shown(row: Hold) -> HoldShown:
    """Return a freeze or a pledge."""
    (one,) = queries.summaries([row])
    return HoldShown(
        id=row.pk,
        organisation=row.organisation_id,
        asset=row.asset_id,
        reason=row.reason,
        state=row.state,
        basis_number=row.basis_number,
        authority=row.authority,
        note=row.note,
        since=beijing(row.since) if row.since else None,
        until=row.until,
        units=row.units,
        released=row.released_units,
        in_force=one.in_ledger,
        waiting=one.waiting,
        open=one.open,
        digest=row.digest,
        evidence_sha256=row.evidence.sha256 if row.evidence else None,
        parts=[HoldPartShown(units=part.units, taken_from=part.taken_from_id) for part in queries.parts_of(row)],
        lifts=[lift_shown(lift) for lift in queries.lifts_of(row)],
    )
