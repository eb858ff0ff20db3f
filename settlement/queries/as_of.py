"""The ledger as of any instant (时点), from legs and serial moves alone: stored units and blocks are not looked at.

Business time decides, by default: an act belongs to the instant it was done at (`Entry.at`), whenever it was written
down. Whoever asks what the ledger itself knew at an instant asks by recorded time (`Entry.recorded_at`), which nobody
moves. docs/decisions/0016-as-of-an-instant.md says why, and what happens where two acts queued for one holding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from accounts.rules import Actor
from rulebook.rules import beijing
from settlement.errors import AssetNotThere, InstantInFuture
from settlement.models import Holding
from settlement.queries.assets import description
from settlement.rules import AssetKind, HoldingView, LedgerClock, Purpose, SerialRange, StoodIn, where_serials_stood

# By column, never by value: the two are names of this file.
_UNITS = {
    clock: f"""SELECT h.id, sum(CASE WHEN l.credited_id = h.id THEN l.units ELSE -l.units END)
               FROM settlement_holding h
               JOIN settlement_leg l ON l.credited_id = h.id OR l.debited_id = h.id
               JOIN settlement_entry e ON e.id = l.entry_id AND e.{column} <= %s
               WHERE h.id = ANY (%s) GROUP BY h.id"""  # noqa: S608
    for clock, column in ((LedgerClock.BUSINESS, "at"), (LedgerClock.RECORDED, "recorded_at"))
}
_MOVES = {
    clock: f"""SELECT m.credited_id, m.first_serial, m.last_serial FROM settlement_serialmove m
               JOIN settlement_entry e ON e.id = m.entry_id AND e.{column} <= %s
               WHERE m.asset_id = %s ORDER BY m.id DESC"""  # noqa: S608
    for clock, column in ((LedgerClock.BUSINESS, "at"), (LedgerClock.RECORDED, "recorded_at"))
}


@dataclass(frozen=True)
class SerialsStood:
    """Serials of a batch that stood with one holder (None: the system) for one purpose."""

    asset_id: int
    organisation_id: int | None
    purpose: Purpose
    serials: SerialRange


def refuse_future(instant: datetime, now: datetime) -> None:
    """Raise InstantInFuture for an instant that has not come: what is then is not known yet."""
    if instant > now:
        raise InstantInFuture(field="as_of", now=f"{beijing(now):%Y-%m-%d %H:%M:%S}")


def units_as_of(
    holding_ids: Sequence[int], *, at: datetime, clock: LedgerClock = LedgerClock.BUSINESS
) -> dict[int, int]:
    """Return the units that holdings had at an instant, by id; those that nothing had reached yet are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_UNITS[clock], [at, list(holding_ids)])
        return {row[0]: int(row[1]) for row in cursor}


def holdings_as_of(
    actor: Actor,
    *,
    at: datetime,
    organisation_id: int | None = None,
    clock: LedgerClock = LedgerClock.BUSINESS,
) -> list[HoldingView]:
    """Return the holdings `actor` may see that were not empty at an instant, by holder, asset and purpose."""
    rows = Holding.objects.visible_to(actor).select_related("asset")
    if organisation_id is not None:
        rows = rows.filter(organisation_id=organisation_id)
    found = list(rows.order_by("organisation_id", "asset_id", "purpose"))
    units = units_as_of([row.pk for row in found], at=at, clock=clock)
    return [_view(row, units[row.pk]) for row in found if units.get(row.pk)]


def _view(row: Holding, units: int) -> HoldingView:
    kind = AssetKind(row.asset.kind)
    credit = description(row.asset) if kind is AssetKind.CREDIT else None
    return HoldingView(
        row.pk, row.organisation_id, row.asset_id, kind, Purpose(row.purpose), units, row.may_be_posted, credit
    )


def _moves(asset_id: int, at: datetime, clock: LedgerClock) -> Iterator[StoodIn]:
    with connection.cursor() as cursor:
        cursor.execute(_MOVES[clock], [at, asset_id])
        for holding_id, first, last in cursor:
            yield StoodIn(SerialRange(first, last), holding_id)


def serials_as_of(
    actor: Actor, asset_ids: Iterable[int], *, at: datetime, clock: LedgerClock = LedgerClock.BUSINESS
) -> list[SerialsStood]:
    """Return the serials of batches, and where those that `actor` may see stood at an instant, in order.

    Time grows with the moves of the whole batch up to then, whoever made them: about 3 µs a move.
    """
    wanted = sorted(set(asset_ids))
    rows = Holding.objects.visible_to(actor).filter(asset_id__in=wanted)
    seen = {
        pk: (owner, Purpose(purpose)) for pk, owner, purpose in rows.values_list("pk", "organisation_id", "purpose")
    }
    return [
        SerialsStood(asset_id, *seen[part.holding_id], part.serials)
        for asset_id in wanted
        for part in where_serials_stood(_moves(asset_id, at, clock))
        if part.holding_id in seen
    ]


def batch_units_as_of(asset_id: int, *, at: datetime, clock: LedgerClock = LedgerClock.BUSINESS) -> dict[Purpose, int]:
    """Return where the tonnes of a batch were at an instant, by purpose. Public, as its units now are."""
    held = Holding.objects.filter(asset_id=asset_id, asset__kind=AssetKind.CREDIT).exclude(purpose=Purpose.ISSUANCE)
    rows = dict(held.values_list("pk", "purpose"))
    if not rows:
        raise AssetNotThere
    by_purpose: dict[Purpose, int] = {}
    for holding_id, units in units_as_of(list(rows), at=at, clock=clock).items():
        purpose = Purpose(rows[holding_id])
        by_purpose[purpose] = by_purpose.get(purpose, 0) + units
    return {purpose: units for purpose, units in by_purpose.items() if units}
