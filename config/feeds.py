"""What the streams tell, read from the database once for all who listen to one instrument.

A thousand readers of one instrument are one question to the database an event, not a thousand.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import select
import threading
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import psycopg2
import psycopg2.extensions

from config import environment

HEARTBEAT_SECONDS = 10.0
RETRY_SECONDS = 1.0
MOST_ROWS = 500
MOST_KEPT = 1000  # Events that a feed keeps for those who come back after a short gap.
MOST_GAP = 5000  # Events that are told one by one; who has missed more begins anew with a snapshot.
ENV = environment.load()


def _connect() -> psycopg2.extensions.connection:
    link = psycopg2.connect(ENV.database_url)
    link.set_session(autocommit=True)
    return link


class Bell:
    """Wakes the feeds of this process when market events were committed anywhere."""

    def __init__(self) -> None:
        self._rung: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to listen, in a thread of its own."""
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, name="bell", daemon=True).start()

    def hang(self, event: asyncio.Event) -> None:
        """Let an event be set at each ring from now on: also at one that comes while its owner is reading."""
        self._rung.add(event)

    def take_down(self, event: asyncio.Event) -> None:
        """Let an event be."""
        self._rung.discard(event)

    def _listen(self) -> None:
        while True:
            try:
                link = _connect()
                with link.cursor() as cursor:
                    cursor.execute("LISTEN market")
                self._ring()  # Of what was told while nobody listened.
                while True:
                    select.select([link], [], [], HEARTBEAT_SECONDS)
                    link.poll()
                    if link.notifies:
                        link.notifies.clear()
                        self._ring()
            except psycopg2.Error:
                self._ring()
                threading.Event().wait(RETRY_SECONDS)

    def _ring(self) -> None:
        if self._loop is not None:
            for one in tuple(self._rung):
                self._loop.call_soon_threadsafe(one.set)


async def rung(event: asyncio.Event, seconds: float) -> None:
    """Return when the bell has rung for an event, or after some seconds."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


BELL = Bell()
_READERS = threading.local()


def _rows(sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    link = getattr(_READERS, "link", None)
    if link is None or link.closed:
        link = _READERS.link = _connect()
    try:
        with link.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())
    except psycopg2.Error:
        link.close()
        raise


def instrument_id(code: str) -> int | None:
    """Return the id of an instrument, None where there is none."""
    rows = _rows("SELECT id FROM exchange_instrument WHERE code = %s", (code,))
    return int(rows[0][0]) if rows else None


def newest(number: int) -> int:
    """Return the newest event of an instrument, 0 before the first one."""
    sql = "SELECT coalesce(max(sequence), 0) FROM exchange_marketevent WHERE instrument_id = %s"
    return int(_rows(sql, (number,))[0][0])


def events_after(number: int, sequence: int) -> list[tuple[Any, ...]]:
    """Return the events of an instrument after one: sequence, kind, body; at most MOST_ROWS."""
    return _rows(
        """SELECT sequence, kind, body FROM exchange_marketevent
           WHERE instrument_id = %s AND sequence > %s ORDER BY sequence LIMIT %s""",
        (number, sequence, MOST_ROWS),
    )


def newest_of_all() -> int:
    """Return a number that rises with each event of any instrument."""
    return int(_rows("SELECT coalesce(max(id), 0) FROM exchange_marketevent", ())[0][0])


def snapshot(number: int) -> tuple[int, dict[str, Any]] | None:
    """Return the newest book that was told of an instrument, and its event; None before the first one."""
    rows = _rows(
        """SELECT sequence, body FROM exchange_marketevent
           WHERE instrument_id = %s AND kind = 'book' ORDER BY sequence DESC LIMIT 1""",
        (number,),
    )
    return (int(rows[0][0]), rows[0][1]) if rows else None


def written(sequence: int, kind: str, body: dict[str, Any]) -> bytes:
    """Return an event as it goes over the wire."""
    return f"id: {sequence}\nevent: {kind}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


class Feed:
    """What the market was told of one instrument lately. One task reads it; every listener waits here."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.last = 0  # The newest event read.
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=MOST_KEPT)
        self._listeners = 0
        self._fresh = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None

    def since(self, sequence: int) -> list[tuple[int, bytes]] | None:
        """Return the kept events after one; None where some are missing, which the database has."""
        oldest = self._kept[0][0] if self._kept else self.last + 1
        if sequence + 1 < oldest:
            return None
        return [event for event in self._kept if event[0] > sequence]

    async def wait(self, sequence: int, seconds: float) -> None:
        """Return once there is an event after one, or after some seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._fresh:
                await self._fresh.wait_for(lambda: self.last > sequence)

    async def _read(self) -> None:
        bell = asyncio.Event()
        BELL.hang(bell)
        try:
            while True:
                bell.clear()
                rows = []
                with contextlib.suppress(psycopg2.Error):
                    rows = await asyncio.to_thread(events_after, self.number, self.last)
                if not rows:
                    await rung(bell, HEARTBEAT_SECONDS)
                    continue
                self._kept.extend((sequence, written(sequence, kind, body)) for sequence, kind, body in rows)
                self.last = rows[-1][0]
                async with self._fresh:
                    self._fresh.notify_all()
        finally:
            BELL.take_down(bell)

    async def join(self) -> None:
        """Count a listener in; the first one starts the reader."""
        self._listeners += 1
        if self._reader is None:
            self._reader = asyncio.create_task(self._begin())

    async def _begin(self) -> None:
        while True:
            try:
                self.last = await asyncio.to_thread(newest, self.number)
                break
            except psycopg2.Error:
                await asyncio.sleep(RETRY_SECONDS)
        async with self._fresh:  # Who came for what was told before now asks the database for it.
            self._fresh.notify_all()
        await self._read()

    def leave(self) -> None:
        """Count a listener out; the last one stops the reader."""
        self._listeners -= 1
        if not self._listeners and self._reader is not None:
            self._reader.cancel()
            FEEDS.pop(self.number, None)


FEEDS: dict[int, Feed] = {}


@contextlib.asynccontextmanager
async def listening(number: int) -> AsyncIterator[Feed]:
    """Give the feed of an instrument to one listener."""
    feed = FEEDS.setdefault(number, Feed(number))
    await feed.join()
    try:
        yield feed
    finally:
        feed.leave()
