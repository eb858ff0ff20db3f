"""Plot figures of a forest inventory from diameters alone: what a tree list says before any biomass model.

Used to compare an imported tree list with the figures its surveyor states. Source: forest mensuration; a stem's basal
area is the circle at breast height.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CM2_OF_A_M2 = 10_000


@dataclass(frozen=True)
class StandFigures:
    """One plot, per hectare. The mean diameters are None where no tree stands."""

    stems: int
    stems_per_ha: float
    basal_area_m2_ha: float
    quadratic_mean_dbh_cm: float | None
    basal_area_weighted_mean_dbh_cm: float | None


def basal_area_m2(dbh_cm: float) -> float:
    """Return the area of a stem at breast height."""
    return math.pi * dbh_cm**2 / 4 / CM2_OF_A_M2


def stand_figures(diameters_cm: Sequence[float], area_ha: float) -> StandFigures:
    """Return the figures of a plot with a fixed area. Plots of a variable radius have no area to divide by.

    Raises ValueError for an area or a diameter that is not above 0.
    """
    if not area_ha > 0 or not all(dbh > 0 for dbh in diameters_cm):
        raise ValueError("an area and diameters above 0 are expected")
    areas = [basal_area_m2(dbh) for dbh in diameters_cm]
    total = math.fsum(areas)
    stems = len(areas)
    return StandFigures(
        stems=stems,
        stems_per_ha=stems / area_ha,
        basal_area_m2_ha=total / area_ha,
        quadratic_mean_dbh_cm=math.sqrt(math.fsum(dbh**2 for dbh in diameters_cm) / stems) if stems else None,
        basal_area_weighted_mean_dbh_cm=(
            math.fsum(area * dbh for area, dbh in zip(areas, diameters_cm, strict=True)) / total if stems else None
        ),
    )
