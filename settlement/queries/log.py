"""The transparency log as it stands: heads, places, proofs. Hashes are anybody's, what a leaf says is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import connection
from django.db.models import Max

from accounts.rules import Actor, Role
from settlement.errors import HeadNotThere, LeafNotSealed, LeafNotThere
from settlement.models import LogHead, LogKey, LogLeaf, LogPosition, LogQueue
from settlement.rules.merkle import Node, Span, consistency_spans, folded, inclusion_spans, whole_subtrees
from settlement.rules.seals import TREE

HEADS_AT_ONCE = 1_000  # A year of heads is half a million.
# Whoever watches over the ledger reads every leaf; a holder those of entries that moved something of its own.
READERS = (Role.AUDITOR, Role.SETTLEMENT_OPERATOR, Role.ECOLOGY_RECORDER)


@dataclass(frozen=True)
class InclusionProof:
    """That a leaf stands at a place of the tree of a signed head. `text` is empty for who may not read it."""

    subject: str
    position: int
    leaf_hash: bytes
    text: str
    size: int
    path: tuple[bytes, ...]
    note: str


@dataclass(frozen=True)
class ConsistencyProof:
    """That the tree of one signed head is the beginning of that of a later one."""

    old_note: str
    new_note: str
    old_size: int
    new_size: int
    path: tuple[bytes, ...]


def log_size() -> int:
    """Return how many leaves have their place."""
    last = LogPosition.objects.aggregate(last=Max("position"))["last"]
    return 0 if last is None else int(last) + 1


def waiting_leaves() -> int:
    """Return how many leaves wait for their place."""
    return LogQueue.objects.count()


def log_heads(*, before: int | None = None, limit: int = 100) -> list[LogHead]:
    """Return the signed heads, newest first; with `before` those before that one."""
    rows = LogHead.objects.order_by("-pk")
    return list((rows.filter(pk__lt=before) if before is not None else rows)[:limit])


def latest_head() -> LogHead | None:
    """Return the newest signed head, if there is one."""
    return LogHead.objects.order_by("-pk").first()


def verifier_keys() -> list[LogKey]:
    """Return the public keys with which heads were signed, oldest first."""
    return list(LogKey.objects.order_by("pk"))


def nodes(wanted: Iterable[Node]) -> dict[Node, bytes]:
    """Return the kept hashes of whole subtrees, single leaves included."""
    asked = sorted(set(wanted))
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT k.level, k.index, coalesce(n.hash, p.hash)
               FROM unnest(%s::int[], %s::bigint[]) AS k (level, index)
               LEFT JOIN settlement_lognode n ON n.level = k.level AND n.index = k.index
               LEFT JOIN settlement_logposition p ON k.level = 0 AND p.position = k.index""",
            [[level for level, _ in asked], [index for _, index in asked]],
        )
        return {(level, index): bytes(value) for level, index, value in cursor.fetchall() if value is not None}


def span_hashes(spans: Sequence[Span]) -> list[bytes]:
    """Return the hash over each span of leaves, by one look-up of nodes for all."""
    parts = [whole_subtrees(span) for span in spans]
    kept = nodes(node for part in parts for node in part)
    return [folded([kept[node] for node in part], TREE) for part in parts]


def inclusion_proof(actor: Actor, *, subject: str, size: int | None = None) -> InclusionProof:
    """Return the proof that the leaf of a subject (`entry:12`) is in the tree of a signed head, by default the newest.

    Raises LeafNotThere, LeafNotSealed (it is not in a signed head yet), HeadNotThere (no head of that size).
    """
    leaf = None if "\0" in subject else LogLeaf.objects.filter(subject=subject).first()
    if leaf is None:
        raise LeafNotThere
    place = LogPosition.objects.filter(leaf=leaf).first()
    head = _head(size) if size is not None else latest_head()
    if place is None or head is None or place.position >= head.size:
        raise LeafNotSealed
    return InclusionProof(
        subject,
        place.position,
        bytes(place.hash),
        leaf.text if _may_read(actor, leaf) else "",
        head.size,
        tuple(span_hashes(inclusion_spans(place.position, head.size))),
        head.note,
    )


def consistency_proof(*, old: int, new: int) -> ConsistencyProof:
    """Return the proof that the head of size `old` is the beginning of that of `new`. Raises HeadNotThere."""
    if not 0 < old <= new:
        raise HeadNotThere
    older, newer = _head(old), _head(new)
    path = tuple(span_hashes(consistency_spans(old, new))) if old < new else ()
    return ConsistencyProof(older.note, newer.note, old, new, path)


def _head(size: int) -> LogHead:
    head = LogHead.objects.filter(size=size).order_by("pk").first()
    if head is None:
        raise HeadNotThere
    return head


def _may_read(actor: Actor, leaf: LogLeaf) -> bool:
    if actor.has(*READERS):
        return True
    if actor.organisation_id is None or leaf.entry_id is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (
                   SELECT FROM settlement_leg l JOIN settlement_holding h ON h.id IN (l.debited_id, l.credited_id)
                   WHERE l.entry_id = %s AND h.organisation_id = %s)""",
            [leaf.entry_id, actor.organisation_id],
        )
        return bool(cursor.fetchone()[0])


def differing_heads(*, most: int) -> list[int]:
    """Return the ids of signed heads, at most `most`, whose root is not that of the tree as it stands."""
    found: list[int] = []
    heads = LogHead.objects.order_by("pk").values_list("pk", "size", "root").iterator(chunk_size=HEADS_AT_ONCE)
    while (part := list(islice(heads, HEADS_AT_ONCE))) and len(found) < most:
        sizes = sorted({size for _, size, _ in part})
        roots = dict(zip(sizes, span_hashes([(0, size) for size in sizes]), strict=True))
        found += [number for number, size, root in part if roots[size] != bytes(root)]
    return found[:most]


def head_is_due(*, every_seconds: int) -> bool:
    """Tell whether a new head is to be signed, by the server's own clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(max(recorded_at) <= clock_timestamp() - %s * interval '1 second', true)
               FROM settlement_loghead""",
            [every_seconds],
        )
        return bool(cursor.fetchone()[0])


def server_time() -> datetime:
    """Return the database's own clock, which nobody moves."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment
