"""One tree: from diameter and height to carbon, by biomass equations or by volume. Source: F1, sections 2 and 3."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.rules.methodologies.numeric import CARBON_TO_CO2
from registry.rules.methodologies.outcome import ErrorCode, Refused, Warn
from registry.rules.methodologies.reading import Fields, in_range
from registry.rules.methodologies.run import Run

ROUTES = ("allometric", "bef")
# House guards of the specification, section 2, for volume equations, which state none of their own.
VOLUME_DOMAIN = {"dbh_cm": (2, 80), "height_m": (1.3, 40)}
VOLUME_CALIBRATION = {"dbh_cm": (5, 60), "height_m": (2, 35)}
MOST_VOLUME_M3 = 30


@dataclass(frozen=True)
class Tree:
    """A tree that was read and may be calculated. `model` is "" on the bef route."""

    species: str
    route: str
    model: str
    dbh_cm: float
    height_m: float
    volume_m3: float | None = None


@dataclass(frozen=True)
class TreeFigures:
    """Biomass of one tree in kg. The three organs are None on the bef route, `volume_m3` on the allometric one."""

    agb_kg: float
    bgb_kg: float
    carbon_kg: float
    leaf_kg: float | None = None
    branch_kg: float | None = None
    stem_kg: float | None = None
    volume_m3: float | None = None


def tree(inputs: Fields, run: Run) -> dict[str, Any]:
    """F1.tree: biomass, carbon and CO2e of one tree."""
    one = read_tree(inputs, run, route=inputs.choice("route", ROUTES, "allometric"))
    inputs.refuse_problems()
    assert one is not None
    figures = figures_of(one, run)
    biomass = figures.agb_kg + figures.bgb_kg
    co2e = figures.carbon_kg * CARBON_TO_CO2
    run.note("AGB", figures.agb_kg, "kg", "F1 3")
    run.note("BGB", figures.bgb_kg, "kg", "F1 3")
    run.note("biomass", biomass, "kg", "F1 3")
    run.note("carbon", figures.carbon_kg, "kg C", "F1 3")
    run.note("CO2e", co2e, "kg CO2e", "F1 3")
    if one.route == "bef":
        run.note("V", figures.volume_m3, "m3", "F1 3")
        special: dict[str, Any] = {"volume_m3": figures.volume_m3}
    else:
        organs = {"leaf_kg": figures.leaf_kg, "branch_kg": figures.branch_kg, "stem_kg": figures.stem_kg}
        for name, value in organs.items():
            run.note(f"W_{name.removesuffix('_kg')}", value, "kg", "F1 3")
        special = {"model": one.model, **organs}
    return {
        **special,
        "agb_kg": figures.agb_kg,
        "bgb_kg": figures.bgb_kg,
        "biomass_kg": biomass,
        "carbon_kg": figures.carbon_kg,
        "co2e_kg": co2e,
    }


def read_species(inputs: Fields, run: Run) -> str:
    """Return the species code; "" and a problem when the set does not know it."""
    return inputs.choice("species", run.options("tree_bef", "species"), unknown=ErrorCode.UNKNOWN_SPECIES)


def read_tree(
    inputs: Fields,
    run: Run,
    *,
    route: str,
    species: str | None = None,
    sizes: tuple[str, str] = ("dbh_cm", "height_m"),
) -> Tree | None:
    """Return the tree, checked in the order species, route, model, D, H; None when a problem was recorded.

    species: where it was read before; sizes: the fields of diameter and height, where there are two dates.
    """
    if species is None:
        species = read_species(inputs, run)
    model, domain, calibration = "", VOLUME_DOMAIN, VOLUME_CALIBRATION
    if species and route:
        model = _read_model(inputs, species, route, run)
        if route == "allometric" and model:
            definition = run.options("tree_allometry", "models", model)
            domain, calibration = definition["domain"], definition["calibration"]
    inputs.has("model")
    volume = None
    if inputs.has("volume_m3") and route == "bef":
        volume = inputs.number("volume_m3", least=0, most=MOST_VOLUME_M3)
    # A measured volume stands by itself; everything else rests on a model, whose domain binds.
    is_modelled = volume is None
    dbh = _read_size(inputs, sizes[0], domain["dbh_cm"], calibration["dbh_cm"], is_modelled, run)
    height = _read_size(inputs, sizes[1], domain["height_m"], calibration["height_m"], is_modelled, run)
    if not species or not route or (route == "allometric" and not model) or math.isnan(dbh) or math.isnan(height):
        return None
    return Tree(species, route, model, dbh, height, volume)


def figures_of(one: Tree, run: Run) -> TreeFigures:
    """Return the biomass and carbon of a tree (F1, section 3); constants are traced, figures are not."""
    fraction = run.constant(f"CF[{one.species}]", "t C/t d.m.", "tree_bef", "species", one.species, "cf")
    if one.route == "bef":
        return _by_volume(one, fraction, run)
    leaf, branch, stem = (_organ(one, organ, run) for organ in ("leaf", "branch", "stem"))
    assert leaf is not None
    assert branch is not None
    assert stem is not None
    above = leaf + branch + stem
    root = _organ(one, "root", run)
    if root is None:
        ratio = run.constant(f"R[{one.species}]", "", "tree_bef", "species", one.species, "r")
        root = above * ratio
    return TreeFigures(above, root, (above + root) * fraction, leaf, branch, stem)


def _by_volume(one: Tree, fraction: float, run: Run) -> TreeFigures:
    volume = one.volume_m3
    if volume is None:
        a, b, c = (
            run.constant(f"volume_{name}[{one.species}]", "", "tree_volume", "species", one.species, name)
            for name in ("a", "b", "c")
        )
        volume = a * one.dbh_cm**b * one.height_m**c
    key = ("tree_bef", "species", one.species)
    density = run.constant(f"D_wood[{one.species}]", "t d.m./m3", *key, "density")
    expansion = run.constant(f"BEF[{one.species}]", "", *key, "bef")
    ratio = run.constant(f"R[{one.species}]", "", *key, "r")
    above = volume * density * expansion * 1000
    below = above * ratio
    return TreeFigures(above, below, (above + below) * fraction, volume_m3=volume)


def _read_model(inputs: Fields, species: str, route: str, run: Run) -> str:
    """Return the model of the allometric route, and "" on the other, where a volume equation must exist."""
    models = run.options("tree_allometry", "models")
    chosen = inputs.text("model", "")
    if chosen and (chosen not in models or models[chosen]["species"] != species):
        inputs.problem(ErrorCode.UNKNOWN_MODEL, "model")
        return ""
    if route == "bef":
        if not inputs.has("volume_m3") and species not in run.options("tree_volume", "species"):
            inputs.problem(ErrorCode.UNKNOWN_MODEL, "volume_m3")
        return ""
    if not chosen:
        chosen = run.options("tree_allometry", "default_model_by_species").get(species, "")
        if not chosen:
            inputs.problem(ErrorCode.UNKNOWN_MODEL, "model")
    return chosen


def _read_size(
    inputs: Fields, name: str, domain: Sequence[float], calibration: Sequence[float], is_modelled: bool, run: Run
) -> float:
    """Return diameter or height; NaN when a problem was recorded, 0 when a measured volume makes it needless."""
    if not is_modelled and not inputs.has(name):
        return 0.0
    size = inputs.number(name, above=0)
    if not is_modelled or math.isnan(size):
        return size
    low, high = domain
    if not in_range(size, least=low, most=high):
        inputs.problem(ErrorCode.MODEL_DOMAIN, name)
        return math.nan
    low, high = calibration
    if not in_range(size, least=low, most=high):
        run.warn(Warn.EXTRAPOLATED)
    return size


def _organ(one: Tree, organ: str, run: Run) -> float | None:
    """Return the dry weight of an organ in kg; None when the model has no equation for it."""
    equation = run.constant(f"{one.model}.{organ}", "kg", "tree_allometry", "models", one.model, organ)
    if equation is None:
        return None
    return organ_weight(equation, one.dbh_cm, one.height_m)


def organ_weight(equation: Mapping[str, Any], dbh_cm: float, height_m: float) -> float:
    """Return W in kg of D in cm and H in m, by one of the forms of the set `tree_allometry`."""
    a, b = equation["a"], equation["b"]
    if equation["form"] == "power_d2h":
        return float(a * (dbh_cm**2 * height_m) ** b)
    if equation["form"] == "exp_ln_d2h":
        return math.exp(a + b * math.log(dbh_cm**2 * height_m))
    if equation["form"] == "exp_ln_d":
        return math.exp(a + b * math.log(dbh_cm))
    raise Refused.because(ErrorCode.UNKNOWN_MODEL, "model")
