"""The trading day of the ledger: its steps, its numbered opening checks, what a reserve share comes to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

MOST_DIFFERENCES = 100  # Kept of one run; how many there were in all is counted beside them.


class DayStep(StrEnum):
    """What is done for a day, each as often as needed."""

    OPENING = "opening"
    CLEARING = "clearing"
    RECONCILIATION = "reconciliation"


class ObjectionState(StrEnum):
    """Where an objection stands."""

    RAISED = "raised"
    PROPOSED = "proposed"
    DISMISSED = "dismissed"
    COMPENSATED = "compensated"
    WITHDRAWN = "withdrawn"


class PaidFrom(StrEnum):
    """Who bears a compensation: the other side of the trade, or the venue's risk reserve."""

    COUNTERPARTY = "counterparty"
    RISK_RESERVE = "risk_reserve"


@dataclass(frozen=True)
class ClearedTrade:
    """A trade as the exchange records it, to be compared with what the ledger moved. Money in fen."""

    trade_id: int
    entry_id: int
    asset_id: int
    buyer_id: int
    seller_id: int
    units: int
    value_fen: int
    buyer_fee_fen: int
    seller_fee_fen: int


@dataclass(frozen=True)
class BookedUnits:
    """What another room has on record of one batch: units issued, units retired."""

    asset_id: int
    issued: int
    retired: int


@dataclass(frozen=True)
class DayDifference:
    """One thing that is not the same in two books: what, where (a number, a serial, a code), and how much of it."""

    what: str
    place: str
    amount: int


@dataclass(frozen=True)
class OpeningCheck:
    """One numbered check before a day: its number, whether it passed, and what it saw."""

    number: str
    passed: bool
    seen: str


def reserve_share_fen(*, fees_fen: int, share: Decimal) -> int:
    """Return what of a day's fees goes to the risk reserve, in fen. Rounding: half-up to the fen."""
    return int((share * fees_fen).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def objection_digest(*, objection_id: int, finding: str, compensation_fen: int, paid_from: str) -> str:
    """Return the SHA-256, in hex, of what two operators agree on when they end an objection."""
    text = json.dumps([objection_id, finding, compensation_fen, paid_from], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
