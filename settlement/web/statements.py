"""Statements of the bank for the settlement operator: taken over the network or from a file, and what is still open."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.rules import Role
from accounts.web.export import workbook_response
from accounts.web.pages import FormPage, Page
from settlement import queries, services, tasks

MOST_BYTES = 5 * 1024 * 1024


class StatementForm(forms.Form):
    """A statement as a file."""

    file = forms.FileField(label=gettext_lazy("Statement file"))


class StatementsPage(FormPage):
    """The statements taken, newest first, what is open on either side, and a form for a statement as a file."""

    template_name = "settlement/statements.html"
    form_class = StatementForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            statements=queries.statements_visible_to(self.actor)[:100],
            open=queries.open_money(self.actor),
            may_take=self.actor.has(Role.SETTLEMENT_OPERATOR),
            has_bank=bool(settings.BANK_URL and settings.BANK_ACCOUNT),
            account=settings.BANK_ACCOUNT,
        )

    def act(self, form: StatementForm) -> str:
        taken = services.take_statement_file(
            data=form.cleaned_data["file"].read(MOST_BYTES + 1),
            account=settings.BANK_ACCOUNT,
            at=self.at,
            actor=self.actor,
        )
        messages.success(self.request, _("Taken: %(names)s") % {"names": ", ".join(row.statement_id for row in taken)})
        return reverse("settlement-statement-of-bank", args=[taken[-1].pk])


class StatementsExport(View):
    """Every statement taken, with what nothing explains, as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        rows = queries.statements_visible_to(request.actor)  # type: ignore[attr-defined]
        return workbook_response(
            "statements",
            [
                _("Number"),
                _("Account"),
                _("Business date"),
                _("Opening (fen)"),
                _("Closing (fen)"),
                _("Lines"),
                _("Not explained"),
                "SHA-256",
            ],
            (
                (
                    row.statement_id,
                    row.account,
                    row.business_date,
                    row.opening_fen,
                    row.closing_fen,
                    row.lines,
                    row.open,  # type: ignore[attr-defined]
                    row.digest,
                )
                for row in rows
            ),
        )


class FetchStatement(View):
    """Fetches the next statement from the bank now."""

    def post(self, request: HttpRequest) -> HttpResponseBase:
        wrong = tasks.fetch_next_statement(request.at)  # type: ignore[attr-defined]
        if wrong:
            messages.error(request, _("The bank's statement was not taken: %(reason)s") % {"reason": wrong})
        else:
            messages.success(request, _("The bank's next statement was taken."))
        return HttpResponseRedirect(reverse("settlement-statements-of-bank"))


class StatementPage(Page):
    """One statement, line by line, with what explains each."""

    template_name = "settlement/bank_statement.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.bank_statement(self.actor, self.kwargs["statement_id"])
        return super().get_context_data(**kwargs, row=row, lines=queries.lines_of(row))


class StatementExport(View):
    """One statement as an Excel file."""

    def get(self, request: HttpRequest, statement_id: int) -> HttpResponseBase:
        row = queries.bank_statement(request.actor, statement_id)  # type: ignore[attr-defined]
        return workbook_response(
            "statement",
            [
                _("Number"),
                _("Bank serial number"),
                _("Booked on"),
                _("Amount (fen)"),
                _("Other side"),
                _("Account"),
                _("Reference"),
                _("Explained"),
            ],
            (
                (
                    line.number,
                    line.bank_serial,
                    line.booked_on,
                    line.fen,
                    line.name,
                    line.account,
                    line.reference,
                    _("Yes") if hasattr(line, "explained") else _("No"),
                )
                for line in queries.lines_of(row)
            ),
        )
