"""What of ledger and log goes into an evidence pack: the entries of some batches, and proofs of many leaves at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import connection

from settlement.models import LogLeaf, LogPosition
from settlement.queries.log import latest_head, span_hashes
from settlement.rules.merkle import inclusion_spans

AT_ONCE = 500
Item = TypeVar("Item")


@dataclass(frozen=True)
class PackedEntry:
    """An entry in the words of its leaf, made anew from the ledger's tables; `text` is None where it has no leaf."""

    entry_id: int
    kind: str
    at: datetime
    key: str
    basis: str
    text: str | None


@dataclass(frozen=True)
class PackedLeg:
    """One leg of a batch's entry: which holders (None: the system's), which purposes, how many units of which asset."""

    entry_id: int
    asset_id: int
    code: str
    giver_id: int | None
    gave: str
    taker_id: int | None
    took: str
    units: int


@dataclass(frozen=True)
class PackHead:
    """The signed head that all proofs of a pack lead to; `root` in hex."""

    size: int
    root: str
    note: str


@dataclass(frozen=True)
class PackedProof:
    """A sealed leaf and its path to the head of a pack."""

    subject: str
    position: int
    leaf_hash: str
    text: str
    path: tuple[str, ...]


def pack_head() -> PackHead | None:
    """Return the newest signed head, if there is one."""
    head = latest_head()
    return PackHead(head.size, bytes(head.root).hex(), head.note) if head else None


def entries_of_batches(asset_ids: Sequence[int]) -> list[int]:
    """Return the entries that moved credits of some batches, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT l.entry_id FROM settlement_holding h
               JOIN settlement_leg l ON l.credited_id = h.id WHERE h.asset_id = ANY (%s) ORDER BY 1""",
            [list(asset_ids)],
        )
        return [row[0] for row in cursor]


def packed_entries(entry_ids: Sequence[int]) -> Iterator[PackedEntry]:
    """Give entries with their leaves' words as the tables say them now, in their order."""
    for part in _parts(entry_ids):
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT e.id, e.kind, e.at, k.key, e.basis, t.text
                   FROM settlement_entry e JOIN settlement_entrykey k ON k.entry_id = e.id
                   LEFT JOIN settlement_logleaf f ON f.entry_id = e.id
                   LEFT JOIN LATERAL settlement_entry_texts(ARRAY[e.id], ARRAY[f.salt]) t ON true
                   WHERE e.id = ANY (%s) ORDER BY e.id""",
                [part],
            )
            yield from (PackedEntry(*row) for row in cursor.fetchall())


def packed_legs(entry_ids: Sequence[int]) -> Iterator[PackedLeg]:
    """Give the legs of entries, in the order of the entries."""
    for part in _parts(entry_ids):
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT l.entry_id, l.asset_id, a.code, d.organisation_id, d.purpose, c.organisation_id, c.purpose,
                          l.units
                   FROM settlement_leg l JOIN settlement_asset a ON a.id = l.asset_id
                   JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
                   WHERE l.entry_id = ANY (%s) ORDER BY l.entry_id, l.id""",
                [part],
            )
            yield from (PackedLeg(*row) for row in cursor.fetchall())


def packed_proofs(subjects: Sequence[str], head: PackHead) -> Iterator[PackedProof]:
    """Give the proofs that the leaves of some subjects are in the tree of a head; others are left out."""
    for part in _parts(subjects):
        places = list(
            LogPosition.objects.select_related("leaf")
            .filter(leaf__subject__in=part, position__lt=head.size)
            .order_by("position")
        )
        spans = [inclusion_spans(place.position, head.size) for place in places]
        hashes = iter(span_hashes([span for own in spans for span in own]))
        for place, own in zip(places, spans, strict=True):
            path = tuple(next(hashes).hex() for _span in own)
            assert place.leaf is not None
            yield PackedProof(place.leaf.subject, place.position, bytes(place.hash).hex(), place.leaf.text, path)


def leaves_there(subjects: Sequence[str]) -> set[str]:
    """Return which of some subjects have a leaf, sealed or waiting."""
    return set(LogLeaf.objects.filter(subject__in=subjects).values_list("subject", flat=True))


def _parts(every: Sequence[Item]) -> Iterator[list[Item]]:
    for start in range(0, len(every), AT_ONCE):
        yield list(every[start : start + AT_ONCE])
