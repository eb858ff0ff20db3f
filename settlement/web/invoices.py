"""A firm's invoices: the fees that can be invoiced, what stands on an invoice, and where each request stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.queries import organisation
from accounts.rules import Role
from accounts.web.export import workbook_response
from accounts.web.pages import FormPage, Page
from rulebook.queries import rule
from rulebook.rules import beijing
from settlement import queries, services
from settlement.errors import FeesUnchosen
from settlement.models import InvoiceRequest
from settlement.queries.transfers import evidence_path
from settlement.rules.invoices import InvoiceKind, TaxpayerType, file_type
from settlement.services.invoices import NewTitle
from settlement.web.invoice_words import KINDS, RED_STATES, TYPES, badge, kind_name, shown, type_name

ASKERS = (Role.FIRM_INITIATOR, Role.OWNER)


def choices(words: dict[str, str] | Any) -> list[tuple[str, Any]]:
    """Return codes with their words, put into the reader's language when they are shown."""
    return [(code, gettext_lazy(text)) for code, text in words.items()]


class TitleForm(forms.Form):
    """What stands on the firm's invoices beside its registered name and code."""

    taxpayer_type = forms.ChoiceField(label=gettext_lazy("Type of taxpayer"), choices=choices(TYPES))
    email = forms.EmailField(label=gettext_lazy("E-mail for delivery"), max_length=200)
    address_phone = forms.CharField(
        label=gettext_lazy("Address and telephone"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Needed for a special VAT invoice."),
    )
    bank_account = forms.CharField(
        label=gettext_lazy("Bank and account"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Needed for a special VAT invoice."),
    )


class InvoicesPage(Page):
    """The fees not yet invoiced by month, the present title, and the requests made."""

    template_name = "settlement/invoices.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        organisation_id = self.actor.organisation_id or 0
        most = rule("invoice.most_items", at=self.at).value
        months: dict[str, list[queries.Fee]] = defaultdict(list)
        for fee in queries.fees_to_invoice(organisation_id, most=most):
            months[f"{beijing(fee.at):%Y-%m}"].append(fee)
        title = queries.invoice_title_of(organisation_id)
        return super().get_context_data(
            **kwargs,
            months=[
                {"month": month, "fees": fees, "fen": sum(fee.fen for fee in fees)}
                for month, fees in sorted(months.items(), reverse=True)
            ],
            title=title,
            type=type_name(title.taxpayer_type) if title else "",
            requests=[shown(row) for row in queries.invoice_requests_visible_to(self.actor)[:100]],
            may_ask=self.actor.has(*ASKERS),
        )


class TitlePage(FormPage):
    """Sets the title of the own organisation."""

    template_name = "settlement/invoice_title.html"
    form_class = TitleForm

    def get_initial(self) -> dict[str, Any]:
        title = queries.invoice_title_of(self.actor.organisation_id or 0)
        return {name: getattr(title, name) for name in TitleForm.base_fields} if title else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, holder=organisation(self.actor.organisation_id or 0))

    def act(self, form: TitleForm) -> str:
        given = dict(form.cleaned_data)
        title = NewTitle(TaxpayerType(given.pop("taxpayer_type")), **given)
        services.set_invoice_title(actor=self.actor, title=title, at=self.at)
        messages.success(self.request, _("The invoice title has been set."))
        return reverse("settlement-invoices")


class RequestForm(forms.Form):
    """Which kind of invoice."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of invoice"), choices=choices(KINDS), widget=forms.RadioSelect)


class NewInvoice(FormPage):
    """Shows what one invoice over the chosen fees would say, and asks for it."""

    template_name = "settlement/invoice_new.html"
    form_class = RequestForm

    def get_initial(self) -> dict[str, Any]:
        title = queries.invoice_title_of(self.actor.organisation_id or 0)
        is_special = title is not None and title.taxpayer_type in rule("invoice.special_for", at=self.at).value
        return {"kind": "special" if is_special else "ordinary"}

    def legs(self) -> list[int]:
        """Return the fees that were chosen. Raises FeesUnchosen."""
        most = rule("invoice.most_items", at=self.at).value
        sent: Sequence[str] = (self.request.POST if self.request.method == "POST" else self.request.GET).getlist("fee")
        if not 0 < len(sent) <= most or not all(one.isascii() and one.isdecimal() and len(one) < 19 for one in sent):
            raise FeesUnchosen(field="fees", most=most, found_value=len(sent))
        return [int(one) for one in sent]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.GET.getlist("fee"):
            messages.error(request, _("Choose at least one fee."))
            return redirect("settlement-invoices")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        organisation_id = self.actor.organisation_id or 0
        preview = queries.invoice_preview(organisation_id, self.legs(), at=self.at)
        title = queries.invoice_title_of(organisation_id)
        return super().get_context_data(
            **kwargs, preview=preview, title=title, type=type_name(title.taxpayer_type) if title else ""
        )

    def act(self, form: RequestForm) -> str:
        row = services.request_invoice(
            actor=self.actor, kind=InvoiceKind(form.cleaned_data["kind"]), leg_ids=self.legs(), at=self.at
        )
        messages.success(self.request, _("The invoice has been asked for. Its file stands here once it is issued."))
        return reverse("settlement-invoice", args=[row.pk])


class InvoicePage(Page):
    """One request: what it covers, where it stands, its invoice and its red letter."""

    template_name = "settlement/invoice.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.invoice_request(self.actor, self.kwargs["request_id"])
        reds = [{"row": one, "state": badge(RED_STATES, one.state)} for one in row.red_letters.order_by("pk")]
        return super().get_context_data(
            **kwargs,
            one=shown(row),
            row=row,
            title=row.title,
            type=type_name(row.title.taxpayer_type),
            fees=queries.fees_of_request(row.pk),
            red_letters=reds,
            is_desk=self.actor.has(*queries.INVOICE_WATCHERS),
        )


class InvoiceFile(View):
    """The file of an invoice, as the tax port has delivered it."""

    def get(self, request: HttpRequest, number: str) -> HttpResponseBase:
        invoice = queries.invoice_visible_to(request.actor, number)  # type: ignore[attr-defined]
        file = evidence_path(invoice.sha256).open("rb")
        kind = file_type(file.read(8))
        file.seek(0)
        response = FileResponse(file, as_attachment=True, filename=invoice.file_name, content_type=kind)
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response


class InvoicesExport(View):
    """The requests one may see, as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return requests_workbook(queries.invoice_requests_visible_to(request.actor))  # type: ignore[attr-defined]


def requests_workbook(rows: Sequence[InvoiceRequest]) -> HttpResponseBase:
    """Answer requests as an Excel file."""
    words = [shown(row) for row in rows]
    return workbook_response(
        "invoices",
        [
            _("Request"),
            _("Asked for at"),
            _("Buyer"),
            _("Taxpayer number"),
            _("Kind of invoice"),
            _("Amount with tax (fen)"),
            _("Amount without tax (fen)"),
            _("Tax (fen)"),
            _("State"),
            _("Invoice number"),
            _("Number of the red letter"),
        ],
        (
            (
                one["row"].pk,
                one["row"].asked_at,
                one["row"].title.name,
                one["row"].title.taxpayer_id,
                kind_name(one["row"].kind),
                one["row"].amount_fen,
                one["row"].net_fen,
                one["row"].tax_fen,
                one["state"]["text"],
                one["blue"].number if one["blue"] else "",
                one["red"].number if one["red"] else "",
            )
            for one in words
        ),
    )
