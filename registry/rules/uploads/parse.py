"""Read a filled-in workbook: rows as frozen dataclasses, and every problem at once."""

from __future__ import annotations

import json
import tempfile
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from accounts.rules.child import ParserFailed, run_limited
from registry.rules.methodologies import ParameterSet, shipped
from registry.rules.methodologies.f1_afforestation.plot import DEFAULT_MIN_DBH_CM
from registry.rules.uploads.archive import Limits, merged_areas, problems_of_file
from registry.rules.uploads.cells import Rejected, is_blank, read_cell, shown
from registry.rules.uploads.forms import FORMS, NOTES_SHEET, Column, SheetForm, TreeRow, WorkbookForm
from registry.rules.uploads.problems import CellProblem

MOST_COLUMNS = 100  # No form has a tenth of it; what lies further right is not read.


@dataclass(frozen=True)
class Upload:
    """What a workbook holds. There are rows to use only where there are no problems.

    sheets: rows by the English name of their sheet; problems_left_out: how many more there were than are told.
    """

    kind: str
    sheets: Mapping[str, tuple[Any, ...]]
    problems: tuple[CellProblem, ...] = ()
    problems_left_out: int = 0

    @property
    def is_ok(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "sheets": {name: [_row_json(row) for row in rows] for name, rows in self.sheets.items()},
            "problems": [problem.as_json() for problem in self.problems],
            "problems_left_out": self.problems_left_out,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Upload:
        """Return the upload that `as_json` described."""
        form = FORMS[document["kind"]]
        return cls(
            form.kind,
            {
                sheet.english: tuple(_row_of(sheet, row) for row in document["sheets"][sheet.english])
                for sheet in form.sheets
            },
            tuple(CellProblem(**problem) for problem in document["problems"]),
            document["problems_left_out"],
        )


def species_names(tree_factors: ParameterSet | None = None) -> dict[str, str]:
    """Return the species code of every name that may stand in a cell: the code itself and the Chinese names.

    tree_factors: the version of set `tree_bef` in force; the shipped one if left out.
    """
    found: dict[str, str] = {}
    for code, factors in (tree_factors or shipped().get("tree_bef")).value("species").items():
        whole = str(factors.get("name_zh", ""))
        parts = whole.replace("（", "/").replace("）", "").split("/")
        found.update({name: code for name in (code, whole, *parts) if name and name not in found})
    return found


def parse_in_child(
    kind: str, path: Path | str, *, limits: Limits | None = None, species: Mapping[str, str] | None = None
) -> Upload:
    """Return what the workbook holds, read in a process of its own with little memory and time.

    Never raises for what stands in the file. Raises KeyError for a kind that does not exist.
    """
    limits, form = limits or Limits(), FORMS[kind]
    options = json.dumps({"limits": vars(limits), "species": dict(species or species_names())})
    try:
        answer = run_limited(
            "registry.rules.uploads",
            Path(path).resolve(),
            memory_mib=limits.memory_mib,
            seconds=limits.seconds,
            arguments=[kind, options],
        )
    except ParserFailed as failure:
        reason = {"memory": "parser_memory", "time": "parser_time", "crash": "file_broken"}[failure.reason]
        return _nothing(form, [CellProblem(reason)])
    return Upload.from_json(answer)


def parse_content(kind: str, content: bytes, *, species: Mapping[str, str]) -> Upload:
    """Return what a workbook holds, given its bytes, read in a limited child: `parse_in_child`."""
    with tempfile.TemporaryDirectory(prefix="tanhui-upload-") as folder:
        path = Path(folder) / "upload.xlsx"  # The library refuses a file by the end of its name.
        path.write_bytes(content)
        return parse_in_child(kind, path, species=species)


def parse_workbook(
    kind: str, path: Path, *, limits: Limits | None = None, species: Mapping[str, str] | None = None
) -> Upload:
    """Return what the workbook holds, read here: for the child, which is limited, and for files of our own."""
    limits, form = limits or Limits(), FORMS[kind]
    refused = problems_of_file(path, limits)
    if refused:
        return _nothing(form, refused)
    reader = _Reader(form, path, limits, species or species_names())
    try:
        reader.read()
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, ParseError, zipfile.BadZipFile):
        # Whatever openpyxl trips over in a file that is a workbook by name only.
        return _nothing(form, [CellProblem("file_broken")])
    if reader.problems:
        told = tuple(reader.problems[: limits.problems])
        return _nothing(form, told, left_out=len(reader.problems) - len(told))
    return Upload(kind, {name: tuple(rows) for name, rows in reader.rows.items()})


class _Reader:
    """Reads the sheets of one workbook and collects rows and problems."""

    def __init__(self, form: WorkbookForm, path: Path, limits: Limits, species: Mapping[str, str]) -> None:
        self.form, self.path, self.limits, self.species = form, path, limits, species
        self.rows: dict[str, list[Any]] = {sheet.english: [] for sheet in form.sheets}
        self.problems: list[CellProblem] = []
        self._titles: dict[str, str] = {}
        self._letters: dict[str, dict[str, str]] = {}

    def read(self) -> None:
        from openpyxl import load_workbook  # A quarter of a second: only who reads a workbook pays for it.

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of styles and extensions that the library leaves out.
            book = load_workbook(self.path, read_only=True, data_only=False, keep_links=False)
            try:
                found = {sheet.title: sheet for sheet in book.worksheets}
                self._check_sheets(found)
                for form in self.form.sheets:
                    sheet = found.get(form.name) or found.get(form.english)
                    if sheet is None:
                        self._problem("sheet_missing", form.name, name=form.name, names=self._sheet_names())
                    elif sheet.sheet_state == "visible":
                        self._read_sheet(form, sheet)
            finally:
                book.close()
        self._compare_rows()

    def _check_sheets(self, found: Mapping[str, Any]) -> None:
        known = {name for form in self.form.sheets for name in (form.name, form.english)} | {NOTES_SHEET}
        for title, sheet in found.items():
            if sheet.sheet_state != "visible":
                self._problem("hidden_sheet", title)
            elif title not in known and any(
                not is_blank(cell.value) for row in islice(sheet.iter_rows(), 100) for cell in row
            ):
                self._problem("unknown_sheet", title, names=self._sheet_names())

    def _sheet_names(self) -> str:
        return "、".join(form.name for form in self.form.sheets)

    def _read_sheet(self, form: SheetForm, sheet: Any) -> None:
        title = self._titles[form.english] = sheet.title
        for area in merged_areas(self.path, sheet._worksheet_path):
            self._problem("merged_cells", title, area.partition(":")[0], area=area)
        # The size a file states of itself is not believed: a few stated cells may hide a sheet, or invent millions.
        sheet.reset_dimensions()
        rows = enumerate(sheet.iter_rows(), start=1)
        columns: dict[int, Column] = {}
        count = 0
        for number, whole_row in rows:
            row = whole_row[:MOST_COLUMNS]
            if number > self.limits.rows + 2:
                self._problem("too_many_rows", title, limit=self.limits.rows)
                return
            if number == 1:
                columns = self._read_header(form, title, row)
                if not columns:
                    return
                continue
            if all(is_blank(cell.value) for cell in row) or (number == 2 and _is_english_header(form, row)):
                continue
            count += 1
            self._read_row(form, title, number, row, columns)
        if count == 0 and not any(problem.sheet == title for problem in self.problems):
            self._problem("sheet_empty", title)

    def _read_header(self, form: SheetForm, title: str, row: Iterable[Any]) -> dict[int, Column]:
        """Return the columns by their place; nothing when a needed one is missing, which makes rows unreadable."""
        by_heading = {_plain(name): column for column in form.columns for name in (column.heading, column.name)}
        columns: dict[int, Column] = {}
        for place, cell in enumerate(row):
            if is_blank(cell.value):
                continue
            # A template of both languages has them in one cell, one below the other.
            parts = [_plain(part) for part in str(cell.value).splitlines() if part.strip()]
            column = next((by_heading[part] for part in parts if part in by_heading), None)
            if column is None:
                names = "、".join(one.heading for one in form.columns)
                self._problem("column_unknown", title, f"{_letter(place)}1", found=shown(cell.value), names=names)
            elif column in columns.values():
                self._problem("column_repeated", title, f"{_letter(place)}1", name=column.heading)
            else:
                columns[place] = column
        missing = [column for column in form.columns if column.required and column not in columns.values()]
        for column in missing:
            self._problem("column_missing", title, "", name=column.heading)
        self._letters[form.english] = {column.name: _letter(place) for place, column in columns.items()}
        return {} if missing else columns

    def _read_row(
        self, form: SheetForm, title: str, number: int, row: tuple[Any, ...], columns: Mapping[int, Column]
    ) -> None:
        values: dict[str, Any] = {column.name: None for column in form.columns}
        is_good = True
        for place, column in columns.items():
            cell = row[place] if place < len(row) else None
            value, kind = (None, "n") if cell is None else (cell.value, cell.data_type)
            try:
                values[column.name] = read_cell(value, kind, column, self.species)
            except Rejected as rejected:
                is_good = False
                self._problem(rejected.reason, title, f"{_letter(place)}{number}", **rejected.values)
        if is_good:
            self.rows[form.english].append(form.row(row=number, **values))

    def _compare_rows(self) -> None:
        for form in self.form.sheets:
            if form.english in self._titles:
                self._find_repeated(form)
                self._find_unlisted(form)
        for tree in self.rows.get("trees", []):
            if isinstance(tree, TreeRow) and tree.height_m is None and tree.dbh_cm >= DEFAULT_MIN_DBH_CM:
                self._problem(
                    "missing", self._titles["trees"], self._cell("trees", "height_m", tree.row), name="树高（米）"
                )

    def _find_repeated(self, form: SheetForm) -> None:
        headings = {column.name: column.heading for column in form.columns}
        first: dict[tuple[Any, ...], int] = {}
        for row in self.rows[form.english]:
            key = tuple(getattr(row, name) for name in form.key)
            if None in key:
                continue
            if key in first:
                name = "、".join(headings[part] for part in form.key)
                cell = self._cell(form.english, form.key[-1], row.row)
                found = "、".join(map(shown, key))
                self._problem("repeated", self._titles[form.english], cell, found=found, row=first[key], name=name)
            first.setdefault(key, row.row)

    def _find_unlisted(self, form: SheetForm) -> None:
        headings = {column.name: column.heading for column in form.columns}
        names = {sheet.english: sheet.name for sheet in self.form.sheets}
        for column, (sheet, listed_in) in (form.refers or {}).items():
            # Where the other sheet has problems of its own, half of this one's rows would seem to hang in the air.
            if sheet not in self._titles or any(one.sheet == self._titles[sheet] for one in self.problems):
                continue
            listed = {getattr(row, listed_in) for row in self.rows[sheet]}
            for row in self.rows[form.english]:
                value = getattr(row, column)
                if value not in listed:
                    cell = self._cell(form.english, column, row.row)
                    found = {"found": shown(value), "name": headings[column], "sheet": names[sheet]}
                    self.problems.append(CellProblem("not_listed", self._titles[form.english], cell, found))

    def _cell(self, english: str, column: str, row: int) -> str:
        return f"{self._letters[english].get(column, '')}{row}" if column in self._letters[english] else ""

    def _problem(self, reason: str, sheet: str = "", cell: str = "", **values: Any) -> None:
        self.problems.append(CellProblem(reason, sheet, cell, values))


def _nothing(form: WorkbookForm, problems: Iterable[CellProblem], *, left_out: int = 0) -> Upload:
    return Upload(form.kind, {sheet.english: () for sheet in form.sheets}, tuple(problems), left_out)


def _plain(heading: str) -> str:
    """Return a heading for comparison: without spaces, with the brackets and letters of one kind."""
    return "".join(heading.split()).replace("(", "（").replace(")", "）").lower()


def _is_english_header(form: SheetForm, row: Iterable[Any]) -> bool:
    given = [_plain(str(cell.value)) for cell in row if not is_blank(cell.value)]
    return bool(given) and set(given) <= {column.name for column in form.columns}


def _letter(place: int) -> str:
    """Return the letters of a column, counted from 0."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _row_json(row: Any) -> list[Any]:
    return [value.isoformat() if isinstance(value, date) else value for value in vars(row).values()]


def _row_of(form: SheetForm, values: list[Any]) -> Any:
    dates = {column.name for column in form.columns if column.content == "date"}
    given = dict(zip(_field_names(form), values, strict=True))
    return form.row(**{k: date.fromisoformat(v) if k in dates and v is not None else v for k, v in given.items()})


def _field_names(form: SheetForm) -> Iterator[str]:
    return iter(form.row.__dataclass_fields__)
