"""Whether who orders has the means, and may: units of a batch, the interval, the position limit, how many holders."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from exchange import errors, queries
from exchange.queries import Standing
from exchange.services.new_orders import NewOrder
from exchange.services.terms import Terms
from rulebook.queries import business_date, calendar
from settlement.errors import InsufficientUnits
from settlement.queries import shortage


def standing_in(terms: Terms, at: datetime) -> Standing:
    """Return how the organisation stands in the instrument, by the interval of its rules."""
    since = queries.round_trip_start(terms.profile, at)
    return queries.standing(terms.instrument.pk, terms.holder.id, terms.holder.control_group, since=since)


def batch_to_sell(order: NewOrder, terms: Terms, standing: Standing, taken: dict[int, int], at: datetime) -> int:
    """Return the batch a sale is held from: the one asked for, or the oldest that has enough.

    taken: tonnes of each batch that earlier orders of the same request take. Raises InstrumentNotThere, NotPostable,
    SeveralBatches, NothingToSell, RoundTrip, and settlement's reason where units are frozen, pledged or elsewhere.
    """
    batches = standing.batches
    if order.asset_id is not None:
        if order.asset_id not in batches:
            raise errors.InstrumentNotThere(field="asset")
        batches = {order.asset_id: batches[order.asset_id]}
    available = {asset_id: batch.available - taken.get(asset_id, 0) for asset_id, batch in batches.items()}
    for asset_id, units in available.items():
        if units < order.quantity:
            continue
        if not batches[asset_id].may_be_posted:
            raise errors.NotPostable
        # Units bought within the interval may not be sold yet; those from issuance, and bought before, may.
        bought = batches[asset_id].bought
        if bought and order.quantity > units - bought:
            raise _round_trip("quantity", order.quantity - max(0, units - bought), terms, at)
        return asset_id
    if sum(available.values()) >= order.quantity:
        raise errors.SeveralBatches(field="quantity", most=max(available.values()))
    for asset_id, units in available.items():
        why = shortage(terms.holder.id, asset_id, available=units, needed=order.quantity)
        if type(why) is not InsufficientUnits:  # Frozen, pledged, or held for something: said in so many words.
            why.field = "quantity"
            raise why
    raise errors.NothingToSell(field="quantity", available=sum(available.values()), needed=order.quantity)


def refuse_sold_lately(terms: Terms, standing: Standing, at: datetime) -> None:
    """Raise RoundTrip where the organisation has sold the product within the interval."""
    if standing.sold:
        raise _round_trip("side", standing.sold, terms, at)


def refuse_beyond_limits(units: int, terms: Terms, standing: Standing) -> None:
    """Raise PositionLimit or TooManyHolders for a purchase that is not retired at once.

    Asked under the lock of the instrument's queue; `purchases_within_position_limit` and
    `purchases_within_most_holders` have the last word.
    """
    values = terms.profile.values
    limit, most = terms.profile.position_limit, terms.profile.most_holders
    if limit is not None and standing.position + units > limit:
        raise errors.PositionLimit(
            field="quantity",
            rule=values["trading.position_limit"],
            limit=limit,
            held=standing.position,
            left=max(0, limit - standing.position),
        )
    is_new = not (standing.held or standing.buying)
    if most is not None and is_new and standing.holders + 1 > most:
        raise errors.TooManyHolders(rule=values["trading.most_holders"], holders=standing.holders, limit=most)


def count_purchases(purchases: Iterable[tuple[int, int, int]], at: datetime) -> None:
    """Note tonnes that are asked for: (instrument, organisation, tonnes), each pair once."""
    rows = list(purchases)
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO exchange_purchasesasked AS p (instrument_id, organisation_id, units, day)
               SELECT *, %s::date FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])
               ON CONFLICT ON CONSTRAINT purchases_asked_are_one
               DO UPDATE SET units = p.units + excluded.units, day = excluded.day""",
            [business_date(at), *map(list, zip(*rows, strict=True))],
        )


def _round_trip(field: str, units: int, terms: Terms, at: datetime) -> errors.RoundTrip:
    days = terms.profile.round_trip_days
    until = calendar().add_trading_days(business_date(at), days)
    return errors.RoundTrip(
        field=field,
        rule=terms.profile.values["trading.round_trip_days"],
        units=units,
        days=days,
        until=until.isoformat() if until else "—",
    )
