"""Statements of the bank: read, taken once, and each line explained by what moved its money, or left open."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from accounts.rules import Actor
from accounts.services import record_audit
from rulebook.queries import business_date
from settlement.errors import (
    FileUnreadable,
    StatementContradicts,
    StatementDoesNotFollow,
    StatementElsewhere,
    StatementOff,
    XmlRejected,
)
from settlement.models import BankNotice, BankStatement, LineExplained, StatementLine, Withdrawal
from settlement.rules.camt import read_camt
from settlement.rules.statements import Statement, rows_of_csv, statement_of_rows, statements_of
from settlement.rules.workbook import is_workbook, rows_of_workbook
from settlement.rules.xml import MOST_BYTES, Unreadable
from settlement.services.deposits import BankMessage, book_bank_notice
from settlement.services.withdrawals import finish_withdrawal

LOCK = 20260306  # One statement after another: what one explains, the next finds explained.


def take_statement_file(*, data: bytes, account: str, at: datetime, actor: Actor | None = None) -> list[BankStatement]:
    """Take the statements of a file, all or none, and return them: a camt.053, or a bank's export (CSV or xlsx).

    account: the funds account; a camt.053 of another is refused. The same file again gives the same rows.
    actor: who gives the file, None for the bank itself; a person's file must go on where the last statement ended.
    Raises XmlRejected, StatementOff, FileUnreadable, StatementElsewhere, StatementDoesNotFollow, StatementContradicts.
    """
    if len(data) > MOST_BYTES:
        raise FileUnreadable(field="file", reason=f"> {MOST_BYTES // 1024 // 1024} MB", place="-")
    is_xml = data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    try:
        if is_xml:
            found = statements_of(read_camt(data))
        else:
            rows = rows_of_workbook(data) if is_workbook(data) else rows_of_csv(data)
            found = [statement_of_rows(rows, account=account)]
    except Unreadable as error:
        kind = StatementOff if error.is_off else XmlRejected if is_xml else FileUnreadable
        raise kind(field="file", reason=error.reason, place=error.place or "-") from error
    with transaction.atomic():
        return [
            _take(statement, "camt053" if is_xml else "export", account=account, at=at, actor=actor)
            for statement in found
        ]


def _take(statement: Statement, source: str, *, account: str, at: datetime, actor: Actor | None) -> BankStatement:
    if statement.account != account:
        raise StatementElsewhere(field="file", found=statement.account[:34], account=account)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    digest = statement.digest
    first = BankStatement.objects.filter(account=account, statement_id=statement.id).first()
    if first is not None:
        if first.digest != digest:
            raise StatementContradicts(field="file", what=statement.id)
        return first
    if actor is not None:
        _refuse_unless_it_follows(statement, at)
    row = _insert(statement, source, digest, at, actor)
    for line in row.rows.order_by("number"):
        _explain(line, at)
    record_audit(
        actor=actor,
        verb="take_statement",
        subject=f"bank_statement:{row.pk}",
        before=None,
        after={"statement": row.statement_id, "lines": row.lines, "closing_fen": row.closing_fen},
        at=at,
    )
    return row


def _refuse_unless_it_follows(statement: Statement, at: datetime) -> None:
    """Raise StatementDoesNotFollow for a file, given by a person, that does not go on where the last statement ended.

    What the bank itself sends is taken and shown as a difference; a file may be of anybody's account, since exports do
    not always name one, and what it books cannot be taken back.
    """
    before = BankStatement.objects.filter(account=statement.account).order_by("pk").last()
    expected = before.closing_fen if before else 0
    last_day = before.rows.aggregate(last=Max("booked_on"))["last"] if before else None
    days = [line.booked_on for line in statement.lines]
    begins_late = not (days and last_day) or min(days) >= last_day
    if statement.opening_fen != expected or not begins_late or any(day > business_date(at) for day in days):
        raise StatementDoesNotFollow(
            field="file",
            opening=_yuan(statement.opening_fen),
            first_day=min(days).isoformat() if days else "—",
            expected=_yuan(expected),
            last_day=last_day.isoformat() if last_day else "—",
        )


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def _insert(statement: Statement, source: str, digest: str, at: datetime, actor: Actor | None) -> BankStatement:
    with connection.cursor() as cursor:  # By hand: the app's role may not name the server's own columns.
        cursor.execute(
            """INSERT INTO settlement_bankstatement (account, statement_id, source, digest, business_date, opening_fen,
                   closing_fen, lines, taken_by_id, at, sequence)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id""",
            [
                statement.account,
                statement.id,
                source,
                digest,
                business_date(at),
                statement.opening_fen,
                statement.closing_fen,
                len(statement.lines),
                actor.user_id if actor else None,
                at,
                statement.sequence,
            ],
        )
        row = BankStatement.objects.get(pk=cursor.fetchone()[0])
    try:
        with transaction.atomic():
            StatementLine.objects.bulk_create(
                StatementLine(
                    statement=row,
                    number=number,
                    bank_serial=line.bank_serial,
                    fen=line.fen,
                    booked_on=line.booked_on,
                    name=line.name[:200],
                    account=line.account[:34],
                    reference=line.reference[:140],
                    end_to_end=line.end_to_end[:35],
                )
                for number, line in enumerate(statement.lines, start=1)
            )
    except IntegrityError as error:  # A movement stands on one statement, once for ever.
        known = StatementLine.objects.filter(bank_serial__in=[line.bank_serial for line in statement.lines])
        raise StatementContradicts(
            field="file", what=", ".join(known.values_list("bank_serial", flat=True)[:3])
        ) from error
    return row


def _explain(line: StatementLine, at: datetime) -> None:
    """Let a line be explained by what moved its money. Money in that nobody told us of is booked as if they had."""
    if line.fen > 0:
        notice = BankNotice.objects.filter(bank_serial=line.bank_serial).first()
        if notice is None:  # The notice was lost, or comes later: then it says the same and is booked no second time.
            message = BankMessage(line.bank_serial, line.fen, line.reference, line.name, line.account)
            notice = book_bank_notice(message=message, at=at)
        if notice.amount_fen == line.fen:
            LineExplained.objects.create(line=line, notice=notice, at=at)
        return
    if not (line.end_to_end.isascii() and line.end_to_end.isdecimal() and len(line.end_to_end) < 18):
        return
    withdrawal = Withdrawal.objects.filter(pk=int(line.end_to_end), amount_fen=-line.fen).first()
    if withdrawal is None or withdrawal.state not in (Withdrawal.State.SENT, Withdrawal.State.PAID):
        return
    if LineExplained.objects.filter(withdrawal=withdrawal).exists():  # Paid out twice: one of them stays open.
        return
    finish_withdrawal(withdrawal_id=withdrawal.pk, paid=True, at=at)
    LineExplained.objects.create(line=line, withdrawal=withdrawal, at=at)
