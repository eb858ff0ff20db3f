"""What settlement does: one function a use case, one transaction each. `at` is business time, passed by the caller."""

from settlement.services.bank_accounts import (
    approve_bank_account,
    ask_release,
    keep_bank_account,
    propose_bank_account,
    record_account_answer,
    record_account_attempt,
    refuse_bank_account,
    release_bank_account,
)
from settlement.services.credits import freeze_asset, issue_credits, lift_asset_freeze, retire_units, set_may_be_posted
from settlement.services.deposits import book_bank_notice, request_deposit
from settlement.services.due import run_due_transfers
from settlement.services.entries import make_room, post_entry
from settlement.services.evidence import EvidenceFile
from settlement.services.holds import (
    NewHold,
    ask_lift,
    ask_pledge,
    confirm_pledge,
    lift_hold,
    may_ask_lift,
    place_freeze,
    placing_roles,
    refuse_lift,
    refuse_pledge,
    register_pledge,
)
from settlement.services.invoices import (
    NewTitle,
    approve_red_letter,
    propose_red_letter,
    refuse_red_letter,
    request_invoice,
    send_tax_order_again,
    set_invoice_title,
)
from settlement.services.log import seal_leaves, sign_head
from settlement.services.notifications import take_notification
from settlement.services.orders import (
    hold_cash_for_order,
    hold_units_for_order,
    refuse_frozen_product,
    release_cash_of_order,
    release_units_of_order,
    settle_trades,
)
from settlement.services.proofs import (
    ask_for_proof,
    carry_out_invariant_proof,
    carry_out_second_reading,
    open_night_proofs,
    record_invariant_proof,
    record_second_reading,
)
from settlement.services.reversals import (
    approve_reversal,
    propose_reversal,
    propose_reversal_of_transfer,
    refuse_reversal,
)
from settlement.services.stacks import catch_up_freezes
from settlement.services.statements import take_statement_file
from settlement.services.suspense import approve_explanation, propose_explanation, propose_return, refuse_explanation
from settlement.services.tax import record_tax_silence, take_tax_answer
from settlement.services.transfers import (
    approve_transfer,
    confirm_transfer,
    execute_transfer,
    may_stop,
    propose_transfer,
    refuse_transfer,
    stop_transfer,
)
from settlement.services.trusted import (
    approve_trusted_account,
    end_trusted_account,
    may_end,
    propose_trusted_account,
)
from settlement.services.withdrawals import (
    approve_withdrawal,
    finish_withdrawal,
    record_payment_attempt,
    record_payment_refusal,
    request_withdrawal,
)

__all__ = [
    "EvidenceFile",
    "NewHold",
    "NewTitle",
    "approve_bank_account",
    "approve_explanation",
    "approve_red_letter",
    "approve_reversal",
    "approve_transfer",
    "approve_trusted_account",
    "approve_withdrawal",
    "ask_for_proof",
    "ask_lift",
    "ask_pledge",
    "ask_release",
    "book_bank_notice",
    "carry_out_invariant_proof",
    "carry_out_second_reading",
    "catch_up_freezes",
    "confirm_pledge",
    "confirm_transfer",
    "end_trusted_account",
    "execute_transfer",
    "finish_withdrawal",
    "freeze_asset",
    "hold_cash_for_order",
    "hold_units_for_order",
    "issue_credits",
    "keep_bank_account",
    "lift_asset_freeze",
    "lift_hold",
    "make_room",
    "may_ask_lift",
    "may_end",
    "may_stop",
    "open_night_proofs",
    "place_freeze",
    "placing_roles",
    "post_entry",
    "propose_bank_account",
    "propose_explanation",
    "propose_red_letter",
    "propose_return",
    "propose_reversal",
    "propose_reversal_of_transfer",
    "propose_transfer",
    "propose_trusted_account",
    "record_account_answer",
    "record_account_attempt",
    "record_invariant_proof",
    "record_payment_attempt",
    "record_payment_refusal",
    "record_second_reading",
    "record_tax_silence",
    "refuse_bank_account",
    "refuse_explanation",
    "refuse_frozen_product",
    "refuse_lift",
    "refuse_pledge",
    "refuse_red_letter",
    "refuse_reversal",
    "refuse_transfer",
    "register_pledge",
    "release_bank_account",
    "release_cash_of_order",
    "release_units_of_order",
    "request_deposit",
    "request_invoice",
    "request_withdrawal",
    "retire_units",
    "run_due_transfers",
    "seal_leaves",
    "send_tax_order_again",
    "set_invoice_title",
    "set_may_be_posted",
    "settle_trades",
    "sign_head",
    "stop_transfer",
    "take_notification",
    "take_statement_file",
    "take_tax_answer",
]
