"""Frequent placing and cancelling within a short time, with orders that are much of the book (频繁申报、撤销申报)."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

from exchange.rules.surveillance.limits import Limits
from exchange.rules.surveillance.records import Act, Alert, OrderMoment, Pattern, Watched

NAMES = ("cancel_seconds", "cancel_orders", "cancel_share", "cancel_depth")


def place_and_cancel(watched: Watched, limits: Limits) -> list[Alert]:
    """Return the groups that took back so many of their orders so soon: at least so large a share of those they placed,
    and one of them at least so large a share of what then stood on its side.

    Soon: within so many seconds after it was placed or last changed. Only the owner's own cancellations count.
    """
    if not limits.hold(*NAMES):
        return []
    span = timedelta(seconds=limits.whole("cancel_seconds"))
    placed: Counter[str] = Counter()
    shown: dict[int, OrderMoment] = {}
    soon: dict[str, list[tuple[OrderMoment, OrderMoment]]] = defaultdict(list)
    for moment in watched.orders:
        if moment.act in (Act.PLACED, Act.AMENDED):
            placed[moment.group] += moment.act is Act.PLACED
            shown[moment.order_id] = moment
        elif moment.act is Act.CANCELLED:
            came = shown.get(moment.order_id)
            if came is not None and moment.at - came.at <= span:
                soon[moment.group].append((came, moment))
    alerts = []
    for group, pairs in sorted(soon.items()):
        deepest = max((came for came, _ in pairs), key=lambda came: (_depth(came), -came.sequence))
        depth = deepest.quantity, deepest.quantity + deepest.market.units(deepest.side)
        if (
            len(pairs) < limits.whole("cancel_orders")
            or not limits.reaches_share("cancel_share", len(pairs), placed[group])
            or not limits.reaches_share("cancel_depth", *depth)
        ):
            continue
        alerts.append(
            Alert(
                Pattern.PLACE_AND_CANCEL,
                (group,),
                tuple(sorted({came.organisation_id for came, _ in pairs})),
                (
                    limits.figure("cancel_orders", len(pairs)),
                    limits.figure_of_share("cancel_share", len(pairs), placed[group]),
                    limits.figure_of_share("cancel_depth", *depth),
                ),
                tuple(came.order_id for came, _ in pairs),
                (),
                pairs[0][0].at,
                pairs[-1][1].at,
            )
        )
    return alerts


def _depth(came: OrderMoment) -> int:
    """Return, in parts of a million, what an order is of its side once it stands there."""
    return came.quantity * 1_000_000 // (came.quantity + came.market.units(came.side))
