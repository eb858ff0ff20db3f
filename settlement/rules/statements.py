"""A statement of the funds account, whatever it was read from: camt.053, or the export of a Chinese bank."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from settlement.rules.camt import AccountEntry, CamtMessage, Report
from settlement.rules.xml import Unreadable

CURRENCY = "CNY"
WRITTEN = ("CNY", "RMB", "人民币", "")
MOST_LINES = 20_000
# Lengths of ISO 20022: numbers are refused beyond them, words are cut.
MOST_NUMBER, MOST_NAME, MOST_ACCOUNT, MOST_TEXT = 35, 140, 34, 140


@dataclass(frozen=True)
class StatementLine:
    """One movement on the account, in fen: what left it is negative."""

    bank_serial: str
    fen: int
    booked_on: date
    name: str
    account: str
    reference: str
    end_to_end: str = ""


@dataclass(frozen=True)
class Statement:
    """All movements of a time between two balances, oldest first. Closing less opening is the sum of the lines."""

    account: str
    id: str
    opening_fen: int
    closing_fen: int
    lines: tuple[StatementLine, ...]
    sequence: int | None = None  # The bank's own count of its statements on the account.

    @property
    def digest(self) -> str:
        """The hash of what it says, whatever it was read from."""
        lines = [[one.bank_serial, one.fen, one.booked_on.isoformat(), *_words(one)] for one in self.lines]
        said = [self.account, self.id, self.opening_fen, self.closing_fen, lines]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def _words(line: StatementLine) -> tuple[str, str, str, str]:
    return line.name, line.account, line.reference, line.end_to_end


def statements_of(message: CamtMessage) -> list[Statement]:
    """Return the statements of a camt.053. Raises Unreadable: another kind, another currency, a sum that is off."""
    if message.kind != "camt.053":
        raise Unreadable(f"a statement (camt.053) is expected, found {message.kind}")
    if not message.reports:
        raise Unreadable("there is no statement in it")
    return [_statement(report) for report in message.reports]


def notified_of(message: CamtMessage) -> list[StatementLine]:
    """Return the movements that a camt.054 tells of. Raises Unreadable: another kind, another currency."""
    if message.kind != "camt.054":
        raise Unreadable(f"a notification (camt.054) is expected, found {message.kind}")
    lines = [
        _line(entry, f"{report.id[:60]}, {number}")
        for report in message.reports
        for number, entry in enumerate(report.entries, start=1)
        if entry.status in ("BOOK", "")
    ]
    if not lines:
        raise Unreadable("there is no movement in it")
    return lines


def _statement(report: Report) -> Statement:
    balances = {one.kind: one for one in report.balances}
    for kind in ("opening", "closing"):
        if kind not in balances:
            raise Unreadable(f"the {kind} balance is missing", report.id[:60])
        if balances[kind].currency != CURRENCY:
            raise Unreadable(f"{CURRENCY} is expected, found {balances[kind].currency}", report.id[:60])
    lines = tuple(
        _line(entry, f"{report.id[:60]}, {number}")
        for number, entry in enumerate(report.entries, start=1)
        if entry.status in ("BOOK", "")
    )
    number = report.sequence
    sequence = int(number) if number.isascii() and number.isdecimal() and len(number) <= 18 else None
    return checked(
        Statement(report.account, report.id, balances["opening"].amount, balances["closing"].amount, lines, sequence)
    )


def _line(entry: AccountEntry, place: str) -> StatementLine:
    if entry.currency != CURRENCY:
        raise Unreadable(f"{CURRENCY} is expected, found {entry.currency}", place)
    if not entry.reference or entry.booked_on is None:
        raise Unreadable("an entry needs the bank's reference and its day", place)
    payment = entry.payments[0] if entry.payments else None
    other = None if payment is None else payment.debtor if entry.amount > 0 else payment.creditor
    line = StatementLine(
        entry.reference,
        entry.amount,
        entry.booked_on,
        other.name[:MOST_NAME] if other else "",
        other.account[:MOST_ACCOUNT] if other else "",
        next(iter(payment.messages), "")[:MOST_TEXT] if payment else "",
        payment.end_to_end if payment else "",
    )
    return _bounded(line, place)


def _bounded(line: StatementLine, place: str) -> StatementLine:
    """Return the line if it moves something and its numbers have the length of numbers. Raises Unreadable."""
    if line.fen == 0:
        raise Unreadable("a movement of nothing", place)
    for number in (line.bank_serial, line.end_to_end):
        if len(number) > MOST_NUMBER:
            raise Unreadable(f"a number of more than {MOST_NUMBER} characters", place)
    return line


def checked(statement: Statement) -> Statement:
    """Return the statement if it adds up and names each movement once. Raises Unreadable."""
    if not statement.id or len(statement.id) > MOST_NUMBER:
        raise Unreadable(f"a number of 1 to {MOST_NUMBER} characters is expected for the statement", statement.id[:60])
    found = sum(line.fen for line in statement.lines)
    if statement.opening_fen + found != statement.closing_fen:
        raise Unreadable(
            f"opening {_yuan(statement.opening_fen)} and movements {_yuan(found)} give"
            f" {_yuan(statement.opening_fen + found)}, closing is {_yuan(statement.closing_fen)}",
            statement.id[:60],
            is_off=True,
        )
    double = [serial for serial, count in Counter(line.bank_serial for line in statement.lines).items() if count > 1]
    if double:
        raise Unreadable("a movement is on it twice", double[0][:60], is_off=True)
    return statement


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


# -- exports of Chinese banks: a table somewhere below titles, columns by their names

NAMES = {
    "serial": ("交易流水号", "流水号", "柜员流水号", "核心流水号"),
    "day": ("记账日期", "交易日期", "交易时间", "日期"),
    "time": ("记账时间",),
    "currency": ("币别", "币种", "记账币种"),
    "amount": ("金额", "发生额", "交易金额"),
    "income": ("记账金额(收入)", "收入", "收入金额", "贷方发生额", "贷方金额"),
    "expense": ("记账金额(支出)", "支出", "支出金额", "借方发生额", "借方金额"),
    "balance": ("余额", "账户余额"),
    "name": ("对方账户名", "对方户名", "对方名称"),
    "account": ("对方卡号/账号", "对方账户", "对方账号"),
    "reference": ("附言", "摘要", "用途", "备注"),
}
ENCODINGS = ("utf-8-sig", "gb18030")


def decoded(data: bytes) -> str:
    """Return the text of a file in UTF-8 or GBK. Raises Unreadable where it is neither for certain."""
    for encoding in ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Unreadable("the encoding is neither UTF-8 nor GBK")


def rows_of_csv(data: bytes) -> list[list[str]]:
    """Return the cells of a CSV file, padding and tabs taken off. Raises Unreadable."""
    text = decoded(data)
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count) if any(map(first.count, ",;\t")) else ","
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=separator)]
    except csv.Error as error:
        raise Unreadable(f"this is no CSV: {error}") from error
    return rows


def statement_of_rows(rows: Sequence[Sequence[str]], *, account: str) -> Statement:
    """Return the statement that an exported table is, oldest first, with its balances from the column of them.

    Raises Unreadable with the row: no head, an amount or a day that is none, a balance that does not follow.
    """
    head, columns = _head(rows)
    found = []
    for number, row in enumerate(rows[head + 1 :], start=head + 2):
        cells = {word: row[place].strip() if place < len(row) else "" for word, place in columns.items()}
        if not any(cells.values()):
            continue
        found.append(_exported(cells, f"row {number}"))
    if not found or len(found) > MOST_LINES:
        raise Unreadable(f"1 to {MOST_LINES} movements are expected, found {len(found)}")
    if _runs(found[::-1]) and not _runs(found):  # Most banks write the newest first.
        found.reverse()
    if not _runs(found):
        raise Unreadable("the balances do not follow from the movements", is_off=True)
    lines = _numbered([line for line, _ in found])
    opening = found[0][1] - found[0][0].fen
    days = f"{lines[0].booked_on:%Y%m%d}-{lines[-1].booked_on:%Y%m%d}"
    whole = Statement(account, days, opening, found[-1][1], tuple(lines))
    return checked(replace(whole, id=f"{days}-{whole.digest[:12]}"))


def _head(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    for number, row in enumerate(rows[:30]):
        cells = [cell.strip() for cell in row]
        columns = {
            word: next(cells.index(name) for name in names if name in cells)
            for word, names in NAMES.items()
            if any(name in cells for name in names)
        }
        if {"day", "balance"} <= columns.keys() and ("amount" in columns or {"income", "expense"} <= columns.keys()):
            return number, columns
    raise Unreadable("no row names the columns of date, amount and balance")


def _exported(cells: dict[str, str], place: str) -> tuple[StatementLine, int]:
    if cells.get("currency", "") not in WRITTEN:
        raise Unreadable(f"yuan are expected, found {cells['currency'][:20]}", place)
    if "amount" in cells:
        fen = _fen(cells["amount"], place)
    else:
        fen = _fen(cells["income"] or "0", place) - _fen(cells["expense"] or "0", place)
    line = StatementLine(
        cells.get("serial", ""),
        fen,
        _date(cells["day"], place),
        cells.get("name", "")[:MOST_NAME],
        cells.get("account", "")[:MOST_ACCOUNT],
        cells.get("reference", "").strip("- ")[:MOST_TEXT],
    )
    return _bounded(line, place), _fen(cells["balance"], place)


def _runs(found: Sequence[tuple[StatementLine, int]]) -> bool:
    return all(later[1] == earlier[1] + later[0].fen for earlier, later in pairwise(found))


def _numbered(lines: Iterable[StatementLine]) -> list[StatementLine]:
    """Return the lines with a serial each; where the bank exports none, one that the same line gets again."""
    seen: Counter[str] = Counter()
    out = []
    for line in lines:
        serial = line.bank_serial
        if not serial:
            words = (line.fen, line.booked_on.isoformat(), line.name, line.account, line.reference)
            word = hashlib.sha256(repr(words).encode()).hexdigest()[:20]
            seen[word] += 1
            serial = f"X{word}-{seen[word]}"
        out.append(replace(line, bank_serial=serial))
    return out


def _fen(text: str, place: str) -> int:
    plain = text.replace(",", "").replace("，", "").replace("¥", "").strip()
    try:
        value = Decimal(plain if plain.isascii() and len(plain) <= 24 else "NaN").scaleb(2)
        if not value.is_finite() or value != value.to_integral_value() or abs(value) > 10**15:
            raise InvalidOperation
    except InvalidOperation:
        raise Unreadable(f"an amount in yuan is expected, found {text[:24]}", place) from None
    return int(value)


def _date(text: str, place: str) -> date:
    for form in ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y%m%d %H:%M:%S"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise Unreadable(f"a date is expected, found {text[:24]}", place)
