"""The bank account of a participant: proposed, approved by a second person, confirmed by the bank; released by two."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import RoleMissing
from accounts.queries import organisation
from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from rulebook.queries import rule
from settlement import queries
from settlement.errors import (
    AccountInUse,
    BankAccountKnown,
    BankAccountNotThere,
    BankAccountUnreadable,
    StaleVersion,
    StepNotOpen,
    TransferSamePerson,
)
from settlement.models import BankAccount, Withdrawal
from settlement.queries.transfers import CONFIRMING, PROPOSING, confirming_role

State = BankAccount.State
URL = "/funds/bank-account/"
DIGITS = range(8, 33)


@transaction.atomic
def propose_bank_account(*, actor: Actor, bank_name: str, account_number: str, at: datetime) -> BankAccount:
    """Propose the bank account of the actor's organisation. It stands in the organisation's own name, or is refused.

    account_number: its digits; blanks between them are left out.
    Raises RoleMissing, BankAccountUnreadable, BankAccountKnown.
    """
    if not actor.has(*PROPOSING) or actor.user_id is None or actor.organisation_id is None:
        raise RoleMissing(roles=list(PROPOSING))
    number = "".join(account_number.split())
    if not (number.isascii() and number.isdecimal() and len(number) in DIGITS):
        raise BankAccountUnreadable(field="account_number", found_value=account_number[:40])
    try:
        with transaction.atomic():  # `one_bound_bank_account` and `one_bank_account_under_way` have the last word.
            if BankAccount.objects.filter(organisation_id=actor.organisation_id, state=State.BOUND).exists():
                raise BankAccountKnown(field="account_number")
            row = BankAccount.objects.create(
                organisation_id=actor.organisation_id,
                bank_name=bank_name.strip()[:100],
                account_name=organisation(actor.organisation_id).name,
                account_number=number,
                proposed_by_id=actor.user_id,
                proposed_at=at,
            )
    except IntegrityError as error:
        raise BankAccountKnown(field="account_number") from error
    open_work_item(
        kind="approve_bank_account",
        title=_("Approve the bank account {name}"),
        subject=_subject(row),
        url=URL,
        role=confirming_role(actor.organisation_id, at),
        organisation_id=actor.organisation_id,
        found={"name": str(row)},
        at=at,
    )
    _note(row, actor, "propose_bank_account", None, at)
    return row


@transaction.atomic
def approve_bank_account(*, actor: Actor, account_id: int, account_number: str, at: datetime) -> BankAccount:
    """Approve a proposed account as the holder's second person; the bank is asked about it now.

    account_number: what the second person saw. Raises BankAccountNotThere, RoleMissing, StepNotOpen,
    TransferSamePerson, PasswordNeeded, StaleVersion.
    """
    row = _own(actor, account_id)
    if row.state != State.PROPOSED:
        raise StepNotOpen(verb="approve", state=row.state)
    if row.proposed_by_id == actor.user_id:
        raise TransferSamePerson
    require_confirmed(actor, at)
    if account_number != row.account_number:
        raise StaleVersion(field="account_number")
    row.state, row.approved_by_id, row.approved_at, row.next_at = State.ASKED, actor.user_id, at, at
    row.save(update_fields=["state", "approved_by", "approved_at", "next_at"])
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, "approve_bank_account", State.PROPOSED, at)
    return row


@transaction.atomic
def refuse_bank_account(*, actor: Actor, account_id: int, at: datetime) -> BankAccount:
    """End a proposal: the second person refuses it, or who proposed it takes it back.

    Raises BankAccountNotThere, RoleMissing, StepNotOpen.
    """
    row = _own(actor, account_id, *PROPOSING, *CONFIRMING)
    if row.state != State.PROPOSED:
        raise StepNotOpen(verb="refuse", state=row.state)
    _end(row, State.REFUSED, actor.user_id, at)
    _note(row, actor, "refuse_bank_account", State.PROPOSED, at)
    return row


@transaction.atomic
def record_account_attempt(*, account_id: int, error: str, at: datetime) -> None:
    """Note why the bank could not be asked about an account; it is asked again later and later."""
    row = BankAccount.objects.select_for_update().get(pk=account_id)
    if row.state != State.ASKED:
        return
    row.attempts, row.last_error = row.attempts + 1, error[:300]
    row.next_at = at + timedelta(minutes=rule("bank.retry_minutes", at=at).value * min(row.attempts, 12))
    row.save(update_fields=["attempts", "last_error", "next_at"])


@transaction.atomic
def record_account_answer(*, account_id: int, is_holders: bool, reason: str, at: datetime) -> BankAccount:
    """Take the bank's word on whether an account stands in the holder's name: it is bound, or refused.

    Right when told twice. Raises BankAccountNotThere where nothing was asked.
    """
    row = BankAccount.objects.select_for_update().filter(pk=account_id, approved_at__isnull=False).first()
    if row is None:
        raise BankAccountNotThere
    if row.state != State.ASKED:
        return row
    if BankAccount.objects.filter(account_number=row.account_number, state=State.BOUND).exists():
        is_holders, reason = False, _("The account is bound to another participant.")
    row.last_error = reason[:300]
    if not is_holders:
        row.save(update_fields=["last_error"])
        _end(row, State.REFUSED, None, at)
    else:
        row.state, row.bound_at, row.usable_from = State.BOUND, at, queries.bank_account_usable_from(row, at)
        row.save(update_fields=["state", "bound_at", "usable_from", "last_error"])
    _note(row, None, "answer_bank_account", State.ASKED, at)
    return row


@transaction.atomic
def ask_release(*, actor: Actor, account_id: int, at: datetime) -> BankAccount:
    """Ask that the bound account is released. Raises BankAccountNotThere, RoleMissing, StepNotOpen, AccountInUse."""
    row = _own(actor, account_id, *PROPOSING)
    if row.state != State.BOUND or row.release_asked_by_id is not None:
        raise StepNotOpen(verb="release", state=row.state)
    _refuse_while_used(row)
    row.release_asked_by_id, row.release_asked_at = actor.user_id, at
    row.save(update_fields=["release_asked_by", "release_asked_at"])
    open_work_item(
        kind="release_bank_account",
        title=_("Release the bank account {name}"),
        subject=_subject(row),
        url=URL,
        role=confirming_role(row.organisation_id, at),
        organisation_id=row.organisation_id,
        found={"name": str(row)},
        at=at,
    )
    _note(row, actor, "ask_release", State.BOUND, at)
    return row


@transaction.atomic
def release_bank_account(*, actor: Actor, account_id: int, at: datetime) -> BankAccount:
    """Release the account as the second person; nothing leaves to it from now on.

    Raises BankAccountNotThere, RoleMissing, StepNotOpen, TransferSamePerson, PasswordNeeded, AccountInUse.
    """
    row = _release_asked(actor, account_id)
    if row.release_asked_by_id == actor.user_id:
        raise TransferSamePerson
    require_confirmed(actor, at)
    _refuse_while_used(row)
    _end(row, State.RELEASED, actor.user_id, at)
    _note(row, actor, "release_bank_account", State.BOUND, at)
    return row


@transaction.atomic
def keep_bank_account(*, actor: Actor, account_id: int, at: datetime) -> BankAccount:
    """Keep the account bound: the second person refuses the release, or who asked takes it back.

    Raises BankAccountNotThere, RoleMissing, StepNotOpen.
    """
    row = _release_asked(actor, account_id, *PROPOSING, *CONFIRMING)
    row.release_asked_by_id = row.release_asked_at = None
    row.save(update_fields=["release_asked_by", "release_asked_at"])
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, "keep_bank_account", State.BOUND, at)
    return row


def _release_asked(actor: Actor, account_id: int, *roles: Role) -> BankAccount:
    row = _own(actor, account_id, *roles)
    if row.state != State.BOUND or row.release_asked_by_id is None:
        raise StepNotOpen(verb="decide", state=row.state)
    return row


def _refuse_while_used(row: BankAccount) -> None:
    """A payment under way must end first: its money could not come back (`bank_account_has_no_payment_under_way`)."""
    waiting = Withdrawal.objects.filter(bank_account=row, state__in=[Withdrawal.State.ASKED, Withdrawal.State.SENT])
    if waiting.exists():
        raise AccountInUse


def _own(actor: Actor, account_id: int, *roles: Role) -> BankAccount:
    row = BankAccount.objects.select_for_update().filter(pk=account_id).first()
    if row is None or row.organisation_id != actor.organisation_id:
        raise BankAccountNotThere
    if actor.user_id is None or not actor.has(*(roles or CONFIRMING)):
        raise RoleMissing(roles=list(roles or CONFIRMING))
    return row


def _end(row: BankAccount, state: str, ended_by_id: int | None, at: datetime) -> None:
    row.state, row.ended_by_id, row.ended_at = state, ended_by_id, at
    row.save(update_fields=["state", "ended_by", "ended_at"])
    close_work_items(subject=_subject(row), at=at)


def _subject(row: BankAccount) -> str:
    return f"bank_account:{row.pk}"


def _note(row: BankAccount, actor: Actor | None, verb: str, before: str | None, at: datetime) -> None:
    after = {"state": row.state, "account": str(row)}
    record_audit(
        actor=actor,
        verb=verb,
        subject=_subject(row),
        before={"state": str(before)} if before else None,
        after=after,
        at=at,
    )
