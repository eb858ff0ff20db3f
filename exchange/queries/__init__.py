"""What the market can be asked. Nothing here writes or locks."""

from exchange.queries.book import BookView, LevelView, book, live_orders
from exchange.queries.call import CallView, call_of
from exchange.queries.confirmations import trade_confirmation
from exchange.queries.instruments import (
    InstrumentView,
    approval,
    approval_in_force,
    approvals,
    days_of,
    instrument,
    instrument_by_code,
    instrument_day,
    instruments,
    live_halt,
    live_halts,
    mode_of_day,
    traded_in_mode,
    unclosed_days,
)
from exchange.queries.offers import OfferLevel, offers_to, round_trip_start, sold_since
from exchange.queries.orders import (
    events_of_order,
    order_view,
    orders_visible_to,
    proposals_visible_to,
    trades_of_order,
    trades_to_clear,
    trades_visible_to,
    waiting_instruments,
)
from exchange.queries.profile import profile
from exchange.queries.proofs import broken_invariants
from exchange.queries.schedule import (
    is_in_call,
    is_in_session,
    is_market_open,
    next_opening,
    phase_at,
    session_instants,
)
from exchange.queries.standing import Batch, Standing, large_holding, large_holdings_visible_to, standing
from exchange.queries.tape import MatchingStrip, candles, matching_strip, newest_market_event, tape, turnover

__all__ = [
    "Batch",
    "BookView",
    "CallView",
    "InstrumentView",
    "LevelView",
    "MatchingStrip",
    "OfferLevel",
    "Standing",
    "approval",
    "approval_in_force",
    "approvals",
    "book",
    "broken_invariants",
    "call_of",
    "candles",
    "days_of",
    "events_of_order",
    "instrument",
    "instrument_by_code",
    "instrument_day",
    "instruments",
    "is_in_call",
    "is_in_session",
    "is_market_open",
    "large_holding",
    "large_holdings_visible_to",
    "live_halt",
    "live_halts",
    "live_orders",
    "matching_strip",
    "mode_of_day",
    "newest_market_event",
    "next_opening",
    "offers_to",
    "order_view",
    "orders_visible_to",
    "phase_at",
    "profile",
    "proposals_visible_to",
    "round_trip_start",
    "session_instants",
    "sold_since",
    "standing",
    "tape",
    "trade_confirmation",
    "traded_in_mode",
    "trades_of_order",
    "trades_to_clear",
    "trades_visible_to",
    "turnover",
    "unclosed_days",
    "waiting_instruments",
]
