"""A bank's Excel export says what its CSV says; what a workbook may not hold is refused with its cell."""

import io
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook

from settlement import services
from settlement.errors import FileUnreadable
from settlement.rules import workbook
from settlement.rules.statements import rows_of_csv, statement_of_rows
from settlement.rules.workbook import is_workbook, rows_of_workbook
from settlement.rules.xml import Unreadable

HEAD = ["交易日期", "收入", "支出", "余额", "对方户名", "附言", "流水号"]
ROWS = [
    [date(2026, 3, 2), None, 200.5, 799.5, "林场", "货款", "A2"],
    ["2026-03-01", 1000, None, "1,000.00", "青山", "TH1", "A1"],
]


def book(rows=ROWS, change=lambda _: None):
    made = Workbook()
    made.active.append(["招商银行流水"])
    for row in [HEAD, *rows]:
        made.active.append(row)
    change(made)
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


def with_member(name, content, packed=zipfile.ZIP_DEFLATED):
    data = io.BytesIO(book())
    with zipfile.ZipFile(data, "a", packed) as archive:
        archive.writestr(name, content)
    return data.getvalue()


def test_numbers_and_dates_are_read_to_the_fen():
    found = statement_of_rows(rows_of_workbook(book()), account="1")
    assert [(one.bank_serial, one.fen, one.booked_on) for one in found.lines] == [
        ("A1", 100_000, date(2026, 3, 1)),
        ("A2", -20_050, date(2026, 3, 2)),
    ]
    assert (found.opening_fen, found.closing_fen) == (0, 79_950)


def test_a_real_export_says_the_same_as_a_workbook(sample_data):
    rows = rows_of_csv((sample_data / "bank" / "china" / "boc-records.csv").read_bytes())
    made = Workbook()
    for row in rows:
        made.active.append(row)
    data = io.BytesIO()
    made.save(data)
    assert statement_of_rows(rows_of_workbook(data.getvalue()), account="1") == statement_of_rows(rows, account="1")


def test_a_time_of_day_is_kept():
    moment = datetime.fromisoformat("2026-03-02T09:30:01")
    assert rows_of_workbook(book([[moment, 1, None, 1]]))[2][0] == "2026-03-02 09:30:01"


def hide(made):
    made.create_sheet("x").sheet_state = "hidden"


def second(made):
    made.create_sheet("x").append(["y"])


@pytest.mark.parametrize(
    ("data", "reason", "place"),
    [
        (book(change=lambda made: made.active.__setitem__("C4", "=1+1")), "formula", "C4"),
        (book(change=hide), "hidden sheet", "x"),
        (book(change=second), "one sheet is expected, found 2", ""),
        (with_member("xl/vbaProject.bin", b"x"), "macros", "xl/vbaProject.bin"),
        (with_member("../x", b"x"), "no such member", "../x"),
        (with_member("a.zip", b"x"), "no such member", "a.zip"),
        (with_member("xl/big", b"\0" * (1 << 24)), "unpacks to too much", ""),
        (b"PK\x03\x04 nothing", "no Excel workbook", ""),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"x", "save it as .xlsx", ""),
        (book()[:3000], "no Excel workbook", ""),
    ],
)
def test_what_is_refused_names_its_place(data, reason, place):
    assert is_workbook(data)
    with pytest.raises(Unreadable, match=reason) as refused:
        rows_of_workbook(data)
    assert refused.value.place == place


def test_entities_in_a_sheet_end_the_child_and_not_the_worker():
    inner = io.BytesIO(book())
    data = io.BytesIO()
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    with zipfile.ZipFile(inner) as old, zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.infolist():
            content = old.read(one)
            if one.filename.endswith("sheet1.xml"):
                head = f'<!DOCTYPE x [<!ENTITY e0 "{"y" * 1000}">{bomb}]>'.encode()
                content = head + content.replace(b"<sheetData>", b"<sheetData><row><c><v>&e11;</v></c></row>", 1)
            new.writestr(one, content)
    with pytest.raises(Unreadable):
        rows_of_workbook(data.getvalue())


def test_a_workbook_that_takes_too_long_is_an_answer(monkeypatch):
    monkeypatch.setattr(workbook, "SECONDS", 0.05)
    with pytest.raises(Unreadable, match="too long"):
        rows_of_workbook(book())


def test_an_export_as_a_workbook_is_taken_once(committed, at):
    first, again = (services.take_statement_file(data=book(), account="1", at=at) for _ in range(2))
    assert [one.pk for one in first] == [one.pk for one in again]
    assert (first[0].source, first[0].closing_fen, first[0].lines) == ("export", 79_950, 2)
    with pytest.raises(FileUnreadable):
        services.take_statement_file(data=book(change=hide), account="1", at=at)
