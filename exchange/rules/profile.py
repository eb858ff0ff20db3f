"""The rule values an instrument trades under on one business day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from exchange.rules.schedule import Call, Schedule
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
    def least_tonnes(self) -> int:
        return int(self.value("trading.least_tonnes") or 1)

    def least_tonnes_of(self, mode: TradingMode) -> int:
        """The least that one order of a mode may be for; a mode without a value of its own has the common one."""
        return int(self.value(f"trading.least_tonnes.{mode.value}") or self.least_tonnes)

    @property
    def most_holders(self) -> int | None:
        found = self.value("trading.most_holders")
        return None if found is None else int(found)

    @property
    def position_limit(self) -> int | None:
        """How many tonnes of one product a control group may come to hold by buying."""
        found = self.value("trading.position_limit")
        return None if found is None else int(found)

    @property
    def large_holding(self) -> int | None:
        """From how many tonnes on a control group reports; None without a limit or a share of it."""
        share = self.value("trading.large_holder_share")
        if self.position_limit is None or share is None:
            return None
        return int((self.position_limit * Decimal(share)).to_integral_value(rounding=ROUND_CEILING))

    @property
    def large_holder_days(self) -> int:
        return int(self.value("trading.large_holder_days") or 1)

    @property
    def validity_days(self) -> int | None:
        found = self.value("trading.validity_days")
        return None if found is None else int(found)

    @property
    def self_trade_prevention(self) -> SelfTradePrevention:
        return SelfTradePrevention(self.value("trading.self_trade_prevention") or SelfTradePrevention.NONE)

    def schedule(self, mode: TradingMode) -> Schedule:
        """Return when an instrument of a mode trades on a trading day; only continuous trading begins with a call."""
        sessions, pre_open = self.value("trading.sessions"), self.value("trading.pre_open")
        if sessions is None:
            return Schedule(None)
        call = self.value("trading.call_auction") if mode is TradingMode.CONTINUOUS else None
        read = time.fromisoformat
        return Schedule(
            tuple((read(start), read(end)) for start, end in sessions),
            None if pre_open is None else read(pre_open),
            None if call is None else Call(read(call["from"]), read(call["firm_from"]), read(call["until"])),
        )

    def in_block_window(self, clock: time) -> bool:
        """Tell whether block agreements may be made at a time of a trading day; a profile without a window: always."""
        window = self.value("trading.block_window")
        return window is None or time.fromisoformat(window[0]) <= clock < time.fromisoformat(window[1])

    @property
    def auction_notice_days(self) -> int:
        return int(self.value("auction.notice_days") or 0)

    @property
    def auction_shortest(self) -> timedelta:
        return timedelta(minutes=int(self.value("auction.shortest_minutes") or 0))

    @property
    def auction_deposit_share(self) -> Decimal | None:
        found = self.value("auction.highest_deposit_share")
        return None if found is None else Decimal(found)

    @property
    def auction_late_bids(self) -> tuple[timedelta, timedelta]:
        """Return how near the end a bid of an open auction counts as late, and how much time it gives from then."""
        found = self.value("auction.late_bids") or {"window_minutes": 0, "more_minutes": 0}
        return timedelta(minutes=found["window_minutes"]), timedelta(minutes=found["more_minutes"])

    @property
    def reference_least_tonnes(self) -> int:
        """How much must have traded on a day for a reference price of that day's trades."""
        return int(self.value("market_data.reference_least_tonnes") or 1)

    @property
    def reference_carried_days(self) -> int:
        """For how many trading days a reference price is carried on without one."""
        return int(self.value("market_data.reference_carried_days") or 0)

    @property
    def bulletin_at(self) -> time:
        return time.fromisoformat(self.value("market_data.bulletin_at") or "16:00")

    @property
    def most_events(self) -> int:
        return int(self.value("matching.most_events") or 200)
