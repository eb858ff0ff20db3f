"""Base price and daily limits, in whole fen."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal


def price_limits(*, base_fen: int, band: Decimal, tick_fen: int) -> tuple[int, int]:
    """Return the lowest and the highest price of the day, rounded inward to the tick.

    band: share of the base price, 0.10 for ±10 %. 70.05 yuan with 10 % gives 63.05 to 77.05. Source: design section 6.
    """
    base, tick = Decimal(base_fen), Decimal(tick_fen)
    lower = (base * (1 - band) / tick).to_integral_value(rounding=ROUND_CEILING) * tick
    upper = (base * (1 + band) / tick).to_integral_value(rounding=ROUND_FLOOR) * tick
    return min(int(lower), base_fen), max(int(upper), base_fen)


def volume_weighted_price(*, value_fen: int, quantity: int) -> int:
    """Return value over quantity, half-up to the fen: the next day's base price. quantity > 0."""
    assert quantity > 0
    return int((Decimal(value_fen) / quantity).quantize(Decimal(1), rounding=ROUND_HALF_UP))
