"""How fast the market is, beside what PostgreSQL itself can write: `make bench` (QUICK=1 for a short run).

One run on one durable server, in this order: pgbench TPC-B with 8 clients; order entry over HTTP, one by one and in bulk;
settled trades through the Celery workers; the time from order to trade; the memory of web and workers. Compare the ratios
of one run, never two runs: the machine is shared.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg2

from bench import anchor
from ops import postgres
from ops.platform import Platform
from ops.processes import named
from simulators.counterparties.api import Api
from tests.platform import platform

QUICK = os.environ.get("QUICK") == "1"
PGBENCH_SECONDS = 4 if QUICK else 15
SINGLE_ORDERS = 60 if QUICK else 400
BULK_REQUESTS, BULK_SIZE = (4, 50) if QUICK else (12, 100)
PACED_PAIRS = 20 if QUICK else 120
CODE = "F000001-24"
THREADS = 4
PATIENCE_SECONDS = 300
WAITING = f"""SELECT accepted.sequence - matched.sequence
    FROM exchange_matchstate accepted JOIN exchange_matchstate matched USING (instrument_id)
    JOIN exchange_instrument i ON i.id = instrument_id
    WHERE accepted.kind = 'accept' AND matched.kind = 'match' AND i.code = '{CODE}'"""


def main() -> None:
    figures: dict[str, Any] = {"quick": QUICK}
    idle = ("traffic", "match-0", "match-1", "beat")
    with platform(postgres.Profile.DURABLE, without=idle, demonstration=True) as running:
        assert running.cluster is not None
        figures["pgbench_tpcb_8_clients_tps"] = anchor.tps(anchor.lay(running.cluster), PGBENCH_SECONDS)
        told = json.loads((running.state / "demo_logins.json").read_text(encoding="utf-8"))
        clients = [
            Api(running.url, one["client_id"], one["client_secret"]) for one in told["clients"][: told["traders"]]
        ]
        # Each fetches its token here: a client does so once an hour, and the secret's hash is slow by intent.
        (price,) = {client.get(f"/instruments/{CODE}/")["base_price"] for client in clients}
        figures["orders_per_second_single"] = single(clients, price)
        figures["orders_per_second_bulk"] = bulk(clients, price)
        database = psycopg2.connect(running.environment()["DATABASE_URL"])
        before = ask(database, "SELECT coalesce(max(id), 0) FROM exchange_matchbatch")[0]
        running.start([named("match-0"), named("match-1")])
        figures.update(settled(database, before))
        figures.update(paced(clients, price, database))
        database.close()
        figures["memory_mib"] = memory(running)
    figures["settled_over_tpcb"] = round(
        figures["settled_trades_per_second"] / figures["pgbench_tpcb_8_clients_tps"], 3
    )
    for name, value in figures.items():
        print(f"{name:36s} {value}", file=sys.stderr)
    print(json.dumps(figures))


def order(price: str, side: str, quantity: int = 1) -> dict[str, Any]:
    return {"instrument": CODE, "side": side, "price": price, "quantity": quantity}


def in_threads(work: list[Callable[[], Any]]) -> float:
    """Do every piece of work in a few threads; return the seconds it took. A piece that fails ends the bench."""
    with ThreadPoolExecutor(THREADS) as pool:
        began = time.perf_counter()
        for done in [pool.submit(piece) for piece in work]:
            done.result()
        return time.perf_counter() - began


def single(clients: list[Api], price: str) -> float:
    """Return the orders per second of one order a request, from a few connections."""
    work = [
        lambda number=number: clients[number % len(clients)].post(
            "/orders/", order(price, "sell" if number % 2 == 0 else "buy")
        )
        for number in range(SINGLE_ORDERS)
    ]
    return round(SINGLE_ORDERS / in_threads(work), 1)


def bulk(clients: list[Api], price: str) -> float:
    """Return the orders per second of many orders a request."""
    work = [
        lambda number=number: clients[number % len(clients)].post(
            "/orders/bulk/", {"orders": [order(price, "sell" if number % 2 == 0 else "buy")] * BULK_SIZE}
        )
        for number in range(BULK_REQUESTS)
    ]
    return round(BULK_REQUESTS * BULK_SIZE / in_threads(work), 1)


def ask(database: Any, sql: str) -> tuple[Any, ...]:
    with database, database.cursor() as cursor:
        cursor.execute(sql)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def wait_for_matching(database: Any) -> None:
    """Return when all that the instrument's queue holds was carried out."""
    until = time.monotonic() + PATIENCE_SECONDS
    while ask(database, WAITING)[0]:
        if time.monotonic() > until:
            raise SystemExit(f"the queue was not matched within {PATIENCE_SECONDS} s")
        time.sleep(0.2)


def settled(database: Any, before: int) -> dict[str, Any]:
    """Return the trades per second of the workers on all that waited for them, timed by their own batches."""
    wait_for_matching(database)
    # From the beginning of the first batch to the last write of the last one: every commit included but the last.
    trades, spent, batches = ask(
        database,
        f"""SELECT sum(trades)::int,
                   extract(epoch FROM max(recorded_at + took_ms * interval '1 ms') - min(recorded_at))::float8, count(*)::int
            FROM exchange_matchbatch WHERE id > {before:d}""",
    )
    return {
        "settled_trades_per_second": round(trades / spent, 1),
        "settled_trades": trades,
        "settled_batches": batches,
    }


def paced(clients: list[Api], price: str, database: Any) -> dict[str, Any]:
    """Return p50 and p99 from order to trade, in ms by the database's clock, at an easy pace."""
    before = ask(database, "SELECT coalesce(max(id), 0) FROM exchange_trade")[0]
    for number in range(PACED_PAIRS):
        clients[2 * (number % 6)].post("/orders/", order(price, "sell"))
        clients[2 * (number % 6) + 1].post("/orders/", order(price, "buy"))
        time.sleep(0.03)
    wait_for_matching(database)
    p50, p99, count = ask(
        database,
        f"""SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms), percentile_cont(0.99) WITHIN GROUP (ORDER BY ms),
                   count(*)::int
            FROM (SELECT 1000 * extract(epoch FROM t.recorded_at - o.recorded_at)::float8 AS ms FROM exchange_trade t
                  JOIN exchange_order o ON o.id = t.taker_order_id WHERE t.id > {before:d}) x""",
    )
    return {"order_to_trade_p50_ms": round(p50, 1), "order_to_trade_p99_ms": round(p99, 1), "paced_trades": count}


def memory(running: Platform) -> dict[str, float]:
    """Return the resident memory of each part in MiB, its children included."""
    parts: dict[str, float] = {}
    for name, child in running.supervisor.children.items():
        parts[name] = round(sum(resident(pid) for pid in family(child.popen.pid)) / 1024, 1)
    return parts


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found += family(int(status.parent.name))
    return found


def resident(pid: int) -> int:
    """Return the resident memory of one process in KiB."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    main()
