"""One REPEATABLE READ snapshot of the whole database, for what has to be read over many statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

MOST_SECONDS = 4 * 3600  # For one statement of a reading: the app's own limit is that of a page.


@contextmanager
def snapshot() -> Iterator[tuple[Any, str]]:
    """Give a connection of its own in one snapshot that only reads, and the name of the snapshot."""
    link = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        link.set_autocommit(False)
        with link.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = '{MOST_SECONDS:d}s'")
            cursor.execute("SELECT pg_current_snapshot()::text")
            name = str(cursor.fetchone()[0])
        yield link, name
    finally:
        link.close()
