"""One sample plot: its trees, added up and related to its horizontal area. Source: F1, sections 2 and 3."""

from __future__ import annotations

import math
from typing import Any

from registry.rules.methodologies.f1_afforestation.tree import (
    ROUTES,
    Tree,
    TreeFigures,
    figures_of,
    read_species,
    read_tree,
)
from registry.rules.methodologies.numeric import CARBON_TO_CO2
from registry.rules.methodologies.outcome import ErrorCode, Warn
from registry.rules.methodologies.reading import Fields
from registry.rules.methodologies.run import Run

DEFAULT_MIN_DBH_CM = 5.0
KG_OF_A_TONNE = 1000
# More distinct trees than this are traced by their sums alone: the trace stays readable, and the inputs, which are
# stored beside it, give every tree again.
MOST_TRACED_TREES = 500


def plot(inputs: Fields, run: Run) -> dict[str, Any]:
    """F1.plot: biomass, carbon and CO2e per hectare. A plot without trees is a plot of 0 t/ha."""
    area = inputs.number("plot_area_ha", above=0, most=10)
    slope = inputs.number("slope_deg", 0.0, least=0, most=60)
    is_slope_measured = inputs.flag("area_is_slope_measured", False)
    least_dbh = inputs.number("dbh_min_cm", DEFAULT_MIN_DBH_CM, least=0)
    route = inputs.choice("route", ROUTES, "allometric")
    counted = _read_trees(inputs, route, least_dbh, run)
    inputs.refuse_problems()

    effective = effective_area_ha(area, slope, is_slope_measured)
    # Rows of the same species and size are one calculation.
    known: dict[Tree, TreeFigures] = {}
    for one, _ in counted:
        if one not in known:
            known[one] = figures_of(one, run)
            if len(known) <= MOST_TRACED_TREES:
                label = f"{one.species} {one.dbh_cm}/{one.height_m}"
                run.note(f"AGB[{label}]", known[one].agb_kg, "kg", "F1 3")
                run.note(f"BGB[{label}]", known[one].bgb_kg, "kg", "F1 3")
                run.note(f"carbon[{label}]", known[one].carbon_kg, "kg C", "F1 3")
    sums = {
        "agb_kg": math.fsum(count * known[one].agb_kg for one, count in counted),
        "bgb_kg": math.fsum(count * known[one].bgb_kg for one, count in counted),
        "carbon_kg": math.fsum(count * known[one].carbon_kg for one, count in counted),
        "volume_m3": math.fsum(count * (known[one].volume_m3 or 0.0) for one, count in counted),
    }
    return per_hectare(effective, math.fsum(count for _, count in counted), **sums, run=run)


def per_hectare(
    effective_area: float,
    trees: float,
    *,
    agb_kg: float,
    bgb_kg: float,
    carbon_kg: float,
    volume_m3: float,
    run: Run,
) -> dict[str, Any]:
    """Return the outputs of F1.plot from the sums over its trees."""
    run.note("a_eff", effective_area, "ha", "F1 3")
    run.note("sum_AGB", agb_kg, "kg", "F1 3")
    run.note("sum_BGB", bgb_kg, "kg", "F1 3")
    run.note("sum_carbon", carbon_kg, "kg C", "F1 3")
    per_ha = KG_OF_A_TONNE * effective_area
    return {
        "effective_area_ha": effective_area,
        "trees_counted": trees,
        "agb_t_ha": agb_kg / per_ha,
        "bgb_t_ha": bgb_kg / per_ha,
        "carbon_t_ha": carbon_kg / per_ha,
        "co2e_t_ha": carbon_kg * CARBON_TO_CO2 / per_ha,
        "volume_m3_ha": volume_m3 / effective_area,
    }


def effective_area_ha(area_ha: float, slope_deg: float, is_slope_measured: bool) -> float:
    """Return the horizontal area of a plot."""
    return area_ha * math.cos(math.radians(slope_deg)) if is_slope_measured else area_ha


def _read_trees(inputs: Fields, route: str, least_dbh: float, run: Run) -> list[tuple[Tree, float]]:
    """Return the trees that count, each with how many there are of it."""
    counted = []
    for row in inputs.items("trees", may_be_empty=True):
        species = read_species(row, run)
        own_route = row.choice("route", ROUTES, route)
        count = row.number("count", 1.0, least=0)
        if not row.has("dbh_cm"):
            # Even with a measured volume: without it nobody can say whether the tree counts.
            row.problem(ErrorCode.REQUIRED, "dbh_cm")
            continue
        if species and _is_below(row, least_dbh):
            for unused in ("model", "height_m", "volume_m3", "id"):
                row.has(unused)
            run.warn(Warn.BELOW_MIN_DBH)
            continue
        one = read_tree(row, run, route=own_route, species=species)
        row.has("id")
        if one is not None:
            counted.append((one, count))
    return counted


def _is_below(row: Fields, least_dbh: float) -> bool:
    """Whether the diameter can be read and is below the least; an unreadable one is reported with the tree."""
    dbh = row.peek("dbh_cm")
    return dbh is not None and 0 < dbh < least_dbh
