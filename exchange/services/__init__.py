"""What the exchange does: one function a use case, one transaction each; `at` is business time, passed down."""

from exchange.services.admission import admit_instrument
from exchange.services.admission_requests import (
    approve_admission,
    refuse_admission,
    request_admission,
    review_admission,
    withdraw_admission,
)
from exchange.services.approvals import (
    NewApproval,
    approve_approval,
    end_approval,
    propose_approval,
    refuse_approval,
)
from exchange.services.auction_bids import apply_to_auction, bid, decide_entrant
from exchange.services.auction_end import end_due_auctions
from exchange.services.auctions import (
    NewAuction,
    announce_auction,
    cancel_auction,
    propose_auction,
    refuse_auction,
    withdraw_auction,
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
    "NewAuction",
    "NewBlock",
    "NewOrder",
    "PlacedOrder",
    "accept_block",
    "admit_instrument",
    "advance_day",
    "amend_order",
    "announce_auction",
    "apply_to_auction",
    "approve_admission",
    "approve_approval",
    "begin_call",
    "bid",
    "cancel_auction",
    "cancel_order",
    "close_day",
    "confirm_block",
    "confirm_proposal",
    "decide_entrant",
    "decline_block",
    "end_approval",
    "end_call",
    "end_due_auctions",
    "freeze_units",
    "halt",
    "lift_halt",
    "match_instrument",
    "open_day",
    "place_order",
    "place_orders",
    "propose_approval",
    "propose_auction",
    "propose_block",
    "refuse_admission",
    "refuse_approval",
    "refuse_auction",
    "refuse_block",
    "report_large_holding",
    "request_admission",
    "review_admission",
    "run_sessions",
    "withdraw_admission",
    "withdraw_auction",
    "withdraw_block",
]
