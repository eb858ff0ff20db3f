"""The tonnes of the journeys' forest, calculated a second time and plainly, from the specification alone.

Written from methodologies F1 (tree, plot, ex-post), P1 (paired plots, tool14), B1 (flat buffer) and their conventions.
It imports nothing of the product, and its constants are copied from the printed tables, not from the product's files.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from tests.journeys.trees import Forest, Plot, Tree

# F1, table 4.2: kg of dry matter = a * (D^2 H)^b, of leaf, branch, stem and root. Table 4.1: the carbon in it.
WEIGHTS = {
    "BETULA": ((0.01175, 0.636), (0.02938, 0.663), (0.04152, 0.923), (0.02993, 0.767)),
    "LARIX": ((0.0078, 0.6701), (0.0213, 0.765), (0.0286, 0.9756), (0.0164, 0.904)),
}
CARBON = {"BETULA": 0.491, "LARIX": 0.521}
LEAST_DBH_CM = 5
CONFIDENCE = 0.90
# P1, table 3.5, tool14: up to this uncertainty, this share of the half-width is taken off.
TOOL14 = ((0.10, 0.0), (0.15, 0.25), (0.20, 0.50), (0.30, 0.75), (math.inf, 1.00))
BUFFER = 0.20


@dataclass(frozen=True)
class Tonnes:
    """What a period earns. `vintages` are (year, tonnes, buffer among them)."""

    change_tco2e: float
    uncertainty: float
    net_tco2e: float
    credits: int
    buffer: int
    vintages: list[tuple[int, int, int]]


def expected(forest: Forest, first: date, last: date) -> Tonnes:
    """Return the tonnes of a forest whose plots were measured twice, without other pools, baseline or leakage."""
    area = sum(forest.areas.values())
    mean = variance = 0.0
    count = 0
    for stratum, hectares in forest.areas.items():
        changes = [
            plot_tco2e_ha(one, forest.later) - plot_tco2e_ha(one, forest.earlier)
            for one in forest.plots
            if one.stratum == stratum
        ]
        weight, n = hectares / area, len(changes)
        average = sum(changes) / n
        mean += weight * average
        variance += weight**2 * sum((one - average) ** 2 for one in changes) / (n - 1) / n
        count += n
    half_width = student_t(CONFIDENCE, count - len(forest.areas)) * math.sqrt(variance)
    uncertainty = half_width / abs(mean)
    share = next(share for most, share in TOOL14 if round(uncertainty, 10) <= most)
    net = area * (mean - share * half_width)
    credits, buffer = math.floor(round(net, 9)), math.ceil(round(BUFFER * net, 9))
    return Tonnes(area * mean, uncertainty, net, credits, buffer, _vintages(first, last, credits, buffer))


def plot_tco2e_ha(plot: Plot, trees: list[Tree]) -> float:
    """Return the tonnes of CO2 that stand on a hectare like this plot."""
    hectares = plot.area_ha * (math.cos(math.radians(plot.slope_deg)) if plot.is_slope_measured else 1)
    return sum(tree_kgco2e(one) for one in trees if one.plot == plot.name) / 1000 / hectares


def tree_kgco2e(tree: Tree) -> float:
    """Return the kilograms of CO2 in one tree, root included; thin stems are not counted."""
    if tree.dbh_cm < LEAST_DBH_CM:
        return 0.0
    assert tree.height_m is not None
    size = tree.dbh_cm**2 * tree.height_m
    return sum(a * size**b for a, b in WEIGHTS[tree.species]) * CARBON[tree.species] * 44 / 12


def student_t(confidence: float, degrees: int) -> float:
    """Return the two-sided quantile, by halving. The probability is Abramowitz and Stegun's sum, 26.7.3 and 26.7.4."""

    def within(t: float) -> float:
        angle = math.atan(t / math.sqrt(degrees))
        sine, cosine = math.sin(angle), math.cos(angle)
        if degrees % 2 == 0:
            term, total = 1.0, 1.0
            for k in range(2, degrees, 2):
                term *= (k - 1) / k * cosine**2
                total += term
            return sine * total
        term = total = cosine if degrees > 1 else 0.0
        for k in range(3, degrees, 2):
            term *= (k - 1) / k * cosine**2
            total += term
        return 2 / math.pi * (angle + sine * total)

    low, high = 0.0, 1000.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle) < confidence else (low, middle)
    return (low + high) / 2


def _vintages(first: date, last: date, tonnes: int, buffer: int) -> list[tuple[int, int, int]]:
    """Return the tonnes of each calendar year by its days, and the buffer by the tonnes of the years."""
    days: dict[int, int] = {}
    day = first
    while day <= last:
        days[day.year] = days.get(day.year, 0) + 1
        day += timedelta(days=1)
    units = _shared(tonnes, list(days.values()))
    return list(zip(days, units, _shared(buffer, units), strict=True))


def _shared(total: int, weights: list[int]) -> list[int]:
    """Give the tonnes out by the largest remainder; of equal ones the earlier year comes first."""
    exact = [total * one / sum(weights) for one in weights]
    parts = [math.floor(one) for one in exact]
    while sum(parts) < total:
        rests = [round(one - part, 9) for one, part in zip(exact, parts, strict=True)]
        parts[rests.index(max(rests))] += 1
    return parts
