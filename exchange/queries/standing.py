"""How an organisation stands in one instrument: what its orders are checked against, in two questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import QuerySet

from accounts.rules import Actor
from exchange.errors import LargeHoldingNotThere
from exchange.models import LargeHolding


@dataclass(frozen=True)
class Batch:
    """One batch of the product: tonnes available to the organisation, whether it lets them be posted, bought lately."""

    available: int
    may_be_posted: bool
    bought: int


@dataclass(frozen=True)
class Standing:
    """Tonnes. batches: of the product, by asset, oldest first. sold: since the interval began.

    position: what the control group holds and is open to buy; held: what the organisation holds itself; buying: what it
    is open to buy itself. holders: organisations that hold the product or are open to buy it.
    """

    batches: Mapping[int, Batch]
    sold: int
    position: int
    held: int
    buying: int
    holders: int


STANDING = """
    WITH batch AS (
        SELECT a.id, a.first_serial FROM settlement_asset a JOIN exchange_instrument i ON i.id = %(instrument)s
            AND a.project_code = i.project_code AND a.vintage_year = i.vintage_year AND a.kind = 'credit'
    ), held AS (
        SELECT h.organisation_id, sum(h.units) AS units FROM batch b
        JOIN settlement_holding h ON h.asset_id = b.id AND h.units > 0
            AND h.purpose IN ('available', 'held_for_orders', 'pledged', 'frozen', 'in_transit')
        GROUP BY 1
    ), buying AS (
        SELECT p.organisation_id, p.units - coalesce(d.units, 0) AS units FROM exchange_purchasesasked p
        LEFT JOIN exchange_purchasesdone d USING (instrument_id, organisation_id)
        WHERE p.instrument_id = %(instrument)s AND p.units > coalesce(d.units, 0)
    ), every AS (
        SELECT e.*, coalesce(nullif(o.control_group, ''), 'organisation:' || o.id) AS control_group FROM (
            SELECT organisation_id, units AS held, 0 AS buying FROM held WHERE organisation_id IS NOT NULL
            UNION ALL SELECT organisation_id, 0, units FROM buying) e
        JOIN accounts_organisation o ON o.id = e.organisation_id
    )
    SELECT coalesce(sum(held + buying) FILTER (WHERE control_group = %(control_group)s), 0),
           coalesce(sum(held) FILTER (WHERE organisation_id = %(organisation)s), 0),
           coalesce(sum(buying) FILTER (WHERE organisation_id = %(organisation)s), 0),
           count(DISTINCT organisation_id),
           (SELECT coalesce(sum(quantity), 0) FROM exchange_trade WHERE seller_id = %(organisation)s
               AND business_date >= %(since)s AND instrument_id = %(instrument)s)
    FROM every"""
BATCHES = """
    SELECT a.id, coalesce(h.units, 0), coalesce(h.may_be_posted, true),
           (SELECT coalesce(sum(quantity), 0) FROM exchange_trade WHERE buyer_id = %(organisation)s
               AND business_date >= %(since)s AND asset_id = a.id)
    FROM settlement_asset a JOIN exchange_instrument i ON i.id = %(instrument)s
        AND a.project_code = i.project_code AND a.vintage_year = i.vintage_year AND a.kind = 'credit'
    LEFT JOIN settlement_holding h ON h.asset_id = a.id AND h.organisation_id = %(organisation)s
        AND h.purpose = 'available'
    ORDER BY a.first_serial"""


def standing(instrument_id: int, organisation_id: int, control_group: str, *, since: date | None) -> Standing:
    """Return how an organisation stands in an instrument. since: the first day of the interval; None: there is none."""
    asked: dict[str, int | str | date] = {
        "instrument": instrument_id,
        "organisation": organisation_id,
        "control_group": control_group,
        "since": since or date.max,
    }
    with connection.cursor() as cursor:
        cursor.execute(BATCHES, asked)
        batches = {row[0]: Batch(int(row[1]), row[2], int(row[3])) for row in cursor}
        cursor.execute(STANDING, asked)
        position, held, buying, holders, sold = map(int, cursor.fetchone())
    return Standing(batches, sold, position, held, buying, holders)


def large_holdings_visible_to(actor: Actor) -> QuerySet[LargeHolding]:
    """Return the large holdings `actor` may see, newest first, with product, holder and who reported."""
    rows = LargeHolding.objects.visible_to(actor).select_related("instrument", "organisation", "reported_by")
    return rows.order_by("-pk")


def large_holding(actor: Actor, holding_id: int) -> LargeHolding:
    """Return one large holding. Raises LargeHoldingNotThere, also for another organisation's."""
    row = large_holdings_visible_to(actor).filter(pk=holding_id).first()
    if row is None:
        raise LargeHoldingNotThere
    return row
