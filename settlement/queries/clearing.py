"""Clearing: each trade as the exchange records it, beside what the ledger moved for it; gross, trade by trade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime

from django.db import connection

from settlement.rules.day import ClearedTrade, DayDifference

_GIVEN = """WITH t AS (
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                             %s::bigint[], %s::bigint[], %s::bigint[])
          AS t (trade, entry, asset, buyer, seller, units, value, buyer_fee, seller_fee)
    )"""
# Only the legs of delivery and payment, the fees, and what an order no longer needs may stand under a trade.
_COMPARED = f"""{_GIVEN}, leg AS (
        SELECT t.trade, l.units AS amount, CASE
            WHEN a.kind = 'credit' AND l.asset_id = t.asset
             AND (d.organisation_id, d.purpose) = (t.seller, 'held_for_orders')
             AND (c.organisation_id, c.purpose) = (t.buyer, 'available') THEN 'units'
            WHEN a.kind = 'cash' AND (d.organisation_id, d.purpose) = (t.buyer, 'held_for_orders')
             AND (c.organisation_id, c.purpose) = (t.seller, 'available') THEN 'value'
            WHEN a.kind = 'cash' AND (d.organisation_id, d.purpose) = (t.buyer, 'held_for_orders')
             AND c.purpose = 'fees' THEN 'buyer_fee'
            WHEN a.kind = 'cash' AND (d.organisation_id, d.purpose) = (t.seller, 'available')
             AND c.purpose = 'fees' THEN 'seller_fee'
            WHEN a.kind = 'cash' AND (d.organisation_id, d.purpose) = (t.buyer, 'held_for_orders')
             AND (c.organisation_id, c.purpose) = (t.buyer, 'available') THEN 'release'
            ELSE 'other' END AS part
        FROM t JOIN settlement_leg l ON l.entry_id = t.entry JOIN settlement_asset a ON a.id = l.asset_id
        JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
    ), owed AS (
        SELECT trade, entry, part, amount FROM t CROSS JOIN LATERAL (VALUES
            ('units', units), ('value', value), ('buyer_fee', buyer_fee), ('seller_fee', seller_fee), ('other', 0)
        ) p (part, amount)
    ), moved AS (SELECT trade, part, sum(amount)::bigint AS amount FROM leg GROUP BY trade, part)
    SELECT 'trade_' || o.part, o.trade, coalesce(m.amount, 0) - o.amount
    FROM owed o LEFT JOIN moved m ON m.trade = o.trade AND m.part = o.part WHERE coalesce(m.amount, 0) <> o.amount
    ORDER BY o.trade, o.part"""  # noqa: S608
_UNKNOWN = f"""{_GIVEN}
    SELECT 'entry_without_trade', e.id, 0
    FROM settlement_settlementbatch b JOIN settlement_entry e ON e.settlement_id = b.id
    WHERE e.kind = 'trade' AND b.at >= %s::date::timestamp AT TIME ZONE 'Asia/Shanghai'
      AND b.at < (%s::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
      AND NOT EXISTS (SELECT FROM t WHERE t.entry = e.id) ORDER BY e.id"""  # noqa: S608


def clearing_differences(trades: Sequence[ClearedTrade], *, first: date, last: date) -> list[DayDifference]:
    """Return where the ledger moved other units or money for a trade than the exchange records, first to last.

    trades: all that the exchange has of the business dates; `amount` is what was moved less what was owed.
    """
    columns = [list(column) for column in zip(*map(astuple, trades), strict=True)] or [[] for _ in fields(ClearedTrade)]
    with connection.cursor() as cursor:
        cursor.execute(_COMPARED, columns)
        found = cursor.fetchall()
        cursor.execute(_UNKNOWN, [*columns, first, last])
        return [DayDifference(what, str(place), int(amount)) for what, place, amount in [*found, *cursor.fetchall()]]


def clearing_figures(trades: Sequence[ClearedTrade]) -> dict[str, int]:
    """Return the sums of some trades: how many, units, value and fees in fen, and between how many parties."""
    return {
        "trades": len(trades),
        "units": sum(one.units for one in trades),
        "value_fen": sum(one.value_fen for one in trades),
        "fees_fen": sum(one.buyer_fee_fen + one.seller_fee_fen for one in trades),
        "parties": len({one.buyer_id for one in trades} | {one.seller_id for one in trades}),
    }


@dataclass(frozen=True)
class MovedTrade:
    """What the ledger moved for one trade: units one way, money the other, both fees. Money in fen."""

    entry_id: int
    at: datetime
    code: str
    buyer_id: int
    seller_id: int
    units: int
    value_fen: int
    buyer_fee_fen: int
    seller_fee_fen: int


def moved_trades(first: date, last: date, *, most: int | None = None) -> list[MovedTrade]:
    """Return what the ledger moved for the trades of some business dates, oldest first, at most `most` of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH own AS (
                   SELECT e.id, e.at FROM settlement_settlementbatch b
                   JOIN settlement_entry e ON e.settlement_id = b.id AND e.kind = 'trade'
                   WHERE b.at >= %s::date::timestamp AT TIME ZONE 'Asia/Shanghai'
                     AND b.at < (%s::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' ORDER BY e.id LIMIT %s
               )
               SELECT own.id, own.at, a.code, c.organisation_id, d.organisation_id, l.units,
                      coalesce(sum(m.units) FILTER (WHERE mc.organisation_id = d.organisation_id), 0)::bigint,
                      coalesce(sum(m.units) FILTER (
                          WHERE mc.purpose = 'fees' AND md.organisation_id = c.organisation_id), 0)::bigint,
                      coalesce(sum(m.units) FILTER (
                          WHERE mc.purpose = 'fees' AND md.organisation_id = d.organisation_id), 0)::bigint
               FROM own JOIN settlement_leg l ON l.entry_id = own.id
               JOIN settlement_asset a ON a.id = l.asset_id AND a.kind = 'credit'
               JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
               JOIN settlement_leg m ON m.entry_id = own.id AND m.asset_id <> l.asset_id
               JOIN settlement_holding md ON md.id = m.debited_id JOIN settlement_holding mc ON mc.id = m.credited_id
               GROUP BY own.id, own.at, a.code, c.organisation_id, d.organisation_id, l.units ORDER BY own.id""",
            [first, last, most],
        )
        return [MovedTrade(*row) for row in cursor]
