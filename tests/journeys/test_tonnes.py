"""The plain calculation of the journeys agrees with `manage.py calculate`, as an auditor runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from registry.rules.calculation import calculate_period
from registry.rules.methodologies import shipped
from registry.rules.uploads import parse_workbook
from tests.journeys import plain, trees

PROJECT = Path(__file__).resolve().parents[2]
PRINTED = {1: 6.3138, 2: 2.9200, 3: 2.3534, 5: 2.0150, 10: 1.8125, 33: 1.6924, 60: 1.6706}  # P1, section 3.2.


@pytest.fixture(scope="module")
def forest():
    return trees.forest()


def calculate(tmp_path: Path, calls: list[tuple[str, dict]]) -> list[dict]:
    path = tmp_path / "calls.jsonl"
    lines = [
        json.dumps({"id": number, "operation": one, "inputs": inputs}) for number, (one, inputs) in enumerate(calls)
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, "manage.py", "calculate", "--batch", str(path)]
    done = subprocess.run(command, cwd=PROJECT, env={}, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert {one["status"] for one in answers} == {"ok"}
    return [one["outputs"] for one in answers]


def as_inputs(plot: trees.Plot, standing: list[trees.Tree]) -> dict:
    rows = [
        {"species": one.species, "dbh_cm": one.dbh_cm, **({"height_m": one.height_m} if one.height_m else {})}
        for one in standing
        if one.plot == plot.name
    ]
    shape = {"slope_deg": plot.slope_deg, "area_is_slope_measured": plot.is_slope_measured}
    return {"plot_area_ha": plot.area_ha, **shape, "trees": rows}


def test_two_calculations_of_one_forest_agree(forest, tmp_path):
    inventories = (forest.earlier, forest.later)
    calls = [("F1.plot", as_inputs(plot, standing)) for standing in inventories for plot in forest.plots]
    plots = [one["co2e_t_ha"] for one in calculate(tmp_path, calls)]
    by_hand = [plain.plot_tco2e_ha(plot, standing) for standing in inventories for plot in forest.plots]
    assert plots == pytest.approx(by_hand, rel=1e-9)

    before, after = plots[: len(forest.plots)], plots[len(forest.plots) :]
    pairs = {stratum: [] for stratum in forest.areas}
    for plot, first, second in zip(forest.plots, before, after, strict=True):
        pairs[plot.stratum].append([first, second])
    strata = [{"id": one, "area_ha": forest.areas[one], "pairs": pairs[one]} for one in forest.areas]
    inputs = {"profile": "nm_regional", "years": 5, "method": "paired", "strata": strata}
    (answer,) = calculate(tmp_path, [("F1.expost", inputs)])
    (buffer,) = calculate(tmp_path, [("B1.withhold", {"net_tco2e": answer["net_tco2e"], "rating_percent": 20})])

    told = plain.expected(forest, trees.FIRST, trees.LAST)
    assert told.change_tco2e == pytest.approx(answer["tree_change_tco2e"], rel=1e-9)
    assert told.uncertainty == pytest.approx(answer["uncertainty"], rel=1e-9)
    assert told.net_tco2e == pytest.approx(answer["net_tco2e"], rel=1e-9)
    assert told.credits == answer["credits"] == buffer["credits"]
    assert told.buffer == buffer["buffer_units"]


def test_the_forest_is_one_that_asks_something_of_the_calculation(forest):
    told = plain.expected(forest, trees.FIRST, trees.LAST)
    assert 0.10 < told.uncertainty < 0.20  # A share of the half-width is taken off, and nobody need ask why.
    assert 1_000 < told.credits < 25 * 5 * sum(trees.AREAS.values())
    assert any(one.height_m is None for one in forest.earlier)
    assert any(one.is_slope_measured and one.slope_deg > 5 for one in forest.plots)
    assert {one.species for one in forest.later} == {"LARIX", "BETULA"}
    assert len({one.number for one in forest.later}) < len(forest.later) != len(forest.earlier)
    # Whoever rounds down before taking the buffer's share withholds a tonne too little here.
    assert told.buffer == told.credits // 5 + 1 > told.credits / 5 + 0.5
    years = [year for year, _, _ in told.vintages]
    assert years == [2021, 2022, 2023, 2024, 2025]
    assert sum(units for _, units, _ in told.vintages) == told.credits
    assert sum(buffer for _, _, buffer in told.vintages) == told.buffer


def test_the_workbooks_say_what_the_trees_are(forest, tmp_path):
    uploads = {}
    for date_of, standing, day in (("earlier", forest.earlier, trees.EARLIER), ("later", forest.later, trees.LATER)):
        path = tmp_path / f"{date_of}.xlsx"
        path.write_bytes(trees.workbook(forest, standing, day))
        uploads["forest_plots", date_of] = parse_workbook("forest_plots", path)
        assert uploads["forest_plots", date_of].problems == ()
    result = calculate_period(
        "F1",
        uploads,
        version="1.0.0",
        parameters=shipped(),
        design={},
        stated={},
        first=trees.FIRST,
        last=trees.LAST,
    )
    told = plain.expected(forest, trees.FIRST, trees.LAST)
    assert result.credits == told.credits
    assert result.net_tco2e == pytest.approx(told.net_tco2e, rel=1e-9)


def test_equal_seeds_give_equal_trees_and_other_seeds_others(forest):
    assert trees.forest() == forest
    assert trees.forest(seed=1).later != forest.later


@pytest.mark.parametrize("degrees", PRINTED)
def test_the_quantile_agrees_with_the_printed_one(degrees):
    assert plain.student_t(0.90, degrees) == pytest.approx(PRINTED[degrees], abs=5e-5)


def test_a_printed_tree_and_the_printed_pairs_agree():
    assert plain.tree_kgco2e(trees.Tree("", "", "BETULA", 18.4, 14.2)) == pytest.approx(242.26441, abs=1e-5)  # F1-1.
