"""Delivery versus payment: the legs of one trade, units and money in one entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from settlement.rules.entries import NewLeg
from settlement.rules.holdings import Purpose

HoldingKey = tuple[int | None, int, Purpose]  # Organisation (None: the system), asset, purpose.


@dataclass(frozen=True)
class TradeToSettle:
    """One trade as the exchange hands it over. Money in fen, units in whole tCO2e; buyer and seller are organisations.

    buyer_release_fen: held money of the buyer's order that this fill has made superfluous (a better price).
    """

    trade_id: int
    asset_id: int
    units: int
    price_fen: int
    buyer_id: int
    seller_id: int
    value_fen: int
    buyer_fee_fen: int
    seller_fee_fen: int
    buyer_release_fen: int

    def __post_init__(self) -> None:
        assert self.value_fen == self.units * self.price_fen, self
        assert min(self.units, self.price_fen) > 0, self
        assert min(self.buyer_fee_fen, self.seller_fee_fen, self.buyer_release_fen) >= 0, self
        assert self.buyer_id != self.seller_id, self


@dataclass(frozen=True)
class HoldForOrder:
    """What one order wants held: `units` tonnes of a batch, or (asset_id None) fen of money."""

    key: str
    asset_id: int | None
    units: int


def holdings_of_trade(trade: TradeToSettle, cash_id: int) -> tuple[HoldingKey, ...]:
    """Return the holdings that a trade moves units or money between."""
    return (
        (trade.seller_id, trade.asset_id, Purpose.HELD_FOR_ORDERS),
        (trade.buyer_id, trade.asset_id, Purpose.AVAILABLE),
        (trade.buyer_id, cash_id, Purpose.HELD_FOR_ORDERS),
        (trade.buyer_id, cash_id, Purpose.AVAILABLE),
        (trade.seller_id, cash_id, Purpose.AVAILABLE),
        (None, cash_id, Purpose.FEES),
    )


def legs_of_trade(trade: TradeToSettle, cash_id: int, ids: Mapping[HoldingKey, int]) -> list[NewLeg]:
    """Return the legs of a trade: units, value, the buyer's fee, the seller's fee out of the proceeds, the release."""
    seller_units, buyer_units, buyer_held, buyer_money, seller_money, fees = (
        ids[key] for key in holdings_of_trade(trade, cash_id)
    )
    legs = [
        NewLeg(trade.asset_id, seller_units, buyer_units, trade.units),
        NewLeg(cash_id, buyer_held, seller_money, trade.value_fen),
    ]
    if trade.buyer_fee_fen:
        legs.append(NewLeg(cash_id, buyer_held, fees, trade.buyer_fee_fen))
    if trade.seller_fee_fen:
        legs.append(NewLeg(cash_id, seller_money, fees, trade.seller_fee_fen))
    if trade.buyer_release_fen:
        legs.append(NewLeg(cash_id, buyer_held, buyer_money, trade.buyer_release_fen))
    return legs
