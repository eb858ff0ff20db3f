"""Invoices over the venue's fees: which kind a firm may ask for, and what of a price is tax.

Source: 增值税法; 财税〔2016〕36号, annex 1; docs/decisions/0025-fee-invoices.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from settlement.rules.evidence import LIMIT_BYTES

FILE_TYPES = ((b"%PDF-", "application/pdf"), (b"PK\x03\x04", "application/ofd"))


class TaxpayerType(StrEnum):
    """How the tax bureau has registered who pays the fee."""

    GENERAL = "general"  # 一般纳税人
    SMALL_SCALE = "small_scale"  # 小规模纳税人
    OTHER = "other"  # 其他


class InvoiceKind(StrEnum):
    """Which of the two VAT invoices."""

    SPECIAL = "special"  # 专票: its tax can be deducted.
    ORDINARY = "ordinary"  # 普票


@dataclass(frozen=True)
class InvoiceOrder:
    """What the tax port is told of one invoice; `number` makes it one, however often it is sent.

    A red letter has negative amounts and names the blue invoice.
    """

    number: str
    kind: str
    name: str
    taxpayer_id: str
    address_phone: str
    bank_account: str
    email: str
    amount_fen: int
    net_fen: int
    tax_fen: int
    vat_rate: str
    corrects: str = ""
    reason: str = ""


class InvoiceAnswer(BaseModel):
    """What the tax port says of one order: `taken` and not yet issued, `issued`, or `refused` with a reason."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
    state: Literal["taken", "issued", "refused"]
    order_number: str
    reason: str = Field(default="", max_length=300)
    number: str = ""
    issued_on: str = ""
    taxpayer_id: str = ""
    amount_fen: int = 0
    net_fen: int = 0
    tax_fen: int = 0
    corrects: str = ""
    file_name: str = ""
    file: str = ""  # In base64.


def order_text(order: InvoiceOrder) -> str:
    """Return an order as the text that is sent, and signed."""
    return json.dumps(asdict(order), ensure_ascii=False, sort_keys=True)


def read_answer(content: bytes) -> InvoiceAnswer:
    """Return what the tax port says. Raises ValueError where it does not say it as agreed."""
    return InvoiceAnswer.model_validate_json(content)


def file_of(answer: InvoiceAnswer) -> bytes:
    """Return the invoice's file, b"" where there is none that is a PDF or an OFD (a zip) within the limit."""
    try:
        content = base64.b64decode(answer.file, validate=True)
    except ValueError:
        return b""
    return content if file_type(content) and len(content) <= LIMIT_BYTES else b""


def file_type(content: bytes) -> str:
    """Return the type of an invoice's file by its content, "" for another."""
    return next((kind for signature, kind in FILE_TYPES if content.startswith(signature)), "")


def day_of(answer: InvoiceAnswer) -> date | None:
    """Return the day on which an invoice was issued, None where it names none."""
    try:
        return date.fromisoformat(answer.issued_on)
    except ValueError:
        return None


def split_tax(*, total_fen: int, rate: Decimal) -> tuple[int, int]:
    """Return the price without tax and the tax, in fen; both add up to the total, which holds the tax.

    Rounding: the price without tax is rounded half-up to the fen, the tax is the rest.
    """
    net = int((Decimal(total_fen) / (1 + rate)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return net, total_fen - net


def contradiction(order: InvoiceOrder, answer: InvoiceAnswer) -> str:
    """Return the first field in which an issued invoice is another than what was ordered, "" if there is none."""
    pairs = (
        ("order_number", order.number, answer.order_number),
        ("taxpayer_id", order.taxpayer_id, answer.taxpayer_id),
        ("amount_fen", order.amount_fen, answer.amount_fen),
        ("net_fen", order.net_fen, answer.net_fen),
        ("tax_fen", order.tax_fen, answer.tax_fen),
        ("corrects", order.corrects, answer.corrects),
    )
    wrong = next((name for name, asked, found in pairs if asked != found), "")
    if not wrong and day_of(answer) is None:
        wrong = "issued_on"
    if not wrong and not file_of(answer):
        wrong = "file"
    if not wrong and not (len(answer.number) == 20 and answer.number.isascii() and answer.number.isdigit()):
        wrong = "number"
    return wrong


def red_digest(number: str, amount_fen: int, reason: str) -> str:
    """Return the SHA-256, in hex, of what two persons agree on when they correct an invoice."""
    return hashlib.sha256(json.dumps([number, amount_fen, reason], ensure_ascii=False).encode()).hexdigest()


def wait_minutes(*, first: int, attempts: int) -> int:
    """Return how long to wait after so many attempts: twice as long each time, at most a day."""
    return min(first * (1 << min(attempts - 1, 11)), 24 * 60)
