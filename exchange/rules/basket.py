"""How an amount is taken from offers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Protocol, TypeVar


class Offered(Protocol):
    """Something with a quantity in tonnes."""

    @property
    def quantity(self) -> int: ...


AnyOffer = TypeVar("AnyOffer", bound=Offered)
Cost = tuple[Decimal, int, str]


def cost_of(*, price_fen: int, fee_rate: Decimal, vintage_year: int, code: str) -> Cost:
    """Return by what offers are ranked: price and fee of a tonne before rounding, then older vintage, then code."""
    return price_fen * (1 + fee_rate), vintage_year, code


def take(offers: Iterable[AnyOffer], units: int, by: Callable[[AnyOffer], Cost]) -> list[tuple[AnyOffer, int]]:
    """Return what each of the cheapest offers gives to `units` tonnes; together less where the offers end."""
    shares: list[tuple[AnyOffer, int]] = []
    left = units
    for offer in sorted(offers, key=by):
        if not left:
            break
        taken = min(left, offer.quantity)
        shares.append((offer, taken))
        left -= taken
    assert left >= 0
    return shares
