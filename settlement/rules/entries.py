"""An entry is one business act; a leg is one movement of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from settlement.rules.serials import SerialRange


class EntryKind(StrEnum):
    """What an entry records."""

    ISSUE = "issue"
    HOLD = "hold"
    RELEASE = "release"
    TRADE = "trade"
    RETIRE = "retire"
    CANCEL = "cancel"
    DEPOSIT = "deposit"
    WITHDRAW = "withdraw"
    WITHDRAWAL_PAID = "withdrawal_paid"
    WITHDRAWAL_RETURNED = "withdrawal_returned"
    SUSPENSE_EXPLAINED = "suspense_explained"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    PLEDGE = "pledge"
    RELEASE_PLEDGE = "release_pledge"
    TRANSFER_HOLD = "transfer_hold"
    TRANSFER = "transfer"
    TRANSFER_RELEASE = "transfer_release"
    REVERSAL = "reversal"
    RESERVE = "reserve"  # Of a day's fees to the risk reserve.
    COMPENSATION = "compensation"  # What two operators decided on an objection.


@dataclass(frozen=True)
class NewLeg:
    """One movement still to be posted: `units` leave `debited_id` and reach `credited_id`, both of `asset_id`.

    serials: which ones, in order; none named: whichever of the holding come first (rules.plan_moves).
    """

    asset_id: int
    debited_id: int
    credited_id: int
    units: int
    serials: tuple[SerialRange, ...] = ()

    def __post_init__(self) -> None:
        assert self.units > 0, self
        assert self.debited_id != self.credited_id, self
        assert not self.serials or sum(part.units for part in self.serials) == self.units, self


def digest(kind: EntryKind, legs: Sequence[NewLeg], basis: str) -> str:
    """Return the SHA-256, in hex, of what an entry does; the same act has the same digest, whenever it is sent."""
    content = json.dumps([kind.value, [_content(leg) for leg in legs], basis], separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def _content(leg: NewLeg) -> list[object]:
    # A leg that names no serials has the digest it had before legs could.
    named: list[object] = [[[part.first, part.last] for part in leg.serials]] if leg.serials else []
    return [leg.asset_id, leg.debited_id, leg.credited_id, leg.units, *named]
