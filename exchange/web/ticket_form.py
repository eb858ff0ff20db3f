"""The order ticket as a form: in the hall, and on its own page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from exchange.rules import OrderType, Side, TimeInForce, TradingMode
from exchange.services import NewOrder

KINDS = (
    ("place", gettext_lazy("Post an offer")),
    ("accept", gettext_lazy("Accept posts (successive picks)")),
)
VALIDITIES = (
    ("DAY", gettext_lazy("Today")),
    ("GTC", gettext_lazy("Until cancelled")),
    ("IOC", gettext_lazy("At once, the rest lapses")),
    ("FOK", gettext_lazy("At once and whole, or not at all")),
)
FEN = 100


class TicketForm(forms.Form):
    """What is typed on the ticket."""

    side = forms.ChoiceField(
        label=gettext_lazy("Side"), choices=(("buy", gettext_lazy("Buy")), ("sell", gettext_lazy("Sell")))
    )
    kind = forms.ChoiceField(label=gettext_lazy("Way"), choices=KINDS)
    price = forms.DecimalField(
        label=gettext_lazy("Price (yuan per tonne)"),
        decimal_places=2,
        max_digits=12,
        min_value=Decimal("0.01"),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    quantity = forms.IntegerField(
        label=gettext_lazy("Quantity (tonnes)"),
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    validity = forms.ChoiceField(label=gettext_lazy("Valid"), choices=VALIDITIES)

    def __init__(self, *args: Any, mode: TradingMode, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if mode is TradingMode.LISTED:
            self.fields["validity"].choices = VALIDITIES[:2]  # type: ignore[attr-defined]
        else:
            self.fields["kind"].choices = KINDS[:1]  # type: ignore[attr-defined]

    @classmethod
    def blank(cls, mode: TradingMode, **asked: Any) -> TicketForm:
        """Return a ticket that nobody has typed on yet. asked: what an address or a click has chosen already."""
        kind = "accept" if mode is TradingMode.LISTED else "place"
        return cls(initial={"side": "buy", "kind": kind, "validity": "DAY", **asked}, mode=mode)

    def order(self, code: str) -> NewOrder:
        """Return the order as typed."""
        typed = self.cleaned_data
        kind = typed["kind"]
        return NewOrder(
            code,
            Side(typed["side"]),
            typed["quantity"],
            int(typed["price"] * FEN),
            kind=kind,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce(typed["validity"]),
        )
