"""S1 1.0.0: shrubs on sandy and desertified land, by crown cover. Source: S1-sandland-shrub.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry.rules.methodologies.credits import credited
from registry.rules.methodologies.numeric import CARBON_TO_CO2
from registry.rules.methodologies.outcome import ErrorCode, Warn
from registry.rules.methodologies.reading import Fields, unique_ids
from registry.rules.methodologies.run import Run

AREA_TOLERANCE_HA = 0.01  # S1, section 2: what two surveys of the same land may differ by.


@dataclass(frozen=True)
class Factors:
    """The factors of a calculation; None where the parameter set gives them."""

    cf: float | None
    r: float | None
    bdr: float | None
    b_forest_t_ha: float | None


@dataclass(frozen=True)
class ShrubStratum:
    """A stratum of shrubs at one date."""

    id: str
    area_ha: float
    crown_cover: float
    b_full_cover_t_ha: float | None


def stock(inputs: Fields, run: Run) -> dict[str, Any]:
    """S1.stock: the carbon of shrubs at one date."""
    strata = _read_strata(inputs, "strata")
    factors = _read_factors(inputs)
    inputs.refuse_problems()
    rows = _stocks(strata, factors, "", run)
    return {"strata": rows, "total_tco2e": math.fsum(row["stock_tco2e"] for row in rows)}


def change(inputs: Fields, run: Run) -> dict[str, Any]:
    """S1.change: the change between two dates, and what of it is credited."""
    first, second = _read_strata(inputs, "strata_t1"), _read_strata(inputs, "strata_t2")
    years = inputs.number("years", above=0, most=60)
    factors = _read_factors(inputs)
    baseline = inputs.number("baseline_change_tco2e", 0.0)
    soil = inputs.number("soc_change_tco2e", 0.0)
    emissions = inputs.number("emissions_tco2e", 0.0, least=0)
    areas = [math.fsum(stratum.area_ha for stratum in strata) for strata in (first, second)]
    # Rounded, so that a difference of exactly the tolerance is within it; unreadable areas compare as equal.
    if first and second and round(abs(areas[1] - areas[0]), 9) > AREA_TOLERANCE_HA:
        inputs.problem(ErrorCode.SUM, "strata_t2.area_ha")
    inputs.refuse_problems()

    before, after = (
        math.fsum(row["stock_tco2e"] for row in _stocks(strata, factors, moment, run))
        for strata, moment in ((first, "t1."), (second, "t2."))
    )
    delta = after - before
    net = delta + soil - baseline - emissions
    run.note("C_t1", before, "tCO2e", "S1 3")
    run.note("C_t2", after, "tCO2e", "S1 3")
    run.note("delta_C", delta, "tCO2e", "S1 3")
    run.note("net", net, "tCO2e", "S1 3")
    return {
        "stock_t1_tco2e": before,
        "stock_t2_tco2e": after,
        "change_tco2e": delta,
        "annual_change_tco2e": delta / years,
        **credited(net, run),
    }


def _read_strata(inputs: Fields, name: str) -> list[ShrubStratum]:
    rows = inputs.items(name)
    ids = unique_ids(rows)
    return [
        ShrubStratum(
            one,
            row.number("area_ha", above=0),
            row.number("crown_cover", least=0, most=1),
            row.optional_number("b_full_cover_t_ha", least=0, most=200),
        )
        for one, row in zip(ids, rows, strict=True)
    ]


def _read_factors(inputs: Fields) -> Factors:
    return Factors(
        cf=inputs.optional_number("cf", above=0, most=1),
        r=inputs.optional_number("r", least=0, most=5),
        bdr=inputs.optional_number("bdr_sf", above=0, most=1),
        b_forest_t_ha=inputs.optional_number("b_forest_t_ha", above=0, most=600),
    )


def _stocks(strata: Sequence[ShrubStratum], factors: Factors, moment: str, run: Run) -> list[dict[str, Any]]:
    """Return biomass per hectare and stock of each stratum."""
    fraction = factors.cf if factors.cf is not None else run.constant("CF", "t C/t d.m.", "shrub", "cf")
    ratio = factors.r if factors.r is not None else run.constant("R", "", "shrub", "r")
    per_tonne = CARBON_TO_CO2 * fraction * (1 + ratio)
    run.note(f"{moment}k", per_tonne, "tCO2e/t d.m.", "S1 3")
    threshold = run.constant("min_crown_cover", "", "shrub", "min_crown_cover")
    rows = []
    for stratum in strata:
        if stratum.crown_cover < threshold:
            run.warn(Warn.THRESHOLD_NOT_MET)
            biomass = 0.0
        elif stratum.b_full_cover_t_ha is not None:
            biomass = stratum.b_full_cover_t_ha * stratum.crown_cover
        else:
            share = factors.bdr if factors.bdr is not None else run.constant("BDR", "", "shrub", "bdr_sf")
            forest = factors.b_forest_t_ha
            if forest is None:
                forest = run.constant("b_F", "t d.m./ha", "shrub", "b_forest_t_ha")
            biomass = share * forest * stratum.crown_cover
        carbon = per_tonne * stratum.area_ha * biomass
        run.note(f"{moment}b[{stratum.id}]", biomass, "t d.m./ha", "S1 3")
        run.note(f"{moment}C[{stratum.id}]", carbon, "tCO2e", "S1 3")
        rows.append({"id": stratum.id, "agb_t_ha": biomass, "stock_tco2e": carbon})
    return rows
