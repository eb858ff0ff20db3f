"""GET regions, regions/{code}: the administrative divisions that projects lie in. Facts, open to anyone."""

from typing import Annotated

from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.bodies import Filters
from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from rulebook import queries
from rulebook.rules import Division, DivisionLevel


class RegionShown(BaseModel):
    """A division over the API. `parent` is empty for the region itself."""

    code: str
    name: str
    official_name: str
    level: DivisionLevel
    parent: str


class RegionFilters(Filters):
    """Query parameters of the list."""

    level: DivisionLevel | None = None
    parent: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None


def shown(division: Division) -> RegionShown:
    """Return a division as the API shows it."""
    return RegionShown(
        code=division.code,
        name=division.name,
        official_name=division.official_name,
        level=division.level,
        parent=division.parent,
    )


class Regions(Endpoint):
    """The divisions by code, those of a level or directly under a parent if asked."""

    @described(page_of(RegionShown), filters=RegionFilters)
    def get(self, request: Request) -> Response:
        wanted = self.filters(RegionFilters)
        rows = queries.divisions(level=wanted.level, parent=wanted.parent)
        return self.list_page(rows, shown, key=lambda division: division.code)


class OneRegion(Endpoint):
    """One division by its GB/T 2260 code."""

    @described(RegionShown)
    def get(self, request: Request, code: str) -> Response:
        return self.answer(shown(queries.division(code)))
