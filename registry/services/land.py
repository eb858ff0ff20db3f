"""The land of a case: read in a limited child, kept, compared, bound to its project and released."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import InvalidField
from accounts.rules import Actor
from accounts.services import record_audit
from registry.errors import (
    ArchiveRejected,
    EncodingUnclear,
    FileRejected,
    GeometryInvalid,
    LandOverlap,
    RecordNotThere,
    RoleForbids,
    ShapefileIncomplete,
    StateForbids,
)
from registry.models import BorderDecision, LandComparison, Parcel, Project
from registry.queries.cases import project as visible_project
from registry.queries.land import live_neighbours, overlaps_of, parcels_of, shared_ha
from registry.rules.documents import LIMIT_BYTES, MIB, content_type
from registry.rules.inputs import LAND_CATEGORIES, TENURES, ParcelCommon, ParcelPreview, SurveyPreview
from registry.rules.parcels import (
    MU_PER_HA,
    Limits,
    Overlap,
    ParcelProblem,
    Survey,
    bounds_of,
    is_outside,
    read_in_child,
)
from registry.rules.parcels.reading import REASONS
from registry.rules.states import REVIEWERS, ProjectState, Verb, role_for
from registry.rules.texts import is_clean, one_line
from registry.services.acts import locked_project, note_contribution, refuse_contributor, require_step
from registry.services.documents import keep_document
from rulebook.errors import Conflicting, Refusal
from rulebook.queries import banner_outline, rule

SIX_DIGITS = Decimal("0.000001")
NAME_LIMIT, NUMBER_LIMIT = 80, 60


def tolerance_ha(row: Project, at: datetime) -> float:
    """Return up to which shared land two surveys merely differ."""
    return float(rule("land.overlap_tolerance_ha", at=at, scheme=row.scheme).value)


def preview_parcels(*, actor: Actor, project_id: int, name: str, content: bytes, at: datetime) -> SurveyPreview:
    """Return what a file would bring into a case; nothing is stored. Raises ProjectNotThere, FileRejected."""
    row = visible_project(actor, project_id)
    require_step(actor, row, Verb.EDIT)
    survey = _read(name, content)
    tolerance = tolerance_ha(row, at)
    outline = banner_outline(row.division_code)
    return SurveyPreview(
        parcels=tuple(
            ParcelPreview(
                one.number,
                _name_of(one.name, one.number),
                one.geometry,
                one.area_ha,
                one.area_ha * MU_PER_HA,
                outline is not None and is_outside(one.geometry, outline, tolerance_ha=tolerance),
            )
            for one in survey.parcels
        ),
        problems=tuple(
            (one.code, one.number, REASONS.get(one.reason, one.reason), one.place) for one in survey.problems
        ),
        overlaps=tuple(_overlaps(row, survey, tolerance)),
        notes=survey.notes,
    )


def add_parcels(
    *, actor: Actor, project_id: int, name: str, content: bytes, common: ParcelCommon, at: datetime
) -> list[Parcel]:
    """Take in every parcel of a file, or none, and the file as a paper of the case.

    Raises ShapefileIncomplete, GeometryInvalid, ArchiveRejected, FileRejected, EncodingUnclear, LandOverlap,
    InvalidField; ProjectNotThere, StateForbids, RoleForbids, ReviewedIt.
    """
    row = visible_project(actor, project_id)  # Before any work; asked again under the lock.
    require_step(actor, row, Verb.EDIT)
    common = _checked(common)
    survey = _read(name, content)  # Seconds in a child; no row is locked meanwhile.
    if survey.problems:
        raise refusal_of(survey.problems)
    with transaction.atomic():
        row = locked_project(actor, project_id)
        require_step(actor, row, Verb.EDIT)
        note_contribution(actor, row, at)
        return _keep(actor, row, name, content, survey, common, at)


def _checked(common: ParcelCommon) -> ParcelCommon:
    if common.land_category not in LAND_CATEGORIES:
        raise InvalidField(field="land_category", reason=_("This land category is not known."))
    if common.tenure not in TENURES:
        raise InvalidField(field="tenure", reason=_("This kind of tenure is not known."))
    if len(common.tenure_number) > NUMBER_LIMIT or not is_clean(common.tenure_number):
        raise InvalidField(field="tenure_number", reason=_("The text is too long."))
    return common


def _read(name: str, content: bytes) -> Survey:
    """Return what a file holds, read in a limited child."""
    if len(content) > LIMIT_BYTES:
        raise FileRejected(field="file", reason=f"{len(content) / MIB:.1f} MB > {LIMIT_BYTES // MIB} MB")
    with tempfile.TemporaryDirectory(prefix="tanhui-parcels-") as folder:
        path = Path(folder) / ("parcels.zip" if content.startswith(b"PK") else "parcels.geojson")
        path.write_bytes(content)
        return read_in_child(path)


def refusal_of(problems: Iterable[ParcelProblem]) -> Refusal:
    """Return the refusal of a file by its first problem; all of them stand in what was found."""
    listed = list(problems)
    first = listed[0]
    reason = REASONS.get(first.reason, first.reason)
    found: dict[str, Any] = {
        "problems": [
            {"code": one.code, "number": one.number, "reason": REASONS.get(one.reason, one.reason), "place": one.place}
            for one in listed
        ]
    }
    if first.code == "shapefile_incomplete":
        return ShapefileIncomplete(field="file", part=first.reason, **found)
    if first.code == "archive_rejected":
        return ArchiveRejected(field="file", reason=reason, **found)
    if first.code == "encoding_unclear":
        return EncodingUnclear(field="file", **found)
    if first.code == "geometry_invalid":
        return GeometryInvalid(field="file", number=first.number, reason=reason, place=first.place, **found)
    return FileRejected(field="file", reason=reason, **found)


def _overlaps(row: Project, survey: Survey, tolerance: float) -> list[Overlap]:
    """Return where parcels of a file share land with live projects, with the case's own parcels, with each other."""
    shapes: list[tuple[str, Mapping[str, Any]]] = [
        (_name_of(one.name, one.number), one.geometry) for one in survey.parcels
    ]
    found = overlaps_of(shapes, row.pk, tolerance)
    own = [(_box(one.geometry), one.geometry) for one in parcels_of(row)]
    for name, geometry in shapes:
        box = _box(geometry)
        for other_box, other in own:
            if _meet(box, other_box):
                shared = shared_ha(name, geometry, other)
                if shared > tolerance:
                    found.append(Overlap(name, row.code, shared))
        own.append((box, geometry))
    return sorted(found, key=lambda one: -one.shared_ha)


Box = tuple[float, float, float, float]


def _box(geometry: Mapping[str, Any]) -> Box:
    return bounds_of(geometry)


def _meet(first: Box, second: Box) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def _name_of(name: str, number: int) -> str:
    return one_line(name)[:NAME_LIMIT] or f"#{number}"


def _keep(
    actor: Actor, row: Project, name: str, content: bytes, survey: Survey, common: ParcelCommon, at: datetime
) -> list[Parcel]:
    limits, tolerance = Limits(), tolerance_ha(row, at)
    known = list(parcels_of(row))
    if len(known) + len(survey.parcels) > limits.parcels:
        raise FileRejected(field="file", reason=f"{len(known) + len(survey.parcels)} > {limits.parcels}")
    geometries = [*(one.geometry for one in known), *(one.geometry for one in survey.parcels)]
    points = sum(_points(one["coordinates"]) for one in geometries)
    if points > limits.vertices:
        raise GeometryInvalid(
            field="file", number=1, reason=REASONS["too_many_vertices"], place=f"{points} > {limits.vertices}"
        )
    refuse_overlaps(_overlaps(row, survey, tolerance))
    document = keep_document(
        project=row, kind="parcels", name=name, content=content, content_type=content_type(content), actor=actor, at=at
    )
    place = common.division_code or row.division_code
    outline = banner_outline(place)
    parcels = []
    for one in survey.parcels:
        west, south, east, north = bounds_of(one.geometry)
        parcels.append(
            Parcel.objects.create(
                project=row,
                name=_name_of(one.name, one.number),
                division_code=place,
                land_category=common.land_category,
                tenure=common.tenure,
                tenure_number=common.tenure_number.strip(),
                geometry=one.geometry,
                area_ha=Decimal(one.area_ha).quantize(SIX_DIGITS),
                west=west,
                south=south,
                east=east,
                north=north,
                is_outside_banner=outline is not None and is_outside(one.geometry, outline, tolerance_ha=tolerance),
                document=document,
                entered_by_id=actor.user_id,
                at=at,
            )
        )
    row.version += 1
    row.save(update_fields=["version"])
    record_audit(
        actor=actor,
        verb="add_parcels",
        subject=row.subject,
        before=None,
        after={"document": document.pk, "parcels": [[one.pk, one.name, one.area_ha] for one in parcels]},
        at=at,
    )
    return parcels


def _points(coordinates: Any) -> int:
    if coordinates and isinstance(coordinates[0], int | float):
        return 1
    return sum(_points(one) for one in coordinates)


def refuse_overlaps(overlaps: list[Overlap]) -> None:
    """Return if no land is shared. Raises LandOverlap by the largest piece; all of them stand in what was found."""
    if not overlaps:
        return
    worst = max(overlaps, key=lambda one: one.shared_ha)
    raise LandOverlap(
        field="file",
        parcel=worst.parcel,
        project=worst.project,
        area=f"{worst.shared_ha:.4f}",
        overlaps=[{"parcel": one.parcel, "project": one.project, "area": f"{one.shared_ha:.4f}"} for one in overlaps],
    )


@transaction.atomic
def remove_parcel(*, actor: Actor, parcel_id: int, at: datetime) -> Parcel:
    """Take a parcel out of a draft or a returned case; the record keeps it. Raises RecordNotThere, StateForbids."""
    parcel, row = _locked_parcel(actor, parcel_id)
    require_step(actor, row, Verb.EDIT)
    note_contribution(actor, row, at)
    parcel.is_removed, parcel.is_live = True, False
    parcel.save(update_fields=["is_removed", "is_live"])
    row.version += 1
    row.save(update_fields=["version"])
    record_audit(
        actor=actor,
        verb="remove_parcel",
        subject=row.subject,
        before={"parcel": parcel.pk, "name": parcel.name, "area_ha": parcel.area_ha},
        after=None,
        at=at,
    )
    return parcel


def _locked_parcel(actor: Actor, parcel_id: int) -> tuple[Parcel, Project]:
    """Return a parcel of a visible case, the case locked first."""
    found = Parcel.objects.visible_to(actor).filter(pk=parcel_id, is_removed=False).first()
    if found is None:
        raise RecordNotThere
    row = locked_project(actor, found.project_id)
    parcel = Parcel.objects.select_for_update().filter(pk=parcel_id, is_removed=False).first()
    if parcel is None:
        raise RecordNotThere
    return parcel, row


@transaction.atomic
def decide_border(*, actor: Actor, parcel_id: int, reason: str, at: datetime) -> BorderDecision:
    """Decide, as a reviewer of the area, that a parcel across its banner's border may stand in its case.

    Raises RecordNotThere, RoleForbids, TookPart, StateForbids, InvalidField, Conflicting (decided already, no border).
    """
    parcel, row = _locked_parcel(actor, parcel_id)
    if row.state != ProjectState.SUBMITTED:
        raise StateForbids(verb=Verb.PASS.value, state=row.state)
    if actor.user_id is None or role_for(REVIEWERS, actor, row.parties) is None:
        raise RoleForbids
    refuse_contributor(actor, row)
    if not reason.strip() or not is_clean(reason):
        raise InvalidField(field="reason", reason=_("A reason is needed."))
    if not parcel.is_outside_banner or BorderDecision.objects.filter(parcel=parcel).exists():
        raise Conflicting
    decision = BorderDecision.objects.create(parcel=parcel, reason=reason.strip(), decided_by_id=actor.user_id, at=at)
    record_audit(
        actor=actor,
        verb="decide_border",
        subject=row.subject,
        before=None,
        after={"parcel": parcel.pk, "reason": decision.reason},
        at=at,
    )
    return decision


def judge_borders(row: Project, at: datetime) -> None:
    """Say anew which parcels of a locked case cross the border of their banner: outlines may have been loaded since."""
    tolerance = tolerance_ha(row, at)
    for parcel in parcels_of(row):
        outline = banner_outline(parcel.division_code)
        if outline is None:
            continue
        is_out = is_outside(parcel.geometry, outline, tolerance_ha=tolerance)
        if is_out != parcel.is_outside_banner:
            parcel.is_outside_banner = is_out
            parcel.save(update_fields=["is_outside_banner"])


def bind_land(row: Project, at: datetime) -> None:
    """Bind the parcels of a locked case, compared with every live neighbour. Raises LandOverlap.

    Compared first without holding anyone up, then once more, under the lock that every binding takes, with what was
    bound in the meantime: of two at once the second is refused. Whoever comes around this meets the trigger
    `live_land_is_compared`.
    """
    parcels, tolerance = list(parcels_of(row)), tolerance_ha(row, at)
    _compare(row, parcels, tolerance, at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('registry land', 0))")
    _compare(row, parcels, tolerance, at)
    Parcel.objects.filter(pk__in=[one.pk for one in parcels]).update(is_live=True)


def _compare(row: Project, parcels: list[Parcel], tolerance: float, at: datetime) -> None:
    """Write the comparison of every pair that has none yet."""
    overlaps, written = [], []
    for parcel in parcels:
        others = live_neighbours(parcel.geometry, row.pk)
        if not others:
            continue
        known = _compared_with(parcel, others)
        for other in others:
            if other.pk in known:
                continue
            shared = shared_ha(parcel.name, parcel.geometry, other.geometry)
            if shared > tolerance:
                overlaps.append(Overlap(parcel.name, other.project.code, shared))
                continue
            first, second = sorted((parcel.pk, other.pk))
            written.append(
                LandComparison(
                    first_id=first,
                    second_id=second,
                    shared_ha=Decimal(shared).quantize(SIX_DIGITS),
                    tolerance_ha=Decimal(str(tolerance)),
                    at=at,
                )
            )
    refuse_overlaps(overlaps)
    LandComparison.objects.bulk_create(written)


def _compared_with(parcel: Parcel, others: list[Parcel]) -> set[int]:
    ids = [one.pk for one in others]
    pairs = [
        *LandComparison.objects.filter(first=parcel, second_id__in=ids).values_list("second_id", flat=True),
        *LandComparison.objects.filter(second=parcel, first_id__in=ids).values_list("first_id", flat=True),
    ]
    return set(pairs)


def release_land(row: Project) -> None:
    """Free the land of a case that has ended."""
    Parcel.objects.filter(project=row, is_live=True).update(is_live=False)
