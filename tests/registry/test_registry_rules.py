"""The registry's decisions: states against the design's words, exact shares, geometry against plain arithmetic."""

import time
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules import NOBODY, Role
from registry.rules import documents, issuance
from registry.rules.parcels import Limits, area_ha, generalised, is_outside, meet_too_often, overlap_ha
from registry.rules.parcels.geometry import flaw_of, polygons_of
from registry.rules.states import (
    BOUND_LAND,
    FINAL_PROJECT,
    PERIOD_STEPS,
    PROJECT_STEPS,
    PUBLIC_PROJECT,
    Parties,
    PeriodState,
    ProjectState,
    Verb,
    next_level,
    open_verbs,
    role_for,
    step,
)
from registry.rules.texts import file_name, is_clean, one_line

# States.


def reachable(steps, start):
    found, left = {start}, [start]
    while left:
        here = left.pop()
        for one in steps:
            if one.state == here and one.to not in found:
                found.add(one.to)
                left.append(one.to)
    return found


def test_every_state_is_reached_and_only_the_final_ones_are_left_by_nothing():
    assert reachable(PROJECT_STEPS, ProjectState.DRAFT) == set(ProjectState)
    assert reachable(PERIOD_STEPS, PeriodState.DRAFT) == set(PeriodState)
    for state in ProjectState:
        leads_away = any(one.state == state and one.to != state for one in PROJECT_STEPS)
        assert leads_away == (state not in FINAL_PROJECT)


def test_the_way_to_the_register_is_the_designs():
    way = [
        (ProjectState.DRAFT, Verb.SUBMIT),
        (ProjectState.SUBMITTED, Verb.ACCEPT),
        (ProjectState.ACCEPTED, Verb.PUBLISH),
        (ProjectState.NOTICE, Verb.SIGN),
        (ProjectState.REVIEW, Verb.RECORD),
    ]
    reached = [step(PROJECT_STEPS, state, verb).to for state, verb in way]
    assert [*reached[:-1]] == [state for state, _ in way[1:]]
    assert reached[-1] is ProjectState.REGISTERED


@pytest.mark.parametrize("steps", [PROJECT_STEPS, PERIOD_STEPS])
def test_a_verb_leads_from_a_state_to_one_place(steps):
    assert len({(one.state, one.verb) for one in steps}) == len(steps)


def test_no_step_skips_the_registration():
    before = set(ProjectState) - {
        ProjectState.REGISTERED,
        ProjectState.SUSPENDED,
        ProjectState.COMPLETED,
        ProjectState.DEREGISTERED,
    }
    into = {(one.state, one.verb) for one in PROJECT_STEPS if one.state in before and one.to not in before}
    assert into == {(ProjectState.REVIEW, Verb.RECORD)}


def test_land_is_bound_from_the_submission_to_the_end():
    assert ProjectState.DRAFT not in BOUND_LAND
    assert not BOUND_LAND & FINAL_PROJECT
    assert set(ProjectState) == BOUND_LAND | FINAL_PROJECT | {ProjectState.DRAFT}
    assert ProjectState.ACCEPTED not in PUBLIC_PROJECT


CASE = Parties(owner_id=1, division_code="150430", validator_id=2, verifier_id=3)


def someone(role, organisation_id, division_code=""):
    return replace(
        NOBODY, user_id=9, organisation_id=organisation_id, division_code=division_code, roles=frozenset({role})
    )


@pytest.mark.parametrize(
    ("role", "organisation_id", "division_code", "may"),
    [
        (Role.OWNER, 1, "", True),
        (Role.OWNER, 4, "150430", False),
        (Role.VALIDATOR, 2, "", True),
        (Role.VALIDATOR, 3, "", False),
        (Role.VERIFIER, 3, "", True),
        (Role.VERIFIER, 2, "", False),
        (Role.BANNER_CLERK, 7, "150430", True),
        (Role.BANNER_CLERK, 7, "150421", False),
        (Role.BANNER_CLERK, 7, "", False),
        (Role.LEAGUE_REVIEWER, 8, "150400", True),
        (Role.LEAGUE_REVIEWER, 8, "150500", False),
        (Role.REGION_MAKER, 9, "150000", True),
        (Role.AUDITOR, 9, "150000", False),
    ],
)
def test_a_role_acts_in_its_own_case_or_area(role, organisation_id, division_code, may):
    roles = frozenset(Role) - {Role.AUDITOR}
    assert role_for(roles, someone(role, organisation_id, division_code), CASE) == (role if may else None)


def test_nobody_and_wrong_roles_take_no_step():
    assert role_for(frozenset(Role), NOBODY, CASE) is None
    assert role_for(frozenset({Role.OWNER}), someone(Role.BANNER_CLERK, 1, "150430"), CASE) is None
    assert open_verbs(PROJECT_STEPS, ProjectState.DRAFT, frozenset({Role.VALIDATOR})) == []
    assert open_verbs(PROJECT_STEPS, ProjectState.NOTICE, frozenset({Role.VALIDATOR})) == [Verb.SIGN, Verb.REJECT]


@given(st.lists(st.text(), min_size=1, max_size=6, unique=True))
def test_levels_run_one_by_one_to_the_last(levels):
    level, seen = 0, [0]
    while (following := next_level(levels, level)) is not None:
        level = following
        seen.append(level)
    assert seen == list(range(len(levels)))


# Vintages and shares.


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_shares_sum_exactly_and_are_off_by_less_than_one(total, weights):
    parts = issuance.share_out(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)
        assert weight or not part


@given(st.integers(0, 40), st.lists(st.integers(1, 20), min_size=1, max_size=5))
def test_shares_agree_with_giving_out_one_tonne_at_a_time(total, weights):
    """The slow way: whole parts first, then one tonne each to the largest remainders, earlier places first."""
    whole = sum(weights)
    expected = [0] * len(weights)
    for place, weight in enumerate(weights):
        while (expected[place] + 1) * whole <= total * weight:
            expected[place] += 1
    remainders = {place: total * weight - expected[place] * whole for place, weight in enumerate(weights)}
    while sum(expected) < total:
        place = max(remainders, key=lambda one: (remainders[one], -one))
        expected[place] += 1
        del remainders[place]
    assert issuance.share_out(total, weights) == expected


DAYS = st.dates(date(2015, 1, 1), date(2050, 12, 31))


@given(DAYS, st.integers(0, 4000))
def test_the_days_of_a_period_are_counted_once_each(first, length):
    last = first + timedelta(days=length)
    years = issuance.days_by_year(first, last)
    assert sum(days for _, days in years) == length + 1
    assert [year for year, _ in years] == list(range(first.year, last.year + 1))


@given(DAYS, st.integers(0, 4000), st.integers(0, 10**7), st.integers(0, 100))
def test_vintages_sum_to_the_verified_tonnes_and_to_the_buffer(first, length, tonnes, percent):
    buffer = tonnes * percent // 100
    found = issuance.vintages(first, first + timedelta(days=length), tonnes, buffer)
    assert sum(one.tonnes for one in found) == tonnes
    assert sum(one.buffer_tonnes for one in found) == buffer
    assert all(0 <= one.buffer_tonnes <= one.tonnes for one in found)
    assert all(one.tonnes > 0 for one in found)
    assert all(earlier.year < later.year for earlier, later in pairwise(found))


def test_a_digest_is_of_the_content_and_not_of_its_order():
    assert issuance.digest({"a": 1, "b": [date(2026, 1, 1)]}) == issuance.digest({"b": [date(2026, 1, 1)], "a": 1})
    assert issuance.digest({"a": 1}) != issuance.digest({"a": 2})


# Geometry.


def box(west, south, east, north):
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def flaw(geometry, limits=None):
    return flaw_of(polygons_of(geometry), limits or Limits())


# Metres of a degree on the ellipsoid GRS80 at 42.2° north, from its radii: 111,085 north, 82,591 east.
HA_OF_A_HUNDREDTH = 1110.85 * 825.91 / 10_000


def test_an_area_is_that_of_the_ellipsoid():
    assert area_ha(box(119.0, 42.195, 119.01, 42.205)) == pytest.approx(HA_OF_A_HUNDREDTH, rel=1e-4)


@given(st.integers(1, 99))
def test_the_parts_of_a_field_are_as_large_as_the_field(cut):
    whole, middle = box(119.0, 42.2, 119.01, 42.21), 119.0 + cut / 10_000
    left, right = box(119.0, 42.2, middle, 42.21), box(middle, 42.2, 119.01, 42.21)
    assert area_ha(left) + area_ha(right) == pytest.approx(area_ha(whole), rel=1e-9)
    assert overlap_ha(left, right) == pytest.approx(0, abs=1e-6)
    assert overlap_ha(whole, left) == pytest.approx(area_ha(left), rel=1e-9)


def test_a_hole_is_taken_off_whichever_way_its_ring_runs():
    outer = box(119.0, 42.2, 119.01, 42.21)["coordinates"][0]
    inner = box(119.004, 42.204, 119.006, 42.206)["coordinates"][0]
    expected = area_ha(box(119.0, 42.2, 119.01, 42.21)) - area_ha(box(119.004, 42.204, 119.006, 42.206))
    for hole in (inner, inner[::-1]):
        for shell in (outer, outer[::-1]):
            found = area_ha({"type": "Polygon", "coordinates": [shell, hole]})
            assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("ring", "reason"),
    [
        ([[119, 42], [119.01, 42.01], [119.01, 42], [119, 42.01], [119, 42]], "self_crossing"),
        ([[119, 42], [119.01, 42], [119.01, 42.01], [119, 42.01]], "open_ring"),
        ([[119, 42], [119.01, 42], [119, 42]], "too_few_points"),
        ([[119, 42], [119.01, float("nan")], [119.01, 42.01], [119, 42]], "not_a_number"),
        ([[119, 42], [119.01, True], [119.01, 42.01], [119, 42]], "not_a_number"),
        ([[42, 119], [42.01, 119], [42.01, 119.01], [42, 119]], "swapped"),
        ([[500000, 4200000], [500100, 4200000], [500100, 4200100], [500000, 4200000]], "outside_region"),
        ([[119, 42], [119.01, 42], [119.01, 42.000001], [119, 42]], "sliver"),
        ([[119, 42]] + [[119 + n / 1e6, 42.01] for n in range(6000)] + [[119, 42]], "too_many_vertices"),
    ],
)
def test_what_is_wrong_with_a_ring_is_named(ring, reason):
    assert flaw({"type": "Polygon", "coordinates": [ring]}).reason == reason


def test_holes_and_points_have_limits():
    shell, hole = box(119.0, 42.2, 119.01, 42.21)["coordinates"][0], box(119.001, 42.201, 119.002, 42.202)
    many = {"type": "Polygon", "coordinates": [shell, *([hole["coordinates"][0]] * 501)]}
    assert flaw(many).reason == "too_many_holes"
    assert flaw(box(119.0, 42.2, 119.01, 42.21), Limits(vertices=4)).reason == "too_many_vertices"
    assert flaw(box(119.0, 42.2, 119.01, 42.21)) is None


@pytest.mark.parametrize(
    "geometry",
    [{}, {"type": "Point", "coordinates": [1, 2]}, {"type": "Polygon"}, {"type": "Polygon", "coordinates": [[1, 2]]}],
)
def test_what_is_no_polygon_is_none(geometry):
    assert polygons_of(geometry) is None


def test_a_field_lies_outside_its_banner_by_more_than_the_tolerance_or_not_at_all():
    banner, field = box(119.0, 42.0, 120.0, 43.0), box(119.99, 42.2, 120.0001, 42.21)
    share = area_ha(box(120.0, 42.2, 120.0001, 42.21))
    assert is_outside(field, banner, tolerance_ha=share * 0.99)
    assert not is_outside(field, banner, tolerance_ha=share * 1.01)
    assert not is_outside(box(119.5, 42.2, 119.51, 42.21), banner, tolerance_ha=0)


def comb(teeth, *, turned=False):
    """Return a comb over one square hundredth of a degree; two of them, one turned, cross at every tooth."""
    width = 0.01 / teeth
    ring = [[119.0, 42.2]]
    for tooth in range(teeth):
        x = 119.0 + tooth * width
        ring += [[x, 42.2099], [x + width / 2, 42.2099], [x + width / 2, 42.2001], [x + width * 0.9, 42.2001]]
    ring += [[119.01, 42.2], [119.0, 42.2]]
    if turned:
        ring = [[119.0 + (y - 42.2), 42.2 + (x - 119.0)] for x, y in ring]
    return {"type": "Polygon", "coordinates": [[*ring]]}


def test_two_borders_that_would_take_a_minute_to_meet_are_found_in_a_moment():
    began = time.process_time()
    assert meet_too_often(comb(600), comb(600, turned=True))
    assert time.process_time() - began < 5
    assert not meet_too_often(comb(20), comb(20, turned=True))


def test_a_long_common_border_is_no_reason_to_refuse():
    shared = [[119.0 + n / 1e6, 42.2 + (n % 3) / 1e6] for n in range(4900)]
    above = [*shared, [119.0049, 42.21], [119.0, 42.21], shared[0]]
    below = [*shared, [119.0049, 42.19], [119.0, 42.19], shared[0]]
    assert not meet_too_often({"type": "Polygon", "coordinates": [above]}, {"type": "Polygon", "coordinates": [below]})


def test_the_public_map_shows_no_exact_corner():
    field = box(119.00123, 42.20123, 119.01234, 42.21234)
    shown = generalised(field)
    corners = {tuple(point) for point in field["coordinates"][0]}
    assert not corners & {tuple(point) for point in shown["coordinates"][0]}


# Papers and texts.


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"PK\x03\x04..xl/workbook.xml", documents.XLSX),
        (b"PK\x03\x04..word/document.xml", documents.DOCX),
        (b"PK\x03\x04..", documents.ZIP),
        (b' {"a": 1}', documents.GEOJSON),
        ("说明".encode(), documents.TEXT),
        (b"<html>", ""),
        (b"\0\1", ""),
        (b"MZ\x90", ""),
        ("说明".encode("gbk"), ""),
        (b"", ""),
    ],
)
def test_a_file_is_what_its_content_says(content, kind):
    assert documents.content_type(content) == kind


@given(st.text())
def test_a_name_of_a_file_is_one_clean_part_of_a_path(text):
    name = file_name(text)
    assert is_clean(name)
    assert not set(name) & set("/\\\n\t\r")
    assert is_clean(one_line(text))


def test_names_of_files_lose_their_folders():
    assert file_name("C:\\用户\\地块.zip") == "地块.zip"
    assert file_name("../../etc/passwd") == "passwd"
    assert file_name("a\x00\u202eb.pdf") == "ab.pdf"
