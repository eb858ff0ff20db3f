"""The market: all instruments, one instrument live, and its fragments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.rules import Role
from accounts.web.pages import Page
from exchange import queries
from exchange.errors import InstrumentNotThere
from exchange.queries import InstrumentFilter, InstrumentView
from exchange.queries.tape import STEPS
from exchange.web.ticket_form import TicketForm
from rulebook.queries import business_date
from settlement.queries import assets_of, available_fen, available_units

TRADERS = (Role.FIRM_INITIATOR, Role.OWNER)
TAPE_LINES = 20
FEN = 100


@dataclass(frozen=True)
class Line:
    """An instrument on the market page: last price, its distance from the base price, best prices, turnover."""

    one: InstrumentView
    last_fen: int | None
    change_percent: float | None
    bid: Any
    ask: Any
    quantity: int
    value_fen: int

    @property
    def is_crossed(self) -> bool:
        """Whether a posted bid reaches a posted ask: with listed agreements nothing matches by itself."""
        return bool(self.bid and self.ask and self.bid.price_fen >= self.ask.price_fen)


class FilterForm(forms.Form):
    """What the market page can be asked for."""

    q = forms.CharField(label=gettext_lazy("Project, banner or code"), required=False, max_length=60)
    type = forms.CharField(label=gettext_lazy("Type"), required=False, max_length=1)
    mode = forms.CharField(label=gettext_lazy("Mode"), required=False, max_length=20)
    vintage_from = forms.IntegerField(
        label=gettext_lazy("Vintage from"), required=False, min_value=1900, max_value=2200
    )
    vintage_to = forms.IntegerField(label=gettext_lazy("Vintage to"), required=False, min_value=1900, max_value=2200)
    methodology = forms.CharField(label=gettext_lazy("Methodology"), required=False, max_length=32)
    price_to = forms.DecimalField(
        label=gettext_lazy("Price up to"), required=False, min_value=0, max_digits=12, decimal_places=2
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="%s")  # As filter_fields.html names them.

    def asked(self) -> InstrumentFilter:
        """Return the filter as typed; what could not be read asks nothing."""
        self.is_valid()
        found = self.cleaned_data
        return InstrumentFilter(
            type=found.get("type") or "",
            mode=found.get("mode") or "",
            vintage_from=found.get("vintage_from"),
            vintage_to=found.get("vintage_to"),
            methodology=found.get("methodology") or "",
            price_to=int(found["price_to"] * FEN) if found.get("price_to") is not None else None,
            text=found.get("q") or "",
        )


def line_of(one: InstrumentView, turnover: dict[int, tuple[int, int, int, int]]) -> Line:
    """Return what the market page shows of an instrument."""
    quantity, value, _first, last = turnover.get(one.id, (0, 0, None, None))
    book = queries.book(one.id, depth=1, lower=one.lower_fen, upper=one.upper_fen)
    change = None if last is None else round(100 * (last - one.base_price_fen) / one.base_price_fen, 2)
    return Line(
        one, last, change, book.bids[0] if book.bids else None, book.asks[0] if book.asks else None, quantity, value
    )


def the_instrument(code: str, request: HttpRequest) -> InstrumentView:
    """Return one instrument as it stands now. Raises InstrumentNotThere."""
    found = queries.instruments(request.at, code=code)  # type: ignore[attr-defined]
    if not found:
        raise InstrumentNotThere
    return found[0]


def lines(request: HttpRequest) -> list[Line]:
    """Return the instruments that the address asks for; what cannot be read in it asks nothing."""
    at = request.at  # type: ignore[attr-defined]
    turnover = queries.turnover(business_date(at))
    asked = FilterForm(request.GET).asked()
    return [line_of(one, turnover) for one in queries.instruments_matching(asked, at)]


class Market(Page):
    """Every instrument with its prices, and the matching job at work. Live."""

    template_name = "exchange/market.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            lines=lines(self.request),
            strip=queries.matching_strip(),
            asked=self.request.GET,
            methodologies=sorted({one.methodology for one in queries.instruments(self.at)}),
        )


class MarketRows(View):
    """The rows of the market page, fetched again as trades print."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return render(request, "exchange/market_rows.html", {"lines": lines(request)})


class Strip(View):
    """The strip that shows the matching job at work."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return render(request, "exchange/strip.html", {"strip": queries.matching_strip()})


class InstrumentPage(Page):
    """One instrument: five levels, trades, candles, the own orders and the ticket. Live."""

    template_name = "exchange/instrument.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        one = the_instrument(kwargs["code"], self.request)
        # Read first: whatever happens while the page is drawn and until its stream is open is told to it, too.
        newest = queries.newest_market_event(one.id)
        context = {
            **parts_context(one, self.request),
            "may_trade": self.actor.has(*TRADERS),
            "form": TicketForm.blank(one.mode),
            "steps": list(STEPS),
            "stream": f"/stream/instruments/{one.code}?after={newest}",
        }
        return super().get_context_data(**{**context, **kwargs})


def parts_context(one: InstrumentView, request: HttpRequest) -> dict[str, Any]:
    """Return what the live parts of an instrument's page show."""
    actor = request.actor  # type: ignore[attr-defined]
    return {
        **book_context(one, request.at),  # type: ignore[attr-defined]
        **day_context(one, request.at),  # type: ignore[attr-defined]
        **tape_context(one),
        "strip": queries.matching_strip(one.id),
        **ticket_context(one, actor.organisation_id),
        **own_context(one, request),
    }


def ticket_context(one: InstrumentView, organisation_id: int | None) -> dict[str, Any]:
    """Return what the ticket says is available: money in fen and credits in tonnes."""
    if organisation_id is None:
        return {}
    batches = assets_of(one.project_code, one.vintage_year)
    return {
        "available_fen": available_fen(organisation_id),
        "available_units": sum(available_units(organisation_id, batch.id) for batch in batches),
    }


def book_context(one: InstrumentView, at: datetime) -> dict[str, Any]:
    """Return the five levels of both sides, the asks worst first so that the best stand in the middle."""
    view = queries.book(one.id, lower=one.lower_fen, upper=one.upper_fen)
    largest = max((level.quantity for level in (*view.bids, *view.asks)), default=1)
    return {
        "one": one,
        "book": view,
        "asks": list(reversed(view.asks)),
        "largest": largest,
        "call": queries.call_of(one, at),
        "is_crossed": bool(view.bids and view.asks and view.bids[0].price_fen >= view.asks[0].price_fen),
    }


def day_context(one: InstrumentView, at: datetime) -> dict[str, Any]:
    """Return what the day has come to, and the official reference price of its type and vintage."""
    return {
        "figures": queries.day_so_far(one.id, business_date(at)),
        "reference": queries.newest_reference(one.credit_type, one.vintage_year),
    }


def tape_context(one: InstrumentView) -> dict[str, Any]:
    """Return the newest trades."""
    return {"one": one, "tape": queries.tape(one.id, limit=TAPE_LINES)}


def own_context(one: InstrumentView, request: HttpRequest) -> dict[str, Any]:
    """Return the own orders in the instrument and the proposals that wait for the own word."""
    actor = request.actor  # type: ignore[attr-defined]
    if actor.organisation_id is None:
        return {"orders": [], "proposals": []}
    orders = queries.orders_visible_to(actor).filter(instrument_id=one.id, organisation_id=actor.organisation_id)
    proposals = [row for row in queries.proposals_visible_to(actor) if row.instrument_id == one.id]
    return {"one": one, "orders": orders[:10], "proposals": proposals}


class Parts(View):
    """The live parts of the instrument's page in one answer: a trade shows in all of them at once."""

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        return render(request, "exchange/parts.html", parts_context(the_instrument(code, request), request))


class Stream(View):
    """Sends a browser on to the streams; behind the production proxy this address never reaches the web server."""

    def get(self, request: HttpRequest, rest: str) -> HttpResponseBase:
        if not settings.STREAMS_URL:
            raise InstrumentNotThere
        asked = f"?{request.GET.urlencode()}" if request.GET else ""
        answer = HttpResponseRedirect(f"{settings.STREAMS_URL}/stream/{rest}{asked}")
        answer.status_code = 307
        return answer


def instrument_address(code: str) -> str:
    """Return the address of an instrument's page."""
    return reverse("exchange-instrument", args=[code])
