"""What the codes of invoices are called, and in which tone they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from settlement.models import InvoiceRequest, TaxOrder
from settlement.web.transfer_words import badge

KINDS: Mapping[str, str] = {"special": _("Special VAT invoice"), "ordinary": _("Ordinary invoice")}
TYPES: Mapping[str, str] = {
    "general": _("General taxpayer"),
    "small_scale": _("Small-scale taxpayer"),
    "other": _("Other taxpayer"),
}
# Code -> words, tone of the badge.
STATES: Mapping[str, tuple[str, str]] = {
    "asked": (_("Waits to be sent"), "info"),
    "sent": (_("With the tax bureau"), "info"),
    "issued": (_("Invoice issued"), "success"),
    "refused": (_("Refused by the tax bureau"), "danger"),
    "corrected": (_("Taken back in full"), "neutral"),
}
RED_STATES: Mapping[str, tuple[str, str]] = {
    "proposed": (_("Waits for the second operator"), "info"),
    "asked": (_("Waits to be sent"), "info"),
    "sent": (_("With the tax bureau"), "info"),
    "issued": (_("Red letter issued"), "success"),
    "refused": (_("Red letter refused"), "neutral"),
}
FIELDS: Mapping[str, str] = {
    "amount_fen": _("The invoice is over another amount than was asked for."),
    "net_fen": _("The invoice has another price without tax than was asked for."),
    "tax_fen": _("The invoice has another tax than was asked for."),
    "taxpayer_id": _("The invoice is for another taxpayer than was asked for."),
    "number": _("The invoice number is not of 20 digits, or stands on another invoice."),
    "order_number": _("The answer is to another order."),
    "issued_on": _("The invoice has no date."),
    "corrects": _("The red letter names another invoice."),
    "file": _("The invoice came without a file that can be kept."),
}


def kind_name(code: str) -> str:
    """Return what a kind of invoice is called."""
    return gettext(KINDS[code])


def type_name(code: str) -> str:
    """Return what a type of taxpayer is called."""
    return gettext(TYPES[code])


def trouble(order: TaxOrder) -> str:
    """Return what is wrong with an order to the tax port, in words."""
    said, _colon, field = order.last_error.partition("contradiction: ")
    if field in FIELDS:
        return gettext(FIELDS[field])
    return gettext("No answer that can be believed (%(reason)s). Whether an invoice was issued is not known.") % {
        "reason": said
    }


def shown(row: InvoiceRequest) -> dict[str, Any]:
    """Return a request as lists show it: with its invoice's number, its red letter's, and its state in words."""
    invoices = list(row.invoices.all())
    return {
        "row": row,
        "kind": kind_name(row.kind),
        "state": badge(STATES, row.state),
        "blue": next((one for one in invoices if one.red_letter_id is None), None),
        "red": next((one for one in invoices if one.red_letter_id is not None), None),
    }
