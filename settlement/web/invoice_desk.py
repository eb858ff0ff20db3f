"""The settlement operator's desk of invoices: requests, orders in trouble, red letters proposed and decided."""

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

from accounts.queries import user_name
from accounts.rules import Role
from accounts.web.pages import Act, FormPage, Page
from rulebook.errors import NotThere
from settlement import queries, services
from settlement.models import TaxOrder
from settlement.web.invoice_words import STATES, shown, trouble, type_name
from settlement.web.invoices import choices, requests_workbook


class DeskFilter(forms.Form):
    """Which requests the desk shows."""

    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=[("", gettext_lazy("All")), *choices({code: words for code, (words, _tone) in STATES.items()})],
        required=False,
    )


def wanted(request: HttpRequest) -> tuple[DeskFilter, str]:
    """Return the filter as it was sent, and the state it names; one that does not exist names none."""
    form = DeskFilter(request.GET)
    return form, form.cleaned_data["state"] if form.is_valid() else ""


class InvoiceDesk(Page):
    """Orders in trouble first, then the requests of all firms."""

    template_name = "settlement/invoice_desk.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form, state = wanted(self.request)
        return super().get_context_data(
            **kwargs,
            form=form,
            troubles=[_in_trouble(order) for order in queries.tax_orders_in_trouble(self.actor)],
            requests=[shown(row) for row in queries.invoice_requests_visible_to(self.actor, state=state)[:200]],
            may_act=self.actor.has(Role.SETTLEMENT_OPERATOR),
        )


def _in_trouble(order: TaxOrder) -> dict[str, Any]:
    red = order.red_letter
    request = red.request if red else order.request
    return {"order": order, "request": request, "is_red": red is not None, "words": trouble(order)}


class InvoiceDeskExport(View):
    """The requests of all firms as an Excel file, as the desk filters them."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        state = wanted(request)[1]
        return requests_workbook(queries.invoice_requests_visible_to(request.actor, state=state))  # type: ignore[attr-defined]


class RedLetterForm(forms.Form):
    """Why an invoice is taken back."""

    reason = forms.CharField(
        label=gettext_lazy("Why the invoice is taken back"), max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


class CorrectInvoice(FormPage):
    """One invoice of a firm: a red letter is proposed here, and decided by another operator."""

    template_name = "settlement/invoice_correct.html"
    form_class = RedLetterForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.invoice_request(self.actor, self.kwargs["request_id"])
        red = queries.open_red_letter(row.pk)
        return super().get_context_data(
            **kwargs,
            one=shown(row),
            row=row,
            type=type_name(row.title.taxpayer_type),
            red=red,
            proposed_by=user_name(red.proposed_by_id) if red else "",
            is_own=red is not None and red.proposed_by_id == self.actor.user_id,
            may_act=self.actor.has(Role.SETTLEMENT_OPERATOR),
        )

    def act(self, form: RedLetterForm) -> str:
        services.propose_red_letter(
            actor=self.actor,
            request_id=self.kwargs["request_id"],
            reason=form.cleaned_data["reason"],
            at=self.at,
        )
        messages.success(self.request, _("The red letter is proposed. Another settlement operator decides on it."))
        return reverse("settlement-invoice-correct", args=[self.kwargs["request_id"]])


class _Decision(Act):
    """A decision on the red letter that is proposed of one invoice; told on its page."""

    def back(self) -> str:
        return reverse("settlement-invoice-correct", args=[self.kwargs["request_id"]])

    def red_letter_id(self) -> int:
        """Return the red letter that waits to be decided."""
        row = queries.open_red_letter(self.kwargs["request_id"])
        if row is None:
            raise NotThere
        return row.pk


class ApproveRedLetter(_Decision):
    """Another operator has the red letter sent."""

    needs_password = True
    done = gettext_lazy("The red letter is on its way to the tax bureau.")

    def call(self) -> None:
        digest = self.request.POST.get("digest", "")
        services.approve_red_letter(actor=self.actor, red_letter_id=self.red_letter_id(), digest=digest, at=self.at)


class RefuseRedLetter(_Decision):
    """The invoice stays as it is."""

    done = gettext_lazy("The red letter is not sent. The invoice stays as it is.")

    def call(self) -> None:
        services.refuse_red_letter(actor=self.actor, red_letter_id=self.red_letter_id(), at=self.at)


class SendAgain(Act):
    """An order that was laid aside is sent again."""

    done = gettext_lazy("The order is sent again.")

    def back(self) -> str:
        return reverse("settlement-invoice-desk")

    def call(self) -> None:
        services.send_tax_order_again(actor=self.actor, order_id=self.kwargs["order_id"], at=self.at)
