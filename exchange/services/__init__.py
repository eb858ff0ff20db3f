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
from exchange.services.bars import (
    NewBar,
    approve_bar,
    cancel_orders_of_the_barred,
    end_bar,
    propose_bar,
    refuse_bar,
)
from exchange.services.baskets import buy_basket
from exchange.services.blocks import (
    NewBlock,
    accept_block,
    confirm_block,
    decline_block,
    propose_block,
    refuse_block,
    withdraw_block,
)
from exchange.services.bulletins import publish_bulletin, publish_due_bulletins
from exchange.services.cases import (
    NewMeasure,
    answer_letter,
    approve_restriction,
    close_case,
    open_case,
    refuse_restriction,
    take_measure,
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
from exchange.services.surveillance import dismiss_alert, watch_closed_days, watch_instrument

__all__ = [
    "NewApproval",
    "NewAuction",
    "NewBar",
    "NewBlock",
    "NewMeasure",
    "NewOrder",
    "PlacedOrder",
    "accept_block",
    "admit_instrument",
    "advance_day",
    "amend_order",
    "announce_auction",
    "answer_letter",
    "apply_to_auction",
    "approve_admission",
    "approve_approval",
    "approve_bar",
    "approve_restriction",
    "begin_call",
    "bid",
    "buy_basket",
    "cancel_auction",
    "cancel_order",
    "cancel_orders_of_the_barred",
    "close_case",
    "close_day",
    "confirm_block",
    "confirm_proposal",
    "decide_entrant",
    "decline_block",
    "dismiss_alert",
    "end_approval",
    "end_bar",
    "end_call",
    "end_due_auctions",
    "freeze_units",
    "halt",
    "lift_halt",
    "match_instrument",
    "open_case",
    "open_day",
    "place_order",
    "place_orders",
    "propose_approval",
    "propose_auction",
    "propose_bar",
    "propose_block",
    "publish_bulletin",
    "publish_due_bulletins",
    "refuse_admission",
    "refuse_approval",
    "refuse_auction",
    "refuse_bar",
    "refuse_block",
    "refuse_restriction",
    "report_large_holding",
    "request_admission",
    "review_admission",
    "run_sessions",
    "take_measure",
    "watch_closed_days",
    "watch_instrument",
    "withdraw_admission",
    "withdraw_auction",
    "withdraw_block",
]
