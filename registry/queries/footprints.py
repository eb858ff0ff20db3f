"""The footprint of an event (methodology I1) and the factors it uses, on the parameter sets in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.queries.monitoring import parameter_sets
from registry.rules.methodologies import ParameterSet, Result, evaluate

OPERATION = "I1.event"


@dataclass(frozen=True)
class Factor:
    """One emission factor with where it comes from. key: "item:meal", "grid:national", "heat", "fuel:diesel".

    value is kg CO2e per `unit` for items and electricity, t CO2e per `unit` for heat and fuels (`in_tonnes`).
    """

    key: str
    value: float
    unit: str
    in_tonnes: bool
    source: str
    confidence: str
    status: str
    set_id: str
    version: str
    year: int | None = None


def event_footprint(inputs: Mapping[str, Any]) -> Result:
    """Return the answer of I1.event; never raises for what stands in the inputs."""
    return evaluate(OPERATION, dict(inputs), parameters=parameter_sets())


def event_factors(year: int) -> dict[str, Factor]:
    """Return every factor I1.event may use for an event in `year`, by key; electricity by its latest published year.

    A region without a factor up to that year is left out.
    """
    sets = parameter_sets()
    event, grid, fuel = sets.get("event"), sets.get("grid"), sets.get("fuel")
    found = []
    for name, item in event.value("items").items():
        key = ("items", name)
        found.append(
            _factor(event, key, f"item:{name}", item["unit"], item["source"], item["confidence"], in_tonnes=False)
        )
    for region, years in grid.value("factors").items():
        published = [int(one) for one in years if int(one) <= year]
        if published:
            latest = str(max(published))
            notes = grid.values.get("confidence_notes", {}).get(region, {})
            confidence = notes.get(latest, grid.values["confidence"])
            source = grid.values["source"]
            of_region = ("factors", region, latest)
            found.append(
                _factor(grid, of_region, f"grid:{region}", "kWh", source, confidence, in_tonnes=False, year=int(latest))
            )
    source, confidence = fuel.values["source"], fuel.values["confidence"]
    found.append(_factor(fuel, ("heat_t_co2_per_gj",), "heat", "GJ", source, confidence, in_tonnes=True))
    for name in fuel.value("t_co2_per_t"):
        found.append(_factor(fuel, ("t_co2_per_t", name), f"fuel:{name}", "t", source, confidence, in_tonnes=True))
    return {one.key: one for one in found}


def _factor(
    used: ParameterSet,
    key: tuple[str, ...],
    name: str,
    unit: str,
    source: str,
    confidence: str,
    *,
    in_tonnes: bool,
    year: int | None = None,
) -> Factor:
    return Factor(
        name,
        float(used.value(*key)),
        unit,
        in_tonnes,
        source,
        confidence,
        used.status(*key),
        used.set_id,
        used.version,
        year,
    )
