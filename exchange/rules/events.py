"""What can happen to a book, and what comes of it. Prices are whole fen (or ticks), quantities whole tCO2e."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform

from exchange.rules.terms import OrderStatus, OrderType, RejectCode, Rest, Side, TimeInForce

# An order's id, a participant, a control group: texts in scenarios, numbers in the database.
Id = Hashable

# Python 3.11 looks a member of an enum up by a function at each mention; a name of the module costs nothing.
LIVE, PARTIALLY_FILLED, FILLED = OrderStatus.LIVE, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED
CANCELLED, EXPIRED = OrderStatus.CANCELLED, OrderStatus.EXPIRED

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def value(cls: type[T]) -> type[T]:
    """Make a dataclass that nobody changes: mypy sees to it.

    `frozen=True` would see to it at run time as well, at five times the cost of a new object, and there is one for
    each event and each fill.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


@value
class Place:
    """A new order; in a listed instrument a post. A market order has no price.

    minimum_quantity: fills at least this much on arrival, or is cancelled as a whole; 0 for none.
    until: the number of the close after which a GTD order ends.
    """

    id: Id
    participant: Id
    group: Id
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: int | None
    quantity: int
    minimum_quantity: int = 0
    until: int | None = None


@value
class Amend:
    """New terms of a live order; None leaves a term as it is. `quantity` is the new open quantity."""

    id: Id
    price: int | None = None
    quantity: int | None = None


@value
class Cancel:
    """End a live order."""

    id: Id


@value
class Accept:
    """An accepting order: takes posts one after another within its limit; the rest lapses or is posted."""

    id: Id
    participant: Id
    group: Id
    side: Side
    limit: int
    quantity: int
    rest: Rest
    time_in_force: TimeInForce = TimeInForce.GTC
    until: int | None = None


@value
class Pick:
    """Takes posts at exactly the best price, partly if need be; never rests."""

    id: Id
    participant: Id
    group: Id
    side: Side
    price: int
    quantity: int


@value
class OpenAuction:
    """The call begins: orders gather and nothing trades."""


@value
class Uncross:
    """The call ends: what meets trades at one price."""

    base_price: int | None = None


@value
class Close:
    """A trading day ends: DAY orders and due GTD orders expire."""


@value
class Confirm:
    """A party takes up a proposed trade: its own post `taker_id` meets the other's, at the other's price."""

    taker_id: Id
    maker_id: Id
    quantity: int


@value
class Expire:
    """The time of one live order is over."""

    id: Id


Event = Place | Amend | Cancel | Accept | Pick | OpenAuction | Uncross | Close | Confirm | Expire


@value
class Fill:
    """One trade: `quantity` at `price`. In the opening auction the earlier order is called the maker."""

    maker_id: Id
    taker_id: Id
    price: int
    quantity: int


class BookOrder:
    """An order as the book keeps it: terms, and how its quantity stands.

    ordered = filled + cancelled + expired + remaining. Changed by the book alone.
    """

    __slots__ = (
        "cancelled",
        "expired",
        "filled",
        "group",
        "id",
        "participant",
        "price",
        "priority",
        "remaining",
        "side",
        "status",
        "time_in_force",
        "until",
    )

    def __init__(
        self,
        id: Id,
        participant: Id,
        group: Id,
        side: Side,
        price: int | None,
        remaining: int,
        time_in_force: TimeInForce,
        until: int | None = None,
        priority: int = 0,
        filled: int = 0,
        cancelled: int = 0,
        expired: int = 0,
    ) -> None:
        self.id = id
        self.participant = participant
        self.group = group
        self.side = side
        self.price = price
        self.remaining = remaining
        self.time_in_force = time_in_force
        self.until = until
        self.priority = priority  # Lower is earlier.
        self.filled = filled
        self.cancelled = cancelled
        self.expired = expired
        self.status = PARTIALLY_FILLED if filled else LIVE

    def fill(self, quantity: int) -> None:
        self.remaining -= quantity
        self.filled += quantity
        self.status = PARTIALLY_FILLED if self.remaining else FILLED

    def cancel(self, quantity: int) -> None:
        self.remaining -= quantity
        self.cancelled += quantity
        if not self.remaining:
            self.status = CANCELLED

    def expire(self) -> None:
        self.expired += self.remaining
        self.remaining = 0
        self.status = EXPIRED

    def __repr__(self) -> str:
        return f"<{self.side} {self.remaining} at {self.price}: {self.id!r} {self.status}>"


class Outcome:
    """What came of one event: the fills in the order in which they happened, and each order that changed.

    touched: the orders that changed, the first change first; one that changed again may stand there again.
    """

    __slots__ = ("fills", "rejected", "touched")

    def __init__(self) -> None:
        self.fills: list[Fill] = []
        self.touched: list[BookOrder] = []
        self.rejected: RejectCode | None = None

    @property
    def changed(self) -> dict[Any, BookOrder]:
        """The orders that changed by their ids. Made when asked for: a list is what the engine can fill fastest."""
        return {order.id: order for order in self.touched}
