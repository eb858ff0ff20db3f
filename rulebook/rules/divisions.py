"""Administrative divisions by GB/T 2260 code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DivisionLevel(StrEnum):
    """What kind of division it is; the last five are of county level."""

    REGION = "region"
    LEAGUE = "league"
    CITY = "city"
    BANNER = "banner"
    AUTONOMOUS_BANNER = "autonomous_banner"
    COUNTY = "county"
    DISTRICT = "district"
    COUNTY_CITY = "county_city"


COUNTY_LEVELS = frozenset(
    {
        DivisionLevel.BANNER,
        DivisionLevel.AUTONOMOUS_BANNER,
        DivisionLevel.COUNTY,
        DivisionLevel.DISTRICT,
        DivisionLevel.COUNTY_CITY,
    }
)


@dataclass(frozen=True)
class Division:
    """One division. `pinyin` is the sort key: the database has no Chinese collation."""

    code: str
    name: str
    official_name: str
    level: DivisionLevel
    parent: str
    pinyin: str
