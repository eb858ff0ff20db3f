"""From an uploaded file to sound parcels with their areas, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from accounts.rules.child import ParserFailed, run_limited
from registry.rules.parcels import files
from registry.rules.parcels.geometry import area_ha, flaw_of, polygons_of
from registry.rules.parcels.limits import Limits

# Message ids of what is wrong with a polygon; the edges translate them.
REASONS: Mapping[str, str] = {
    "no_geometry": "it has no polygon",
    "too_many_holes": "it has too many holes",
    "too_many_vertices": "it has too many vertices",
    "not_a_number": "a coordinate is not a number",
    "outside_region": "it lies outside the region",
    "swapped": "longitude and latitude are exchanged",
    "too_few_points": "a ring has too few points",
    "open_ring": "a ring is not closed",
    "self_crossing": "its border crosses itself",
    "not_simple": "its border is not simple",
    "sliver": "it is a sliver and no land",
    "too_intricate": "its border is too intricate to be compared with its neighbours",
}


@dataclass(frozen=True)
class ParcelShape:
    """A sound parcel of a file: GeoJSON in EPSG:4490 and its area on the ellipsoid."""

    number: int
    name: str
    geometry: dict[str, Any]
    area_ha: float


@dataclass(frozen=True)
class ParcelProblem:
    """Why a file or a parcel is refused: the code of the refusal, a reason, and the place. `number` 0 is the file."""

    code: str
    number: int
    reason: str
    place: str = ""


@dataclass(frozen=True)
class Survey:
    """What a file holds. There are parcels only where there is no problem."""

    parcels: tuple[ParcelShape, ...]
    problems: tuple[ParcelProblem, ...]
    epsg: int | None
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Survey:
        return cls(
            tuple(ParcelShape(**one) for one in document["parcels"]),
            tuple(ParcelProblem(**one) for one in document["problems"]),
            document["epsg"],
            tuple(document["notes"]),
        )


def read_in_child(path: Path | str, *, limits: Limits | None = None, in_region: bool = True) -> Survey:
    """Return what a parcel file holds, read with little memory and time. Never raises for what stands in it."""
    limits = limits or Limits()
    try:
        answer = run_limited(
            "registry.rules.parcels",
            Path(path).resolve(),
            memory_mib=limits.memory_mib,
            seconds=limits.seconds,
            arguments=["region" if in_region else "anywhere"],
        )
    except ParserFailed as failure:
        reason = {"memory": "it needs too much memory", "time": "it takes too long", "crash": "it is broken"}
        return Survey((), (ParcelProblem("file_rejected", 0, reason[failure.reason]),), None, ())
    return Survey.from_json(answer)


def read_survey(path: Path, *, limits: Limits, in_region: bool) -> Survey:
    """Return what a parcel file holds, read here: for the child."""
    try:
        source = files.read(path, limits)
    except files.Unreadable as refused:
        return Survey((), (ParcelProblem(refused.code, 0, refused.reason),), None, ())
    if len(source.shapes) > limits.parcels:
        problem = ParcelProblem("file_rejected", 0, f"{len(source.shapes)} > {limits.parcels}")
        return Survey((), (problem,), source.epsg, ())
    parcels, problems = [], []
    for number, (name, geometry) in enumerate(source.shapes, start=1):
        polygons = polygons_of(geometry) if geometry else None
        if polygons is None:
            problems.append(ParcelProblem("geometry_invalid", number, "no_geometry", name))
            continue
        flaw = flaw_of(polygons, limits, in_region=in_region)
        if flaw is not None:
            problems.append(ParcelProblem("geometry_invalid", number, flaw.reason, flaw.place))
            continue
        flat = [[[list(point[:2]) for point in ring] for ring in polygon] for polygon in polygons]
        plain = (
            {"type": "Polygon", "coordinates": flat[0]}
            if len(flat) == 1
            else {"type": "MultiPolygon", "coordinates": flat}
        )
        parcels.append(ParcelShape(number, name or f"#{number}", plain, area_ha(plain)))
    if problems:
        parcels = []
    return Survey(tuple(parcels), tuple(problems), source.epsg, tuple(source.notes))
