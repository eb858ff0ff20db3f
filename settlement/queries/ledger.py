"""The ledger searched: entries by number, key, kind, day, holder and batch, and one entry with all of its legs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import connection

from accounts.queries import organisations
from accounts.rules import Actor, Role
from settlement.errors import EntryNotThere
from settlement.models import Asset, EntryReversal, SerialMove
from settlement.queries.assets import text_of, view
from settlement.queries.passport import NAMED_KINDS
from settlement.rules import EntryKind, Purpose, SerialRange

WATCHERS = (Role.AUDITOR, Role.SETTLEMENT_OPERATOR)
MUTUAL = frozenset({EntryKind.TRADE, EntryKind.TRANSFER, EntryKind.COMPENSATION})  # Both sides know each other.


@dataclass(frozen=True)
class LedgerQuery:
    """What is looked for; what is not given does not matter.

    text:   an entry's number, its key (`trade:15`), or what it rests on (`withdrawal:3`), exactly.
    holder: an organisation. batch: a project's code, or a batch's.
    before: entries with a lower number, for the next page.
    """

    text: str = ""
    kind: EntryKind | None = None
    holder_id: int | None = None
    batch: str = ""
    first: date | None = None
    last: date | None = None
    before: int | None = None


@dataclass(frozen=True)
class FoundEntry:
    """One entry as a list shows it: what moved in all, in fen and tonnes."""

    id: int
    kind: EntryKind
    at: datetime
    business_date: date
    key: str
    basis: str
    fen: int
    units: int
    legs: int


def search_ledger(actor: Actor, query: LedgerQuery, *, limit: int = 50) -> list[FoundEntry]:
    """Return the entries `actor` may see that fit, newest first: all for watchers, else those that move its own."""
    own = None if actor.has(*WATCHERS) else actor.organisation_id or 0
    holders = [one for one in (own, query.holder_id) if one is not None]
    conditions: list[str] = ["true"]
    values: list[str | int | date | None] = []

    def only(condition: str, *given: str | int | date | None) -> None:
        conditions.append(condition)
        values.extend(given)

    if query.text:
        number = int(query.text) if query.text.isascii() and query.text.isdecimal() and len(query.text) < 19 else None
        only(
            "(e.id = %s OR e.id = (SELECT entry_id FROM settlement_entrykey WHERE key = %s) OR e.basis = %s)",
            number,
            query.text,
            query.text,
        )
    if query.kind:
        only("e.kind = %s", query.kind.value)
    if query.first:
        only("e.business_date >= %s", query.first)
    if query.last:
        only("e.business_date <= %s", query.last)
    if query.before:
        only("e.id < %s", query.before)
    for holder_id in dict.fromkeys(holders):
        only(
            """e.id IN (SELECT l.entry_id FROM settlement_holding h JOIN settlement_leg l ON l.debited_id = h.id
                        WHERE h.organisation_id = %s
                        UNION SELECT l.entry_id FROM settlement_holding h JOIN settlement_leg l ON l.credited_id = h.id
                        WHERE h.organisation_id = %s)""",
            holder_id,
            holder_id,
        )
    if query.batch:
        only(
            """e.id IN (SELECT l.entry_id FROM settlement_asset a JOIN settlement_holding h ON h.asset_id = a.id
                        JOIN settlement_leg l ON l.credited_id = h.id
                        WHERE a.kind = 'credit' AND (a.project_code = %s OR a.code = %s))""",
            query.batch,
            query.batch,
        )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH found AS (
                   SELECT e.id, e.kind, e.at, e.business_date, e.basis FROM settlement_entry e
                   WHERE {" AND ".join(conditions)} ORDER BY e.id DESC LIMIT %s
               )
               SELECT f.id, f.kind, f.at, f.business_date, k.key, f.basis, l.fen, l.units, l.legs
               FROM found f JOIN settlement_entrykey k ON k.entry_id = f.id
               CROSS JOIN LATERAL (
                   SELECT coalesce(sum(l.units) FILTER (WHERE a.kind = 'cash'), 0)::bigint AS fen,
                          coalesce(sum(l.units) FILTER (WHERE a.kind = 'credit'), 0)::bigint AS units, count(*) AS legs
                   FROM settlement_leg l JOIN settlement_asset a ON a.id = l.asset_id
                   JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
                   WHERE l.entry_id = f.id AND (%s::bigint IS NULL OR %s IN (d.organisation_id, c.organisation_id))
               ) l ORDER BY f.id DESC""",  # noqa: S608 (the conditions are this module's own)
            [*values, limit, own, own],
        )
        return [FoundEntry(row[0], EntryKind(row[1]), *row[2:]) for row in cursor]


@dataclass(frozen=True)
class EntryEnd:
    """One end of a leg: whose holding (None: the system's) for which purpose."""

    organisation_id: int | None
    purpose: Purpose


@dataclass(frozen=True)
class EntryLeg:
    """One movement of an entry. `name` and `serials` are empty for money; units in fen or tCO2e."""

    debited: EntryEnd
    credited: EntryEnd
    units: int
    name: str = ""
    code: str = ""
    serials: tuple[str, ...] = ()

    @property
    def is_cash(self) -> bool:
        """Whether money moved."""
        return not self.code


@dataclass(frozen=True)
class LedgerEntry:
    """One entry of the ledger with the legs its reader may see; persons are told to watchers alone."""

    id: int
    key: str
    kind: EntryKind
    at: datetime
    recorded_at: datetime
    business_date: date
    basis: str
    maker_id: int | None
    checker_id: int | None
    reverses_id: int | None
    reversed_by_id: int | None
    legs: tuple[EntryLeg, ...] = field(default=())


def ledger_entry(actor: Actor, entry_id: int) -> LedgerEntry:
    """Return one entry: whole for watchers, else the legs on the own holdings. Raises EntryNotThere."""
    watches = actor.has(*WATCHERS)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT k.key, e.kind, e.at, e.recorded_at, e.business_date, e.basis, e.maker_id, e.checker_id
               FROM settlement_entry e JOIN settlement_entrykey k ON k.entry_id = e.id WHERE e.id = %s""",
            [entry_id],
        )
        head = cursor.fetchone()
    legs = entry_legs(actor, [entry_id]).get(entry_id, [])
    if head is None or not legs:
        raise EntryNotThere
    reversal = EntryReversal.objects.filter(entry_id=entry_id).first()
    undone = EntryReversal.objects.filter(reverses_id=entry_id).first()
    return LedgerEntry(
        id=entry_id,
        key=head[0],
        kind=EntryKind(head[1]),
        at=head[2],
        recorded_at=head[3],
        business_date=head[4],
        basis=head[5],
        maker_id=head[6] if watches else None,
        checker_id=head[7] if watches else None,
        reverses_id=reversal.reverses_id if reversal else None,
        reversed_by_id=undone.entry_id if undone else None,
        legs=tuple(legs),
    )


def entry_legs(actor: Actor, entry_ids: Sequence[int]) -> dict[int, list[EntryLeg]]:
    """Return the legs of some entries that `actor` may see, by entry, in their order; in three queries."""
    own = None if actor.has(*WATCHERS) else actor.organisation_id or 0
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT l.entry_id, l.asset_id, l.debited_id, l.credited_id, l.units, d.organisation_id, d.purpose,
                      c.organisation_id, c.purpose
               FROM settlement_leg l
               JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
               WHERE l.entry_id = ANY (%s) AND (%s::bigint IS NULL OR %s IN (d.organisation_id, c.organisation_id))
               ORDER BY l.id""",
            [list(entry_ids), own, own],
        )
        rows = cursor.fetchall()
    credits_ = {row.pk: view(row).credit for row in Asset.objects.filter(pk__in={row[1] for row in rows})}
    moved: dict[tuple[int, ...], list[SerialRange]] = defaultdict(list)
    moves = SerialMove.objects.filter(entry_id__in=entry_ids).order_by("first_serial")
    for *key, first, last in moves.values_list(
        "entry_id", "asset_id", "debited_id", "credited_id", "first_serial", "last_serial"
    ):
        moved[tuple(key)].append(SerialRange(first, last))
    legs: dict[int, list[EntryLeg]] = defaultdict(list)
    for entry_id, asset_id, debited_id, credited_id, units, giver, gave, taker, took in rows:
        credit = credits_[asset_id]
        parts = moved[entry_id, asset_id, debited_id, credited_id]
        legs[entry_id].append(
            EntryLeg(
                EntryEnd(giver, Purpose(gave)),
                EntryEnd(taker, Purpose(took)),
                units,
                name=f"{credit.project_name} {credit.vintage_year}" if credit else "",
                code=credit.project_code if credit else "",
                serials=tuple(text_of(credit, part) for part in parts) if credit else (),
            )
        )
    return legs


def names_in_legs(actor: Actor, kind: EntryKind, legs: Iterable[EntryLeg]) -> dict[int, str]:
    """Return the names of those holders in an entry's legs whom `actor` may know.

    Watchers know everybody who is no natural person; parties of a trade, a transfer or a compensation know each other.
    """
    ids = {end.organisation_id for leg in legs for end in (leg.debited, leg.credited) if end.organisation_id}
    found = organisations(ids)
    if actor.has(*WATCHERS):
        return {number: one.name for number, one in found.items() if one.kind in NAMED_KINDS}
    return {number: one.name for number, one in found.items() if kind in MUTUAL or number == actor.organisation_id}
