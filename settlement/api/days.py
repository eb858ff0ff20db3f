"""The daily statement, and objections to the settlement of trades."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent
from rulebook.queries import business_date
from settlement import queries, services
from settlement.api import day_schemas as schemas


class Daily(Endpoint):
    """The day of the own organisation: money and credits from opening to closing, and each movement (日结算单)."""

    @described(schemas.DailyShown, filters=schemas.DailyFilters)
    def get(self, request: Request) -> Response:
        day = self.filters(schemas.DailyFilters).day or business_date(self.at)
        return self.answer(schemas.daily_shown(queries.daily_statement(self.actor, day, at=self.at)))


class Objections(Endpoint):
    """Objections of the own organisation and against it; a new one, until the next opening."""

    @described(page_of(schemas.ObjectionShown), filters=schemas.ObjectionFilters)
    def get(self, request: Request) -> Response:
        wanted = self.filters(schemas.ObjectionFilters)
        rows = queries.objections_visible_to(self.actor, state=wanted.state or "")
        return self.list_page(rows, schemas.objection_shown, key=lambda row: row.pk)

    @described(schemas.ObjectionShown, body=schemas.NewObjection, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.body(schemas.NewObjection)
        row = services.raise_objection(
            actor=self.actor, entry_id=body.entry, claimed_fen=body.claimed_fen, reason=body.reason, at=self.at
        )
        return self.answer(schemas.objection_shown(row), status=201, location=f"{request.path}{row.pk}/")


class OneObjection(Endpoint):
    """One objection and how it ended."""

    @described(schemas.ObjectionShown)
    def get(self, request: Request, objection_id: int) -> Response:
        return self.answer(schemas.objection_shown(queries.objection(self.actor, objection_id)))


class WithdrawObjection(Endpoint):
    """Take an objection back before it has ended."""

    @described(schemas.ObjectionShown)
    @idempotent
    def post(self, request: Request, objection_id: int) -> Response:
        services.withdraw_objection(actor=self.actor, objection_id=objection_id, at=self.at)
        return self.answer(schemas.objection_shown(queries.objection(self.actor, objection_id)))
