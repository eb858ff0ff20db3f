"""By setting: one group is party to much of what a product trades in a day."""

from __future__ import annotations

from collections import Counter

from exchange.rules.surveillance.limits import Limits
from exchange.rules.surveillance.records import Alert, Pattern, Watched

NAMES = ("volume_tonnes", "volume_share")


def volume_share(watched: Watched, limits: Limits) -> list[Alert]:
    """Return the groups that are party to at least so large a share of the day's tonnes, where so many traded."""
    if not limits.hold(*NAMES):
        return []
    trades = watched.trades
    every = sum(trade.quantity for trade in trades)
    if every < limits.whole("volume_tonnes"):
        return []
    units: Counter[str] = Counter()
    for trade in trades:
        for group in trade.groups:
            units[group] += trade.quantity
    alerts = []
    for group in sorted(group for group in units if limits.reaches_share("volume_share", units[group], every)):
        own = [trade for trade in trades if group in trade.groups]
        alerts.append(
            Alert(
                Pattern.VOLUME_SHARE,
                (group,),
                tuple(sorted({trade.organisation_of(group) for trade in own})),
                (
                    limits.figure("volume_tonnes", every),
                    limits.figure_of_share("volume_share", units[group], every),
                ),
                (),
                tuple(trade.id for trade in own),
                own[0].at,
                own[-1].at,
            )
        )
    return alerts
