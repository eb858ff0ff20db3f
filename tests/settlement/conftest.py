import base64
import threading
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from ops import postgres
from simulators.bank.books import Books
from simulators.bank.courier import Courier
from simulators.bank.server import serve
from tests import database

BANK_SECRET = "whsec_" + base64.b64encode(b"a secret of this test alone, 32 B").decode()
BANK_ACCOUNT = "150100888800000001"


@pytest.fixture
def bank_secret(settings: Any) -> None:
    """The secret that platform and bank share, and the funds account."""
    settings.BANK_SECRET = BANK_SECRET
    settings.BANK_ACCOUNT = BANK_ACCOUNT


@pytest.fixture
def bank(tmp_path: Any, settings: Any, bank_secret: None) -> Iterator[Books]:
    """The simulated bank, running on a free port; its notices are read from its books, not delivered."""
    books = Books(str(tmp_path / "bank.sqlite3"), BANK_ACCOUNT)
    courier = Courier(books, "http://127.0.0.1:9/none", BANK_SECRET)
    server = serve(books, courier, host="127.0.0.1", port=0, secret=BANK_SECRET)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    settings.BANK_URL = f"http://127.0.0.1:{server.server_address[1]}"
    yield books
    server.shutdown()
    server.server_close()
    thread.join()
    books.close()


@pytest.fixture
def committed(committed: str, admin_url: str) -> str:
    """The ledger by itself: its tests settle trades that no exchange has, which the exchange's guard would refuse."""
    return database.without_the_exchange(admin_url, committed)


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
        yield database.without_the_exchange(admin_url, name)


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
