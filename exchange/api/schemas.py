"""What the exchange takes and gives as JSON: prices as decimal text in yuan, quantities in whole tonnes."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from accounts.api.bodies import Body, Filters, Quantity, Text
from exchange.errors import PriceOffTick
from exchange.models import Order, Trade, TradeProposal
from exchange.queries import BookView, CallView, InstrumentFilter, InstrumentView
from exchange.queries.tape import Candle, TapeLine
from exchange.rules import OrderType, Side, TimeInForce
from exchange.rules.confirmation import Confirmation, who_invoices
from exchange.services import NewOrder, PlacedOrder
from rulebook.rules import beijing
from settlement.queries import hold_summary

_PRICE = re.compile(r"\d{1,9}(\.\d{1,6})?")
_HUNDREDTHS = 2


def price_of(fen: int) -> str:
    """Return a price in fen as decimal text in yuan."""
    return f"{fen // 100}.{fen % 100:02d}"


def yuan(fen: int | None) -> str | None:
    """Return a price in fen as decimal text in yuan, None where there is none."""
    return None if fen is None else price_of(fen)


def _price_text(value: Any) -> Any:
    if value is not None and (not isinstance(value, str) or not value.isascii() or not _PRICE.fullmatch(value)):
        raise PydanticCustomError("decimal_parsing", "A decimal number as text is expected, as “12.34”.", {})
    return value


Price = Annotated[
    str, BeforeValidator(_price_text), WithJsonSchema({"type": "string", "pattern": f"^{_PRICE.pattern}$"})
]


def fen_of(price: str | None, *, field: str = "price") -> int | None:
    """Return a price text in fen. Raises PriceOffTick for one finer than a fen, which is off every tick."""
    if price is None:
        return None
    whole, _, decimals = price.partition(".")
    if decimals[_HUNDREDTHS:].strip("0"):
        raise PriceOffTick(field=field, tick=price_of(1), price=price)
    return int(whole) * 100 + int(decimals[:_HUNDREDTHS].ljust(_HUNDREDTHS, "0"))


class OrderBody(Body):
    """A new order; in a listed instrument a post."""

    instrument: Annotated[Text, Field(max_length=24)]
    side: Literal["buy", "sell"]
    type: Literal["limit", "market"] = "limit"
    time_in_force: Literal["GTC", "DAY", "GTD", "IOC", "FOK"] = "GTC"
    price: Price | None = None
    quantity: Quantity
    minimum_quantity: Quantity | None = None
    valid_until: date | None = None
    asset: int | None = None

    def as_order(self) -> NewOrder:
        return NewOrder(
            self.instrument,
            Side(self.side),
            self.quantity,
            fen_of(self.price),
            type=OrderType(self.type),
            time_in_force=TimeInForce(self.time_in_force),
            minimum_quantity=self.minimum_quantity or 0,
            valid_until=self.valid_until,
            asset_id=self.asset,
        )


class BulkBody(Body):
    """Up to 500 orders, taken in together or not at all."""

    orders: Annotated[list[OrderBody], Field(min_length=1, max_length=500)]


class AcceptBody(Body):
    """An accepting order: successive picks up to the limit; the rest lapses or is posted."""

    side: Literal["buy", "sell"]
    limit: Price
    quantity: Quantity
    rest: Literal["lapse", "post"] = "lapse"
    asset: int | None = None


class PickBody(Body):
    """A pick at exactly the best price."""

    side: Literal["buy", "sell"]
    price: Price
    quantity: Quantity
    asset: int | None = None


class AmendBody(Body):
    """New terms of a live order; `quantity` is the new open quantity."""

    price: Price | None = None
    quantity: Quantity | None = None


class InstrumentShown(BaseModel):
    """An instrument as it stands. Prices are yuan as decimal text; the limits are empty before the first day.

    suspended_since: while the registry keeps its credits still, by the document of suspended_by.
    """

    code: str
    project: str
    project_name: str
    vintage: int
    type: str
    division: str
    division_name: str
    methodology: str
    mode: str
    approval: str | None
    open: bool
    phase: str
    base_price: str | None
    lower_limit: str | None
    upper_limit: str | None
    suspended_since: datetime | None
    suspended_by: str


class InstrumentFilters(Filters):
    """What is asked of an instrument. division: the beginning of a code; price_to: of the last trade, else the base."""

    type: Annotated[Text, Field(max_length=1)] = ""
    mode: Annotated[Text, Field(max_length=20)] = ""
    vintage_from: Annotated[int, Field(ge=1900, le=2200)] | None = None
    vintage_to: Annotated[int, Field(ge=1900, le=2200)] | None = None
    division: Annotated[Text, Field(max_length=6)] = ""
    methodology: Annotated[Text, Field(max_length=32)] = ""
    price_to: Price | None = None
    text: Annotated[Text, Field(max_length=60)] = ""

    def asked(self) -> InstrumentFilter:
        """Return the filter as the market knows it."""
        own = self.model_dump(include=set(InstrumentFilters.model_fields))
        return InstrumentFilter(**{**own, "price_to": fen_of(self.price_to, field="price_to")})


class CallShown(BaseModel):
    """What a call auction would come to now; surplus above 0: purchases left over, below 0: sales."""

    price: str | None
    quantity: int
    surplus: int


class BookShown(BaseModel):
    """Both sides, best first, each level as [price, quantity, orders]; call: only while orders gather for one price."""

    sequence: int
    call: CallShown | None
    bids: list[tuple[str, int, int]]
    asks: list[tuple[str, int, int]]


class TapeLineShown(BaseModel):
    """A trade as the public sees it."""

    id: int
    price: str
    quantity: int
    taker_side: str
    at: datetime


class TapeShown(BaseModel):
    """The newest trades, newest first."""

    next: str | None
    previous: None = None
    results: list[TapeLineShown]


class CandleShown(BaseModel):
    """A candle; `at` is the beginning of its step."""

    at: datetime
    open: str
    high: str
    low: str
    close: str
    volume: int


class CandlesShown(BaseModel):
    """Candles, oldest first."""

    candles: list[CandleShown]


class FreezeShown(BaseModel):
    """The freeze that ended an order, and its document."""

    id: int
    reason: str
    document: str
    authority: str


class OrderShown(BaseModel):
    """An order of the caller, with what has become of its quantity and what is held for it."""

    id: int
    instrument: str
    kind: str
    side: str
    type: str
    time_in_force: str
    price: str | None
    quantity: int
    filled: int
    cancelled: int
    expired: int
    remaining: int
    status: str
    reject_code: str | None
    freeze: FreezeShown | None  # For which a sale was cancelled.
    fee_fen: int
    held: dict[str, int]  # {"units": tonnes} for a sale, {"fen": …} for a purchase.
    at: datetime


class AcceptedShown(BaseModel):
    """What an order is answered with: taken in, its place, and what is held."""

    id: int
    status: str
    sequence: int
    held: dict[str, int]  # {"units": tonnes} for a sale, {"fen": …} for a purchase.


class AcceptedOrdersShown(BaseModel):
    """The orders of one request, in its order."""

    results: list[AcceptedShown]


class TradePartyShown(BaseModel):
    """A party of a trade, as both know it."""

    name: str
    uscc: str


class ConfirmationShown(BaseModel):
    """The confirmation of a trade for the caller's side; the fee is the caller's own. `invoices`: who invoices whom."""

    number: str
    trade: int
    entry: int
    at: datetime
    side: str
    mode: str
    instrument: str
    project: str
    vintage_year: int
    quantity: int
    price: str
    value_fen: int
    fee_fen: int
    proceeds_fen: int
    buyer: TradePartyShown
    seller: TradePartyShown
    order: int
    serials: list[str]
    invoices: list[str]
    digest: str


class TradeShown(BaseModel):
    """A trade of the caller; the counterparty is named, since both have confirmed."""

    id: int
    instrument: str
    price: str
    quantity: int
    value_fen: int
    buyer: int
    seller: int
    maker_order: int
    taker_order: int
    entry: int
    at: datetime


class ProposalShown(BaseModel):
    """A trade proposed to the caller: its own post meets another at `price`. Whoever confirms first is the taker."""

    id: int
    instrument: str
    order: int
    side: str
    price: str | None
    quantity: int
    at: datetime


def instrument_shown(one: InstrumentView) -> InstrumentShown:
    """Return an instrument as it stands."""
    return InstrumentShown(
        code=one.code,
        project=one.project_code,
        project_name=one.project_name,
        vintage=one.vintage_year,
        type=one.credit_type,
        division=one.division_code,
        division_name=one.division_name,
        methodology=one.methodology,
        mode=one.mode.value,
        approval="demonstration" if one.approval_is_demonstration else None,
        open=one.is_open,
        phase=one.phase.value,
        base_price=yuan(one.base_price_fen),
        lower_limit=yuan(one.lower_fen),
        upper_limit=yuan(one.upper_fen),
        suspended_since=beijing(one.suspended_since) if one.suspended_since else None,
        suspended_by=one.suspended_by,
    )


def book_shown(view: BookView, call: CallView | None) -> BookShown:
    """Return both sides of a book, with what a call would come to."""
    return BookShown(
        sequence=view.sequence,
        call=CallShown(price=yuan(call.price_fen), quantity=call.quantity, surplus=call.surplus) if call else None,
        bids=[(price_of(level.price_fen), level.quantity, level.orders) for level in view.bids],
        asks=[(price_of(level.price_fen), level.quantity, level.orders) for level in view.asks],
    )


def tape_line_shown(line: TapeLine) -> TapeLineShown:
    """Return a trade as the public sees it."""
    return TapeLineShown(
        id=line.id,
        price=price_of(line.price_fen),
        quantity=line.quantity,
        taker_side=line.taker_side,
        at=beijing(line.at),
    )


def candle_shown(candle: Candle) -> CandleShown:
    """Return a candle."""
    return CandleShown(
        at=beijing(candle.at),
        open=price_of(candle.open_fen),
        high=price_of(candle.high_fen),
        low=price_of(candle.low_fen),
        close=price_of(candle.close_fen),
        volume=candle.volume,
    )


def freeze_shown(hold_id: int) -> FreezeShown:
    """Return the freeze that ended an order."""
    one = hold_summary(hold_id)
    return FreezeShown(id=one.id, reason=one.reason.value, document=one.document, authority=one.authority)


def order_shown(order: Order) -> OrderShown:
    """Return an order of the actor."""
    return OrderShown(
        id=order.pk,
        instrument=order.instrument.code,
        kind=order.kind,
        side=order.side,
        type=order.type,
        time_in_force=order.time_in_force,
        price=yuan(order.price_fen),
        quantity=order.quantity,
        filled=order.filled,
        cancelled=order.cancelled,
        expired=order.expired,
        remaining=order.remaining,
        status=order.status,
        reject_code=order.reject_code or None,
        freeze=freeze_shown(order.freeze_id) if order.freeze_id else None,
        fee_fen=order.fee_taken_fen,
        held={"units": order.held_units} if order.side == Side.SELL else {"fen": order.held_fen},
        at=beijing(order.at),
    )


def accepted_shown(placed: PlacedOrder) -> AcceptedShown:
    """Return what an order is answered with."""
    held = {"units": placed.held_units} if placed.held_units else {"fen": placed.held_fen}
    return AcceptedShown(id=placed.id, status="accepted", sequence=placed.sequence, held=held)


def trade_shown(trade: Trade) -> TradeShown:
    """Return a trade of the actor."""
    return TradeShown(
        id=trade.pk,
        instrument=trade.instrument.code,
        price=price_of(trade.price_fen),
        quantity=trade.quantity,
        value_fen=trade.value_fen,
        buyer=trade.buyer_id,
        seller=trade.seller_id,
        maker_order=trade.maker_order_id,
        taker_order=trade.taker_order_id,
        entry=trade.entry_id,
        at=beijing(trade.at),
    )


def confirmation_shown(one: Confirmation) -> ConfirmationShown:
    """Return a confirmation as the API gives it."""
    return ConfirmationShown(
        number=one.number,
        trade=one.trade,
        entry=one.entry,
        at=datetime.fromisoformat(one.at),
        side=one.side,
        mode=one.mode,
        instrument=one.instrument,
        project=one.project,
        vintage_year=one.vintage_year,
        quantity=one.quantity,
        price=price_of(one.price_fen),
        value_fen=one.value_fen,
        fee_fen=one.fee_fen,
        proceeds_fen=one.proceeds_fen,
        buyer=TradePartyShown(name=one.buyer.name, uscc=one.buyer.uscc),
        seller=TradePartyShown(name=one.seller.name, uscc=one.seller.uscc),
        order=one.order,
        serials=list(one.serials),
        invoices=[note[0] for note in who_invoices(one)],
        digest=one.digest,
    )


def proposal_shown(proposal: TradeProposal, organisation_id: int | None) -> ProposalShown:
    """Return a proposal from one party's side; the other's price holds for whoever confirms."""
    is_bid = proposal.bid.organisation_id == organisation_id
    own, other = (proposal.bid, proposal.ask) if is_bid else (proposal.ask, proposal.bid)
    return ProposalShown(
        id=proposal.pk,
        instrument=proposal.instrument.code,
        order=own.pk,
        side=own.side,
        price=yuan(other.price_fen),
        quantity=proposal.quantity,
        at=beijing(proposal.at),
    )
