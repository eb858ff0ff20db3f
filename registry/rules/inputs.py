"""What people hand in: plain frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from registry.rules.parcels import Overlap


@dataclass(frozen=True)
class NewProject:
    """A sink project as its owner, or a clerk who helps, describes it. `owner_id` None: the actor's organisation."""

    name: str
    methodology: str
    division_code: str
    owner_id: int | None = None
    summary: str = ""
    design: Mapping[str, Any] = field(default_factory=dict)
    crediting_first: date | None = None
    crediting_last: date | None = None
    validator_id: int | None = None


@dataclass(frozen=True)
class ChecklistAnswer:
    """One item of a review's checklist as the reviewer ticked it; a failed one needs its reason."""

    item: str
    passed: bool
    reason: str = ""


@dataclass(frozen=True)
class ParcelCommon:
    """What all parcels of a file have in common. `division_code` None: the project's own banner."""

    land_category: str
    tenure: str
    tenure_number: str
    division_code: str | None = None


@dataclass(frozen=True)
class ParcelPreview:
    """A sound parcel of a file that nobody has stored."""

    number: int
    name: str
    geometry: Mapping[str, Any]
    area_ha: float
    area_mu: float
    is_outside_banner: bool


@dataclass(frozen=True)
class SurveyPreview:
    """What a file would bring: parcels, or what is wrong with it; shared land; parcels across the banner's border.

    problems: (code, parcel number, reason as English message id, place).
    """

    parcels: tuple[ParcelPreview, ...]
    problems: tuple[tuple[str, int, str, str], ...]
    overlaps: tuple[Overlap, ...]
    notes: tuple[str, ...]
    document_sha256: str = ""

    @property
    def area_ha(self) -> float:
        return sum(one.area_ha for one in self.parcels)


# What the land is now, and by what right it is used. Codes; the pages have the words.
LAND_CATEGORIES = ("forest", "shrub", "grassland", "wetland", "sandland", "cropland", "unused")
TENURES = ("ownership", "contract", "use_right", "operation_right", "lease")
