"""What a holding is of, and for what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from settlement.rules.credits import CreditDescription


class AssetKind(StrEnum):
    """What one unit of an asset is: a fen, or one tCO2e of one batch."""

    CASH = "cash"
    CREDIT = "credit"


class Purpose(StrEnum):
    """What a holder has an asset for. ISSUANCE and BANK are sources: they alone may fall below zero."""

    AVAILABLE = "available"
    HELD_FOR_ORDERS = "held_for_orders"
    PLEDGED = "pledged"
    FROZEN = "frozen"
    BUFFER = "buffer"
    IN_TRANSIT = "in_transit"
    RETIRED = "retired"
    CANCELLED = "cancelled"
    EXPORTED = "exported"
    ISSUANCE = "issuance"
    BANK = "bank"
    SUSPENSE = "suspense"
    FEES = "fees"
    RISK_RESERVE = "risk_reserve"


@dataclass(frozen=True)
class HoldingView:
    """One holding as shown: `units` are fen of cash, or whole tCO2e of a credit."""

    id: int
    organisation_id: int | None
    asset_id: int
    asset_kind: AssetKind
    purpose: Purpose
    units: int
    may_be_posted: bool
    credit: CreditDescription | None
