"""F2 1.0.0: improved forest management, measured on re-visited plots. Source: F2-forest-management.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry.rules.methodologies import p1_sampling
from registry.rules.methodologies.credits import credited
from registry.rules.methodologies.f1_afforestation.exante import tco2e_per_m3
from registry.rules.methodologies.f1_afforestation.growth import Growth, read_growth
from registry.rules.methodologies.f1_afforestation.profile import DEFAULT_PROFILE, Profile, profile_of
from registry.rules.methodologies.f1_afforestation.tree import read_species
from registry.rules.methodologies.numeric import CARBON_TO_CO2
from registry.rules.methodologies.outcome import ErrorCode, Warn
from registry.rules.methodologies.reading import Fields
from registry.rules.methodologies.run import Run

PROFILES = ("nm_regional", "ar_cm_2014")  # F2, section 1, condition 5.
BASELINES = ("control_plots", "growth_curve", "growth_rate")
SCENARIOS = ("project", "baseline")


@dataclass(frozen=True)
class ModelledBaseline:
    """The stand without the measures, by a growth curve (`growth`) or a growth rate."""

    species: str
    growth: Growth | None
    age_t1: float
    volume_t1_m3_ha: float
    annual_rate: float

    def volume_change_m3_ha(self, years: float) -> float:
        """Return the change of stem volume over the period."""
        if self.growth is not None:
            return self.growth.volume_m3_ha(self.age_t1 + years) - self.growth.volume_m3_ha(self.age_t1)
        return self.volume_t1_m3_ha * ((1 + self.annual_rate) ** years - 1)


@dataclass(frozen=True)
class Harvest:
    """Wood taken out, in the project or in its baseline."""

    product: str
    species: str
    volume_m3: float
    recovery_rate: float
    scenario: str


def net(inputs: Fields, run: Run) -> dict[str, Any]:
    """F2.net: the creditable change of a period against the stand without the measures."""
    name = inputs.choice("profile", run.options("profiles", "profiles"), DEFAULT_PROFILE)
    if name and name not in PROFILES:
        inputs.problem(ErrorCode.NOT_APPLICABLE, "profile")
    years = inputs.number("years", above=0, most=60)
    rows = inputs.items("strata")
    strata = p1_sampling.read_strata(rows, paired=True)
    controls: list[p1_sampling.Stratum] = []
    modelled: list[tuple[str, float, ModelledBaseline]] = []
    for row in rows:
        _read_baseline(row, controls, modelled, run)
    emissions = inputs.number("emissions_tco2e", 0.0, least=0)
    leakage = inputs.number("leakage_tco2e", 0.0, least=0)
    with_wood = inputs.flag("include_hwp", False)
    harvests = [_read_harvest(row, run) for row in inputs.items("harvest", may_be_empty=True, may_be_missing=True)]
    inputs.refuse_problems()

    profile = profile_of(name, run)
    found = p1_sampling.stratified(strata, run, name="project.")
    discounted = p1_sampling.discount_of(
        found.mean_per_ha, found.uncertainty, profile.scheme, "project", run, field="strata", name="project."
    )
    project = found.area_ha * discounted.conservative
    detail = [_modelled_change(one, area, baseline, years, run) for one, area, baseline in modelled]
    by_model = math.fsum(row["baseline_change_tco2e"] for row in detail)
    by_control = _control_change(controls, profile, run) if controls else 0.0
    wood = math.fsum(_wood_tco2e(harvest, run) for harvest in harvests) if with_wood else 0.0
    result = project - (by_model + by_control) + wood - emissions - leakage
    risk = profile.k_risk * result if result > 0 else 0.0
    for symbol, value in (
        ("delta_C_project", project),
        ("delta_C_modelled", by_model),
        ("delta_C_control", by_control),
        ("delta_HWP", wood),
        ("net", result),
        ("risk", risk),
    ):
        run.note(symbol, value, "tCO2e", "F2 3")
    return {
        "project_change_tco2e": found.total,
        "project_uncertainty": found.uncertainty,
        "project_change_conservative_tco2e": project,
        "baseline_modelled_tco2e": by_model,
        "baseline_control_tco2e": by_control,
        "baseline_change_tco2e": by_model + by_control,
        "hwp_change_tco2e": wood,
        "risk_deduction_tco2e": risk,
        "annual_net_tco2e": result / years,
        "baseline_detail": detail,
        **credited(result, run, risk=risk),
    }


def _read_baseline(
    row: Fields,
    controls: list[p1_sampling.Stratum],
    modelled: list[tuple[str, float, ModelledBaseline]],
    run: Run,
) -> None:
    """Add the baseline of a stratum to those of its kind; problems are recorded."""
    # The stratum itself was read with its plots: its area and id are looked at again, not judged again.
    one, area = row.peek_text("id"), row.peek("area_ha") or math.nan
    baseline = row.part("baseline")
    kind = baseline.choice("type", BASELINES)
    if kind == "control_plots":
        controls += p1_sampling.read_control(one, area, baseline)
    elif kind:
        species = read_species(baseline, run)
        if kind == "growth_curve":
            age = baseline.number("age_t1", least=0, most=300)
            modelled.append((one, area, ModelledBaseline(species, read_growth(baseline.part("growth")), age, 0.0, 0.0)))
        else:
            volume = baseline.number("volume_t1_m3_ha", least=0, most=1000)
            rate = baseline.number("annual_rate", least=-0.2, most=0.3)
            modelled.append((one, area, ModelledBaseline(species, None, 0.0, volume, rate)))


def _read_harvest(row: Fields, run: Run) -> Harvest:
    return Harvest(
        row.choice("product", run.options("hwp", "half_life_years")),
        read_species(row, run),
        row.number("volume_m3", least=0),
        row.number("recovery_rate", least=0, most=1),
        row.choice("scenario", SCENARIOS),
    )


def _modelled_change(one: str, area: float, baseline: ModelledBaseline, years: float, run: Run) -> dict[str, Any]:
    if baseline.growth is not None and baseline.growth.is_extrapolated(baseline.age_t1 + years):
        run.warn(Warn.EXTRAPOLATED)
    volume = baseline.volume_change_m3_ha(years)
    change = volume * tco2e_per_m3(baseline.species, run) * area
    run.note(f"delta_V[{one}]", volume, "m3/ha", "F2 3")
    run.note(f"delta_C[{one}]", change, "tCO2e", "F2 3")
    return {"id": one, "baseline_change_tco2e": change, "volume_change_m3_ha": volume}


def _control_change(controls: Sequence[p1_sampling.Stratum], profile: Profile, run: Run) -> float:
    found = p1_sampling.stratified(controls, run, field="strata.baseline", name="control.")
    discounted = p1_sampling.discount_of(
        found.mean_per_ha, found.uncertainty, profile.scheme, "baseline", run, field="strata.baseline", name="control."
    )
    return found.area_ha * discounted.conservative


def _wood_tco2e(harvest: Harvest, run: Run) -> float:
    """Return what is still in use at the horizon; a baseline harvest counts against the project."""
    key = ("tree_bef", "species", harvest.species)
    density = run.constant(f"D_wood[{harvest.species}]", "t d.m./m3", *key, "density")
    fraction = run.constant(f"CF[{harvest.species}]", "t C/t d.m.", *key, "cf")
    half_life = run.constant(f"half_life[{harvest.product}]", "years", "hwp", "half_life_years", harvest.product)
    horizon = run.constant("horizon", "years", "hwp", "horizon_years")
    left = math.exp(-math.log(2) * horizon / half_life)
    stored = harvest.volume_m3 * density * fraction * CARBON_TO_CO2 * harvest.recovery_rate * left
    run.note(f"q[{harvest.scenario},{harvest.product}]", stored, "tCO2e", "F2 3")
    return float(stored if harvest.scenario == "project" else -stored)
