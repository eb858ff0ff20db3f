"""The official reference price of a credit type and vintage, by the published method."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exchange.rules.prices import volume_weighted_price


class ReferenceMethod(StrEnum):
    """What a reference price rests on: the day's trades, an earlier day's price carried on, or nothing."""

    TRADES = "trades"
    CARRIED = "carried"
    NONE = "none"


@dataclass(frozen=True)
class Reference:
    """A reference price in fen, None with the method NONE; age: for how many trading days it has been carried on."""

    method: ReferenceMethod
    price: int | None
    age: int


def reference_price(
    *, quantity: int, value_fen: int, least_tonnes: int, previous: Reference | None, most_days: int
) -> Reference:
    """Return the reference price of a day.

    The volume-weighted price of the day's trades of the products' own modes, half-up to the fen, where they come to
    `least_tonnes` at least; else the price of the trading day before, for `most_days` trading days at most; else none.
    previous: of the trading day before, None where there was none.
    """
    if quantity and quantity >= least_tonnes:
        return Reference(ReferenceMethod.TRADES, volume_weighted_price(value_fen=value_fen, quantity=quantity), 0)
    if previous is not None and previous.price is not None and previous.age < most_days:
        return Reference(ReferenceMethod.CARRIED, previous.price, previous.age + 1)
    return Reference(ReferenceMethod.NONE, None, 0)
