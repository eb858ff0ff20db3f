"""Frequent trades back and forth between the same two parties or control groups (频繁反向交易)."""

from __future__ import annotations

from collections import defaultdict

from exchange.rules.surveillance.limits import Limits
from exchange.rules.surveillance.records import Alert, Pattern, Traded, Watched

NAMES = ("reverse_days", "reverse_trades", "reverse_share")


def reverse_trades(watched: Watched, limits: Limits) -> list[Alert]:
    """Return the pairs that traded so often each way, the smaller way at least so large a share of the larger.

    Only pairs that traded on the day itself: what was found before is not found again.
    """
    if not limits.hold(*NAMES):
        return []
    of_pair: dict[frozenset[str], list[Traded]] = defaultdict(list)
    for trade in watched.trades_of(limits.whole("reverse_days")):
        if len(trade.groups) > 1:
            of_pair[trade.groups].append(trade)
    today = {trade.groups for trade in watched.trades}
    alerts = []
    for pair in sorted(today & of_pair.keys(), key=sorted):
        first, second = sorted(pair)
        trades = of_pair[pair]
        there = [trade for trade in trades if trade.buyer_group == first]
        back = [trade for trade in trades if trade.buyer_group == second]
        fewer = min(len(there), len(back))
        units = sorted((sum(trade.quantity for trade in there), sum(trade.quantity for trade in back)))
        if fewer < limits.whole("reverse_trades") or not limits.reaches_share("reverse_share", *units):
            continue
        alerts.append(
            Alert(
                Pattern.REVERSE_TRADES,
                (first, second),
                tuple(sorted({who for trade in trades for who in (trade.buyer_id, trade.seller_id)})),
                (limits.figure("reverse_trades", fewer), limits.figure_of_share("reverse_share", *units)),
                (),
                tuple(trade.id for trade in trades),
                trades[0].at,
                trades[-1].at,
            )
        )
    return alerts
