"""Empty workbooks to be filled in, with headings, examples of values, lists to choose from and notes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date

from registry.rules.uploads.cells import range_text
from registry.rules.uploads.forms import FORMS, NOTES_SHEET, Column, SheetForm, WorkbookForm
from registry.rules.uploads.parse import species_names

WIDTH = 18
LISTED_ROWS = 2000  # As far down as a list to choose from reaches.


def template_workbook(kind: str, *, species: Mapping[str, str] | None = None) -> bytes:
    """Return an .xlsx with the sheets of a kind: Chinese headings in row 1, the English names in row 2.

    species: names and codes for the notes; the shipped ones if left out. Raises KeyError for an unknown kind.
    """
    from openpyxl import Workbook

    form = FORMS[kind]
    book = Workbook()
    notes = book.active
    assert notes is not None
    notes.title = NOTES_SHEET
    _write_notes(notes, form, species or species_names())
    for sheet_form in form.sheets:
        _write_sheet(book.create_sheet(sheet_form.name), sheet_form)
    book.active = 1
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _write_sheet(sheet: object, form: SheetForm) -> None:
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

    assert isinstance(sheet, Worksheet)
    for place, column in enumerate(form.columns, start=1):
        letter = get_column_letter(place)
        heading = sheet.cell(1, place, column.heading)
        heading.font = Font(bold=True)
        heading.fill = PatternFill("solid", fgColor="DCEFE3" if column.required else "F1F3F5")
        sheet.cell(2, place, column.name).font = Font(italic=True, color="6B7280")
        sheet.column_dimensions[letter].width = WIDTH
        sheet.column_dimensions[letter].number_format = _number_format(column)
        options = list(column.choices or ()) or (["是", "否"] if column.content == "flag" else [])
        if options:
            listed = DataValidation(type="list", formula1=f'"{",".join(options)}"', allow_blank=not column.required)
            sheet.add_data_validation(listed)
            listed.add(f"{letter}3:{letter}{LISTED_ROWS}")
    sheet.freeze_panes = "A3"


def _number_format(column: Column) -> str:
    """Return the format of a column, so that 5.6 is not turned into a day in May and a plot 012 keeps its zero."""
    return {"date": "yyyy-mm-dd", "number": "0.######", "integer": "0"}.get(column.content, "@")


def _write_notes(sheet: object, form: WorkbookForm, species: Mapping[str, str]) -> None:
    from openpyxl.styles import Font
    from openpyxl.worksheet.worksheet import Worksheet

    assert isinstance(sheet, Worksheet)
    sheet.append([form.title])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.append(["绿色标题为必填列。请填数值，不要填公式、合并单元格或隐藏工作表。"])
    sheet.append([])
    sheet.append(["工作表", "列", "英文列名", "必填", "取值", "示例"])
    for sheet_form in form.sheets:
        for column in sheet_form.columns:
            example = column.example.isoformat() if isinstance(column.example, date) else column.example
            required = "是" if column.required else "否"
            row = [sheet_form.name, column.heading, column.name, required, _values_of(column), example]
            sheet.append(row)
    if any(column.content == "species" for sheet_form in form.sheets for column in sheet_form.columns):
        sheet.append([])
        sheet.append(["树种名称", "代码"])
        for name, code in species.items():
            if name != code:
                sheet.append([name, code])
    for letter, width in zip("ABCDEF", (24, 26, 24, 8, 40, 22), strict=True):
        sheet.column_dimensions[letter].width = width


def _values_of(column: Column) -> str:
    if column.choices:
        return "、".join(column.choices)
    plain = {"flag": "是、否", "date": "日期（年-月-日）", "species": "树种表中的名称或代码", "text": "文字或编号"}
    return plain.get(column.content) or f"{'整数' if column.content == 'integer' else '数值'} {range_text(column)}"
