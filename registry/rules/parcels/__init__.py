"""Parcels: files read in a limited child, geometry checked before it is worked with, area on the ellipsoid, overlap."""

from registry.rules.parcels.geometry import (
    MU_PER_HA,
    Overlap,
    area_ha,
    bounds_of,
    generalised,
    is_outside,
    meet_too_often,
    overlap_ha,
)
from registry.rules.parcels.limits import Limits
from registry.rules.parcels.reading import ParcelProblem, ParcelShape, Survey, read_in_child

__all__ = [
    "MU_PER_HA",
    "Limits",
    "Overlap",
    "ParcelProblem",
    "ParcelShape",
    "Survey",
    "area_ha",
    "bounds_of",
    "generalised",
    "is_outside",
    "meet_too_often",
    "overlap_ha",
    "read_in_child",
]
