"""Large holdings: the list for holder and operator, and the holder's report."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.web.export import workbook_response
from accounts.web.pages import FormPage, Page
from exchange import queries, services


class ReportForm(forms.Form):
    """What a large holder reports."""

    purpose = forms.CharField(label=gettext_lazy("What the holding is for"), max_length=300, widget=forms.Textarea)
    source_of_money = forms.CharField(
        label=gettext_lazy("Where the money comes from"), max_length=300, widget=forms.Textarea
    )
    related = forms.CharField(
        label=gettext_lazy("Related accounts (empty: none)"), max_length=300, required=False, widget=forms.Textarea
    )


class LargeHoldingsPage(Page):
    """Every large holding that one may see, newest first."""

    template_name = "exchange/large_holdings.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, rows=queries.large_holdings_visible_to(self.actor)[:200])


class LargeHoldingsExport(View):
    """The same as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        head = [
            _("Product"),
            _("Holder"),
            _("Day"),
            _("Units (t)"),
            _("Position limit (t)"),
            _("Due"),
            _("Reported"),
            _("What the holding is for"),
            _("Where the money comes from"),
            _("Related accounts"),
        ]
        rows = (
            [
                row.instrument.code,
                row.organisation.name,
                row.day,
                row.units,
                row.limit_units,
                row.due_on,
                row.reported_at,
                row.purpose,
                row.source_of_money,
                row.related,
            ]
            for row in queries.large_holdings_visible_to(request.actor)  # type: ignore[attr-defined]
        )
        return workbook_response("large_holdings", head, rows)


class LargeHoldingPage(FormPage):
    """One large holding: what was held, and its report or the form for it."""

    template_name = "exchange/large_holding.html"
    form_class = ReportForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.large_holding(self.actor, self.kwargs["holding_id"])
        may_report = row.reported_at is None and row.organisation_id == self.actor.organisation_id
        return super().get_context_data(**kwargs, row=row, may_report=may_report)

    def act(self, form: Any) -> str:
        row = services.report_large_holding(
            actor=self.actor, holding_id=self.kwargs["holding_id"], **form.cleaned_data, at=self.at
        )
        messages.success(self.request, _("Reported."))
        return reverse("exchange-large-holding", args=[row.pk])
