"""Typed reversals: an entry that undoes another one, never an edit. Two settlement operators, one of a few reasons."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import RoleMissing
from accounts.queries import organisation
from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from settlement import queries
from settlement.errors import (
    HolderFrozen,
    NotReversible,
    ReversalNotThere,
    StaleVersion,
    StepNotOpen,
    TransferSamePerson,
)
from settlement.models import (
    Entry,
    EntryReversal,
    Leg,
    ReversalRequest,
    SerialMove,
    SuspenseExplanation,
    Transfer,
)
from settlement.queries.serials import joined
from settlement.rules import EntryKind, NewLeg, ReversalReason, SerialRange, TransferState
from settlement.services.entries import post_entry
from settlement.services.orders import refuse_frozen_asset
from settlement.services.transfers import needed_text, release

State = ReversalRequest.State
OPERATOR = Role.SETTLEMENT_OPERATOR


@transaction.atomic
def propose_reversal(
    *, actor: Actor, entry_id: int, reason: ReversalReason, note: str, at: datetime
) -> ReversalRequest:
    """Propose to undo an entry. Raises RoleMissing, ReversalNotThere, NotReversible, ReasonNeeded."""
    _require_operator(actor)
    text = needed_text("note", note)
    if not Entry.objects.filter(pk=entry_id).exists():
        raise ReversalNotThere
    asked = ReversalRequest.objects.filter(reverses_id=entry_id).exclude(state=State.REFUSED)
    if asked.exists() or not queries.can_be_reversed(entry_id):  # `reversal_request_is_open_once` has the last word.
        raise NotReversible
    assert actor.user_id is not None
    row = ReversalRequest.objects.create(
        reverses_id=entry_id,
        reason=reason.value,
        note=text,
        digest=_digest(entry_id, reason, text),
        proposed_by_id=actor.user_id,
        proposed_at=at,
    )
    transfer_id = Transfer.objects.filter(end_entry_id=entry_id).values_list("pk", flat=True).first()
    open_work_item(
        kind="approve_reversal",
        title=_("Decide on the reversal of entry {entry}"),
        subject=_subject(row),
        url=f"/transfers/{transfer_id}/" if transfer_id else "/transfers/",
        role=OPERATOR,
        found={"entry": str(entry_id)},
        at=at,
    )
    _note(row, actor, "propose_reversal", None, at)
    return row


def propose_reversal_of_transfer(
    *, actor: Actor, transfer_id: int, reason: ReversalReason, note: str, at: datetime
) -> ReversalRequest:
    """Propose to undo an executed transfer. Raises TransferNotThere, StepNotOpen and as propose_reversal."""
    row = queries.transfer(actor, transfer_id)
    if row.state != TransferState.EXECUTED or row.end_entry_id is None:
        raise StepNotOpen(verb="reverse", state=row.state)
    return propose_reversal(actor=actor, entry_id=row.end_entry_id, reason=reason, note=note, at=at)


@transaction.atomic
def approve_reversal(*, actor: Actor, reversal_id: int, digest: str, at: datetime) -> ReversalRequest:
    """Post the reversal as another operator than who proposed it: legs mirrored, the same serials back.

    A reversed transfer gives its units back to their holder in the same transaction; explained money is unknown again.
    Raises ReversalNotThere, RoleMissing, StepNotOpen, TransferSamePerson, PasswordNeeded, StaleVersion, NotReversible,
    SerialsElsewhere, InsufficientUnits, AssetFrozen, HolderFrozen.
    """
    row = _locked(actor, reversal_id)
    if row.proposed_by_id == actor.user_id:
        raise TransferSamePerson
    require_confirmed(actor, at)
    if not digest == row.digest == _digest(row.reverses_id, ReversalReason(row.reason), row.note):
        raise StaleVersion(field="digest")
    if not queries.can_be_reversed(row.reverses_id):
        raise NotReversible
    # The transfer first, its holdings afterwards: everybody who works on it comes this way.
    done = Transfer.objects.select_for_update(of=("self",)).filter(end_entry_id=row.reverses_id).first()
    if done is not None:
        refuse_frozen_asset(done.asset_id)
        if organisation(done.to_organisation_id).is_frozen:
            raise HolderFrozen
    row.entry_id = post_entry(
        key=f"reversal:{row.reverses_id}",
        kind=EntryKind.REVERSAL,
        legs=_mirrored(row.reverses_id),
        at=at,
        basis=f"reversal:{row.pk}",
        maker_id=row.proposed_by_id,
        checker_id=actor.user_id,
    )
    EntryReversal.objects.create(entry_id=row.entry_id, reverses_id=row.reverses_id, reason=row.reason)
    SuspenseExplanation.objects.filter(entry_id=row.reverses_id).update(state=SuspenseExplanation.State.REVERSED)
    if done is not None:
        done.return_entry_id = release(done, "return", at)
        done.state = TransferState.REVERSED.value
        done.save(update_fields=["state", "return_entry"])
    _decide(row, State.DONE, actor, "approve_reversal", at)
    return row


@transaction.atomic
def refuse_reversal(*, actor: Actor, reversal_id: int, at: datetime) -> ReversalRequest:
    """Let an entry stand: another operator refuses its reversal, or who proposed it takes it back.

    Raises ReversalNotThere, RoleMissing, StepNotOpen.
    """
    row = _locked(actor, reversal_id)
    _decide(row, State.REFUSED, actor, "refuse_reversal", at)
    return row


def _mirrored(entry_id: int) -> list[NewLeg]:
    """Return the legs that undo an entry: the ends swapped, each with the serials that its leg moved."""
    serials: dict[tuple[int, int], list[SerialRange]] = {}
    for move in SerialMove.objects.filter(entry_id=entry_id).order_by("first_serial"):
        ends = (move.debited_id, move.credited_id)
        serials.setdefault(ends, []).append(SerialRange(move.first_serial, move.last_serial))
    return [
        NewLeg(
            leg.asset_id,
            leg.credited_id,
            leg.debited_id,
            leg.units,
            joined(serials.get((leg.debited_id, leg.credited_id), [])),
        )
        for leg in Leg.objects.filter(entry_id=entry_id).order_by("pk")
    ]


def _digest(entry_id: int, reason: ReversalReason, note: str) -> str:
    text = json.dumps([entry_id, reason.value, note], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _require_operator(actor: Actor) -> None:
    if not actor.has(OPERATOR) or actor.user_id is None:
        raise RoleMissing(roles=[OPERATOR])


def _locked(actor: Actor, reversal_id: int) -> ReversalRequest:
    _require_operator(actor)
    row = ReversalRequest.objects.select_for_update(of=("self",)).filter(pk=reversal_id).first()
    if row is None:
        raise ReversalNotThere
    if row.state != State.PROPOSED:
        raise StepNotOpen(verb="decide", state=row.state)
    return row


def _decide(row: ReversalRequest, state: str, actor: Actor, verb: str, at: datetime) -> None:
    row.state, row.decided_by_id, row.decided_at = state, actor.user_id, at
    row.save(update_fields=["state", "decided_by", "decided_at", "entry"])
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, verb, {"state": "proposed"}, at)


def _subject(row: ReversalRequest) -> str:
    return f"reversal:{row.pk}"


def _note(row: ReversalRequest, actor: Actor, verb: str, before: dict[str, str] | None, at: datetime) -> None:
    after = {"state": row.state, "reverses": row.reverses_id, "reason": row.reason, "entry": row.entry_id}
    record_audit(actor=actor, verb=verb, subject=_subject(row), before=before, after=after, at=at)
