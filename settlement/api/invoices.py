"""Invoices over fees: what can be invoiced, titles, requests."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent
from rulebook.queries import rule
from settlement import queries, services
from settlement.api import invoice_schemas as schemas
from settlement.rules.invoices import InvoiceKind, TaxpayerType
from settlement.services.invoices import NewTitle


class InvoiceableFees(Endpoint):
    """The fees of the own organisation that stand on no invoice and no request."""

    @described(page_of(schemas.FeeShown))
    def get(self, request: Request) -> Response:
        most = rule("invoice.most_items", at=self.at).value
        rows = queries.fees_to_invoice(self.actor.organisation_id or 0, most=most)
        return self.list_page(rows[::-1], schemas.fee_shown, key=lambda row: row.leg_id)


class Invoices(Endpoint):
    """Requests for invoices over the venue's fees; a request names the fees it covers."""

    @described(page_of(schemas.InvoiceShown), filters=schemas.InvoiceFilters)
    def get(self, request: Request) -> Response:
        wanted = self.filters(schemas.InvoiceFilters)
        rows = queries.invoice_requests_visible_to(self.actor, state=wanted.state or "")
        return self.list_page(rows, schemas.invoice_shown, key=lambda row: row.pk)

    @described(schemas.InvoiceShown, body=schemas.NewInvoice, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.body(schemas.NewInvoice)
        row = services.request_invoice(
            actor=self.actor, kind=InvoiceKind(body.kind), leg_ids=list(body.fees), at=self.at
        )
        return self.answer(schemas.invoice_shown(row), status=201, location=f"{request.path}{row.pk}/")


class OneInvoice(Endpoint):
    """One request, and its invoice once it is issued."""

    @described(schemas.InvoiceShown)
    def get(self, request: Request, request_id: int) -> Response:
        return self.answer(schemas.invoice_shown(queries.invoice_request(self.actor, request_id)))


class InvoiceTitles(Endpoint):
    """What stands on invoices at present; a new title takes the place of the one before."""

    @described(page_of(schemas.TitleShown))
    def get(self, request: Request) -> Response:
        rows = queries.invoice_titles_visible_to(self.actor)
        return self.list_page(rows, schemas.title_shown, key=lambda row: row.pk)

    @described(schemas.TitleShown, body=schemas.NewTitle, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.body(schemas.NewTitle)
        given = body.model_dump()
        title = NewTitle(TaxpayerType(given.pop("taxpayer_type")), **given)
        row = services.set_invoice_title(actor=self.actor, title=title, at=self.at)
        return self.answer(schemas.title_shown(row), status=201)
