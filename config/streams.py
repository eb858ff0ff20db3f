"""Server-sent events: an ASGI application of its own that touches no ORM.

`/stream/instruments/CODE` tells what happens to one instrument, `/stream/market` to all. It reads `market_event` rows,
woken by NOTIFY, and goes on after `Last-Event-ID`; Redis is not in this path. One thread listens for all readers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import select
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import psycopg2
import psycopg2.extensions

from config import environment

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

HEARTBEAT_SECONDS = 10.0
RETRY_SECONDS = 1.0
MOST_ROWS = 500
MOST_DIGITS = 18
ENV = environment.load()


def _connect() -> psycopg2.extensions.connection:
    link = psycopg2.connect(ENV.database_url)
    link.set_session(autocommit=True)
    return link


class Bell:
    """Wakes the readers of this process when market events were committed anywhere."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to listen, in a thread of its own."""
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, name="bell", daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                link = _connect()
                with link.cursor() as cursor:
                    cursor.execute("LISTEN market")
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
            for one in tuple(self._waiting):
                self._loop.call_soon_threadsafe(one.set)

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Return when rung, or after `seconds`."""
        self._waiting.add(event)
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return
        finally:
            event.clear()
            self._waiting.discard(event)


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


def _instrument_id(code: str) -> int | None:
    rows = _rows("SELECT id FROM exchange_instrument WHERE code = %s", (code,))
    return int(rows[0][0]) if rows else None


def _newest(instrument_id: int) -> int:
    sql = "SELECT coalesce(max(sequence), 0) FROM exchange_marketevent WHERE instrument_id = %s"
    return int(_rows(sql, (instrument_id,))[0][0])


def _after(instrument_id: int, sequence: int) -> list[tuple[Any, ...]]:
    return _rows(
        """SELECT sequence, kind, body FROM exchange_marketevent
           WHERE instrument_id = %s AND sequence > %s ORDER BY sequence LIMIT %s""",
        (instrument_id, sequence, MOST_ROWS),
    )


def _newest_of_all() -> int:
    return int(_rows("SELECT coalesce(max(id), 0) FROM exchange_marketevent", ())[0][0])


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one connection."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        await _http(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            BELL.start()
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _http(scope: Scope, receive: Receive, send: Send) -> None:
    parts = [part for part in scope["path"].split("/") if part]
    headers = {name.lower(): value for name, value in scope["headers"]}
    if scope["method"] != "GET":
        await _plain(send, 405, b"GET only")
    elif parts == ["stream", "health"]:
        await _plain(send, 200, b"ok")
    elif parts == ["stream", "market"]:
        await _begin(send, headers)
        await _until_gone(receive, _tell_market(send))
    elif len(parts) == len(("stream", "instruments", "CODE")) and parts[:2] == ["stream", "instruments"]:
        number = await asyncio.to_thread(_instrument_id, parts[2])
        if number is None:
            await _plain(send, 404, b"no such instrument")
            return
        last = _seen(scope, headers)
        if last is None:
            last = await asyncio.to_thread(_newest, number)
        await _begin(send, headers)
        await _until_gone(receive, _tell_instrument(send, number, last))
    else:
        await _plain(send, 404, b"no such stream")


def _seen(scope: Scope, headers: dict[bytes, bytes]) -> int | None:
    """Return the newest event that a reader knows: the last one it was told, else `after` of the address."""
    told = headers.get(b"last-event-id", b"").decode("ascii", "replace")
    asked = parse_qs(scope.get("query_string", b"").decode("ascii", "replace")).get("after", [""])[0]
    for text in (told, asked):
        if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
            return int(text)
    return None


async def _plain(send: Send, status: int, body: bytes) -> None:
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain; charset=utf-8")]}
    )
    await send({"type": "http.response.body", "body": body})


async def _begin(send: Send, headers: dict[bytes, bytes]) -> None:
    answered = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"vary", b"origin"),
    ]
    # The pages come from the web server's address; only they may read a stream from this one.
    origin = headers.get(b"origin", b"").decode("ascii", "replace")
    if origin and origin == ENV.public_url.rstrip("/"):
        answered += [
            (b"access-control-allow-origin", origin.encode()),
            (b"access-control-allow-credentials", b"true"),
        ]
    await send({"type": "http.response.start", "status": 200, "headers": answered})
    await send({"type": "http.response.body", "body": b"retry: 1000\n\n", "more_body": True})


async def _until_gone(receive: Receive, telling: Any) -> None:
    """Tell until the reader has gone."""
    task = asyncio.ensure_future(telling)

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            continue

    leaving = asyncio.ensure_future(gone())
    await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
    for one in (task, leaving):
        one.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await one


async def _tell_instrument(send: Send, number: int, last: int) -> None:
    event = asyncio.Event()
    while True:
        try:
            rows = await asyncio.to_thread(_after, number, last)
        except psycopg2.Error:
            rows = []
        for sequence, kind, body in rows:
            text = f"id: {sequence}\nevent: {kind}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
            last = sequence
        if not rows:
            await BELL.wait(event, HEARTBEAT_SECONDS)
            await send({"type": "http.response.body", "body": b": here\n\n", "more_body": True})


async def _tell_market(send: Send) -> None:
    """Say that something happened, a few times a second at most; the page fetches what it shows."""
    event = asyncio.Event()
    last = 0
    while True:
        with contextlib.suppress(psycopg2.Error):
            newest = await asyncio.to_thread(_newest_of_all)
            if newest != last:
                text = f'event: trade\ndata: {{"newest": {newest}}}\n\n'
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
                last = newest
                await asyncio.sleep(0.3)
        await BELL.wait(event, HEARTBEAT_SECONDS)
        await send({"type": "http.response.body", "body": b": here\n\n", "more_body": True})
