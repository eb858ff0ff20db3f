"""What surveillance looks at and what it says: plain records. Prices are whole fen, quantities whole tCO2e."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from exchange.rules.terms import Side


class Pattern(StrEnum):
    """What may be found: what the CCER trading rules name, then what is looked for by setting."""

    BEFORE_DISCLOSURE = "before_disclosure"
    REVERSE_TRADES = "reverse_trades"
    FAR_ORDERS = "far_orders"
    PLACE_AND_CANCEL = "place_and_cancel"
    BUY_HIGH_SELL_LOW = "buy_high_sell_low"
    VOLUME_SHARE = "volume_share"
    CLOSING_PRICE = "closing_price"
    SELF_TRADES = "self_trades"


class Act(StrEnum):
    """What was done with an order. STOPPED: it met one of its own control group and gave way."""

    PLACED = "placed"
    AMENDED = "amended"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # Not by its owner: a freeze, a bar, the owner's own sale.
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Market:
    """What stood before a moment: the last price (before a day's first trade its base price), the best of each side."""

    last_fen: int
    bid_fen: int | None = None
    ask_fen: int | None = None
    bid_units: int = 0  # All open tonnes of the side within the day's limits.
    ask_units: int = 0

    def units(self, side: Side) -> int:
        return self.bid_units if side is Side.BUY else self.ask_units


@dataclass(frozen=True, slots=True)
class OrderMoment:
    """Something done with an order. quantity: ordered, or open after a change, or ended. price_fen None: any price."""

    sequence: int
    at: datetime
    act: Act
    order_id: int
    organisation_id: int
    group: str
    side: Side
    price_fen: int | None
    quantity: int
    market: Market


@dataclass(frozen=True, slots=True)
class Traded:
    """One trade. The groups are those of the time of the trade, or the one that both parties belong to since."""

    id: int
    day: date
    at: datetime
    maker_order_id: int
    taker_order_id: int
    buyer_id: int
    seller_id: int
    buyer_group: str
    seller_group: str
    taker_side: Side
    price_fen: int
    quantity: int
    mode: str = ""
    at_call: bool = False

    @property
    def groups(self) -> frozenset[str]:
        return frozenset((self.buyer_group, self.seller_group))

    def organisation_of(self, group: str) -> int:
        return self.buyer_id if self.buyer_group == group else self.seller_id

    @property
    def taker_group(self) -> str:
        return self.buyer_group if self.taker_side is Side.BUY else self.seller_group


@dataclass(frozen=True, slots=True)
class TradeMoment:
    """A trade, with what stood before it."""

    sequence: int
    at: datetime
    trade: Traded
    market: Market


Moment = OrderMoment | TradeMoment


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Something about the product that the market learnt at `at`. reference: as "halt:3"."""

    reference: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Watched:
    """One instrument's day, and the days before it that some patterns look back on.

    moments: of the day, in the order of the queue. earlier: trades of `trading_days` before it, oldest first.
    trading_days: oldest first, the day itself last. closes_at: the end of its last session, None without sessions.
    """

    moments: Sequence[Moment]
    earlier: Sequence[Traded]
    disclosures: Sequence[Disclosure]
    trading_days: Sequence[date]
    base_fen: int
    closes_at: datetime | None = None

    @property
    def orders(self) -> list[OrderMoment]:
        return [moment for moment in self.moments if isinstance(moment, OrderMoment)]

    @property
    def trades(self) -> list[Traded]:
        return [moment.trade for moment in self.moments if isinstance(moment, TradeMoment)]

    def trades_of(self, days: int) -> list[Traded]:
        """Return the trades of the last `days` trading days, the day itself included, oldest first."""
        first = self.trading_days[-days:][0]
        return [trade for trade in self.earlier if trade.day >= first] + self.trades


@dataclass(frozen=True, slots=True)
class Figure:
    """What was found, beside the rule value that it reached. Shares are decimal texts of four digits."""

    rule: str
    found: int | str
    limit: int | str


@dataclass(frozen=True, slots=True)
class Alert:
    """A pattern that was found: who, the figures compared, the evidence by ids, and from when to when."""

    pattern: Pattern
    groups: tuple[str, ...]
    organisation_ids: tuple[int, ...]
    figures: tuple[Figure, ...]
    order_ids: tuple[int, ...]
    trade_ids: tuple[int, ...]
    since: datetime
    until: datetime
    disclosures: tuple[str, ...] = ()
