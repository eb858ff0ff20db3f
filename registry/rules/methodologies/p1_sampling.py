"""P1 1.0.0: sampling design, stratified estimates and their uncertainty, conservative discounts.

Source: P1-sampling.md. Sampling error only; 90 % confidence unless the inputs say otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry.rules.methodologies.numeric import (
    ceil_units,
    class_boundary,
    mean_and_variance,
    student_t,
    without_variance_noise,
)
from registry.rules.methodologies.outcome import ErrorCode, Refused, Warn
from registry.rules.methodologies.reading import Fields, unique_ids
from registry.rules.methodologies.run import Run

DEFAULT_CONFIDENCE = 0.90  # P1, section 2.
MEAN_IS_ZERO = 1e-12  # P1, 3.2: below this a relative uncertainty says nothing.
ROLES = ("project", "baseline")


@dataclass(frozen=True)
class Stratum:
    """What the plots of one stratum say, per hectare."""

    id: str
    area_ha: float
    n: int
    mean: float
    variance: float


@dataclass(frozen=True)
class Estimate:
    """A stratified mean and its uncertainty (P1, 3.2)."""

    area_ha: float
    strata: tuple[Stratum, ...]
    degrees_of_freedom: int
    t_value: float
    mean_per_ha: float
    half_width_per_ha: float
    uncertainty: float

    @property
    def total(self) -> float:
        return self.area_ha * self.mean_per_ha


@dataclass(frozen=True)
class Discount:
    """What an uncertainty costs (P1, 3.5). `amount` is in the unit of the discounted value and never negative."""

    rate: float
    amount: float
    conservative: float


def plots_required(inputs: Fields, run: Run) -> dict[str, Any]:
    """P1.plots_required: the number of plots and their allocation to the strata (3.1)."""
    strata = inputs.items("strata")
    ids = unique_ids(strata)
    areas = [stratum.number("area_ha", above=0) for stratum in strata]
    means = [stratum.number("mean") for stratum in strata]
    deviations = [stratum.number("sd", least=0) for stratum in strata]
    plot_area = inputs.number("plot_area_ha", above=0, most=10)
    relative_error = inputs.optional_number("relative_error", above=0, most=1)
    absolute_error = inputs.optional_number("allowed_error_abs", above=0)
    t_value = inputs.optional_number("t_value", above=0)
    finite_population = inputs.flag("finite_population", True)
    minimum = inputs.integer("min_plots_per_stratum", least=1) if inputs.has("min_plots_per_stratum") else None
    inputs.number("confidence", DEFAULT_CONFIDENCE, least=0.5, most=0.999)
    inputs.refuse_problems()

    if t_value is None:
        t_value = run.constant("t", "", "sampling", "t_infinite_90")
    if minimum is None:
        minimum = run.constant("min_plots", "plots", "sampling", "min_plots_per_stratum")
    area = math.fsum(areas)
    run.note("A", area, "ha", "P1 3.1")
    weights = [one / area for one in areas]
    population = area / plot_area
    run.note("N", population, "plots", "P1 3.1")
    mean = math.fsum(weight * one for weight, one in zip(weights, means, strict=True))
    run.note("mean", mean, "per ha", "P1 3.1")
    if absolute_error is not None:
        error = absolute_error
    else:
        if relative_error is None:
            relative_error = run.constant("relative_error", "", "sampling", "relative_error")
        error = relative_error * mean
    run.note("E", error, "per ha", "P1 3.1")
    if error <= 0:
        raise Refused.because(ErrorCode.ZERO_MEAN, "strata.mean")

    spread = math.fsum(weight * one for weight, one in zip(weights, deviations, strict=True))
    spread_of_squares = math.fsum(weight * one**2 for weight, one in zip(weights, deviations, strict=True))
    run.note("sum_w_s", spread, "per ha", "P1 3.1")
    run.note("sum_w_s2", spread_of_squares, "per ha squared", "P1 3.1")
    if finite_population:
        n = population * t_value**2 * spread**2 / (population * error**2 + t_value**2 * spread_of_squares)
    else:
        n = (t_value / error) ** 2 * spread**2
    run.note("n", n, "plots", "P1 3.1")

    allocation = []
    for one, weight, deviation in zip(ids, weights, deviations, strict=True):
        raw = n * weight * deviation / spread if spread > 0 else 0.0
        run.note(f"n_raw[{one}]", raw, "plots", "P1 3.1")
        allocation.append({"id": one, "n_raw": raw, "n": max(minimum, ceil_units(raw))})
    return {
        "population_plots": population,
        "mean": mean,
        "allowed_error": error,
        "n_raw": n,
        "n_required": ceil_units(n),
        "allocation": allocation,
        "n_allocated": sum(row["n"] for row in allocation),
    }


def estimate(inputs: Fields, run: Run) -> dict[str, Any]:
    """P1.estimate: a stratified mean from plots (3.2)."""
    return _estimated(inputs, run, paired=False)


def change_paired(inputs: Fields, run: Run) -> dict[str, Any]:
    """P1.change_paired: a stratified mean change from plots that were measured twice (3.3)."""
    return _estimated(inputs, run, paired=True)


def change_independent(inputs: Fields, run: Run) -> dict[str, Any]:
    """P1.change_independent: the change between two estimates that share no plots (3.4)."""
    totals = []
    for name in ("stock_t1", "stock_t2"):
        stock = inputs.part(name)
        totals.append((stock.number("total"), stock.number("uncertainty", least=0)))
    scheme, role = read_scheme(inputs, run)
    inputs.refuse_problems()
    (first, first_u), (second, second_u) = totals
    change, half_width, uncertainty = independent_change(first, first_u, second, second_u, run, field="stock_t2")
    discounted = discount_of(change, uncertainty, scheme, role, run, field="stock_t2.uncertainty")
    return {
        "change": change,
        "half_width": half_width,
        "uncertainty": uncertainty,
        "discount_rate": discounted.rate,
        "discount": discounted.amount,
        "conservative_change": discounted.conservative,
    }


def discount(inputs: Fields, run: Run) -> dict[str, Any]:
    """P1.discount: the discount of one value (3.5)."""
    value = inputs.number("value")
    uncertainty = inputs.number("uncertainty", least=0)
    scheme, role = read_scheme(inputs, run)
    inputs.refuse_problems()
    discounted = discount_of(value, uncertainty, scheme, role, run, field="uncertainty")
    return {
        "discount_rate": discounted.rate,
        "discount": discounted.amount,
        "conservative_value": discounted.conservative,
    }


# What other methodologies use.


def read_scheme(inputs: Fields, run: Run, *, default: str = "tool14") -> tuple[str, str]:
    """Return the discount scheme and the role that the inputs name."""
    scheme = inputs.choice("scheme", run.options("discount", "schemes"), default)
    return scheme, inputs.choice("role", ROLES, "project")


def read_strata(strata: Sequence[Fields], *, paired: bool) -> list[Stratum]:
    """Return the strata of an estimate, or of a change: from plots or pairs, or from `mean`, `sd` and `n`.

    Problems are recorded with the fields; a stratum with one is not among those returned.
    """
    ids = unique_ids(strata)
    found = [_stratum(one, fields, paired=paired) for one, fields in zip(ids, strata, strict=True)]
    return [stratum for stratum in found if stratum is not None]


def read_control(one: str, area_ha: float, fields: Fields) -> list[Stratum]:
    """Return the control plots of a stratum, with the project's area as their weight; nothing after a problem."""
    found = _measured(one, area_ha, fields, paired=True)
    return [] if found is None else [found]


def stratified(
    strata: Sequence[Stratum],
    run: Run,
    *,
    confidence: float = DEFAULT_CONFIDENCE,
    field: str = "strata",
    name: str = "",
) -> Estimate:
    """Return the stratified mean and its uncertainty (3.2).

    name: begins the symbols in the trace, where one operation makes several estimates.
    Raises Refused (E_ZERO_MEAN) of `field`.
    """
    area = math.fsum(stratum.area_ha for stratum in strata)
    run.note(f"{name}A", area, "ha", "P1 3.2")
    means, variances = [], []
    for stratum in strata:
        weight = stratum.area_ha / area
        means.append(weight * stratum.mean)
        variances.append(weight**2 * stratum.variance / stratum.n)
        run.note(f"{name}w[{stratum.id}]", weight, "", "P1 3.1")
        run.note(f"{name}mean[{stratum.id}]", stratum.mean, "per ha", "P1 3.2")
        run.note(f"{name}s2[{stratum.id}]", stratum.variance, "per ha squared", "P1 3.2")
        if stratum.n == 2:
            run.warn(Warn.SMALL_SAMPLE)
    mean = math.fsum(means)
    freedom = sum(stratum.n for stratum in strata) - len(strata)
    t_value = student_t(confidence, freedom)
    half_width = t_value * math.sqrt(math.fsum(variances))
    if all(stratum.variance == 0 for stratum in strata):
        uncertainty = half_width = 0.0
    elif abs(mean) < MEAN_IS_ZERO:
        raise Refused.because(ErrorCode.ZERO_MEAN, field)
    else:
        uncertainty = half_width / abs(mean)
    run.note(f"{name}b", mean, "per ha", "P1 3.2")
    run.note(f"{name}df", freedom, "", "P1 3.2")
    run.note(f"{name}t", t_value, "", "P1 3.2")
    run.note(f"{name}hw", half_width, "per ha", "P1 3.2")
    run.note(f"{name}U", uncertainty, "", "P1 3.2")
    return Estimate(area, tuple(strata), freedom, t_value, mean, half_width, uncertainty)


def independent_change(
    first: float, first_uncertainty: float, second: float, second_uncertainty: float, run: Run, *, field: str
) -> tuple[float, float, float]:
    """Return change, half-width and relative uncertainty (3.4). `first` is undiscounted. Raises Refused of `field`."""
    change = second - first
    half_width = math.hypot(first_uncertainty * first, second_uncertainty * second)
    if half_width == 0:
        uncertainty = 0.0
    elif abs(change) < MEAN_IS_ZERO:
        raise Refused.because(ErrorCode.ZERO_MEAN, field)
    else:
        uncertainty = half_width / abs(change)
    run.note("delta_C", change, "tCO2e", "P1 3.4")
    run.note("hw_change", half_width, "tCO2e", "P1 3.4")
    run.note("U_change", uncertainty, "", "P1 3.4")
    return change, half_width, uncertainty


def discount_of(
    value: float, uncertainty: float, scheme: str, role: str, run: Run, *, field: str, name: str = ""
) -> Discount:
    """Return the discount of a value (3.5), against the project: a gain shrinks, a baseline's gain grows.

    Raises Refused (E_UNCERTAINTY) of `field` above the ceiling of a scheme that has one.
    """
    kind = str(run.constant("discount_kind", "", "discount", "schemes", scheme, "kind"))
    rate = _rate(uncertainty, scheme, kind, run)
    if rate is None:
        raise Refused.because(ErrorCode.UNCERTAINTY, field)
    amount = rate * uncertainty * abs(value) if kind == "share_of_half_width" else rate * abs(value)
    sign = 1 if role == "project" else -1
    conservative = value - sign * amount
    if rate > 0:
        run.warn(Warn.DISCOUNT_APPLIED)
    run.note(f"{name}discount_rate", rate, "", "P1 3.5")
    run.note(f"{name}discount", amount, "unit of the value", "P1 3.5")
    run.note(f"{name}X_conservative", conservative, "unit of the value", "P1 3.5")
    return Discount(rate, amount, conservative)


# Inside.


def _estimated(inputs: Fields, run: Run, *, paired: bool) -> dict[str, Any]:
    strata = read_strata(inputs.items("strata"), paired=paired)
    confidence = inputs.number("confidence", DEFAULT_CONFIDENCE, least=0.5, most=0.999)
    scheme, role = read_scheme(inputs, run)
    inputs.refuse_problems()
    run.note("confidence", confidence, "", "input, default P1 2")
    found = stratified(strata, run, confidence=confidence)
    discounted = discount_of(found.mean_per_ha, found.uncertainty, scheme, role, run, field="strata")
    return {
        "area_ha": found.area_ha,
        "strata_count": len(strata),
        "plot_count": sum(stratum.n for stratum in strata),
        "degrees_of_freedom": found.degrees_of_freedom,
        "t_value": found.t_value,
        "mean_per_ha": found.mean_per_ha,
        "half_width_per_ha": found.half_width_per_ha,
        "uncertainty": found.uncertainty,
        "discount_rate": discounted.rate,
        "discount_per_ha": discounted.amount,
        "conservative_mean_per_ha": discounted.conservative,
        "total": found.total,
        "conservative_total": found.area_ha * discounted.conservative,
        "strata": [
            {
                "id": stratum.id,
                "weight": stratum.area_ha / found.area_ha,
                "n": stratum.n,
                "mean": stratum.mean,
                "variance": stratum.variance,
            }
            for stratum in strata
        ],
    }


def _rate(uncertainty: float, scheme: str, kind: str, run: Run) -> float | None:
    """Return the rate of the class an uncertainty falls into; None above a ceiling."""
    compared = class_boundary(uncertainty)
    if kind == "none":
        return 0.0
    if kind == "excess_over_threshold":
        threshold = run.constant("threshold", "", "discount", "schemes", scheme, "threshold")
        return float(max(0.0, uncertainty - threshold)) if compared > threshold else 0.0
    for bound, rate in run.constant("bands", "", "discount", "schemes", scheme, "bands"):
        if bound is None or compared <= bound:
            return float(rate)
    return None


def _stratum(one: str, fields: Fields, *, paired: bool) -> Stratum | None:
    return _measured(one, fields.number("area_ha", above=0), fields, paired=paired)


def _measured(one: str, area: float, fields: Fields, *, paired: bool) -> Stratum | None:
    name = "pairs" if paired else "plots"
    summarised = [fields.has("mean"), fields.has("sd"), fields.has("n")]
    if any(summarised) and not fields.has(name):
        return _summarised(one, area, fields)
    if paired:
        values = [second - first for first, second in fields.pairs(name)]
    else:
        values = fields.numbers(name, least=0)
    if len(values) == 1:
        fields.problem(ErrorCode.SAMPLE_SIZE, name)
    if len(values) < 2:
        return None
    mean, variance = mean_and_variance(values)
    return Stratum(one, area, len(values), mean, variance)


def _summarised(one: str, area: float, fields: Fields) -> Stratum | None:
    mean = fields.number("mean")
    deviation = fields.number("sd", least=0)
    n = fields.integer("n", least=0)
    if n in (0, 1):
        fields.problem(ErrorCode.SAMPLE_SIZE, "n")
    if n < 2:
        return None
    return Stratum(one, area, n, mean, without_variance_noise(deviation**2))
