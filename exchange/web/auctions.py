"""One-way auctions: the notices, the form of a proposal, the room of one auction with what its reader may do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views import View

from accounts.rules import Role
from accounts.web.export import workbook_response
from accounts.web.pages import Act, FormPage, Page
from exchange import queries, services
from exchange.models import Auction
from exchange.queries.auctions import terms_of_auction
from exchange.rules import AuctionFormat, Side
from exchange.services import NewAuction
from exchange.web.market import ticket_context
from rulebook.rules import BEIJING

FEN = 100
ROWS = 200
TRADERS = (Role.FIRM_INITIATOR, Role.OWNER)
STATE_NAMES = {
    "proposed": gettext_noop("Waits to be announced"),
    "announced": gettext_noop("Announced"),
    "traded": gettext_noop("Traded"),
    "failed": gettext_noop("Failed: no bid reached the reserve"),
    "refused": gettext_noop("Refused by the exchange"),
    "withdrawn": gettext_noop("Withdrawn"),
    "cancelled": gettext_noop("Cancelled by the exchange"),
}
SIDE_NAMES = {"sell": gettext_noop("Lot for sale"), "buy": gettext_noop("Lot sought")}
FORMAT_NAMES = {"open": gettext_noop("Open bids"), "sealed": gettext_noop("Sealed bids")}
ENTRANT_NAMES = {
    "applied": gettext_noop("Waits for admission"),
    "admitted": gettext_noop("Admitted to bid"),
    "refused": gettext_noop("Not admitted"),
}


def _price(label: Any, **more: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        decimal_places=2,
        max_digits=12,
        min_value=Decimal("0.01"),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        **more,
    )


def _moment(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )


class AuctionForm(forms.Form):
    """What is typed for an auction."""

    instrument = forms.ChoiceField(label=gettext_lazy("Product"))
    side = forms.ChoiceField(
        label=gettext_lazy("Lot"), choices=[(key, gettext_lazy(name)) for key, name in SIDE_NAMES.items()]
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Bidding"), choices=[(key, gettext_lazy(name)) for key, name in FORMAT_NAMES.items()]
    )
    quantity = forms.IntegerField(
        label=gettext_lazy("Quantity (tonnes)"),
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    start_price = _price(gettext_lazy("Start price (yuan per tonne)"))
    reserve_price = _price(gettext_lazy("Reserve price (yuan per tonne), seen by you and the exchange alone"))
    step = _price(gettext_lazy("Least step of an open bid (yuan)"), initial="0.10")
    deposit = forms.DecimalField(
        label=gettext_lazy("Deposit of each bidder (yuan)"), decimal_places=2, max_digits=14, min_value=0, initial="0"
    )
    begins_at = _moment(gettext_lazy("Bids from (Beijing time)"))
    ends_at = _moment(gettext_lazy("Bids until (Beijing time)"))
    qualification = forms.CharField(
        label=gettext_lazy("What bidders must be (empty: any participant)"), max_length=300, required=False
    )

    def auction(self) -> NewAuction:
        """Return the auction as typed."""
        typed = self.cleaned_data
        return NewAuction(
            typed["instrument"],
            Side(typed["side"]),
            AuctionFormat(typed["format"]),
            typed["quantity"],
            int(typed["start_price"] * FEN),
            int(typed["reserve_price"] * FEN),
            int(typed["step"] * FEN),
            int(typed["deposit"] * FEN),
            typed["begins_at"].replace(tzinfo=BEIJING),
            typed["ends_at"].replace(tzinfo=BEIJING),
            typed["qualification"].strip(),
        )


class AuctionsPage(Page):
    """Every auction that one may see, newest first."""

    template_name = "exchange/auctions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            rows=[shown(row) for row in queries.auctions_visible_to(self.actor)[:ROWS]],
            may_propose=self.actor.has(*TRADERS),
        )


class AuctionsExport(View):
    """The same as an Excel file; the reserve price is not in it."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        head = [
            _("Number"),
            _("Product"),
            _("Lot"),
            _("Bidding"),
            _("Quantity"),
            _("Start price"),
            _("Bids from"),
            _("Bids until"),
            _("State"),
            _("Price"),
        ]
        rows = queries.auctions_visible_to(request.actor)  # type: ignore[attr-defined]
        return workbook_response(
            "auctions",
            head,
            (
                (
                    row.number,
                    row.instrument.code,
                    _(SIDE_NAMES[row.side]),
                    _(FORMAT_NAMES[row.format]),
                    row.quantity,
                    row.start_price_fen / FEN,
                    row.begins_at,
                    row.ends_at,
                    _(STATE_NAMES[row.state]),
                    row.trade.price_fen / FEN if row.trade else None,
                )
                for row in rows.iterator(chunk_size=2000)
            ),
        )


class NewAuctionPage(FormPage):
    """The form by which an auction is proposed."""

    template_name = "exchange/auction_new.html"
    form_class = AuctionForm

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields["instrument"].choices = [
            (one.code, f"{one.code} {one.project_name} {one.vintage_year}") for one in queries.instruments(self.at)
        ]
        return form

    def act(self, form: Any) -> str:
        row = services.propose_auction(actor=self.actor, new=form.auction(), at=self.at)
        messages.success(self.request, _("Proposed. The exchange announces it or says why not."))
        return reverse("exchange-auction", args=[row.pk])


class BidForm(forms.Form):
    """A bid as typed."""

    price = _price(gettext_lazy("Bid (yuan per tonne)"))


class AuctionPage(FormPage):
    """The room of one auction. Live: bids, the end, the result."""

    template_name = "exchange/auction.html"
    form_class = BidForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.auction_seen_by(self.actor, self.kwargs["auction_id"])
        newest = queries.newest_market_event(row.instrument_id)
        room = room_context(row, self.request)
        return super().get_context_data(
            **{**room, **kwargs}, stream=f"/stream/instruments/{row.instrument.code}?after={newest}"
        )

    def act(self, form: Any) -> str:
        price = int(form.cleaned_data["price"] * FEN)
        services.bid(actor=self.actor, auction_id=self.kwargs["auction_id"], price_fen=price, at=self.at)
        messages.success(self.request, _("Your bid stands; what it needs is held while it does."))
        return reverse("exchange-auction", args=[self.kwargs["auction_id"]])


class AuctionParts(View):
    """The live part of the room."""

    def get(self, request: HttpRequest, auction_id: int) -> HttpResponseBase:
        row = queries.auction_seen_by(request.actor, auction_id)  # type: ignore[attr-defined]
        return render(request, "exchange/auction_parts.html", room_context(row, request))


def room_context(row: Auction, request: HttpRequest) -> dict[str, Any]:
    """Return what the room shows its reader."""
    actor, at = request.actor, request.at  # type: ignore[attr-defined]
    bids = queries.bids_seen_by(actor, row)
    shows_all = row.format == AuctionFormat.OPEN or row.ended_at is not None
    prices = [line.price_fen for line in bids] if shows_all else []
    best = (max if row.side == Side.SELL else min)(prices, default=None)
    entrants = queries.entrants_seen_by(actor, row)
    own = next((one for one in entrants if one.organisation_id == actor.organisation_id), None)
    runs = row.state == "announced" and row.begins_at <= at < row.ends_at
    is_owner = actor.organisation_id == row.organisation_id
    is_operator = actor.has(Role.EXCHANGE_OPERATOR)
    one = queries.instruments(at, code=row.instrument.code)[0]
    return {
        **shown(row),
        **ticket_context(one, actor.organisation_id if actor.has(*TRADERS) else None),
        "bids": bids,
        "best": best,
        "least": terms_of_auction(row).least(best),
        "runs": runs,
        "seconds_left": max(0, int((row.ends_at - at).total_seconds())) if runs else None,
        "entrants": [{"row": entrant, "state": _(ENTRANT_NAMES[entrant.state])} for entrant in entrants],
        "own": own,
        "own_state": _(ENTRANT_NAMES[own.state]) if own else "",
        "may_apply": row.state == "announced" and own is None and actor.has(*TRADERS) and not is_owner,
        "may_bid": runs and own is not None and own.state == "admitted" and actor.has(*TRADERS),
        "may_withdraw": row.state == "proposed" and is_owner and actor.has(*TRADERS),
        "knows_reserve": is_owner or is_operator or row.ended_at is not None,
        "may_decide": is_operator,
        "may_see_trade": row.trade is not None and queries.trades_visible_to(actor).filter(pk=row.trade.pk).exists(),
        "value_fen": least_value(row, best),
    }


def least_value(row: Auction, best: int | None) -> int:
    """Return what the lot comes to at the least next bid, in fen."""
    return row.quantity * terms_of_auction(row).least(best)


class _AuctionAct(Act):
    def back(self) -> str:
        return reverse("exchange-auction", args=[self.kwargs["auction_id"]])

    @property
    def said(self) -> dict[str, Any]:
        """Which auction, who acts and when: what every service takes."""
        return {"actor": self.actor, "auction_id": self.kwargs["auction_id"], "at": self.at}


class ApplyToAuction(_AuctionAct):
    """Applies to bid."""

    done = gettext_lazy("Applied; the deposit is held until the auction ends.")

    def call(self) -> None:
        services.apply_to_auction(**self.said, statement=self.request.POST.get("statement", ""))


class WithdrawAuction(_AuctionAct):
    """Takes the own proposal back."""

    done = gettext_lazy("Withdrawn; the lot is free again.")

    def call(self) -> None:
        services.withdraw_auction(**self.said)


class AnnounceAuction(_AuctionAct):
    """Announces an auction as the exchange."""

    needs_password = True
    done = gettext_lazy("Announced. Applications are taken from now on.")

    def call(self) -> None:
        services.announce_auction(**self.said, digest=self.request.POST.get("digest", ""))


class RefuseAuction(_AuctionAct):
    """Refuses to announce an auction."""

    done = gettext_lazy("Refused; the lot is free again.")

    def call(self) -> None:
        services.refuse_auction(**self.said, reason=self.request.POST.get("reason", ""))


class CancelAuction(_AuctionAct):
    """Cancels an announced auction."""

    needs_password = True
    done = gettext_lazy("Cancelled; lot, bids and deposits were given back.")

    def call(self) -> None:
        services.cancel_auction(**self.said, reason=self.request.POST.get("reason", ""))


class DecideEntrant(_AuctionAct):
    """Admits an applicant to the bidding, or refuses it."""

    done = gettext_lazy("Decided.")

    def call(self) -> None:
        services.decide_entrant(
            actor=self.actor,
            entrant_id=self.kwargs["entrant_id"],
            admit=self.request.POST.get("admit") == "1",
            at=self.at,
        )


def shown(row: Auction) -> dict[str, Any]:
    """Return an auction with the words for its state, side and format."""
    return {
        "row": row,
        "state": _(STATE_NAMES[row.state]),
        "side_name": _(SIDE_NAMES[row.side]),
        "format_name": _(FORMAT_NAMES[row.format]),
    }
