"""Growth curves: stem volume per hectare at an age. Project data; none is shipped. Source: F1, section 2."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from registry.rules.methodologies.outcome import ErrorCode
from registry.rules.methodologies.reading import Fields


def _richards(x: float, a: float, b: float, c: float) -> float:
    return a * (1 - math.exp(-b * x)) ** c


def _logistic(x: float, a: float, b: float, k: float) -> float:
    return a / (1 + b * math.exp(-k * x))


def _korf(x: float, a: float, b: float, c: float) -> float:
    return a * math.exp(-b / x**c)


# Form -> its function and the names of its parameters, all above 0.
FORMS: dict[str, tuple[Callable[[float, float, float, float], float], tuple[str, str, str]]] = {
    "richards": (_richards, ("a", "b", "c")),
    "logistic": (_logistic, ("a", "b", "k")),
    "korf": (_korf, ("a", "b", "c")),
}


@dataclass(frozen=True)
class Growth:
    """A growth curve. `parameters` of a form, or `points` (age, m3/ha) of a table."""

    form: str
    parameters: tuple[float, ...] = ()
    points: Sequence[tuple[float, float]] = ()

    def volume_m3_ha(self, age: float) -> float:
        """Return the stem volume at an age in years; nothing stands before the planting."""
        if age <= 0:
            return 0.0
        if self.form != "table":
            function, _ = FORMS[self.form]
            a, b, c = self.parameters
            return function(age, a, b, c)
        for (age1, volume1), (age2, volume2) in pairwise(self.points):
            if age <= age2:
                return volume1 + (volume2 - volume1) * (age - age1) / (age2 - age1)
        return self.points[-1][1]

    def is_extrapolated(self, age: float) -> bool:
        """Whether an age lies beyond the last point of the table."""
        return self.form == "table" and age > self.points[-1][0]


def read_growth(inputs: Fields) -> Growth:
    """Return the growth curve of a stratum; problems are recorded."""
    form = inputs.choice("form", (*FORMS, "table"))
    if form == "table":
        return Growth(form, points=_read_points(inputs))
    if not form:
        return Growth("")
    _, names = FORMS[form]
    return Growth(form, tuple(inputs.number(name, above=0) for name in names))


def _read_points(inputs: Fields) -> list[tuple[float, float]]:
    points = inputs.pairs("points")
    if any(age < 0 or volume < 0 for age, volume in points):
        inputs.problem(ErrorCode.RANGE, "points")
    if any(later[0] <= earlier[0] for earlier, later in pairwise(points)):
        inputs.problem(ErrorCode.PERIOD, "points")
    if points and points[0][0] > 0:
        points = [(0.0, 0.0), *points]
    return points
