"""Objections to the settlement of a trade: raised by a party until the next opening, ended by two operators."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import RoleMissing
from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from settlement import queries
from settlement.errors import (
    ClaimTooLarge,
    ObjectionLate,
    ObjectionNotThere,
    ObjectionOpen,
    StaleVersion,
    StepNotOpen,
    TransferSamePerson,
)
from settlement.models import Objection
from settlement.rules import EntryKind, NewLeg, Purpose
from settlement.rules.day import ObjectionState, PaidFrom, objection_digest
from settlement.services.entries import open_holdings, post_entry
from settlement.services.transfers import needed_text

OPERATOR = Role.SETTLEMENT_OPERATOR
RAISERS = (Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, Role.OWNER)


@transaction.atomic
def raise_objection(*, actor: Actor, entry_id: int, claimed_fen: int, reason: str, at: datetime) -> Objection:
    """Object to the settlement of a trade of the actor's organisation; the claimed money stays on the platform.

    Raises RoleMissing, ObjectionNotThere, ObjectionLate, ClaimTooLarge, ReasonNeeded, ObjectionOpen.
    """
    if not actor.has(*RAISERS) or actor.organisation_id is None:
        raise RoleMissing(roles=list(RAISERS))
    trade = queries.objectionable_trade(actor.organisation_id, entry_id, at=at)
    if not trade.is_in_time:
        raise ObjectionLate(day=str(trade.business_date))
    _refuse_beyond("claimed_fen", claimed_fen, trade.value_fen, least=1)
    text = needed_text("reason", reason)
    try:
        with transaction.atomic():  # `objection_is_open_once` has the word.
            row = Objection.objects.create(
                entry_id=entry_id,
                organisation_id=actor.organisation_id,
                against_id=trade.against_id,
                claimed_fen=claimed_fen,
                reason=text,
                raised_by_id=actor.user_id,
                raised_at=at,
            )
    except IntegrityError as error:
        if "objection_is_open_once" not in str(error):
            raise
        raise ObjectionOpen from error
    open_work_item(
        kind="end_objection",
        title=_("Find how the objection to entry {entry} ends"),
        subject=_subject(row),
        url=f"/objections/{row.pk}/",
        role=OPERATOR,
        found={"entry": str(entry_id)},
        at=at,
    )
    _note(row, actor, "raise_objection", None, at)
    return row


@transaction.atomic
def withdraw_objection(*, actor: Actor, objection_id: int, at: datetime) -> Objection:
    """Take an open objection back, as the party that raised it. Raises ObjectionNotThere, StepNotOpen."""
    row = Objection.objects.select_for_update().filter(pk=objection_id).first()
    if row is None or not actor.has(*RAISERS) or actor.organisation_id != row.organisation_id:
        raise ObjectionNotThere
    before = row.state
    if before not in (ObjectionState.RAISED, ObjectionState.PROPOSED):
        raise StepNotOpen(verb="withdraw", state=before)
    row.state, row.decided_at = ObjectionState.WITHDRAWN.value, at
    row.save(update_fields=["state", "decided_at"])
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, "withdraw_objection", before, at)
    return row


@transaction.atomic
def propose_end(
    *, actor: Actor, objection_id: int, finding: str, compensation_fen: int, paid_from: PaidFrom, at: datetime
) -> Objection:
    """Propose how an objection ends: dismissed (0 fen), or compensated. What is retired stays retired either way.

    Raises RoleMissing, ObjectionNotThere, StepNotOpen, ReasonNeeded, ClaimTooLarge.
    """
    row = _locked(actor, objection_id, ObjectionState.RAISED)
    text = needed_text("reason", finding)
    _refuse_beyond("compensation_fen", compensation_fen, row.claimed_fen, least=0)
    row.state, row.finding, row.compensation_fen = ObjectionState.PROPOSED.value, text, compensation_fen
    row.paid_from = paid_from.value if compensation_fen else ""
    row.digest = _digest(row)
    row.proposed_by_id, row.proposed_at = actor.user_id, at
    row.save(
        update_fields=["state", "finding", "compensation_fen", "paid_from", "digest", "proposed_by", "proposed_at"]
    )
    _note(row, actor, "propose_end_of_objection", ObjectionState.RAISED.value, at)
    return row


@transaction.atomic
def approve_end(*, actor: Actor, objection_id: int, digest: str, at: datetime) -> Objection:
    """End an objection as proposed, as another operator than who proposed it.

    Raises RoleMissing, ObjectionNotThere, StepNotOpen, TransferSamePerson, PasswordNeeded, StaleVersion,
    InsufficientFunds.
    """
    row = _locked(actor, objection_id, ObjectionState.PROPOSED)
    if row.proposed_by_id == actor.user_id:
        raise TransferSamePerson
    require_confirmed(actor, at)
    if not digest == row.digest == _digest(row):
        raise StaleVersion(field="digest")
    row.decided_by_id, row.decided_at = actor.user_id, at
    row.state = ObjectionState.DISMISSED.value
    if row.compensation_fen:
        row.state, row.compensation_id = ObjectionState.COMPENSATED.value, _compensate(row, actor, at)
    row.save(update_fields=["state", "decided_by", "decided_at", "compensation"])
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, "approve_end_of_objection", ObjectionState.PROPOSED.value, at)
    return row


@transaction.atomic
def refuse_end(*, actor: Actor, objection_id: int, at: datetime) -> Objection:
    """Leave an objection open: another operator refuses what was proposed, or who proposed it takes it back.

    Raises RoleMissing, ObjectionNotThere, StepNotOpen.
    """
    row = _locked(actor, objection_id, ObjectionState.PROPOSED)
    row.state, row.finding, row.compensation_fen, row.paid_from, row.digest = "raised", "", None, "", ""
    row.proposed_by_id = row.proposed_at = None
    row.save(
        update_fields=["state", "finding", "compensation_fen", "paid_from", "digest", "proposed_by", "proposed_at"]
    )
    _note(row, actor, "refuse_end_of_objection", ObjectionState.PROPOSED.value, at)
    return row


def _compensate(row: Objection, actor: Actor, at: datetime) -> int:
    cash_id = queries.cash_asset_id()
    payer = (
        (row.against_id, cash_id, Purpose.AVAILABLE)
        if row.paid_from == PaidFrom.COUNTERPARTY
        else (None, cash_id, Purpose.RISK_RESERVE)
    )
    receiver = (row.organisation_id, cash_id, Purpose.AVAILABLE)
    ids = open_holdings([payer, receiver])
    assert row.compensation_fen is not None
    return post_entry(
        key=f"objection:{row.pk}",
        kind=EntryKind.COMPENSATION,
        legs=[NewLeg(cash_id, ids[payer], ids[receiver], row.compensation_fen)],
        at=at,
        basis=_subject(row),
        maker_id=row.proposed_by_id,
        checker_id=actor.user_id,
    )


def _refuse_beyond(field: str, fen: int, most_fen: int, *, least: int) -> None:
    if not least <= fen <= most_fen:
        raise ClaimTooLarge(field=field, most_yuan=_yuan(most_fen), found_yuan=_yuan(fen))


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def _locked(actor: Actor, objection_id: int, state: ObjectionState) -> Objection:
    if not actor.has(OPERATOR) or actor.user_id is None:
        raise RoleMissing(roles=[OPERATOR])
    row = Objection.objects.select_for_update().filter(pk=objection_id).first()
    if row is None:
        raise ObjectionNotThere
    if row.state != state:
        raise StepNotOpen(verb="decide", state=row.state)
    return row


def _digest(row: Objection) -> str:
    assert row.compensation_fen is not None
    return objection_digest(
        objection_id=row.pk, finding=row.finding, compensation_fen=row.compensation_fen, paid_from=row.paid_from
    )


def _subject(row: Objection) -> str:
    return f"objection:{row.pk}"


def _note(row: Objection, actor: Actor, verb: str, before: str | None, at: datetime) -> None:
    after = {
        "state": row.state,
        "entry": row.entry_id,
        "claimed_fen": row.claimed_fen,
        "compensation_fen": row.compensation_fen,
    }
    was = None if before is None else {"state": before}
    record_audit(actor=actor, verb=verb, subject=_subject(row), before=was, after=after, at=at)
