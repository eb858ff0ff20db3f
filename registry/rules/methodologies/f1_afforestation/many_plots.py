"""Many plots at once: the trees of all of them are calculated species by species in arrays.

The figures are those of F1.plot one by one; the trace holds each plot's constants and sums, not each tree, which its
stored inputs give again. A plot with anything unusual in it (a problem, a model or a volume of its own, a field that
nobody knows) goes the plain way, so that its answer is the plain one. Source: F1, sections 2 and 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.rules.methodologies.catalogue import VERSION, evaluate
from registry.rules.methodologies.f1_afforestation.plot import (
    DEFAULT_MIN_DBH_CM,
    effective_area_ha,
    per_hectare,
)
from registry.rules.methodologies.f1_afforestation.tree import ROUTES, VOLUME_CALIBRATION, VOLUME_DOMAIN
from registry.rules.methodologies.outcome import Refused, Result, Warn
from registry.rules.methodologies.parameters import ParameterSets, shipped
from registry.rules.methodologies.reading import Fields, finite
from registry.rules.methodologies.run import Run

Numbers = NDArray[np.float64]
PLAIN_TREE_FIELDS = frozenset({"id", "species", "dbh_cm", "height_m", "count"})


@dataclass
class PlainPlot:
    """A plot whose trees can all be calculated by the default model of their species."""

    route: str
    effective_area_ha: float
    species: list[str]
    dbh_cm: list[float]
    height_m: list[float]
    count: list[float]
    has_small_trees: bool

    def sums_for(self, figures: Mapping[str, Numbers], rows: slice) -> dict[str, float]:
        """Return each figure, times the count of its row, summed over the plot."""
        return {
            name: math.fsum(count * value for count, value in zip(self.count, values[rows].tolist(), strict=True))
            for name, values in figures.items()
        }


def evaluate_plots(
    plots: Sequence[object],
    *,
    parameter_versions: Mapping[str, Any] | None = None,
    parameters: ParameterSets | None = None,
) -> list[Result]:
    """Return the answer of F1.plot for each of `plots`, in their order. 100,000 trees take a few seconds."""
    sets = parameters or shipped()

    def plainly(inputs: object) -> Result:
        return evaluate("F1.plot", inputs, parameter_versions=parameter_versions, parameters=sets)

    try:
        chosen = sets.choosing(parameter_versions or {})
    except Refused:
        return [plainly(inputs) for inputs in plots]
    read = [_plain_plot(inputs, chosen) for inputs in plots]
    results: dict[int, Result] = {}
    for route in ROUTES:
        positions = [place for place, plot in enumerate(read) if plot is not None and plot.route == route]
        together = [plot for place in positions if (plot := read[place]) is not None]
        try:
            answers = _results(together, route, chosen)
        except Refused:  # A version of a set that lacks a constant: each plot says so for itself.
            continue
        for place, result in zip(positions, answers, strict=True):
            if result is not None:
                results[place] = result
    return [results[place] if place in results else plainly(inputs) for place, inputs in enumerate(plots)]


def _plain_plot(inputs: object, sets: ParameterSets) -> PlainPlot | None:
    """Return the plot as columns, or None where anything in it is not plain."""
    if not isinstance(inputs, Mapping):
        return None
    fields = Fields(inputs)
    area = fields.number("plot_area_ha", above=0, most=10)
    slope = fields.number("slope_deg", 0.0, least=0, most=60)
    is_slope_measured = fields.flag("area_is_slope_measured", False)
    least_dbh = fields.number("dbh_min_cm", DEFAULT_MIN_DBH_CM, least=0)
    route = fields.choice("route", ROUTES, "allometric")
    rows = fields.values("trees", may_be_empty=True)
    if fields.unread() or _has_problems(fields):
        return None
    plain = PlainPlot(route, effective_area_ha(area, slope, is_slope_measured), [], [], [], [], False)
    known = _known_species(route, sets)
    for row in rows:
        if not isinstance(row, Mapping) or not PLAIN_TREE_FIELDS.issuperset(row):
            return None
        species, dbh, count = row.get("species"), finite(row.get("dbh_cm")), finite(row.get("count", 1.0))
        if (
            not isinstance(species, str)
            or species not in known
            or dbh is None
            or dbh <= 0
            or count is None
            or count < 0
        ):
            return None
        if dbh < least_dbh:
            plain.has_small_trees = True
            continue
        height = finite(row.get("height_m"))
        if height is None:
            return None
        plain.species.append(species)
        plain.dbh_cm.append(dbh)
        plain.height_m.append(height)
        plain.count.append(count)
    return plain


def _has_problems(fields: Fields) -> bool:
    try:
        fields.refuse_problems()
    except Refused:
        return True
    return False


def _known_species(route: str, sets: ParameterSets) -> frozenset[str]:
    """Return the species that the route can calculate without a model or a volume being named."""
    if route == "bef":
        modelled = sets.get("tree_volume").value("species")
    else:
        modelled = sets.get("tree_allometry").value("default_model_by_species")
    return frozenset(modelled) & frozenset(sets.get("tree_bef").value("species"))


def _results(plots: Sequence[PlainPlot], route: str, sets: ParameterSets) -> list[Result | None]:
    """Return the results of plots of one route; None for one with a tree outside its model's domain."""
    dbh = np.array([value for plot in plots for value in plot.dbh_cm], dtype=np.float64)
    height = np.array([value for plot in plots for value in plot.height_m], dtype=np.float64)
    species = np.array([one for plot in plots for one in plot.species], dtype=object)
    figures = {name: np.zeros(len(dbh)) for name in ("agb_kg", "bgb_kg", "carbon_kg", "volume_m3")}
    outside, extrapolated = np.zeros(len(dbh), dtype=bool), np.zeros(len(dbh), dtype=bool)
    for one in sorted(set(species.tolist())):
        rows = np.flatnonzero(species == one)
        domain, calibration = _ranges(one, route, sets)
        outside[rows] = _is_outside(dbh[rows], height[rows], domain)
        extrapolated[rows] = _is_outside(dbh[rows], height[rows], calibration)
        good = rows[~outside[rows]]
        for name, values in _figures(one, route, dbh[good], height[good], Run(sets)).items():
            figures[name][good] = values
    found: list[Result | None] = []
    start = 0
    for plot in plots:
        part = slice(start, start + len(plot.dbh_cm))
        start = part.stop
        if outside[part].any():
            found.append(None)
            continue
        run = Run(sets)
        for one in sorted(set(plot.species)):
            _figures(one, route, np.empty(0), np.empty(0), run)
        if plot.has_small_trees:
            run.warn(Warn.BELOW_MIN_DBH)
        if extrapolated[part].any():
            run.warn(Warn.EXTRAPOLATED)
        found.append(_result(plot, figures, part, run))
    return found


def _result(plot: PlainPlot, figures: Mapping[str, Numbers], part: slice, run: Run) -> Result | None:
    """Return the result of a plot; None where its sums leave the range of a double."""
    try:
        sums = plot.sums_for(figures, part)
        outputs = per_hectare(plot.effective_area_ha, math.fsum(plot.count), **sums, run=run)
    except (OverflowError, ZeroDivisionError):
        return None
    if not all(math.isfinite(value) for value in outputs.values()):
        return None
    return Result("F1.plot", VERSION, outputs, run.warnings, tuple(run.trace))


def _ranges(species: str, route: str, sets: ParameterSets) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if route == "bef":
        return VOLUME_DOMAIN, VOLUME_CALIBRATION
    allometry = sets.get("tree_allometry")
    model = allometry.value("default_model_by_species", species)
    return allometry.value("models", model, "domain"), allometry.value("models", model, "calibration")


def _is_outside(dbh: Numbers, height: Numbers, ranges: Mapping[str, Any]) -> NDArray[np.bool_]:
    (dbh_low, dbh_high), (height_low, height_high) = ranges["dbh_cm"], ranges["height_m"]
    return (dbh < dbh_low) | (dbh > dbh_high) | (height < height_low) | (height > height_high)


def _figures(species: str, route: str, dbh: Numbers, height: Numbers, run: Run) -> dict[str, Numbers]:
    """Return biomass, carbon and volume of trees of one species; the constants are traced."""
    fraction = run.constant(f"CF[{species}]", "t C/t d.m.", "tree_bef", "species", species, "cf")
    key = ("tree_bef", "species", species)
    if route == "bef":
        a, b, c = (
            run.constant(f"volume_{name}[{species}]", "", "tree_volume", "species", species, name)
            for name in ("a", "b", "c")
        )
        density = run.constant(f"D_wood[{species}]", "t d.m./m3", *key, "density")
        expansion = run.constant(f"BEF[{species}]", "", *key, "bef")
        ratio = run.constant(f"R[{species}]", "", *key, "r")
        volume = a * dbh**b * height**c
        above = volume * density * expansion * 1000
        below = above * ratio
        return {"agb_kg": above, "bgb_kg": below, "carbon_kg": (above + below) * fraction, "volume_m3": volume}
    model = run.parameters.get("tree_allometry").value("default_model_by_species", species)
    organs = {
        organ: run.constant(f"{model}.{organ}", "kg", "tree_allometry", "models", model, organ)
        for organ in ("leaf", "branch", "stem", "root")
    }
    leaf, branch, stem = (_organ_weights(organs[organ], dbh, height) for organ in ("leaf", "branch", "stem"))
    above = leaf + branch + stem
    if organs["root"] is None:
        below = above * run.constant(f"R[{species}]", "", *key, "r")
    else:
        below = _organ_weights(organs["root"], dbh, height)
    return {"agb_kg": above, "bgb_kg": below, "carbon_kg": (above + below) * fraction}


def _organ_weights(equation: Mapping[str, Any], dbh: Numbers, height: Numbers) -> Numbers:
    a, b = equation["a"], equation["b"]
    weights: Numbers
    if equation["form"] == "power_d2h":
        weights = a * (dbh**2 * height) ** b
    elif equation["form"] == "exp_ln_d2h":
        weights = np.exp(a + b * np.log(dbh**2 * height))
    else:
        weights = np.exp(a + b * np.log(dbh))
    return weights
