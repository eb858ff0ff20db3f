"""What holds do to the ledger: parts are written as the rules plan them, and entries name the hold they move for.

Whoever changes holds locks the holder's available, pledged and frozen holdings first, by ascending id, then the holds:
`available` is opened before the other two, so it is the gate that everyone passes, trades included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction

from settlement.models import Hold, HoldEntry, HoldPart
from settlement.queries.holds import stack
from settlement.rules import EntryKind, HoldEntryKind, NewLeg, Purpose, Shift, Stack
from settlement.services.entries import HoldNaming, open_holdings, post_entry

PLACES = (Purpose.AVAILABLE, Purpose.FROZEN, Purpose.PLEDGED)


def locked_stack(organisation_id: int, asset_id: int) -> tuple[Stack, int]:
    """Lock a holder's units of an asset and return its live holds, and how many units are available."""
    ids = open_holdings((organisation_id, asset_id, purpose) for purpose in PLACES)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, units FROM settlement_holding WHERE id = ANY (%s) ORDER BY id FOR UPDATE",
            [sorted(ids.values())],
        )
        units = dict(cursor.fetchall())
    return stack(organisation_id, asset_id), units[ids[organisation_id, asset_id, Purpose.AVAILABLE]]


def write_stack(changed: Stack, hold_ids: Iterable[int] = ()) -> None:
    """Write the parts of a locked stack and what its freezes have still to take; `hold_ids` have ended meanwhile."""
    ids = {*changed.holds, *hold_ids}
    known = {(part.hold_id, part.taken_from_id): part for part in HoldPart.objects.filter(hold_id__in=ids)}
    for key, part in known.items():
        if part.units != changed.parts.get(key, 0):
            part.units = changed.parts.get(key, 0)
            part.save(update_fields=["units"])
    HoldPart.objects.bulk_create(
        HoldPart(hold_id=own, taken_from_id=origin, units=units)
        for (own, origin), units in sorted(changed.parts.items(), key=lambda one: (one[0][0], one[0][1] or 0))
        if (own, origin) not in known
    )
    for row in Hold.objects.select_for_update().filter(pk__in=changed.holds).order_by("pk"):
        if row.open_units != (unmet := changed.unmet(row.pk)):
            row.open_units = unmet
            row.save(update_fields=["open_units"])


def post_shifts(
    row: Hold,
    shifts: Sequence[Shift],
    *,
    kind: EntryKind,
    at: datetime,
    lift_id: int | None = None,
    maker_id: int | None,
    checker_id: int | None = None,
) -> int | None:
    """Post what a hold moves as one entry that names it, and return its id; None where nothing moves."""
    if not shifts:
        return None
    where = {
        purpose: (row.organisation_id, row.asset_id, purpose)
        for shift in shifts
        for purpose in (shift.source, shift.target)
    }
    ids = open_holdings(where.values())
    if lift_id is not None:
        named = HoldEntryKind.RELEASED
    elif any(shift.source is Purpose.PLEDGED for shift in shifts):
        named = HoldEntryKind.LAID_OVER
    else:
        named = HoldEntryKind.PLACED
    number = HoldEntry.objects.filter(hold=row).count() + 1
    return post_entry(
        key=f"hold:{row.pk}:{number}",
        kind=kind,
        legs=[
            NewLeg(row.asset_id, ids[where[shift.source]], ids[where[shift.target]], shift.units) for shift in shifts
        ],
        at=at,
        basis=f"hold:{row.pk}",
        maker_id=maker_id,
        checker_id=checker_id,
        named=HoldNaming(row.pk, named, lift_id),
    )


@transaction.atomic
def catch_up_freezes(*, organisation_id: int, asset_id: int, at: datetime) -> int:
    """Let the holder's open freezes take what is available, or pledged alone; return how many units they took."""
    found, available = locked_stack(organisation_id, asset_id)
    caught = found.catch(available)
    if not caught:
        return 0
    write_stack(found)
    rows = Hold.objects.in_bulk(caught)
    for hold_id, shifts in caught.items():
        row = rows[hold_id]
        post_shifts(row, shifts, kind=EntryKind.FREEZE, at=at, maker_id=row.set_by_id)
    return sum(shift.units for shifts in caught.values() for shift in shifts)
