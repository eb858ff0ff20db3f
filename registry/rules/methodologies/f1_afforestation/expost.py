"""The result of a monitoring period, from plots. Credits rest on this alone. Source: F1, sections 2 and 3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from registry.rules.methodologies import p1_sampling
from registry.rules.methodologies.credits import credited
from registry.rules.methodologies.f1_afforestation.profile import (
    Profile,
    dead_organic_matter,
    profile_of,
    read_profile,
)
from registry.rules.methodologies.reading import Fields
from registry.rules.methodologies.run import Run

METHODS = ("independent", "paired")


@dataclass(frozen=True)
class TreeChange:
    """The change of living trees over the period, before and after its discount, in tCO2e."""

    change: float
    uncertainty: float
    conservative: float
    stock_t2: p1_sampling.Estimate | None


def expost(inputs: Fields, run: Run) -> dict[str, Any]:
    """F1.expost: the creditable change of a period. All inputs but the plots are totals of the period."""
    name = read_profile(inputs, run)
    years = inputs.number("years", above=0, most=60)
    method = inputs.choice("method", METHODS)
    first, first_uncertainty = _read_previous(inputs, method)
    strata = p1_sampling.read_strata(inputs.items("strata"), paired=method == "paired")
    with_dead_wood = inputs.flag("include_dead_wood", False)
    with_litter = inputs.flag("include_litter", False)
    shrub_given = inputs.number("shrub_change_tco2e", 0.0)
    soil_given = inputs.number("soc_change_tco2e", 0.0)
    baseline = inputs.number("baseline_change_tco2e", 0.0)
    emissions = inputs.number("emissions_tco2e", 0.0, least=0)
    leakage = inputs.number("leakage_tco2e", 0.0, least=0)
    inputs.refuse_problems()

    profile = profile_of(name, run)
    if method == "independent":
        trees = _independent(strata, first, first_uncertainty, profile, run)
    else:
        trees = _paired(strata, profile, run)
    dead_wood, litter = dead_organic_matter(
        trees.conservative, profile, include_dead_wood=with_dead_wood, include_litter=with_litter, run=run
    )
    shrub = shrub_given if "shrub" in profile.pools else 0.0
    soil = soil_given if "soc" in profile.pools else 0.0
    project = trees.conservative + dead_wood + litter + shrub + soil
    net = project - emissions
    net -= baseline if profile.counts_baseline else 0.0
    net -= leakage if profile.counts_leakage else 0.0
    risk = profile.k_risk * net if net > 0 else 0.0
    for symbol, value in (
        ("delta_C_TREE", trees.change),
        ("delta_C_TREE_cons", trees.conservative),
        ("delta_C_DW", dead_wood),
        ("delta_C_LI", litter),
        ("delta_C_SHRUB", shrub),
        ("delta_SOC", soil),
        ("delta_C_P", project),
        ("net", net),
        ("risk", risk),
    ):
        run.note(symbol, value, "tCO2e", "F1 3")
    outputs = {
        "tree_change_tco2e": trees.change,
        "uncertainty": trees.uncertainty,
        "tree_change_conservative_tco2e": trees.conservative,
        "dead_wood_change_tco2e": dead_wood,
        "litter_change_tco2e": litter,
        "shrub_change_tco2e": shrub,
        "soc_change_tco2e": soil,
        "project_change_tco2e": project,
        "risk_deduction_tco2e": risk,
        "annual_net_tco2e": net / years,
        **credited(net, run, risk=risk),
    }
    if trees.stock_t2 is not None:
        outputs["stock_t2"] = {"total_tco2e": trees.stock_t2.total, "uncertainty": trees.stock_t2.uncertainty}
    return outputs


def _read_previous(inputs: Fields, method: str) -> tuple[float, float]:
    """Return the undiscounted earlier stock and its uncertainty; a paired result needs none."""
    if method != "independent":
        inputs.has("previous")
        return 0.0, 0.0
    previous = inputs.part("previous")
    return previous.number("total_tco2e", least=0), previous.number("uncertainty", 0.0, least=0)


def _independent(
    strata: list[p1_sampling.Stratum], first: float, first_uncertainty: float, profile: Profile, run: Run
) -> TreeChange:
    stock = p1_sampling.stratified(strata, run)
    run.note("C2", stock.total, "tCO2e", "P1 3.2")
    change, _, uncertainty = p1_sampling.independent_change(
        first, first_uncertainty, stock.total, stock.uncertainty, run, field="strata"
    )
    discounted = p1_sampling.discount_of(change, uncertainty, profile.scheme, "project", run, field="strata")
    return TreeChange(change, uncertainty, discounted.conservative, stock)


def _paired(strata: list[p1_sampling.Stratum], profile: Profile, run: Run) -> TreeChange:
    found = p1_sampling.stratified(strata, run)
    discounted = p1_sampling.discount_of(
        found.mean_per_ha, found.uncertainty, profile.scheme, "project", run, field="strata"
    )
    return TreeChange(found.total, found.uncertainty, discounted.conservative * found.area_ha, None)
