"""The order ticket: typed, shown with fee and amount in words, confirmed, placed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from accounts.web.pages import Page
from accounts.web.refusals import message_of
from exchange import queries, services, tasks
from exchange.rules import Side
from exchange.services import NewOrder
from exchange.web.market import instrument_address, the_instrument, ticket_context
from exchange.web.ticket_form import TicketForm
from rulebook.errors import Refusal
from settlement.rules import highest_fee_fen


class TicketPage(Page):
    """The ticket of one instrument. Its first button shows what the order means, its second places it."""

    template_name = "exchange/ticket.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        one = the_instrument(self.kwargs["code"], self.request)
        asked = {
            name: self.request.GET[name] for name in ("side", "kind", "price", "quantity") if name in self.request.GET
        }
        form = kwargs.pop("form", None) or TicketForm.blank(one.mode, **asked)
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
