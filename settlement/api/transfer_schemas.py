"""What is taken and given as JSON of transfers, trusted accounts and reversals."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from accounts.api.bodies import Body, Filters, Quantity, Text
from accounts.queries import organisation
from accounts.rules import Actor, Role
from rulebook.rules import beijing
from settlement import queries
from settlement.models import Transfer, TransferCheck, TrustedAccount
from settlement.queries import ReversalView
from settlement.rules import ReversalReason, TransferKind, TransferState


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("base64_expected", "The file is expected in base64.", {}) from None


# The bytes of a file, in base64.
Content = Annotated[bytes, BeforeValidator(_decoded), WithJsonSchema({"type": "string", "contentEncoding": "base64"})]
# StrEnum values arrive as plain text.
Kind = Annotated[TransferKind, Field(strict=False)]
Reason = Annotated[ReversalReason, Field(strict=False)]


class EvidenceBody(Body):
    """The document that proves a transfer: its kind by the rulebook, file name and content (PDF, PNG or JPEG)."""

    kind: Annotated[Text, Field(max_length=40)]
    name: Annotated[Text, Field(min_length=1, max_length=160)]
    content: Content


class NewTransferBody(Body):
    """A transfer to be proposed. `to`, and for a court's transfer `from`, are unified social credit codes."""

    kind: Kind
    asset: Annotated[int, Field(ge=1, le=2**62)]
    units: Quantity
    to: Annotated[Text, Field(max_length=30)]
    giver: Annotated[Text, Field(max_length=30, alias="from")] = ""
    basis_number: Annotated[Text, Field(max_length=80)]
    reason: Annotated[Text, Field(max_length=300)]
    evidence: EvidenceBody


class AgreementBody(Body):
    """The digest of what the person has seen: another content is not agreed to."""

    digest: Annotated[Text, Field(max_length=64)]


class NoteBody(Body):
    """Why."""

    note: Annotated[Text, Field(max_length=300)]


class NewTrustBody(Body):
    """A receiver to be trusted, by its unified social credit code."""

    to: Annotated[Text, Field(max_length=30)]
    reason: Annotated[Text, Field(max_length=200)]


class NewReversalBody(Body):
    """Why an executed transfer is to be undone."""

    reason: Reason
    note: Annotated[Text, Field(max_length=300)]


class TransferFilters(Filters):
    """Transfers in one state."""

    state: TransferState | None = None


class EndShown(BaseModel):
    """One end of a transfer."""

    id: int
    name: str
    uscc: str


class TransferCheckShown(BaseModel):
    """What one numbered check found at one stage."""

    number: str
    stage: str
    passed: bool
    code: str
    at: datetime


class TransferShown(BaseModel):
    """A transfer outside the market. `due_at` is when it reaches the receiver: fixed by the approval.

    The receiver sees it from the approval on, without document, reason and checks.
    """

    id: int
    kind: str
    state: str
    giver: EndShown
    receiver: EndShown
    asset: Annotated[int, Field(ge=1, le=2**62)]
    units: int
    serials: list[str]
    digest: str
    basis_number: str | None
    reason: str | None
    evidence_kind: str | None
    evidence_sha256: str | None
    proposed_at: datetime
    confirmed_at: datetime | None
    approved_at: datetime | None
    trusted: bool | None
    due_at: datetime | None
    due_provisional: bool
    ended_at: datetime | None
    end_note: str
    entry: int | None
    checks: list[TransferCheckShown]


class TrustedAccountShown(BaseModel):
    """A receiver that a holder trusts, and from when on that counts."""

    id: int
    receiver: EndShown
    state: str
    reason: str
    proposed_at: datetime
    approved_at: datetime | None
    counts_from: datetime | None
    provisional: bool
    ended_at: datetime | None


class ReversalShown(BaseModel):
    """A reversal of an entry, asked for or posted."""

    id: int
    reverses: int
    reason: str
    note: str
    digest: str
    state: str
    proposed_at: datetime
    decided_at: datetime | None
    entry: int | None


def _at(value: datetime | None) -> datetime | None:
    return beijing(value) if value else None


def _end(organisation_id: int) -> EndShown:
    found = organisation(organisation_id)
    return EndShown(id=found.id, name=found.name, uscc=found.uscc)


def _check(row: TransferCheck) -> TransferCheckShown:
    return TransferCheckShown(number=row.number, stage=row.stage, passed=row.passed, code=row.code, at=beijing(row.at))


def transfer_shown(row: Transfer, actor: Actor) -> TransferShown:
    """Return a transfer as the actor may see it."""
    watches = actor.has(Role.SETTLEMENT_OPERATOR, Role.AUDITOR)
    inside = watches or row.from_organisation_id == actor.organisation_id
    credit = queries.asset(row.asset_id).credit
    assert credit is not None
    return TransferShown(
        id=row.pk,
        kind=row.kind,
        state=row.state,
        giver=_end(row.from_organisation_id),
        receiver=_end(row.to_organisation_id),
        asset=row.asset_id,
        units=row.units,
        serials=[queries.text_of(credit, part) for part in queries.serials_of_transfer(row)],
        digest=row.digest,
        basis_number=row.basis_number if inside else None,
        reason=row.reason if inside else None,
        evidence_kind=row.evidence.kind if inside else None,
        evidence_sha256=row.evidence.sha256 if inside else None,
        proposed_at=beijing(row.proposed_at),
        confirmed_at=_at(row.confirmed_at),
        approved_at=_at(row.approved_at),
        trusted=row.is_trusted,
        due_at=_at(row.due_at),
        due_provisional=row.due_provisional,
        ended_at=_at(row.ended_at),
        end_note=row.end_note if inside else "",
        entry=row.end_entry_id,
        checks=[_check(one) for one in queries.checks_of(row)] if inside else [],
    )


def trusted_account_shown(row: TrustedAccount) -> TrustedAccountShown:
    """Return a trusted account."""
    return TrustedAccountShown(
        id=row.pk,
        receiver=_end(row.trusted_id),
        state=row.state,
        reason=row.reason,
        proposed_at=beijing(row.proposed_at),
        approved_at=_at(row.approved_at),
        counts_from=_at(row.counts_from),
        provisional=row.counts_provisional,
        ended_at=_at(row.ended_at),
    )


def reversal_shown(view: ReversalView) -> ReversalShown:
    """Return a reversal."""
    return ReversalShown(
        id=view.id,
        reverses=view.reverses_id,
        reason=view.reason,
        note=view.note,
        digest=view.digest,
        state=view.state,
        proposed_at=beijing(view.proposed_at),
        decided_at=_at(view.decided_at),
        entry=view.entry_id,
    )
