"""Geometry of parcels in EPSG:4490: what is wrong with a polygon and where, its area, what it shares with another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from registry.rules.parcels.limits import Limits

if TYPE_CHECKING:
    from pyproj import Geod
    from shapely import Geometry

MU_PER_HA = 15  # Exactly.
M2_PER_HA = 10_000
# The region with room around it: beyond it a longitude stands where a latitude should, or metres do.
LONGITUDES = (97.0, 127.0)
LATITUDES = (37.0, 54.0)
GENERAL_DEGREES = 0.002  # Some 200 m: what the public map shows of a border.
SMALLEST_RING = 4
MOST_MEETINGS = 200_000  # Of edges of two parcels; to find what they share then takes a second or two.
EDGES_AT_ONCE = 100

Ring = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Overlap:
    """Land that two parcels share."""

    parcel: str
    project: str
    shared_ha: float


@dataclass(frozen=True)
class Flaw:
    """What is wrong with a polygon: a reason of `REASONS`, and the place as text (vertices, coordinate)."""

    reason: str
    place: str


def polygons_of(geometry: Mapping[str, Any]) -> list[list[Ring]] | None:
    """Return the polygons of a GeoJSON geometry, each a list of rings; None for any other kind."""
    coordinates = geometry.get("coordinates")
    kind = geometry.get("type")
    found = [coordinates] if kind == "Polygon" else coordinates if kind == "MultiPolygon" else None
    if not isinstance(found, list) or not found:
        return None
    for polygon in found:
        if not isinstance(polygon, list) or not polygon:
            return None
        for ring in polygon:
            if not isinstance(ring, list) or not all(isinstance(one, list | tuple) and len(one) >= 2 for one in ring):
                return None
    return found


def flaw_of(polygons: Sequence[Sequence[Ring]], limits: Limits, *, in_region: bool = True) -> Flaw | None:
    """Return the first thing that is wrong with a parcel, cheapest checks first; None for a sound one."""
    count = 0
    for polygon in polygons:
        if len(polygon) - 1 > limits.holes:
            return Flaw("too_many_holes", f"{len(polygon) - 1} > {limits.holes}")
        for ring in polygon:
            count += len(ring)
            if len(ring) > limits.ring_vertices:
                return Flaw("too_many_vertices", f"{len(ring)} > {limits.ring_vertices}")
            if (flaw := _flaw_of_ring(ring, in_region=in_region)) is not None:
                return flaw
    if count > limits.vertices:
        return Flaw("too_many_vertices", f"{count} > {limits.vertices}")
    return _flaw_of_shape(polygons, limits)


def _flaw_of_ring(ring: Ring, *, in_region: bool) -> Flaw | None:
    for place, point in enumerate(ring, start=1):
        x, y = point[0], point[1]
        if not all(isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one) for one in (x, y)):
            return Flaw("not_a_number", f"#{place}")
        if not in_region:
            continue
        if not (LONGITUDES[0] <= x <= LONGITUDES[1] and LATITUDES[0] <= y <= LATITUDES[1]):
            is_swapped = LONGITUDES[0] <= y <= LONGITUDES[1] and LATITUDES[0] <= x <= LATITUDES[1]
            return Flaw("swapped" if is_swapped else "outside_region", f"#{place} {x:.6f}, {y:.6f}")
    if len(ring) < SMALLEST_RING:
        return Flaw("too_few_points", f"{len(ring)}")
    if tuple(ring[0][:2]) != tuple(ring[-1][:2]):
        return Flaw("open_ring", f"#1, #{len(ring)}")
    return None


def _flaw_of_shape(polygons: Sequence[Sequence[Ring]], limits: Limits) -> Flaw | None:
    import shapely
    from shapely.geometry import Point

    shape = _shape(polygons)
    if not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        name, _, where = reason.partition("[")
        x, _, y = where.rstrip("]").partition(" ")
        if "Self-intersection" in name:
            return Flaw("self_crossing", _near(polygons, float(x), float(y), Point))
        return Flaw("not_simple", f"{name.strip()} {x}, {y}")
    area_m2, length_m = _area_and_length(shape)
    if area_m2 <= 0 or 2 * area_m2 / length_m < limits.sliver_m:
        return Flaw("sliver", f"{area_m2:.1f} m²")
    return None


def _near(polygons: Sequence[Sequence[Ring]], x: float, y: float, point: Any) -> str:
    """Return the two edges that meet at a crossing, by the number of their first vertices, and the coordinate."""
    from shapely.geometry import LineString

    here = point(x, y)
    edges = sorted(
        (LineString([ring[place][:2], ring[place + 1][:2]]).distance(here), place + 1)
        for polygon in polygons
        for ring in polygon
        for place in range(len(ring) - 1)
        if tuple(ring[place][:2]) != tuple(ring[place + 1][:2])
    )[:2]
    numbers = "–".join(f"#{place}" for _, place in sorted(edges, key=lambda one: one[1]))
    return f"{numbers} {x:.6f}, {y:.6f}"


def _shape(polygons: Sequence[Sequence[Ring]]) -> Geometry:
    from shapely.geometry import MultiPolygon, Polygon

    parts = [Polygon([p[:2] for p in one[0]], [[p[:2] for p in hole] for hole in one[1:]]) for one in polygons]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


@cache
def _ellipsoid() -> Geod:
    from pyproj import Geod

    return Geod(ellps="GRS80")


def _area_and_length(shape: Geometry) -> tuple[float, float]:
    """Return m² and m on the ellipsoid. Rings are turned first: a hole must run against its shell to be taken off."""
    from shapely.geometry import Polygon
    from shapely.geometry.polygon import orient

    area = length = 0.0
    for part in getattr(shape, "geoms", [shape]):
        if isinstance(part, Polygon) and not part.is_empty:
            part_area, part_length = _ellipsoid().geometry_area_perimeter(orient(part))
            area, length = area + abs(part_area), length + part_length
    return area, length


def area_ha(geometry: Mapping[str, Any]) -> float:
    """Return the area of a GeoJSON (Multi)Polygon in EPSG:4490 on the ellipsoid GRS80, in hectares."""
    from shapely.geometry import shape

    return _area_and_length(shape(geometry))[0] / M2_PER_HA


def bounds_of(geometry: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """Return west, south, east, north in degrees."""
    from shapely.geometry import shape

    return tuple(shape(geometry).bounds)


def meet_too_often(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Return whether two borders may cross so often that their shared area would take minutes to find.

    Counted by the boxes of their edges, which takes a moment. Two combs of 2,400 points each cross millions of times
    and took 46 s; borders of real land that run along each other meet some thousands of times.
    """
    import shapely
    from shapely.geometry import shape

    one, other = shape(first), shape(second)
    if shapely.get_num_coordinates(one) * shapely.get_num_coordinates(other) <= MOST_MEETINGS:
        return False
    tree, edges, count = shapely.STRtree(_edges(other)), _edges(one), 0
    for start in range(0, len(edges), EDGES_AT_ONCE):
        count += tree.query(edges[start : start + EDGES_AT_ONCE]).shape[1]
        if count > MOST_MEETINGS:
            return True
    return False


def _edges(geometry: Geometry) -> Any:
    import numpy
    import shapely

    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(geometry))]
    return shapely.linestrings(numpy.concatenate([numpy.stack([ring[:-1], ring[1:]], axis=1) for ring in rings]))


def overlap_ha(first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
    """Return the area two parcels share, in hectares; 0 where they only touch."""
    from shapely.geometry import shape

    return _area_and_length(shape(first).intersection(shape(second)))[0] / M2_PER_HA


def is_outside(geometry: Mapping[str, Any], outline: Mapping[str, Any], *, tolerance_ha: float) -> bool:
    """Return whether more of a parcel than the tolerance lies outside its banner."""
    from shapely.geometry import shape

    return _area_and_length(shape(geometry).difference(shape(outline)))[0] / M2_PER_HA > tolerance_ha


def generalised(geometry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parcel as the public may see it: its border simplified, coordinates of two decimals."""
    from shapely import set_precision
    from shapely.geometry import mapping, shape

    simple = shape(geometry).simplify(GENERAL_DEGREES)
    rounded = set_precision(simple, 0.001)
    return dict(mapping(simple if rounded.is_empty else rounded))
