"""The guided tour: it finds its place from the data, names who goes on, and its sample files are good ones."""

import io
import json
from dataclasses import replace
from datetime import date, datetime

import pytest
from django.test import Client, override_settings
from django.utils.translation import gettext, override

from accounts.rules import Role
from config import tour
from config.demo import samples
from config.tour_steps import BY_KEY
from registry.queries import CaseProgress, PeriodProgress
from registry.rules.documents import content_type
from registry.rules.parcels import area_ha, is_outside, read_in_child
from registry.rules.uploads import parse_workbook
from rulebook.queries import banner_outline
from tests.accounts.makers import a_person, username_of

TODAY = date(2026, 3, 2)
LEVELS = ("banner_clerk", "league_reviewer", "region_maker")
NEW_PERIOD = PeriodProgress(9, "draft", frozenset(), False, None, None, 0, 0, 0, None, False)
NEW_CASE = CaseProgress(
    id=7,
    code="NM-CS-000007",
    name="项目",
    methodology="F1",
    state="draft",
    owner_id=1,
    validator_id=None,
    division_code="150782",
    level=0,
    level_roles=LEVELS,
    areas_ha={},
    has_method=False,
    papers=frozenset(),
    notice_until=None,
    open_comments=0,
    is_proposed=False,
    is_decided=False,
    contributors=frozenset(),
    period=None,
    asset_ids=(),
)


def of_project(**change):
    return replace(
        NEW_CASE, **{"areas_ha": {"a": 1.0}, "has_method": True, "papers": frozenset({"design", "tenure"}), **change}
    )


def of_period(**change):
    return of_project(state="registered", period=replace(NEW_PERIOD, **change))


ISSUED = of_period(state="issued", issuance_id=3, is_entered=True)
STORY = [
    (None, None, "create"),
    (NEW_CASE, None, "parcels"),
    (replace(NEW_CASE, areas_ha={"a": 1.0}), None, "method"),
    (replace(NEW_CASE, areas_ha={"a": 1.0}, has_method=True), None, "papers"),
    (replace(NEW_CASE, areas_ha={"a": 1.0}, has_method=True, papers=frozenset({"design"})), None, "papers"),
    (of_project(), None, "submit"),
    (of_project(state="submitted"), None, "review-banner_clerk"),
    (of_project(state="submitted", level=1), None, "review-league_reviewer"),
    (of_project(state="submitted", level=2), None, "review-region_maker"),
    (of_project(state="returned"), None, "corrections"),
    (of_project(state="accepted"), None, "publish"),
    (of_project(state="notice_and_validation", notice_until=TODAY), None, "notice"),
    (of_project(state="notice_and_validation", notice_until=TODAY, open_comments=1), None, "answer"),
    (of_project(state="notice_and_validation", notice_until=date(2026, 3, 1)), None, "validate"),
    (of_project(state="registration_review"), None, "propose"),
    (of_project(state="registration_review", is_proposed=True), None, "decide"),
    (of_project(state="registration_review", is_proposed=True, is_decided=True), None, "record"),
    (of_project(state="registered"), None, "period"),
    (of_period(), None, "upload"),
    (of_period(files=frozenset({("forest_plots", "later")})), None, "upload"),
    (of_period(files=tour.FOREST_FILES), None, "calculate"),
    (of_period(state="calculated"), None, "submit_period"),
    (of_period(state="submitted"), None, "publish_period"),
    (of_period(state="notice_and_verification", notice_until=TODAY), None, "notice_period"),
    (of_period(state="notice_and_verification", notice_until=TODAY, open_comments=2), None, "answer_period"),
    (of_period(state="notice_and_verification", unanswered_findings=1), None, "answer_findings"),
    (of_period(state="notice_and_verification", answered_findings=1), None, "close_findings"),
    (of_period(state="notice_and_verification", notice_until=date(2026, 3, 1)), None, "verify"),
    (of_period(state="issuance_review"), None, "propose_issuance"),
    (of_period(state="issuance_review", issuance_id=3), None, "decide_issuance"),
    (of_period(state="issued", issuance_id=3), None, "record_issuance"),
    (ISSUED, None, "admit"),
    (ISSUED, tour.Market("", False, False, False, None, ""), "admit"),
    (ISSUED, tour.Market("", False, False, False, None, "", 5), "review_admission"),
    (ISSUED, tour.Market("", False, False, False, None, "", 5, 7), "approve_admission"),
    (ISSUED, tour.Market("F000007-25", False, False, False, None, ""), "open"),
    (ISSUED, tour.Market("F000007-25", False, True, False, None, ""), "offer"),
    (ISSUED, tour.Market("F000007-25", False, True, True, None, ""), "buy"),
    (ISSUED, tour.Market("F000007-25", False, False, True, 4, ""), "retire"),
    (ISSUED, tour.Market("F000007-25", False, True, True, None, "ZX1"), "certificate"),
    (of_project(state="rejected"), None, None),
    (of_project(state="suspended"), None, None),
]


@pytest.mark.parametrize(("case", "market", "key"), STORY)
def test_the_due_step_follows_from_the_data(case, market, key):
    assert tour.due_step(case, market, today=TODAY) == key


def test_the_story_meets_every_step():
    assert {key for _case, _market, key in STORY if key} == set(BY_KEY)
    assert [step.key for step in tour.shown_steps("create") if step.only_when_due] == []
    assert "answer" in [step.key for step in tour.shown_steps("answer")]


@pytest.mark.django_db
def test_the_bar_names_the_person_of_the_right_office(at):
    a_person(Role.BANNER_CLERK, at=at)  # Of 150430.
    reviewer = a_person(Role.LEAGUE_REVIEWER, at=at)
    case = of_project(state="submitted", level=1, division_code="150430")
    place = tour.place_of(case, None, at=at)
    assert (place.who.id, place.url) == (reviewer.user_id, "/projects/7/review/")
    assert tour.place_of(replace(case, contributors=frozenset({reviewer.user_id})), None, at=at).who is None
    assert tour.place_of(replace(case, division_code="150782"), None, at=at).who is None
    waits = tour.place_of(of_project(state="notice_and_validation", notice_until=TODAY), None, at=at)
    assert waits.who is None
    assert waits.move_to == datetime.fromisoformat("2026-03-03T09:00+08:00")
    tomorrow = tour.place_of(ISSUED, tour.Market("F000007-25", True, False, False, None, ""), at=at)
    assert tomorrow.move_to == datetime.fromisoformat("2026-03-03T09:30+08:00")
    today = tour.place_of(ISSUED, tour.Market("F000007-25", False, False, False, None, ""), at=at)
    assert today.move_to == datetime.fromisoformat("2026-03-02T13:00+08:00")


@pytest.mark.django_db
@override_settings(DEMO=True)
def test_the_bar_goes_along_begins_and_hides(at):
    owner = a_person(Role.OWNER, at=at)
    visitor = Client()
    home = visitor.get("/").content.decode()
    assert "开始导览" in home
    visitor.post("/tour/", {"do": "begin", "next": "/market/"})
    page = visitor.get("/market/").content.decode()
    assert "新建项目" in page
    assert f'name="username" value="{username_of(owner)}"' in " ".join(page.split())
    signed_in = visitor.post("/sign-in/demonstration/", {"username": username_of(owner), "next": "/tour/"})
    assert signed_in["Location"] == "/tour/"
    assert "新建项目" in visitor.get("/tour/").content.decode()
    visitor.post("/tour/", {"do": "hide", "next": "/market/"})
    assert "tour-bar" not in visitor.get("/market/").content.decode()
    assert "重新显示导览条" in visitor.get("/tour/").content.decode()
    visitor.post("/tour/", {"do": "show"})
    assert "tour-bar" in visitor.get("/market/").content.decode()


@pytest.mark.django_db
@override_settings(DEMO=True)
def test_the_story_ends_with_its_certificate_and_the_tour_can_be_closed(monkeypatch):
    told = tour.Market("F000007-25", False, True, True, None, "NMZX-2026-000007")
    monkeypatch.setattr(tour, "stand", lambda project_id, *, at: (ISSUED, told) if project_id else (None, None))
    visitor = Client()
    visitor.cookies["tour"] = "7"
    page = visitor.get("/market/").content.decode()
    assert "的一生已讲完" in page
    assert 'href="/certificates/NMZX-2026-000007/"' in page
    steps = visitor.get("/tour/").content.decode()
    assert 'aria-current="step"' not in steps
    assert steps.count("tour-done") == len(tour.shown_steps("certificate"))
    visitor.post("/tour/", {"do": "end", "next": "/market/"})
    assert "tour-bar" not in visitor.get("/market/").content.decode()
    assert "开始导览" in visitor.get("/tour/").content.decode()
    visitor.post("/tour/", {"do": "begin"})
    assert "新建项目" in visitor.get("/market/").content.decode()


@pytest.mark.django_db
def test_the_hints_name_the_fields_that_a_step_asks_for():
    with override("zh-hans"):
        hints = {key: gettext(step.hint) for key, step in BY_KEY.items()}
    for key, words in {
        "create": ("造林碳汇", "牙克石市"),
        "parcels": ("地类", "权属类型", "权证号"),
        "validate": ("审定结论",),
        "verify": ("核查结论", "意见"),
    }.items():
        assert [word for word in words if word not in hints[key]] == []


@pytest.mark.django_db
@pytest.mark.parametrize("told", ["", "after-", "after-x", "-1", "9" * 40, "after-99", "123456"])
@override_settings(DEMO=True)
def test_whatever_the_cookie_says_a_page_is_shown(told):
    visitor = Client()
    visitor.cookies["tour"] = told
    assert visitor.get("/market/").status_code == 200
    assert visitor.get("/tour/").status_code == 200


@pytest.mark.django_db
def test_without_the_demonstration_there_is_no_tour():
    visitor = Client()
    assert visitor.get("/tour/").status_code == 404
    assert visitor.get("/tour/files/land/").status_code == 404
    assert "tour-bar" not in visitor.get("/market/").content.decode()


@pytest.mark.django_db
def test_the_sample_files_are_what_the_platform_takes(tmp_path):
    made = {name: make(None) for name, (_file, make) in samples.FILES.items()}
    papers = ("land", "design", "tenure", "validation")
    assert all(samples.FILES[name][1](None) == made[name] for name in papers)
    for name in papers[1:]:
        assert content_type(made[name]) == "application/pdf"
    path = tmp_path / "land.geojson"
    path.write_bytes(made["land"])
    survey = read_in_child(path)
    assert survey.problems == ()
    assert len(survey.parcels) == 2
    assert all(100 < one.area_ha < 2000 for one in survey.parcels)
    areas = tuple(round(area_ha(one.geometry), 2) for one in survey.parcels)
    case = of_project(areas_ha=dict(zip("ab", areas, strict=True)))
    uploads = {}
    for name in ("earlier", "later"):
        path = tmp_path / f"{name}.xlsx"
        path.write_bytes(samples.FILES[name][1](case))
        uploads[name] = parse_workbook("forest_plots", path)
        assert uploads[name].problems == ()
    assert [one.area_ha for one in uploads["later"].sheets["strata"]] == list(areas)
    assert len(uploads["later"].sheets["plots"]) == 2 * samples.PLOTS


@pytest.mark.django_db
def test_every_patch_of_the_story_lies_in_its_banner():
    from django.core.management import call_command

    call_command("load_outlines", stdout=io.StringIO())
    outline = banner_outline("150782")
    for latitude in samples.LATITUDES:
        for longitude in samples.LONGITUDES:
            for patch in samples.patches_at(longitude, latitude):
                assert not is_outside(json.loads(json.dumps(samples.land.drawn(patch))), outline, tolerance_ha=0.01)
