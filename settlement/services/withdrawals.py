"""Money out: asked for, approved by a second person above a limit, sent to the bank, paid or returned."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts.rules import Actor
from accounts.services import record_audit
from rulebook.queries import rule
from settlement import queries
from settlement.errors import BankAccountMissing, InvalidQuantity, PaidOtherwise, WithdrawalNotThere
from settlement.models import PaymentOrder, Withdrawal
from settlement.rules import EntryKind, NewLeg, Purpose
from settlement.services.entries import open_holdings, post_entry

State = Withdrawal.State


def _move(key: str, kind: EntryKind, withdrawal: Withdrawal, source: Purpose, target: Purpose, at: datetime) -> None:
    cash_id = queries.cash_asset_id()
    places = {
        purpose: (None if purpose is Purpose.BANK else withdrawal.organisation_id, cash_id, purpose)
        for purpose in (source, target)
    }
    ids = open_holdings(places.values())
    post_entry(
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
    Raises InvalidQuantity, BankAccountMissing, InsufficientFunds.
    """
    assert actor.organisation_id is not None
    if amount_fen <= 0:
        raise InvalidQuantity(field="amount_fen", found_value=amount_fen)
    account = queries.bank_account_of(actor.organisation_id)
    if account is None:
        raise BankAccountMissing
    withdrawal = Withdrawal.objects.create(
        organisation_id=actor.organisation_id,
        bank_account=account,
        amount_fen=amount_fen,
        asked_by_id=actor.user_id,
        asked_at=at,
    )
    _move(f"withdrawal:{withdrawal.pk}:ask", EntryKind.WITHDRAW, withdrawal, Purpose.AVAILABLE, Purpose.IN_TRANSIT, at)
    if amount_fen < rule("cash.withdrawal_two_persons_from_fen", at=at).value:
        _send(withdrawal, at)
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

    Raises WithdrawalNotThere. The same person twice is refused by `withdrawal_has_two_persons`.
    """
    withdrawal = _locked(withdrawal_id, State.ASKED)
    if withdrawal.organisation_id != actor.organisation_id:
        raise WithdrawalNotThere
    withdrawal.approved_by_id = actor.user_id
    _send(withdrawal, at)
    record_audit(
        actor=actor,
        verb="approve_withdrawal",
        subject=f"withdrawal:{withdrawal.pk}",
        before={"state": State.ASKED},
        after={"state": State.SENT},
        at=at,
    )
    return withdrawal


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
    target = Purpose.BANK if paid else Purpose.AVAILABLE
    _move(f"withdrawal:{withdrawal.pk}:{wanted}", kind, withdrawal, Purpose.IN_TRANSIT, target, at)
    withdrawal.state, withdrawal.closed_at = wanted, at
    withdrawal.save(update_fields=["state", "closed_at"])
    return withdrawal
