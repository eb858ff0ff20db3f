"""What is typed: an event's sources, the credits wanted, and what stands on the certificate."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inclusion.rules import ENERGY, FUELS, GROUPS, REGIONS, Wanted, inputs_of
from inclusion.web import words

FIRST_YEAR, LAST_YEAR = 2021, 2100
MOST_QUANTITY = 10**9  # Technical: far above any event, and short enough to be read.
QUANTITIES = (*ENERGY, *(f"fuel_{fuel}" for fuel in FUELS), *(item for group in GROUPS for item in group.items))


class EventForm(forms.Form):
    """An event and its sources. An empty quantity is a source that is not counted."""

    event = forms.CharField(label=gettext_lazy("Name of the event"), max_length=120)
    year = forms.IntegerField(
        label=gettext_lazy("Year"),
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    region = forms.ChoiceField(label=gettext_lazy("Power grid"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = [(one, _(words.REGIONS[one])) for one in REGIONS]  # type: ignore[attr-defined]
        for name in QUANTITIES:
            self.fields[name] = forms.FloatField(
                label=_(words.ITEMS[name]),
                required=False,
                min_value=0,
                max_value=MOST_QUANTITY,
                help_text=_(words.HINTS[name]) if name in words.HINTS else "",
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )

    def inputs(self) -> dict[str, Any]:
        """Return what was typed as the inputs of I1.event."""
        typed = self.cleaned_data
        quantities = {name: typed[name] for name in QUANTITIES if typed.get(name) is not None}
        return inputs_of(year=typed["year"], region=typed["region"], quantities=quantities)


class WantedForm(forms.Form):
    """Which credits are wanted; and how many, where no event says it."""

    units = forms.IntegerField(
        label=gettext_lazy("Tonnes to offset"),
        min_value=1,
        max_value=MOST_QUANTITY,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    type = forms.ChoiceField(label=gettext_lazy("Type of credit"), required=False)
    vintage = forms.TypedChoiceField(label=gettext_lazy("Vintage year"), required=False, coerce=int, empty_value=None)
    division = forms.ChoiceField(label=gettext_lazy("Place of origin"), required=False)

    def __init__(self, *args: Any, vintages: list[int], places: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        anything = ("", _("Any"))
        choices: dict[str, list[Any]] = {
            "type": [anything, *((code, _(name)) for code, name in words.TYPES.items())],
            "vintage": [anything, *((year, str(year)) for year in vintages)],
            "division": [anything, *places],
        }
        for name, given in choices.items():
            self.fields[name].choices = given  # type: ignore[attr-defined]

    def wanted(self) -> Wanted:
        typed = self.cleaned_data
        return Wanted(
            typed["units"] or 0,
            frozenset(filter(None, [typed["type"]])),
            frozenset(filter(None, [typed["vintage"]])),
            typed["division"],
        )


class CertificateForm(forms.Form):
    """What stands on the certificate of a purchase."""

    beneficiary = forms.CharField(
        label=gettext_lazy("For whom the credits are retired"),
        max_length=120,
        help_text=gettext_lazy("An event, an organisation or a person: this name stands on the certificate."),
    )
    beneficiary_is_person = forms.BooleanField(label=gettext_lazy("This is a natural person"), required=False)
    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"))
    period_first = forms.DateField(
        label=gettext_lazy("Period from"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    period_last = forms.DateField(
        label=gettext_lazy("Period to"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, purposes: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].choices = [  # type: ignore[attr-defined]
            (one, _(words.PURPOSES[one])) for one in words.PURPOSES if one in purposes
        ]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        first, last = typed.get("period_first"), typed.get("period_last")
        if bool(first) != bool(last) or (first and last and last < first):
            self.add_error("period_last", _("A period has a first and a last day, in this order."))
        return typed
