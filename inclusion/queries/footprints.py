"""Footprints of events, as calculated and as shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop as _

from accounts.errors import FieldProblem
from inclusion import rules
from inclusion.errors import FootprintRefused
from inclusion.models import Footprint, OffsetQuote
from inclusion.rules import Line
from registry.queries.footprints import Factor, event_factors, event_footprint

REASONS = {
    "E_REQUIRED": _("This field is needed."),
    "E_TYPE": _("A finite number is expected."),
    "E_RANGE": _("The value is outside of what may stand here."),
    "E_ENUM": _("This is none of the values that may stand here."),
    "E_PARAM_MISSING": _("No emission factor has been published for this year or before it."),
}
GREEN_ABOVE_ALL = _("Green electricity cannot be more than all electricity.")
OTHER_REASON = _("The methodology does not take this value.")


@dataclass(frozen=True)
class NamedLine:
    """One source of a footprint with its factor."""

    line: Line
    factor: Factor | None


@dataclass(frozen=True)
class FootprintView:
    """A footprint as shown: t CO2e, its sources with their factors, what it leaves out, and what to know of it."""

    total_tco2e: float
    units_required: int
    by_category: Mapping[str, float]
    lines: tuple[NamedLine, ...]
    warnings: tuple[str, ...]
    not_counted: tuple[str, ...]
    methodology_version: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    trace: tuple[Mapping[str, Any], ...]


def calculated(inputs: Mapping[str, Any]) -> FootprintView:
    """Return the footprint of I1.event's inputs. Raises FootprintRefused with every field that is wrong."""
    result = event_footprint(inputs)
    if not result.is_ok:
        raise FootprintRefused(problems=problems_of(result.errors))
    return _view(inputs, result.outputs, result.warnings, result.trace, result.methodology_version)


def problems_of(errors: Sequence[Any]) -> list[FieldProblem]:
    """Return what the methodology refuses, field by field, with the place ("activities[2].quantity") as the field."""
    return [
        FieldProblem(
            field=one.path,
            code=one.code.value,
            message=GREEN_ABOVE_ALL
            if one.path == "green_power_kwh" and one.code == "E_RANGE"
            else REASONS.get(one.code.value, OTHER_REASON),
            found={},
        )
        for one in errors
    ]


def factors(year: int) -> dict[str, Factor]:
    """Return the factors for an event in a year, by key."""
    return event_factors(year)


def footprint_of(quote: OffsetQuote) -> FootprintView | None:
    """Return the stored footprint that a quote is for, None where tonnes were asked for directly."""
    return None if quote.footprint is None else view_of_footprint(quote.footprint)


def view_of_footprint(row: Footprint) -> FootprintView:
    """Return a stored footprint as shown, on the factors it was calculated with."""
    return _view(row.inputs, row.outputs, row.warnings, row.trace, row.methodology_version)


def _view(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    warnings: Sequence[str],
    trace: Sequence[Mapping[str, Any]],
    version: str,
) -> FootprintView:
    used = _used(trace)
    known = event_factors(int(inputs["year"]))
    fuel_factors = {key.removeprefix("fuel:"): value for key, value in used.items() if key.startswith("fuel:")}
    lines = [
        NamedLine(line, _as_used(known.get(line.factor), used.get(line.factor)))
        for line in rules.lines_of(inputs, outputs, fuel_factors)
    ]
    return FootprintView(
        outputs["total_tco2e"],
        outputs["units_required"],
        {name: value for name, value in outputs["by_category"].items() if value},
        tuple(lines),
        tuple(warnings),
        tuple(rules.not_counted(inputs)),
        version,
        inputs,
        outputs,
        tuple(trace),
    )


def _used(trace: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the factors a calculation used, by our keys."""
    found = {}
    for step in trace:
        source = step["source"]
        if not isinstance(source, Mapping):
            continue
        parts = source["key"].split(".")
        if source["set_id"] == "event":
            found[f"item:{parts[1]}"] = step["value"]
        elif source["set_id"] == "grid":
            found[f"grid:{parts[1]}"] = step["value"]
        elif parts[0] == "heat_t_co2_per_gj":
            found["heat"] = step["value"]
        else:
            found[f"fuel:{parts[1]}"] = step["value"]
    return found


def _as_used(factor: Factor | None, value: float | None) -> Factor | None:
    """Return a factor as a calculation used it: its value may have been published anew since."""
    if factor is None or value is None or value == factor.value:
        return factor
    return Factor(**{**factor.__dict__, "value": value})
