"""Unknown money: one settlement operator says whose it is, or that it goes back; another one decides, and it leaves."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import RoleMissing
from accounts.queries import organisation_by_uscc
from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from settlement import queries
from settlement.errors import (
    ExplanationOpen,
    NoticeNotThere,
    PayerUnknown,
    ReceiverNotThere,
    StaleVersion,
    StepNotOpen,
    TransferSamePerson,
)
from settlement.models import BankNotice, SuspenseExplanation
from settlement.rules import EntryKind, NewLeg, Purpose
from settlement.services.entries import open_holdings, post_entry
from settlement.services.transfers import needed_text
from settlement.services.withdrawals import return_money

State = SuspenseExplanation.State
OPERATOR = Role.SETTLEMENT_OPERATOR


@transaction.atomic
def propose_explanation(*, actor: Actor, notice_id: int, uscc: str, reason: str, at: datetime) -> SuspenseExplanation:
    """Propose whose money it is. Raises RoleMissing, NoticeNotThere, ReceiverNotThere, ReasonNeeded, ExplanationOpen.

    uscc: the participant's unified social credit code.
    """
    _require_operator(actor)
    assert actor.user_id is not None
    text = needed_text("reason", reason)
    notice = BankNotice.objects.filter(pk=notice_id, organisation__isnull=True).first()
    if notice is None:
        raise NoticeNotThere
    holder = organisation_by_uscc(uscc)
    if holder is None:
        raise ReceiverNotThere(field="uscc", found_value=uscc[:40])
    try:
        with transaction.atomic():  # `money_is_explained_once` has the word.
            row = SuspenseExplanation.objects.create(
                notice=notice,
                organisation_id=holder.id,
                reason=text,
                digest=_digest(notice, holder.id, text),
                proposed_by_id=actor.user_id,
                proposed_at=at,
            )
    except IntegrityError as error:
        raise ExplanationOpen from error
    _ask_second_person(row, at)
    _note(row, actor, "propose_explanation", None, at)
    return row


@transaction.atomic
def propose_return(*, actor: Actor, notice_id: int, reason: str, at: datetime) -> SuspenseExplanation:
    """Propose that money nobody can tell the owner of goes back to the account it came from.

    Raises RoleMissing, NoticeNotThere, PayerUnknown, ReasonNeeded, ExplanationOpen.
    """
    _require_operator(actor)
    assert actor.user_id is not None
    text = needed_text("reason", reason)
    notice = BankNotice.objects.filter(pk=notice_id, organisation__isnull=True).first()
    if notice is None:
        raise NoticeNotThere
    if not notice.payer_account or not notice.payer_name:
        raise PayerUnknown
    try:
        with transaction.atomic():  # `money_is_explained_once` has the word.
            row = SuspenseExplanation.objects.create(
                notice=notice,
                reason=text,
                digest=_digest(notice, None, text),
                proposed_by_id=actor.user_id,
                proposed_at=at,
            )
    except IntegrityError as error:
        raise ExplanationOpen from error
    _ask_second_person(row, at)
    _note(row, actor, "propose_return", None, at)
    return row


def _ask_second_person(row: SuspenseExplanation, at: datetime) -> None:
    notice = row.notice
    open_work_item(
        kind="decide_explanation",
        title=_("Decide whose the unknown money {serial} is"),
        subject=_subject(row),
        url=f"/bank-desk/unknown/{notice.pk}/",
        role=OPERATOR,
        found={"serial": notice.bank_serial},
        at=at,
    )


@transaction.atomic
def approve_explanation(*, actor: Actor, explanation_id: int, digest: str, at: datetime) -> SuspenseExplanation:
    """Move the money to the participant, or back to its payer, as another operator than who proposed it.

    Raises RoleMissing, NoticeNotThere, StepNotOpen, TransferSamePerson, PasswordNeeded, StaleVersion.
    """
    row = _locked(actor, explanation_id)
    if row.proposed_by_id == actor.user_id:
        raise TransferSamePerson
    require_confirmed(actor, at)
    if not digest == row.digest == _digest(row.notice, row.organisation_id, row.reason):
        raise StaleVersion(field="digest")
    if row.organisation_id is None:
        row.entry_id = return_money(explanation=row, actor=actor, at=at)
    else:
        row.entry_id = _move(row, actor, at)
    _decide(row, State.DONE, actor, "approve_explanation", at)
    return row


def _move(row: SuspenseExplanation, actor: Actor, at: datetime) -> int:
    cash_id = queries.cash_asset_id()
    keys = ((None, cash_id, Purpose.SUSPENSE), (row.organisation_id, cash_id, Purpose.AVAILABLE))
    ids = open_holdings(keys)
    return post_entry(
        key=f"suspense:{row.pk}",
        kind=EntryKind.SUSPENSE_EXPLAINED,
        legs=[NewLeg(cash_id, ids[keys[0]], ids[keys[1]], row.notice.amount_fen)],
        at=at,
        basis=f"bank:{row.notice.bank_serial}",
        maker_id=row.proposed_by_id,
        checker_id=actor.user_id,
    )


@transaction.atomic
def refuse_explanation(*, actor: Actor, explanation_id: int, at: datetime) -> SuspenseExplanation:
    """Leave the money in suspense: another operator refuses, or who proposed it takes it back.

    Raises RoleMissing, NoticeNotThere, StepNotOpen.
    """
    row = _locked(actor, explanation_id)
    _decide(row, State.REFUSED, actor, "refuse_explanation", at)
    return row


def _digest(notice: BankNotice, organisation_id: int | None, reason: str) -> str:
    text = json.dumps([notice.bank_serial, notice.amount_fen, organisation_id, reason], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _require_operator(actor: Actor) -> None:
    if not actor.has(OPERATOR) or actor.user_id is None:
        raise RoleMissing(roles=[OPERATOR])


def _locked(actor: Actor, explanation_id: int) -> SuspenseExplanation:
    _require_operator(actor)
    rows = SuspenseExplanation.objects.select_for_update(of=("self",)).select_related("notice")
    row = rows.filter(pk=explanation_id).first()
    if row is None:
        raise NoticeNotThere
    if row.state != State.PROPOSED:
        raise StepNotOpen(verb="decide", state=row.state)
    return row


def _decide(row: SuspenseExplanation, state: str, actor: Actor, verb: str, at: datetime) -> None:
    row.state, row.decided_by_id, row.decided_at = state, actor.user_id, at
    row.save(update_fields=["state", "decided_by", "decided_at", "entry"])
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, verb, {"state": State.PROPOSED.value}, at)


def _subject(row: SuspenseExplanation) -> str:
    return f"explanation:{row.pk}"


def _note(row: SuspenseExplanation, actor: Actor, verb: str, before: dict[str, str] | None, at: datetime) -> None:
    after = {
        "state": row.state,
        "bank_serial": row.notice.bank_serial,
        "organisation_id": row.organisation_id,
        "entry": row.entry_id,
    }
    record_audit(actor=actor, verb=verb, subject=_subject(row), before=before, after=after, at=at)
