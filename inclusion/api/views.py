"""Footprints of events, quotes, and purchases that are retired at once."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_noop as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent, repeatable
from accounts.errors import FieldProblem, InvalidBody
from accounts.rules import Role, roles
from inclusion import queries, services, tasks
from inclusion.api import schemas
from inclusion.errors import FootprintRefused
from inclusion.rules import Wanted
from inclusion.services import EventToOffset, NewPurchase

# A purchase places orders and retires: a client needs the scopes of both, and the route states but one.
RETIRES = roles(Role.FIRM_INITIATOR, Role.OWNER, scope="ledger:write")


class EventFootprint(Endpoint):
    """The footprint of an event (I1.event), with the factor of each source. Nothing is stored. Public."""

    @described(schemas.FootprintShown, body=schemas.EventBody)
    def post(self, request: Request) -> Response:
        inputs = self.body(schemas.EventBody).as_inputs()
        return self.answer(schemas.footprint_shown(queries.calculated(inputs)))


class Quotes(Endpoint):
    """Ask what an amount, or the footprint of an event, costs at the best offers now; kept for some minutes."""

    @described(schemas.QuoteShown, body=schemas.QuoteBody, status=201)
    @repeatable
    def post(self, request: Request) -> Response:
        body = self.body(schemas.QuoteBody)
        if (body.units is None) == (body.event is None):
            raise _one_of_two()
        wanted = Wanted(body.units or 0, frozenset(body.types), frozenset(body.vintages), body.division or "")
        event = EventToOffset(body.event_name or "", body.event.as_inputs()) if body.event else None
        try:
            quote = services.make_quote(actor=self.actor, wanted=wanted, event=event, at=self.at)
        except FootprintRefused as refused:
            raise FootprintRefused(
                problems=[replace(one, field=f"event.{one.field}") for one in refused.problems]
            ) from refused
        shown = schemas.quote_shown(queries.quote(self.actor, quote.pk))
        return self.answer(shown, status=201, location=f"/api/v1/offsets/quotes/{quote.pk}/")


class OneQuote(Endpoint):
    """One own quote."""

    @described(schemas.QuoteShown)
    def get(self, request: Request, quote_id: int) -> Response:
        return self.answer(schemas.quote_shown(queries.quote(self.actor, quote_id)))


class Offsets(Endpoint):
    """The own purchases, newest first; POST buys a quote and retires what it brings, in one step."""

    @described(page_of(schemas.OffsetShown))
    def get(self, request: Request) -> Response:
        rows = queries.purchases_visible_to(self.actor).prefetch_related("orders")
        return self.page(rows, lambda row: schemas.offset_shown(row, self.actor))

    @described(schemas.OffsetShown, body=schemas.PurchaseBody, status=202)
    @idempotent
    def post(self, request: Request) -> Response:
        RETIRES.check(self.actor)
        body = self.body(schemas.PurchaseBody)
        new = NewPurchase(
            body.quote,
            body.beneficiary,
            body.beneficiary_is_person,
            body.purpose,
            body.period_first,
            body.period_last,
            body.note,
        )
        row = services.buy_offset(actor=self.actor, purchase=new, at=self.at)
        self.after_commit(lambda: tasks.wake(row.pk))
        shown = schemas.offset_shown(queries.purchase(self.actor, row.pk), self.actor)
        return self.answer(shown, status=202, location=f"/api/v1/offsets/{row.pk}/")


class OneOffset(Endpoint):
    """One own purchase: its state, what it bought, what was retired, the certificates."""

    @described(schemas.OffsetShown)
    def get(self, request: Request, purchase_id: int) -> Response:
        return self.answer(schemas.offset_shown(queries.purchase(self.actor, purchase_id), self.actor))


def _one_of_two() -> InvalidBody:
    message = _("Either units or event is expected, not both.")
    return InvalidBody(problems=[FieldProblem(field="units", code="invalid_field", message=message, found={})])
