"""What the bank's statements say, what explains it, and what is still open on either side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from itertools import pairwise
from operator import itemgetter

from django.db.models import Count, Q, QuerySet

from accounts.rules import Actor, Role
from rulebook.queries import business_date, is_trading_day, rule
from rulebook.rules import beijing
from settlement.errors import StatementNotThere
from settlement.models import BankNotice, BankStatement, StatementLine, Withdrawal
from settlement.queries.instants import trading_instants

READERS = (Role.SETTLEMENT_OPERATOR, Role.AUDITOR)


@dataclass(frozen=True)
class OpenMoney:
    """What is not the same on both sides: lines nothing explains, and movements of ours on no statement, in fen."""

    lines: tuple[StatementLine, ...]
    notices: tuple[BankNotice, ...]
    withdrawals: tuple[Withdrawal, ...]
    breaks: tuple[BankStatement, ...]  # Whose opening is not the closing of the one before.


def statements_visible_to(actor: Actor) -> QuerySet[BankStatement]:
    """Return the statements `actor` may see, newest first, with the number of lines that nothing explains (`open`)."""
    rows = BankStatement.objects.all() if actor.has(*READERS) else BankStatement.objects.none()
    return rows.annotate(open=Count("rows", filter=Q(rows__explained__isnull=True))).order_by("-pk")


def bank_statement(actor: Actor, statement_id: int) -> BankStatement:
    """Return one statement. Raises StatementNotThere."""
    found = statements_visible_to(actor).filter(pk=statement_id).first()
    if found is None:
        raise StatementNotThere
    return found


def lines_of(statement: BankStatement) -> list[StatementLine]:
    """Return the lines of a statement with what explains them, in its order."""
    rows = StatementLine.objects.filter(statement=statement).select_related("explained")
    return list(rows.select_related("explained__notice", "explained__withdrawal").order_by("number"))


def open_money(actor: Actor, *, most: int = 200) -> OpenMoney:
    """Return what the bank says and the ledger does not, and the other way round, at most `most` rows of each.

    Movements of ours are looked for only where statements are taken at all, and not among those that are younger than
    the newest statement: the next one brings them.
    """
    statements = list(statements_visible_to(actor).order_by("pk"))
    if not statements:
        return OpenMoney((), (), (), ())
    newest = statements[-1].at
    notices = BankNotice.objects.filter(at__lt=newest).exclude(
        bank_serial__in=StatementLine.objects.values("bank_serial")
    )
    paid = Withdrawal.objects.filter(state=Withdrawal.State.PAID, closed_at__lt=newest)
    explained = StatementLine.objects.filter(explained__withdrawal__isnull=False).values("explained__withdrawal_id")
    counted = sorted(((one.sequence, one) for one in statements if one.sequence is not None), key=itemgetter(0))
    breaks = [
        later
        for (number, earlier), (following, later) in pairwise(counted)
        if following == number + 1 and later.opening_fen != earlier.closing_fen
    ]
    return OpenMoney(
        tuple(StatementLine.objects.filter(explained__isnull=True).select_related("statement").order_by("pk")[:most]),
        tuple(notices.order_by("pk")[:most]),
        tuple(paid.exclude(pk__in=explained).order_by("pk")[:most]),
        tuple(breaks[:most]),
    )


def next_sequence() -> int:
    """Return the number of the statement to ask the bank for: the first that is missing after the oldest, else 1."""
    rows = BankStatement.objects.filter(sequence__isnull=False).order_by("sequence")
    numbers = list(rows.values_list("sequence", flat=True).distinct())
    if not numbers:
        return 1
    taken = set(numbers)
    return next(one + 1 for one in numbers if one is not None and one + 1 not in taken)


def statement_instants(after: datetime, until: datetime) -> list[datetime]:
    """Return when in (after, until] the bank's statement of a trading day becomes due."""
    return trading_instants(after, until, "bank.statement_from_time")


def statement_is_due(at: datetime) -> bool:
    """Tell whether the statement of the business day is still to be fetched: a trading day, past the rule's hour."""
    day = business_date(at)
    hour = time.fromisoformat(rule("bank.statement_from_time", at=at).value)
    if not is_trading_day(day) or beijing(at).time() < hour:
        return False
    return not BankStatement.objects.filter(source="camt053", business_date=day).exists()
