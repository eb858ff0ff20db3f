"""Non-trade transfers: proposed, confirmed by the holder's second person, approved on the evidence, executed when due.

A court's transfer is proposed by one settlement operator and approved by another; all others by the holder's two
persons and a settlement operator. Until it is executed it can be stopped. Source: reliability.md section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import RoleMissing
from accounts.queries import organisation_by_uscc
from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from settlement import queries, rules
from settlement.errors import (
    AssetNotThere,
    HolderMayNotHold,
    InvalidQuantity,
    ReasonNeeded,
    ReceiverNotThere,
    StaleVersion,
    StepNotOpen,
    TransferNotThere,
    TransferSamePerson,
)
from settlement.models import Asset, Transfer, TransferCheck
from settlement.queries.transfers import CONFIRMING, PROPOSING, confirming_role
from settlement.rules import CheckAnswer, EntryKind, NewLeg, Purpose, Stage, TransferKind, TransferState
from settlement.rules.evidence import is_clean
from settlement.services.entries import open_holdings, post_entry
from settlement.services.evidence import EvidenceFile, keep_evidence

MOST_UNITS = 10**12
LIMITS = {"basis_number": 80, "authority": 120, "reason": 300, "note": 300}


@transaction.atomic
def propose_transfer(
    *,
    actor: Actor,
    kind: TransferKind,
    asset_id: int,
    units: int,
    to_uscc: str,
    from_uscc: str = "",
    basis_number: str,
    reason: str,
    evidence: EvidenceFile,
    at: datetime,
) -> Transfer:
    """Propose a transfer and return it; all numbered checks have passed then.

    from_uscc: whose credits, for a court's transfer; any other is of the actor's own organisation.
    Raises RoleMissing, InvalidQuantity, ReasonNeeded, ReceiverNotThere, FileRejected and what the checks refuse.
    """
    giver_id = _giver(actor, kind, from_uscc)
    if isinstance(units, bool) or not isinstance(units, int) or not 0 < units <= MOST_UNITS:
        raise InvalidQuantity(field="units", found_value=units)
    if not Asset.objects.filter(pk=asset_id).exists():
        raise AssetNotThere(field="asset")
    receiver = organisation_by_uscc(to_uscc)
    if receiver is None:
        raise ReceiverNotThere(field="to", found_value=to_uscc[:40])
    basis, why = needed_text("basis_number", basis_number), needed_text("reason", reason)
    # One proposal of a batch of a holder at a time, so that a doubled one finds the first.
    Asset.objects.select_for_update(no_key=True).get(pk=asset_id)
    row = Transfer(
        kind=kind.value,
        from_organisation_id=giver_id,
        to_organisation_id=receiver.id,
        asset_id=asset_id,
        units=units,
        basis_number=basis,
        reason=why,
        evidence=keep_evidence(file=evidence, organisation_id=giver_id, actor=actor, at=at),
        proposed_by_id=actor.user_id,
        proposed_by_client_id=actor.client_id,
        proposed_at=at,
    )
    row.digest = digest_of(row)
    answers = _passed(queries.run_checks(row, stage=Stage.PROPOSAL, at=at))
    row.save(force_insert=True)
    _write_checks(row, Stage.PROPOSAL, answers, at)
    _note(row, actor, "propose_transfer", None, at)
    if kind is TransferKind.COURT:
        _ask_operator(row, at)
    else:
        _ask(row, "confirm_transfer", _("Confirm a transfer of {units} t"), at, confirming_role(giver_id, at), giver_id)
    return row


def _giver(actor: Actor, kind: TransferKind, from_uscc: str) -> int:
    """Return whose credits are to be transferred. Raises RoleMissing, ReceiverNotThere."""
    if kind is TransferKind.COURT:
        if not actor.has(Role.SETTLEMENT_OPERATOR) or actor.user_id is None:
            raise RoleMissing(roles=[Role.SETTLEMENT_OPERATOR])
        found = organisation_by_uscc(from_uscc)
        if found is None:
            raise ReceiverNotThere(field="from", found_value=from_uscc[:40])
        return found.id
    if not actor.has(*PROPOSING):
        raise RoleMissing(roles=list(PROPOSING))
    if actor.organisation_id is None:
        raise HolderMayNotHold
    return actor.organisation_id


def needed_text(name: str, text: str) -> str:
    """Return a text without blanks around it. Raises ReasonNeeded."""
    clean = text.strip()
    if not clean or len(clean) > LIMITS[name] or not is_clean(clean):
        raise ReasonNeeded(field=name, limit=LIMITS[name])
    return clean


def digest_of(row: Transfer) -> str:
    """Return the hash of what a transfer says, from the row and its evidence as they are now."""
    return rules.transfer_digest(
        kind=row.kind,
        from_id=row.from_organisation_id,
        to_id=row.to_organisation_id,
        asset_id=row.asset_id,
        units=row.units,
        basis_number=row.basis_number,
        evidence_kind=row.evidence.kind,
        evidence_sha256=row.evidence.sha256,
        reason=row.reason,
        proposed_by_id=row.proposed_by_id,
    )


@transaction.atomic
def confirm_transfer(*, actor: Actor, transfer_id: int, digest: str, at: datetime) -> Transfer:
    """Confirm a transfer as the holder's second person; the evidence goes to a settlement operator then.

    digest: of what the person has seen. Raises TransferNotThere, RoleMissing, StepNotOpen, TransferSamePerson,
    StaleVersion, PasswordNeeded and what the checks refuse.
    """
    row = _locked(actor, transfer_id)
    if row.from_organisation_id != actor.organisation_id or not actor.has(*CONFIRMING) or actor.user_id is None:
        raise RoleMissing(roles=list(CONFIRMING))
    if row.state != TransferState.PROPOSED or row.confirmed_at is not None or row.kind == TransferKind.COURT:
        raise _not_open("confirm", row)
    _agree(row, actor, digest, at)
    _passed(queries.run_checks(row, stage=Stage.PROPOSAL, at=at, approver_id=actor.user_id))
    row.confirmed_by_id, row.confirmed_at = actor.user_id, at
    row.save(update_fields=["confirmed_by", "confirmed_at"])
    close_work_items(subject=_subject(row), at=at)
    _ask_operator(row, at)
    _note(row, actor, "confirm_transfer", {"state": row.state}, at)
    return row


@transaction.atomic
def approve_transfer(*, actor: Actor, transfer_id: int, digest: str, at: datetime) -> Transfer:
    """Approve a transfer on its evidence: its units are in transit from now on, and reach the receiver when it is due.

    To a trusted receiver, or after the waiting time has passed, that is at once.
    Raises TransferNotThere, RoleMissing, StepNotOpen, TransferSamePerson, StaleVersion, PasswordNeeded and what the
    checks refuse.
    """
    row = _locked(actor, transfer_id)
    if not actor.has(Role.SETTLEMENT_OPERATOR) or actor.user_id is None:
        raise RoleMissing(roles=[Role.SETTLEMENT_OPERATOR])
    if row.state != TransferState.PROPOSED or (row.kind != TransferKind.COURT and row.confirmed_at is None):
        raise _not_open("approve", row)
    _agree(row, actor, digest, at)
    answers = _passed(queries.run_checks(row, stage=Stage.APPROVAL, at=at, approver_id=actor.user_id))
    due = queries.due_of(row, at)
    row.is_trusted = queries.is_trusted(row.from_organisation_id, row.to_organisation_id, at)
    row.approved_by_id, row.approved_at = actor.user_id, at
    row.due_at, row.due_provisional = max(due.at, at), due.provisional
    row.hold_entry_id = _post(row, "hold", EntryKind.TRANSFER_HOLD, Purpose.AVAILABLE, Purpose.IN_TRANSIT, at)
    row.state = TransferState.APPROVED.value
    row.save(
        update_fields=[
            "is_trusted",
            "approved_by",
            "approved_at",
            "due_at",
            "due_provisional",
            "hold_entry",
            "state",
        ]
    )
    _write_checks(row, Stage.APPROVAL, answers, at)
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, "approve_transfer", {"state": "proposed"}, at)
    if not row.due_provisional and row.due_at <= at:
        _execute(row, at)
    return row


def _agree(row: Transfer, actor: Actor, digest: str, at: datetime) -> None:
    """Return if a second person agrees to exactly what was proposed. Raises as confirm_transfer."""
    if actor.user_id in (row.proposed_by_id, row.confirmed_by_id):
        raise TransferSamePerson
    require_confirmed(actor, at)
    # What the person saw, what is written down and what the row says now are one and the same.
    if not digest == row.digest == digest_of(row):
        raise StaleVersion(field="digest")


@transaction.atomic
def refuse_transfer(*, actor: Actor, transfer_id: int, note: str, at: datetime) -> Transfer:
    """Refuse a transfer after review of its evidence, with the reason; what was held goes back.

    Raises TransferNotThere, RoleMissing, StepNotOpen, ReasonNeeded.
    """
    row = _locked(actor, transfer_id)
    if not actor.has(Role.SETTLEMENT_OPERATOR) or actor.user_id is None:
        raise RoleMissing(roles=[Role.SETTLEMENT_OPERATOR])
    if row.state not in (TransferState.PROPOSED, TransferState.APPROVED):
        raise _not_open("refuse", row)
    text = needed_text("note", note)
    _write_checks(row, Stage.REFUSAL, queries.run_checks(row, stage=Stage.REFUSAL, at=at), at)
    _end(row, TransferState.REFUSED, text, at, actor=actor, verb="refuse_transfer")
    return row


@transaction.atomic
def stop_transfer(*, actor: Actor, transfer_id: int, note: str, at: datetime) -> Transfer:
    """Stop a transfer that is not executed: those who proposed, confirmed or approved it may, and the holder.

    A court's transfer is stopped by one of its operators, not by the holder it takes from.
    Raises TransferNotThere, RoleMissing, StepNotOpen, ReasonNeeded.
    """
    row = _locked(actor, transfer_id)
    if not may_stop(actor, row):
        raise RoleMissing(roles=[Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, Role.OWNER])
    if row.state not in (TransferState.PROPOSED, TransferState.APPROVED):
        raise _not_open("stop", row)
    _end(row, TransferState.CANCELLED, needed_text("note", note), at, actor=actor, verb="stop_transfer")
    return row


def may_stop(actor: Actor, row: Transfer) -> bool:
    """Tell whether the actor is one of a transfer's persons, or acts for the holder."""
    if actor.user_id is not None and actor.user_id in (row.proposed_by_id, row.confirmed_by_id, row.approved_by_id):
        return True
    if row.kind == TransferKind.COURT or row.from_organisation_id != actor.organisation_id:
        return False
    return actor.has(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, Role.OWNER)


@transaction.atomic
def execute_transfer(*, transfer_id: int, at: datetime) -> str:
    """Execute one transfer if it is approved and due, and return the state it is in then. Right when run twice."""
    row = Transfer.objects.select_for_update(of=("self",)).select_related("evidence").get(pk=transfer_id)
    if row.state == TransferState.APPROVED and not row.due_provisional and row.due_at is not None and row.due_at <= at:
        _execute(row, at)
    return row.state


def _execute(row: Transfer, at: datetime) -> None:
    answers = queries.run_checks(row, stage=Stage.EXECUTION, at=at)
    _write_checks(row, Stage.EXECUTION, answers, at)
    failed = next((one.refusal for one in answers if one.refusal is not None), None)
    if failed is not None:
        _end(row, TransferState.REFUSED, "", at, actor=None, verb="refuse_transfer")
        return
    row.end_entry_id = _post(row, "done", EntryKind.TRANSFER, Purpose.IN_TRANSIT, Purpose.AVAILABLE, at)
    row.state, row.ended_at = TransferState.EXECUTED.value, at
    row.save(update_fields=["state", "ended_at", "end_entry"])
    _note(row, None, "execute_transfer", {"state": "approved"}, at)


def _end(row: Transfer, state: TransferState, note: str, at: datetime, *, actor: Actor | None, verb: str) -> None:
    """End a transfer that is not executed; what it held goes back to its holder."""
    before = {"state": row.state}
    if row.hold_entry_id is not None:
        row.end_entry_id = release(row, "release", at)
    row.state, row.ended_at, row.end_note = state.value, at, note
    row.ended_by_id = actor.user_id if actor else None
    row.save(update_fields=["state", "ended_at", "end_note", "ended_by", "end_entry"])
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, verb, before, at)


def _post(row: Transfer, step: str, kind: EntryKind, source: Purpose, target: Purpose, at: datetime) -> int:
    """Move the units of a transfer: to transit the lowest serials, from there the same ones."""
    receiver = row.to_organisation_id if kind is EntryKind.TRANSFER else row.from_organisation_id
    giver_key = (row.from_organisation_id, row.asset_id, source)
    receiver_key = (receiver, row.asset_id, target)
    ids = open_holdings([giver_key, receiver_key])
    named = queries.serials_of_transfer(row)
    return post_entry(
        key=f"transfer:{row.pk}:{step}",
        kind=kind,
        legs=[NewLeg(row.asset_id, ids[giver_key], ids[receiver_key], row.units, named)],
        at=at,
        basis=f"transfer:{row.pk}",
        maker_id=row.proposed_by_id or row.confirmed_by_id,
        checker_id=row.approved_by_id,
    )


def release(row: Transfer, step: str, at: datetime) -> int:
    """Give the units of a transfer back from transit to its holder, under an entry that names it; return the entry."""
    return _post(row, step, EntryKind.TRANSFER_RELEASE, Purpose.IN_TRANSIT, Purpose.AVAILABLE, at)


def _passed(answers: Sequence[CheckAnswer]) -> Sequence[CheckAnswer]:
    """Return the answers if all checks passed, else raise what the first one refuses with."""
    for one in answers:
        if one.refusal is not None:
            raise one.refusal
    return answers


def _write_checks(row: Transfer, stage: Stage, answers: Sequence[CheckAnswer], at: datetime) -> None:
    TransferCheck.objects.bulk_create(
        TransferCheck(
            transfer=row,
            stage=stage.value,
            number=one.number,
            passed=one.passed,
            code=one.refusal.code if one.refusal else "",
            message=one.refusal.message if one.refusal else "",
            found=one.found or (one.refusal.found if one.refusal else {}),
            at=at,
        )
        for one in answers
    )


def _locked(actor: Actor, transfer_id: int) -> Transfer:
    rows = Transfer.objects.visible_to(actor).select_for_update(of=("self",)).select_related("evidence")
    row = rows.filter(pk=transfer_id).first()
    if row is None:
        raise TransferNotThere
    return row


def _not_open(verb: str, row: Transfer) -> StepNotOpen:
    return StepNotOpen(verb=verb, state=row.state)


def _subject(row: Transfer) -> str:
    return f"transfer:{row.pk}"


def _ask_operator(row: Transfer, at: datetime) -> None:
    title = _("Review the evidence of a transfer of {units} t")
    _ask(row, "approve_transfer", title, at, Role.SETTLEMENT_OPERATOR, None)


def _ask(row: Transfer, kind: str, title: str, at: datetime, role: Role, organisation_id: int | None) -> None:
    open_work_item(
        kind=kind,
        title=title,
        subject=_subject(row),
        url=f"/transfers/{row.pk}/",
        role=role,
        organisation_id=organisation_id,
        found={"units": f"{row.units:,}"},
        at=at,
    )


def _note(row: Transfer, actor: Actor | None, verb: str, before: dict[str, Any] | None, at: datetime) -> None:
    after: dict[str, Any] = {"state": row.state, "digest": row.digest, "units": row.units}
    if row.due_at:
        after["due_at"] = row.due_at.isoformat()
    record_audit(actor=actor, verb=verb, subject=_subject(row), before=before, after=after, at=at)
