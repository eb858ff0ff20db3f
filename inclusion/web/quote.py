"""Quotes: asked for from the calculator, looked at, and bought with the password."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.web.pages import FormPage, Page
from accounts.web.refusals import message_of
from inclusion import queries, services, tasks
from inclusion.models import OffsetQuote
from inclusion.services import EventToOffset, NewPurchase
from inclusion.web import words
from inclusion.web.event import EventPage, footprint_typed, shown_footprint, wanted_form_of
from inclusion.web.forms import EventForm
from rulebook.errors import NotThere, Refusal, Unavailable
from rulebook.queries import rule
from settlement.queries import available_fen


class NewQuote(EventPage):
    """Makes a quote of what the calculator was typed with, or of tonnes; a refusal stands above the calculator."""

    def post(self, request: HttpRequest) -> HttpResponseBase:
        offers = queries.offers(self.actor.organisation_id, self.at)
        wanted_form = wanted_form_of(offers, request.POST)
        of_event = "event" in request.POST
        form = EventForm(request.POST) if of_event else EventForm(initial=self._initial())
        footprint = footprint_typed(form) if of_event else None
        if not wanted_form.is_valid() or (of_event and footprint is None):
            return self._again(form, wanted_form)
        event = EventToOffset(form.cleaned_data["event"], form.inputs()) if of_event else None
        try:
            quote = services.make_quote(actor=self.actor, wanted=wanted_form.wanted(), event=event, at=self.at)
        except (NotThere, Unavailable):
            raise
        except Refusal as refusal:
            field = refusal.field if refusal.field in wanted_form.fields and not of_event else None
            wanted_form.add_error(field, message_of(refusal))
            return self._again(form, wanted_form, footprint)
        return HttpResponseRedirect(reverse("inclusion-quote", args=[quote.pk]))

    def _again(self, form: EventForm, wanted_form: Any, footprint: Any = None) -> HttpResponseBase:
        context = self.get_context_data(form=form, wanted_form=wanted_form, footprint=footprint)
        return self.render_to_response(context, status=422)


def quote_context(quote: OffsetQuote, page: Any) -> dict[str, Any]:
    """Return what both pages of a quote show."""
    footprint = queries.footprint_of(quote)
    return {
        "quote": quote,
        "lines": [(line, words.TYPES.get(line.credit_type, "")) for line in sorted(quote.lines.all(), key=_number)],
        "footprint": shown_footprint(footprint) if footprint else None,
        "is_over": page.at >= quote.expires_at,
        "available_fen": available_fen(quote.organisation_id),
        "is_affordable": available_fen(quote.organisation_id) >= quote.total_fen,
        "purchase": getattr(quote, "purchase", None),
    }


def _number(line: Any) -> int:
    return int(line.number)


class QuotePage(Page):
    """One quote: its offers with price, fee and total, and until when it is kept."""

    template_name = "inclusion/quote.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        quote = queries.quote(self.actor, kwargs["quote_id"])
        return super().get_context_data(**kwargs, **quote_context(quote, self))


class ConfirmPage(FormPage):
    """What stands on the certificate, the whole in words, and the one step that buys and retires."""

    template_name = "inclusion/buy.html"
    needs_password = True

    def get_form(self, form_class: Any = None) -> Any:
        from inclusion.web.forms import CertificateForm

        self.quote = queries.quote(self.actor, self.kwargs["quote_id"])
        event = self.quote.footprint.event if self.quote.footprint else ""
        initial = {
            "beneficiary": event or self.actor.organisation_name,
            "purpose": "event" if event else "voluntary",
        }
        purposes = rule("retirement.purposes", at=self.at).value
        given = {"data": self.request.POST} if self.request.method == "POST" else {}
        return CertificateForm(**given, initial=initial, purposes=purposes)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, **quote_context(self.quote, self)}

    def act(self, form: Any) -> str:
        row = services.buy_offset(
            actor=self.actor, purchase=NewPurchase(self.quote.pk, **form.cleaned_data), at=self.at
        )
        tasks.wake(row.pk)
        return reverse("inclusion-purchase", args=[row.pk])
