"""Settlement's jobs. A task is a nudge, the row is the truth: each is right when run late or twice."""

from settlement.tasks.bank import (
    ask_about_accounts,
    fetch_due_statement,
    fetch_next_statement,
    fetch_statements,
    send_payment_orders,
)
from settlement.tasks.log import keep_log
from settlement.tasks.proofs import carry_out_second_reading
from settlement.tasks.tax import send_tax_orders
from settlement.tasks.upkeep import make_room_for_entries

__all__ = [
    "ask_about_accounts",
    "carry_out_second_reading",
    "fetch_due_statement",
    "fetch_next_statement",
    "fetch_statements",
    "keep_log",
    "make_room_for_entries",
    "send_payment_orders",
    "send_tax_orders",
]
