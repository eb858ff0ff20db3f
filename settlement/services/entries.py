"""The one way into the ledger: entries with their legs, and the serial blocks that follow them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from rulebook.queries import business_date
from settlement import rules
from settlement.errors import DaySealed, InsufficientFunds, KeyReused, SerialsElsewhere
from settlement.models import Asset, Holding
from settlement.queries.holds import shortage
from settlement.rules import AssetKind, EntryKind, HoldEntryKind, HoldingKey, NewLeg, Purpose


@dataclass(frozen=True)
class HoldNaming:
    """For which hold an entry moves units; a release names the request that was decided."""

    hold_id: int
    kind: HoldEntryKind
    lift_id: int | None = None


@dataclass(frozen=True)
class NewEntry:
    """One entry still to be posted. `basis` names what it rests on, `order:12`, `issuance:3`.

    named: of an entry that freezes, pledges or releases, the hold it does that for.
    """

    key: str
    kind: EntryKind
    legs: tuple[NewLeg, ...]
    basis: str = ""
    maker_id: int | None = None
    checker_id: int | None = None
    named: HoldNaming | None = None


def open_holdings(keys: Iterable[HoldingKey]) -> dict[HoldingKey, int]:
    """Return the id of each holding, opening those that do not exist yet."""
    wanted = sorted(set(keys), key=lambda key: (key[0] or 0, key[1], key[2]))
    if not wanted:
        return {}
    columns = [list(column) for column in zip(*wanted, strict=True)]
    # Each by the unique index, however many holdings there are: of the currency every organisation has some.
    select = """
        WITH k AS (
            SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS k (organisation_id, asset_id, purpose))
        SELECT k.organisation_id, k.asset_id, k.purpose, h.id FROM k CROSS JOIN LATERAL (
            SELECT id FROM settlement_holding h WHERE h.organisation_id = k.organisation_id AND h.asset_id = k.asset_id
               AND h.purpose = k.purpose OFFSET 0) h
        UNION ALL
        SELECT k.organisation_id, k.asset_id, k.purpose, h.id FROM k CROSS JOIN LATERAL (
            SELECT id FROM settlement_holding h WHERE h.organisation_id IS NULL AND h.asset_id = k.asset_id
               AND h.purpose = k.purpose OFFSET 0) h
        WHERE k.organisation_id IS NULL"""
    with connection.cursor() as cursor:
        cursor.execute(select, columns)
        found = {(row[0], row[1], Purpose(row[2])): row[3] for row in cursor}
        if len(found) < len(wanted):
            cursor.execute(
                """INSERT INTO settlement_holding (organisation_id, asset_id, purpose, units, may_be_posted)
                   SELECT organisation_id, asset_id, purpose, 0, true
                   FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS k (organisation_id, asset_id, purpose)
                   ON CONFLICT DO NOTHING""",
                columns,
            )
            cursor.execute(select, columns)
            found = {(row[0], row[1], Purpose(row[2])): row[3] for row in cursor}
    return found


@transaction.atomic
def post_entry(
    *,
    key: str,
    kind: EntryKind,
    legs: Sequence[NewLeg],
    at: datetime,
    basis: str = "",
    maker_id: int | None = None,
    checker_id: int | None = None,
    named: HoldNaming | None = None,
) -> int:
    """Post one entry, all of its legs or none, and return its id.

    key: the caller's idempotency key; the same key and content return the first entry again.

    Raises KeyReused, InsufficientUnits, UnitsFrozen, UnitsPledged, InsufficientFunds. Source: design section 4.
    """
    entry = NewEntry(key, kind, tuple(legs), basis, maker_id, checker_id, named)
    content = rules.digest(kind, legs, basis)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO settlement_entrykey (key, digest, entry_id)
               VALUES (%s, %s, nextval('settlement_entry_id_seq')) ON CONFLICT DO NOTHING RETURNING entry_id""",
            [key, content],
        )
        new = cursor.fetchone()
        if new is None:  # Before any other check: a replay gets the first answer, whatever changed.
            cursor.execute("SELECT digest, entry_id FROM settlement_entrykey WHERE key = %s", [key])
            first_content, first_id = cursor.fetchone()
            if first_content != content:
                raise KeyReused(found_key=key)
            return int(first_id)
    _write([(int(new[0]), entry)], settlement_id=None, at=at)
    return int(new[0])


def post_settlement(entries: Sequence[NewEntry], *, at: datetime) -> list[int]:
    """Post many new entries as one settlement, set-wise, and return their ids. Must run inside a transaction.

    Each key must be new: an entry that was posted before is a fault of the caller, and the database refuses it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO settlement_settlementbatch (at, entries) VALUES (%s, %s) RETURNING id", [at, len(entries)]
        )
        settlement_id = cursor.fetchone()[0]
        cursor.execute(
            """INSERT INTO settlement_entrykey (key, digest, entry_id)
               SELECT key, digest, nextval('settlement_entry_id_seq')
               FROM unnest(%s::text[], %s::text[]) AS k (key, digest)
               RETURNING key, entry_id""",
            [
                [entry.key for entry in entries],
                [rules.digest(entry.kind, entry.legs, entry.basis) for entry in entries],
            ],
        )
        ids = dict(cursor.fetchall())
    numbered = [(int(ids[entry.key]), entry) for entry in entries]
    _write(numbered, settlement_id=settlement_id, at=at)
    return [number for number, _ in numbered]


@dataclass(frozen=True)
class _Held:
    """A locked holding: what is in it, and whether it is money."""

    organisation_id: int | None
    asset_id: int
    purpose: Purpose
    units: int
    kind: AssetKind


def _lock_holdings(ids: Iterable[int]) -> dict[int, _Held]:
    # Locked in one order, so that entries which share holdings may queue but never deadlock.
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT h.id, h.organisation_id, h.asset_id, h.purpose, h.units, a.kind
               FROM settlement_holding h JOIN settlement_asset a ON a.id = h.asset_id
               WHERE h.id = ANY (%s) ORDER BY h.id FOR UPDATE OF h""",
            [sorted(set(ids))],
        )
        return {row[0]: _Held(row[1], row[2], Purpose(row[3]), row[4], AssetKind(row[5])) for row in cursor}


def _refuse_overdraft(held: Mapping[int, _Held], legs: Sequence[NewLeg]) -> None:
    change: dict[int, int] = defaultdict(int)
    for leg in legs:
        change[leg.debited_id] -= leg.units
        change[leg.credited_id] += leg.units
    for holding_id, units in change.items():
        holding = held[holding_id]
        if holding.units + units >= 0 or holding.purpose in (Purpose.ISSUANCE, Purpose.BANK):
            continue
        if holding.kind is AssetKind.CASH:
            raise InsufficientFunds(available_yuan=_yuan(holding.units), needed_yuan=_yuan(-units))
        raise shortage(holding.organisation_id, holding.asset_id, available=holding.units, needed=-units)


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"


def _write(numbered: Sequence[tuple[int, NewEntry]], *, settlement_id: int | None, at: datetime) -> None:
    legs = [(number, leg) for number, entry in numbered for leg in entry.legs]
    held = _lock_holdings(end for _, leg in legs for end in (leg.debited_id, leg.credited_id))
    _refuse_overdraft(held, [leg for _, leg in legs])
    day = business_date(at)
    with connection.cursor() as cursor:
        try:
            cursor.execute(
                """INSERT INTO settlement_entry
                       (id, kind, at, business_date, maker_id, checker_id, basis, settlement_id)
                   SELECT id, kind, %s, %s, maker_id, checker_id, basis, %s
                   FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::text[])
                        AS e (id, kind, maker_id, checker_id, basis)""",
                [
                    at,
                    day,
                    settlement_id,
                    [number for number, _ in numbered],
                    [entry.kind.value for _, entry in numbered],
                    [entry.maker_id for _, entry in numbered],
                    [entry.checker_id for _, entry in numbered],
                    [entry.basis for _, entry in numbered],
                ],
            )
        except IntegrityError as error:
            if "the day of the entry is sealed" not in str(error):  # Of `entry_is_of_an_open_day`.
                raise
            raise DaySealed from error
        for number, entry in numbered:
            if entry.named is not None:  # Before the legs: the trigger on legs looks for it.
                cursor.execute(
                    "INSERT INTO settlement_holdentry (entry_id, hold_id, kind, lift_id) VALUES (%s, %s, %s, %s)",
                    [number, entry.named.hold_id, entry.named.kind.value, entry.named.lift_id],
                )
        cursor.execute(
            """INSERT INTO settlement_leg (entry_id, asset_id, debited_id, credited_id, units)
               SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])""",
            [
                [number for number, _ in legs],
                [leg.asset_id for _, leg in legs],
                [leg.debited_id for _, leg in legs],
                [leg.credited_id for _, leg in legs],
                [leg.units for _, leg in legs],
            ],
        )
    _move_serials(held, legs)
    _catch(held, [leg for _, leg in legs], at)


def _catch(held: Mapping[int, _Held], legs: Sequence[NewLeg], at: datetime) -> None:
    """Let open freezes take what has become available, wherever it came from; nearly always there is none.

    Asked after the holdings are locked, so that a freeze placed meanwhile is seen. docs/decisions/0018 says why here.
    """
    reached = {
        (holding.asset_id, holding.organisation_id)
        for holding in (held[leg.credited_id] for leg in legs)
        if holding.purpose is Purpose.AVAILABLE and holding.kind is AssetKind.CREDIT
    }
    if not reached:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT k.organisation_id, k.asset_id
               FROM unnest(%s::bigint[], %s::bigint[]) AS k (asset_id, organisation_id)
               JOIN settlement_hold h ON h.asset_id = k.asset_id AND h.organisation_id = k.organisation_id
                AND h.open_units > 0
               ORDER BY 1, 2""",
            [list(column) for column in zip(*reached, strict=True)],
        )
        found = cursor.fetchall()
    if found:
        from settlement.services.stacks import catch_up_freezes  # It posts entries itself.

        for organisation_id, asset_id in found:
            catch_up_freezes(organisation_id=organisation_id, asset_id=asset_id, at=at)


def _move_serials(held: Mapping[int, _Held], legs: Sequence[tuple[int, NewLeg]]) -> None:
    """Let the serial blocks follow the credits: roots of new batches, then all pieces at once, then whole blocks."""
    takes: dict[int, list[rules.Take]] = defaultdict(list)
    named: dict[int, list[rules.NamedTake]] = defaultdict(list)
    for number, leg in legs:
        source = held[leg.debited_id]
        if source.kind is not AssetKind.CREDIT:
            continue
        if source.purpose is Purpose.ISSUANCE:
            _lay_root(number, leg)
        elif leg.serials:
            named[leg.debited_id] += [
                rules.NamedTake(part.first, part.last, leg.credited_id, number) for part in leg.serials
            ]
        else:
            takes[leg.debited_id].append(rules.Take(leg.units, leg.credited_id, number))
    if not takes and not named:
        return
    assert takes.keys().isdisjoint(named), "of one holding, all serials are named, or none"
    pieces, handovers = [], []
    if takes:
        needed = {holding_id: sum(take.units for take in wanted) for holding_id, wanted in takes.items()}
        blocks = _blocks_of(needed)
        for holding_id in sorted(takes):
            cut, whole = rules.plan_moves(blocks[holding_id], takes[holding_id])
            pieces += [(held[holding_id].asset_id, piece) for piece in cut]
            handovers += whole
    for holding_id in sorted(named):
        try:
            cut, whole = rules.plan_named_moves(_blocks_with(holding_id, named[holding_id]), named[holding_id])
        except rules.SerialsElsewhere as error:
            raise SerialsElsewhere(serials=_printed(named[holding_id])) from error
        pieces += [(held[holding_id].asset_id, piece) for piece in cut]
        handovers += whole
    with connection.cursor() as cursor:
        if pieces:
            cursor.execute(
                """INSERT INTO settlement_serialblock
                       (asset_id, parent_id, holding_id, entry_id, first_serial, last_serial)
                   SELECT * FROM unnest(
                       %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])""",
                [
                    [asset_id for asset_id, _ in pieces],
                    [piece.parent_id for _, piece in pieces],
                    [piece.holding_id for _, piece in pieces],
                    [piece.entry_id for _, piece in pieces],
                    [piece.first for _, piece in pieces],
                    [piece.last for _, piece in pieces],
                ],
            )
        if handovers:
            cursor.execute(
                """UPDATE settlement_serialblock b SET holding_id = m.holding_id, entry_id = m.entry_id
                   FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS m (id, holding_id, entry_id)
                   WHERE b.id = m.id""",
                [
                    [move.block_id for move in handovers],
                    [move.holding_id for move in handovers],
                    [move.entry_id for move in handovers],
                ],
            )


def _lay_root(entry_id: int, leg: NewLeg) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO settlement_serialblock (asset_id, parent_id, holding_id, entry_id, first_serial, last_serial)
               SELECT id, NULL, %s, %s, first_serial, last_serial FROM settlement_asset WHERE id = %s""",
            [leg.credited_id, entry_id, leg.asset_id],
        )


def _blocks_of(needed: Mapping[int, int]) -> dict[int, list[rules.Block]]:
    """Return, for each locked holding, its first blocks in serial order, as many as cover the units needed of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT b.holding_id, b.id, b.first_serial, b.last_serial
               FROM (SELECT holding_id, id, first_serial, last_serial,
                            sum(last_serial - first_serial + 1) OVER (PARTITION BY holding_id ORDER BY first_serial)
                              - (last_serial - first_serial + 1) AS before
                     FROM settlement_serialblock WHERE holding_id = ANY (%s)) b
               JOIN unnest(%s::bigint[], %s::bigint[]) AS n (holding_id, units) ON n.holding_id = b.holding_id
               WHERE b.before < n.units ORDER BY b.holding_id, b.first_serial""",
            [list(needed), list(needed), list(needed.values())],
        )
        blocks: dict[int, list[rules.Block]] = defaultdict(list)
        for holding_id, block_id, first, last in cursor:
            blocks[holding_id].append(rules.Block(block_id, first, last))
        return blocks


def _blocks_with(holding_id: int, takes: Sequence[rules.NamedTake]) -> list[rules.Block]:
    """Return the blocks of a locked holding in which any of the named serials stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT b.id, b.first_serial, b.last_serial FROM settlement_serialblock b
               JOIN unnest(%s::bigint[], %s::bigint[]) AS n (first, last)
                 ON b.first_serial <= n.last AND b.last_serial >= n.first
               WHERE b.holding_id = %s""",
            [[take.first for take in takes], [take.last for take in takes], holding_id],
        )
        return [rules.Block(*row) for row in cursor]


def _printed(takes: Sequence[rules.NamedTake]) -> str:
    return ", ".join(f"{take.first}–{take.last}" for take in takes)


def make_room() -> int:
    """Add the partitions that entries and legs will need next; return how many were added."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT settlement_make_room()")
        return int(cursor.fetchone()[0])


def cash_asset() -> Asset:
    """Return the currency, the one asset of its kind (made by a migration)."""
    return Asset.objects.get(kind=AssetKind.CASH)


def holding_of(organisation_id: int | None, asset_id: int, purpose: Purpose) -> Holding:
    """Return one holding, opened if need be."""
    (number,) = open_holdings([(organisation_id, asset_id, purpose)]).values()
    return Holding.objects.get(pk=number)
