from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from ops import postgres
from tests import database


@pytest.fixture
def as_superuser(committed: str, admin_url: str) -> Iterator[Any]:
    """A cursor that may do anything, in transactions of its own: whoever tampers behind the guards' back."""
    connection = psycopg2.connect(postgres.with_database(admin_url, committed))
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@pytest.fixture(scope="module")
def shared_database(admin_url: str, django_db_blocker: Any) -> Iterator[str]:
    """A committed database for all tests of a module: for attacks, each of which must leave it as it was."""
    with (
        database.copy_of_template(admin_url) as name,
        django_db_blocker.unblock(),
        database.connected_to(admin_url, name),
    ):
        yield name


LEDGER = (
    "asset",
    "holding",
    "entry",
    "leg",
    "entrykey",
    "settlementbatch",
    "serialblock",
    "serialmove",
    "banknotice",
    "withdrawal",
    "paymentorder",
    "transfer",
    "entryreversal",
    "hold",
    "holdpart",
    "holdlift",
    "holdentry",
)


@pytest.fixture
def tampering(shared_database: str, admin_url: str) -> Iterator[Any]:
    """A superuser's cursor while the triggers sleep; each statement is committed, and put right again afterwards.

    A database for each of many tamperings would cost seconds; a copy of a few small tables costs nothing.
    """
    connection = psycopg2.connect(postgres.with_database(admin_url, shared_database))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            for table in LEDGER:
                cursor.execute(f"CREATE TEMP TABLE kept_{table} AS TABLE settlement_{table}")
            yield cursor
            for table in LEDGER:
                cursor.execute(f"DELETE FROM settlement_{table}; INSERT INTO settlement_{table} TABLE kept_{table}")
    finally:
        connection.close()
