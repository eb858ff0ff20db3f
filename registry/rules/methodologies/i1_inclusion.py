"""I1 1.0.0: carbon-inclusion behaviours and the footprint of an event. Source: I1-inclusion-events.md."""

from __future__ import annotations

import math
from typing import Any

from registry.rules.methodologies.numeric import ceil_units
from registry.rules.methodologies.outcome import ErrorCode, Refused, Warn
from registry.rules.methodologies.reading import Fields, unique_ids
from registry.rules.methodologies.run import Run

DEFAULT_REGION = "inner_mongolia"


def grid_factor(inputs: Fields, run: Run) -> dict[str, Any]:
    """I1.grid_factor: the emission factor of electricity in a region and year (section 2)."""
    region = _read_region(inputs, run)
    year = inputs.integer("year")
    inputs.refuse_problems()
    factor, factor_year = _grid_factor(region, year, run)
    return {"factor_kg_kwh": factor, "factor_year": factor_year}


def behaviour(inputs: Fields, run: Run) -> dict[str, Any]:
    """I1.behaviour: what residents avoided by what they did instead (section 3). A negative record counts 0."""
    records = inputs.items("records")
    ids = unique_ids(records)
    read = [
        (
            record.number("activity", least=0),
            _read_factor(record, "baseline", run),
            record.number("baseline_occupancy", 1.0, least=1, most=60),
            _read_factor(record, "actual", run),
            record.number("actual_occupancy", 1.0, least=1, most=60),
        )
        for record in records
    ]
    inputs.refuse_problems()

    rows: list[dict[str, Any]] = []
    for one, (activity, baseline, baseline_shared, actual, actual_shared) in zip(ids, read, strict=True):
        before, after = _factor(*baseline, run), _factor(*actual, run)
        reduction = activity * (before / baseline_shared - after / actual_shared)
        if reduction < 0:
            run.warn(Warn.NEGATIVE_CHANGE)
        run.note(f"reduction[{one}]", reduction, "kg CO2e", "I1 3")
        rows.append({"id": one, "reduction_kg": reduction, "counted_kg": max(0.0, reduction)})
    return {"records": rows, "total_kg": math.fsum(row["counted_kg"] for row in rows)}


def event(inputs: Fields, run: Run) -> dict[str, Any]:
    """I1.event: the footprint of a meeting, festival or exhibition, and the units that offset it (section 4)."""
    year = inputs.integer("year")
    region = _read_region(inputs, run)
    known = run.options("event", "items")
    activities = [
        (activity.text("category", "other"), activity.choice("item", known), activity.number("quantity", least=0))
        for activity in inputs.items("activities", may_be_empty=True, may_be_missing=True)
    ]
    electricity = inputs.number("electricity_kwh", 0.0, least=0)
    green = inputs.number("green_power_kwh", 0.0, least=0)
    if green > electricity:
        inputs.problem(ErrorCode.RANGE, "green_power_kwh")
    heat = inputs.number("heat_gj", 0.0, least=0)
    fuel_factors = run.options("fuel", "t_co2_per_t")
    fuels = [
        (fuel.choice("fuel", fuel_factors), fuel.number("tonnes", least=0))
        for fuel in inputs.items("fuels", may_be_empty=True, may_be_missing=True)
    ]
    inputs.refuse_problems()

    categories: dict[str, float] = {}
    lines = []
    for category, item, quantity in activities:
        emitted = quantity * _factor(item, None, run) / 1000
        lines.append({"item": item, "tco2e": emitted})
        categories[category] = categories.get(category, 0.0) + emitted
    # Without bought electricity no factor is needed, so that an event before the first published year is no error.
    bought = electricity - green
    power = bought * _grid_factor(region, year, run)[0] / 1000 if bought > 0 else 0.0
    warmth = heat * run.constant("EF_heat", "tCO2/GJ", "fuel", "heat_t_co2_per_gj") if heat > 0 else 0.0
    burnt = math.fsum(
        tonnes * run.constant(f"EF[{fuel}]", "tCO2/t", "fuel", "t_co2_per_t", fuel) for fuel, tonnes in fuels
    )
    for category, emitted in (("electricity", power), ("heat", warmth), ("fuel", burnt)):
        categories[category] = categories.get(category, 0.0) + emitted
    for category, emitted in categories.items():
        run.note(f"t[{category}]", emitted, "tCO2e", "I1 4")
    total = math.fsum(categories.values())
    run.note("total", total, "tCO2e", "I1 4")
    return {"by_category": categories, "total_tco2e": total, "units_required": ceil_units(total), "lines": lines}


def _read_region(inputs: Fields, run: Run) -> str:
    return inputs.choice("region", run.options("grid", "factors"), DEFAULT_REGION)


def _grid_factor(region: str, year: int, run: Run) -> tuple[float, int]:
    """Return the factor of the latest published year not after `year`, and that year. Raises Refused."""
    published = [int(known) for known in run.options("grid", "factors", region) if int(known) <= year]
    if not published:
        raise Refused.because(ErrorCode.PARAM_MISSING, "year")
    latest = max(published)
    if latest < year:
        run.warn(Warn.FACTOR_YEAR)
    return float(run.constant(f"grid[{region}]", "kg CO2/kWh", "grid", "factors", region, str(latest))), latest


def _read_factor(record: Fields, side: str, run: Run) -> tuple[str, float | None]:
    """Return the item, or the factor that is given instead of one; where both are given, the factor is used."""
    given = record.optional_number(f"ef_{side}", least=0)
    is_given = record.has(f"ef_{side}")
    if record.has(f"{side}_item") or not is_given:
        return record.choice(f"{side}_item", run.options("event", "items")), given
    return "", given


def _factor(item: str, given: float | None, run: Run) -> float:
    """Return kg CO2e per unit of activity."""
    return given if given is not None else float(run.constant(f"EF[{item}]", "kg CO2e", "event", "items", item))
