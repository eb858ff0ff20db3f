"""Kill parts under a mixed load and count: nothing acknowledged is lost, nothing happens twice. `make kill-run`.

Organisations deposit, order, accept, pick, cancel, retire, propose transfers and withdraw under keys (tests/proofs/mixed_load.py)
while PostgreSQL, web, workers, beat and Valkey are killed with SIGKILL: at random, and at named points, just as a request is
on its way, has been answered, or is a bulk. KILLS=15 is the number of kills, KILL_SEED repeats a run's choice of them. Exit 1
when something is lost or doubled, an invariant is broken, or nothing was traded.
"""

import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg2
import requests

from ops import postgres
from ops.platform import Platform
from ops.postgres import Profile
from tests.platform import platform
from tests.proofs import record
from tests.proofs.mixed_load import CONTINUOUS, LISTED, Client, Points

KILLS = 200
CLIENTS = 6
VICTIMS = ("match-0", "match-1", "match-0", "match-1", "web", "web", "valkey", "postgres", "jobs", "beat")
AT_POINTS = ("web", "postgres", "web", "postgres", "match-0", "match-1", "valkey")
PAUSES = (0.8, 2.5)  # Between two kills, in seconds.
POINT_SECONDS = 5.0  # How long a kill waits for its named point.
SETTLE_SECONDS = 180
# Rows of each kind that clients make. All asked until they are acknowledged, so that one beyond is an effect that came twice.
ROWS = {
    "order": "exchange_order",
    "retirement": "registry_retirement",
    "withdrawal": "settlement_withdrawal",
    "transfer": "settlement_transfer",
    "deposit": "settlement_depositreference",
}
# What has to be done by itself before it can be counted: accepted events, payment orders, withdrawals.
WAITING = """SELECT (SELECT count(*) FROM exchange_matchstate a JOIN exchange_matchstate m USING (instrument_id)
                     WHERE a.kind = 'accept' AND m.kind = 'match' AND a.sequence > m.sequence)
                  + (SELECT count(*) FROM settlement_withdrawal WHERE id > {withdrawal} AND state = 'sent')
                  + {paid} - (SELECT count(*) FROM settlement_banknotice WHERE id > {notice})"""


def rows(running: Platform, statement: str) -> list[tuple[Any, ...]]:
    return postgres.fetch(running.app_url, statement)


@dataclass
class Before:
    """The highest numbers in use before the load."""

    of: dict[str, int]
    notice: int

    @classmethod
    def read(cls, running: Platform) -> "Before":
        def highest(table: str) -> int:
            return int(rows(running, f"SELECT coalesce(max(id), 0) FROM {table}")[0][0])

        return cls({kind: highest(table) for kind, table in ROWS.items()}, highest("settlement_banknotice"))


def make_durable(running: Platform) -> None:
    """Have a server of the tests keep what it acknowledges when it is killed: theirs may forget its last commits."""
    assert running.cluster is not None
    if running.cluster.profile is Profile.FAST:
        url = running.cluster.url()
        database = rows(running, "SELECT current_database()")[0][0]
        postgres.execute(url, f'ALTER DATABASE "{database}" SET synchronous_commit = on')
        postgres.execute(
            url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        )  # Who is connected has the old setting.


def make_clients(running: Platform, points: Points, seed: int) -> list[Client]:
    told = json.loads((running.state / "demo_logins.json").read_text(encoding="utf-8"))["clients"]
    prices = {
        code: requests.get(f"{running.url}/api/v1/instruments/{code}/", timeout=15).json()["base_price"]
        for code in (CONTINUOUS, LISTED)
    }
    [(receiver,)] = rows(running, f"SELECT uscc FROM accounts_organisation WHERE name = '{told[CLIENTS + 1]['name']}'")
    return [
        Client(
            running.url,
            f"http://127.0.0.1:{running.ports['bank_port']}",
            one["client_id"],
            one["client_secret"],
            number % 2 == 0,
            prices,
            receiver,
            points,
            f"{seed}-{number}",
        )
        for number, one in enumerate(told[:CLIENTS])
    ]


class Killer:
    """Kills one part after the other, chosen by a seed, and starts again what it has killed."""

    def __init__(self, running: Platform, points: Points, chance: random.Random) -> None:
        self.running, self.points, self.chance = running, points, chance
        self.killed: Counter[str] = Counter()

    def strike(self) -> bool:
        """Kill one part that is up, now or at a named point; tell whether one was killed."""
        point = self.chance.choice((*Points.NAMES, "", "", ""))
        victim = self.chance.choice(AT_POINTS if point else VICTIMS)
        child = self.running.supervisor.children.get(victim)
        if child is not None and child.due is not None:
            return False  # It is down already.
        at = point if point and self.points.wait(point, POINT_SECONDS) else "at random"
        self.running.kill(victim)
        self.killed[f"{victim} {at}"] += 1
        print(f"killed {victim}, {at}", file=sys.stderr, flush=True)
        return True

    def strike_often(self, times: int) -> None:
        """Kill as often, with pauses in which the parts come back."""
        due = time.monotonic() + PAUSES[1]
        while times:
            self.running.watch()
            if time.monotonic() >= due:
                times -= self.strike()
                due = time.monotonic() + self.chance.uniform(*PAUSES)
            time.sleep(0.05)


def run(running: Platform, *, kills: int, seed: int) -> dict[str, Any]:
    """Load a platform, kill its parts, let it come to rest, and return the figures."""
    make_durable(running)
    points, ended = Points(), threading.Event()
    clients, before = make_clients(running, points, seed), Before.read(running)
    began = time.monotonic()
    killer = Killer(running, points, random.Random(seed))
    threads = [threading.Thread(target=client.work, args=(ended,), daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    try:
        killer.strike_often(kills)
    finally:
        ended.set()
    while any(thread.is_alive() for thread in threads):
        running.watch()
        time.sleep(0.05)
    rested = come_to_rest(running, clients, before)
    found = list(differences(running, clients, before))
    asked = json.loads(running.ask("check_invariants").stdout or "{}")
    [(trades,)] = rows(running, f"SELECT count(*) FROM exchange_trade WHERE taker_order_id > {before.of['order']}")
    return {
        "seed": seed,
        "seconds": round(time.monotonic() - began),
        "kills": killer.killed.total(),
        "killed": dict(sorted(killer.killed.items())),
        "asked": dict(sum((client.asked for client in clients), Counter())),
        "acknowledged": dict(Counter(one.kind for client in clients for one in client.acknowledged)),
        "paid_in": sum(len(client.paid) for client in clients),
        "refused": dict(sum((client.refused for client in clients), Counter())),
        "trades": trades,
        "lost": [text for what, text in found if what == "lost"],
        "doubled": [text for what, text in found if what == "doubled"],
        "given_up": [text for client in clients for text in client.given_up],
        "came_to_rest": rested,
        "invariants": asked.get("status", "no answer"),
        "broken": asked.get("broken", []),
    }


def come_to_rest(running: Platform, clients: list[Client], before: Before) -> bool:
    """Watch until nothing acknowledged waits for the platform or the bank; tell whether it came so far."""
    paid = sum(len(client.paid) for client in clients)
    waiting = WAITING.format(withdrawal=before.of["withdrawal"], notice=before.notice, paid=paid)
    limit = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < limit:
        running.watch()
        try:
            if rows(running, waiting)[0][0] <= 0:
                return True
        except psycopg2.OperationalError:
            pass
        time.sleep(0.3)
    return False


def differences(running: Platform, clients: list[Client], before: Before) -> Iterator[tuple[str, str]]:
    """Yield what the clients were told and is not there (lost), and what is there beside it (doubled)."""
    told = [one for client in clients for one in client.acknowledged]
    for kind, table in ROWS.items():
        acknowledged = {number for one in told if one.kind == kind for number in one.ids}
        stored = {row[0] for row in rows(running, f"SELECT id FROM {table} WHERE id > {before.of[kind]}")}
        yield from (("lost", f"{kind} {number}") for number in sorted(acknowledged - stored))
        yield from (("doubled", f"{kind} {number}") for number in sorted(stored - acknowledged))
    cancelled = Counter(number for one in told if one.kind == "cancel" for number in one.ids)
    events = dict(
        rows(
            running,
            "SELECT order_id, count(*) FROM exchange_orderevent"
            f" WHERE kind = 'cancel' AND order_id > {before.of['order']} GROUP BY order_id",
        )
    )
    for number in sorted(cancelled | events):
        if cancelled[number] != events.get(number, 0):
            what = "lost" if cancelled[number] > events.get(number, 0) else "doubled"
            yield what, f"cancel of order {number}"
    paid = {serial: fen for client in clients for serial, fen in client.paid.items()}
    noted: Counter[str] = Counter()
    for serial, fen in rows(
        running, f"SELECT bank_serial, amount_fen FROM settlement_banknotice WHERE id > {before.notice}"
    ):
        noted[serial] += 1
        if paid.get(serial) != fen or noted[serial] > 1:
            yield "doubled", f"money under {serial}"
    yield from (("lost", f"money under {serial}") for serial in sorted(paid.keys() - noted.keys()))
    yield from (("doubled", f"{text}: another answer") for client in clients for text in client.contradicted)


def holds(figures: dict[str, Any]) -> bool:
    """Tell whether a run proves what it is for."""
    clean = not (figures["lost"] or figures["doubled"] or figures["given_up"] or figures["broken"])
    worked = figures["trades"] and set(figures["acknowledged"]) >= {*ROWS, "cancel"} and figures["paid_in"]
    return bool(clean and worked and figures["came_to_rest"] and figures["invariants"] == "ok")


def said(figures: dict[str, Any]) -> str:
    """Return the figures that count, in a line."""
    return (
        f"{figures['kills']} kills, {sum(figures['asked'].values())} asked,"
        f" {sum(figures['acknowledged'].values())} acknowledged, {len(figures['lost'])} lost,"
        f" {len(figures['doubled'])} doubled, {len(figures['broken'])} invariants broken (seed {figures['seed']})"
    )


def main() -> int:
    """Run once on a platform of its own, record the figures, and return 1 when they are not what was promised."""
    kills = int(os.environ.get("KILLS") or KILLS)
    seed = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**6))
    print(f"{kills} kills with KILL_SEED={seed}", file=sys.stderr, flush=True)
    with platform(Profile.DURABLE, demonstration=True) as running:
        figures = run(running, kills=kills, seed=seed)
    print(said(figures), file=sys.stderr, flush=True)
    return 0 if record("kill-run", holds=holds(figures) and figures["kills"] == kills, **figures) else 1


if __name__ == "__main__":
    sys.exit(main())
