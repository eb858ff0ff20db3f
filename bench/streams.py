"""A thousand readers of one instrument: `python -m bench.streams` (QUICK=1: 200 of them).

Orders are posted one by one over HTTP; each reader notes when it hears of the book that came of it. Printed: the time
from the POST to a reader's hearing of it, over all readers and orders, and the memory of the streams' process.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from bench.market import CODE, memory, order
from ops import postgres
from simulators.counterparties.api import Api
from tests.platform import platform

QUICK = os.environ.get("QUICK") == "1"
READERS = 200 if QUICK else 1000
ORDERS = 10 if QUICK else 40
SETTLE_SECONDS = 3.0
PACE_SECONDS = 0.5


class Readers:
    """Connections that count what they hear; when the last one has heard of the newest book."""

    def __init__(self) -> None:
        self.heard_at: dict[int, list[float]] = {}
        self.open = 0

    async def read(self, host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(
            f"GET /stream/instruments/{CODE} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n".encode()
        )
        self.open += 1
        number = 0
        while line := await reader.readline():
            if line.startswith(b"id: "):
                number = int(line[4:])
            elif line.startswith(b"event: book"):
                self.heard_at.setdefault(number, []).append(time.perf_counter())


async def listen(address: str, client: Api, price: str) -> dict[str, Any]:
    """Let all readers listen while orders are posted; return how long they waited."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    assert parts.port is not None
    readers = Readers()
    tasks = [asyncio.create_task(readers.read(parts.hostname, parts.port)) for _ in range(READERS)]
    while readers.open < READERS:
        await asyncio.sleep(0.05)
    await asyncio.sleep(SETTLE_SECONDS)
    waits: list[float] = []
    lost = 0
    for _ in range(ORDERS):
        readers.heard_at.clear()
        began = time.perf_counter()
        await asyncio.to_thread(client.post, "/orders/", order(price, "buy"))
        await asyncio.sleep(PACE_SECONDS)
        first = min(readers.heard_at, default=None)
        heard = readers.heard_at.get(first, []) if first is not None else []
        waits += [1000 * (at - began) for at in heard]
        lost += READERS - len(heard)
    for task in tasks:
        task.cancel()
    cut = statistics.quantiles(waits, n=100)
    return {
        "readers": READERS,
        "orders": ORDERS,
        "not_heard_within_half_a_second": lost,
        "post_to_reader_ms_p50": round(cut[49], 1),
        "post_to_reader_ms_p99": round(cut[98], 1),
    }


def main() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    figures: dict[str, Any] = {"quick": QUICK}
    with platform(postgres.Profile.DURABLE, without=("traffic", "beat"), demonstration=True) as running:
        told = json.loads((running.state / "demo_logins.json").read_text(encoding="utf-8"))
        one = told["clients"][1]
        client = Api(running.url, one["client_id"], one["client_secret"])
        price = client.get(f"/instruments/{CODE}/")["base_price"]
        figures |= asyncio.run(listen(running.environment()["STREAMS_URL"], client, price))
        figures["memory_mib"] = memory(running)
    for name, value in figures.items():
        print(f"{name:36s} {value}", file=sys.stderr)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
