"""Decisions and arithmetic of the exchange: no Django, no clock, whole numbers only."""

from exchange.rules.auction import clearing_price
from exchange.rules.blocks import BlockState
from exchange.rules.book import Book
from exchange.rules.events import (
    Accept,
    Amend,
    BookOrder,
    Cancel,
    Close,
    Confirm,
    Event,
    Expire,
    Fill,
    Id,
    OpenAuction,
    Outcome,
    Pick,
    Place,
    Uncross,
)
from exchange.rules.prices import price_limits, volume_weighted_price
from exchange.rules.profile import Profile
from exchange.rules.schedule import AFTER_CALL, GATHERS, TAKES_ORDERS, Call, Phase, Schedule
from exchange.rules.terms import (
    BOOK_MODES,
    LIVE_STATUSES,
    OFF_BOOK,
    OrderStatus,
    OrderType,
    RejectCode,
    Rest,
    SelfTradePrevention,
    Side,
    TimeInForce,
    TradingMode,
)

__all__ = [
    "AFTER_CALL",
    "BOOK_MODES",
    "GATHERS",
    "LIVE_STATUSES",
    "OFF_BOOK",
    "TAKES_ORDERS",
    "Accept",
    "Amend",
    "BlockState",
    "Book",
    "BookOrder",
    "Call",
    "Cancel",
    "Close",
    "Confirm",
    "Event",
    "Expire",
    "Fill",
    "Id",
    "OpenAuction",
    "OrderStatus",
    "OrderType",
    "Outcome",
    "Phase",
    "Pick",
    "Place",
    "Profile",
    "RejectCode",
    "Rest",
    "Schedule",
    "SelfTradePrevention",
    "Side",
    "TimeInForce",
    "TradingMode",
    "Uncross",
    "clearing_price",
    "price_limits",
    "volume_weighted_price",
]
