"""Streams: every reader hears every event once and in order, also after a gap; who has missed too much gets a snapshot."""

import asyncio
import contextlib
import json
import re

import psycopg2
import pytest
from django.db import connection

from config import feeds, streams
from tests.exchange.makers import a_market

READERS = 50


@pytest.fixture
def market(committed, at, monkeypatch):
    """An instrument whose events are told by hand, and feeds that read this test's database."""
    settings = connection.settings_dict
    parts = {"dbname": settings["NAME"], "user": settings["USER"], "password": settings["PASSWORD"],
             "host": settings["HOST"], "port": settings["PORT"] or None}  # fmt: skip
    made = a_market(at)
    links = []

    def connect():
        link = psycopg2.connect(**parts)
        link.set_session(autocommit=True)
        links.append(link)
        return link

    monkeypatch.setattr(feeds, "_connect", connect)
    monkeypatch.setattr(feeds, "BELL", feeds.Bell())
    monkeypatch.setattr(feeds, "FEEDS", {})
    monkeypatch.setattr(feeds, "_READERS", type(feeds._READERS)())
    made.tell = teller(connect(), made.instrument.pk)
    yield made
    for link in links:
        link.close()


def teller(link, number):
    def tell(count, kind="book"):
        with link.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(max(sequence), 0) FROM exchange_marketevent WHERE instrument_id = %s", [number]
            )
            first = cursor.fetchone()[0] + 1
            for sequence in range(first, first + count):
                cursor.execute(
                    "INSERT INTO exchange_marketevent (instrument_id, sequence, kind, body) VALUES (%s, %s, %s, %s)",
                    [number, sequence, kind, json.dumps({"bids": [[2500, sequence]], "asks": []})],
                )
        return first + count - 1

    return tell


class Reader:
    """A browser that listens to the instrument until it is told to leave."""

    def __init__(self, code, *, query="", last=None):
        self.heard, self.kinds, self._gone = [], [], asyncio.Event()
        headers = [(b"last-event-id", str(last).encode())] if last is not None else []
        self.scope = {"type": "http", "method": "GET", "path": f"/stream/instruments/{code}",
                      "query_string": query.encode(), "headers": headers}  # fmt: skip
        self.task = asyncio.create_task(streams.application(self.scope, self._receive, self._send))

    async def _receive(self):
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        for number, kind in re.findall(rb"id: (\d+)\nevent: (\w+)", message.get("body", b"")):
            self.heard.append(int(number))
            self.kinds.append(kind.decode())

    async def until(self, number):
        async with asyncio.timeout(20):
            while not self.heard or self.heard[-1] < number:
                await asyncio.sleep(0.01)

    async def leave(self):
        self._gone.set()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


def run(story):
    async def with_bell():
        feeds.BELL.start()
        await asyncio.sleep(0.2)
        await story()

    asyncio.run(with_bell())


def test_fifty_readers_hear_every_event_once_and_the_database_is_asked_once_for_all(market, monkeypatch):
    asked = []
    told = feeds.events_after
    monkeypatch.setattr(feeds, "events_after", lambda *what: asked.append(what) or told(*what))
    before = market.tell(1)

    async def story():
        readers = [Reader(market.instrument.code, query=f"after={before}") for _ in range(READERS)]
        await asyncio.sleep(0.3)
        for _ in range(10):
            newest = await asyncio.to_thread(market.tell, 20)
        for reader in readers:
            await reader.until(newest)
            assert reader.heard == list(range(before + 1, newest + 1))
        assert len(asked) < READERS * 5
        for reader in readers:
            await reader.leave()
        assert feeds.FEEDS == {}

    run(story)


def test_who_comes_back_after_a_gap_ends_with_the_same_as_who_never_left(market):
    before = market.tell(1)

    async def story():
        steady = Reader(market.instrument.code, query=f"after={before}")
        other = Reader(market.instrument.code, query=f"after={before}")
        await asyncio.to_thread(market.tell, 30)
        await other.until(before + 10)
        await other.leave()
        await asyncio.to_thread(market.tell, 1500)  # More than a feed keeps.
        again = Reader(market.instrument.code, last=other.heard[-1])
        newest = await asyncio.to_thread(market.tell, 5)
        await steady.until(newest)
        await again.until(newest)
        assert steady.heard == other.heard + again.heard == list(range(before + 1, newest + 1))
        await steady.leave()
        await again.leave()

    run(story)


def test_a_snapshot_is_the_newest_book_and_goes_on_from_there(market, monkeypatch):
    market.tell(3)
    book = market.tell(1)
    market.tell(2, kind="state")

    async def story():
        reader = Reader(market.instrument.code, query="snapshot=1")
        await reader.until(book + 2)
        newest = await asyncio.to_thread(market.tell, 1)
        await reader.until(newest)
        assert list(zip(reader.heard, reader.kinds, strict=True)) == [
            (book, "snapshot"),
            (book + 1, "state"),
            (book + 2, "state"),
            (newest, "book"),
        ]
        await reader.leave()

    run(story)


def test_who_has_missed_too_much_begins_anew_with_a_snapshot(market, monkeypatch):
    monkeypatch.setattr(feeds, "MOST_GAP", 5)
    first = market.tell(1)
    newest = market.tell(8)

    async def story():
        reader = Reader(market.instrument.code, last=first)
        await reader.until(newest)
        assert (reader.heard, reader.kinds) == ([newest], ["snapshot"])
        await reader.leave()

    run(story)
