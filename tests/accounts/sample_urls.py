"""Routes of the tests alone: an endpoint that moves something, and one that fails in each way."""

import time
from typing import Annotated

from django.db import IntegrityError, OperationalError
from django.http import HttpResponse
from django.urls import include, path
from pydantic import BaseModel, Field

from accounts import services
from accounts.api.bodies import Body, Filters, Quantity, Text
from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent
from accounts.errors import OrganisationNotThere
from accounts.models import AuditRecord
from accounts.rules import PUBLIC, SIGNED_IN, Role, roles, signed_in
from accounts.web.routes import route
from config.api.slashes import with_or_without_slash
from config.urls import handler400, handler403, handler404, handler500  # noqa: F401 (found here by Django)
from config.urls import urlpatterns as ours

RUNS: list[str] = []
NUDGES: list[str] = []


class Line(Body):
    """A line of a sample order."""

    price: Annotated[str, Field(max_length=10)]


class SampleOrder(Body):
    """A sample order."""

    name: Text
    quantity: Quantity
    lines: list[Line] = []


class SampleFilters(Filters):
    """Filters of the sample list."""

    verb: str = ""


class SampleShown(BaseModel):
    """A sample."""


class Samples(Endpoint):
    """Writes one audit record a POST, in the transaction of its request number."""

    @described(page_of(SampleShown), filters=SampleFilters)
    def get(self, request):
        wanted = self.filters(SampleFilters)
        rows = AuditRecord.objects.filter(verb=wanted.verb) if wanted.verb else AuditRecord.objects.all()
        return self.page(rows, lambda row: {"id": row.pk, "subject": row.subject})

    @idempotent
    def post(self, request):
        body = self.body(SampleOrder)
        RUNS.append(body.name)
        record = services.record_audit(
            actor=self.actor, verb="sample", subject=f"sample:{body.name}", before=None, after=None, at=self.at
        )
        self.after_commit(lambda: NUDGES.append(body.name))
        if body.name == "refused":
            raise OrganisationNotThere
        if body.name == "slow":
            time.sleep(0.3)
        return self.answer({"id": record, "quantity": body.quantity}, status=201, location=f"/api/v1/samples/{record}/")


class ListedSamples(Endpoint):
    """A list that is read as a whole."""

    @described(page_of(SampleShown))
    def get(self, request):
        return self.list_page([{"n": n} for n in range(1, 6)], lambda row: row, key=lambda row: row["n"])


class Failing(Endpoint):
    """Fails as the database does."""

    def get(self, request, how):
        if how == "busy":
            raise OperationalError("lock")
        if how == "bug":
            raise IntegrityError("a constraint of ours")
        raise ZeroDivisionError


def failing_page(request, how):
    """Fail as the endpoint does, as a page."""
    if how == "refusal":
        raise OrganisationNotThere
    if how == "password":
        services.require_confirmed(request.actor, request.at)
        return HttpResponse("done")
    raise OperationalError("lock")


CLIENTS = signed_in(scope="orders:write")
routes = [
    route("samples/", Samples.as_view(), name="api-samples", GET=PUBLIC, POST=CLIENTS),
    route("listed-samples/", ListedSamples.as_view(), name="api-listed-samples", GET=PUBLIC),
    route("failing/<str:how>/", Failing.as_view(), name="api-failing", GET=PUBLIC),
    route("owners/", Samples.as_view(), name="api-owners", GET=roles(Role.OWNER, scope="registry:read")),
]
urlpatterns = [
    path("api/v1/", include([with_or_without_slash(one) for one in routes])),
    route("failing-page/<str:how>/", failing_page, name="failing-page", GET=PUBLIC, POST=SIGNED_IN),
    path("unstated/", lambda request: HttpResponse("open"), name="unstated"),
    *ours,
]
