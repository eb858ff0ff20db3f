"""Divisions: 1 + 12 + 103 by GB/T 2260, and outlines of the size that the sample data measured."""

import csv
import json
from collections import Counter

import pytest
from django.core.management import call_command
from pyproj import Geod
from shapely.geometry import shape

from rulebook import queries
from rulebook.errors import NotThere
from rulebook.rules import DivisionLevel
from rulebook.rules.divisions import COUNTY_LEVELS


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.django_db
class TestDivisions:
    def test_the_region_has_twelve_leagues_and_cities_and_103_banners(self):
        levels = Counter(division.level for division in queries.divisions())
        assert levels[DivisionLevel.REGION] == 1
        assert levels[DivisionLevel.LEAGUE] + levels[DivisionLevel.CITY] == 12
        assert levels[DivisionLevel.LEAGUE] == 3
        assert levels[DivisionLevel.AUTONOMOUS_BANNER] == 3
        assert sum(levels[level] for level in COUNTY_LEVELS) == 103

    def test_names_and_codes_agree_with_the_official_list(self, sample_data):
        official = {row["code"]: row for row in rows_of(sample_data / "admin" / "inner_mongolia_codes.csv")}
        ours = {division.code: division for division in queries.divisions()}
        assert ours.keys() == official.keys()
        for code, row in official.items():
            assert (ours[code].name, ours[code].parent) == (row["name"], row["parent"])

    def test_a_banner_lies_in_its_league_and_in_the_region_and_in_no_other(self):
        assert queries.is_under("150430", "150430")
        assert queries.is_under("150430", "150400")
        assert queries.is_under("150430", "150000")
        assert not queries.is_under("150430", "150500")
        assert not queries.is_under("150400", "150430")
        assert not queries.is_under("999999", "150000")

    def test_divisions_stand_in_the_order_of_their_pinyin(self):
        leagues = queries.divisions(parent="150000")
        assert [one.name for one in leagues[:3]] == ["阿拉善盟", "巴彦淖尔市", "包头市"]  # ba before bao.
        assert [one.name for one in leagues[10:]] == ["锡林郭勒盟", "兴安盟"]

    def test_an_unknown_code_is_not_there(self):
        with pytest.raises(NotThere):
            queries.division("990000")
        assert queries.banner_outline("990000") is None


@pytest.mark.django_db
def test_outlines_have_the_area_that_was_measured(sample_data, capsys):
    assert queries.banner_outline("150430") is None

    call_command("load_outlines")

    assert json.loads(capsys.readouterr().out) == {"status": "ok", "outlines": 116}
    geod = Geod(ellps="GRS80")
    for row in rows_of(sample_data / "admin" / "banner_areas.csv"):
        outline = shape(queries.banner_outline(row["code"]))
        area_ha = abs(geod.geometry_area_perimeter(outline)[0]) / 10_000
        assert area_ha == pytest.approx(float(row["area_ha_ellipsoid"]), rel=1e-4), row["name"]
    assert len(queries.outlines("150000")) == 12
