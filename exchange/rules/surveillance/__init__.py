"""What abnormal trading looks like (异常交易): one pattern a file, each a function of plain records and rule values."""

from __future__ import annotations

from exchange.rules.profile import Profile
from exchange.rules.surveillance.before_disclosure import before_disclosure
from exchange.rules.surveillance.buy_high_sell_low import buy_high_sell_low
from exchange.rules.surveillance.closing_price import closing_price
from exchange.rules.surveillance.far_orders import far_orders
from exchange.rules.surveillance.limits import Limits
from exchange.rules.surveillance.place_and_cancel import place_and_cancel
from exchange.rules.surveillance.records import (
    Act,
    Alert,
    Disclosure,
    Figure,
    Market,
    Moment,
    OrderMoment,
    Pattern,
    Traded,
    TradeMoment,
    Watched,
)
from exchange.rules.surveillance.reverse_trades import reverse_trades
from exchange.rules.surveillance.self_trades import self_trades
from exchange.rules.surveillance.volume_share import volume_share
from exchange.rules.surveillance.walk import Resting, Step, Walk

PATTERNS = (
    before_disclosure,
    reverse_trades,
    far_orders,
    place_and_cancel,
    buy_high_sell_low,
    volume_share,
    closing_price,
    self_trades,
)

# How far back the patterns that look back go; each is a number of trading days.
LOOK_BACK = ("disclosure_days", "reverse_days", "loss_days")


def look_back_days(profile: Profile) -> int:
    """Return how many trading days, the day itself included, the patterns have to see."""
    limits = Limits(profile)
    return max((limits.whole(name) for name in LOOK_BACK if limits.hold(name)), default=1)


def watch(watched: Watched, profile: Profile) -> list[Alert]:
    """Return everything that the patterns find in a day, by pattern and group."""
    limits = Limits(profile)
    return [alert for pattern in PATTERNS for alert in pattern(watched, limits)]


__all__ = [
    "PATTERNS",
    "Act",
    "Alert",
    "Disclosure",
    "Figure",
    "Limits",
    "Market",
    "Moment",
    "OrderMoment",
    "Pattern",
    "Resting",
    "Step",
    "TradeMoment",
    "Traded",
    "Walk",
    "Watched",
    "before_disclosure",
    "buy_high_sell_low",
    "closing_price",
    "far_orders",
    "look_back_days",
    "place_and_cancel",
    "reverse_trades",
    "self_trades",
    "volume_share",
    "watch",
]
