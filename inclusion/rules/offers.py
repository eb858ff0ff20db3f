"""Which offers fill an amount at the least cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from accounts.rules import area_prefix
from exchange.rules import Cost, cost_of, take
from settlement.rules import highest_fee_fen


@dataclass(frozen=True)
class Offer:
    """One price level of one instrument. price_fen per tonne, quantity in tonnes, fee_rate a share of the value."""

    instrument_id: int
    instrument_code: str
    project_name: str
    vintage_year: int
    credit_type: str
    division_code: str
    division_name: str
    price_fen: int
    quantity: int
    fee_rate: Decimal


@dataclass(frozen=True)
class Wanted:
    """How many tonnes, and of which credits; an empty filter lets every credit pass.

    division_code: a banner, a league or the region; its credits and those of what lies under it.
    """

    units: int
    credit_types: frozenset[str] = frozenset()
    vintage_years: frozenset[int] = frozenset()
    division_code: str = ""

    def accepts(self, offer: Offer) -> bool:
        return (
            (not self.credit_types or offer.credit_type in self.credit_types)
            and (not self.vintage_years or offer.vintage_year in self.vintage_years)
            and offer.division_code.startswith(area_prefix(self.division_code))
        )


@dataclass(frozen=True)
class Share:
    """What one offer gives to an amount; an order of its own buys it, at this price or better."""

    offer: Offer
    quantity: int

    @property
    def value_fen(self) -> int:
        return self.quantity * self.offer.price_fen

    @property
    def fee_fen(self) -> int:
        """The most the exchange takes from the buyer for this share, in fen."""
        return highest_fee_fen(rate=self.offer.fee_rate, value_fen=self.value_fen)

    @property
    def total_fen(self) -> int:
        return self.value_fen + self.fee_fen


def best_shares(offers: Iterable[Offer], wanted: Wanted) -> tuple[Share, ...]:
    """Return the shares that fill `wanted` at the least cost, fee included; less than wanted where offers end.

    A tonne costs its price and the fee's share of it, before the fen is rounded. At equal cost the older vintage goes
    first, then the instrument's code, so that the same book always gives the same answer.
    """
    shares = take(filter(wanted.accepts, offers), wanted.units, _by_cost)
    return tuple(Share(offer, quantity) for offer, quantity in shares)


def _by_cost(offer: Offer) -> Cost:
    return cost_of(
        price_fen=offer.price_fen,
        fee_rate=offer.fee_rate,
        vintage_year=offer.vintage_year,
        code=offer.instrument_code,
    )
