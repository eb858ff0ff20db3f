"""Parcels, previews of files and papers, as JSON."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from pydantic import BaseModel

from registry.models import (
    BorderDecision,
    Document,
    Parcel,
)
from registry.rules.inputs import SurveyPreview
from registry.rules.parcels import MU_PER_HA
from rulebook.rules import beijing


class ParcelShown(BaseModel):
    """A parcel: GeoJSON in EPSG:4490, area on the ellipsoid."""

    id: int
    project: int
    name: str
    division_code: str
    land_category: str
    tenure: str
    tenure_number: str
    area_ha: Decimal
    area_mu: Decimal
    is_outside_banner: bool
    is_live: bool
    is_removed: bool
    document: int | None
    geometry: dict[str, Any]
    at: datetime


def parcel_shown(row: Parcel) -> ParcelShown:
    """Return a parcel."""
    return ParcelShown(
        id=row.pk,
        project=row.project_id,
        name=row.name,
        division_code=row.division_code,
        land_category=row.land_category,
        tenure=row.tenure,
        tenure_number=row.tenure_number,
        area_ha=row.area_ha,
        area_mu=row.area_ha * MU_PER_HA,
        is_outside_banner=row.is_outside_banner,
        is_live=row.is_live,
        is_removed=row.is_removed,
        document=row.document_id,
        geometry=row.geometry,
        at=beijing(row.at),
    )


class ParcelsAdded(BaseModel):
    """The parcels of one upload."""

    results: list[ParcelShown]


class PreviewParcelShown(BaseModel):
    """A sound parcel of a file that is not stored."""

    number: int
    name: str
    area_ha: float
    area_mu: float
    is_outside_banner: bool
    geometry: dict[str, Any]


class PlaceShown(BaseModel):
    """One thing that is wrong with a file, and where. `number`: of the parcel, 0 for the file."""

    code: str
    number: int
    detail: str
    place: str


class OverlapShown(BaseModel):
    """Land that a parcel shares with a live project."""

    parcel: str
    project: str
    shared_ha: float


class PreviewShown(BaseModel):
    """What a file of parcels would bring. There are parcels only where there is no problem."""

    parcels: list[PreviewParcelShown]
    problems: list[PlaceShown]
    overlaps: list[OverlapShown]
    notes: list[str]


def preview_shown(found: SurveyPreview) -> PreviewShown:
    """Return a preview, its reasons in the reader's language."""
    return PreviewShown(
        parcels=[
            PreviewParcelShown(
                number=one.number,
                name=one.name,
                area_ha=one.area_ha,
                area_mu=one.area_mu,
                is_outside_banner=one.is_outside_banner,
                geometry=dict(one.geometry),
            )
            for one in found.parcels
        ],
        problems=[
            PlaceShown(code=code, number=number, detail=gettext(reason) if reason else "", place=place)
            for code, number, reason, place in found.problems
        ],
        overlaps=[
            OverlapShown(parcel=one.parcel, project=one.project, shared_ha=one.shared_ha) for one in found.overlaps
        ],
        notes=list(found.notes),
    )


class BorderDecisionShown(BaseModel):
    """What was decided on a parcel that crosses its banner's border."""

    parcel: int
    reason: str
    at: datetime


def border_decision_shown(row: BorderDecision) -> BorderDecisionShown:
    """Return a decision on a border."""
    return BorderDecisionShown(parcel=row.parcel_id, reason=row.reason, at=beijing(row.at))


class DocumentShown(BaseModel):
    """A paper of a case; its content stands under `content/`."""

    id: int
    project: int | None
    kind: str
    name: str
    content_type: str
    size: int
    sha256: str
    is_public: bool
    at: datetime


def document_shown(row: Document) -> DocumentShown:
    """Return a paper."""
    return DocumentShown(
        id=row.pk,
        project=row.project_id,
        kind=row.kind,
        name=row.name,
        content_type=row.content_type,
        size=row.size,
        sha256=row.sha256,
        is_public=row.is_public,
        at=beijing(row.at),
    )
