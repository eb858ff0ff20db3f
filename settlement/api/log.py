"""The transparency log: signed heads, keys, proofs, and the export for who checks it without us."""

from __future__ import annotations

from django.http import FileResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described
from accounts.api.endpoint import Endpoint
from settlement import queries
from settlement.api import log_schemas as schemas

HEADS = 100


class LogHeads(Endpoint):
    """The signed heads of the log, newest first; `next` goes on. Public."""

    @described(schemas.HeadsShown, query={"before": "The id of a head: those before it."})
    def get(self, request: Request) -> Response:
        heads = queries.log_heads(before=self.before(), limit=HEADS)
        follows = self.link_before(heads[-1].pk) if len(heads) == HEADS else None
        return self.answer(schemas.HeadsShown(next=follows, results=[schemas.head_shown(one) for one in heads]))


class LogKeys(Endpoint):
    """The verifier keys with which heads were signed, oldest first. Public: take the present one down elsewhere."""

    @described(schemas.KeysShown)
    def get(self, request: Request) -> Response:
        return self.answer(schemas.KeysShown(results=[one.verifier_key for one in queries.verifier_keys()]))


class LogProof(Endpoint):
    """The proof that an act is in the log: its leaf's hash, its place, and the path to a signed head.

    Public; what the leaf says is given to its holder and to those who watch over the ledger. 409 `not_sealed`: ask
    again after the next head.
    """

    @described(schemas.InclusionShown, filters=schemas.ProofFilters)
    def get(self, request: Request) -> Response:
        wanted = self.filters(schemas.ProofFilters)
        proof = queries.inclusion_proof(self.actor, subject=wanted.subject, size=wanted.size)
        return self.answer(schemas.inclusion_shown(proof))


class LogConsistency(Endpoint):
    """The proof that the log of one signed head is the beginning of that of a later one. Public."""

    @described(schemas.ConsistencyShown, filters=schemas.ConsistencyFilters)
    def get(self, request: Request) -> Response:
        wanted = self.filters(schemas.ConsistencyFilters)
        return self.answer(schemas.consistency_shown(queries.consistency_proof(old=wanted.old, new=wanted.new)))


class LogExport(Endpoint):
    """The whole log with keys and heads, and the ledger beside it (zip, docs/log.md), for the stand-alone verifier."""

    @described({"type": "string", "format": "binary"}, media_type="application/zip")
    def get(self, request: Request) -> FileResponse:
        return FileResponse(
            queries.log_export(), as_attachment=True, filename="tanhui-log.zip", content_type="application/zip"
        )
