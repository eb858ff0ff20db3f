"""From the rows of an upload to the inputs of the methodologies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry.rules.uploads.forms import (
    MineralWetlandRow,
    OrganicWetlandRow,
    PlotRow,
    SoilLayerRow,
    SoilPairRow,
    SoilStratumRow,
    StratumRow,
    TreeRow,
)

# Equivalent soil mass is needed when the soil of both dates differs by more than this share. G1, 2.2.
SOIL_MASS_TOLERANCE = 0.02


@dataclass(frozen=True)
class PlotInputs:
    """One plot of a stratum and its inputs of F1.plot."""

    stratum: str
    plot: str
    inputs: dict[str, Any]


@dataclass(frozen=True)
class ProfileInputs:
    """One soil profile and its inputs of G1.soc_core."""

    stratum: str
    point: str
    period: str
    inputs: dict[str, Any]


def plot_inputs(plots: Sequence[PlotRow], trees: Sequence[TreeRow]) -> list[PlotInputs]:
    """Return the inputs of F1.plot of each plot, in the order of the sheet; a plot may be without trees."""
    standing: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for tree in trees:
        row = {"species": tree.species, "dbh_cm": tree.dbh_cm, "height_m": tree.height_m, "count": tree.count}
        standing[tree.plot].append(_given(row))
    found = []
    for plot in plots:
        shape = {
            "plot_area_ha": plot.plot_area_ha,
            "slope_deg": plot.slope_deg,
            "area_is_slope_measured": plot.area_is_slope_measured,
        }
        found.append(PlotInputs(plot.stratum, plot.plot, {**_given(shape), "trees": standing[plot.plot]}))
    return found


def strata_of_plots(
    strata: Sequence[StratumRow], plots: Sequence[PlotInputs], co2e_t_ha: Sequence[float]
) -> list[dict[str, Any]]:
    """Return the strata of F1.expost (method independent) from the figures of their plots, in the same order."""
    values: dict[str, list[float]] = defaultdict(list)
    for plot, value in zip(plots, co2e_t_ha, strict=True):
        values[plot.stratum].append(value)
    return [{"id": row.stratum, "area_ha": row.area_ha, "plots": values[row.stratum]} for row in strata]


def profile_inputs(layers: Sequence[SoilLayerRow]) -> list[ProfileInputs]:
    """Return the inputs of G1.soc_core of each profile; its layers come from the top down."""
    profiles: dict[tuple[str, str, str], list[SoilLayerRow]] = defaultdict(list)
    for layer in layers:
        profiles[layer.stratum, layer.point, layer.period].append(layer)
    names = ("top_cm", "bottom_cm", "oc_g_kg", "bd_g_cm3", "coarse_fraction")
    return [
        ProfileInputs(
            *key, {"layers": [{name: getattr(row, name) for name in names} for row in sorted(rows, key=_top)]}
        )
        for key, rows in profiles.items()
    ]


def needs_equivalent_mass(first_soil_t_ha: float, second_soil_t_ha: float) -> bool:
    """Whether the later profile must be calculated at the soil mass of the earlier one."""
    return abs(second_soil_t_ha - first_soil_t_ha) > SOIL_MASS_TOLERANCE * first_soil_t_ha


def strata_of_pairs(
    strata: Sequence[SoilStratumRow], pairs: Sequence[SoilPairRow]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the strata and the control strata of G1.net."""
    values: dict[str, list[list[float]]] = defaultdict(list)
    for pair in pairs:
        values[pair.stratum].append([pair.soc_t1_t_ha, pair.soc_t2_t_ha])
    sides: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    for row in strata:
        sides[row.is_control].append({"id": row.stratum, "area_ha": row.area_ha, "pairs": values[row.stratum]})
    return sides[False], sides[True]


def wetland_strata(rows: Sequence[MineralWetlandRow | OrganicWetlandRow]) -> list[dict[str, Any]]:
    """Return the strata of W1.mineral or W1.organic."""
    found = []
    for row in rows:
        values = {name: value for name, value in vars(row).items() if name not in ("row", "stratum")}
        found.append({"id": row.stratum, **_given(values)})
    return found


def _top(row: SoilLayerRow) -> float:
    return row.top_cm


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
