"""Trades within a control group (自成交), and attempts at them that self-trade prevention stopped."""

from __future__ import annotations

from collections import defaultdict

from exchange.rules.surveillance.limits import Limits
from exchange.rules.surveillance.records import Act, Alert, OrderMoment, Pattern, Traded, Watched

NAMES = ("self_trades", "self_trade_stops")


def self_trades(watched: Watched, limits: Limits) -> list[Alert]:
    """Return the groups with so many trades among themselves, or so many orders that were stopped from it, in the day.

    The database lets no trade be concluded within a group: one is found where two parties turn out to be related later.
    """
    if not limits.hold(*NAMES):
        return []
    traded: dict[str, list[Traded]] = defaultdict(list)
    stopped: dict[str, list[OrderMoment]] = defaultdict(list)
    for trade in watched.trades:
        if len(trade.groups) == 1:
            traded[trade.buyer_group].append(trade)
    for moment in watched.orders:
        if moment.act is Act.STOPPED:
            stopped[moment.group].append(moment)
    alerts = []
    for group in sorted(traded.keys() | stopped.keys()):
        trades, stops = traded[group], stopped[group]
        if len(trades) < limits.whole("self_trades") and len(stops) < limits.whole("self_trade_stops"):
            continue
        instants = sorted([*(trade.at for trade in trades), *(stop.at for stop in stops)])
        who = {trade.buyer_id for trade in trades} | {trade.seller_id for trade in trades}
        alerts.append(
            Alert(
                Pattern.SELF_TRADES,
                (group,),
                tuple(sorted(who | {stop.organisation_id for stop in stops})),
                (limits.figure("self_trades", len(trades)), limits.figure("self_trade_stops", len(stops))),
                tuple(stop.order_id for stop in stops),
                tuple(trade.id for trade in trades),
                instants[0],
                instants[-1],
            )
        )
    return alerts
