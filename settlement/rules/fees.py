"""Trading fees in whole fen, half-up on the value traded so far, so that many fills never take more than one would."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def fee_due_fen(*, rate: Decimal, value_so_far_fen: int, taken_fen: int) -> int:
    """Return what is still to be taken, in fen, after an order has traded `value_so_far_fen` and paid `taken_fen`.

    rate: share of the value, 0.006 for 6‰. Rounding: half-up to the fen, in nobody's favour.
    Source: design section 4, "Fees".
    """
    due = int((rate * value_so_far_fen).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    assert due >= taken_fen >= 0, (due, taken_fen)
    return due - taken_fen


def highest_fee_fen(*, rate: Decimal, value_fen: int, taken_fen: int = 0, traded_value_fen: int = 0) -> int:
    """Return the most that trading `value_fen` more may cost in fees: what a buy order holds beside its value."""
    return fee_due_fen(rate=rate, value_so_far_fen=traded_value_fen + value_fen, taken_fen=taken_fen)
