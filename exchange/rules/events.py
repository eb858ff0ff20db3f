"""What can happen to a book, and what comes of it. Prices are whole fen (or ticks), quantities whole tCO2e."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from exchange.rules.terms import OrderStatus, OrderType, RejectCode, Rest, Side, TimeInForce

# An order's id, a participant, a control group: texts in scenarios, numbers in the database.
Id = Hashable


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Amend:
    """New terms of a live order; None leaves a term as it is. `quantity` is the new open quantity."""

    id: Id
    price: int | None = None
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """End a live order."""

    id: Id


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Pick:
    """Takes posts at exactly the best price, partly if need be; never rests."""

    id: Id
    participant: Id
    group: Id
    side: Side
    price: int
    quantity: int


@dataclass(frozen=True, slots=True)
class OpenAuction:
    """The call begins: orders gather and nothing trades."""


@dataclass(frozen=True, slots=True)
class Uncross:
    """The call ends: what meets trades at one price."""

    base_price: int | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """A trading day ends: DAY orders and due GTD orders expire."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """A party takes up a proposed trade: its own post `taker_id` meets the other's, at the other's price."""

    taker_id: Id
    maker_id: Id
    quantity: int


@dataclass(frozen=True, slots=True)
class Expire:
    """The time of one live order is over."""

    id: Id


Event = Place | Amend | Cancel | Accept | Pick | OpenAuction | Uncross | Close | Confirm | Expire


@dataclass(frozen=True, slots=True)
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
        *,
        id: Id,
        participant: Id,
        group: Id,
        side: Side,
        price: int | None,
        remaining: int,
        time_in_force: TimeInForce,
        until: int | None = None,
        filled: int = 0,
        cancelled: int = 0,
        expired: int = 0,
        priority: int = 0,
    ) -> None:
        self.id = id
        self.participant = participant
        self.group = group
        self.side = side
        self.price = price
        self.remaining = remaining
        self.time_in_force = time_in_force
        self.until = until
        self.filled = filled
        self.cancelled = cancelled
        self.expired = expired
        self.priority = priority  # Lower is earlier.
        self.status = OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.LIVE

    def fill(self, quantity: int) -> None:
        self.remaining -= quantity
        self.filled += quantity
        self.status = OrderStatus.PARTIALLY_FILLED if self.remaining else OrderStatus.FILLED

    def cancel(self, quantity: int) -> None:
        self.remaining -= quantity
        self.cancelled += quantity
        if not self.remaining:
            self.status = OrderStatus.CANCELLED

    def expire(self) -> None:
        self.expired += self.remaining
        self.remaining = 0
        self.status = OrderStatus.EXPIRED

    def __repr__(self) -> str:
        return f"<{self.side} {self.remaining} at {self.price}: {self.id!r} {self.status}>"


@dataclass(slots=True)
class Outcome:
    """What came of one event: the fills in the order in which they happened, and each order that changed."""

    fills: list[Fill] = field(default_factory=list)
    changed: dict[Any, BookOrder] = field(default_factory=dict)
    rejected: RejectCode | None = None
