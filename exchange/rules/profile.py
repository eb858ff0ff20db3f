"""The rule values an instrument trades under on one business day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from exchange.rules.terms import SelfTradePrevention, TradingMode


@dataclass(frozen=True)
class Profile:
    """A market rule profile. None means that the rule does not hold (a scheme without band, interval or cap).

    values: the rulebook's value objects by key, so that a refusal can name rule and legal basis.
    """

    values: Mapping[str, Any]

    def value(self, key: str) -> Any:
        found = self.values.get(key)
        return None if found is None else found.value

    @property
    def tick_fen(self) -> int:
        return int(self.value("trading.tick_fen"))

    def band(self, mode: TradingMode) -> Decimal | None:
        found = self.value(f"trading.band.{mode.value}")
        return None if found is None else Decimal(found)

    @property
    def fee_rate(self) -> Decimal:
        return Decimal(self.value("trading.fee_rate") or 0)

    @property
    def fee_rate_to_retire(self) -> Decimal:
        """The rate of a buyer who retires at once what he buys; a profile without one takes the trading fee."""
        found = self.value("trading.fee_rate_to_retire")
        return self.fee_rate if found is None else Decimal(found)

    @property
    def pick_levels(self) -> int | None:
        found = self.value("trading.pick_levels")
        return None if found is None else int(found)

    @property
    def round_trip_days(self) -> int:
        return int(self.value("trading.round_trip_days") or 0)

    @property
    def most_tonnes(self) -> int | None:
        found = self.value("trading.most_tonnes")
        return None if found is None else int(found)

    @property
    def validity_days(self) -> int | None:
        found = self.value("trading.validity_days")
        return None if found is None else int(found)

    @property
    def self_trade_prevention(self) -> SelfTradePrevention:
        return SelfTradePrevention(self.value("trading.self_trade_prevention") or SelfTradePrevention.NONE)

    @property
    def sessions(self) -> list[tuple[str, str]] | None:
        found = self.value("trading.sessions")
        return None if found is None else [(start, end) for start, end in found]

    @property
    def most_events(self) -> int:
        return int(self.value("matching.most_events") or 200)
