"""Transfers outside the market, trusted accounts, reversals."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent, repeatable
from settlement import queries, services
from settlement.api import transfer_schemas as schemas
from settlement.models import Transfer
from settlement.services import EvidenceFile


class TransferEndpoint(Endpoint):
    """What the endpoints of transfers have in common."""

    def shown(self, row: Transfer, status: int = 200, location: str = "") -> Response:
        return self.answer(schemas.transfer_shown(row, self.actor), status=status, location=location)


class Transfers(TransferEndpoint):
    """The transfers of the own organisation, and those to it once they are approved; POST proposes one.

    Nothing moves before the holder's second person and a settlement operator have agreed.
    """

    @described(page_of(schemas.TransferShown), filters=schemas.TransferFilters)
    def get(self, request: Request) -> Response:
        state = self.filters(schemas.TransferFilters).state
        rows = queries.transfers_visible_to(self.actor, state=state or "")
        return self.page(rows, lambda row: schemas.transfer_shown(row, self.actor))

    @described(schemas.TransferShown, body=schemas.NewTransferBody, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.body(schemas.NewTransferBody)
        row = services.propose_transfer(
            actor=self.actor,
            kind=body.kind,
            asset_id=body.asset,
            units=body.units,
            to_uscc=body.to,
            from_uscc=body.giver,
            basis_number=body.basis_number,
            reason=body.reason,
            evidence=EvidenceFile(body.evidence.kind, body.evidence.name, body.evidence.content),
            at=self.at,
        )
        return self.shown(row, status=201, location=f"/api/v1/transfers/{row.pk}/")


class OneTransfer(TransferEndpoint):
    """One transfer, where it stands and what its checks found."""

    @described(schemas.TransferShown)
    def get(self, request: Request, transfer_id: int) -> Response:
        return self.shown(queries.transfer(self.actor, transfer_id))


class TransferEvidence(Endpoint):
    """The document that proves a transfer: for its giver and those who watch over the ledger."""

    @described({"type": "string", "format": "binary"}, media_type="application/pdf")
    def get(self, request: Request, transfer_id: int) -> HttpResponse:
        row = queries.evidence(self.actor, queries.transfer(self.actor, transfer_id).evidence_id)
        answer = HttpResponse(queries.evidence_content(row), content_type=row.content_type)
        answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(row.name, safe='')}"
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


class ConfirmTransfer(TransferEndpoint):
    """The holder's second person agrees to exactly what the digest stands for."""

    @described(schemas.TransferShown, body=schemas.AgreementBody)
    @repeatable
    def post(self, request: Request, transfer_id: int) -> Response:
        body = self.body(schemas.AgreementBody)
        return self.shown(
            services.confirm_transfer(actor=self.actor, transfer_id=transfer_id, digest=body.digest, at=self.at)
        )


class ApproveTransfer(TransferEndpoint):
    """A settlement operator approves on the evidence: the units are in transit, or reach a trusted receiver at once."""

    @described(schemas.TransferShown, body=schemas.AgreementBody)
    @idempotent
    def post(self, request: Request, transfer_id: int) -> Response:
        body = self.body(schemas.AgreementBody)
        return self.shown(
            services.approve_transfer(actor=self.actor, transfer_id=transfer_id, digest=body.digest, at=self.at)
        )


class RefuseTransfer(TransferEndpoint):
    """A settlement operator refuses, with the reason; what was held goes back."""

    @described(schemas.TransferShown, body=schemas.NoteBody)
    @repeatable
    def post(self, request: Request, transfer_id: int) -> Response:
        note = self.body(schemas.NoteBody).note
        return self.shown(services.refuse_transfer(actor=self.actor, transfer_id=transfer_id, note=note, at=self.at))


class StopTransfer(TransferEndpoint):
    """Either person, or the holder, stops a transfer that is not executed; what was held goes back."""

    @described(schemas.TransferShown, body=schemas.NoteBody)
    @repeatable
    def post(self, request: Request, transfer_id: int) -> Response:
        note = self.body(schemas.NoteBody).note
        return self.shown(services.stop_transfer(actor=self.actor, transfer_id=transfer_id, note=note, at=self.at))


class TrustedAccounts(Endpoint):
    """The receivers the own organisation trusts; POST proposes one."""

    @described(page_of(schemas.TrustedAccountShown))
    def get(self, request: Request) -> Response:
        return self.page(queries.trusted_accounts_visible_to(self.actor), schemas.trusted_account_shown)

    @described(schemas.TrustedAccountShown, body=schemas.NewTrustBody, status=201)
    @repeatable
    def post(self, request: Request) -> Response:
        body = self.body(schemas.NewTrustBody)
        row = services.propose_trusted_account(actor=self.actor, to_uscc=body.to, reason=body.reason, at=self.at)
        location = f"/api/v1/trusted-accounts/{row.pk}/"
        return self.answer(schemas.trusted_account_shown(row), status=201, location=location)


class OneTrustedAccount(Endpoint):
    """One trusted account."""

    @described(schemas.TrustedAccountShown)
    def get(self, request: Request, trust_id: int) -> Response:
        return self.answer(schemas.trusted_account_shown(queries.trusted_account(self.actor, trust_id)))


class ApproveTrustedAccount(Endpoint):
    """The holder's second person approves; it counts after the rulebook's delay."""

    @described(schemas.TrustedAccountShown)
    @repeatable
    def post(self, request: Request, trust_id: int) -> Response:
        row = services.approve_trusted_account(actor=self.actor, trust_id=trust_id, at=self.at)
        return self.answer(schemas.trusted_account_shown(row))


class EndTrustedAccount(Endpoint):
    """Either person, or the holder, stops a trusted account before it counts or revokes it afterwards."""

    @described(schemas.TrustedAccountShown)
    @repeatable
    def post(self, request: Request, trust_id: int) -> Response:
        row = services.end_trusted_account(actor=self.actor, trust_id=trust_id, at=self.at)
        return self.answer(schemas.trusted_account_shown(row))


class TransferReversals(Endpoint):
    """Reversals of an executed transfer, for settlement operators and auditors; POST proposes one."""

    @described(page_of(schemas.ReversalShown))
    def get(self, request: Request, transfer_id: int) -> Response:
        row = queries.transfer(self.actor, transfer_id)
        found = queries.reversals_visible_to(self.actor, row.end_entry_id) if row.end_entry_id else []
        return self.list_page(found, schemas.reversal_shown, key=lambda view: view.id)

    @described(schemas.ReversalShown, body=schemas.NewReversalBody, status=201)
    @repeatable
    def post(self, request: Request, transfer_id: int) -> Response:
        body = self.body(schemas.NewReversalBody)
        asked = services.propose_reversal_of_transfer(
            actor=self.actor, transfer_id=transfer_id, reason=body.reason, note=body.note, at=self.at
        )
        view = queries.reversal(self.actor, asked.pk)
        return self.answer(schemas.reversal_shown(view), status=201, location=f"/api/v1/transfer-reversals/{view.id}/")


class OneReversal(Endpoint):
    """One reversal and where it stands."""

    @described(schemas.ReversalShown)
    def get(self, request: Request, reversal_id: int) -> Response:
        return self.answer(schemas.reversal_shown(queries.reversal(self.actor, reversal_id)))


class ApproveReversal(Endpoint):
    """Another settlement operator posts the reversal: the same serial numbers go back."""

    @described(schemas.ReversalShown, body=schemas.AgreementBody)
    @idempotent
    def post(self, request: Request, reversal_id: int) -> Response:
        body = self.body(schemas.AgreementBody)
        services.approve_reversal(actor=self.actor, reversal_id=reversal_id, digest=body.digest, at=self.at)
        return self.answer(schemas.reversal_shown(queries.reversal(self.actor, reversal_id)))


class RefuseReversal(Endpoint):
    """The entry stands: another operator refuses, or the proposer takes it back."""

    @described(schemas.ReversalShown)
    @repeatable
    def post(self, request: Request, reversal_id: int) -> Response:
        services.refuse_reversal(actor=self.actor, reversal_id=reversal_id, at=self.at)
        return self.answer(schemas.reversal_shown(queries.reversal(self.actor, reversal_id)))
