"""What was issued before on the land of a monitoring period, by other projects, such as have left the register."""

from __future__ import annotations

from dataclasses import dataclass

from registry.errors import GeometryInvalid
from registry.models import MonitoringPeriod, Parcel
from registry.queries.land import parcels_of, shared_ha

SAME_LAND = 0.95  # Share of a project's land from which on another's stock per hectare is that of this land.


@dataclass(frozen=True)
class IssuedBefore:
    """A period of another project, issued, with how much of this period's land it was issued on."""

    period: MonitoringPeriod
    shared_ha: float
    is_same_land: bool


def issued_on_land_of(row: MonitoringPeriod, tolerance_ha: float) -> list[IssuedBefore]:
    """Return the issued periods of other projects that share more land with this one's than the tolerance.

    Land is bound once, but a project that has ended frees it, and its issuances stand for ever.
    """
    own = list(parcels_of(row.project))
    area = float(sum(one.area_ha for one in own))
    shared: dict[int, float] = {}
    for mine in own:
        others = Parcel.objects.filter(
            project__issuances__state="issued",
            is_removed=False,
            west__lt=mine.east,
            east__gt=mine.west,
            south__lt=mine.north,
            north__gt=mine.south,
        )
        for other in others.exclude(project=row.project_id).distinct().order_by("pk"):
            shared[other.project_id] = shared.get(other.project_id, 0.0) + _shared(mine, other)
    found = {number: size for number, size in shared.items() if size > tolerance_ha}
    periods = MonitoringPeriod.objects.filter(project__in=found, issuance__state="issued")
    return [
        IssuedBefore(one, found[one.project_id], found[one.project_id] >= SAME_LAND * area)
        for one in periods.select_related("project", "record").order_by("first", "pk")
    ]


def _shared(mine: Parcel, other: Parcel) -> float:
    try:
        return shared_ha(mine.name, mine.geometry, other.geometry)
    except GeometryInvalid:  # Nobody could wait for the answer: whoever says that they part has to show it.
        return float(min(mine.area_ha, other.area_ha))
