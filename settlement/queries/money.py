"""Money in and out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Sum

from accounts.rules import Actor, Role
from settlement.errors import NoticeNotThere
from settlement.models import (
    BankNotice,
    DepositReference,
    Holding,
    PaymentOrder,
    SuspenseExplanation,
    Withdrawal,
)
from settlement.rules import Purpose
from settlement.rules.pain import Order


def deposits_visible_to(actor: Actor) -> list[DepositReference]:
    """Return the deposit references `actor` may see, newest first."""
    return list(DepositReference.objects.visible_to(actor).order_by("-pk"))


def bank_notices_visible_to(actor: Actor, *, suspense: bool = False) -> list[BankNotice]:
    """Return the money that came in, newest first; with `suspense` only what no reference explains."""
    rows = BankNotice.objects.visible_to(actor)
    if suspense:
        rows = rows.filter(organisation__isnull=True)
    return list(rows.order_by("-pk"))


def unknown_money(actor: Actor) -> list[tuple[BankNotice, SuspenseExplanation | None]]:
    """Return the money in suspense that `actor` may see, oldest first, each with what is proposed of it."""
    if not actor.has(Role.SETTLEMENT_OPERATOR, Role.AUDITOR):
        return []
    open_ones = SuspenseExplanation.objects.filter(state="proposed")
    by_notice = {row.notice_id: row for row in open_ones}
    done = SuspenseExplanation.objects.filter(state="done").values("notice_id")
    rows = BankNotice.objects.filter(organisation__isnull=True).exclude(pk__in=done).order_by("pk")
    return [(row, by_notice.get(row.pk)) for row in rows]


def unknown_since(instant: datetime) -> int:
    """Return how many sums of money have been unknown since before an instant."""
    done = SuspenseExplanation.objects.filter(state="done").values("notice_id")
    return BankNotice.objects.filter(organisation__isnull=True, at__lt=instant).exclude(pk__in=done).count()


def one_unknown(actor: Actor, notice_id: int) -> tuple[BankNotice, SuspenseExplanation | None]:
    """Return one sum of unknown money with what is proposed of it. Raises NoticeNotThere."""
    found = next((one for one in unknown_money(actor) if one[0].pk == notice_id), None)
    if found is None:
        raise NoticeNotThere
    return found


def withdrawals_visible_to(actor: Actor) -> list[Withdrawal]:
    """Return the withdrawals `actor` may see, newest first."""
    return list(Withdrawal.objects.visible_to(actor).select_related("bank_account").order_by("-pk"))


def due_payment_orders(*, at: datetime, limit: int) -> list[int]:
    """Return the ids of payment orders to be sent now, oldest first."""
    rows = PaymentOrder.objects.filter(done_at__isnull=True, next_at__lte=at).order_by("next_at", "pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def payment_orders_to_send(ids: Sequence[int]) -> list[tuple[int, Order]]:
    """Return what the bank is told of some payment orders, each with our id of it; its number is the withdrawal's."""
    rows = PaymentOrder.objects.filter(pk__in=ids).order_by("pk")
    rows = rows.select_related("withdrawal__bank_account", "withdrawal__returns")
    return [(row.pk, Order(str(row.withdrawal_id), row.withdrawal.amount_fen, *payee(row.withdrawal))) for row in rows]


def payee(withdrawal: Withdrawal) -> tuple[str, str, str]:
    """Return the name, account and bank that a withdrawal goes to; of unknown money the payer's, whose bank we lack."""
    account, paid = withdrawal.bank_account, withdrawal.returns
    if account is not None:
        return account.account_name, account.account_number, account.bank_name
    assert paid is not None
    return paid.payer_name, paid.payer_account, ""


def received_under(reference: str) -> int:
    """Return the money that came in under a deposit reference, in fen."""
    return BankNotice.objects.filter(reference=reference).aggregate(total=Sum("amount_fen"))["total"] or 0


def suspense_fen() -> int:
    """Return the money that nobody has explained yet, in fen."""
    held = Holding.objects.filter(organisation__isnull=True, purpose=Purpose.SUSPENSE).values_list("units", flat=True)
    return held.first() or 0
