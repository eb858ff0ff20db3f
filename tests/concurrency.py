"""Two transactions whose order the test decides."""

import threading
import time
from collections.abc import Callable

import psycopg2
from django.db import connection, connections

POLL_SECONDS = 0.01
LIMIT_SECONDS = 10.0


class Started:
    """A callable that runs in a thread with a connection of its own.

    `result` is what it returned and `error` what it raised, once `join()` has come back.
    """

    def __init__(self, call: Callable[[], object]) -> None:
        self.result: object = None
        self.error: BaseException | None = None
        self.pid: int | None = None
        self._connected = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()

    def _run(self, call: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            self.pid = connection.connection.info.backend_pid
            self._connected.set()
            self.result = call()
        except BaseException as error:
            self.error = error
        finally:
            self._connected.set()
            connections.close_all()

    def is_running(self) -> bool:
        """Whether the callable has neither returned nor raised."""
        return self._thread.is_alive()

    def join(self, limit_seconds: float = LIMIT_SECONDS) -> "Started":
        """Wait until it is done. Raises AssertionError when it is not within the limit."""
        self._thread.join(limit_seconds)
        assert not self._thread.is_alive(), f"still running after {limit_seconds} s"
        return self


def started(call: Callable[[], object]) -> Started:
    """Start `call` in a thread with a connection of its own and return when that is open."""
    running = Started(call)
    assert running._connected.wait(LIMIT_SECONDS), "no connection within the limit"
    return running


def started_and_waiting(call: Callable[[], object]) -> Started:
    """Start `call` in a thread and return when it waits for a lock. Use it inside the `committed` fixture.

    Raises AssertionError when it ends, or does not wait within the limit.
    """
    running, waits = started_beside(call)
    assert waits, f"did not wait for a lock: {running.error or running.result!r}"
    return running


def started_beside(call: Callable[[], object]) -> tuple[Started, bool]:
    """Start `call` in a thread; return it and whether it waits for a lock, as soon as it does or has ended.

    pg_locks is read over a third connection: within a transaction pg_stat_activity is a cached copy.
    Raises AssertionError when it neither ends nor waits within the limit.
    """
    running = started(call)
    watcher = psycopg2.connect(**connection.get_connection_params() | {"cursor_factory": None})
    try:
        watcher.autocommit = True
        until = time.monotonic() + LIMIT_SECONDS
        with watcher.cursor() as cursor:
            while time.monotonic() < until:
                cursor.execute("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", (running.pid,))
                if cursor.fetchone():
                    return running, True
                if not running.is_running():
                    return running, False
                time.sleep(POLL_SECONDS)
    finally:
        watcher.close()
    raise AssertionError("neither ended nor waited for a lock within the limit")
