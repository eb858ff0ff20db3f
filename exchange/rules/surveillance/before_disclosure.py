"""Heavy one-way trading before the market learns something about the product (重大信息披露前大量单向交易)."""

from __future__ import annotations

from collections import Counter

from exchange.rules.surveillance.limits import Limits
from exchange.rules.surveillance.records import Alert, Disclosure, Pattern, Traded, Watched

NAMES = ("disclosure_days", "disclosure_tonnes", "disclosure_share", "disclosure_one_way")


def before_disclosure(watched: Watched, limits: Limits) -> list[Alert]:
    """Return a group's heavy trading in one direction in the days before something was disclosed.

    Heavy: at least so many tonnes bought or sold, and so large a share of all that traded before it. One-way: what was
    bought and what was sold differ by at least so large a share of both together.
    """
    if not limits.hold(*NAMES):
        return []
    trades = watched.trades_of(limits.whole("disclosure_days"))
    found: dict[str, Alert] = {}
    for disclosure in sorted(watched.disclosures, key=lambda one: (one.at, one.reference)):
        before = [trade for trade in trades if trade.at < disclosure.at]
        for alert in _before(before, disclosure, limits):
            found.setdefault(alert.groups[0], alert)  # The first disclosure that it came before.
    return list(found.values())


def _before(trades: list[Traded], disclosure: Disclosure, limits: Limits) -> list[Alert]:
    bought: Counter[str] = Counter()
    sold: Counter[str] = Counter()
    for trade in trades:
        bought[trade.buyer_group] += trade.quantity
        sold[trade.seller_group] += trade.quantity
    every = sum(bought.values())
    alerts = []
    for group in sorted(bought.keys() | sold.keys()):
        both, larger = bought[group] + sold[group], max(bought[group], sold[group])
        net = abs(bought[group] - sold[group])
        if (
            larger < limits.whole("disclosure_tonnes")
            or not limits.reaches_share("disclosure_share", larger, every)
            or not limits.reaches_share("disclosure_one_way", net, both)
        ):
            continue
        own = [trade for trade in trades if group in trade.groups]
        alerts.append(
            Alert(
                Pattern.BEFORE_DISCLOSURE,
                (group,),
                tuple(sorted({trade.organisation_of(group) for trade in own})),
                (
                    limits.figure("disclosure_tonnes", larger),
                    limits.figure_of_share("disclosure_share", larger, every),
                    limits.figure_of_share("disclosure_one_way", net, both),
                ),
                (),
                tuple(trade.id for trade in own),
                own[0].at,
                disclosure.at,
                (disclosure.reference,),
            )
        )
    return alerts
