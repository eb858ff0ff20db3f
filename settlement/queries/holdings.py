"""Who has what, for what, and how it came there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Sum

from accounts.rules import Actor
from settlement.models import Holding, Leg
from settlement.queries.assets import cash_asset_id, description
from settlement.rules import AssetKind, EntryKind, HoldingView, Purpose


def _units(organisation_id: int, asset_id: int, purpose: Purpose) -> int:
    found = Holding.objects.filter(organisation_id=organisation_id, asset_id=asset_id, purpose=purpose)
    return found.values_list("units", flat=True).first() or 0


def available_units(organisation_id: int, asset_id: int) -> int:
    """Return the credits free to sell, move or retire, in tCO2e."""
    return _units(organisation_id, asset_id, Purpose.AVAILABLE)


def may_be_posted(organisation_id: int, asset_id: int) -> bool:
    """Tell whether the holder lets a batch be posted for sale."""
    found = Holding.objects.filter(organisation_id=organisation_id, asset_id=asset_id, purpose=Purpose.AVAILABLE)
    return bool(found.values_list("may_be_posted", flat=True).first())


def held_units(organisation_id: int, asset_id: int) -> int:
    """Return the credits held for orders, in tCO2e."""
    return _units(organisation_id, asset_id, Purpose.HELD_FOR_ORDERS)


def available_fen(organisation_id: int) -> int:
    """Return the money free for new purchases, in fen."""
    return _units(organisation_id, cash_asset_id(), Purpose.AVAILABLE)


def held_fen(organisation_id: int) -> int:
    """Return the money held for orders, in fen."""
    return _units(organisation_id, cash_asset_id(), Purpose.HELD_FOR_ORDERS)


def in_transit_fen(organisation_id: int) -> int:
    """Return the money on its way to the bank account, in fen."""
    return _units(organisation_id, cash_asset_id(), Purpose.IN_TRANSIT)


def _view(holding: Holding) -> HoldingView:
    kind = AssetKind(holding.asset.kind)
    return HoldingView(
        holding.pk,
        holding.organisation_id,
        holding.asset_id,
        kind,
        Purpose(holding.purpose),
        holding.units,
        holding.may_be_posted,
        description(holding.asset) if kind is AssetKind.CREDIT else None,
    )


def holdings_visible_to(actor: Actor, *, organisation_id: int | None = None) -> list[HoldingView]:
    """Return the holdings `actor` may see that are not empty, by holder, asset and purpose."""
    rows = Holding.objects.visible_to(actor).exclude(units=0).select_related("asset")
    if organisation_id is not None:
        rows = rows.filter(organisation_id=organisation_id)
    return [_view(row) for row in rows.order_by("organisation_id", "asset_id", "purpose")]


def holdings_with_balance(asset_id: int) -> int:
    """Return how many organisations hold some of a batch, in any purpose."""
    return (
        Holding.objects.filter(asset_id=asset_id, units__gt=0, organisation__isnull=False)
        .values("organisation_id")
        .distinct()
        .count()
    )


def units_by_purpose(asset_id: int) -> dict[Purpose, int]:
    """Return the units of a batch by purpose over all holders, in tCO2e; they sum to what was issued (I6)."""
    rows = (
        Holding.objects.filter(asset_id=asset_id)
        .exclude(purpose=Purpose.ISSUANCE)
        .values("purpose")
        .annotate(total=Sum("units"))
    )
    return {Purpose(row["purpose"]): row["total"] for row in rows if row["total"]}


def received_by_trade_since(organisation_id: int, asset_id: int, since: date) -> int:
    """Return the units an organisation bought of a batch on or after business day `since`, in tCO2e."""
    total = Leg.objects.filter(
        credited__organisation_id=organisation_id,
        credited__asset_id=asset_id,
        credited__purpose=Purpose.AVAILABLE,
        entry__kind=EntryKind.TRADE,
        entry__business_date__gte=since,
    ).aggregate(total=Sum("units"))["total"]
    return total or 0


@dataclass(frozen=True)
class StatementLine:
    """One movement on one holding: what came (+) or went (-), in units of its asset, and by which act."""

    leg_id: int
    entry_id: int
    kind: EntryKind
    at: datetime
    asset_id: int
    asset_kind: AssetKind
    project_name: str
    vintage_year: int | None
    purpose: Purpose
    units: int
    basis: str


def statement_visible_to(
    actor: Actor,
    *,
    cash: bool | None = None,
    until_leg: int | None = None,
    until: datetime | None = None,
    limit: int = 100,
) -> list[StatementLine]:
    """Return the newest movements on the own holdings, newest first: before leg `until_leg`, done by `until`."""
    if actor.organisation_id is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT l.id, e.id, e.kind, e.at, a.id, a.kind, a.project_name, a.vintage_year, h.purpose,
                      CASE WHEN l.credited_id = h.id THEN l.units ELSE -l.units END, e.basis
               FROM settlement_holding h
               JOIN settlement_leg l ON h.id IN (l.debited_id, l.credited_id)
               JOIN settlement_entry e ON e.id = l.entry_id
               JOIN settlement_asset a ON a.id = l.asset_id
               WHERE h.organisation_id = %s AND (%s::boolean IS NULL OR (a.kind = 'cash') = %s)
                 AND (%s::bigint IS NULL OR l.id < %s) AND (%s::timestamptz IS NULL OR e.at <= %s)
               ORDER BY l.id DESC, h.id LIMIT %s""",
            [actor.organisation_id, cash, cash, until_leg, until_leg, until, until, limit],
        )
        return [
            StatementLine(
                row[0],
                row[1],
                EntryKind(row[2]),
                row[3],
                row[4],
                AssetKind(row[5]),
                row[6],
                row[7],
                Purpose(row[8]),
                row[9],
                row[10],
            )
            for row in cursor
        ]
