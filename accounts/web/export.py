"""Tables as Excel files, for every room."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any

from django.http import FileResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from rulebook.rules import beijing

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LIMIT_CELL = 32_767  # Characters, Excel's own.
# What spreadsheets read as the beginning of a formula, and the full-width forms that some turn into it.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def workbook_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> FileResponse:
    """Answer a table as the download `name`.xlsx, written row by row into a temporary file and streamed from it.

    rows:  numbers stay numbers, times become Beijing time as text, text that could act as a formula is escaped.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    titles = []
    for title in header:
        cell = WriteOnlyCell(sheet, value=safe_cell(title))  # type: ignore[arg-type]
        cell.font = Font(bold=True)
        titles.append(cell)
    sheet.append(titles)
    for row in rows:
        sheet.append([_text(sheet, safe) if isinstance(safe := safe_cell(value), str) else safe for value in row])
    file = TemporaryFile()  # noqa: SIM115 (FileResponse closes it)
    book.save(file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=CONTENT_TYPE)


def safe_cell(value: Any) -> str | int | float | Decimal | None:
    """Return a value as a cell may hold it: never a formula, no control characters, times as Beijing text."""
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).lower()
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return beijing(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    return safe_text(str(value))


def safe_text(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe before what looks like one."""
    # The signs first: a leading TAB or CR is a sign to escape, not one to lose.
    escaped = f"'{text}" if text.lstrip(" \n").startswith(FORMULA_SIGNS) else text
    return ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", escaped)[:LIMIT_CELL]


def _text(sheet: Any, text: str) -> WriteOnlyCell:  # type: ignore[valid-type]
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell
