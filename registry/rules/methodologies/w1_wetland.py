"""W1 1.0.0: wetland restoration and rewetting, against the drained baseline. Source: W1-wetland.md."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.rules.methodologies.credits import credited
from registry.rules.methodologies.g1_grassland import read_gwp_set
from registry.rules.methodologies.numeric import CARBON_TO_CO2, CH4_CARBON_TO_CH4, N2O_NITROGEN_TO_N2O
from registry.rules.methodologies.outcome import ErrorCode, Warn
from registry.rules.methodologies.reading import Fields, unique_ids
from registry.rules.methodologies.run import Run

ORGANIC_CLIMATES = ("boreal", "temperate")
NUTRIENTS = ("poor", "rich", "unknown")


@dataclass(frozen=True)
class OrganicStratum:
    """A drained peatland before and after it is rewetted."""

    id: str
    area_ha: float
    years: float
    climate: str
    baseline_use: str
    nutrient: str
    peat_depth_cm: float | None
    subsidence_cm_yr: float
    years_before: float


@dataclass(frozen=True)
class MineralStratum:
    """A drained mineral wetland soil that is flooded again; years are counted from the flooding."""

    id: str
    area_ha: float
    climate: str
    f_before: float | None
    inundated_fraction: float
    years_t1: float
    years_t2: float


def organic(inputs: Fields, run: Run) -> dict[str, Any]:
    """W1.organic: rewetted peatland (section 2)."""
    gwp_set = read_gwp_set(inputs, run)
    rows = inputs.items("strata")
    strata = [_organic_stratum(one, row, run) for one, row in zip(unique_ids(rows), rows, strict=True)]
    leakage = inputs.number("leakage_tco2e", 0.0, least=0)
    emissions = inputs.number("emissions_tco2e", 0.0, least=0)
    inputs.refuse_problems()

    found = [_rewetted(stratum, gwp_set, run) for stratum in strata]
    baseline = math.fsum(row["baseline_tco2e"] for row in found)
    project = math.fsum(row["project_tco2e"] for row in found)
    net = baseline - project - leakage - emissions
    run.note("baseline", baseline, "tCO2e", "W1 2")
    run.note("project", project, "tCO2e", "W1 2")
    run.note("net", net, "tCO2e", "W1 2")
    return {"strata": found, "baseline_tco2e": baseline, "project_tco2e": project, **credited(net, run)}


def mineral(inputs: Fields, run: Run) -> dict[str, Any]:
    """W1.mineral: re-flooded mineral wetland soil (section 3)."""
    gwp_set = read_gwp_set(inputs, run)
    baseline_ch4 = inputs.number("baseline_ch4_tco2e", 0.0, least=0)
    rows = inputs.items("strata")
    climates = run.options("wetland_mineral", "soc_ref")
    strata = [_mineral_stratum(one, row, climates) for one, row in zip(unique_ids(rows), rows, strict=True)]
    inputs.refuse_problems()

    found = [_flooded(stratum, gwp_set, run) for stratum in strata]
    soc = math.fsum(row["soc_tco2e"] for row in found)
    ch4 = math.fsum(row["ch4_tco2e"] for row in found)
    net = soc - ch4 + baseline_ch4
    run.note("SOC", soc, "tCO2e", "W1 3")
    run.note("CH4", ch4, "tCO2e", "W1 3")
    run.note("net", net, "tCO2e", "W1 3")
    return {"strata": found, "soc_tco2e": soc, "ch4_tco2e": ch4, **credited(net, run)}


def _organic_stratum(one: str, row: Fields, run: Run) -> OrganicStratum:
    area = row.number("area_ha", above=0)
    years = row.number("years", above=0, most=100)
    climate = row.choice("climate", ORGANIC_CLIMATES)
    use = row.choice("baseline_use", run.options("wetland_organic", "drained"))
    nutrient = row.choice("project_nutrient", NUTRIENTS)
    depth = row.optional_number("peat_depth_cm", least=0, most=2000)
    subsidence = row.optional_number("subsidence_cm_yr", above=0, most=20)
    if depth is not None and not row.has("subsidence_cm_yr"):
        row.problem(ErrorCode.REQUIRED, "subsidence_cm_yr")
    before = row.number("years_before", 0.0, least=0, most=100)
    return OrganicStratum(one, area, years, climate, use, nutrient, depth, subsidence or 1.0, before)


def _rewetted(stratum: OrganicStratum, gwp_set: str, run: Run) -> dict[str, Any]:
    baseline = _drained_flux(stratum, gwp_set, run)
    project = _rewetted_flux(stratum, gwp_set, run)
    carbon_years = stratum.years
    if stratum.peat_depth_cm is not None:
        # Peat that would be gone by then cannot be said to have been kept.
        left = stratum.peat_depth_cm / stratum.subsidence_cm_yr - stratum.years_before
        carbon_years = max(0.0, min(stratum.years, left))
    if carbon_years < stratum.years:
        run.warn(Warn.CAPPED)
    run.note(f"y_c[{stratum.id}]", carbon_years, "years", "W1 2")
    baseline_total = stratum.area_ha * (
        (baseline["co2"] + baseline["doc"]) * carbon_years + (baseline["ch4"] + baseline["n2o"]) * stratum.years
    )
    project_total = stratum.area_ha * (project["co2"] + project["doc"] + project["ch4"]) * stratum.years
    run.note(f"baseline[{stratum.id}]", baseline_total, "tCO2e", "W1 2")
    run.note(f"project[{stratum.id}]", project_total, "tCO2e", "W1 2")
    return {
        "id": stratum.id,
        "baseline_per_ha_yr": baseline,
        "project_per_ha_yr": project,
        "baseline_carbon_years": carbon_years,
        "baseline_tco2e": baseline_total,
        "project_tco2e": project_total,
        "reduction_tco2e": baseline_total - project_total,
    }


def _drained_flux(stratum: OrganicStratum, gwp_set: str, run: Run) -> dict[str, float]:
    climate = stratum.climate
    key = ("drained", stratum.baseline_use, climate)
    label = f"{stratum.baseline_use},{climate}"
    co2 = run.constant(f"EF_CO2[{label}]", "t C/ha/yr", "wetland_organic", *key, "co2")
    doc = run.constant(f"EF_DOC_drained[{climate}]", "t C/ha/yr", "wetland_organic", "doc_drained", climate)
    ditch = run.constant(f"Frac_ditch[{label}]", "", "wetland_organic", *key, "frac_ditch")
    from_land = run.constant(f"EF_land[{label}]", "kg CH4/ha/yr", "wetland_organic", *key, "ch4_land")
    from_ditch = run.constant(f"EF_ditch[{label}]", "kg CH4/ha/yr", "wetland_organic", *key, "ch4_ditch")
    n2o = run.constant(f"EF_N2O[{label}]", "kg N2O-N/ha/yr", "wetland_organic", *key, "n2o")
    gwp_ch4 = run.constant("GWP_CH4", "kg CO2e/kg", "gwp", "sets", gwp_set, "ch4")
    gwp_n2o = run.constant("GWP_N2O", "kg CO2e/kg", "gwp", "sets", gwp_set, "n2o")
    return _traced_flux(
        f"baseline.{stratum.id}",
        run,
        co2=co2 * CARBON_TO_CO2,
        doc=doc * CARBON_TO_CO2,
        ch4=((1 - ditch) * from_land + ditch * from_ditch) * gwp_ch4 / 1000,
        n2o=n2o * N2O_NITROGEN_TO_N2O * gwp_n2o / 1000,
    )


def _rewetted_flux(stratum: OrganicStratum, gwp_set: str, run: Run) -> dict[str, float]:
    climate, nutrient = stratum.climate, stratum.nutrient
    if nutrient == "unknown":
        nutrient = run.constant(f"nutrient[{climate}]", "", "wetland_organic", "unknown_nutrient", climate)
    key = ("rewetted", climate, nutrient)
    label = f"{climate},{nutrient}"
    co2 = run.constant(f"EF_CO2_rewetted[{label}]", "t C/ha/yr", "wetland_organic", *key, "co2")
    doc = run.constant(f"EF_DOC_rewetted[{climate}]", "t C/ha/yr", "wetland_organic", "doc_rewetted", climate)
    ch4 = run.constant(f"EF_CH4_C[{label}]", "kg CH4-C/ha/yr", "wetland_organic", *key, "ch4")
    gwp_ch4 = run.constant("GWP_CH4", "kg CO2e/kg", "gwp", "sets", gwp_set, "ch4")
    return _traced_flux(
        f"project.{stratum.id}",
        run,
        co2=co2 * CARBON_TO_CO2,
        doc=doc * CARBON_TO_CO2,
        ch4=ch4 * CH4_CARBON_TO_CH4 * gwp_ch4 / 1000,
        n2o=0.0,
    )


def _traced_flux(name: str, run: Run, **gases: float) -> dict[str, float]:
    flux = {**gases, "total": math.fsum(gases.values())}
    for gas, value in flux.items():
        run.note(f"{name}.{gas}", value, "tCO2e/ha/yr", "W1 2")
    return flux


def _mineral_stratum(one: str, row: Fields, climates: Mapping[str, Any]) -> MineralStratum:
    area = row.number("area_ha", above=0)
    climate = row.choice("climate", climates)
    f_before = row.optional_number("f_before", above=0, most=1)
    inundated = row.number("inundated_fraction", 1.0, least=0, most=1)
    first = row.number("years_t1", 0.0, least=0)
    second = row.number("years_t2", least=0)
    if second <= first:
        row.problem(ErrorCode.PERIOD, "years_t2")
    return MineralStratum(one, area, climate, f_before, inundated, first, second)


def _flooded(stratum: MineralStratum, gwp_set: str, run: Run) -> dict[str, Any]:
    soc_ref = run.constant(f"SOC_ref[{stratum.climate}]", "t C/ha", "wetland_mineral", "soc_ref", stratum.climate)
    f_before = stratum.f_before
    if f_before is None:
        f_before = run.constant("f_before", "", "wetland_mineral", "f_cultivated")
    halfway = run.constant("f_rewet_1_20", "", "wetland_mineral", "f_rewet_1_20")
    whole = run.constant("f_rewet_21_40", "", "wetland_mineral", "f_rewet_21_40")
    block = run.constant("block_years", "years", "wetland_mineral", "block_years")
    rate1 = soc_ref * max(0.0, halfway - f_before) / block
    rate2 = soc_ref * max(0.0, whole - max(f_before, halfway)) / block
    run.note(f"rate1[{stratum.id}]", rate1, "t C/ha/yr", "W1 3")
    run.note(f"rate2[{stratum.id}]", rate2, "t C/ha/yr", "W1 3")

    def gained(years: float) -> float:
        return float(rate1 * min(years, block) + rate2 * max(0.0, min(years, 2 * block) - block))

    gain = gained(stratum.years_t2) - gained(stratum.years_t1)
    run.note(f"G_t2_less_G_t1[{stratum.id}]", gain, "t C/ha", "W1 3")
    soc = gain * stratum.area_ha * CARBON_TO_CO2
    zone = "boreal" if stratum.climate == "boreal" else "temperate"
    emitted = run.constant(f"EF_CH4[{zone}]", "kg CH4/ha/yr", "wetland_mineral", "ch4_kg_ha", zone)
    gwp_ch4 = run.constant("GWP_CH4", "kg CO2e/kg", "gwp", "sets", gwp_set, "ch4")
    years = stratum.years_t2 - stratum.years_t1
    ch4 = emitted * stratum.inundated_fraction * stratum.area_ha * years * gwp_ch4 / 1000
    run.note(f"SOC[{stratum.id}]", soc, "tCO2e", "W1 3")
    run.note(f"CH4[{stratum.id}]", ch4, "tCO2e", "W1 3")
    return {
        "id": stratum.id,
        "rate_block1_tc_ha": rate1,
        "rate_block2_tc_ha": rate2,
        "soc_tco2e": soc,
        "ch4_tco2e": ch4,
        "net_tco2e": soc - ch4,
    }
