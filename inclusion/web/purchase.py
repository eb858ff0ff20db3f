"""Purchases: how one goes on, how it ended with its certificates, and the list of the own ones."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views import View

from accounts.web.export import workbook_response
from accounts.web.pages import Page
from inclusion import queries
from inclusion.models import OffsetPurchase
from inclusion.rules import OPEN, State
from inclusion.web import words
from inclusion.web.event import BUYERS, refusal_text, shown_footprint

PAGE_SIZE = 20


def certificate_address(number: str) -> str:
    """Return where the registry shows a certificate to anyone."""
    return f"/certificates/{number}/"


def progress_context(row: OffsetPurchase) -> dict[str, Any]:
    """Return the steps of a purchase, and what stands in the way."""
    name, tone = words.STATES[row.state]
    state = State(row.state)
    bought = "current" if state is State.ORDERED else "done" if row.bought_units else "failed"
    retired = {State.ORDERED: "waiting", State.BOUGHT: "current", State.FAILED: "failed"}.get(state, "done")
    return {
        "purchase": row,
        "state": _(name),
        "tone": tone,
        "steps": [
            (_("Ordered"), "done"),
            (_("Bought"), bought),
            (_("Retired"), retired),
            (_("Certificate"), "done" if row.retired_units else retired if retired == "failed" else "waiting"),
        ],
        "is_under_way": state in OPEN,
        "problems": [refusal_text(one) for one in row.problems],
        "kept_units": row.bought_units - row.retired_units if state not in OPEN else 0,
    }


class PurchasePage(Page):
    """One purchase: its progress while it lasts; then certificates, what was bought, and the statement of the event."""

    template_name = "inclusion/purchase.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.purchase(self.actor, kwargs["purchase_id"])
        footprint = queries.footprint_of(row.quote)
        return super().get_context_data(
            **kwargs,
            **progress_context(row),
            names=queries.names_for(self.actor, row),
            rest_units=row.units - row.retired_units,
            certificates=[(one, certificate_address(one.number)) for one in queries.certificates_of(row)],
            bought=sorted(row.bought.all(), key=lambda one: one.pk),
            purpose=_(words.PURPOSES.get(row.purpose, row.purpose)),
            footprint=shown_footprint(footprint) if footprint else None,
            event=row.quote.footprint.event if row.quote.footprint else "",
            is_offset=bool(footprint and row.retired_units >= footprint.units_required),
        )


class Progress(View):
    """The progress alone, asked for again and again while it lasts; then the page is to be loaded anew."""

    def get(self, request: HttpRequest, purchase_id: int) -> HttpResponseBase:
        row = queries.purchase(request.actor, purchase_id)  # type: ignore[attr-defined]
        if State(row.state) not in OPEN:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return render(request, "inclusion/progress.html", progress_context(row))


class PurchasesPage(Page):
    """The own purchases, newest first."""

    template_name = "inclusion/purchases.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = Paginator(queries.purchases_visible_to(self.actor), PAGE_SIZE).get_page(self.request.GET.get("page"))
        rows = [
            {
                "purchase": row,
                "beneficiary": queries.names_for(self.actor, row)[0],
                "state": _(words.STATES[row.state][0]),
                "tone": words.STATES[row.state][1],
                "certificates": [(one.number, certificate_address(one.number)) for one in row.retirements.all()],
            }
            for row in page
        ]
        return super().get_context_data(**kwargs, page=page, rows=rows, may_buy=self.actor.has(*BUYERS))


class PurchasesExport(View):
    """All own purchases as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        rows = queries.purchases_visible_to(request.actor)  # type: ignore[attr-defined]
        return workbook_response(
            "offsets",
            [
                _("Number"),
                _("Time"),
                _("Event"),
                _("Beneficiary"),
                _("Wanted (t)"),
                _("Retired (t)"),
                _("Paid (yuan)"),
                _("State"),
                _("Certificates"),
            ],
            (
                (
                    row.pk,
                    row.ordered_at,
                    row.quote.footprint.event if row.quote.footprint else "",
                    queries.names_for(request.actor, row)[0],  # type: ignore[attr-defined]
                    row.units,
                    row.retired_units,
                    (row.value_fen + row.fee_fen) / 100,
                    _(words.STATES[row.state][0]),
                    " ".join(one.number for one in row.retirements.all()),
                )
                for row in rows.iterator(chunk_size=2000)
            ),
        )
