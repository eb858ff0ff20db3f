"""The price of an opening call auction."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise


def clearing_price(
    bids: Mapping[int, int], asks: Mapping[int, int], *, tick: int, base_price: int | None
) -> int | None:
    """Return the price at which the call trades, or None where no bid reaches an ask.

    bids, asks: open quantity by price. Most volume first, then least surplus, then closest to the base price (without
    one: to the middle of what is left), the lower one at a half tick. Any tick may be the price, not only those of
    orders: between two neighbouring order prices nothing changes, so the ends of each such gap stand for it.
    """
    if not bids or not asks or max(bids) < min(asks):
        return None
    prices = sorted(set(bids) | set(asks))
    gaps = {inner for low, high in pairwise(prices) for inner in (low + tick, high - tick) if low < inner < high}
    standing: dict[int, tuple[int, int]] = {}
    for price in sorted({*prices, *gaps}):
        demand = sum(quantity for limit, quantity in bids.items() if limit >= price)
        supply = sum(quantity for limit, quantity in asks.items() if limit <= price)
        standing[price] = (-min(demand, supply), abs(demand - supply))
    best = min(standing.values())
    left = [price for price, score in standing.items() if score == best]
    # Demand only falls and supply only rises with the price, so what is left is one unbroken range.
    low, high = min(left), max(left)
    if base_price is None:
        return low + (high - low) // (2 * tick) * tick
    # The base price itself may lie between two ticks: a volume-weighted price knows none.
    steps, beyond = divmod(min(max(base_price, low), high) - low, tick)
    return low + (steps + (2 * beyond > tick)) * tick
