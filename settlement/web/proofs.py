"""The proofs of the ledger, for those who watch over it: second readings and invariants, and running one now."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views import View

from accounts.rules import Actor
from accounts.web.export import workbook_response
from accounts.web.pages import Page
from rulebook.errors import NotThere
from settlement import queries, services
from settlement.rules import ProofKind

WHAT_NAMES = {
    "entry is not as it was posted": gettext_noop("Entry is not as it was posted"),
    "no such entry": gettext_noop("No such entry"),
    "legs and serials of an entry": gettext_noop("Legs and serials of an entry differ"),
    "move from where the serials are not": gettext_noop("A move takes serials from where they are not"),
    "no such holding": gettext_noop("No such holding"),
    "units of a holding": gettext_noop("Stored units differ from the legs"),
    "legs and serials of a holding": gettext_noop("Legs and serials of a holding differ"),
    "moves beyond the batch": gettext_noop("Moves go beyond the batch"),
    "serials": gettext_noop("Stored blocks differ from the moves"),
    "blocks overlap": gettext_noop("Blocks overlap"),
}
KIND_NAMES = {
    ProofKind.SECOND_READING.value: gettext_noop("Second reading"),
    ProofKind.INVARIANTS.value: gettext_noop("Invariants"),
}
STATE_NAMES = {
    "queued": gettext_noop("Waits"),
    "running": gettext_noop("Under way"),
    "failed": gettext_noop("Broke off"),
}


# In which order a place is told; the database keeps no order of its own.
FROM_LARGE_TO_SMALL = (
    *("id", "batch", "asset", "holding", "organisation", "purpose", "entry", "move"),
    *("debited", "credited", "legs", "moves", "first", "last"),
)


def _place(difference: dict[str, Any]) -> str:
    """Return where a difference stands, as `entry 12, legs [30, 31]`: names of the columns, for whoever looks there."""
    first = {name: difference[name] for name in FROM_LARGE_TO_SMALL if name in difference}
    rest = {name: value for name, value in difference.items() if name not in first and name != "what"}
    return ", ".join(f"{name} {'-' if value is None else value}" for name, value in (first | rest).items())


def _row(row: dict[str, Any]) -> str:
    """Return an offending row of a proof, what it is first."""
    place = _place(row)
    return f"{row['what']}: {place}" if "what" in row else place


class ProofsPage(Page):
    """The newest readings and proofs, what each found, and what waits or is under way."""

    template_name = "settlement/proofs.html"

    def get_template_names(self) -> list[str]:
        is_part = self.request.headers.get("HX-Request") == "true"
        return ["settlement/proof_runs.html" if is_part else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        runs = queries.proof_runs_visible_to(self.actor)
        shown: dict[str, Any] = {
            "runs": [{"row": run, "kind": _(KIND_NAMES[run.kind]), "state": _(STATE_NAMES[run.state])} for run in runs],
            "is_under_way": any(run.state in ("queued", "running") for run in runs),
        }
        if self.request.headers.get("HX-Request") != "true":
            readings = queries.readings_visible_to(self.actor)
            shown |= {
                "readings": readings,
                "newest": readings[0] if readings else None,
                "differences": [
                    {"what": _(WHAT_NAMES.get(one["what"], one["what"])), "place": _place(one)}
                    for one in (readings[0].differences if readings else [])
                ],
                "proofs": [
                    {
                        "row": proof,
                        "broken": [(name, [_row(row) for row in rows]) for name, rows in proof.broken.items()],
                    }
                    for proof in queries.invariant_proofs_visible_to(self.actor)
                ],
            }
        return super().get_context_data(**kwargs, **shown)


class RunProof(View):
    """Lets a proof be carried out now."""

    def post(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        if kind not in KIND_NAMES:
            raise NotThere
        services.ask_for_proof(
            actor=request.actor,  # type: ignore[attr-defined]
            kind=ProofKind(kind),
            at=request.at,  # type: ignore[attr-defined]
        )
        messages.success(request, _("The proof begins within ten seconds. You may leave the page and come back."))
        return HttpResponseRedirect(reverse("settlement-proofs"))


class ReadingsExport(View):
    """Every second reading with its differences as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        readings = queries.readings_visible_to(actor, limit=10_000)
        return workbook_response(
            "readings",
            [
                _("Time"),
                _("Recorded"),
                _("Last entry"),
                _("Legs read"),
                _("Moves read"),
                _("Seconds"),
                _("Differences"),
                _("What"),
                _("Place"),
            ],
            (
                (
                    one.at,
                    one.recorded_at,
                    one.last_entry_id,
                    one.legs_read,
                    one.moves_read,
                    one.seconds,
                    one.found,
                    _(WHAT_NAMES.get(difference["what"], difference["what"])) if difference else "",
                    _place(difference) if difference else "",
                )
                for one in readings
                for difference in one.differences or [None]
            ),
        )
