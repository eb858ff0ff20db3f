"""The exchange operator's desk: instruments and their day, halts, approvals, admission."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.web.pages import FormPage
from exchange import queries, services
from exchange.web.market import line_of
from rulebook.queries import business_date
from settlement.queries import batches

FEN = 100


class AdmissionForm(forms.Form):
    """Which batch's product is admitted, and at which first price."""

    asset = forms.ChoiceField(label=gettext_lazy("Product (project and vintage)"))
    price = forms.DecimalField(
        label=gettext_lazy("First price (yuan per tonne)"), decimal_places=2, max_digits=10, min_value=Decimal("0.01")
    )


class DeskPage(FormPage):
    """Instruments with their state; admission of new ones; halts."""

    template_name = "exchange/desk.html"
    form_class = AdmissionForm

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        admitted = {(one.project_code, one.vintage_year) for one in queries.instruments(self.at)}
        choices = {}
        for batch in batches():
            credit = batch.credit
            if credit and (credit.project_code, credit.vintage_year) not in admitted:
                choices[credit.project_code, credit.vintage_year] = (
                    str(batch.id),
                    f"{credit.project_name} {credit.vintage_year}",
                )
        form.fields["asset"].choices = list(choices.values())
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        turnover = queries.turnover(business_date(self.at))
        return super().get_context_data(
            **kwargs,
            lines=[line_of(one, turnover) for one in queries.instruments(self.at)],
            halts=queries.live_halts(self.at),
            approvals=queries.approvals(),
            today=business_date(self.at),
            user_id=self.actor.user_id,
        )

    def act(self, form: Any) -> str:
        instrument = services.admit_instrument(
            actor=self.actor,
            asset_id=int(form.cleaned_data["asset"]),
            initial_price_fen=int(form.cleaned_data["price"] * FEN),
            at=self.at,
        )
        messages.success(
            self.request,
            _("%(code)s has been admitted and trades from %(day)s on.")
            % {"code": instrument.code, "day": instrument.tradable_from},
        )
        return reverse("exchange-desk")
