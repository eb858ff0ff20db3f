"""What the exchange does: one function a use case, one transaction each; `at` is business time, passed down."""

from exchange.services.admission import admit_instrument
from exchange.services.approvals import (
    NewApproval,
    approve_approval,
    end_approval,
    propose_approval,
    refuse_approval,
)
from exchange.services.blocks import (
    NewBlock,
    accept_block,
    confirm_block,
    decline_block,
    propose_block,
    refuse_block,
    withdraw_block,
)
from exchange.services.changing import amend_order, cancel_order
from exchange.services.freezes import freeze_units
from exchange.services.halts import halt, lift_halt
from exchange.services.large_holdings import report_large_holding
from exchange.services.matching import match_instrument
from exchange.services.new_orders import NewOrder, PlacedOrder
from exchange.services.orders import place_order, place_orders
from exchange.services.proposals import confirm_proposal
from exchange.services.sessions import advance_day, begin_call, close_day, end_call, open_day, run_sessions

__all__ = [
    "NewApproval",
    "NewBlock",
    "NewOrder",
    "PlacedOrder",
    "accept_block",
    "admit_instrument",
    "advance_day",
    "amend_order",
    "approve_approval",
    "begin_call",
    "cancel_order",
    "close_day",
    "confirm_block",
    "confirm_proposal",
    "decline_block",
    "end_approval",
    "end_call",
    "freeze_units",
    "halt",
    "lift_halt",
    "match_instrument",
    "open_day",
    "place_order",
    "place_orders",
    "propose_approval",
    "propose_block",
    "refuse_approval",
    "refuse_block",
    "report_large_holding",
    "run_sessions",
    "withdraw_block",
]
