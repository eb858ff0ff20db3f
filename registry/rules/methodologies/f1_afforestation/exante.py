"""The estimate before the fact, from growth curves. It is never credited. Source: F1, sections 2 and 3."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from registry.rules.methodologies.f1_afforestation.growth import Growth, read_growth
from registry.rules.methodologies.f1_afforestation.profile import dead_organic_matter, profile_of, read_profile
from registry.rules.methodologies.f1_afforestation.soil import (
    FIRST_YEAR,
    LAST_YEAR,
    read_soil,
    read_years,
    soil_stratum,
)
from registry.rules.methodologies.f1_afforestation.tree import read_species
from registry.rules.methodologies.numeric import CARBON_TO_CO2
from registry.rules.methodologies.outcome import Warn
from registry.rules.methodologies.reading import Fields, unique_ids
from registry.rules.methodologies.run import Run


@dataclass(frozen=True)
class Stand:
    """One planted stratum."""

    id: str
    area_ha: float
    species: str
    plant_year: int
    stocking: float
    growth: Growth

    def stock_tco2e(self, year: int, tco2e_per_m3: float) -> float:
        """Return the stock of living trees at the end of a calendar year."""
        volume = self.growth.volume_m3_ha(year - self.plant_year)
        return self.area_ha * volume * self.stocking * tco2e_per_m3


def exante(inputs: Fields, run: Run) -> dict[str, Any]:
    """F1.exante: stock, change and net of each year of a plan."""
    name = read_profile(inputs, run)
    years = read_years(inputs)
    baseline = inputs.number("baseline_change_tco2e_yr", 0.0)
    leakage = inputs.number("leakage_tco2e_yr", 0.0, least=0)
    emissions = inputs.number("emissions_tco2e_yr", 0.0, least=0)
    with_dead_wood = inputs.flag("include_dead_wood", False)
    with_litter = inputs.flag("include_litter", False)
    soil = read_soil(inputs, "soc", may_be_missing=True)
    stands = _read_stands(inputs, run)
    inputs.refuse_problems()

    run.warn(Warn.EX_ANTE)
    profile = profile_of(name, run)
    per_m3 = {stand.species: tco2e_per_m3(stand.species, run) for stand in stands}
    soils = [soil_stratum(*one, run) for one in soil] if "soc" in profile.pools else []
    before = _stock(stands, years.start - 1, per_m3)
    series: list[dict[str, Any]] = []
    cumulative = 0.0
    for year in years:
        if any(stand.growth.is_extrapolated(year - stand.plant_year) for stand in stands):
            run.warn(Warn.EXTRAPOLATED)
        stock = _stock(stands, year, per_m3)
        change = stock - before
        soil_change = math.fsum(one.change_tco2e(year) for one in soils)
        dead_wood, litter = dead_organic_matter(
            change, profile, include_dead_wood=with_dead_wood, include_litter=with_litter, run=run
        )
        net = (
            change
            + dead_wood
            + litter
            + soil_change
            - emissions
            - (baseline if profile.counts_baseline else 0.0)
            - (leakage if profile.counts_leakage else 0.0)
        )
        risk = profile.k_risk * net if net > 0 else 0.0
        cumulative += net - risk
        run.note(f"C[{year}]", stock, "tCO2e", "F1 3")
        run.note(f"delta_C_TREE[{year}]", change, "tCO2e", "F1 3")
        run.note(f"delta_C_DW[{year}]", dead_wood, "tCO2e", "F1 3")
        run.note(f"delta_C_LI[{year}]", litter, "tCO2e", "F1 3")
        run.note(f"net[{year}]", net, "tCO2e", "F1 3")
        series.append(
            {
                "year": year,
                "tree_stock_tco2e": stock,
                "tree_change_tco2e": change,
                "soc_change_tco2e": soil_change,
                "net_tco2e": net,
                "risk_deduction_tco2e": risk,
                "creditable_tco2e": net - risk,
                "cumulative_tco2e": cumulative,
            }
        )
        before = stock
    return {
        "series": series,
        "total_creditable_tco2e": cumulative,
        "annual_average_tco2e": cumulative / len(series),
        "final_tree_stock_tco2e": series[-1]["tree_stock_tco2e"],
    }


def _read_stands(inputs: Fields, run: Run) -> list[Stand]:
    rows = inputs.items("strata")
    return [
        Stand(
            id=one,
            area_ha=row.number("area_ha", above=0),
            species=read_species(row, run),
            plant_year=row.integer("plant_year", least=FIRST_YEAR, most=LAST_YEAR),
            stocking=row.number("stocking", 1.0, least=0, most=1.2),
            growth=read_growth(row.part("growth")),
        )
        for one, row in zip(unique_ids(rows), rows, strict=True)
    ]


def _stock(stands: list[Stand], year: int, per_m3: dict[str, float]) -> float:
    return math.fsum(stand.stock_tco2e(year, per_m3[stand.species]) for stand in stands)


def tco2e_per_m3(species: str, run: Run) -> float:
    """Return D·BEF·(1+R)·CF·44/12 of a species."""
    key = ("tree_bef", "species", species)
    density = run.constant(f"D_wood[{species}]", "t d.m./m3", *key, "density")
    expansion = run.constant(f"BEF[{species}]", "", *key, "bef")
    ratio = run.constant(f"R[{species}]", "", *key, "r")
    fraction = run.constant(f"CF[{species}]", "t C/t d.m.", *key, "cf")
    factor = float(density * expansion * (1 + ratio) * fraction * CARBON_TO_CO2)
    run.note(f"tCO2e_per_m3[{species}]", factor, "tCO2e/m3", "F1 3")
    return factor
