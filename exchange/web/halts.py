"""Halts on the operator's desk: of one instrument, one participant or the whole market, with or without an end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.queries import organisation_by_uscc
from accounts.web.pages import Act, FormPage
from exchange import queries, services
from exchange.errors import ParticipantUnknown
from rulebook.rules import BEIJING

WHAT = (
    ("instrument", gettext_lazy("One product")),
    ("participant", gettext_lazy("One participant")),
    ("market", gettext_lazy("The whole market")),
)


class HaltForm(forms.Form):
    """What is halted, by which order, why and until when."""

    what = forms.ChoiceField(label=gettext_lazy("What is halted"), choices=WHAT)
    instrument = forms.ChoiceField(label=gettext_lazy("Product"), required=False)
    uscc = forms.CharField(
        label=gettext_lazy("Unified social credit code of the participant"), max_length=40, required=False
    )
    order_number = forms.CharField(label=gettext_lazy("Number of the order"), max_length=64)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    until = forms.DateTimeField(
        label=gettext_lazy("Until (Beijing time; empty: until it is lifted)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )


class NewHalt(FormPage):
    """The form that halts: it works at once."""

    template_name = "exchange/halt_new.html"
    form_class = HaltForm

    def get_initial(self) -> dict[str, Any]:
        return {"what": "instrument", "instrument": self.request.GET.get("instrument", "")}

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        names = [
            (one.code, f"{one.code} {one.project_name} {one.vintage_year}") for one in queries.instruments(self.at)
        ]
        form.fields["instrument"].choices = [("", "—"), *names]
        return form

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        instrument_id = organisation_id = None
        if typed["what"] == "instrument":
            instrument_id = queries.instrument_by_code(typed["instrument"]).pk
        elif typed["what"] == "participant":
            found = organisation_by_uscc(typed["uscc"])
            if found is None:
                raise ParticipantUnknown(field="uscc")
            organisation_id = found.id
        until: datetime | None = typed["until"]
        services.halt(
            actor=self.actor,
            instrument_id=instrument_id,
            organisation_id=organisation_id,
            order_number=typed["order_number"],
            reason=typed["reason"],
            until=until.replace(tzinfo=BEIJING) if until else None,
            at=self.at,
        )
        messages.success(self.request, _("Halted."))
        return reverse("exchange-desk")


class LiftHalt(Act):
    """Lets trading go on."""

    done = gettext_lazy("Lifted. Trading goes on.")

    def call(self) -> None:
        services.lift_halt(actor=self.actor, halt_id=self.kwargs["halt_id"], at=self.at)

    def back(self) -> str:
        return reverse("exchange-desk")
