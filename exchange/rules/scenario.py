"""Scenario files: events written down with their instrument, and the exact answer to them. Design section 7."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from exchange.errors import ScenarioUnreadable
from exchange.rules.book import Book
from exchange.rules.events import Accept, Amend, Cancel, Close, Event, Fill, OpenAuction, Pick, Place, Uncross
from exchange.rules.terms import (
    BOOK_MODES,
    OrderStatus,
    OrderType,
    RejectCode,
    Rest,
    SelfTradePrevention,
    Side,
    TimeInForce,
    TradingMode,
)

Word = TypeVar("Word", bound=StrEnum)

# Fields of each event: those it must have, and those it may.
ORDER_FIELDS = {"id", "participant", "side", "quantity"}
FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "place": (ORDER_FIELDS | {"type"}, {"time_in_force", "price", "until", "minimum_quantity", "group"}),
    "amend": ({"id"}, {"price", "quantity"}),
    "cancel": ({"id"}, set()),
    "accept": (ORDER_FIELDS | {"limit"}, {"rest", "time_in_force", "until", "group"}),
    "pick": (ORDER_FIELDS | {"price"}, {"group"}),
    "open_auction": (set(), set()),
    "uncross": (set(), set()),
    "close": (set(), set()),
}
LONGEST_TEXT = 200
MOST_DECIMALS = 12


@dataclass(frozen=True)
class Instrument:
    """The instrument of a scenario. Prices are whole multiples of 10^-decimals."""

    mode: TradingMode
    tick: int
    decimals: int
    self_trade_prevention: SelfTradePrevention
    pick_levels: int | None
    base_price: int | None

    def new_book(self) -> Book:
        return Book(
            mode=self.mode,
            tick=self.tick,
            self_trade_prevention=self.self_trade_prevention,
            pick_levels=self.pick_levels,
        )

    def text(self, price: int) -> str:
        """Return a price as printed: with the decimals of the tick."""
        return f"{Decimal(price).scaleb(-self.decimals):f}"


@dataclass(frozen=True)
class Step:
    """One event as written: ready for the book, or already known to be wrong."""

    event: Event | None
    id: str | None
    is_new_order: bool
    code: RejectCode | None = None


@dataclass(frozen=True)
class OrderState:
    """How one order stands at the end."""

    status: OrderStatus
    filled: int
    cancelled: int
    expired: int
    remaining: int


@dataclass(frozen=True)
class Played:
    """Everything that a scenario's answer is made of."""

    fills: Sequence[Fill]
    orders: Mapping[str, OrderState]
    bids: Sequence[tuple[int, int]]
    asks: Sequence[tuple[int, int]]
    rejected: Sequence[tuple[int, str | None, RejectCode]]


REJECTED = OrderState(OrderStatus.REJECTED, 0, 0, 0, 0)


def read(text: str) -> tuple[Instrument, list[Step]]:
    """Return the instrument and the steps of a scenario file. Raises ScenarioUnreadable."""
    try:
        content = json.loads(text, parse_float=Decimal, object_pairs_hook=_without_doubles)
    except RecursionError:
        raise ScenarioUnreadable(code="json_rejected", reason="nested too deeply") from None
    except ValueError as error:
        raise ScenarioUnreadable(code="json_rejected", reason=str(error)) from None
    top = _object(content, "", {"instrument", "events"}, set())
    instrument = _instrument(top["instrument"])
    if not isinstance(top["events"], list):
        raise ScenarioUnreadable("events", code="wrong_type", reason="a list is expected")
    seen: set[str] = set()
    steps = []
    for number, written in enumerate(top["events"]):
        step = _step(written, f"events[{number}]", instrument)
        if step.is_new_order:
            if step.id in seen:
                step = Step(None, step.id, False, RejectCode.DUPLICATE_ID)
            seen.add(step.id or "")
        steps.append(step)
    return instrument, steps


def play(instrument: Instrument, steps: Sequence[Step]) -> Played:
    """Return what the engine makes of the steps."""
    book = instrument.new_book()
    fills: list[Fill] = []
    orders: dict[str, OrderState] = {}
    rejected = []
    for number, step in enumerate(steps):
        code = step.code
        if step.event is not None and code is None:
            outcome = book.apply(step.event)
            code = outcome.rejected
            fills += outcome.fills
            for order in outcome.changed.values():
                orders[str(order.id)] = OrderState(
                    order.status, order.filled, order.cancelled, order.expired, order.remaining
                )
        if code is not None:
            rejected.append((number, step.id, code))
            if step.is_new_order:
                orders[step.id or ""] = REJECTED
    return Played(fills, orders, book.levels(Side.BUY), book.levels(Side.SELL), rejected)


def answer(instrument: Instrument, played: Played) -> dict[str, Any]:
    """Return the answer as it is printed."""
    return {
        "trades": [
            {
                "maker": fill.maker_id,
                "taker": fill.taker_id,
                "price": instrument.text(fill.price),
                "quantity": fill.quantity,
            }
            for fill in played.fills
        ],
        "orders": {
            id: {
                "status": state.status.value,
                "filled": state.filled,
                "cancelled": state.cancelled,
                "expired": state.expired,
                "remaining": state.remaining,
            }
            for id, state in played.orders.items()
        },
        "book": {
            "bids": [[instrument.text(price), quantity] for price, quantity in played.bids],
            "asks": [[instrument.text(price), quantity] for price, quantity in played.asks],
        },
        "rejected": [{"event": number, "id": id, "code": code.value} for number, id, code in played.rejected],
    }


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return content


def _object(content: Any, field: str, needed: set[str], allowed: set[str]) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ScenarioUnreadable(field, code="wrong_type", reason="an object is expected")
    for name in sorted(needed - content.keys()):
        raise ScenarioUnreadable(_within(field, name), code="missing_field", reason="this field is missing")
    for name in content:
        if name not in needed | allowed:
            raise ScenarioUnreadable(_within(field, name), code="unknown_field", reason="this field is not known")
    return content


def _within(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _instrument(written: Any) -> Instrument:
    field = "instrument"
    content = _object(written, field, {"mode", "tick"}, {"self_trade_prevention", "pick_levels", "base_price"})
    tick_text = content["tick"]
    tick = _decimal(tick_text, "instrument.tick")
    exponent = tick.as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    if tick <= 0 or decimals > MOST_DECIMALS:
        raise ScenarioUnreadable("instrument.tick", code="invalid_field", reason="a positive step is expected")
    pick_levels = content.get("pick_levels", 5)
    if pick_levels is not None and (type(pick_levels) is not int or pick_levels < 1):
        raise ScenarioUnreadable("instrument.pick_levels", code="invalid_field", reason="1, 5 or null is expected")
    base = content.get("base_price")
    return Instrument(
        mode=_book_mode(content, field),
        tick=int(tick.scaleb(decimals)),
        decimals=decimals,
        self_trade_prevention=_word(
            content, "self_trade_prevention", field, SelfTradePrevention, SelfTradePrevention.NONE
        ),
        pick_levels=pick_levels,
        base_price=None if base is None else _price(base, "instrument.base_price", decimals),
    )


def _book_mode(content: dict[str, Any], field: str) -> TradingMode:
    mode = _word(content, "mode", field, TradingMode)
    if mode not in BOOK_MODES:
        expected = ", ".join(BOOK_MODES)
        raise ScenarioUnreadable(f"{field}.mode", code="invalid_field", reason=f"one of {expected} is expected")
    return mode


def _step(written: Any, field: str, instrument: Instrument) -> Step:
    if not isinstance(written, dict):
        raise ScenarioUnreadable(field, code="wrong_type", reason="an object is expected")
    do = written.get("do")
    if not isinstance(do, str) or do not in FIELDS:
        raise ScenarioUnreadable(f"{field}.do", code="invalid_field", reason="this event is not known")
    needed, allowed = FIELDS[do]
    content = _object(written, field, needed | {"do"}, allowed)
    if do in ("open_auction", "uncross", "close"):
        phases: dict[str, Event] = {
            "open_auction": OpenAuction(),
            "uncross": Uncross(instrument.base_price),
            "close": Close(),
        }
        return Step(phases[do], None, False)
    id = _text(content, "id", field)
    if do == "cancel":
        return Step(Cancel(id), id, False)
    quantity = _quantity(content.get("quantity"))
    if do == "amend":
        price = _optional_price(content, "price", field, instrument)
        if content.get("quantity") is not None and quantity is None:
            # Which of the two codes is right depends on whether the order lives: 0 is refused by the book itself.
            quantity = 0
        return Step(Amend(id, price, quantity), id, False)
    event = _order(do, content, field, instrument, id, quantity or 0)
    return Step(event, id, True)


def _order(do: str, content: dict[str, Any], field: str, instrument: Instrument, id: str, quantity: int) -> Event:
    participant = _text(content, "participant", field)
    group = _text(content, "group", field) if content.get("group") is not None else participant
    side = _word(content, "side", field, Side)
    if do == "pick":
        price = _price(content["price"], f"{field}.price", instrument.decimals)
        return Pick(id, participant, group, side, price, quantity)
    time_in_force = _word(content, "time_in_force", field, TimeInForce, TimeInForce.GTC)
    until = content.get("until")
    if time_in_force is TimeInForce.GTD and (type(until) is not int or until < 1):
        raise ScenarioUnreadable(f"{field}.until", code="invalid_field", reason="the number of a close is expected")
    if time_in_force is not TimeInForce.GTD and until is not None:
        raise ScenarioUnreadable(f"{field}.until", code="invalid_field", reason="only a GTD order has an end")
    if do == "accept":
        limit = _price(content["limit"], f"{field}.limit", instrument.decimals)
        rest = _word(content, "rest", field, Rest, Rest.LAPSE)
        return Accept(id, participant, group, side, limit, quantity, rest, time_in_force, until)
    type_ = _word(content, "type", field, OrderType)
    price_ = _optional_price(content, "price", field, instrument)
    if (price_ is None) != (type_ is OrderType.MARKET):
        raise ScenarioUnreadable(
            f"{field}.price", code="invalid_field", reason="a limit order has a price, a market order has none"
        )
    minimum = content.get("minimum_quantity")
    least = 0 if minimum in (None, 0) else (_quantity(minimum) or -1)
    return Place(id, participant, group, side, type_, time_in_force, price_, quantity, least, until)


def _optional_price(content: dict[str, Any], name: str, field: str, instrument: Instrument) -> int | None:
    if content.get(name) is None:
        return None
    return _price(content[name], f"{field}.{name}", instrument.decimals)


def _price(written: Any, field: str, decimals: int) -> int:
    """Return the price as a whole number; 0, which no book takes, for one between two steps of the last decimal."""
    price = _decimal(written, field).scaleb(decimals)
    return int(price) if price == price.to_integral_value() else 0


def _decimal(written: Any, field: str) -> Decimal:
    if isinstance(written, bool) or not isinstance(written, str | int | Decimal) or len(str(written)) > LONGEST_TEXT:
        raise ScenarioUnreadable(field, code="wrong_type", reason="a decimal number as text is expected")
    try:
        number = Decimal(written)
    except InvalidOperation:
        raise ScenarioUnreadable(field, code="invalid_field", reason="this is not a decimal number") from None
    if not number.is_finite() or number.adjusted() > 15:
        raise ScenarioUnreadable(field, code="invalid_field", reason="this number is out of range")
    return number


def _quantity(written: Any) -> int | None:
    """Return a positive whole number, or None for anything else: the engine refuses it."""
    return written if type(written) is int and 0 < written < 10**18 else None


def _text(content: dict[str, Any], name: str, field: str) -> str:
    text = content[name]
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST_TEXT or not text.isprintable():
        raise ScenarioUnreadable(f"{field}.{name}", code="wrong_type", reason="a short printable text is expected")
    return text


def _word(content: dict[str, Any], name: str, field: str, words: type[Word], default: Word | None = None) -> Word:
    written: Any = content.get(name, default)
    try:
        return words(written)
    except ValueError:
        expected = ", ".join(words)
        raise ScenarioUnreadable(
            f"{field}.{name}", code="invalid_field", reason=f"one of {expected} is expected"
        ) from None
