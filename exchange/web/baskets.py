"""The basket: criteria and tonnes, what they take from which offers, and the purchase of all of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.web.pages import Page
from accounts.web.refusals import message_of
from exchange import queries, services
from exchange.web.market import FilterForm
from rulebook.errors import Refusal
from settlement.queries import available_fen


class BasketForm(FilterForm):
    """What is asked of a basket."""

    units = forms.IntegerField(
        label=gettext_lazy("Quantity (tonnes)"),
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class BasketPage(Page):
    """A basket by criteria: first what it takes, then, with that before one's eyes, its purchase."""

    template_name = "exchange/basket.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.pop("form", None) or BasketForm(self.request.GET or None)
        own = self.actor.organisation_id
        shown = None
        # Not where a criterion could not be read: it would be a basket without it. After a refusal, which is an error
        # of the whole, the basket is shown as it is now.
        if form.is_bound and not set(form.errors) - {NON_FIELD_ERRORS}:
            shown = queries.basket(own, form.asked(), form.cleaned_data["units"], self.at)
        return super().get_context_data(
            **kwargs,
            form=form,
            asked=form.data,
            shown=shown,
            available_fen=available_fen(own) if own is not None else None,
            methodologies=sorted({one.methodology for one in queries.instruments(self.at)}),
        )

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = BasketForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        try:
            orders = services.buy_basket(
                actor=self.actor,
                asked=form.asked(),
                units=form.cleaned_data["units"],
                digest=request.POST.get("digest", ""),
                at=self.at,
            )
        except Refusal as refusal:
            form.add_error(None, message_of(refusal))
            return self.render_to_response(self.get_context_data(form=form), status=422)
        messages.success(
            request,
            _("Bought and settled: %(units)s t in %(count)s orders.")
            % {"units": form.cleaned_data["units"], "count": len(orders)},
        )
        return HttpResponseRedirect(reverse("exchange-orders"))
