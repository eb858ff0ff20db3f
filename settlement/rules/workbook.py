"""The first sheet of a bank's Excel export as rows of text, read in a limited process of its own.

`python -m settlement.rules.workbook PATH` is that process: it writes {"rows": …}, or {"reason": …, "place": …}.
Source: reliability.md, section 4.
"""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
import zipfile
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from accounts.rules.child import ParserFailed, run_limited
from settlement.rules.xml import Unreadable

ZIP, OLD_OFFICE = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
MOST_MEMBERS, MOST_UNPACKED, MOST_RATIO = 2_000, 200 * 1024 * 1024, 100
MOST_ROWS, MOST_COLUMNS = 100_000, 60
MEMORY_MIB, SECONDS = 512, 20.0
FAILED = {
    "memory": "the workbook needs too much memory",
    "time": "the workbook takes too long to read",
    "crash": "the workbook cannot be read",
}


def is_workbook(data: bytes) -> bool:
    """Tell whether a file is an Excel workbook by its content, a new or an old one."""
    return data.startswith((ZIP, OLD_OFFICE))


def rows_of_workbook(data: bytes) -> list[list[str]]:
    """Return the cells of the only sheet with something in it, as text. Raises Unreadable with the cell."""
    if data.startswith(OLD_OFFICE):
        raise Unreadable("an old or encrypted Excel file; please save it as .xlsx without a password")
    with tempfile.TemporaryDirectory(prefix="tanhui-export-") as folder:
        path = Path(folder) / "export.xlsx"
        path.write_bytes(data)
        try:
            found = run_limited("settlement.rules.workbook", path, memory_mib=MEMORY_MIB, seconds=SECONDS)
        except ParserFailed as error:
            raise Unreadable(FAILED[error.reason]) from error
    if "reason" in found:
        raise Unreadable(found["reason"], found["place"])
    rows: list[list[str]] = found["rows"]
    return rows


def read_here(path: Path) -> list[list[str]]:
    """Return the rows, read in this process: for the child, which is limited. Raises Unreadable."""
    from openpyxl import load_workbook

    _refuse_archive(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of styles and extensions that the library leaves out.
            book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
            try:
                return _only_sheet(book)
            finally:
                book.close()
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, SyntaxError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("this is no Excel workbook") from error


def _refuse_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise Unreadable("this is no Excel workbook") from error
    unpacked, packed = sum(one.file_size for one in members), sum(one.compress_size for one in members)
    if len(members) > MOST_MEMBERS or unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * max(packed, 1024):
        raise Unreadable("the workbook unpacks to too much")
    for one in members:
        parts = PurePosixPath(one.filename).parts
        if one.flag_bits & 1 or one.filename.startswith("/") or ".." in parts or one.filename.endswith(".zip"):
            raise Unreadable("a workbook holds no such member", one.filename[:60])
        if "vbaProject" in one.filename or "externalLink" in one.filename:
            raise Unreadable("macros and links to other files are refused", one.filename[:60])


def _only_sheet(book: Any) -> list[list[str]]:
    if hidden := [sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"]:
        raise Unreadable("a hidden sheet", hidden[0][:60])
    filled = [rows for sheet in book.worksheets if (rows := _rows(sheet))]
    if len(filled) != 1:
        raise Unreadable(f"one sheet is expected, found {len(filled)}")
    return filled[0]


def _rows(sheet: Any) -> list[list[str]]:
    sheet.reset_dimensions()  # The size that a file states of itself is not believed.
    rows: list[list[str]] = []
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if number > MOST_ROWS:
            raise Unreadable(f"more than {MOST_ROWS} rows", sheet.title[:60])
        rows.append([_text(cell) for cell in row[:MOST_COLUMNS]])
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type in ("f", "e", "b"):
        raise Unreadable("a formula or an error; please paste values", str(cell.coordinate))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S" if value.time() != value.min.time() else "%Y-%m-%d")
    if isinstance(value, float):  # The shortest decimal that is this number: 71.89 and not 71.8900000000000006.
        return repr(value)
    return str(value).strip()


def main(path: str) -> None:
    """Write what a file holds, as the process of its own."""
    try:
        answer: dict[str, Any] = {"rows": read_here(Path(path))}
    except Unreadable as error:
        answer = {"reason": error.reason, "place": error.place}
    json.dump(answer, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main(sys.argv[1])
