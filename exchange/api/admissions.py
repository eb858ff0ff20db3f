"""Requests to admit a product over the API. The exchange decides in a browser."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.bodies import Body, Text
from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent
from exchange import queries, services
from exchange.api.schemas import Price, fen_of, price_of
from exchange.models import Admission
from rulebook.rules import beijing


class AdmissionBody(Body):
    """The batch whose product is to be admitted, and its first price."""

    asset: int
    initial_price: Price
    note: Annotated[Text, Field(max_length=300)] = ""


class AdmissionShown(BaseModel):
    """A request; instrument: its code once it was admitted; digest: of what was asked for, for whoever approves it."""

    id: int
    asset: int
    project: str
    vintage: int
    initial_price: str
    state: str
    opinion: str
    digest: str
    instrument: str | None
    tradable_from: str | None
    at: datetime


def admission_shown(row: Admission) -> AdmissionShown:
    """Return a request as its holder sees it."""
    return AdmissionShown(
        id=row.pk,
        asset=row.asset_id,
        project=row.project_code,
        vintage=row.vintage_year,
        initial_price=price_of(row.initial_price_fen),
        state=row.state,
        opinion=row.opinion,
        digest=row.digest,
        instrument=row.instrument.code if row.instrument else None,
        tradable_from=row.instrument.tradable_from.isoformat() if row.instrument else None,
        at=beijing(row.at),
    )


class Admissions(Endpoint):
    """The own requests to admit a product, newest first; POST asks for one, for a batch that one holds."""

    @described(page_of(AdmissionShown))
    def get(self, request: Request) -> Response:
        return self.page(queries.admissions_visible_to(self.actor), admission_shown)

    @described(AdmissionShown, body=AdmissionBody, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.body(AdmissionBody)
        price_fen = fen_of(body.initial_price, field="initial_price")
        assert price_fen is not None
        row = services.request_admission(
            actor=self.actor, asset_id=body.asset, initial_price_fen=price_fen, note=body.note, at=self.at
        )
        return self.answer(admission_shown(row), status=201, location=f"/api/v1/admissions/{row.pk}/")


class OneAdmission(Endpoint):
    """One request of the own organisation."""

    @described(AdmissionShown)
    def get(self, request: Request, admission_id: int) -> Response:
        return self.answer(admission_shown(queries.admission(self.actor, admission_id)))
