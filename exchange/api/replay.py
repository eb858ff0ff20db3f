"""A past day of an instrument as the market was told of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from accounts.api.documentation import described
from accounts.api.endpoint import Endpoint
from accounts.errors import InvalidField
from exchange import queries
from exchange.api.schemas import price_of
from exchange.models import MarketEvent
from rulebook.queries import business_date

EVENTS = 2000
LIMIT_DIGITS = 18


class BookTold(BaseModel):
    """The five best levels of both sides from `at` on, best first, each as [price, quantity]."""

    sequence: int
    kind: Literal["book"] = "book"
    at: str
    bids: list[tuple[str, int]]
    asks: list[tuple[str, int]]


class TradeTold(BaseModel):
    """A trade as the public saw it; side: the taker's."""

    sequence: int
    kind: Literal["trade"] = "trade"
    at: str
    price: str
    quantity: int
    side: str
    mode: str


class ReplayShown(BaseModel):
    """What the market was told of a day, oldest first; `next` goes on."""

    next: str | None
    previous: None = None
    results: list[BookTold | TradeTold]


class Replay(Endpoint):
    """The books and trades of one day, oldest first, from which the book of any second follows. Public."""

    @described(
        ReplayShown,
        query={"day": "YYYY-MM-DD; today if left out.", "after": "The sequence of an event: those after it."},
    )
    def get(self, request: Request, code: str) -> Response:
        instrument = queries.instrument_by_code(code)
        after = self._after()
        events = queries.told_on_day(
            instrument.pk, day_of(request.query_params.get("day", ""), self.at), after=after, limit=EVENTS
        )
        follows = None
        if len(events) == EVENTS:
            follows = replace_query_param(request.build_absolute_uri(), "after", events[-1].sequence)
        return self.answer(ReplayShown(next=follows, results=[one for one in map(_told, events) if one is not None]))

    def _after(self) -> int:
        text = self.request.query_params.get("after", "0")
        if not (text.isascii() and text.isdecimal()) or len(text) > LIMIT_DIGITS:
            raise InvalidField(field="after", reason=_("A whole number is expected."))
        return int(text)


def day_of(text: str, at: datetime) -> date:
    """Return the day that an address names, the business day of `at` where it names none. Raises InvalidField."""
    if not text:
        return business_date(at)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidField(field="day", reason=_("A date is expected, as 2026-03-02.")) from None


def _told(event: MarketEvent) -> BookTold | TradeTold | None:
    body: dict[str, Any] = event.body
    if event.kind == "book" and "bids" in body:
        sides = {side: [(price_of(price), quantity) for price, quantity in body[side]] for side in ("bids", "asks")}
        return BookTold(sequence=event.sequence, at=body["at"], **sides)
    if event.kind == "trade":
        return TradeTold(
            sequence=event.sequence,
            at=body["at"],
            price=price_of(body["price"]),
            quantity=body["quantity"],
            side=body["side"],
            mode=body.get("mode", ""),
        )
    return None
