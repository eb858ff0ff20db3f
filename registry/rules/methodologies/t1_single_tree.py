"""T1 1.0.0: credits of single trees, in kilograms. Source: T1-single-tree.md."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from registry.rules.methodologies.f1_afforestation.tree import ROUTES, Tree, figures_of, read_species, read_tree
from registry.rules.methodologies.numeric import CARBON_TO_CO2, floor_units
from registry.rules.methodologies.outcome import ErrorCode, Warn
from registry.rules.methodologies.reading import Fields
from registry.rules.methodologies.run import Run


@dataclass(frozen=True)
class MeasuredTree:
    """A tree at both dates; `second` is None for a dead one."""

    tree_id: str
    first: Tree | None
    second: Tree | None
    alive: bool


def credit(inputs: Fields, run: Run) -> dict[str, Any]:
    """T1.credit: what each tree gained and earns; credits are floored to a tenth of a kilogram."""
    years = inputs.number("years", above=0, most=20)
    buffer_rate = inputs.optional_number("buffer_rate", least=0, most=1)
    land_mu = inputs.optional_number("land_area_mu", above=0)
    rows = inputs.items("trees")
    _check_ids(rows)
    trees = [_read_tree(row, run) for row in rows]
    if land_mu is not None and not math.isnan(land_mu):
        densest = run.constant("max_trees_per_mu", "trees/mu", "single_tree", "max_trees_per_mu")
        if len(rows) > densest * land_mu:
            inputs.problem(ErrorCode.RANGE, "trees")
    inputs.refuse_problems()

    if buffer_rate is None:
        buffer_rate = float(run.constant("buffer_rate", "", "single_tree", "buffer_rate"))
    step = float(run.constant("credit_step", "kg CO2e", "single_tree", "credit_floor_kg"))
    found = [_credited(tree, years, buffer_rate, step, run) for tree in trees]
    credits = [row["credit_kg"] for row in found]
    return {
        "trees": found,
        "total_gain_kg": math.fsum(row["gain_kg"] for row, tree in zip(found, trees, strict=True) if tree.alive),
        "total_credit_kg": _steps(floor_units(math.fsum(credits) / step), step),
        "trees_credited": sum(1 for one in credits if one > 0),
    }


def _check_ids(rows: list[Fields]) -> None:
    seen: set[str] = set()
    for row in rows:
        one = row.text("tree_id")
        if one and one in seen:
            row.problem(ErrorCode.DUPLICATE, "tree_id")
        seen.add(one)


def _read_tree(row: Fields, run: Run) -> MeasuredTree:
    species = read_species(row, run)
    route = row.choice("route", ROUTES, "allometric")
    first = read_tree(row, run, route=route, species=species, sizes=("dbh1_cm", "height1_m"))
    alive = row.flag("alive", True)
    second = None
    if alive and first is not None:
        second = read_tree(row, run, route=route, species=species, sizes=("dbh2_cm", "height2_m"))
    for perhaps_unused in ("dbh2_cm", "height2_m"):
        row.has(perhaps_unused)
    return MeasuredTree(row.text("tree_id", "-"), first, second, alive)


def _credited(tree: MeasuredTree, years: float, buffer_rate: float, step: float, run: Run) -> dict[str, Any]:
    assert tree.first is not None
    before = figures_of(tree.first, run).carbon_kg * CARBON_TO_CO2
    after = figures_of(tree.second, run).carbon_kg * CARBON_TO_CO2 if tree.second is not None else 0.0
    gain = after - before
    earned = 0.0
    if not tree.alive:
        run.warn(Warn.DEAD_TREE)
    elif gain < 0:
        run.warn(Warn.NEGATIVE_CHANGE)
    else:
        earned = _steps(floor_units(gain * (1 - buffer_rate) / step), step)
    run.note(f"m1[{tree.tree_id}]", before, "kg CO2e", "T1 3")
    run.note(f"m2[{tree.tree_id}]", after, "kg CO2e", "T1 3")
    run.note(f"gain[{tree.tree_id}]", gain, "kg CO2e", "T1 3")
    run.note(f"credit[{tree.tree_id}]", earned, "kg CO2e", "T1 3")
    return {
        "tree_id": tree.tree_id,
        "co2e_t1_kg": before,
        "co2e_t2_kg": after,
        "gain_kg": gain,
        "annual_kg": gain / years if tree.alive else 0.0,
        "credit_kg": earned,
    }


def _steps(count: int, step: float) -> float:
    """Return whole steps as a number of kilograms: three of 0.1 are 0.3, without the noise of a product."""
    return round(count * step, 9)
