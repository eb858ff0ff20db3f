"""A second reading of the ledger: all holdings and all serials from legs and serial moves alone, beside what is stored.

Whoever trusts the first reading (triggers, services, proofs) has this one to compare: it shares no code with them and
asks the database for rows in order, nothing more; every sum and every range is worked out here. It even writes anew
the digest of each entry from its legs, by the words of the format (SHA-256 over the compact JSON of kind, legs and
basis), so that a leg that was changed is found where it stands and not only in the sum.

One REPEATABLE READ snapshot over a connection of its own; rows come through server-side cursors. Memory: about 0.3 kB a
holding and 0.15 kB a serial block, nothing for an entry, a leg or a move: a million of each of the two need 0.5 GB.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from settlement.queries.snapshot import snapshot

MOST_KEPT = 100
TELL_EVERY = 20_000  # Rows between two words about progress.

HOLDINGS = "SELECT id, organisation_id, asset_id, purpose, units FROM settlement_holding ORDER BY id"
ASSETS = "SELECT id, kind, first_serial, last_serial FROM settlement_asset ORDER BY id"
ENTRIES = """SELECT e.id, e.kind, e.basis, k.digest FROM settlement_entry e
             LEFT JOIN settlement_entrykey k ON k.entry_id = e.id ORDER BY e.id, k.key"""
LEGS = "SELECT entry_id, id, asset_id, debited_id, credited_id, units FROM settlement_leg ORDER BY entry_id, id"
MOVES_OF_ENTRIES = """SELECT entry_id, id, asset_id, debited_id, credited_id, first_serial, last_serial
                      FROM settlement_serialmove ORDER BY entry_id, id"""
MOVES = """SELECT id, entry_id, asset_id, debited_id, credited_id, first_serial, last_serial
           FROM settlement_serialmove ORDER BY id"""
BLOCKS = """SELECT asset_id, id, holding_id, first_serial, last_serial
            FROM settlement_serialblock ORDER BY asset_id, first_serial, id"""
ROUGHLY = """SELECT coalesce((SELECT sum(greatest(c.reltuples, 0))
             FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent IN ('settlement_entry'::regclass, 'settlement_leg'::regclass)), 0)
             + 2 * (SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'settlement_serialmove'::regclass)
             + (SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'settlement_serialblock'::regclass)"""


@dataclass(frozen=True)
class Reading:
    """What a reading gave. `found` counts the differences; `differences` are the first hundred, each with its place."""

    snapshot: str
    last_entry_id: int
    legs_read: int
    moves_read: int
    seconds: Decimal
    found: int
    differences: tuple[dict[str, Any], ...]


@dataclass
class Place:
    """A stored holding."""

    organisation_id: int | None
    asset_id: int
    purpose: str
    units: int


@dataclass
class Ranges:
    """Which holding each serial of a batch is in: ranges in order that never overlap, as three equal columns."""

    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    holders: list[int] = field(default_factory=list)

    def put(self, first: int, last: int, holder: int) -> list[tuple[int, int, int | None]]:
        """Put serials `first`..`last` into a holding; return where each part of them was (None: nowhere yet)."""
        begin = max(bisect_right(self.firsts, first) - 1, 0)
        while begin < len(self.firsts) and self.lasts[begin] < first:
            begin += 1
        end, reached = begin, first
        were: list[tuple[int, int, int | None]] = []
        kept: list[tuple[int, int, int]] = []
        while end < len(self.firsts) and self.firsts[end] <= last:
            old_first, old_last, old_holder = self.firsts[end], self.lasts[end], self.holders[end]
            if old_first > reached:
                were.append((reached, old_first - 1, None))
            were.append((max(old_first, first), min(old_last, last), old_holder))
            if old_first < first:
                kept.append((old_first, first - 1, old_holder))
            reached = old_last + 1
            end += 1
        if reached <= last:
            were.append((reached, last, None))
        kept.append((first, last, holder))
        if reached > last + 1:
            kept.append((last + 1, reached - 1, self.holders[end - 1]))
        self.firsts[begin:end] = [one[0] for one in kept]
        self.lasts[begin:end] = [one[1] for one in kept]
        self.holders[begin:end] = [one[2] for one in kept]
        return were

    def parts(self) -> Iterator[tuple[int, int, int]]:
        return zip(self.firsts, self.lasts, self.holders, strict=True)


class _Reader:
    """One reading under way."""

    def __init__(self, link: Any, tell: Callable[[int, int], None]) -> None:
        self.link, self.tell = link, tell
        self.found, self.differences = 0, list[dict[str, Any]]()
        self.holdings: dict[int, Place] = {}
        self.assets: dict[int, tuple[str, int | None, int | None]] = {}
        self.by_legs: dict[int, int] = defaultdict(int)
        self.by_moves: dict[int, Ranges] = defaultdict(Ranges)
        self.last_entry_id = self.legs_read = self.moves_read = self.rows = self.roughly = 0

    def differs(self, what: str, **place: Any) -> None:
        self.found += 1
        if len(self.differences) < MOST_KEPT:
            self.differences.append({"what": what, **place})

    def rows_of(self, statement: str) -> Iterator[tuple[Any, ...]]:
        with self.link.chunked_cursor() as cursor:
            cursor.execute(statement)
            for row in cursor:
                self.rows += 1
                if self.rows % TELL_EVERY == 0:
                    self.tell(self.rows, max(self.roughly, self.rows))
                yield row

    def read(self) -> None:
        with self.link.cursor() as cursor:
            cursor.execute(ROUGHLY)
            self.roughly = int(cursor.fetchone()[0])
        for number, organisation_id, asset_id, purpose, units in self.rows_of(HOLDINGS):
            self.holdings[number] = Place(organisation_id, asset_id, purpose, units)
        for number, kind, first, last in self.rows_of(ASSETS):
            self.assets[number] = (kind, first, last)
        self.read_entries()
        self.read_moves()
        self.compare_holdings()
        self.compare_blocks()
        self.tell(self.rows, self.rows)

    def read_entries(self) -> None:
        """Add up all legs, and hold each entry against its digest and its serial moves."""
        streams = (self.rows_of(ENTRIES), self.rows_of(LEGS), self.rows_of(MOVES_OF_ENTRIES))
        tagged = (_tagged(number, stream) for number, stream in enumerate(streams))
        for entry_id, rows in groupby(heapq.merge(*tagged, key=itemgetter(0, 1)), key=itemgetter(0)):
            parts: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
            for _, number, row in rows:
                parts[number].append(row)
            self.read_entry(entry_id, *parts)

    def read_entry(self, entry_id: int, heads: list[Any], legs: list[Any], moves: list[Any]) -> None:
        serials: dict[tuple[int, int, int], int] = defaultdict(int)
        for _, _, asset_id, debited, credited, units in legs:
            self.legs_read += 1
            self.by_legs[debited] -= units
            self.by_legs[credited] += units
            if self.assets.get(asset_id, ("",))[0] == "credit":
                serials[asset_id, debited, credited] += units
        for _, _, asset_id, debited, credited, first, last in moves:
            serials[asset_id, debited, credited] -= last - first + 1
        numbers = [leg[1] for leg in legs]
        if heads:
            self.last_entry_id = entry_id
            _, kind, basis, digest = heads[0]
            if len(heads) != 1 or digest not in _digests(kind, legs, moves, basis):
                self.differs("entry is not as it was posted", entry=entry_id, legs=numbers, keys=len(heads))
        else:
            self.differs("no such entry", entry=entry_id, legs=numbers, moves=[move[1] for move in moves])
        for (asset_id, debited, credited), units in serials.items():
            if units:
                self.differs(
                    "legs and serials of an entry",
                    entry=entry_id,
                    batch=asset_id,
                    debited=debited,
                    credited=credited,
                    legs_more_by=units,
                )

    def read_moves(self) -> None:
        """Follow every serial from its batch's source on, and note each move that takes one from where it is not."""
        for move_id, entry_id, asset_id, debited, credited, first, last in self.rows_of(MOVES):
            self.moves_read += 1
            source = self.holdings.get(debited)
            expected = None if source is not None and source.purpose == "issuance" else debited
            for begin, end, was in self.by_moves[asset_id].put(first, last, credited):
                if was != expected:
                    self.differs(
                        "move from where the serials are not",
                        move=move_id,
                        entry=entry_id,
                        batch=asset_id,
                        first=begin,
                        last=end,
                        says=debited,
                        were_in=was,
                    )

    def compare_holdings(self) -> None:
        lengths: dict[int, int] = defaultdict(int)
        for ranges in self.by_moves.values():
            for first, last, holder in ranges.parts():
                lengths[holder] += last - first + 1
        for number in sorted({*self.by_legs, *lengths} - set(self.holdings)):
            self.differs("no such holding", holding=number, by_legs=self.by_legs[number], by_moves=lengths[number])
        for number, place in self.holdings.items():
            where = {
                "holding": number,
                "organisation": place.organisation_id,
                "asset": place.asset_id,
                "purpose": place.purpose,
            }
            by_legs = self.by_legs.get(number, 0)
            if place.units != by_legs:
                self.differs("units of a holding", **where, stored=place.units, by_legs=by_legs)
            is_serial = self.assets.get(place.asset_id, ("",))[0] == "credit" and place.purpose != "issuance"
            if is_serial and lengths.get(number, 0) != by_legs:
                self.differs("legs and serials of a holding", **where, by_legs=by_legs, by_moves=lengths.get(number, 0))

    def compare_blocks(self) -> None:
        """Hold the stored blocks of each batch against the ranges that the moves gave."""
        seen = set()
        for asset_id, rows in groupby(self.rows_of(BLOCKS), key=itemgetter(0)):
            seen.add(asset_id)
            self.compare_batch(asset_id, ((first, last, holder) for _, _, holder, first, last in rows))
        for asset_id in sorted(set(self.by_moves) - seen):
            self.compare_batch(asset_id, iter(()))

    def compare_batch(self, asset_id: int, blocks: Iterator[tuple[int, int, int]]) -> None:
        _, first, last = self.assets.get(asset_id, ("", None, None))
        ranges = self.by_moves[asset_id] if asset_id in self.by_moves else Ranges()
        if ranges.firsts and (ranges.firsts[0], ranges.lasts[-1]) != (first, last):
            self.differs("moves beyond the batch", batch=asset_id, first=ranges.firsts[0], last=ranges.lasts[-1])
        for begin, end, by_moves, stored in _apart(ranges.parts(), self.in_turn(asset_id, blocks)):
            self.differs("serials", batch=asset_id, first=begin, last=end, stored=stored, by_moves=by_moves)

    def in_turn(self, asset_id: int, blocks: Iterator[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
        """Give the stored blocks one after another; where two overlap, note it and give the rest of the second."""
        reached = 0
        for first, last, holder in blocks:
            if first <= reached or last < first:
                self.differs("blocks overlap", batch=asset_id, first=first, last=min(last, reached), stored=holder)
            if max(first, reached + 1) <= last:
                yield max(first, reached + 1), last, holder
            reached = max(reached, last)


def _tagged(number: int, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, int, tuple[Any, ...]]]:
    return ((row[0], number, row) for row in rows)


def _digests(kind: str, legs: list[Any], moves: list[Any], basis: str) -> tuple[str, str]:
    """Return the two digests an entry may have by the words of the format, see the head of this file.

    Whoever posted it named the serials of its legs, or left to the ledger which ones go. Named ranges stand in order,
    touching ones joined, as a fifth part of a leg.
    """
    ranges: dict[tuple[int, int, int], list[list[int]]] = defaultdict(list)
    for _, _, asset_id, debited, credited, first, last in sorted(moves, key=itemgetter(5)):
        parts = ranges[asset_id, debited, credited]
        if parts and parts[-1][1] + 1 == first:
            parts[-1][1] = last
        else:
            parts.append([first, last])
    plain = [list(leg[2:6]) for leg in legs]
    named = [[*leg, found] if (found := ranges.get((leg[0], leg[1], leg[2]))) else leg for leg in plain]
    return _digest(kind, plain, basis), _digest(kind, named, basis)


def _digest(kind: str, legs: list[Any], basis: str) -> str:
    return hashlib.sha256(json.dumps([kind, legs, basis], separators=(",", ":")).encode()).hexdigest()


def _apart(
    ours: Iterator[tuple[int, int, int]], theirs: Iterator[tuple[int, int, int]]
) -> Iterator[tuple[int, int, int | None, int | None]]:
    """Give the ranges in which two readings put serials into different holdings (None: into none)."""
    one, other, at = next(ours, None), next(theirs, None), 0
    while one or other:
        left = [part for part in (one, other) if part]
        at = max(at, min(part[0] for part in left))
        until = min(part[1] if part[0] <= at else part[0] - 1 for part in left)
        mine = one[2] if one and one[0] <= at else None
        stored = other[2] if other and other[0] <= at else None
        if mine != stored:
            yield at, until, mine, stored
        at = until + 1
        while one and one[1] < at:
            one = next(ours, None)
        while other and other[1] < at:
            other = next(theirs, None)


def read_again(*, tell: Callable[[int, int], None] = lambda done, of: None) -> Reading:
    """Return a second reading of the whole ledger. `tell` hears how many rows were read, of about how many."""
    began = time.monotonic()
    with snapshot() as (link, name):
        reader = _Reader(link, tell)
        reader.read()
    return Reading(
        name,
        reader.last_entry_id,
        reader.legs_read,
        reader.moves_read,
        Decimal(f"{time.monotonic() - began:.3f}"),
        reader.found,
        tuple(reader.differences),
    )
