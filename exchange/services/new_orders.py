"""Orders as asked for, and as taken in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from exchange.rules import OrderType, Side, TimeInForce, TradingMode


@dataclass(frozen=True)
class NewOrder:
    """An order as asked for. kind: place (post), accept (successive picks) or pick (exactly the best price); block and
    auction for the rooms of these alone: such an order holds what it needs and waits beside the book for its deal.

    price_fen: None for a market order. asset_id: of a sale, the batch to sell from; None takes the first that suffices.
    retires: of a purchase by the room that retires what it buys at once, at the fee for that; no edge sets it.
    """

    instrument_code: str
    side: Side
    quantity: int
    price_fen: int | None
    kind: str = "place"
    type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    valid_until: date | None = None
    posts_rest: bool = False
    minimum_quantity: int = 0
    asset_id: int | None = None
    retires: bool = False

    @classmethod
    def taking(
        cls, *, instrument_code: str, mode: TradingMode, quantity: int, price_fen: int, retires: bool = False
    ) -> NewOrder:
        """Return a purchase that takes offers up to a price at once and leaves nothing behind, in either mode."""
        listed = mode is TradingMode.LISTED
        return cls(
            instrument_code,
            Side.BUY,
            quantity,
            price_fen,
            kind="accept" if listed else "place",
            time_in_force=TimeInForce.GTC if listed else TimeInForce.IOC,
            retires=retires,
        )


@dataclass(frozen=True)
class PlacedOrder:
    """An order taken in: its place in the instrument's queue of events (0: none), and what is held for it."""

    id: int
    instrument_id: int
    sequence: int
    held_units: int
    held_fen: int
