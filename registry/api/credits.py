"""Issuances, retirements and certificates."""

from __future__ import annotations

from hashlib import sha256

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent, repeatable
from registry import queries, services
from registry.api import bodies, shown
from registry.api.land import file_answer
from registry.errors import RecordNotThere
from registry.models import Retirement
from registry.rules.certificate import knows_names_of


class Issuances(Endpoint):
    """The issuances done, and those proposed that the caller may see, newest first."""

    @described(page_of(shown.IssuanceShown))
    def get(self, request: Request) -> Response:
        return self.page(queries.issuances_visible_to(self.actor), shown.issuance_shown)


class OneIssuance(Endpoint):
    """One issuance with its batches."""

    @described(shown.IssuanceShown)
    def get(self, request: Request, issuance_id: int) -> Response:
        return self.answer(shown.issuance_shown(queries.issuance(self.actor, issuance_id)))


class ProposeIssuance(Endpoint):
    """The region's maker proposes the credits of a verified period."""

    @described(shown.IssuanceShown, status=201)
    @repeatable
    def post(self, request: Request, period_id: int) -> Response:
        row = services.propose_issuance(
            actor=self.actor, period_id=period_id, is_demonstration=settings.DEMO, at=self.at
        )
        return self.answer(shown.issuance_shown(row), status=201, location=f"/api/v1/issuances/{row.pk}/")


class DecideIssuance(Endpoint):
    """Another person of the region issues the credits, buffer included, or returns the report."""

    @described(shown.IssuanceShown, body=bodies.IssuanceDecisionBody)
    @idempotent
    def post(self, request: Request, issuance_id: int) -> Response:
        body = self.body(bodies.IssuanceDecisionBody)
        row = services.decide_issuance(
            actor=self.actor,
            issuance_id=issuance_id,
            approve=body.approve,
            opinion=body.opinion,
            digest=body.digest,
            is_demonstration=settings.DEMO,
            at=self.at,
        )
        return self.answer(shown.issuance_shown(row))


class RecordIssuance(Endpoint):
    """The ecology department records an issuance."""

    @described(shown.IssuanceShown)
    @repeatable
    def post(self, request: Request, issuance_id: int) -> Response:
        row = services.record_issuance(actor=self.actor, issuance_id=issuance_id, at=self.at)
        return self.answer(shown.issuance_shown(row))


class Retirements(Endpoint):
    """The retirements of the own organisation, newest first; POST retires credits, or asks a second person to."""

    @described(page_of(shown.RetirementShown))
    def get(self, request: Request) -> Response:
        return self.page(
            queries.retirements_visible_to(self.actor), lambda row: shown.retirement_shown(row, self.actor)
        )

    @described(shown.RetirementShown, body=bodies.RetirementBody, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.body(bodies.RetirementBody)
        row = services.request_retirement(
            actor=self.actor,
            asset_id=body.asset_id,
            tonnes=body.tonnes,
            beneficiary=body.beneficiary,
            beneficiary_is_person=body.beneficiary_is_person,
            purpose=body.purpose,
            period_first=body.period_first,
            period_last=body.period_last,
            note=body.note,
            key=_own_key(self, request),
            at=self.at,
        )
        _make_certificate(self, row)
        return self.answer(
            shown.retirement_shown(row, self.actor), status=201, location=f"/api/v1/retirements/{row.pk}/"
        )


def _own_key(endpoint: Endpoint, request: Request) -> str:
    """Return the service's key: that of the request, apart for each caller and of one length."""
    return sha256(f"{endpoint.actor.key} {request.headers['Idempotency-Key']}".encode()).hexdigest()


def _make_certificate(endpoint: Endpoint, row: Retirement) -> None:
    """Make the certificate of a done retirement once it is committed; should that fail, the sweep makes it."""
    if row.state == "retired":
        at = endpoint.at
        endpoint.after_commit(lambda: services.make_certificate(retirement_id=row.pk, at=at))


class OneRetirement(Endpoint):
    """One retirement and where it stands."""

    @described(shown.RetirementShown)
    def get(self, request: Request, retirement_id: int) -> Response:
        return self.answer(shown.retirement_shown(queries.retirement(self.actor, retirement_id), self.actor))


class ConfirmRetirement(Endpoint):
    """The second person's confirmation of a large retirement: the credits are retired."""

    @described(shown.RetirementShown)
    @idempotent
    def post(self, request: Request, retirement_id: int) -> Response:
        row = services.confirm_retirement(actor=self.actor, retirement_id=retirement_id, at=self.at)
        _make_certificate(self, row)
        return self.answer(shown.retirement_shown(row, self.actor))


class CancelRetirement(Endpoint):
    """Take back a retirement that waits for its second person."""

    @described(shown.RetirementShown)
    @repeatable
    def post(self, request: Request, retirement_id: int) -> Response:
        row = services.cancel_retirement(actor=self.actor, retirement_id=retirement_id, at=self.at)
        return self.answer(shown.retirement_shown(row, self.actor))


class Certificate(Endpoint):
    """A retirement certificate (注销证明) by its number: anyone may check it. Public."""

    @described(shown.CertificateShown)
    def get(self, request: Request, number: str) -> Response:
        return self.answer(shown.certificate_shown(queries.certificate(number), settings.PUBLIC_URL))


class CertificatePdf(Endpoint):
    """The certificate as PDF. Public, but for a natural person's, which is the holder's alone."""

    @described({"type": "string", "format": "binary"}, media_type="application/pdf")
    def get(self, request: Request, number: str) -> HttpResponse:
        row = queries.certificate(number)
        if row.beneficiary_is_person and not knows_names_of(self.actor, row.organisation_id):
            raise RecordNotThere
        paper = services.make_certificate(retirement_id=row.pk, at=self.at)
        return file_answer(queries.content_of(paper), "application/pdf", f"{row.number}.pdf")
