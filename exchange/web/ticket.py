"""The order ticket: typed, shown with fee and amount in words, confirmed, placed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.web.pages import Page
from accounts.web.refusals import message_of
from exchange import queries, services, tasks
from exchange.rules import OrderType, Side, TimeInForce, TradingMode
from exchange.services import NewOrder
from exchange.web.market import instrument_address, the_instrument, ticket_context
from rulebook.errors import Refusal
from settlement.rules import highest_fee_fen

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


class TicketPage(Page):
    """The ticket of one instrument. Its first button shows what the order means, its second places it."""

    template_name = "exchange/ticket.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        one = the_instrument(self.kwargs["code"], self.request)
        asked = {
            name: self.request.GET[name] for name in ("side", "kind", "price", "quantity") if name in self.request.GET
        }
        defaults = {"side": "buy", "kind": "accept" if one.mode is TradingMode.LISTED else "place", "validity": "DAY"}
        form = kwargs.pop("form", None) or TicketForm(initial={**defaults, **asked}, mode=one.mode)
        return super().get_context_data(**kwargs, one=one, form=form, **ticket_context(one, self.actor.organisation_id))

    def post(self, request: HttpRequest, code: str) -> HttpResponseBase:
        one = the_instrument(code, request)
        form = TicketForm(request.POST, mode=one.mode)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        order = form.order(code)
        if request.POST.get("confirmed") != "1":
            return self.render_to_response(
                self.get_context_data(form=form, summary=summary_of(order, one.rule_scheme, self.at))
            )
        try:
            placed = services.place_order(actor=self.actor, order=order, at=self.at)
        except Refusal as refusal:
            field = refusal.field if refusal.field in form.fields else None
            form.add_error(field, message_of(refusal))
            return self.render_to_response(self.get_context_data(form=form), status=422)
        tasks.wake(placed.instrument_id)
        messages.success(request, _("Order %(number)s has been taken in.") % {"number": placed.id})
        return HttpResponseRedirect(instrument_address(code))


def summary_of(order: NewOrder, scheme: str, at: datetime) -> dict[str, Any]:
    """Return what an order comes to: its value, the highest fee, what is held or comes in, in fen."""
    value = (order.price_fen or 0) * order.quantity
    fee = highest_fee_fen(rate=queries.profile(at, scheme).fee_rate, value_fen=value)
    total = value + fee if order.side is Side.BUY else value - fee
    return {"order": order, "value_fen": value, "fee_fen": fee, "total_fen": total}


class CancelOrder(View):
    """Cancels the open part of an own order."""

    def post(self, request: HttpRequest, order_id: int) -> HttpResponseBase:
        order = services.cancel_order(
            actor=request.actor,  # type: ignore[attr-defined]
            order_id=order_id,
            at=request.at,  # type: ignore[attr-defined]
        )
        tasks.wake(order.instrument_id)
        messages.success(request, _("The cancellation of order %(number)s has been taken in.") % {"number": order_id})
        return HttpResponseRedirect(_back(request, order.instrument.code))


class ConfirmProposal(View):
    """Takes up a proposed trade."""

    def post(self, request: HttpRequest, proposal_id: int) -> HttpResponseBase:
        instrument_id = services.confirm_proposal(
            actor=request.actor,  # type: ignore[attr-defined]
            proposal_id=proposal_id,
            at=request.at,  # type: ignore[attr-defined]
        )
        tasks.wake(instrument_id)
        messages.success(request, _("The proposed trade has been confirmed."))
        return HttpResponseRedirect(_back(request, queries.instrument(instrument_id).code))


def _back(request: HttpRequest, code: str) -> str:
    return reverse("exchange-orders") if request.POST.get("back") == "orders" else instrument_address(code)
