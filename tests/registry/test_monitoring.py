"""Monitoring periods and their workbooks: what is taken, and that a refused workbook leaves nothing behind."""

from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from accounts.rules import Role
from registry import services
from registry.errors import (
    FileRejected,
    PeriodInvalid,
    PeriodOutOfOrder,
    PeriodOverlaps,
    ProjectNotThere,
    RecordNotThere,
    ReviewedIt,
    RoleForbids,
    StaleVersion,
    StatedUnknown,
    StateForbids,
    UnknownSpecies,
    UploadNotTaken,
    UploadRejected,
)
from registry.models import Document, ObservationFile, Project, ReviewStep
from registry.rules.states import PeriodState
from tests.accounts.makers import a_person
from tests.registry.credit_makers import (
    FIRST,
    LAST,
    People,
    a_monitored_project,
    a_period,
    an_uploaded_period,
    area_of,
    calculated,
    forest,
    fresh,
    grassland_pairs,
    upload,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(at):
    return People(at)


@pytest.fixture
def project(people, at):
    return a_monitored_project(people, at)


def stored() -> tuple[int, int, int]:
    """Return how many papers, workbooks and files there are."""
    files = sum(1 for path in (Path(settings.MEDIA_ROOT) / "documents").rglob("*") if path.is_file())
    return Document.objects.count(), ObservationFile.objects.count(), files


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2021, 12, 31), LAST),  # Before the crediting period.
        (date(2022, 1, 2), date(2022, 1, 1)),
        (FIRST, date(2026, 3, 2)),  # Not over yet.
        (FIRST, date(2042, 1, 1)),
    ],
)
def test_a_period_lies_in_the_crediting_period_and_has_ended(people, project, at, first, last):
    with pytest.raises(PeriodInvalid):
        a_period(people, project, at, first, last)


def test_periods_of_a_project_do_not_share_a_day(people, project, at):
    a_period(people, project, at, date(2023, 1, 1), date(2023, 12, 31))

    with pytest.raises(PeriodOverlaps):
        a_period(people, project, at, date(2023, 12, 31), date(2024, 12, 31))
    a_period(people, project, at, date(2024, 1, 1), date(2024, 12, 31))
    with pytest.raises(PeriodOutOfOrder):
        a_period(people, project, at, date(2022, 3, 1), date(2022, 12, 31))


def test_only_the_owner_of_a_registered_project_opens_a_period(people, project, at):
    def open_as(actor):
        return services.create_period(actor=actor, project_id=project.pk, first=FIRST, last=LAST, at=at)

    with pytest.raises(ProjectNotThere):
        open_as(a_person(Role.OWNER, at=at))
    with pytest.raises(RoleForbids):
        open_as(people.maker)
    Project.objects.filter(pk=project.pk).update(state="suspended")
    with pytest.raises(StateForbids):
        open_as(people.owner)


def test_stated_totals_go_by_the_names_of_the_methodology(people, project, at):
    row = a_period(people, project, at)

    def state(version=None, **stated):
        return services.edit_period(actor=people.owner, period_id=row.pk, stated=stated, version=version, at=at)

    for bad in ({"baseline_ch4_tco2e": 1.0}, {"leakage_tco2e": "12"}, {"leakage_tco2e": float("nan")}):
        with pytest.raises(StatedUnknown):
            state(**bad)
    assert state(leakage_tco2e=12.5, emissions_tco2e=1).stated == {"leakage_tco2e": 12.5, "emissions_tco2e": 1}
    assert state(emissions_tco2e=None).stated == {"leakage_tco2e": 12.5}
    with pytest.raises(StaleVersion):
        state(version=1, leakage_tco2e=1.0)


def test_every_problem_of_a_workbook_is_told_at_once_and_nothing_is_stored(people, project, at):
    def spoil(book):
        book["每木"]["D3"] = "=6+8"
        book["每木"]["C7"] = "银杏"
        book["样地"]["C4"] = 99

    row = a_period(people, project, at)
    before = stored()

    with pytest.raises(UploadRejected) as refusal:
        upload(people, row, at, "forest_plots", "later", forest(area_of(project), grown=True, change=spoil))

    problems = refusal.value.found["problems"]
    assert [(one.sheet, one.row, one.column, one.reason) for one in problems] == [
        ("样地", 4, "C", "out_of_range"),
        ("每木", 3, "D", "formula"),
        ("每木", 7, "C", "unknown_species"),
    ]
    assert refusal.value.code == "cell_rejected"
    assert stored() == before
    assert fresh(row).version == row.version


def test_an_unknown_species_has_a_code_of_its_own(people, project, at):
    def spoil(book):
        book["每木"]["C3"] = "银杏"

    row = a_period(people, project, at)
    with pytest.raises(UnknownSpecies) as refusal:
        upload(people, row, at, "forest_plots", "later", forest(area_of(project), grown=True, change=spoil))

    (problem,) = refusal.value.found["problems"]
    assert (problem.sheet, problem.cell, problem.found) == ("每木", "C3", "银杏")
    assert "银杏" in str(refusal.value)


def test_what_is_no_workbook_or_not_of_the_methodology_is_refused(people, project, at):
    row = a_period(people, project, at)
    before = stored()

    with pytest.raises(FileRejected):
        upload(people, row, at, "forest_plots", "later", b"plot,species\nA-01,LARIX\n")
    with pytest.raises(UploadNotTaken):
        upload(people, row, at, "grassland_pairs", "later", grassland_pairs(23))
    assert stored() == before


def test_a_good_workbook_is_kept_by_its_hash_and_the_period_is_a_draft_again(people, project, at):
    row = calculated(people, an_uploaded_period(people, project, at), at)
    assert row.state == PeriodState.CALCULATED

    content = forest(area_of(project), grown=True, plots=9)
    upload(people, row, at, "forest_plots", "later", content)

    newest = row.files.order_by("-pk").first()
    assert fresh(row).state == PeriodState.DRAFT
    assert Path(settings.MEDIA_ROOT, "documents", newest.document.sha256[:2], newest.document.sha256).read_bytes() == (
        content
    )
    assert len(newest.parsed["sheets"]["plots"]) == 18


def test_a_stranger_sees_no_period_and_a_reviewer_uploads_nothing(people, project, at):
    row = a_period(people, project, at)
    content = forest(area_of(project), grown=True)

    people.owner, owner = a_person(Role.OWNER, at=at), people.owner
    with pytest.raises(RecordNotThere):
        upload(people, row, at, "forest_plots", "later", content)
    people.owner = a_person(Role.OWNER, at=at, organisation_id=owner.organisation_id)
    ReviewStep.objects.create(
        project=project,
        round=1,
        level=0,
        verb="pass",
        role="",
        reviewer_id=people.owner.user_id,
        organisation_id=owner.organisation_id,
        at=at,
    )
    with pytest.raises(ReviewedIt):
        upload(people, row, at, "forest_plots", "later", content)
