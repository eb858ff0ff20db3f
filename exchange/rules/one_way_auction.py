"""A one-way auction (单向竞价): one side has the lot, the other competes for it by price."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from exchange.rules.terms import Side


class AuctionFormat(StrEnum):
    """Open: each bid is better than the one before it, for all to see. Sealed: one bid each, unseen until the end."""

    OPEN = "open"
    SEALED = "sealed"


class AuctionState(StrEnum):
    """Where an auction stands. The last five are final."""

    PROPOSED = "proposed"
    ANNOUNCED = "announced"
    TRADED = "traded"
    FAILED = "failed"  # Nobody bid, or nobody reached the reserve price.
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"


class EntrantState(StrEnum):
    """Whether who wants to bid may."""

    APPLIED = "applied"
    ADMITTED = "admitted"
    REFUSED = "refused"


@dataclass(frozen=True)
class AuctionTerms:
    """What bids are measured by. side: of the lot; SELL: the holder sells and buyers compete upwards. Prices in fen.

    reserve: the price short of which the lot does not trade; step: the least that an open bid betters the best by.
    """

    side: Side
    format: AuctionFormat
    start: int
    reserve: int
    step: int

    @property
    def sign(self) -> int:
        """1 where higher bids are better, -1 where lower ones are."""
        return 1 if self.side is Side.SELL else -1

    def least(self, best: int | None) -> int:
        """Return the worst price that a bid may have now. best: of the bids that stand, None where there is none."""
        if best is None or self.format is AuctionFormat.SEALED:
            return self.start
        return best + self.sign * self.step

    def may_stand(self, price: int, best: int | None) -> bool:
        """Tell whether a bid may stand beside the best one so far."""
        return self.sign * price >= self.sign * self.least(best)


@dataclass(frozen=True)
class Bid:
    """A bid that stands at the end. place: its number among all bids of the auction, in the order of their arrival."""

    id: int
    price: int
    place: int


def ranked(terms: AuctionTerms, bids: Iterable[Bid]) -> list[Bid]:
    """Return the bids that reach the reserve price, the winner first: best price, then earliest."""
    reaching = [bid for bid in bids if terms.sign * bid.price >= terms.sign * terms.reserve]
    return sorted(reaching, key=lambda bid: (-terms.sign * bid.price, bid.place))


def end_after(ends_at: datetime, *, bid_at: datetime, window: timedelta, more: timedelta, latest: datetime) -> datetime:
    """Return when an open auction ends once a bid came at `bid_at`.

    One in the last `window` gives `more` time from then, at most until `latest`.
    """
    if ends_at - bid_at > window:
        return ends_at
    return min(max(ends_at, bid_at + more), latest)
