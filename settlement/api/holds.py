"""Pledges and releases over the API. A freeze is placed through the exchange, since it outranks orders."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent
from settlement import queries, services
from settlement.api import hold_schemas as schemas
from settlement.api.transfer_schemas import AgreementBody
from settlement.errors import HoldNotThere
from settlement.models import Hold


class HoldEndpoint(Endpoint):
    """Answers with a freeze or a pledge as it stands now."""

    def shown(self, hold_id: int, status: int = 200) -> Response:
        row: Hold = queries.hold(self.actor, hold_id)
        location = f"/api/v1/holds/{row.pk}/" if status == 201 else ""
        return self.answer(schemas.hold_shown(row), status=status, location=location)

    def open_lift(self, hold_id: int) -> int:
        """Return the release that waits to be decided. Raises HoldNotThere."""
        found = queries.lift_asked(queries.hold(self.actor, hold_id))
        if found is None:
            raise HoldNotThere
        return found.pk


class OneHold(HoldEndpoint):
    """One freeze or pledge, its parts and its releases."""

    @described(schemas.HoldShown)
    def get(self, request: Request, hold_id: int) -> Response:
        return self.shown(hold_id)


class HoldEvidence(Endpoint):
    """The document a freeze or a pledge rests on."""

    @described({"type": "string", "format": "binary"}, media_type="application/pdf")
    def get(self, request: Request, hold_id: int) -> HttpResponse:
        held = queries.hold(self.actor, hold_id)
        if held.evidence_id is None:
            raise HoldNotThere
        row = queries.evidence(self.actor, held.evidence_id)
        answer = HttpResponse(queries.evidence_content(row), content_type=row.content_type)
        answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(row.name, safe='')}"
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


class Pledges(HoldEndpoint):
    """Ask for a pledge of own credits to be registered; nothing moves before the registration."""

    @described(schemas.HoldShown, body=schemas.NewPledgeBody, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.body(schemas.NewPledgeBody)
        row = services.ask_pledge(actor=self.actor, new=body.new("pledge_contract"), at=self.at)
        return self.shown(row.pk, status=201)


class ConfirmPledge(HoldEndpoint):
    """The holder's second person agrees to exactly what the digest stands for."""

    @described(schemas.HoldShown, body=AgreementBody)
    @idempotent
    def post(self, request: Request, hold_id: int) -> Response:
        digest = self.body(AgreementBody).digest
        services.confirm_pledge(actor=self.actor, hold_id=hold_id, digest=digest, at=self.at)
        return self.shown(hold_id)


class RegisterPledge(HoldEndpoint):
    """A settlement operator registers a confirmed pledge: its units are pledged from now on."""

    @described(schemas.HoldShown, body=AgreementBody)
    @idempotent
    def post(self, request: Request, hold_id: int) -> Response:
        digest = self.body(AgreementBody).digest
        services.register_pledge(actor=self.actor, hold_id=hold_id, digest=digest, at=self.at)
        return self.shown(hold_id)


class RefusePledge(HoldEndpoint):
    """A pledge that is not registered is refused, or taken back by its holder."""

    @described(schemas.HoldShown)
    @idempotent
    def post(self, request: Request, hold_id: int) -> Response:
        services.refuse_pledge(actor=self.actor, hold_id=hold_id, at=self.at)
        return self.shown(hold_id)


class Lifts(HoldEndpoint):
    """Ask for a release, whole or in part; another person decides on it."""

    @described(schemas.HoldShown, body=schemas.NewLiftBody, status=201)
    @idempotent
    def post(self, request: Request, hold_id: int) -> Response:
        body = self.body(schemas.NewLiftBody)
        services.ask_lift(
            actor=self.actor,
            hold_id=hold_id,
            units=body.units,
            basis_number=body.basis_number,
            note=body.note,
            evidence=schemas.paper(body.evidence, "release_document"),
            at=self.at,
        )
        return self.shown(hold_id, status=201)


class LiftHold(HoldEndpoint):
    """The second person releases what was asked for: `digest` is the release's."""

    @described(schemas.HoldShown, body=AgreementBody)
    @idempotent
    def post(self, request: Request, hold_id: int) -> Response:
        digest = self.body(AgreementBody).digest
        services.lift_hold(actor=self.actor, lift_id=self.open_lift(hold_id), digest=digest, at=self.at)
        return self.shown(hold_id)


class RefuseLift(HoldEndpoint):
    """A release is refused by another person, or taken back by who asked for it."""

    @described(schemas.HoldShown)
    @idempotent
    def post(self, request: Request, hold_id: int) -> Response:
        services.refuse_lift(actor=self.actor, lift_id=self.open_lift(hold_id), at=self.at)
        return self.shown(hold_id)
