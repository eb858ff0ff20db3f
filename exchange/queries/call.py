"""What a call auction would come to, were it to end now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exchange.queries.book import book
from exchange.queries.instruments import InstrumentView
from exchange.queries.profile import profile
from exchange.rules import GATHERS, clearing_price

EVERY_LEVEL = 100_000


@dataclass(frozen=True)
class CallView:
    """The price (fen) at which most would trade, how many tonnes, and what would be left of the longer side.

    price_fen None: no bid reaches an ask yet. surplus: above 0 of purchases, below 0 of sales.
    """

    price_fen: int | None
    quantity: int
    surplus: int

    @property
    def left_over(self) -> int:
        return abs(self.surplus)


def call_of(one: InstrumentView, at: datetime) -> CallView | None:
    """Return what has gathered in an instrument's call; None outside of one. Posts outside the day's limits sleep."""
    if one.phase not in GATHERS:
        return None
    view = book(one.id, depth=EVERY_LEVEL, lower=one.lower_fen, upper=one.upper_fen)
    bids = {level.price_fen: level.quantity for level in view.bids}
    asks = {level.price_fen: level.quantity for level in view.asks}
    tick = profile(at, one.rule_scheme).tick_fen
    price = clearing_price(bids, asks, tick=tick, base_price=one.base_price_fen)
    if price is None:
        return CallView(None, 0, 0)
    demand = sum(quantity for limit, quantity in bids.items() if limit >= price)
    supply = sum(quantity for limit, quantity in asks.items() if limit <= price)
    return CallView(price, min(demand, supply), demand - supply)
