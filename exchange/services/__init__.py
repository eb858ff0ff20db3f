"""What the exchange does: one function a use case, one transaction each; `at` is business time, passed down."""

from exchange.services.admission import admit_instrument
from exchange.services.approvals import (
    NewApproval,
    approve_approval,
    end_approval,
    propose_approval,
    refuse_approval,
)
from exchange.services.bars import (
    NewBar,
    approve_bar,
    cancel_orders_of_the_barred,
    end_bar,
    propose_bar,
    refuse_bar,
)
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
    "NewBar",
    "NewMeasure",
    "NewOrder",
    "PlacedOrder",
    "admit_instrument",
    "advance_day",
    "amend_order",
    "answer_letter",
    "approve_approval",
    "approve_bar",
    "approve_restriction",
    "begin_call",
    "cancel_order",
    "cancel_orders_of_the_barred",
    "close_case",
    "close_day",
    "confirm_proposal",
    "dismiss_alert",
    "end_approval",
    "end_bar",
    "end_call",
    "freeze_units",
    "halt",
    "lift_halt",
    "match_instrument",
    "open_case",
    "open_day",
    "place_order",
    "place_orders",
    "propose_approval",
    "propose_bar",
    "refuse_approval",
    "refuse_bar",
    "refuse_restriction",
    "report_large_holding",
    "run_sessions",
    "take_measure",
    "watch_closed_days",
    "watch_instrument",
]
