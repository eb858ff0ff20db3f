"""Server-sent events: an ASGI application of its own that touches no ORM.

`/stream/instruments/CODE` tells what happens to one instrument, `/stream/market` to all. It reads `market_event` rows,
woken by NOTIFY, and goes on after `Last-Event-ID`; Redis is not in this path. Who asks for `?snapshot=1`, or has missed
too much, begins with a `snapshot`: the newest book, under the number of its event.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import psycopg2

from config import feeds

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

MOST_DIGITS = 18
PAUSE_SECONDS = 0.3  # Between two words to those who only want to know that something happened.


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
            feeds.BELL.start()
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
        number = await asyncio.to_thread(feeds.instrument_id, parts[2])
        if number is None:
            await _plain(send, 404, b"no such instrument")
            return
        last = _seen(scope, headers)
        if last is None and not _wants_snapshot(scope):
            last = await asyncio.to_thread(feeds.newest, number)
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


def _wants_snapshot(scope: Scope) -> bool:
    return parse_qs(scope.get("query_string", b"").decode("ascii", "replace")).get("snapshot") == ["1"]


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
    if origin and origin == feeds.ENV.public_url.rstrip("/"):
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


async def _tell_instrument(send: Send, number: int, last: int | None) -> None:
    """Tell the events after `last`, for ever. last None: a snapshot first."""
    async with feeds.listening(number) as feed:
        if last is None:
            last = await _tell_snapshot(send, number)
        while True:
            events = feed.since(last)
            if events is None:
                last = await _catch_up(send, number, last)
                continue
            for sequence, text in events:
                await send({"type": "http.response.body", "body": text, "more_body": True})
                last = sequence
            if not events:
                await feed.wait(last, feeds.HEARTBEAT_SECONDS)
                if feed.last <= last:
                    await send({"type": "http.response.body", "body": b": here\n\n", "more_body": True})


async def _catch_up(send: Send, number: int, last: int) -> int:
    """Tell of a gap what the feed has no more: event by event, or with a snapshot where it is too wide."""
    try:
        if await asyncio.to_thread(feeds.newest, number) - last > feeds.MOST_GAP:
            return await _tell_snapshot(send, number)
        rows = await asyncio.to_thread(feeds.events_after, number, last)
    except psycopg2.Error:
        await asyncio.sleep(feeds.RETRY_SECONDS)
        return last
    for sequence, kind, body in rows:
        text = feeds.written(sequence, kind, body)
        await send({"type": "http.response.body", "body": text, "more_body": True})
        last = sequence
    return last


async def _tell_snapshot(send: Send, number: int) -> int:
    found = await asyncio.to_thread(feeds.snapshot, number)
    if found is None:
        return 0
    text = feeds.written(found[0], "snapshot", found[1])
    await send({"type": "http.response.body", "body": text, "more_body": True})
    return found[0]


async def _tell_market(send: Send) -> None:
    """Say that something happened, a few times a second at most; the page fetches what it shows."""
    bell = asyncio.Event()
    feeds.BELL.hang(bell)
    last = 0
    try:
        while True:
            bell.clear()
            with contextlib.suppress(psycopg2.Error):
                newest = await asyncio.to_thread(feeds.newest_of_all)
                if newest != last:
                    text = f'event: trade\ndata: {{"newest": {newest}}}\n\n'
                    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
                    last = newest
                    await asyncio.sleep(PAUSE_SECONDS)
            await feeds.rung(bell, feeds.HEARTBEAT_SECONDS)
            await send({"type": "http.response.body", "body": b": here\n\n", "more_body": True})
    finally:
        feeds.BELL.take_down(bell)
