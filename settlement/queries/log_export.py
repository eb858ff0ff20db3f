"""The log and what it is compared with, as one file for who checks it without us. Format: docs/log.md."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO, Any

from settlement.queries.snapshot import snapshot

FORMAT = "tanhui-log/1"
STEP = 2_000  # Rows fetched at once.

PARTS = {
    "keys.jsonl": "SELECT verifier_key FROM settlement_logkey ORDER BY id",
    "heads.jsonl": "SELECT size, note FROM settlement_loghead ORDER BY id",
    "leaves.jsonl": """SELECT p.position, encode(p.hash, 'hex') AS hash, f.subject, f.text
        FROM settlement_logposition p LEFT JOIN settlement_logleaf f ON f.id = p.leaf_id ORDER BY p.position""",
    # What the ledger's own tables say now of each entry, in the words of its leaf; `waits`: it has no place yet.
    "ledger.jsonl": """SELECT e.id AS entry, t.text, q.leaf_id IS NOT NULL AS waits
        FROM settlement_entry e LEFT JOIN settlement_logleaf f ON f.entry_id = e.id
        LEFT JOIN settlement_logqueue q ON q.leaf_id = f.id
        LEFT JOIN LATERAL settlement_entry_texts(ARRAY[e.id], ARRAY[f.salt]) t ON true ORDER BY e.id""",
    "holdings.jsonl": """SELECT asset_id AS asset, coalesce(organisation_id, 0) AS organisation, purpose, units
        FROM settlement_holding ORDER BY 1, 2, 3""",
    "blocks.jsonl": """SELECT b.asset_id AS asset, coalesce(h.organisation_id, 0) AS organisation, h.purpose,
               b.first_serial AS first, b.last_serial AS last
        FROM settlement_serialblock b JOIN settlement_holding h ON h.id = b.holding_id ORDER BY 1, 4""",
}


def write_log_export(file: IO[bytes]) -> None:
    """Write the whole log, its heads and keys, and the ledger beside it into `file` as a zip, on one snapshot."""
    with snapshot() as (link, _name), link.cursor() as cursor:
        write_parts(file, cursor)


def log_export() -> IO[bytes]:
    """Return the same in a temporary file, to be read from its beginning; it goes when it is closed."""
    file = TemporaryFile()  # noqa: SIM115 (whoever answers with it closes it)
    write_log_export(file)
    file.seek(0)
    return file


def write_parts(file: IO[bytes], cursor: Any) -> None:
    """Write the parts that a cursor gives; each is JSON lines."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("format.txt", f"{FORMAT}\n")
        for name, statement in PARTS.items():
            cursor.execute(statement)
            columns = [column.name for column in cursor.description]
            with archive.open(name, "w", force_zip64=True) as part:
                for row in _rows(cursor):
                    line = json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, separators=(",", ":"))
                    part.write(line.encode() + b"\n")


def _rows(cursor: Any) -> Iterator[Iterable[Any]]:
    while rows := cursor.fetchmany(STEP):
        yield from rows
