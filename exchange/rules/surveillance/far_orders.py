"""Large, serial or dense orders far from the last price (大笔、连续或者密集申报且明显偏离最新成交价)."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from exchange.rules.surveillance.limits import Limits
from exchange.rules.surveillance.records import Act, Alert, OrderMoment, Pattern, Watched

NAMES = (
    "far_share",
    "far_large_tonnes",
    "far_least_tonnes",
    "far_serial_orders",
    "far_dense_orders",
    "far_dense_minutes",
)


def far_orders(watched: Watched, limits: Limits) -> list[Alert]:
    """Return the groups with orders far from the last price: one large, many in the day, or several in a few minutes.

    An order counts when it is placed, and again when its price is changed. The small ones among many do not count.
    """
    if not limits.hold(*NAMES):
        return []
    of_group: dict[str, list[OrderMoment]] = defaultdict(list)
    for moment in watched.orders:
        if moment.act in (Act.PLACED, Act.AMENDED) and _is_far(moment, limits):
            of_group[moment.group].append(moment)
    alerts = []
    for group, moments in sorted(of_group.items()):
        largest = max(moment.quantity for moment in moments)
        dense = most_within(moments, timedelta(minutes=limits.whole("far_dense_minutes")))
        if (
            largest < limits.whole("far_large_tonnes")
            and len(moments) < limits.whole("far_serial_orders")
            and dense < limits.whole("far_dense_orders")
        ):
            continue
        farthest = max(moments, key=_distance_in_shares)
        alerts.append(
            Alert(
                Pattern.FAR_ORDERS,
                (group,),
                tuple(sorted({moment.organisation_id for moment in moments})),
                (
                    limits.figure_of_share("far_share", _distance(farthest), farthest.market.last_fen),
                    limits.figure("far_large_tonnes", largest),
                    limits.figure("far_serial_orders", len(moments)),
                    limits.figure("far_dense_orders", dense),
                ),
                tuple(sorted({moment.order_id for moment in moments})),
                (),
                moments[0].at,
                moments[-1].at,
            )
        )
    return alerts


def most_within(moments: list[OrderMoment], span: timedelta) -> int:
    """Return the most moments that lie within any such span; both ends belong to it."""
    most, first = 0, 0
    for last, moment in enumerate(moments):
        while moment.at - moments[first].at > span:
            first += 1
        most = max(most, last - first + 1)
    return most


def _is_far(moment: OrderMoment, limits: Limits) -> bool:
    return (
        moment.price_fen is not None
        and moment.quantity >= limits.whole("far_least_tonnes")
        and limits.reaches_share("far_share", _distance(moment), moment.market.last_fen)
    )


def _distance(moment: OrderMoment) -> int:
    return abs((moment.price_fen or 0) - moment.market.last_fen)


def _distance_in_shares(moment: OrderMoment) -> tuple[int, int]:
    """Return what orders moments by distance; whole parts in ten thousand suffice to choose the one that is shown."""
    return _distance(moment) * 10_000 // moment.market.last_fen, -moment.sequence
