"""The words of an order: each value is what the API, the database and scenario files write."""

from enum import StrEnum


class Side(StrEnum):
    """Which way the credits go, seen from whoever orders."""

    BUY = "buy"
    SELL = "sell"

    @property
    def other(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """A limit order names a price; a market order takes any and never rests."""

    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(StrEnum):
    """How long what is left of an order stays: until cancelled, for the day, until a close, or not at all."""

    GTC = "GTC"
    DAY = "DAY"
    GTD = "GTD"
    IOC = "IOC"
    FOK = "FOK"


class Rest(StrEnum):
    """What becomes of the part of an accepting order that found no post."""

    LAPSE = "lapse"
    POST = "post"


class SelfTradePrevention(StrEnum):
    """What gives way when two orders of one control group meet."""

    NONE = "none"
    CANCEL_NEWEST = "cancel_newest"
    CANCEL_OLDEST = "cancel_oldest"
    DECREMENT = "decrement"


class TradingMode(StrEnum):
    """How a trade comes about. An instrument's book is of the first or the second kind; the others stand beside it."""

    LISTED = "listed_agreement"
    CONTINUOUS = "continuous"
    BLOCK = "block_agreement"
    AUCTION = "one_way_auction"


BOOK_MODES = (TradingMode.LISTED, TradingMode.CONTINUOUS)
# Kinds of orders that hold what they need beside the book and never rest in it; a deal between two of them is a trade.
OFF_BOOK = {"block": TradingMode.BLOCK, "auction": TradingMode.AUCTION}


class OrderStatus(StrEnum):
    """Where an order stands. The last four are final."""

    LIVE = "live"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"


LIVE_STATUSES = (OrderStatus.LIVE, OrderStatus.PARTIALLY_FILLED)


class RejectCode(StrEnum):
    """Why the engine did not carry out an event."""

    NOT_LIVE = "not_live"
    DUPLICATE_ID = "duplicate_id"
    PRICE_OFF_TICK = "price_off_tick"
    INVALID_QUANTITY = "invalid_quantity"
    MODE_FORBIDS = "mode_forbids"
    NOTHING_TO_PICK = "nothing_to_pick"
    NOT_BEST_PRICE = "not_best_price"
    SELF_TRADE = "self_trade"
