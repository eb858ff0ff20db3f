"""The statement of a holder's day, from the legs alone: only what is known of the day by business time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import connection

from accounts.queries import organisation
from accounts.rules import Actor
from rulebook.rules import BEIJING, beijing
from settlement.errors import InstantInFuture, StatementNotThere
from settlement.queries.assets import asset, cash_asset_id
from settlement.queries.day import standing_of
from settlement.rules import AssetKind, EntryKind, Purpose
from settlement.rules.daily import HELD, DailyStatement, Day, Movement, moved_by_act

_OWN = "SELECT h.id FROM settlement_holding h WHERE h.organisation_id = %s AND h.purpose = ANY (%s)"
_BEFORE = f"""WITH own AS ({_OWN})
    SELECT l.asset_id, sum(CASE WHEN l.credited_id = own.id THEN l.units ELSE -l.units END)
    FROM own JOIN settlement_leg l ON own.id IN (l.debited_id, l.credited_id)
    JOIN settlement_entry e ON e.id = l.entry_id AND e.at < %s GROUP BY l.asset_id"""  # noqa: S608
_MOVED = f"""WITH own AS ({_OWN})
    SELECT e.id, e.at, e.kind, l.asset_id, other.purpose,
           CASE WHEN l.credited_id = own.id THEN l.units ELSE -l.units END
    FROM own JOIN settlement_leg l ON own.id IN (l.debited_id, l.credited_id)
    JOIN settlement_entry e ON e.id = l.entry_id AND e.at >= %s AND e.at < %s
    JOIN settlement_holding other
      ON other.id = CASE WHEN l.credited_id = own.id THEN l.debited_id ELSE l.credited_id END
    WHERE NOT EXISTS (SELECT FROM own inside WHERE inside.id = other.id)
    ORDER BY e.at, l.id"""  # noqa: S608


def daily_statement(actor: Actor, day: date, *, at: datetime) -> DailyStatement:
    """Return the day of the actor's organisation. Raises StatementNotThere, InstantInFuture."""
    if actor.organisation_id is None:
        raise StatementNotThere
    begins = datetime.combine(day, time(0), BEIJING)
    if begins > at:
        raise InstantInFuture(field="day", now=f"{beijing(at):%Y-%m-%d %H:%M:%S}")
    ends = begins + timedelta(days=1)
    holder_id, held = actor.organisation_id, [purpose.value for purpose in HELD]
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [holder_id, held, begins])
        before = {row[0]: int(row[1]) for row in cursor}
        cursor.execute(_MOVED, [holder_id, held, begins, ends])
        moves = [Movement(row[0], row[1], EntryKind(row[2]), row[3], Purpose(row[4]), row[5]) for row in cursor]
    cash_id = cash_asset_id()
    touched = {number for number, units in before.items() if units} | {one.asset_id for one in moves}
    names = {number: _name(number) for number in touched - {cash_id}}
    credits_ = [_day(number, AssetKind.CREDIT, names[number], before, moves) for number in sorted(names)]
    holder = organisation(actor.organisation_id)
    return DailyStatement(
        number=f"JS{day:%Y%m%d}{actor.organisation_id:08d}",
        venue=settings.VENUE_NAME,
        holder=holder.name,
        uscc=holder.uscc,
        day=day,
        until=min(ends, at),
        is_whole=ends <= at,
        standing=standing_of(day),
        cash=_day(cash_id, AssetKind.CASH, "CNY", before, moves),
        credits=tuple(credits_),
        movements=tuple((one, names.get(one.asset_id, "CNY")) for one in moves),
    )


def _day(asset_id: int, kind: AssetKind, name: str, before: dict[int, int], moves: list[Movement]) -> Day:
    own = [one for one in moves if one.asset_id == asset_id]
    return Day(asset_id, kind, name, before.get(asset_id, 0), moved_by_act(own, kind))


def _name(asset_id: int) -> str:
    credit = asset(asset_id).credit
    return f"{credit.project_name} {credit.vintage_year}" if credit else ""
