"""By setting: one group moves the price in the last minutes of a day."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from exchange.rules.surveillance.limits import Limits
from exchange.rules.surveillance.records import Alert, Pattern, Watched
from exchange.rules.terms import Side

NAMES = ("close_minutes", "close_move", "close_share")


def closing_price(watched: Watched, limits: Limits) -> list[Alert]:
    """Return the group that took most in the direction in which the price moved in the day's last minutes.

    The move: from the last price before these minutes (without one: the base price) to the last price of the day.
    """
    if watched.closes_at is None or not limits.hold(*NAMES):
        return []
    begins = watched.closes_at - timedelta(minutes=limits.whole("close_minutes"))
    late = [trade for trade in watched.trades if trade.at >= begins]
    before = [trade.price_fen for trade in watched.trades if trade.at < begins]
    if not late:
        return []
    start = before[-1] if before else watched.base_fen
    move = late[-1].price_fen - start
    if not move or not limits.reaches_share("close_move", abs(move), start):
        return []
    side = Side.BUY if move > 0 else Side.SELL
    every = sum(trade.quantity for trade in late)
    units: Counter[str] = Counter()
    for trade in late:
        if trade.taker_side is side:
            units[trade.taker_group] += trade.quantity
    alerts = []
    for group in sorted(group for group in units if limits.reaches_share("close_share", units[group], every)):
        own = [trade for trade in late if trade.taker_side is side and trade.taker_group == group]
        alerts.append(
            Alert(
                Pattern.CLOSING_PRICE,
                (group,),
                tuple(sorted({trade.organisation_of(group) for trade in own})),
                (
                    limits.figure_of_share("close_move", abs(move), start),
                    limits.figure_of_share("close_share", units[group], every),
                ),
                (),
                tuple(trade.id for trade in own),
                own[0].at,
                own[-1].at,
            )
        )
    return alerts
