"""Freezes and pledges as a list, and the placing of a freeze: here, since a freeze outranks orders."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent
from accounts.errors import InvalidField
from exchange import services
from settlement.api.hold_schemas import HoldFilters, HoldShown, NewFreezeBody, hold_shown
from settlement.queries import hold, holds_visible_to
from settlement.rules import HoldReason


class Holds(Endpoint):
    """The freezes and pledges on the own credits; all of them for those who watch over the ledger.

    POST places a freeze at once: what is available is taken, then what is pledged, then what is held for orders.
    """

    @described(page_of(HoldShown), filters=HoldFilters)
    def get(self, request: Request) -> Response:
        asked = self.filters(HoldFilters)
        rows = holds_visible_to(self.actor, state=asked.state or "", reason=asked.reason or "")
        return self.page(rows, hold_shown)

    @described(HoldShown, body=NewFreezeBody, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.body(NewFreezeBody)
        if body.reason is HoldReason.PLEDGE:
            raise InvalidField(field="reason", reason="judicial, disturbance, suspension, inquiry")
        frozen = services.freeze_units(
            actor=self.actor,
            organisation_id=body.organisation,
            reason=body.reason,
            new=body.new("freeze_document"),
            at=self.at,
        )
        return self.answer(hold_shown(hold(self.actor, frozen.id)), status=201, location=f"/api/v1/holds/{frozen.id}/")
