"""The transparency log for anyone: its newest head, how to check it, and the proof of one act, checked at once."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views import View

from accounts.rules import Role
from accounts.web.export import workbook_response
from accounts.web.pages import Page
from accounts.web.refusals import message_of
from rulebook.errors import Refusal
from settlement import queries
from settlement.errors import HeadNotThere
from settlement.queries import InclusionProof
from settlement.rules.merkle import included
from settlement.rules.seals import TREE, opened

SHOWN, MOST_HEADS = 20, 10_000


class LogPage(Page):
    """Shows the newest heads, and with `?subject=` the proof of one act."""

    template_name = "settlement/log.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        heads = queries.log_heads(limit=SHOWN)
        keys = queries.verifier_keys()
        text = self.request.GET.get("subject", "").strip()[:80]
        context: dict[str, Any] = {
            "heads": [{"row": one, "root": bytes(one.root).hex()} for one in heads],
            "newest": heads[0] if heads else None,
            "keys": keys,
            "waiting": queries.waiting_leaves(),
            "text": text,
            "may_export": self.actor.has(Role.AUDITOR, Role.SETTLEMENT_OPERATOR),
        }
        if text:
            subject = f"entry:{text}" if text.isascii() and text.isdecimal() else text
            try:
                context["proof"] = self.checked(queries.inclusion_proof(self.actor, subject=subject))
            except Refusal as refusal:
                context["problem"] = message_of(refusal)
        return super().get_context_data(**kwargs, **context)

    def checked(self, proof: InclusionProof) -> dict[str, Any]:
        """Return a proof as it is shown, checked here as the verifier checks it."""
        heads = [opened(proof.note, key.verifier_key) for key in queries.verifier_keys()]
        head = next((one for one in heads if one is not None), None)
        holds = head is not None and included(
            leaf=proof.leaf_hash,
            position=proof.position,
            size=proof.size,
            path=proof.path,
            root=head.root,
            tree=TREE,
        )
        return {
            "row": proof,
            "leaf_hash": proof.leaf_hash.hex(),
            "path": [step.hex() for step in proof.path],
            "root": head.root.hex() if head else "",
            "signed_at": head.signed_at if head else None,
            "holds": holds,
        }


class NewestNote(View):
    """The newest signed note to the byte, to be kept and given to the verifier."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        heads = queries.log_heads(limit=1)
        if not heads:
            raise HeadNotThere
        answer = HttpResponse(heads[0].note, content_type="text/plain; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="tanhui-log-{heads[0].size}.txt"'
        return answer


class HeadsExport(View):
    """The signed heads as an Excel file, newest first: what someone keeps to compare later."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        heads = queries.log_heads(limit=MOST_HEADS)
        return workbook_response(
            "log_heads",
            [_("Leaves in the tree"), _("Root (hex)"), _("Recorded at"), _("Signed note")],
            ((one.size, bytes(one.root).hex(), one.recorded_at, one.note) for one in heads),
        )


class LogExport(View):
    """The whole log and the ledger beside it, for the stand-alone verifier."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return FileResponse(
            queries.log_export(), as_attachment=True, filename="tanhui-log.zip", content_type="application/zip"
        )
