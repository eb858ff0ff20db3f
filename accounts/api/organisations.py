"""GET me, organisations, organisations/{id}."""

from typing import Any

from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries
from accounts.api.bodies import Filters
from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.rules import OrganisationKind


class OrganisationShown(BaseModel):
    """An organisation over the API."""

    id: int
    name: str
    kind: OrganisationKind
    uscc: str
    division_code: str
    is_frozen: bool


class MeShown(BaseModel):
    """Who the caller is, and for whom it acts."""

    kind: str
    name: str
    organisation: OrganisationShown | None
    roles: list[str]
    scopes: list[str]


class OrganisationFilters(Filters):
    """Query parameters of the list."""

    kind: OrganisationKind | None = None


def shown(view: Any) -> OrganisationShown:
    """Return an organisation's view without what is nobody else's: its control group."""
    return OrganisationShown(
        id=view.id,
        name=view.name,
        kind=view.kind,
        uscc=view.uscc,
        division_code=view.division_code,
        is_frozen=view.is_frozen,
    )


class Me(Endpoint):
    """Who is asking."""

    @described(MeShown)
    def get(self, request: Request) -> Response:
        own = self.actor.organisation_id
        return self.answer(
            MeShown(
                kind="client" if self.actor.is_client else "person",
                name=self.actor.display_name,
                organisation=shown(queries.organisation(own)) if own is not None else None,
                roles=sorted(self.actor.roles),
                scopes=sorted(self.actor.scopes),
            )
        )


class Organisations(Endpoint):
    """The organisations the caller may read."""

    @described(page_of(OrganisationShown), filters=OrganisationFilters)
    def get(self, request: Request) -> Response:
        wanted = self.filters(OrganisationFilters)
        rows = queries.organisations_visible_to(self.actor, kind=wanted.kind.value if wanted.kind else "")
        return self.page(rows, lambda row: shown(queries.view_of(row)), ordering="pk")


class OneOrganisation(Endpoint):
    """One organisation."""

    @described(OrganisationShown)
    def get(self, request: Request, organisation_id: int) -> Response:
        return self.answer(shown(queries.view_of(queries.organisation_row(self.actor, organisation_id))))
