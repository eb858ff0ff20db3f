"""The transparency log goes on: leaves get their places in the tree, and its head is signed at a fixed rhythm."""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile

from django.db import connection, transaction

from rulebook.queries import rule
from settlement import queries
from settlement.models import LogKey
from settlement.rules.merkle import grown, whole_subtrees
from settlement.rules.seals import TREE, Head, Signer

LOCK = 20260305  # Of the one who seals or signs; it ends with the transaction of a killed worker.
BATCH = 5_000


@transaction.atomic
def seal_leaves(*, most: int = BATCH) -> int:
    """Give the waiting leaves their places, at most `most`, and return how many got one.

    In the order of their ids, which are drawn at commit, after all locks: what rests on another act comes after it.
    Only those before which nothing can come any more, and none after one that has to wait: ids are given before a
    commit, and a row that commits late would be passed over for ever by `id > last`.
    """
    if not _alone():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT f.id, f.text, f.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
               FROM settlement_logqueue q JOIN settlement_logleaf f ON f.id = q.leaf_id
               ORDER BY q.leaf_id LIMIT %s""",
            [most],
        )
        leaves = [(leaf_id, text) for leaf_id, text, _ in takewhile(lambda row: row[2], cursor.fetchall())]
        if not leaves:
            return 0
        size = queries.log_size()
        kept = queries.nodes(whole_subtrees((0, size)))
        hashes = [TREE.leaf(text.encode()) for _, text in leaves]
        made = [(level, index, value) for (level, index), value in grown(kept, size, hashes, TREE) if level]
        ids = [leaf_id for leaf_id, _ in leaves]
        cursor.execute(
            """INSERT INTO settlement_logposition (position, leaf_id, hash)
               SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[])""",
            [list(range(size, size + len(ids))), ids, hashes],
        )
        if made:
            cursor.execute(
                """INSERT INTO settlement_lognode (level, index, hash)
                   SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])""",
                [list(column) for column in zip(*made, strict=True)],
            )
        cursor.execute("DELETE FROM settlement_logqueue WHERE leaf_id = ANY (%s)", [ids])
    return len(ids)


@transaction.atomic
def sign_head(*, signer: Signer, origin: str, at: datetime) -> int | None:
    """Sign the head of the tree as it stands, if one is due, and return its size.

    The rhythm is the server's own time, also where nothing was added: who watches sees that the log is alive.
    """
    every = int(rule("log.head_every_seconds", at=at).value)
    if not _alone() or not queries.head_is_due(every_seconds=every):
        return None
    LogKey.objects.get_or_create(verifier_key=signer.verifier_key, defaults={"at": at})
    size = queries.log_size()
    (root,) = queries.span_hashes([(0, size)])
    note = signer.signed(Head(origin, size, root, queries.server_time()))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO settlement_loghead (size, root, note, at) VALUES (%s, %s, %s, %s)", [size, root, note, at]
        )
    return size


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])
