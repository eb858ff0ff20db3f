"""One-way auctions over the API: notices for everybody, applications and bids for who competes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.bodies import Body, Quantity, Text
from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent
from accounts.errors import InvalidField
from exchange import queries, services
from exchange.api.schemas import Price, fen_of, price_of, yuan
from exchange.models import Auction
from exchange.queries import BidLine
from exchange.queries.auctions import terms_of_auction
from exchange.rules import AuctionFormat, Side
from rulebook.rules import beijing


class AuctionBody(Body):
    """A lot to be auctioned. side: sell for credits offered, buy for credits sought; times ISO 8601 with offset."""

    instrument: Annotated[Text, Field(max_length=24)]
    side: Literal["sell", "buy"]
    format: Literal["open", "sealed"]
    quantity: Quantity
    start_price: Price
    reserve_price: Price
    step: Price = "0.01"
    deposit_fen: Annotated[int, Field(ge=0, le=10**15)] = 0
    begins_at: Annotated[Text, Field(max_length=40)]
    ends_at: Annotated[Text, Field(max_length=40)]
    qualification: Annotated[Text, Field(max_length=300)] = ""
    asset: int | None = None


class ApplicationBody(Body):
    """statement: what the applicant says of its qualification."""

    statement: Annotated[Text, Field(max_length=300)] = ""


class BidBody(Body):
    """A bid for the whole lot, per tonne."""

    price: Price


class AuctionShown(BaseModel):
    """An auction. reserve_price: until it has ended for its owner and the exchange alone; next_bid: the least one.

    best_price: of an open one, or of one that has ended.
    """

    id: int
    number: str
    instrument: str
    side: str
    format: str
    quantity: int
    start_price: str
    reserve_price: str | None
    step: str
    deposit_fen: int
    qualification: str
    begins_at: datetime
    ends_at: datetime
    latest_end: datetime
    state: str
    reason: str
    best_price: str | None
    next_bid: str | None
    trade_price: str | None


class BidShown(BaseModel):
    """A bid; place: its number in the auction; stands: it is held for; own: of the own organisation."""

    place: int
    price: str
    at: datetime
    own: bool
    stands: bool


class ApplicationShown(BaseModel):
    """An application to bid, and what became of it."""

    id: int
    state: str
    deposit_fen: int
    at: datetime


def auction_shown(endpoint: Endpoint, row: Auction) -> AuctionShown:
    """Return an auction as its reader may see it."""
    bids = queries.bids_seen_by(endpoint.actor, row)
    is_shown = row.format == AuctionFormat.OPEN or row.ended_at is not None
    prices = [bid.price_fen for bid in bids] if is_shown else []
    best = (max if row.side == Side.SELL else min)(prices, default=None)
    knows = endpoint.actor.organisation_id == row.organisation_id or endpoint.actor.has(queries.OPERATOR)
    return AuctionShown(
        id=row.pk,
        number=row.number,
        instrument=row.instrument.code,
        side=row.side,
        format=row.format,
        quantity=row.quantity,
        start_price=price_of(row.start_price_fen),
        reserve_price=price_of(row.reserve_price_fen) if knows or row.ended_at else None,
        step=price_of(row.step_fen),
        deposit_fen=row.deposit_fen,
        qualification=row.qualification,
        begins_at=beijing(row.begins_at),
        ends_at=beijing(row.ends_at),
        latest_end=beijing(row.latest_end),
        state=row.state,
        reason=row.reason,
        best_price=yuan(best),
        next_bid=price_of(terms_of_auction(row).least(best)) if row.ended_at is None else None,
        trade_price=price_of(row.trade.price_fen) if row.trade else None,
    )


def bid_shown(bid: BidLine) -> BidShown:
    """Return a bid as its reader may see it."""
    return BidShown(
        place=bid.place, price=price_of(bid.price_fen), at=beijing(bid.at), own=bid.is_own, stands=bid.stands
    )


class Auctions(Endpoint):
    """The auctions that were announced, and the own proposals, newest first; POST proposes one."""

    @described(page_of(AuctionShown))
    def get(self, request: Request) -> Response:
        return self.page(queries.auctions_visible_to(self.actor), lambda row: auction_shown(self, row))

    @described(AuctionShown, body=AuctionBody, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.body(AuctionBody)
        prices = {
            name: fen_of(getattr(body, name), field=name) or 0 for name in ("start_price", "reserve_price", "step")
        }
        new = services.NewAuction(
            body.instrument,
            Side(body.side),
            AuctionFormat(body.format),
            body.quantity,
            prices["start_price"],
            prices["reserve_price"],
            prices["step"],
            body.deposit_fen,
            _instant(body.begins_at, "begins_at"),
            _instant(body.ends_at, "ends_at"),
            body.qualification,
            body.asset,
        )
        row = services.propose_auction(actor=self.actor, new=new, at=self.at)
        shown = auction_shown(self, queries.auction_seen_by(self.actor, row.pk))
        return self.answer(shown, status=201, location=f"/api/v1/auctions/{row.pk}/")


class OneAuction(Endpoint):
    """One auction: its notice, and how it stands."""

    @described(AuctionShown)
    def get(self, request: Request, auction_id: int) -> Response:
        return self.answer(auction_shown(self, queries.auction_seen_by(self.actor, auction_id)))


class Applications(Endpoint):
    """The own application to an auction; POST applies, and the deposit is held until the auction ends."""

    @described(page_of(ApplicationShown))
    def get(self, request: Request, auction_id: int) -> Response:
        rows = queries.entrants_seen_by(self.actor, queries.auction_seen_by(self.actor, auction_id))
        return self.list_page(rows, _application_shown, key=lambda row: row.pk)

    @described(ApplicationShown, body=ApplicationBody, status=201)
    @idempotent
    def post(self, request: Request, auction_id: int) -> Response:
        statement = self.body(ApplicationBody).statement
        row = services.apply_to_auction(actor=self.actor, auction_id=auction_id, statement=statement, at=self.at)
        return self.answer(_application_shown(row), status=201)


class Bids(Endpoint):
    """The bids of an auction as far as one may see them, newest first; POST bids for the whole lot."""

    @described(page_of(BidShown))
    def get(self, request: Request, auction_id: int) -> Response:
        bids = queries.bids_seen_by(self.actor, queries.auction_seen_by(self.actor, auction_id))
        return self.list_page(bids, bid_shown, key=lambda bid: bid.place)

    @described(BidShown, body=BidBody, status=201)
    @idempotent
    def post(self, request: Request, auction_id: int) -> Response:
        price_fen = fen_of(self.body(BidBody).price)
        assert price_fen is not None
        made = services.bid(actor=self.actor, auction_id=auction_id, price_fen=price_fen, at=self.at)
        return self.answer(bid_shown(BidLine(made.place, made.price_fen, made.at, True, True)), status=201)


def _application_shown(row: object) -> ApplicationShown:
    return ApplicationShown.model_validate(row, from_attributes=True)


def _instant(text: str, field: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidField(field=field, reason=_("A time with its offset is expected, as 2026-03-06T10:00:00+08:00."))
    return found
