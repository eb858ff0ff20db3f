"""Numeric rules that every methodology shares. Source: conventions, section 3."""

import math

CARBON_TO_CO2 = 44 / 12
CH4_CARBON_TO_CH4 = 16 / 12
N2O_NITROGEN_TO_N2O = 44 / 28
# Below this a variance is binary noise and counts as exactly zero.
VARIANCE_NOISE = 1e-18


def floor_units(amount: float) -> int:
    """Return the whole units in `amount`: 9.999999999999 is 10. Raises OverflowError when it is not finite."""
    return math.floor(_without_noise(amount))


def ceil_units(amount: float) -> int:
    """Return the whole units that cover `amount`: 10.000000000001 is 10. Raises OverflowError when not finite."""
    return math.ceil(_without_noise(amount))


def _without_noise(amount: float) -> float:
    if not math.isfinite(amount):
        raise OverflowError("no whole units in a number that is not finite")
    return round(amount, 9)


def class_boundary(uncertainty: float) -> float:
    """Return the value that is compared with class boundaries, so that a boundary belongs to the lower class."""
    return round(uncertainty, 10)


def student_t(confidence: float, degrees_of_freedom: int) -> float:
    """Return the exact two-sided quantile of Student's t."""
    from scipy.special import stdtrit  # Half a second: only who needs a quantile pays for it.

    return float(stdtrit(degrees_of_freedom, (1 + confidence) / 2))


def mean_and_variance(values: list[float]) -> tuple[float, float]:
    """Return mean and sample variance of at least two values; noise is exactly zero.

    The deviations are squared and not the values: the same figure as the specification's formula in exact
    arithmetic, without its cancellation when the values are large and close together.
    """
    mean = math.fsum(values) / len(values)
    if min(values) == max(values):
        return values[0], 0.0
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, without_variance_noise(variance)


def without_variance_noise(variance: float) -> float:
    """Return 0 for what is below the noise floor."""
    return 0.0 if variance < VARIANCE_NOISE else variance
