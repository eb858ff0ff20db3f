"""Bank accounts of participants, and when money may leave to them."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db.models import QuerySet

from accounts.rules import Actor
from rulebook.queries import add_trading_days, business_date, is_trading_day, rule
from rulebook.rules import BEIJING, beijing
from settlement.models import BankAccount


def bank_account_of(organisation_id: int) -> BankAccount | None:
    """Return the bound bank account of an organisation, if there is one."""
    return BankAccount.objects.filter(organisation_id=organisation_id, state=BankAccount.State.BOUND).first()


def bank_account_under_way(organisation_id: int) -> BankAccount | None:
    """Return the account that is proposed, or about which the bank is asked, if there is one."""
    waiting = (BankAccount.State.PROPOSED, BankAccount.State.ASKED)
    return BankAccount.objects.filter(organisation_id=organisation_id, state__in=waiting).first()


def bank_accounts_visible_to(actor: Actor) -> QuerySet[BankAccount]:
    """Return the bank accounts `actor` may see, also refused and released ones, newest first."""
    return BankAccount.objects.visible_to(actor).order_by("-pk")


def bank_account_usable_from(row: BankAccount, bound_at: datetime) -> datetime:
    """Return when money may first leave to an account: a holder's first at once, any later one after trading days.

    So whoever takes over a firm's sign-in and changes its account gains nothing before others look.
    """
    earlier = BankAccount.objects.filter(organisation_id=row.organisation_id, bound_at__isnull=False)
    if not earlier.exclude(pk=row.pk).exists():
        return bound_at
    days = int(rule("bank.later_account_after_trading_days", at=bound_at).value)
    day = add_trading_days(business_date(bound_at), days)
    if day is None:  # Past the loaded calendar no day is a trading day, so no money leaves anyway.
        day = business_date(bound_at) + timedelta(days=1)
    return datetime.combine(day, time(0), BEIJING)


def accounts_to_ask(*, at: datetime, limit: int) -> list[BankAccount]:
    """Return the accounts about which the bank is to be asked now, the longest waiting first."""
    rows = BankAccount.objects.filter(state=BankAccount.State.ASKED, next_at__lte=at)
    return list(rows.order_by("next_at", "pk")[:limit])


def withdrawal_windows(at: datetime) -> list[tuple[time, time]]:
    """Return the windows of a trading day in which money may be asked out, Beijing time."""
    windows = rule("cash.withdrawal_windows", at=at).value
    return [(time.fromisoformat(start), time.fromisoformat(end)) for start, end in windows]


def is_withdrawal_window(at: datetime) -> bool:
    """Tell whether money may be asked out at `at`: a trading day, within one of its windows."""
    hour = beijing(at).time()
    return is_trading_day(business_date(at)) and any(start <= hour < end for start, end in withdrawal_windows(at))
