"""The words of days and objections: what differs, which check it was, where a day and an objection stand."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_noop as _

STEPS: Mapping[str, str] = {
    "opening": _("Opening checks"),
    "clearing": _("Clearing, trade by trade"),
    "reconciliation": _("Reconciliation of bank, ledger and serials"),
}
# Code -> words, tone of the badge.
DAY_STATES: Mapping[str, tuple[str, str]] = {
    "open": (_("Opened"), "info"),
    "sealed": (_("Sealed, not closed"), "warning"),
    "closed": (_("Day closed"), "success"),
}
OBJECTION_STATES: Mapping[str, tuple[str, str]] = {
    "raised": (_("Raised"), "warning"),
    "proposed": (_("End proposed"), "info"),
    "dismissed": (_("Dismissed"), "neutral"),
    "compensated": (_("Compensated"), "success"),
    "withdrawn": (_("Taken back"), "neutral"),
}
PAID_FROM: Mapping[str, str] = {
    "counterparty": _("The other side of the trade"),
    "risk_reserve": _("The risk reserve"),
}
CHECKS: Mapping[str, str] = {
    "O1": _("The days before are closed"),
    "O2": _("The calendar says which trading day comes next"),
    "O3": _("The last proof of the invariants found nothing broken"),
    "O4": _("The last second reading found no difference"),
    "O5": _("No payment order waits because of an error"),
    "O6": _("No money has been unknown for longer than the rule allows"),
    "O7": _("No accepted order waits to be matched"),
}
DIFFERENCES: Mapping[str, str] = {
    "no_statement": _("The bank's statement of the day is missing"),
    "line_unexplained": _("On the statement, not in the ledger"),
    "received_on_no_statement": _("In the ledger as received, on no statement"),
    "ledger_is_not_the_bank": _("What the ledger has at the bank is not what the bank told of"),
    "suspense_is_not_the_unknown": _("Unknown money in the ledger is not what nobody has explained"),
    "paid_on_no_statement": _("In the ledger as paid out, on no statement"),
    "opening_is_not_the_closing_before": _("Opening is not the closing of the statement before"),
    "balance_is_not_its_movements": _("The bank's balance is not the sum of its movements"),
    "units_are_not_serials": _("A holding's units are not its serials"),
    "issued_is_not_its_range": _("The issued units are not the batch's range"),
    "issued_otherwise": _("The registry issued other units than the ledger"),
    "retired_otherwise": _("The registry retired other units than the ledger"),
    "trade_units": _("Other units were moved than traded"),
    "trade_value": _("Another value was paid than traded"),
    "trade_buyer_fee": _("Another fee was taken of the buyer"),
    "trade_seller_fee": _("Another fee was taken of the seller"),
    "trade_other": _("A trade moved what belongs to none of its parts"),
    "entry_without_trade": _("An entry of a trade that the exchange does not have"),
    **CHECKS,
}
IN_TONNES = frozenset(
    {"units_are_not_serials", "issued_is_not_its_range", "issued_otherwise", "retired_otherwise", "trade_units"}
)
UNCOUNTED = frozenset({"no_statement", "entry_without_trade", *CHECKS})
