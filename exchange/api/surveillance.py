"""What surveillance has found, for those who watch over the market: to read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.bodies import Filters
from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from exchange import queries
from exchange.api.schemas import yuan
from exchange.models import SurveillanceAlert
from exchange.rules.surveillance import Moment, OrderMoment, Pattern
from rulebook.rules import beijing

Day = Annotated[date, Field(strict=False)]
Found = Annotated[Pattern, Field(strict=False)]


class FigureShown(BaseModel):
    """What was found, beside the rule value that it was compared with; shares are decimal texts."""

    rule: str
    found: int | str
    limit: int | str


class AlertShown(BaseModel):
    """A pattern that was found in an instrument's day. `organisations`, `orders`, `trades`: ids."""

    id: int
    pattern: Pattern
    instrument: str
    day: date
    organisations: list[int]
    figures: list[FigureShown]
    orders: list[int]
    trades: list[int]
    disclosures: list[str]
    since: datetime
    until: datetime
    edition: int
    case: str | None
    dismissed: bool


class MomentShown(BaseModel):
    """A moment of the evidence: an act with an order, or a trade; then what stood right before it."""

    at: datetime
    act: str
    order: int | None
    trade: int | None
    side: str
    price: str | None
    quantity: int
    last: str
    best_bid: str | None
    best_ask: str | None


class ReplayedShown(AlertShown):
    """An alert with its evidence as it happened."""

    moments: list[MomentShown]


class AlertFilters(Filters):
    """Alerts of one pattern, instrument, day or state (open, in_case, dismissed)."""

    pattern: Found | None = None
    instrument: Annotated[str, Field(max_length=24)] | None = None
    day: Day | None = None
    state: Annotated[str, Field(pattern="^(open|in_case|dismissed)$")] | None = None


def alert_shown(row: SurveillanceAlert) -> AlertShown:
    """Return an alert as it is answered."""
    return AlertShown(
        id=row.pk,
        pattern=Pattern(row.pattern),
        instrument=row.instrument.code,
        day=row.day,
        organisations=row.organisations,
        figures=[FigureShown(**one) for one in row.figures],
        orders=row.evidence["orders"],
        trades=row.evidence["trades"],
        disclosures=row.evidence["disclosures"],
        since=beijing(row.since),
        until=beijing(row.until),
        edition=row.edition,
        case=row.case.number if row.case else None,
        dismissed=row.dismissed_at is not None,
    )


def moment_shown(one: Moment) -> MomentShown:
    """Return a moment of the evidence as it is answered."""
    what = one if isinstance(one, OrderMoment) else one.trade
    return MomentShown(
        at=beijing(one.at),
        act=one.act.value if isinstance(one, OrderMoment) else "traded",
        order=one.order_id if isinstance(one, OrderMoment) else None,
        trade=None if isinstance(one, OrderMoment) else one.trade.id,
        side=one.side.value if isinstance(one, OrderMoment) else one.trade.taker_side.value,
        price=yuan(what.price_fen),
        quantity=what.quantity,
        last=yuan(one.market.last_fen) or "",
        best_bid=yuan(one.market.bid_fen),
        best_ask=yuan(one.market.ask_fen),
    )


class Alerts(Endpoint):
    """The alerts of surveillance, newest first. For operators of the exchange and auditors."""

    @described(page_of(AlertShown), filters=AlertFilters)
    def get(self, request: Request) -> Response:
        asked = self.filters(AlertFilters)
        wanted = queries.AlertFilter(asked.pattern or "", asked.instrument or "", asked.day, asked.state or "")
        return self.page(queries.alerts_visible_to(self.actor, wanted), alert_shown)


class OneAlert(Endpoint):
    """One alert, with its evidence as it happened and what stood in the book at each moment."""

    @described(ReplayedShown)
    def get(self, request: Request, alert_id: int) -> Response:
        row = queries.alert(self.actor, alert_id)
        moments = [moment_shown(one) for one in queries.replay(row).rows]
        return self.answer(ReplayedShown(**alert_shown(row).model_dump(), moments=moments))
