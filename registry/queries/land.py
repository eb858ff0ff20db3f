from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.rules import Actor
from registry.errors import GeometryInvalid, RecordNotThere
from registry.models import Parcel, Project
from registry.rules.parcels import MU_PER_HA, Overlap, bounds_of, generalised, meet_too_often, overlap_ha
from registry.rules.parcels.reading import REASONS


def parcels_of(row: Project) -> QuerySet[Parcel]:
    """Return the parcels of a case, oldest first."""
    return Parcel.objects.filter(project=row, is_removed=False).order_by("pk")


def undecided_borders(row: Project) -> QuerySet[Parcel]:
    """Return the parcels of a case across their banner's border that nobody has decided on yet."""
    return parcels_of(row).filter(is_outside_banner=True, border_decision__isnull=True)


def parcels_visible_to(actor: Actor, *, project_id: int | None = None) -> QuerySet[Parcel]:
    """Return the parcels of the cases an actor may see, newest first, those of one case if asked."""
    rows = Parcel.objects.visible_to(actor).filter(is_removed=False).order_by("-pk")
    return rows if project_id is None else rows.filter(project_id=project_id)


def parcel(actor: Actor, parcel_id: int) -> Parcel:
    """Return a parcel of a case the actor may see, a removed one too. Raises RecordNotThere."""
    row = Parcel.objects.visible_to(actor).filter(pk=parcel_id).first()
    if row is None:
        raise RecordNotThere
    return row


def live_neighbours(geometry: Mapping[str, Any], project_id: int) -> list[Parcel]:
    """Return the live parcels of other projects whose boxes meet this one's, through the GiST index."""
    west, south, east, north = bounds_of(geometry)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM registry_parcel WHERE is_live AND project_id <> %s"
            " AND box(point(east, north), point(west, south)) && box(point(%s, %s), point(%s, %s))",
            [project_id, east, north, west, south],
        )
        ids = [row[0] for row in cursor.fetchall()]
    return list(Parcel.objects.select_related("project").filter(pk__in=ids).order_by("pk"))


def overlaps_of(shapes: Iterable[tuple[str, Mapping[str, Any]]], project_id: int, tolerance_ha: float) -> list[Overlap]:
    """Return where shapes share more land than the tolerance with live parcels of other projects."""
    found = []
    for name, geometry in shapes:
        for other in live_neighbours(geometry, project_id):
            shared = shared_ha(name, geometry, other.geometry)
            if shared > tolerance_ha:
                found.append(Overlap(name, other.project.code, shared))
    return found


def shared_ha(name: str, geometry: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Return the area a parcel shares with another. Raises GeometryInvalid where nobody could wait for the answer."""
    if meet_too_often(geometry, other):
        raise GeometryInvalid(field="file", number=1, reason=REASONS["too_intricate"], place=name)
    return overlap_ha(geometry, other)


def shapes_of(parcels: Iterable[Parcel]) -> dict[str, Any]:
    """Return parcels as a GeoJSON collection, for those who may see the case."""
    return _collection((parcel, parcel.geometry) for parcel in parcels)


def public_shapes(row: Project) -> dict[str, Any]:
    """Return a project's land as the public may see it."""
    return _collection((parcel, generalised(parcel.geometry)) for parcel in parcels_of(row))


def _collection(rows: Iterable[tuple[Parcel, Mapping[str, Any]]]) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "geometry": geometry,
            "properties": {
                "name": parcel.name,
                "area": f"{float(parcel.area_ha):,.2f} ha / {float(parcel.area_ha) * MU_PER_HA:,.1f} 亩",
            },
        }
        for parcel, geometry in rows
    ]
    return {"type": "FeatureCollection", "features": features}
