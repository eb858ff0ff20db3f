"""Published market data over the API: daily figures, reference prices, bulletins. All public."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.bodies import Filters, Text
from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from exchange import queries
from exchange.api.schemas import price_of, yuan
from exchange.models import Bulletin, DailyFigure, ReferencePrice
from rulebook.rules import beijing


class DayFigureShown(BaseModel):
    """What an instrument traded on a day: prices of its own mode, block and auction volume beside them."""

    day: date
    instrument: str
    mode: str
    base_price: str
    open: str | None
    high: str | None
    low: str | None
    close: str | None
    vwap: str | None
    trades: int
    quantity: int
    value_fen: int
    block_quantity: int
    auction_quantity: int


class ReferenceFilters(Filters):
    """type: F, G, W, …; vintage: a year."""

    type: Annotated[Text, Field(max_length=1)] = ""
    vintage: Annotated[int, Field(ge=1900, le=2200)] | None = None


class ReferenceShown(BaseModel):
    """The official reference price of a type and vintage on a day. method: trades, carried (age: how long), none."""

    day: date
    type: str
    vintage: int
    price: str | None
    method: str
    age: int
    quantity: int
    value_fen: int
    trades: int


class BulletinShown(BaseModel):
    """A bulletin as it was published; sha256: of its body as JSON with sorted keys and without spaces."""

    day: date
    number: str
    sha256: str
    published_at: datetime
    body: dict[str, Any]


def figure_shown(row: DailyFigure) -> DayFigureShown:
    """Return a day's figures of an instrument."""
    return DayFigureShown(
        day=row.day,
        instrument=row.instrument.code,
        mode=row.mode,
        base_price=price_of(row.base_price_fen),
        open=yuan(row.open_fen),
        high=yuan(row.high_fen),
        low=yuan(row.low_fen),
        close=yuan(row.close_fen),
        vwap=yuan(row.vwap_fen),
        trades=row.trades,
        quantity=row.quantity,
        value_fen=row.value_fen,
        block_quantity=row.block_quantity,
        auction_quantity=row.auction_quantity,
    )


def reference_shown(row: ReferencePrice) -> ReferenceShown:
    """Return a reference price with what it rests on."""
    return ReferenceShown(
        day=row.day,
        type=row.credit_type,
        vintage=row.vintage_year,
        price=yuan(row.price_fen),
        method=row.method,
        age=row.age,
        quantity=row.quantity,
        value_fen=row.value_fen,
        trades=row.trades,
    )


def bulletin_shown(row: Bulletin) -> BulletinShown:
    """Return a bulletin as it was published."""
    return BulletinShown(
        day=row.day, number=row.number, sha256=row.sha256, published_at=beijing(row.published_at), body=row.body
    )


class Figures(Endpoint):
    """The daily figures of an instrument, newest first."""

    @described(page_of(DayFigureShown))
    def get(self, request: Request, code: str) -> Response:
        rows = queries.figures_of(queries.instrument_by_code(code).pk, date.min, date.max)
        return self.page(rows, figure_shown, ordering="-day")


class References(Endpoint):
    """The official reference prices, newest first."""

    @described(page_of(ReferenceShown), filters=ReferenceFilters)
    def get(self, request: Request) -> Response:
        asked = self.filters(ReferenceFilters)
        return self.page(queries.references(credit_type=asked.type, vintage_year=asked.vintage), reference_shown)


class Bulletins(Endpoint):
    """The published bulletins, newest first."""

    @described(page_of(BulletinShown))
    def get(self, request: Request) -> Response:
        return self.page(queries.bulletins(), bulletin_shown, ordering="-day")


class OneBulletin(Endpoint):
    """The bulletin of a day."""

    @described(BulletinShown)
    def get(self, request: Request, day: str) -> Response:
        return self.answer(bulletin_shown(queries.bulletin(day)))
