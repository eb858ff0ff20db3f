"""The tests' own ground: rights, rollback, databases of one test, and a second transaction that waits."""

from typing import Any

import psycopg2
import pytest
from django.db import connection, transaction
from django.db.utils import OperationalError, ProgrammingError

from ops import postgres
from tests import database
from tests.concurrency import started_and_waiting

LOCK = "SELECT pg_advisory_xact_lock(20260302)"


def one(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_tests_run_as_the_apps_role_which_owns_no_table() -> None:
    assert one("SELECT current_user") == postgres.APP_ROLE
    assert one("SELECT count(*) FROM pg_tables WHERE tableowner = current_user") == 0
    assert one("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = 'tanhui_owner'") > 10


@pytest.mark.django_db
def test_the_apps_role_can_neither_truncate_nor_make_tables() -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        one("TRUNCATE django_session")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        one("CREATE TABLE mine (id int)")


@pytest.mark.django_db
def test_a_marked_test_runs_in_a_transaction_that_is_rolled_back() -> None:
    assert connection.in_atomic_block


def test_committed_gives_each_test_an_empty_database_with_real_commits(committed: str, admin_url: str) -> None:
    assert not connection.in_atomic_block
    one("INSERT INTO django_session VALUES ('k', 'v', now()) RETURNING 1")
    url = postgres.with_database(admin_url, committed)
    assert postgres.fetch(url, "SELECT session_key FROM django_session") == [("k",)]


def test_committed_leaves_nothing_to_the_next_test(committed: str) -> None:
    assert one("SELECT count(*) FROM django_session") == 0


@pytest.mark.django_db
def test_a_marked_test_may_ask_for_a_committed_database_too(committed: str) -> None:
    assert one("SELECT current_database()") == committed
    assert not connection.in_atomic_block


def test_as_owner_owns_the_tables_of_the_same_database(committed: str, as_owner: Any) -> None:
    as_owner.execute("CREATE TABLE made_by_owner (id int primary key)")
    as_owner.execute("INSERT INTO made_by_owner VALUES (7)")
    assert one("SELECT id FROM made_by_owner") == 7, "the app's role has the default rights on new tables"


def test_a_second_transaction_is_seen_to_wait_and_goes_on_after_the_first(committed: str) -> None:
    with transaction.atomic():
        one(f"{LOCK}, 1")
        second = started_and_waiting(lambda: one(f"{LOCK}, 1"))
        assert second.is_running()
    assert second.join().error is None


def test_started_and_waiting_refuses_a_call_that_does_not_wait(committed: str) -> None:
    with pytest.raises(AssertionError, match="did not wait"):
        started_and_waiting(lambda: one("SELECT 1"))


def test_a_wait_ends_by_the_lock_timeout(committed: str) -> None:
    with transaction.atomic():
        one(f"{LOCK}, 1")
        second = started_and_waiting(lambda: one(f"{LOCK}, 1"))
        second.join()
    assert isinstance(second.error, OperationalError)


def test_dropping_a_database_cuts_whoever_is_connected(admin_url: str) -> None:
    with database.copy_of_template(admin_url) as name:
        left_open = psycopg2.connect(postgres.with_database(admin_url, name))
    with pytest.raises(psycopg2.OperationalError):
        left_open.cursor().execute("SELECT 1")
    assert postgres.fetch(admin_url, "SELECT 1 FROM pg_database WHERE datname = %s", (name,)) == []
