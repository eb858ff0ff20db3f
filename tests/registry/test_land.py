"""The land of cases: files as people send them, shared land, borders, and two at once on one field."""

import io
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.errors import InvalidField
from accounts.rules import Role
from config import invariants
from config.refusals import refusal_of
from registry import queries, services
from registry.errors import (
    ArchiveRejected,
    BorderUndecided,
    FileRejected,
    GeometryInvalid,
    LandOverlap,
    LandTaken,
    RecordNotThere,
    RoleForbids,
    ShapefileIncomplete,
    StateForbids,
    TookPart,
)
from registry.models import Contribution, Document, LandComparison, Parcel, Project
from registry.rules.inputs import ParcelCommon
from registry.rules.states import ProjectState
from rulebook.errors import Conflicting
from rulebook.models import DivisionOutline
from tests.accounts.makers import a_person
from tests.concurrency import started_and_waiting
from tests.database import check_deferred
from tests.registry.makers import (
    COMMON,
    People,
    a_draft,
    a_paper,
    a_square,
    a_submitted_project,
    add_land,
    fresh,
    geojson,
    review,
)

FIELD_HA = Decimal("23")


@pytest.fixture
def people(at):
    return People(at)


@pytest.fixture
def draft(db, people, at):
    return a_draft(people, at, complete=False)


def upload(people, row, content, at, name="地块.zip"):
    return services.add_parcels(actor=people.owner, project_id=row.pk, name=name, content=content, common=COMMON, at=at)


def zipped(members):
    """Return a zip of named contents."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def members_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {one.filename: archive.read(one) for one in archive.infolist()}


def stored():
    """Return how much of anything there is."""
    folder = Path(settings.MEDIA_ROOT) / "documents"
    files = sum(1 for one in folder.rglob("*") if one.is_file()) if folder.is_dir() else 0
    return Parcel.objects.count(), Document.objects.count(), files


# Files, read in the child as the platform reads them.


def test_the_parcels_of_a_geojson_are_taken_in_whole(people, draft, at):
    shapes = [a_square(), a_square()]
    parcels = upload(people, draft, geojson(*shapes, names=("东坡\x00地", "西坡")), at, "地块.geojson")

    assert [one.name for one in parcels] == ["东坡 地", "西坡"]
    assert all(22 < one.area_ha < 24 for one in parcels)
    assert [one.geometry for one in parcels] == shapes
    document = parcels[0].document
    assert (document.kind, document.content_type, document.is_public) == ("parcels", "application/geo+json", False)
    assert queries.content_of(document) == geojson(*shapes, names=("东坡\x00地", "西坡"))
    assert not any(one.is_live for one in parcels)
    assert "亩" in queries.shapes_of(parcels)["features"][0]["properties"]["area"]


def test_a_survey_offices_shapefile_in_gbk_is_read_and_one_without_its_prj_refused(people, draft, at, sample_data):
    content = (sample_data / "parcels" / "leagues_gbk_shp.zip").read_bytes()
    found = services.preview_parcels(actor=people.owner, project_id=draft.pk, name="a.zip", content=content, at=at)
    assert found.problems == ()
    assert len(found.parcels) == 12
    assert any("盟" in one.name or "市" in one.name for one in found.parcels)

    before = stored()
    without = zipped({name: one for name, one in members_of(content).items() if not name.endswith(".prj")})
    with pytest.raises(ShapefileIncomplete) as refused:
        upload(people, draft, without, at)
    assert refused.value.found["part"] == ".prj"
    assert stored() == before


def test_a_border_that_crosses_itself_is_refused_with_the_place(people, draft, at):
    before = stored()
    crossing = {
        "type": "Polygon",
        "coordinates": [[[119.6, 42.2], [119.61, 42.21], [119.61, 42.2], [119.6, 42.21], [119.6, 42.2]]],
    }
    with pytest.raises(GeometryInvalid) as refused:
        upload(people, draft, geojson(a_square(), crossing), at)

    assert refused.value.found["number"] == 2
    assert refused.value.found["reason"] == "its border crosses itself"
    assert "#1–#3 119.605000, 42.205000" in refused.value.found["place"]
    assert stored() == before


def test_the_known_broken_geometries_are_refused_and_store_nothing(people, draft, at, sample_data):
    before = stored()
    for path in (sample_data / "badinput" / "bad_ring.geojson", *sorted((sample_data / "badinput").glob("*.dbf"))):
        with pytest.raises((GeometryInvalid, FileRejected)):
            upload(people, draft, path.read_bytes(), at, path.name)
    assert stored() == before


def test_land_elsewhere_is_refused_and_so_are_exchanged_coordinates(people, draft, at, sample_data):
    with pytest.raises(GeometryInvalid) as refused:
        upload(people, draft, (sample_data / "parcels" / "nl.geojson").read_bytes(), at)
    assert refused.value.found["reason"] == "it lies outside the region"
    ring = [[y, x] for x, y in a_square()["coordinates"][0]]
    with pytest.raises(GeometryInvalid) as refused:
        upload(people, draft, geojson({"type": "Polygon", "coordinates": [ring]}), at)
    assert refused.value.found["reason"] == "longitude and latitude are exchanged"


BOMB = {"a.shp": b"\0" * 30_000_000, "a.shx": b"", "a.dbf": b"", "a.prj": b""}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (zipped(BOMB), "ratio"),
        (zipped({"../a.shp": b"x"}), "a member leads outside"),
        (zipped({"a.shp": b"x", "b.zip": b"x"}), "a zip in the zip"),
        (zipped({f"{number}.txt": b"x" for number in range(2001)}), "members"),
        (b"PK\x03\x04" + b"\0" * 100, "the zip is broken or encrypted"),
    ],
)
def test_an_archive_that_means_harm_is_refused(people, draft, at, content, reason):
    before = stored()
    with pytest.raises(ArchiveRejected) as refused:
        upload(people, draft, content, at)
    assert reason in refused.value.found["reason"]
    assert stored() == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.4 a paper",
        b"\x89PNG\r\n\x1a\n",
        b"<kml/>",
        b"{}",
        b"[" * 100_000,
        b'{"type": "FeatureCollection", "features": []}',
        zipped({"a.shp": b"x", "a.shx": b"x", "a.dbf": b"\0" * 40, "a.prj": b"x"}),
    ],
)
def test_what_is_no_parcel_file_by_its_content_is_refused_whatever_its_name(people, draft, at, content):
    before = stored()
    with pytest.raises((FileRejected, GeometryInvalid, ShapefileIncomplete)) as refused:
        upload(people, draft, content, at, "parcels.geojson")
    assert "/tmp" not in str(refused.value)
    assert stored() == before


def test_a_file_over_the_limit_is_refused_before_it_is_read(people, draft, at):
    with pytest.raises(FileRejected) as refused:
        upload(people, draft, b" " * (20 * 1024 * 1024 + 1), at)
    assert "20 MB" in refused.value.found["reason"]


# From here on the file is read in this process; the child has had its say.


@pytest.mark.parametrize(
    "common",
    [
        ParcelCommon("castle", "contract", "1"),
        ParcelCommon("forest", "theft", "1"),
        ParcelCommon("forest", "contract", "x" * 61),
        ParcelCommon("forest", "contract", "a\x00"),
    ],
)
def test_what_the_parcels_have_in_common_is_known_words(people, draft, at, common):
    with pytest.raises(InvalidField):
        services.add_parcels(
            actor=people.owner, project_id=draft.pk, name="a", content=geojson(a_square()), common=common, at=at
        )


@pytest.mark.django_db
def test_shared_land_is_refused_with_its_hectares_and_without_the_owners_name(people, at):
    first = a_submitted_project(people, at)
    theirs = queries.parcels_of(first)[0]
    west, south = theirs.west, theirs.south
    half = a_square(0, west=round(west + 0.0025, 6), south=south)  # Shifted by half of its width.
    other_owner = a_person(Role.OWNER, at=at)
    second = a_draft(people, at, complete=False, by=other_owner)
    before = stored()

    with pytest.raises(LandOverlap) as refused:
        add_land(other_owner, second, at, half)

    assert refused.value.found["project"] == first.code
    assert Decimal(refused.value.found["area"]) == pytest.approx(theirs.area_ha / 2, rel=Decimal("0.001"))
    assert people.owner.organisation_name not in str(refused.value.found)
    assert stored() == before


@pytest.mark.django_db
def test_land_that_only_touches_is_not_shared(people, at):
    first = a_submitted_project(people, at)
    theirs = queries.parcels_of(first)[0]
    beside = a_square(0, west=theirs.east, south=theirs.south)
    second = a_draft(people, at, parcels=0, complete=False)
    add_land(people.owner, second, at, beside)
    for kind in ("design", "tenure"):
        services.add_document(
            actor=people.owner, project_id=second.pk, kind=kind, name="a.pdf", content=a_paper(), at=at
        )
    services.submit_project(actor=people.owner, project_id=second.pk, at=at)
    check_deferred()

    assert LandComparison.objects.count() == 1
    assert LandComparison.objects.get().shared_ha == 0
    assert invariants.broken() == {}


@pytest.mark.django_db
def test_a_case_does_not_count_one_field_twice(people, at):
    row = a_draft(people, at, complete=False)
    shape = a_square()
    with pytest.raises(LandOverlap):
        add_land(people.owner, row, at, shape, shape)
    add_land(people.owner, row, at, shape)
    with pytest.raises(LandOverlap) as refused:
        add_land(people.owner, row, at, shape)
    assert refused.value.found["project"] == row.code


@pytest.mark.django_db
def test_a_preview_stores_nothing_and_says_what_it_found(people, at):
    first = a_submitted_project(people, at)
    theirs = queries.parcels_of(first)[0]
    second = a_draft(people, at, complete=False)
    before, noted = stored(), Contribution.objects.count()
    found = services.preview_parcels(
        actor=people.owner, project_id=second.pk, name="a", content=geojson(theirs.geometry, a_square()), at=at
    )

    assert [one.project for one in found.overlaps] == [first.code]
    assert found.parcels[1].area_mu == pytest.approx(found.parcels[1].area_ha * 15)
    assert (stored(), Contribution.objects.count()) == (before, noted)


@pytest.mark.django_db
def test_too_many_points_in_all_are_refused(people, at, monkeypatch):
    row = a_draft(people, at, complete=False)
    add_land(people.owner, row, at, a_square())
    monkeypatch.setattr("registry.services.land.Limits", lambda: type("L", (), {"parcels": 500, "vertices": 9})())
    with pytest.raises(GeometryInvalid):
        add_land(people.owner, row, at, a_square())
    monkeypatch.setattr("registry.services.land.Limits", lambda: type("L", (), {"parcels": 1, "vertices": 99})())
    with pytest.raises(FileRejected):
        add_land(people.owner, row, at, a_square())


@pytest.mark.django_db
def test_a_parcel_taken_out_is_kept_and_bound_no_more(people, at):
    row = a_draft(people, at, parcels=2)
    gone, stays = queries.parcels_of(row)
    services.remove_parcel(actor=people.owner, parcel_id=gone.pk, at=at)

    assert list(queries.parcels_of(row)) == [stays]
    assert Parcel.objects.filter(pk=gone.pk, is_removed=True).exists()
    with pytest.raises(RecordNotThere):
        services.remove_parcel(actor=people.owner, parcel_id=gone.pk, at=at)
    services.submit_project(actor=people.owner, project_id=row.pk, at=at)
    assert set(Parcel.objects.filter(is_live=True)) == {stays}
    with pytest.raises(StateForbids):
        services.remove_parcel(actor=people.owner, parcel_id=stays.pk, at=at)
    with pytest.raises(RecordNotThere):
        services.remove_parcel(actor=a_person(Role.OWNER, at=at), parcel_id=stays.pk, at=at)


# Borders.


def outline(*, west, east):
    ring = [[west, 42.0], [east, 42.0], [east, 43.0], [west, 43.0], [west, 42.0]]
    DivisionOutline.objects.update_or_create(
        division_id="150430", defaults={"geometry": {"type": "Polygon", "coordinates": [ring]}}
    )


@pytest.mark.django_db
def test_a_border_across_the_banners_stops_the_case_until_a_person_decides(people, at):
    outline(west=119.0, east=119.0025)
    shape = a_square(0, west=119.0, south=42.2)
    row = a_draft(people, at, complete=False)
    parcel = add_land(people.owner, row, at, shape)[0]
    assert parcel.is_outside_banner
    for kind in ("design", "tenure"):
        services.add_document(actor=people.owner, project_id=row.pk, kind=kind, name="a.pdf", content=a_paper(), at=at)
    row = services.submit_project(actor=people.owner, project_id=row.pk, at=at)
    for reviewer in (people.clerk, people.league):
        row = review(reviewer, row, at)
    with pytest.raises(BorderUndecided) as refused:
        review(people.maker, row, at)
    assert refused.value.found["parcel"] == parcel.name

    with pytest.raises(RoleForbids):
        services.decide_border(actor=people.owner, parcel_id=parcel.pk, reason="x", at=at)
    with pytest.raises(InvalidField):
        services.decide_border(actor=people.league, parcel_id=parcel.pk, reason=" ", at=at)
    services.decide_border(actor=people.league, parcel_id=parcel.pk, reason="示意图精度不足，现场确认在旗内", at=at)
    with pytest.raises(Conflicting):
        services.decide_border(actor=people.league, parcel_id=parcel.pk, reason="再次", at=at)
    assert review(people.maker, fresh(row), at).state == ProjectState.ACCEPTED


@pytest.mark.django_db
def test_who_drew_a_parcel_decides_nothing_about_its_border(people, at):
    outline(west=119.0, east=119.0025)
    row = a_draft(people, at, complete=False)
    parcel = add_land(people.clerk, row, at, a_square(0, west=119.0, south=42.2))[0]
    for kind in ("design", "tenure"):
        services.add_document(actor=people.owner, project_id=row.pk, kind=kind, name="a.pdf", content=a_paper(), at=at)
    services.submit_project(actor=people.owner, project_id=row.pk, at=at)
    with pytest.raises(TookPart):
        services.decide_border(actor=people.clerk, parcel_id=parcel.pk, reason="x", at=at)


@pytest.mark.django_db
def test_an_outline_loaded_later_is_asked_at_the_submission(people, at):
    DivisionOutline.objects.filter(pk="150430").delete()
    row = a_draft(people, at)
    assert not queries.parcels_of(row)[0].is_outside_banner
    outline(west=100.0, east=101.0)
    services.submit_project(actor=people.owner, project_id=row.pk, at=at)

    assert [one.project_id for one in queries.undecided_borders(row)] == [row.pk]


# Two at once.


def two_drafts_of_one_field(people, at):
    shape, drafts = a_square(), []
    for _ in range(2):
        row = a_draft(people, at, complete=False)
        add_land(people.owner, row, at, shape)
        for kind in ("design", "tenure"):
            services.add_document(
                actor=people.owner, project_id=row.pk, kind=kind, name="a.pdf", content=a_paper(), at=at
            )
        drafts.append(row)
    return drafts


def test_of_two_submissions_of_one_field_at_once_the_second_is_refused(committed, people, at):
    first, second = two_drafts_of_one_field(people, at)
    with transaction.atomic():
        services.submit_project(actor=people.owner, project_id=first.pk, at=at)
        waiting = started_and_waiting(lambda: services.submit_project(actor=people.owner, project_id=second.pk, at=at))
    waiting.join()

    assert isinstance(waiting.error, LandOverlap)
    assert waiting.error.found["project"] == first.code
    assert Decimal(waiting.error.found["area"]) > FIELD_HA - 1
    assert fresh(second).state == ProjectState.DRAFT
    assert invariants.broken() == {}


def test_whoever_goes_around_the_service_meets_the_trigger(committed, people, at):
    first, second = two_drafts_of_one_field(people, at)

    def bind(row):
        with transaction.atomic():
            Parcel.objects.filter(project=row).update(is_live=True)

    bind(first)
    with pytest.raises(IntegrityError) as refused:
        bind(second)
    assert refused.value.__cause__.diag.constraint_name == "live_land_is_compared"
    assert isinstance(refusal_of(refused.value), LandTaken)  # An answer to a user, and no error of ours.


def test_two_raw_bindings_at_once_queue_at_the_commit_and_the_second_is_refused(committed, people, at):
    first, second = two_drafts_of_one_field(people, at)

    def bind(row):
        with transaction.atomic():
            Parcel.objects.filter(project=row).update(is_live=True)

    with transaction.atomic():
        Parcel.objects.filter(project=first).update(is_live=True)
        check_deferred()  # As at the commit: the lock is taken, the rows are not there for others yet.
        waiting = started_and_waiting(lambda: bind(second))
    waiting.join()

    assert isinstance(waiting.error, IntegrityError)
    assert waiting.error.__cause__.diag.constraint_name == "live_land_is_compared"
    assert Project.objects.filter(parcels__is_live=True).count() == 1


def test_the_proof_finds_land_that_was_bound_twice(committed, people, at, as_owner):
    first, second = two_drafts_of_one_field(people, at)
    as_owner.execute("ALTER TABLE registry_parcel DISABLE TRIGGER live_land_is_compared")
    as_owner.execute("UPDATE registry_parcel SET is_live = true")

    found = {row["what"] for row in queries.broken_invariants()["I8"]["broken"]}

    assert found == {"land never compared", "land shared", "free land is bound"}
    assert first.pk != second.pk
