"""What the bank notifies of: money that came in, and payments that went out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db import transaction

from settlement.errors import StatementElsewhere, StatementOff, WithdrawalNotThere, XmlRejected
from settlement.models import BankNotice
from settlement.rules.camt import CamtMessage, Report, read_camt
from settlement.rules.statements import StatementLine, notified_of
from settlement.rules.xml import Unreadable
from settlement.services.deposits import BankMessage, book_bank_notice
from settlement.services.withdrawals import finish_withdrawal

Read = TypeVar("Read")


def take_notification(*, data: bytes, account: str, at: datetime) -> list[BankNotice]:
    """Take a camt.054: book what came in, close what was paid out, all or nothing; return the money that came in.

    Right when told twice. Raises XmlRejected, StatementOff, StatementElsewhere, WithdrawalNotThere, PaidOtherwise,
    and what book_bank_notice raises.
    """
    lines = read_or_refuse(lambda: notified_of(_of(read_camt(data), account)))
    with transaction.atomic():
        return [notice for line in lines if (notice := _take(line, at)) is not None]


def _of(message: CamtMessage, account: str) -> CamtMessage:
    elsewhere: list[Report] = [report for report in message.reports if report.account != account]
    if elsewhere:
        raise StatementElsewhere(field="body", found=elsewhere[0].account[:34], account=account)
    return message


def _take(line: StatementLine, at: datetime) -> BankNotice | None:
    if line.fen > 0:
        message = BankMessage(line.bank_serial, line.fen, line.reference, line.name, line.account)
        return book_bank_notice(message=message, at=at)
    if not (line.end_to_end.isascii() and line.end_to_end.isdecimal() and len(line.end_to_end) < 18):
        raise WithdrawalNotThere
    finish_withdrawal(withdrawal_id=int(line.end_to_end), paid=True, at=at, amount_fen=-line.fen)
    return None


def read_or_refuse(read: Callable[[], Read]) -> Read:
    """Return what is read from XML. Raises XmlRejected, StatementOff in place of Unreadable."""
    try:
        return read()
    except Unreadable as error:
        kind = StatementOff if error.is_off else XmlRejected
        raise kind(field="body", reason=error.reason, place=error.place or "-") from error
