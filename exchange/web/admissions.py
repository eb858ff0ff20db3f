"""Requests to admit a product: the list, the seller's form, one request with what its reader may do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views import View

from accounts.rules import Role
from accounts.web.export import workbook_response
from accounts.web.pages import Act, FormPage, Page
from exchange import queries, services

FEN = 100
ROWS = 200
SELLERS = (Role.FIRM_INITIATOR, Role.OWNER)
STATE_NAMES = {
    "requested": gettext_noop("Waits for review"),
    "reviewed": gettext_noop("Reviewed, waits for approval"),
    "admitted": gettext_noop("Admitted"),
    "refused": gettext_noop("Not admitted to trading"),
    "withdrawn": gettext_noop("Withdrawn"),
}


class AdmissionForm(forms.Form):
    """Which batch's product is to be admitted, and at which first price."""

    asset = forms.ChoiceField(label=gettext_lazy("Product (project and vintage)"))
    price = forms.DecimalField(
        label=gettext_lazy("First price (yuan per tonne)"),
        decimal_places=2,
        max_digits=10,
        min_value=Decimal("0.01"),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    note = forms.CharField(label=gettext_lazy("How the price was found"), max_length=300, required=False)


class AdmissionsPage(Page):
    """The own requests; for the exchange all of them."""

    template_name = "exchange/admissions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = queries.admissions_visible_to(self.actor)[:ROWS]
        return super().get_context_data(
            **kwargs,
            rows=[{"row": row, "state": _(STATE_NAMES[row.state])} for row in rows],
            may_request=self.actor.has(*SELLERS),
        )


class AdmissionsExport(View):
    """The same as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        head = [_("Number"), _("Time"), _("Holder"), _("Project"), _("Vintage"), _("First price"), _("State")]
        rows = queries.admissions_visible_to(request.actor)  # type: ignore[attr-defined]
        return workbook_response(
            "admissions",
            head,
            (
                (
                    row.pk,
                    row.at,
                    row.organisation.name,
                    row.project_code,
                    row.vintage_year,
                    row.initial_price_fen / FEN,
                    _(STATE_NAMES[row.state]),
                )
                for row in rows.iterator(chunk_size=2000)
            ),
        )


class NewAdmission(FormPage):
    """The form by which a holder asks for admission."""

    template_name = "exchange/admission_new.html"
    form_class = AdmissionForm

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        held = queries.admissible_batches(self.actor.organisation_id) if self.actor.organisation_id else []
        form.fields["asset"].choices = [
            (one.asset_id, f"{one.project_name} {one.vintage_year} ({one.units:,} t)") for one in held
        ]
        return form

    def act(self, form: Any) -> str:
        row = services.request_admission(
            actor=self.actor,
            asset_id=int(form.cleaned_data["asset"]),
            initial_price_fen=int(form.cleaned_data["price"] * FEN),
            note=form.cleaned_data["note"],
            at=self.at,
        )
        messages.success(self.request, _("Asked for. One operator of the exchange reviews it, another approves it."))
        return reverse("exchange-admission", args=[row.pk])


class AdmissionPage(Page):
    """One request."""

    template_name = "exchange/admission.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.admission(self.actor, self.kwargs["admission_id"])
        is_operator, is_open = self.actor.has(Role.EXCHANGE_OPERATOR), row.ended_at is None
        return super().get_context_data(
            **kwargs,
            row=row,
            state=_(STATE_NAMES[row.state]),
            may_review=is_operator and row.state == "requested",
            may_approve=is_operator and row.state == "reviewed" and row.reviewed_by_id != self.actor.user_id,
            may_refuse=is_operator and is_open,
            may_withdraw=is_open and row.organisation_id == self.actor.organisation_id and self.actor.has(*SELLERS),
        )


class _AdmissionAct(Act):
    def back(self) -> str:
        return reverse("exchange-admission", args=[self.kwargs["admission_id"]])

    @property
    def said(self) -> dict[str, Any]:
        """Which request, who acts and when: what every service takes."""
        return {"actor": self.actor, "admission_id": self.kwargs["admission_id"], "at": self.at}


class ReviewAdmission(_AdmissionAct):
    """Finds a request in order."""

    done = gettext_lazy("Reviewed. Another operator approves it.")

    def call(self) -> None:
        services.review_admission(**self.said, opinion=self.request.POST.get("opinion", ""))


class ApproveAdmission(_AdmissionAct):
    """Approves a reviewed request."""

    needs_password = True
    done = gettext_lazy("Admitted. It trades from the next trading day on.")

    def call(self) -> None:
        services.approve_admission(**self.said, digest=self.request.POST.get("digest", ""))


class RefuseAdmission(_AdmissionAct):
    """Refuses a request."""

    done = gettext_lazy("Refused; the holder reads why.")

    def call(self) -> None:
        services.refuse_admission(**self.said, opinion=self.request.POST.get("opinion", ""))


class WithdrawAdmission(_AdmissionAct):
    """Takes the own request back."""

    done = gettext_lazy("The request was withdrawn.")

    def call(self) -> None:
        services.withdraw_admission(**self.said)
