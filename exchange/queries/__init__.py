"""What the market can be asked. Nothing here writes or locks."""

from exchange.queries.book import BookView, LevelView, book, live_orders
from exchange.queries.confirmations import trade_confirmation
from exchange.queries.instruments import (
    InstrumentView,
    approval_in_force,
    instrument,
    instrument_by_code,
    instrument_day,
    instruments,
    is_in_session,
    live_halt,
    live_halts,
    next_opening,
    opens_again_today,
    profile,
    session_instants,
    traded_in_mode,
)
from exchange.queries.offers import OfferLevel, is_market_open, offers_to, round_trip_start, sold_since
from exchange.queries.orders import (
    events_of_order,
    order_view,
    orders_visible_to,
    proposals_visible_to,
    trades_of_order,
    trades_visible_to,
    waiting_instruments,
)
from exchange.queries.proofs import broken_invariants
from exchange.queries.tape import MatchingStrip, candles, matching_strip, newest_market_event, tape, turnover

__all__ = [
    "BookView",
    "InstrumentView",
    "LevelView",
    "MatchingStrip",
    "OfferLevel",
    "approval_in_force",
    "book",
    "broken_invariants",
    "candles",
    "events_of_order",
    "instrument",
    "instrument_by_code",
    "instrument_day",
    "instruments",
    "is_in_session",
    "is_market_open",
    "live_halt",
    "live_halts",
    "live_orders",
    "matching_strip",
    "newest_market_event",
    "next_opening",
    "offers_to",
    "opens_again_today",
    "order_view",
    "orders_visible_to",
    "profile",
    "proposals_visible_to",
    "round_trip_start",
    "session_instants",
    "sold_since",
    "tape",
    "trade_confirmation",
    "traded_in_mode",
    "trades_of_order",
    "trades_visible_to",
    "turnover",
    "waiting_instruments",
]
