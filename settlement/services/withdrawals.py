"""Money out: asked for, approved by a second person above a limit, sent to the bank, paid or returned."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit
from rulebook.queries import rule
from rulebook.rules import beijing
from settlement import queries
from settlement.errors import (
    BankAccountMissing,
    BankAccountNotYet,
    Claimed,
    InvalidQuantity,
    PaidOtherwise,
    SoldToday,
    WithdrawalNotThere,
    WithdrawalWindowClosed,
)
from settlement.models import BankAccount, PaymentOrder, SuspenseExplanation, Withdrawal
from settlement.rules import EntryKind, NewLeg, Purpose
from settlement.services.entries import open_holdings, post_entry

State = Withdrawal.State


def _move(key: str, kind: EntryKind, withdrawal: Withdrawal, source: Purpose, target: Purpose, at: datetime) -> int:
    cash_id = queries.cash_asset_id()
    places = {
        purpose: (None if purpose is Purpose.BANK else withdrawal.organisation_id, cash_id, purpose)
        for purpose in (source, target)
    }
    ids = open_holdings(places.values())
    return post_entry(
        key=key,
        kind=kind,
        legs=[NewLeg(cash_id, ids[places[source]], ids[places[target]], withdrawal.amount_fen)],
        at=at,
        basis=f"withdrawal:{withdrawal.pk}",
        maker_id=withdrawal.asked_by_id,
        checker_id=withdrawal.approved_by_id,
    )


@transaction.atomic
def request_withdrawal(*, actor: Actor, amount_fen: int, at: datetime) -> Withdrawal:
    """Ask for money to be paid to the bound bank account; it is in transit from now on.

    Below the rulebook's limit it is sent at once, from there on a second person of the firm has to approve.
    Raises InvalidQuantity, WithdrawalWindowClosed, BankAccountMissing, BankAccountNotYet, InsufficientFunds,
    SoldToday.
    """
    assert actor.organisation_id is not None
    if amount_fen <= 0:
        raise InvalidQuantity(field="amount_fen", found_value=amount_fen)
    _refuse_outside_windows(at)
    account = queries.bank_account_of(actor.organisation_id)
    if account is None:
        raise BankAccountMissing
    # A release of the account waits for this, or this finds it released (`withdrawal_goes_to_a_bound_account`).
    if not BankAccount.objects.select_for_update().filter(pk=account.pk, state=BankAccount.State.BOUND).exists():
        raise BankAccountMissing
    if account.usable_from is None or account.usable_from > at:
        raise BankAccountNotYet(usable_from=_shown(account.usable_from))
    withdrawal = Withdrawal.objects.create(
        organisation_id=actor.organisation_id,
        bank_account=account,
        amount_fen=amount_fen,
        asked_by_id=actor.user_id,
        asked_at=at,
    )
    _move(f"withdrawal:{withdrawal.pk}:ask", EntryKind.WITHDRAW, withdrawal, Purpose.AVAILABLE, Purpose.IN_TRANSIT, at)
    left = queries.withdrawable(actor.organisation_id, at)  # The money is locked now; what is left is what counts.
    if left.available_fen < left.sales_fen:
        might_fen = left.available_fen + amount_fen - left.sales_fen
        raise SoldToday(sales_yuan=_yuan(left.sales_fen), withdrawable_yuan=_yuan(might_fen - left.claimed_fen))
    if left.available_fen < left.sales_fen + left.claimed_fen:
        might_fen = left.available_fen + amount_fen - left.sales_fen - left.claimed_fen
        raise Claimed(claimed_yuan=_yuan(left.claimed_fen), withdrawable_yuan=_yuan(might_fen))
    if amount_fen < rule("cash.withdrawal_two_persons_from_fen", at=at).value:
        _send(withdrawal, at)
    else:
        open_work_item(
            kind="approve_withdrawal",
            title=_("Approve the withdrawal of {yuan} yuan"),
            subject=f"withdrawal:{withdrawal.pk}",
            url="/funds/",
            role=Role.FIRM_CONFIRMER,
            organisation_id=actor.organisation_id,
            found={"yuan": _yuan(amount_fen)},
            at=at,
        )
    record_audit(
        actor=actor,
        verb="request_withdrawal",
        subject=f"withdrawal:{withdrawal.pk}",
        before=None,
        after={"amount_fen": amount_fen, "state": withdrawal.state},
        at=at,
    )
    return withdrawal


@transaction.atomic
def approve_withdrawal(*, actor: Actor, withdrawal_id: int, at: datetime) -> Withdrawal:
    """Approve a withdrawal as the second person of the firm; it is sent to the bank then.

    Raises WithdrawalNotThere, WithdrawalWindowClosed. The same person twice is refused by
    `withdrawal_has_two_persons`.
    """
    _refuse_outside_windows(at)
    withdrawal = _locked(withdrawal_id, State.ASKED)
    if withdrawal.organisation_id != actor.organisation_id:
        raise WithdrawalNotThere
    withdrawal.approved_by_id = actor.user_id
    _send(withdrawal, at)
    close_work_items(subject=f"withdrawal:{withdrawal.pk}", at=at)
    record_audit(
        actor=actor,
        verb="approve_withdrawal",
        subject=f"withdrawal:{withdrawal.pk}",
        before={"state": State.ASKED},
        after={"state": State.SENT},
        at=at,
    )
    return withdrawal


@transaction.atomic
def return_money(*, explanation: SuspenseExplanation, actor: Actor, at: datetime) -> int:
    """Send unknown money back to who paid it, decided by `actor`; return the entry by which it leaves suspense."""
    withdrawal = Withdrawal.objects.create(
        returns=explanation.notice,
        amount_fen=explanation.notice.amount_fen,
        asked_by_id=explanation.proposed_by_id,
        approved_by_id=actor.user_id,
        asked_at=at,
    )
    key = f"withdrawal:{withdrawal.pk}:ask"
    entry_id = _move(key, EntryKind.WITHDRAW, withdrawal, Purpose.SUSPENSE, Purpose.IN_TRANSIT, at)
    _send(withdrawal, at)
    return entry_id


def _refuse_outside_windows(at: datetime) -> None:
    if not queries.is_withdrawal_window(at):
        found = rule("cash.withdrawal_windows", at=at)
        raise WithdrawalWindowClosed(
            windows=", ".join(f"{start}–{end}" for start, end in found.value), basis=found.basis.title
        )


def _yuan(fen: int) -> str:
    return f"{max(0, fen) // 100:,}.{max(0, fen) % 100:02d}"


def _shown(at: datetime | None) -> str:
    return beijing(at).strftime("%Y-%m-%d %H:%M") if at else ""


def _send(withdrawal: Withdrawal, at: datetime) -> None:
    withdrawal.state = State.SENT
    withdrawal.save(update_fields=["state", "approved_by"])
    PaymentOrder.objects.create(withdrawal=withdrawal, next_at=at)


def _locked(withdrawal_id: int, *states: str) -> Withdrawal:
    found = Withdrawal.objects.select_for_update().filter(pk=withdrawal_id, state__in=states).first()
    if found is None:
        raise WithdrawalNotThere
    return found


@transaction.atomic
def record_payment_attempt(*, order_id: int, error: str, at: datetime) -> None:
    """Note that the bank took a payment order (`error` empty) or why it could not be sent; then it is tried again."""
    order = PaymentOrder.objects.select_for_update().get(pk=order_id)
    order.attempts += 1
    order.last_error = error[:300]
    if error:
        minutes = rule("bank.retry_minutes", at=at).value
        order.next_at = at + timedelta(minutes=minutes * min(order.attempts, 12))
    else:
        order.done_at = at
    order.save(update_fields=["attempts", "last_error", "next_at", "done_at"])


@transaction.atomic
def record_payment_refusal(*, order_id: int, reason: str, at: datetime) -> None:
    """Close a payment order that the bank has refused, with its reason; the money is available again.

    Right when told twice. A refusal of what the bank has told us is paid changes nothing but the order's last words:
    the statement decides what was paid.
    """
    order = PaymentOrder.objects.select_for_update().select_related("withdrawal").get(pk=order_id)
    order.attempts, order.done_at, order.last_error = order.attempts + 1, at, reason[:300]
    order.save(update_fields=["attempts", "last_error", "done_at"])
    if order.withdrawal.state != State.PAID:
        finish_withdrawal(withdrawal_id=order.withdrawal_id, paid=False, at=at)


@transaction.atomic
def finish_withdrawal(*, withdrawal_id: int, paid: bool, at: datetime, amount_fen: int | None = None) -> Withdrawal:
    """Close a withdrawal on the bank's word: paid out, or returned to the available money. Right when told twice.

    amount_fen: what the bank says it has paid, where it says so.

    Raises WithdrawalNotThere, PaidOtherwise.
    """
    withdrawal = _locked(withdrawal_id, State.SENT, State.PAID, State.RETURNED)
    if amount_fen not in (None, withdrawal.amount_fen):
        raise PaidOtherwise(found_fen=amount_fen, asked_fen=withdrawal.amount_fen)
    wanted = State.PAID if paid else State.RETURNED
    if withdrawal.state != State.SENT:
        if withdrawal.state != wanted:
            raise WithdrawalNotThere
        return withdrawal
    kind = EntryKind.WITHDRAWAL_PAID if paid else EntryKind.WITHDRAWAL_RETURNED
    source = Purpose.AVAILABLE if withdrawal.returns_id is None else Purpose.SUSPENSE
    target = Purpose.BANK if paid else source
    _move(f"withdrawal:{withdrawal.pk}:{wanted}", kind, withdrawal, Purpose.IN_TRANSIT, target, at)
    withdrawal.state, withdrawal.closed_at = wanted, at
    withdrawal.save(update_fields=["state", "closed_at"])
    if withdrawal.returns_id is not None and not paid:  # The money is unknown again.
        SuspenseExplanation.objects.filter(notice_id=withdrawal.returns_id, state="done").update(state="failed")
    return withdrawal
