"""Workbooks of plots, soil and wetlands: what is read, and every way in which one can be wrong, named by its cell."""

import gettext
import io
import json
import re
import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from registry.rules.methodologies import evaluate
from registry.rules.methodologies.f1_afforestation.many_plots import evaluate_plots
from registry.rules.uploads import (
    FORMS,
    REASONS,
    CellProblem,
    Limits,
    Upload,
    archive,
    parse_in_child,
    parse_workbook,
    template_workbook,
)
from registry.rules.uploads.forms import PlotRow, TreeRow
from registry.rules.uploads.observations import (
    needs_equivalent_mass,
    plot_inputs,
    profile_inputs,
    strata_of_pairs,
    strata_of_plots,
    wetland_strata,
)

CATALOGUE = Path(__file__).resolve().parents[2] / "locale" / "uploads" / "zh_Hans" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"\{\w+\}")
EXAMPLES = {
    form.kind: {sheet.name: [[column.example for column in sheet.columns]] for sheet in form.sheets}
    for form in FORMS.values()
}
TREES = ["A-01", "1", "落叶松", 14.8, 12.2, 1]


@pytest.fixture
def filled(tmp_path: Path):
    """Write a template with rows from row 3 on, the examples of the form where none are given, and return its path."""

    def fill(kind: str = "forest_plots", change=None, name: str = "upload.xlsx", **sheets: list[list]) -> Path:
        book = load_workbook(io.BytesIO(template_workbook(kind)))
        for title, rows in {**EXAMPLES[kind], **sheets}.items():
            for place, row in enumerate(rows, start=3):
                for column, value in enumerate(row, start=1):
                    book[title].cell(place, column, value)
        if change is not None:
            change(book)
        path = tmp_path / name
        book.save(path)
        return path

    return fill


def told(upload: Upload) -> list[tuple[str, str, str, str]]:
    return [(problem.code, problem.reason, problem.sheet, problem.cell) for problem in upload.problems]


@pytest.mark.parametrize("kind", FORMS)
def test_a_filled_template_is_read(filled, kind):
    upload = parse_workbook(kind, filled(kind))

    assert told(upload) == []
    assert all(len(rows) == 1 for rows in upload.sheets.values())
    assert set(upload.sheets) == {sheet.english for sheet in FORMS[kind].sheets}


@pytest.mark.parametrize("kind", FORMS)
def test_the_child_reads_what_we_read(filled, kind):
    path = filled(kind)

    assert parse_in_child(kind, path) == parse_workbook(kind, path)


def test_rows_have_the_types_of_the_form(filled):
    upload = parse_in_child("forest_plots", filled())

    assert upload.sheets["plots"] == (PlotRow(3, "A", "A-01", 0.06, 8.0, False, date(2025, 8, 12)),)
    assert upload.sheets["trees"] == (TreeRow(3, "A-01", "1", "LARIX", 14.8, 12.2, 1),)


def test_english_headings_codes_and_numbers_as_names_are_accepted(tmp_path):
    book = Workbook()
    book.active.title = "strata"
    book["strata"].append(["stratum", "area_ha"])
    book["strata"].append([1, 10])
    plots = book.create_sheet("plots")
    plots.append(["plot", "stratum", "plot_area_ha", "surveyed_on"])
    plots.append([7.0, 1, 0.06, "2025-08-12"])
    trees = book.create_sheet("trees")
    trees.append(["plot", "species", "dbh_cm", "height_m"])
    trees.append(["7", "BETULA", 12, 10])
    trees.append([None, None, None, None])
    trees.append(["7", "白桦", 4.1, None])
    path = tmp_path / "english.xlsx"
    book.save(path)

    upload = parse_workbook("forest_plots", path)

    assert told(upload) == []
    assert [tree.species for tree in upload.sheets["trees"]] == ["BETULA", "BETULA"]
    assert upload.sheets["plots"][0].plot == "7"


def test_headings_may_have_both_languages_in_one_cell_and_other_brackets(filled):
    def rename(book):
        book["每木"]["D1"] = "胸径 (厘米)\ndbh_cm"

    assert told(parse_workbook("forest_plots", filled(change=rename))) == []


CELLS = [
    ("C3", "油松林", "unknown_species", "unknown_species"),
    ("D3", "=1+1", "cell_rejected", "formula"),
    ("D3", "#DIV/0!", "cell_rejected", "error_value"),
    ("D3", "14.8", "cell_rejected", "not_a_number"),
    ("D3", "１４．８", "cell_rejected", "not_a_number"),
    ("D3", "1,480", "cell_rejected", "not_a_number"),
    ("D3", True, "cell_rejected", "not_a_number"),
    ("D3", date(2026, 5, 6), "cell_rejected", "date_for_number"),
    ("D3", None, "cell_rejected", "missing"),
    ("D3", "   ", "cell_rejected", "missing"),
    ("D3", 0, "cell_rejected", "out_of_range"),
    ("D3", -3, "cell_rejected", "out_of_range"),
    ("E3", None, "cell_rejected", "missing"),
    ("F3", 1.5, "cell_rejected", "not_whole"),
    ("B3", date(2026, 1, 2), "cell_rejected", "not_a_text"),
    ("B3", "a\u202eb", "cell_rejected", "control_characters"),
    ("A3", "Z-99", "cell_rejected", "not_listed"),
]


@pytest.mark.parametrize(("cell", "value", "code", "reason"), CELLS)
def test_a_bad_cell_is_named_with_what_was_found(filled, cell, value, code, reason):
    def spoil(book):
        book["每木"][cell] = value

    upload = parse_workbook("forest_plots", filled(change=spoil))

    assert told(upload) == [(code, reason, "每木", cell)]
    assert upload.sheets == {"strata": (), "plots": (), "trees": ()}


def test_a_date_that_is_a_number_is_rejected(filled):
    def spoil(book):
        book["样地"]["F3"] = 45881
        book["样地"]["F3"].number_format = "0"

    assert told(parse_workbook("forest_plots", filled(change=spoil))) == [
        ("cell_rejected", "number_for_date", "样地", "F3")
    ]


@pytest.mark.parametrize("value", ["12/8/2025", "yesterday", "2025-13-01"])
def test_a_text_that_is_no_date_is_rejected(filled, value):
    def spoil(book):
        book["样地"]["F3"] = value

    assert told(parse_workbook("forest_plots", filled(change=spoil)))[0][1] == "not_a_date"


def test_a_choice_outside_its_list_is_rejected(filled):
    def spoil(book):
        book["碳层"]["C3"] = "热带"

    (problem,) = parse_workbook("wetland_mineral", filled("wetland_mineral", change=spoil)).problems
    assert (problem.reason, problem.cell, problem.found) == ("unknown_choice", "C3", "热带")
    assert "冷温带干旱" in problem.values["names"]


def test_every_problem_is_told_at_once(filled):
    trees = [["A-01", "1", "银杏", "x", 12, 1], TREES, ["A-01", "2", "落叶松", 400, 12, 1]]

    upload = parse_workbook("forest_plots", filled(每木=trees, 碳层=[["A", 0]]))

    assert [(problem.sheet, problem.cell) for problem in upload.problems] == [
        ("碳层", "B3"),
        ("每木", "C3"),
        ("每木", "D3"),
        ("每木", "D5"),
    ]


def test_a_repetition_names_the_first_row(filled):
    (problem,) = parse_workbook("forest_plots", filled(每木=[TREES, TREES])).problems

    assert (problem.reason, problem.cell, problem.values["row"]) == ("repeated", "B4", 3)


def test_trees_without_a_number_of_their_own_may_be_alike(filled):
    row = ["A-01", None, "落叶松", 14.8, 12.2, 1]

    assert parse_workbook("forest_plots", filled(每木=[row, row])).is_ok


def _merge(book):
    book["每木"].merge_cells("D1:E1")


def _hide(book):
    book["每木"].sheet_state = "veryHidden"


def _add_sheet(book):
    book.create_sheet("我的数据").append([1])


def _drop_sheet(book):
    del book["每木"]


def _drop_column(book):
    book["每木"].delete_cols(4)


def _repeat_column(book):
    book["每木"]["G1"] = "胸径（厘米）"


def _foreign_column(book):
    book["每木"]["G1"] = "冠幅"


def _empty_sheet(book):
    book["每木"].delete_rows(3)


SHEETS = [
    (_merge, "merged_cells", "每木", "D1"),
    (_hide, "hidden_sheet", "每木", ""),
    (_add_sheet, "unknown_sheet", "我的数据", ""),
    (_drop_sheet, "sheet_missing", "每木", ""),
    (_drop_column, "column_missing", "每木", ""),
    (_repeat_column, "column_repeated", "每木", "G1"),
    (_foreign_column, "column_unknown", "每木", "G1"),
    (_empty_sheet, "sheet_empty", "每木", ""),
]


@pytest.mark.parametrize(("change", "reason", "sheet", "cell"), SHEETS)
def test_a_bad_sheet_is_named(filled, change, reason, sheet, cell):
    upload = parse_workbook("forest_plots", filled(change=change))

    assert ("cell_rejected", reason, sheet, cell) in told(upload)


@pytest.mark.parametrize("chunk", [64, 97, 1000, 1 << 20])
def test_every_merge_is_seen_once_wherever_the_file_is_cut(tmp_path, monkeypatch, chunk):
    book = Workbook()
    areas = [f"A{row}:C{row}" for row in range(1, 200, 2)]
    for area in areas:
        book.active.merge_cells(area)
    book.save(tmp_path / "merged.xlsx")
    monkeypatch.setattr(archive, "CHUNK", chunk)

    assert sorted(archive.merged_areas(tmp_path / "merged.xlsx", "xl/worksheets/sheet1.xml")) == sorted(areas)


def test_rows_beyond_the_limit_are_refused_even_when_they_are_empty(filled):
    def far_below(book):
        book["每木"]["A3000"] = "A-01"

    upload = parse_workbook("forest_plots", filled(change=far_below), limits=Limits(rows=1000))

    assert ("cell_rejected", "too_many_rows", "每木", "") in told(upload)


def test_no_more_problems_are_told_than_can_be_read(filled):
    trees = [["A-01", str(number), "银杏", 10, 10, 1] for number in range(30)]

    upload = parse_workbook("forest_plots", filled(每木=trees), limits=Limits(problems=10))

    assert (len(upload.problems), upload.problems_left_out) == (10, 20)


def with_member(path: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path


ARCHIVES = [
    ("xl/vbaProject.bin", b"macro", "cell_rejected", "macro"),
    ("xl/externalLinks/externalLink1.xml", b"<externalLink/>", "cell_rejected", "external_link"),
    ("../outside.xml", b"<a/>", "archive_rejected", "archive_names"),
    ("/etc/passwd", b"x", "archive_rejected", "archive_names"),
    ("xl/inner.zip", b"PK", "archive_rejected", "archive_names"),
    ("xl/bomb.xml", b"<a>" + b" " * (30 << 20), "archive_rejected", "archive_too_big"),
    (
        "xl/entity.xml",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        "archive_rejected",
        "archive_entities",
    ),
]


@pytest.mark.parametrize(("name", "content", "code", "reason"), ARCHIVES)
def test_a_dangerous_archive_is_not_opened(filled, name, content, code, reason):
    upload = parse_in_child("forest_plots", with_member(filled(), name, content))

    assert told(upload) == [(code, reason, "", "")]


def test_too_many_members_are_refused(filled):
    assert told(parse_workbook("forest_plots", filled(), limits=Limits(members=3)))[0][1] == "archive_too_big"


CONTENTS = [
    (b"", "file_empty"),
    (b"plot,species,dbh\n1,LARIX,12\n", "file_type"),
    (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "file_encrypted"),
    (b"PK\x03\x04 cut off", "file_type"),
]


@pytest.mark.parametrize(("content", "reason"), CONTENTS)
def test_what_is_no_workbook_is_refused_by_its_content(tmp_path, content, reason):
    path = tmp_path / "upload.xlsx"
    path.write_bytes(content)

    assert told(parse_in_child("forest_plots", path)) == [("file_rejected", reason, "", "")]


def test_a_zip_of_something_else_and_a_broken_workbook_are_refused(filled, tmp_path):
    other = tmp_path / "other.xlsx"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    broken = filled(name="broken.xlsx")
    with zipfile.ZipFile(broken) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["xl/worksheets/sheet4.xml"] = b"<worksheet><sheetData><row"
    with zipfile.ZipFile(broken, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)

    assert told(parse_in_child("forest_plots", other)) == [("file_rejected", "file_type", "", "")]
    assert told(parse_in_child("forest_plots", broken)) == [("file_rejected", "file_broken", "", "")]


def test_a_file_that_is_too_big_is_not_opened(filled):
    (problem,) = parse_workbook("forest_plots", filled(), limits=Limits(file_bytes=1000)).problems

    assert (problem.code, problem.reason) == ("file_rejected", "file_too_big")


def test_a_parser_without_time_is_an_answer(filled):
    upload = parse_in_child("forest_plots", filled(), limits=Limits(seconds=0.05))

    assert told(upload) == [("file_rejected", "parser_time", "", "")]


def test_a_parser_without_memory_is_an_answer(filled):
    path = filled()
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet4.xml"
    members[sheet] = members[sheet].replace("落叶松".encode(), b"x" * (150 << 20))
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)

    upload = parse_in_child("forest_plots", path, limits=Limits(memory_mib=128, file_bytes=200 << 20))

    assert told(upload) == [("file_rejected", "parser_memory", "", "")]


def test_a_quarter_of_the_most_rows_is_read_to_the_last_one(tmp_path):
    rows = {
        "碳层": [["碳层", "面积（公顷）"], ["A", 10]],
        "样地": [["碳层", "样地号", "样地面积（公顷）", "调查日期"], ["A", "P", 1, date(2025, 8, 1)]],
        "每木": [["样地号", "树号", "树种", "胸径（厘米）", "树高（米）", "株数"]],
    }
    rows["每木"] += [["P", number, "落叶松", 14.8, 12.2, 1] for number in range(Limits().rows // 4)]
    book = Workbook(write_only=True)
    for title, of_sheet in rows.items():
        sheet = book.create_sheet(title)
        for row in of_sheet:
            sheet.append(row)
    path = tmp_path / "many.xlsx"
    book.save(path)

    upload = parse_in_child("forest_plots", path, limits=Limits(seconds=120))

    assert told(upload) == []
    assert len(upload.sheets["trees"]) == 25_000


@pytest.mark.parametrize("name", ["date.xlsx", "merge_cells.xlsx"])
def test_awkward_real_workbooks_get_an_answer(sample_data, name):
    upload = parse_in_child("forest_plots", sample_data / "badinput" / name)

    assert not upload.is_ok
    assert all(problem.code == "cell_rejected" for problem in upload.problems)


def test_every_reason_is_met_in_these_tests():
    listed = {row[-1] for row in [*CELLS, *ARCHIVES, *CONTENTS]} | {reason for _, reason, _, _ in SHEETS}
    alone = {"number_for_date", "not_a_date", "unknown_choice", "repeated", "too_many_rows", "file_broken"}
    alone |= {"file_too_big", "parser_memory", "parser_time"}

    assert listed | alone == set(REASONS)


def test_a_problem_can_be_told_in_words():
    names = ("found", "name", "names", "limit", "ratio", "area", "row", "sheet", "range", "megabytes")
    values = dict.fromkeys(names, "x")
    for name, reason in REASONS.items():
        for sentence in (reason.message, reason.expected, reason.remedy):
            assert sentence.format(**values), name
    assert CellProblem("formula").code == "cell_rejected"
    assert json.dumps(CellProblem("formula", "每木", "C12").as_json())


def test_every_sentence_has_its_chinese_with_the_same_values():
    with (CATALOGUE / "django.mo").open("rb") as compiled:
        chinese = gettext.GNUTranslations(compiled)
    for reason in REASONS.values():
        for sentence in (reason.message, reason.expected, reason.remedy):
            translated = chinese.gettext(sentence)
            assert translated != sentence or sentence == "{range}", sentence
            assert set(PLACEHOLDER.findall(translated)) == set(PLACEHOLDER.findall(sentence)), sentence


def test_from_a_workbook_to_tonnes(filled):
    path = filled(
        碳层=[["A", 820], ["B", 430]],
        样地=[
            [stratum, f"{stratum}{number}", 0.06, None, None, date(2025, 8, 12)]
            for stratum in "AB"
            for number in (1, 2)
        ],
        每木=[[f"{stratum}{number}", None, "白桦", 10 + number, 9, 12] for stratum in "AB" for number in (1, 2)],
    )
    upload = parse_workbook("forest_plots", path)
    plots = plot_inputs(upload.sheets["plots"], upload.sheets["trees"])

    figures = [result.outputs["co2e_t_ha"] for result in evaluate_plots([plot.inputs for plot in plots])]
    strata = strata_of_plots(upload.sheets["strata"], plots, figures)

    assert [row["id"] for row in strata] == ["A", "B"]
    assert strata[0]["plots"] == figures[:2]
    assert evaluate("P1.estimate", {"strata": strata}).is_ok


def test_soil_and_wetland_rows_become_inputs(filled):
    layers = [
        ["A", "P-01", period, top, top + 10, 16.8, 1.28, 0.03] for period in ("后期", "前期") for top in (20, 0, 10)
    ]
    soil = parse_workbook("grassland_layers", filled("grassland_layers", 土层=layers))
    profiles = profile_inputs(soil.sheets["layers"])
    assert [(one.point, one.period) for one in profiles] == [("P-01", "2"), ("P-01", "1")]
    assert all(evaluate("G1.soc_core", one.inputs).is_ok for one in profiles)
    assert needs_equivalent_mass(100, 102.1)
    assert not needs_equivalent_mass(100, 98)

    strata = [["R", 5200, "否"], ["C", 1, "是"]]
    rows = [["R", "1", 34.1, 36.0], ["R", "2", 30.8, 32.4], ["C", "1", 33.5, 33.9], ["C", "2", 31.0, 31.2]]
    pairs = parse_workbook("grassland_pairs", filled("grassland_pairs", 碳层=strata, 样点=rows))
    project, control = strata_of_pairs(pairs.sheets["strata"], pairs.sheets["pairs"])
    assert evaluate("G1.net", {"years": 5, "strata": project, "control_strata": control}).is_ok

    for kind, operation in (("wetland_mineral", "W1.mineral"), ("wetland_organic", "W1.organic")):
        upload = parse_workbook(kind, filled(kind))
        answer = evaluate(operation, {"strata": wetland_strata(upload.sheets["strata"])})
        assert answer.is_ok
        assert "W_UNKNOWN_FIELD" not in answer.warnings
