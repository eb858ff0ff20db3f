"""Soil organic carbon on afforested land, by default factors. Source: F1, sections 2 and 3 (CDM AR-TOOL16)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from registry.rules.methodologies.numeric import CARBON_TO_CO2
from registry.rules.methodologies.outcome import ErrorCode
from registry.rules.methodologies.reading import Fields, unique_ids
from registry.rules.methodologies.run import Run

# Calendar years of a calculation; the specification bounds them by no number, a mistyped one must not run for hours.
FIRST_YEAR, LAST_YEAR = 1900, 2300


@dataclass(frozen=True)
class SoilStratum:
    """One stratum of prepared land and its yearly change in t C/ha."""

    id: str
    area_ha: float
    prep_year: int
    initial_t_ha: float
    loss_t_ha: float
    rate_t_ha_yr: float
    transition_years: int

    def change_tco2e(self, year: int) -> float:
        """Return the change within a calendar year."""
        if year == self.prep_year:
            rate = -self.loss_t_ha
        elif self.prep_year < year <= self.prep_year + self.transition_years:
            rate = self.rate_t_ha_yr
        else:
            rate = 0.0
        return self.area_ha * rate * CARBON_TO_CO2


def soc(inputs: Fields, run: Run) -> dict[str, Any]:
    """F1.soc: the change of soil organic carbon, year by year."""
    years = read_years(inputs)
    read = read_soil(inputs, "strata")
    inputs.refuse_problems()
    strata = [soil_stratum(*one, run) for one in read]
    series, cumulative = [], 0.0
    for year in years:
        change = math.fsum(stratum.change_tco2e(year) for stratum in strata)
        cumulative += change
        run.note(f"delta_SOC[{year}]", change, "tCO2e", "F1 3")
        series.append({"year": year, "change_tco2e": change, "cumulative_tco2e": cumulative})
    return {
        "strata": [
            {"id": one.id, "soc_initial_t_ha": one.initial_t_ha, "soc_loss_t_ha": one.loss_t_ha} for one in strata
        ],
        "series": series,
        "total_tco2e": cumulative,
    }


def read_years(inputs: Fields) -> range:
    """Return the calendar years from `start_year` to `end_year`."""
    start = inputs.integer("start_year", least=FIRST_YEAR, most=LAST_YEAR)
    end = inputs.integer("end_year", least=FIRST_YEAR, most=LAST_YEAR)
    if start > end >= FIRST_YEAR:
        inputs.problem(ErrorCode.PERIOD, "end_year")
    return range(start, end + 1)


ReadSoil = tuple[str, float, float, tuple[float, float, float], float, int]


def read_soil(inputs: Fields, name: str, *, may_be_missing: bool = False) -> list[ReadSoil]:
    """Return the soil strata under `name`; problems are recorded."""
    rows = inputs.items(name, may_be_empty=may_be_missing, may_be_missing=may_be_missing)
    ids = unique_ids(rows)
    found = []
    for one, row in zip(ids, rows, strict=True):
        area = row.number("area_ha", above=0)
        reference = row.number("soc_ref_t_ha", least=0, most=500)
        land_use, management, added = (row.number(factor, 1.0, above=0, most=2) for factor in ("f_lu", "f_mg", "f_in"))
        disturbed = row.number("disturbed_fraction", least=0, most=1)
        prepared = row.integer("prep_year", least=FIRST_YEAR, most=LAST_YEAR)
        found.append((one, area, reference, (land_use, management, added), disturbed, prepared))
    return found


def soil_stratum(
    one: str,
    area_ha: float,
    reference: float,
    factors: tuple[float, float, float],
    disturbed: float,
    prep_year: int,
    run: Run,
) -> SoilStratum:
    """Return the stratum with its loss and its yearly recovery."""
    key = ("ar_defaults", "soc")
    threshold = run.constant("disturbance_threshold", "", *key, "disturbance_threshold")
    share = run.constant("loss_fraction", "", *key, "loss_fraction")
    transition = run.constant("transition_years", "years", *key, "transition_years")
    cap = run.constant("cap", "t C/ha/yr", *key, "cap_tc_ha_yr")
    initial = reference * math.prod(factors)
    loss = share * initial if disturbed > threshold else 0.0
    rate = min((reference - (initial - loss)) / transition, cap)
    run.note(f"SOC_ini[{one}]", initial, "t C/ha", "F1 3")
    run.note(f"loss[{one}]", loss, "t C/ha", "F1 3")
    run.note(f"rate[{one}]", rate, "t C/ha/yr", "F1 3")
    return SoilStratum(one, area_ha, prep_year, initial, loss, rate, transition)
