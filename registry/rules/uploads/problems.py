"""What is wrong with an uploaded workbook, cell by cell. Source: reliability.md, section 4.

The three sentences of a reason are message ids in English; the edges translate them and fill in `values`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import ascii_uppercase, digits
from typing import Any


@dataclass(frozen=True)
class Reason:
    """One way in which an upload can be wrong. `code` is stable and goes to the caller."""

    code: str
    message: str
    expected: str
    remedy: str


REASONS: Mapping[str, Reason] = {
    # The file as a whole.
    "file_too_big": Reason(
        "file_rejected",
        "The file has {megabytes} MB.",
        "At most {limit} MB.",
        "Split the file by plot and upload the parts.",
    ),
    "file_empty": Reason(
        "file_rejected", "The file is empty.", "An Excel workbook (.xlsx).", "Save the workbook again and upload it."
    ),
    "file_type": Reason(
        "file_rejected",
        "The file is no Excel workbook.",
        "An Excel workbook (.xlsx).",
        "Save it in Excel or WPS as an .xlsx workbook.",
    ),
    "file_encrypted": Reason(
        "file_rejected",
        "The file is protected by a password, or is an old .xls workbook.",
        "An .xlsx workbook without a password.",
        "Take the password off and save it as .xlsx.",
    ),
    "file_broken": Reason(
        "file_rejected",
        "The workbook cannot be opened.",
        "A workbook that Excel or WPS opens without repair.",
        "Open it, save it again as .xlsx and upload that.",
    ),
    "parser_memory": Reason(
        "file_rejected",
        "The workbook needs too much memory to be read.",
        "A workbook with its data only.",
        "Copy the data as values into the template.",
    ),
    "parser_time": Reason(
        "file_rejected",
        "The workbook takes too long to be read.",
        "A workbook with its data only.",
        "Copy the data as values into the template.",
    ),
    "archive_too_big": Reason(
        "archive_rejected",
        "The workbook unpacks to more than is allowed.",
        "At most {limit} MB unpacked and a ratio of {ratio}.",
        "Copy the data as values into the template.",
    ),
    "archive_names": Reason(
        "archive_rejected",
        "The workbook holds parts that do not belong into one.",
        "A workbook as Excel or WPS saves it.",
        "Copy the data as values into the template.",
    ),
    "archive_entities": Reason(
        "archive_rejected",
        "The workbook holds declarations that Excel never writes.",
        "A workbook as Excel or WPS saves it.",
        "Copy the data as values into the template.",
    ),
    "macro": Reason(
        "cell_rejected",
        "The workbook holds macros.",
        "A workbook without macros (.xlsx).",
        "Save it as .xlsx without macros.",
    ),
    "external_link": Reason(
        "cell_rejected",
        "The workbook refers to other workbooks.",
        "A workbook that stands by itself.",
        "Paste the values instead of the links.",
    ),
    # Sheets and headers.
    "hidden_sheet": Reason(
        "cell_rejected",
        "The sheet is hidden.",
        "Visible sheets only.",
        "Show the sheet, or delete it.",
    ),
    "unknown_sheet": Reason(
        "cell_rejected",
        "The sheet is not one of the template.",
        "The sheets {names}.",
        "Give the sheet the name of the template, or delete it.",
    ),
    "sheet_missing": Reason(
        "cell_rejected",
        "The sheet {name} is missing.",
        "The sheets {names}.",
        "Copy the data into the template.",
    ),
    "sheet_empty": Reason(
        "cell_rejected",
        "The sheet has no rows below its header.",
        "At least one row.",
        "Fill in the sheet.",
    ),
    "too_many_rows": Reason(
        "cell_rejected",
        "The sheet has more than {limit} rows.",
        "At most {limit} rows, empty ones included.",
        "Delete the empty rows below the data, or split the file.",
    ),
    "merged_cells": Reason(
        "cell_rejected",
        "The cells {area} are merged.",
        "One value in each cell.",
        "Undo the merge and fill in each cell.",
    ),
    "column_missing": Reason(
        "cell_rejected",
        "The column {name} is missing.",
        "A column with this heading in the first row.",
        "Add the column, or copy the data into the template.",
    ),
    "column_repeated": Reason(
        "cell_rejected",
        "The column {name} stands twice.",
        "Each column once.",
        "Delete one of the two.",
    ),
    "column_unknown": Reason(
        "cell_rejected",
        "The template has no column {found}.",
        "The columns {names}.",
        "Delete the column, or give it the heading of the template.",
    ),
    # Cells.
    "formula": Reason(
        "cell_rejected",
        "The cell holds a formula.",
        "A value.",
        "Copy the cells and paste them as values.",
    ),
    "error_value": Reason(
        "cell_rejected",
        "The cell holds the error {found}.",
        "A value.",
        "Correct the calculation and paste its values.",
    ),
    "missing": Reason(
        "cell_rejected",
        "The cell is empty.",
        "A value for {name}.",
        "Fill in the cell.",
    ),
    "not_a_number": Reason(
        "cell_rejected",
        "{found} is not stored as a number.",
        "A number in {name}.",
        "Type the number without unit, comma or full-width digits, in a cell formatted as a number.",
    ),
    "date_for_number": Reason(
        "cell_rejected",
        "The number was turned into the date {found}.",
        "A number in {name}.",
        "Format the column as numbers and type the value again.",
    ),
    "number_for_date": Reason(
        "cell_rejected",
        "The date is stored as the number {found}.",
        "A date such as 2026-03-02.",
        "Format the column as dates and type the date again.",
    ),
    "not_a_date": Reason(
        "cell_rejected",
        "{found} is no date.",
        "A date such as 2026-03-02.",
        "Type the date as year-month-day.",
    ),
    "not_a_text": Reason(
        "cell_rejected",
        "{found} is no name or number.",
        "A name or number in {name}.",
        "Type it as text.",
    ),
    "control_characters": Reason(
        "cell_rejected",
        "The text holds characters that cannot be seen.",
        "Visible characters only.",
        "Type the text again instead of pasting it.",
    ),
    "not_whole": Reason(
        "cell_rejected",
        "{found} is no whole number.",
        "A whole number in {name}.",
        "Type a whole number.",
    ),
    "out_of_range": Reason(
        "cell_rejected",
        "{found} is outside the range of {name}.",
        "{range}",
        "Check the value and its unit.",
    ),
    "unknown_choice": Reason(
        "cell_rejected",
        "{found} is none of the values of {name}.",
        "One of {names}.",
        "Choose a value of the list.",
    ),
    "unknown_species": Reason(
        "unknown_species",
        "The tree species {found} is not in the parameter table.",
        "A species of the list on the sheet of notes.",
        "Choose a species or species group of the list; ask the registry to add one that is missing.",
    ),
    # Rows against each other.
    "repeated": Reason(
        "cell_rejected",
        "{found} stands in row {row} already.",
        "Each {name} once.",
        "Delete the repetition, or correct the number.",
    ),
    "not_listed": Reason(
        "cell_rejected",
        "{found} does not stand on the sheet {sheet}.",
        "A {name} of the sheet {sheet}.",
        "Add it there, or correct it here.",
    ),
}


@dataclass(frozen=True)
class CellProblem:
    """One problem. `cell` is "C12", or "" for a sheet or the file; `sheet` is "" for the file."""

    reason: str
    sheet: str = ""
    cell: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return REASONS[self.reason].code

    @property
    def found(self) -> str:
        return str(self.values.get("found", ""))

    @property
    def row(self) -> int | None:
        """The number of the cell's row, None for a sheet or the file."""
        number = self.cell.lstrip(ascii_uppercase)
        return int(number) if number else None

    @property
    def column(self) -> str:
        """The letters of the cell's column, "" for a whole row, sheet or file."""
        return self.cell.rstrip(digits)

    def as_json(self) -> dict[str, Any]:
        return {"reason": self.reason, "sheet": self.sheet, "cell": self.cell, "values": dict(self.values)}
