"""Every operation in one place, and the one way to call it. Source: conventions, sections 1 and 2."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from registry.rules.methodologies.outcome import ErrorCode, Refused, Result, Warn
from registry.rules.methodologies.parameters import ParameterSets, shipped
from registry.rules.methodologies.reading import Fields
from registry.rules.methodologies.run import Run

VERSION = "1.0.0"
_HERE = "registry.rules.methodologies"

# Operation, version -> module and function. A module is imported when one of its operations is first called.
OPERATIONS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("F1.tree", VERSION): ("f1_afforestation.tree", "tree"),
    ("F1.plot", VERSION): ("f1_afforestation.plot", "plot"),
    ("F1.exante", VERSION): ("f1_afforestation.exante", "exante"),
    ("F1.expost", VERSION): ("f1_afforestation.expost", "expost"),
    ("F1.soc", VERSION): ("f1_afforestation.soil", "soc"),
    ("F1.baseline_crown_cover", VERSION): ("f1_afforestation.baseline", "baseline_crown_cover"),
    ("F2.net", VERSION): ("f2_management", "net"),
    ("P1.plots_required", VERSION): ("p1_sampling", "plots_required"),
    ("P1.estimate", VERSION): ("p1_sampling", "estimate"),
    ("P1.change_paired", VERSION): ("p1_sampling", "change_paired"),
    ("P1.change_independent", VERSION): ("p1_sampling", "change_independent"),
    ("P1.discount", VERSION): ("p1_sampling", "discount"),
    ("B1.rating", VERSION): ("b1_buffer", "rating"),
    ("B1.withhold", VERSION): ("b1_buffer", "withhold"),
    ("G1.soc_tier1", VERSION): ("g1_grassland", "soc_tier1"),
    ("G1.soc_core", VERSION): ("g1_grassland", "soc_core"),
    ("G1.livestock", VERSION): ("g1_grassland", "livestock"),
    ("G1.stocking", VERSION): ("g1_grassland", "stocking"),
    ("G1.fertiliser", VERSION): ("g1_grassland", "fertiliser"),
    ("G1.net", VERSION): ("g1_grassland", "net"),
    ("W1.organic", VERSION): ("w1_wetland", "organic"),
    ("W1.mineral", VERSION): ("w1_wetland", "mineral"),
    ("S1.stock", VERSION): ("s1_sandland", "stock"),
    ("S1.change", VERSION): ("s1_sandland", "change"),
    ("T1.credit", VERSION): ("t1_single_tree", "credit"),
    ("D1.fire", VERSION): ("d1_disturbance", "fire"),
    ("D1.pest", VERSION): ("d1_disturbance", "pest"),
    ("D1.reversal", VERSION): ("d1_disturbance", "reversal"),
    ("I1.grid_factor", VERSION): ("i1_inclusion", "grid_factor"),
    ("I1.behaviour", VERSION): ("i1_inclusion", "behaviour"),
    ("I1.event", VERSION): ("i1_inclusion", "event"),
}

Function = Callable[[Fields, Run], dict[str, Any]]


def operations() -> list[str]:
    """Return the names of all operations, in the order of the catalogue."""
    return list(dict.fromkeys(operation for operation, _ in OPERATIONS))


def evaluate(
    operation: str,
    inputs: object,
    *,
    version: str = VERSION,
    parameter_versions: Mapping[str, Any] | None = None,
    parameters: ParameterSets | None = None,
) -> Result:
    """Return the answer of one operation. Never raises for what stands in the inputs.

    parameter_versions: which version of each set to use, for sets that shall not be the default.
    parameters:         the versions at hand; the sets shipped in the repository if left out.
    """
    run = Run(parameters or shipped())
    try:
        outputs = _calculate(operation, inputs, version, parameter_versions or {}, run)
    except Refused as refused:
        return Result(str(operation), str(version), {}, run.warnings, (), errors=refused.problems)
    return Result(operation, version, outputs, run.warnings, tuple(run.trace))


def _calculate(
    operation: str, inputs: object, version: str, parameter_versions: Mapping[str, Any], run: Run
) -> dict[str, Any]:
    function = _function(operation, version)
    run.parameters = run.parameters.choosing(parameter_versions)
    if not isinstance(inputs, Mapping):
        raise Refused.because(ErrorCode.REQUIRED if inputs is None else ErrorCode.TYPE, "inputs")
    fields = Fields(inputs)
    try:
        outputs = function(fields, run)
    except (OverflowError, ZeroDivisionError):
        # Each input is in its range, and together they leave the range of a double (1e300 ha of 1e300 t).
        raise Refused.because(ErrorCode.RANGE, "inputs") from None
    if not _is_finite(outputs):
        raise Refused.because(ErrorCode.RANGE, "inputs")
    for path in fields.unread():
        # Not refused, for the contract has no code for it; not silent, for a mistyped name changes a result.
        run.warn(Warn.UNKNOWN_FIELD)
        run.note(path, None, "", "not used: the specification names no such field")
    return outputs


def _function(operation: str, version: str) -> Function:
    if not any(operation == known for known, _ in OPERATIONS):
        raise Refused.because(ErrorCode.ENUM, "operation")
    if not isinstance(version, str) or (operation, version) not in OPERATIONS:
        raise Refused.because(ErrorCode.ENUM, "methodology_version")
    module, function = OPERATIONS[operation, version]
    found: Function = getattr(import_module(f"{_HERE}.{module}"), function)
    return found


def _is_finite(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_finite(one) for one in value.values())
    if isinstance(value, list):
        return all(_is_finite(one) for one in value)
    return not isinstance(value, float) or math.isfinite(value)
