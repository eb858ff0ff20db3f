"""A new freeze: the holder and the batch are looked up, then units, reason and document; it works at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.queries import holders_named, organisation
from accounts.rules import OrganisationView
from accounts.web.pages import FormPage
from accounts.web.refusals import message_of
from exchange import services
from rulebook.errors import NotThere, Refusal
from settlement.queries import REASON_NAMES, asset, holdings_visible_to, live_holds, serial_life
from settlement.rules import FREEZES, AssetKind, HoldReason, Purpose
from settlement.services import NewHold, placing_roles
from settlement.web.hold_words import REASONS
from settlement.web.holds import PaperForm, evidence_of

ENDED = (Purpose.RETIRED, Purpose.CANCELLED, Purpose.EXPORTED)


class FreezeForm(PaperForm):
    """What is frozen, why, and on which document."""

    asset = forms.ChoiceField(label=gettext_lazy("Credits"))
    reason = forms.ChoiceField(label=gettext_lazy("Reason of the hold"))
    authority = forms.CharField(label=gettext_lazy("Authority"), max_length=120)
    until = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("As the document says. It is shown and ends nothing by itself."),
    )
    field_order = ("asset", "units", "reason", "authority", "basis_number", "until", "evidence", "note")

    def __init__(self, *args: Any, credits: list[tuple[str, str]], reasons: list[HoldReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asset"].choices = credits  # type: ignore[attr-defined]
        self.fields["reason"].choices = [(one.value, _(REASONS[one.value])) for one in reasons]  # type: ignore[attr-defined]
        self.fields["evidence"].required = False
        self.fields["evidence"].help_text = _("PDF, PNG or JPEG, at most 20 MB. Needed for a judicial freeze.")


class NewFreeze(FormPage):
    """Freezes units of one holder; its orders to sell are withdrawn as far as needed in the same step."""

    template_name = "exchange/freeze_new.html"
    form_class = FreezeForm

    @property
    def holder(self) -> OrganisationView | None:
        """Return the holder that was chosen by its number."""
        number = self.request.GET.get("holder", "")
        if not (number.isascii() and number.isdecimal()) or len(number) > 18:
            return None
        try:
            return organisation(int(number))
        except NotThere:
            return None

    def found(self) -> tuple[int | None, str]:
        """Return the batch of the serial that was looked up, and what is wrong with that serial."""
        text = self.request.GET.get("serial", "").strip()[:80]
        if not text:
            return None, ""
        try:
            return serial_life(text).asset.id, ""
        except Refusal as refusal:
            return None, message_of(refusal)

    def credits(self) -> list[tuple[str, str]]:
        """Return the batches of which the holder has something that has not ended, each with how many tonnes."""
        holder = self.holder
        if holder is None:
            return []
        units: dict[int, int] = {}
        for one in holdings_visible_to(self.actor, organisation_id=holder.id):
            if one.asset_kind is AssetKind.CREDIT and one.purpose not in ENDED:
                units[one.asset_id] = units.get(one.asset_id, 0) + one.units
        batch, _wrong = self.found()
        if batch is not None:
            units = {batch: units.get(batch, 0)}
        return [(str(asset_id), _credit_line(asset_id, count)) for asset_id, count in units.items()]

    def reasons(self) -> list[HoldReason]:
        return [reason for reason in FREEZES if self.actor.has(*placing_roles(reason))]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "credits": self.credits(), "reasons": self.reasons()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        holder, typed = self.holder, self.request.GET.get("q", "").strip()[:60]
        credits = self.credits()
        context = {
            "holder": holder,
            "typed": typed,
            "matches": holders_named(typed) if typed and holder is None else [],
            "serial": self.request.GET.get("serial", "").strip()[:80],
            "serial_problem": self.found()[1],
            "credits": credits,
            "standing": [
                {"one": one, "reason": _(REASON_NAMES[one.reason]), "credit": asset(int(number)).credit}
                for number, _line in credits
                for one in (live_holds(holder.id, int(number)) if holder else [])
            ],
        }
        return super().get_context_data(**{**context, **kwargs})

    def act(self, form: Any) -> str:
        typed, holder = form.cleaned_data, self.holder
        if holder is None:
            raise NotThere
        frozen = services.freeze_units(
            actor=self.actor,
            organisation_id=holder.id,
            reason=HoldReason(typed["reason"]),
            new=NewHold(
                int(typed["asset"]),
                typed["units"],
                typed["basis_number"],
                typed["authority"],
                evidence_of(typed, "freeze_document"),
                typed["until"],
                typed["note"],
            ),
            at=self.at,
        )
        text = _("%(units)s t are frozen.") % {"units": f"{frozen.in_ledger:,}"}
        if frozen.waiting:
            text += _(" %(units)s t wait behind another freeze.") % {"units": f"{frozen.waiting:,}"}
        if frozen.open:
            text += _(" %(units)s t are not there yet and are caught when they come.") % {"units": f"{frozen.open:,}"}
        messages.success(self.request, text)
        return reverse("settlement-hold", args=[frozen.id])


def _credit_line(asset_id: int, units: int) -> str:
    credit = asset(asset_id).credit
    assert credit is not None
    return f"{credit.project_name} · {credit.vintage_year} · {credit.project_code} · {units:,} t"
