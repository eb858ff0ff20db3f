"""What one buyer can have now: the offers to sell that orders of his would be let through to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from accounts.queries import organisation
from exchange.models import Trade
from exchange.queries.instruments import InstrumentView, instruments, live_halt
from exchange.queries.profile import profile
from exchange.queries.schedule import SCHEME, is_in_session
from exchange.rules import Profile
from rulebook.queries import business_date, calendar


@dataclass(frozen=True)
class OfferLevel:
    """One price level of one open instrument: fen per tonne, tonnes. fee_rate: the buyer's."""

    instrument: InstrumentView
    price_fen: int
    quantity: int
    fee_rate: Decimal


def round_trip_start(rules: Profile, at: datetime) -> date | None:
    """Return the first day whose trades still stand in the way of trading the other way; None without the rule."""
    days = rules.round_trip_days
    if not days:
        return None
    known, day = calendar(), business_date(at)
    # Bought on D, no sale before D+5: the four trading days before today, and today itself.
    for _ in range(days - 1):
        before = known.previous_trading_day(day)
        if before is None:
            break
        day = before
    return day


def sold_since(instrument_id: int, organisation_id: int, since: date) -> int:
    """Return the tonnes of an instrument that an organisation sold on or after a business day."""
    rows = Trade.objects.filter(instrument_id=instrument_id, seller_id=organisation_id, business_date__gte=since)
    return rows.aggregate(units=Sum("quantity"))["units"] or 0


def offers_to(organisation_id: int | None, at: datetime, *, retires: bool = True) -> list[OfferLevel]:
    """Return the levels of all open instruments that an organisation (None: anybody) can buy from now, cheapest first.

    retires: whether the buyer retires at once, which decides his fee.

    Left out are instruments that are halted or that it sold within the interval, posts outside the day's limits, and
    what stands at or behind a post of its own control group: its order would give way there.
    """
    rules = profile(at, SCHEME)
    if not is_in_session(at, rules):
        return []
    group = organisation(organisation_id).control_group if organisation_id is not None else None
    since = round_trip_start(rules, at)
    open_ones = {
        one.id: one
        for one in instruments(at)
        if one.is_open
        and one.tradable_from <= business_date(at)
        and live_halt(one.id, organisation_id, at) is None
        and not (organisation_id is not None and since is not None and sold_since(one.id, organisation_id, since))
    }
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT o.instrument_id, o.price_fen, sum(o.remaining)::bigint FROM exchange_order o
               LEFT JOIN (SELECT instrument_id, min(price_fen) AS price_fen FROM exchange_order
                          WHERE side = 'sell' AND status IN ('live', 'partially_filled') AND control_group = %s
                          GROUP BY instrument_id) own ON own.instrument_id = o.instrument_id
               WHERE o.side = 'sell' AND o.status IN ('live', 'partially_filled') AND o.instrument_id = ANY(%s)
                 AND (own.price_fen IS NULL OR o.price_fen < own.price_fen)
               GROUP BY o.instrument_id, o.price_fen ORDER BY o.price_fen, o.instrument_id""",
            [group, list(open_ones)],
        )
        rows = cursor.fetchall()
    rates = {}
    for scheme in {one.rule_scheme for one in open_ones.values()}:
        own = profile(at, scheme)
        rates[scheme] = own.fee_rate_to_retire if retires else own.fee_rate
    return [
        OfferLevel(open_ones[number], price, quantity, rates[open_ones[number].rule_scheme])
        for number, price, quantity in rows
        if (open_ones[number].lower_fen or 0) <= price <= (open_ones[number].upper_fen or price)
    ]
