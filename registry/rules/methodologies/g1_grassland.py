"""G1 1.0.0: degraded grassland restoration, grazing ban, grass-livestock balance. Source: G1-grassland.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from registry.rules.methodologies import p1_sampling
from registry.rules.methodologies.credits import credited
from registry.rules.methodologies.numeric import CARBON_TO_CO2, N2O_NITROGEN_TO_N2O
from registry.rules.methodologies.outcome import ErrorCode, Warn
from registry.rules.methodologies.reading import Fields, unique_ids
from registry.rules.methodologies.run import Run

CLASSES = ("nominal", "light", "moderate", "severe", "improved")
DEFAULT_GWP = "ar5"
DAYS_OF_A_YEAR = 365


def soc_tier1(inputs: Fields, run: Run) -> dict[str, Any]:
    """G1.soc_tier1: soil carbon by degradation class, for estimates before the fact only (2.1)."""
    factor_set = inputs.choice("factor_set", run.options("grassland_soc", "soc_ref"), "ipcc2019")
    strata = inputs.items("strata")
    ids = unique_ids(strata)
    read = [_tier1_stratum(stratum, factor_set, run) for stratum in strata]
    inputs.refuse_problems()

    run.warn(Warn.EX_ANTE)
    transition = run.constant("transition_years", "years", "grassland_soc", "transition_years")
    rows = []
    for one, (area, place, soc_given, before, after, years) in zip(ids, read, strict=True):
        soc_ref = soc_given
        if soc_ref is None:
            key = ("soc_ref", factor_set, "values", *place)
            soc_ref = float(run.constant(f"SOC_ref[{'/'.join(place)}]", "t C/ha", "grassland_soc", *key))
        f_before, f_after = (_tier1_factor(factor_set, *given, run) for given in (before, after))
        rate = soc_ref * (f_after - f_before) / transition
        counted = min(years[1], transition) - min(years[0], transition)
        change = rate * counted * area * CARBON_TO_CO2
        run.note(f"rate[{one}]", rate, "t C/ha/yr", "G1 2.1")
        run.note(f"counted[{one}]", counted, "years", "G1 2.1")
        run.note(f"delta_C[{one}]", change, "tCO2e", "G1 2.1")
        rows.append(
            {
                "id": one,
                "soc_ref_t_ha": soc_ref,
                "f_before": f_before,
                "f_after": f_after,
                "annual_tc_ha": rate,
                "counted_years": counted,
                "change_tco2e": change,
            }
        )
    return {"strata": rows, "total_tco2e": math.fsum(row["change_tco2e"] for row in rows), "creditable": False}


def soc_core(inputs: Fields, run: Run) -> dict[str, Any]:
    """G1.soc_core: the carbon of one soil profile, and at an equivalent soil mass where one is given (2.2)."""
    least_depth = run.constant("depth", "cm", "grassland_soc", "depth_cm")
    layers = inputs.items("layers")
    read = [
        (
            layer.number("top_cm", least=0),
            layer.number("bottom_cm", above=0),
            layer.number("oc_g_kg", least=0, most=600),
            layer.number("bd_g_cm3", least=0.05, most=2.2),
            layer.number("coarse_fraction", least=0, most=0.95),
        )
        for layer in layers
    ]
    reference = inputs.optional_number("reference_soil_t_ha", above=0)
    reached = 0.0
    for layer, (top, bottom, *_) in zip(layers, read, strict=True):
        # NaN, which an unreadable depth is here, is neither equal nor below: reported once, as what it is.
        if top != reached and not (math.isnan(top) or math.isnan(reached)):
            layer.problem(ErrorCode.PERIOD, "top_cm")
        if bottom <= top:
            layer.problem(ErrorCode.PERIOD, "bottom_cm")
        reached = bottom
    if layers and reached < least_depth:
        layers[-1].problem(ErrorCode.RANGE, "bottom_cm")
    inputs.refuse_problems()

    rows = []
    for number, (top, bottom, carbon_g_kg, density, coarse) in enumerate(read, start=1):
        soil = density * (bottom - top) * 100 * (1 - coarse)
        carbon = soil * carbon_g_kg / 1000
        run.note(f"m[{number}]", soil, "t soil/ha", "G1 2.2")
        run.note(f"SOC[{number}]", carbon, "t C/ha", "G1 2.2")
        rows.append({"soil_t_ha": soil, "soc_t_ha": carbon})
    soil_total = math.fsum(row["soil_t_ha"] for row in rows)
    carbon_total = math.fsum(row["soc_t_ha"] for row in rows)
    run.note("sum_m", soil_total, "t soil/ha", "G1 2.2")
    run.note("SOC", carbon_total, "t C/ha", "G1 2.2")
    outputs = {"depth_cm": reached, "soc_t_ha": carbon_total, "soil_t_ha": soil_total, "layers": rows}
    if reference is not None:
        outputs["soc_esm_t_ha"] = carbon_total + (reference - soil_total) * read[-1][2] / 1000
        run.note("SOC_ESM", outputs["soc_esm_t_ha"], "t C/ha", "G1 2.2")
    return outputs


def stocking(inputs: Fields, run: Run) -> dict[str, Any]:
    """G1.stocking: carrying capacity in sheep units, and whether the herd is within it (2.3)."""
    area = inputs.number("area_ha", above=0)
    grass = inputs.number("yield_kg_dm_ha", least=0, most=20_000)
    edible = inputs.number("edible_fraction", 1.0, least=0, most=1)
    utilisation = inputs.optional_number("utilisation_rate", above=0, most=1)
    grassland = ""
    if utilisation is None and inputs.has("grassland_type"):
        grassland = inputs.choice("grassland_type", run.options("stocking", "utilisation_rate"))
    elif not inputs.has("utilisation_rate"):
        inputs.problem(ErrorCode.REQUIRED, "utilisation_rate")
    inputs.has("grassland_type")
    days = inputs.number("grazing_days", above=0, most=366)
    intake = inputs.optional_number("intake_kg_day", above=0)
    sheep_units = run.options("stocking", "sheep_units")
    herd = [
        (animals.choice("category", sheep_units), animals.number("heads", least=0))
        for animals in inputs.items("herd", may_be_empty=True)
    ]
    inputs.refuse_problems()

    if utilisation is None:
        utilisation = run.constant("utilisation", "", "stocking", "utilisation_rate", grassland)
    if intake is None:
        intake = run.constant("intake", "kg/day", "stocking", "intake_kg_day")
    capacity = area * grass * edible * utilisation / (intake * days)
    actual = math.fsum(
        heads * run.constant(f"SU[{category}]", "sheep units", "stocking", "sheep_units", category)
        for category, heads in herd
    )
    run.note("capacity", capacity, "sheep units", "G1 2.3")
    run.note("actual", actual, "sheep units", "G1 2.3")
    return {
        "capacity_su": capacity,
        "actual_su": actual,
        "overstock_ratio": actual / capacity - 1 if capacity > 0 else None,
        "balanced": actual <= capacity,
        "ha_per_su": area / actual if actual > 0 else None,
    }


def livestock(inputs: Fields, run: Run) -> dict[str, Any]:
    """G1.livestock: emissions of the herds, and how much of their reduction counts (2.4)."""
    factor_set = inputs.choice("factor_set", run.options("livestock", "sets"), "cn_provincial_grazing")
    gwp_set = read_gwp_set(inputs, run)
    with_manure = inputs.flag("include_manure", True)
    is_credited = inputs.flag("credit_livestock", False)
    categories = run.options("livestock", "sets", factor_set, "categories") if factor_set else {}
    herds = {
        name: [
            (
                # Without a set there are no categories to compare with: the set is the problem.
                animals.choice("category", categories) if factor_set else animals.text("category"),
                animals.number("heads", least=0),
                animals.number("days", DAYS_OF_A_YEAR, least=0, most=366),
            )
            for animals in inputs.items(name, may_be_empty=True, may_be_missing=name == "displaced")
        ]
        for name in ("baseline", "project", "displaced")
    }
    inputs.refuse_problems()
    blocks = {name: _herd_emissions(name, herd, factor_set, gwp_set, with_manure, run) for name, herd in herds.items()}
    totals = {name: block["total_tco2e"] for name, block in blocks.items()}
    reduction = totals["baseline"] - totals["project"] - totals["displaced"]
    counted = reduction if reduction < 0 or is_credited else 0.0
    run.note("reduction", reduction, "tCO2e/yr", "G1 2.4")
    run.note("counted", counted, "tCO2e/yr", "G1 2.4")
    return {**blocks, "reduction_tco2e_yr": reduction, "counted_tco2e_yr": counted}


def fertiliser(inputs: Fields, run: Run) -> dict[str, Any]:
    """G1.fertiliser: nitrous oxide from added nitrogen (2.5)."""
    nitrogen = inputs.number("n_kg", least=0)
    is_wet = inputs.flag("wet_climate", False)
    gwp_set = read_gwp_set(inputs, run)
    inputs.refuse_problems()
    return {"fertiliser_tco2e": _nitrous_oxide(nitrogen, is_wet, gwp_set, run)}


def net(inputs: Fields, run: Run) -> dict[str, Any]:
    """G1.net: the result of a period, from soil measured twice on the same points (2.6)."""
    years = inputs.number("years", above=0, most=40)
    scheme = inputs.choice("scheme", run.options("discount", "schemes"), "tool14")
    gwp_set = read_gwp_set(inputs, run)
    strata = p1_sampling.read_strata(inputs.items("strata"), paired=True)
    controls = p1_sampling.read_strata(
        inputs.items("control_strata", may_be_empty=True, may_be_missing=True), paired=True
    )
    counted_yearly = inputs.number("livestock_counted_tco2e_yr", 0.0)
    nitrogen = inputs.number("fertiliser_n_kg", 0.0, least=0)
    is_wet = inputs.flag("wet_climate", False)
    diesel = inputs.number("diesel_t", 0.0, least=0)
    leakage = inputs.number("leakage_tco2e", 0.0, least=0)
    inputs.refuse_problems()

    project = p1_sampling.stratified(strata, run, name="project.")
    discounted = p1_sampling.discount_of(
        project.mean_per_ha, project.uncertainty, scheme, "project", run, field="strata", name="project."
    )
    to_period = project.area_ha * CARBON_TO_CO2
    change, conservative = project.mean_per_ha * to_period, discounted.conservative * to_period
    run.note("delta_SOC", change, "tCO2e", "G1 2.6")
    run.note("delta_SOC_conservative", conservative, "tCO2e", "G1 2.6")
    baseline = 0.0
    if controls:
        control = p1_sampling.stratified(controls, run, field="control_strata", name="control.")
        grown = p1_sampling.discount_of(
            control.mean_per_ha, control.uncertainty, scheme, "baseline", run, field="control_strata", name="control."
        )
        baseline = max(0.0, grown.conservative) * to_period
    run.note("base", baseline, "tCO2e", "G1 2.6")
    stock_part = conservative - baseline
    livestock_part = counted_yearly * years
    run.note("stock_part", stock_part, "tCO2e", "G1 2.6")
    run.note("livestock_part", livestock_part, "tCO2e", "G1 2.6")
    nitrous_oxide = _nitrous_oxide(nitrogen, is_wet, gwp_set, run)
    fuel = diesel * run.constant("EF_diesel", "tCO2/t", "fuel", "t_co2_per_t", "diesel") if diesel else 0.0
    run.note("fuel", fuel, "tCO2e", "G1 2.6")
    result = stock_part + livestock_part - nitrous_oxide - fuel - leakage
    run.note("net", result, "tCO2e", "G1 2.6")
    return {
        "soc_change_tco2e": change,
        "uncertainty": project.uncertainty,
        "soc_change_conservative_tco2e": conservative,
        "baseline_soc_tco2e": baseline,
        "stock_part_tco2e": stock_part,
        "livestock_part_tco2e": livestock_part,
        "fertiliser_tco2e": nitrous_oxide,
        "fuel_tco2e": fuel,
        "leakage_tco2e": leakage,
        **credited(result, run),
    }


def read_gwp_set(inputs: Fields, run: Run) -> str:
    """Return the name of the warming potentials to use."""
    return inputs.choice("gwp_set", run.options("gwp", "sets"), DEFAULT_GWP)


Tier1Factor = tuple[float | None, str, str]
Tier1Stratum = tuple[float, tuple[str, str], float | None, Tier1Factor, Tier1Factor, tuple[float, float]]


def _tier1_stratum(stratum: Fields, factor_set: str, run: Run) -> Tier1Stratum:
    area = stratum.number("area_ha", above=0)
    soc_ref = stratum.optional_number("soc_ref_t_ha", least=0, most=500)
    climate = soil = ""
    table = run.options("grassland_soc", "soc_ref", factor_set, "values") if factor_set else {}
    if soc_ref is None and not stratum.has("soc_ref_t_ha") and factor_set:
        climate = stratum.choice("climate", table)
        # A soil that is nowhere in the table and an empty cell are the same: no reference stock.
        soil = stratum.choice("soil", table[climate]) if climate else stratum.text("soil")
    for perhaps_unused in ("climate", "soil"):
        stratum.has(perhaps_unused)
    before, after = (_tier1_class(stratum, moment) for moment in ("before", "after"))
    first = stratum.number("years_t1", 0.0, least=0)
    second = stratum.number("years_t2", least=0)
    if second <= first:
        stratum.problem(ErrorCode.PERIOD, "years_t2")
    return area, (climate, soil), soc_ref, before, after, (first, second)


def _tier1_class(stratum: Fields, moment: str) -> Tier1Factor:
    given = stratum.optional_number(f"f_{moment}", above=0, most=2)
    is_explicit = stratum.has(f"f_{moment}")
    degradation = ""
    if stratum.has(f"class_{moment}") or not is_explicit:
        degradation = stratum.choice(f"class_{moment}", CLASSES)
    level = stratum.choice(f"input_{moment}", ("medium", "high"), "medium")
    if level == "high" and degradation != "improved":
        stratum.problem(ErrorCode.NOT_APPLICABLE, f"input_{moment}")
    return given, degradation, level


def _tier1_factor(factor_set: str, given: float | None, degradation: str, level: str, run: Run) -> float:
    """Return F = F_MG(class)·F_I(input); an explicit factor stands in for F_MG."""
    managed = given
    if managed is None:
        managed = float(run.constant(f"F_MG[{degradation}]", "", "grassland_soc", "f_mg", factor_set, degradation))
    return managed * float(run.constant(f"F_I[{level}]", "", "grassland_soc", "f_i", level))


def _herd_emissions(
    name: str, herd: Sequence[tuple[str, float, float]], factor_set: str, gwp_set: str, with_manure: bool, run: Run
) -> dict[str, float]:
    ch4 = run.constant("GWP_CH4", "kg CO2e/kg", "gwp", "sets", gwp_set, "ch4") if herd else 0
    n2o = run.constant("GWP_N2O", "kg CO2e/kg", "gwp", "sets", gwp_set, "n2o") if herd and with_manure else 0
    enteric, manure_ch4, manure_n2o, head_years = [], [], [], []
    for category, heads, days in herd:
        kept = heads * days / DAYS_OF_A_YEAR
        key = ("sets", factor_set, "categories", category)
        head_years.append(kept)
        factor = run.constant(f"EF_enteric[{category}]", "kg CH4/head/yr", "livestock", *key, "enteric")
        enteric.append(kept * factor * ch4 / 1000)
        if with_manure:
            factor = run.constant(f"EF_mCH4[{category}]", "kg CH4/head/yr", "livestock", *key, "manure_ch4")
            manure_ch4.append(kept * factor * ch4 / 1000)
            factor = run.constant(f"EF_mN2O[{category}]", "kg N2O/head/yr", "livestock", *key, "manure_n2o")
            manure_n2o.append(kept * factor * n2o / 1000)
    block = {
        "enteric_tco2e": math.fsum(enteric),
        "manure_ch4_tco2e": math.fsum(manure_ch4),
        "manure_n2o_tco2e": math.fsum(manure_n2o),
        "total_tco2e": math.fsum([*enteric, *manure_ch4, *manure_n2o]),
        "head_years": math.fsum(head_years),
    }
    for figure, value in block.items():
        run.note(f"{name}.{figure}", value, "head-years" if figure == "head_years" else "tCO2e/yr", "G1 2.4")
    return block


def _nitrous_oxide(nitrogen_kg: float, is_wet: bool, gwp_set: str, run: Run) -> float:
    """Return tCO2e of direct, deposited and leached nitrogen."""
    if nitrogen_kg == 0:
        run.note("N2O", 0.0, "tCO2e", "G1 2.5")
        return 0.0
    direct = run.constant("EF1", "", "fertiliser_n2o", "ef1")
    volatilised = run.constant("Frac_gas", "", "fertiliser_n2o", "frac_gas")
    deposited = run.constant("EF4", "", "fertiliser_n2o", "ef4")
    leached = run.constant("Frac_leach", "", "fertiliser_n2o", "frac_leach_wet" if is_wet else "frac_leach_dry")
    drained = run.constant("EF5", "", "fertiliser_n2o", "ef5")
    warming = run.constant("GWP_N2O", "kg CO2e/kg", "gwp", "sets", gwp_set, "n2o")
    factor = direct + volatilised * deposited + leached * drained
    emitted = float(nitrogen_kg * factor * N2O_NITROGEN_TO_N2O * warming / 1000)
    run.note("N2O", emitted, "tCO2e", "G1 2.5")
    return emitted
