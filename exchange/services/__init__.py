"""What the exchange does: one function a use case, one transaction each; `at` is business time, passed down."""

from exchange.services.admission import admit_instrument, halt, lift_halt, record_approval
from exchange.services.changing import amend_order, cancel_order
from exchange.services.freezes import freeze_units
from exchange.services.matching import match_instrument
from exchange.services.new_orders import NewOrder, PlacedOrder
from exchange.services.orders import place_order, place_orders
from exchange.services.proposals import confirm_proposal
from exchange.services.sessions import advance_day, begin_call, close_day, end_call, open_day, run_sessions

__all__ = [
    "NewOrder",
    "PlacedOrder",
    "admit_instrument",
    "advance_day",
    "amend_order",
    "begin_call",
    "cancel_order",
    "close_day",
    "confirm_proposal",
    "end_call",
    "freeze_units",
    "halt",
    "lift_halt",
    "match_instrument",
    "open_day",
    "place_order",
    "place_orders",
    "record_approval",
    "run_sessions",
]
