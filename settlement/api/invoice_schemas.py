"""What the API of invoices takes and gives. Money in whole fen, times with offset."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from accounts.api.bodies import Body, Filters
from rulebook.rules import beijing
from settlement.models import Invoice, InvoiceRequest, InvoiceTitle
from settlement.queries import Fee

LARGEST = 2**63 - 1
State = Literal["asked", "sent", "issued", "refused", "corrected"]


class InvoiceFilters(Filters):
    """Query parameters of invoices. `state`: only requests in this state."""

    state: State | None = None


class NewInvoice(Body):
    """A request for one invoice over the named fees of the caller's organisation."""

    kind: Literal["special", "ordinary"]
    fees: list[Annotated[int, Field(ge=1, le=LARGEST)]] = Field(min_length=1, max_length=10_000)


class NewTitle(Body):
    """What stands on the organisation's invoices beside its registered name and code."""

    taxpayer_type: Literal["general", "small_scale", "other"]
    email: Annotated[str, Field(min_length=3, max_length=200, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    address_phone: Annotated[str, Field(max_length=200)] = ""
    bank_account: Annotated[str, Field(max_length=200)] = ""


class FeeShown(BaseModel):
    """One fee that was paid. `id` is the number to name in a request."""

    id: int
    amount_fen: int
    paid_at: datetime
    for_: str = Field(serialization_alias="for")


class InvoiceShown(BaseModel):
    """A request, and the invoice once it is issued; `red_letter` is the number that took it back in full."""

    id: int
    state: State
    kind: Literal["special", "ordinary"]
    buyer: str
    taxpayer_id: str
    amount_fen: int
    net_fen: int
    tax_fen: int
    vat_rate: str
    asked_at: datetime
    closed_at: datetime | None
    reason: str
    number: str | None
    issued_on: date | None
    red_letter: str | None


class TitleShown(BaseModel):
    """What stands on an organisation's invoices at present."""

    id: int
    name: str
    taxpayer_id: str
    taxpayer_type: Literal["general", "small_scale", "other"]
    email: str
    address_phone: str
    bank_account: str


def fee_shown(fee: Fee) -> FeeShown:
    """Return a fee."""
    return FeeShown(id=fee.leg_id, amount_fen=fee.fen, paid_at=beijing(fee.at), for_=fee.key)


def invoice_shown(row: InvoiceRequest) -> InvoiceShown:
    """Return a request with its invoices."""
    invoices: list[Invoice] = list(row.invoices.all())
    blue = next((one for one in invoices if one.red_letter_id is None), None)
    red = next((one for one in invoices if one.red_letter_id is not None), None)
    return InvoiceShown(
        id=row.pk,
        state=row.state,
        kind=row.kind,
        buyer=row.title.name,
        taxpayer_id=row.title.taxpayer_id,
        amount_fen=row.amount_fen,
        net_fen=row.net_fen,
        tax_fen=row.tax_fen,
        vat_rate=f"{row.vat_rate:.4f}",
        asked_at=beijing(row.asked_at),
        closed_at=beijing(row.closed_at) if row.closed_at else None,
        reason=row.reason,
        number=blue.number if blue else None,
        issued_on=blue.issued_on if blue else None,
        red_letter=red.number if red else None,
    )


def title_shown(row: InvoiceTitle) -> TitleShown:
    """Return a title."""
    return TitleShown(
        id=row.pk,
        name=row.name,
        taxpayer_id=row.taxpayer_id,
        taxpayer_type=row.taxpayer_type,
        email=row.email,
        address_phone=row.address_phone,
        bank_account=row.bank_account,
    )
