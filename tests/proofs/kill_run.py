"""Kill parts at random under load and count: nothing acknowledged is lost, nothing happens twice. `make kill-run`.

Every order has a key, and is sent again with it until it is acknowledged: what a client must do after an answer that it
does not know. The clients keep their own list. QUICK=1 runs for 25 seconds, else KILL_SECONDS (120). Exit 1 when an order
is lost or doubled, an invariant is broken, or nothing was traded.
"""

import json
import os
import random
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field

import psycopg2
import requests

from ops import postgres
from ops.platform import Platform
from tests.platform import platform
from tests.proofs import record

SECONDS = 25.0 if os.environ.get("QUICK") == "1" else float(os.environ.get("KILL_SECONDS", "120"))
CODE = "F000001-24"
CLIENTS = 4
VICTIMS = ["match-0", "match-1", "match-0", "match-1", "web", "web", "valkey", "postgres", "jobs", "beat"]
PAUSES = (1.5, 5.0)  # Between two kills, in seconds.
PATIENCE_SECONDS = 120  # For a request to be acknowledged, and for the queue to be matched at the end.


@dataclass
class Client:
    """A trading organisation with a list of its own: which keys were sent, which order each was told."""

    url: str
    client_id: str
    secret: str
    side: str
    price: str
    sent: int = 0
    acknowledged: dict[str, int] = field(default_factory=dict)
    contradicted: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    token: str = ""

    def work(self, until: float) -> None:
        chance = random.Random(self.client_id)
        while time.monotonic() < until:
            key = uuid.uuid4().hex
            self.sent += 1
            self.insist(key, chance.randint(1, 3))
            if chance.random() < 0.2 and key in self.acknowledged:  # Asked again although it was answered.
                self.insist(key, None)

    def insist(self, key: str, quantity: int | None) -> None:
        """Send one order until it is acknowledged; with None, the last body again."""
        if quantity is not None:
            self.body = {"instrument": CODE, "side": self.side, "price": self.price, "quantity": quantity}
        limit = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < limit:
            try:
                answer = requests.post(
                    f"{self.url}/api/v1/orders/",
                    json=self.body,
                    headers={"Authorization": f"Bearer {self.bearer()}", "Idempotency-Key": key},
                    timeout=15,
                )
            except requests.RequestException:
                time.sleep(0.3)
                continue
            if answer.status_code == 201:
                told = answer.json()["id"]
                if self.acknowledged.setdefault(key, told) != told:
                    self.contradicted.append(key)
                return
            if answer.status_code == 401:
                self.token = ""
            elif answer.status_code < 500 and answer.status_code != 429:
                self.given_up.append(f"{answer.status_code} {answer.text[:200]}")
                return
            time.sleep(0.3)
        self.given_up.append("no answer")

    def bearer(self) -> str:
        if not self.token:
            form = {"grant_type": "client_credentials"}
            answer = requests.post(
                f"{self.url}/oauth/token/", data=form, auth=(self.client_id, self.secret), timeout=15
            )
            if answer.status_code != 200:
                raise requests.RequestException(f"no token: {answer.status_code}")
            self.token = answer.json()["access_token"]
        return self.token


def price_now(running: Platform, client: dict[str, str]) -> str:
    one = Client(running.url, client["client_id"], client["client_secret"], "", "")
    headers = {"Authorization": f"Bearer {one.bearer()}"}
    return str(
        requests.get(f"{running.url}/api/v1/instruments/{CODE}/", headers=headers, timeout=15).json()["base_price"]
    )


def rows(running: Platform, statement: str) -> list[tuple]:
    return postgres.fetch(running.app_url, statement)


def run(seed: int) -> dict:
    """Return the figures of one run."""
    chance = random.Random(seed)
    kills: dict[str, int] = {}
    with platform(postgres.Profile.DURABLE, demonstration=True) as running:
        print("the region is built, the load begins", file=sys.stderr, flush=True)
        told = json.loads((running.state / "demo_logins.json").read_text())["clients"]
        price = price_now(running, told[0])
        [(first,)] = rows(running, "SELECT coalesce(max(id), 0) FROM exchange_order")
        clients = [
            Client(running.url, one["client_id"], one["client_secret"], "sell" if number % 2 == 0 else "buy", price)
            for number, one in enumerate(told[:CLIENTS])
        ]
        until = time.monotonic() + SECONDS
        threads = [threading.Thread(target=client.work, args=(until,), daemon=True) for client in clients]
        for thread in threads:
            thread.start()
        due = time.monotonic() + 2
        while any(thread.is_alive() for thread in threads):
            running.watch()
            if due < time.monotonic() < until:
                victim = chance.choice(VICTIMS)
                child = running.supervisor.children.get(victim)
                if child is None or child.due is None:  # Not one that is already down.
                    running.kill(victim)
                    print(f"killed {victim}", file=sys.stderr, flush=True)
                    kills[victim] = kills.get(victim, 0) + 1
                due = time.monotonic() + chance.uniform(*PAUSES)
            time.sleep(0.1)
        matched = settle_down(running)
        stored = {row[0] for row in rows(running, f"SELECT id FROM exchange_order WHERE id > {first:d}")}
        acknowledged = [order for client in clients for order in client.acknowledged.values()]
        asked = json.loads(running.ask("check_invariants").stdout or "{}")
        [(trades,)] = rows(running, f"SELECT count(*) FROM exchange_trade WHERE taker_order_id > {first:d}")
        return {
            "seed": seed,
            "seconds": SECONDS,
            "kills": sum(kills.values()),
            "killed": kills,
            "sent": sum(client.sent for client in clients),
            "acknowledged": len(acknowledged),
            "lost": len(set(acknowledged) - stored),
            # Every key was asked until it was acknowledged: an order beyond those is an effect that came twice.
            "doubled": len(stored - set(acknowledged)) + sum(len(client.contradicted) for client in clients),
            "given_up": [text for client in clients for text in client.given_up],
            "trades": trades,
            "all_matched": matched,
            "invariants": asked.get("status", "no answer"),
            "broken": asked.get("broken", []),
        }


def settle_down(running: Platform) -> bool:
    """Watch until everything accepted has been matched; tell whether it was."""
    limit = time.monotonic() + PATIENCE_SECONDS
    waiting = """SELECT count(*) FROM exchange_matchstate a JOIN exchange_matchstate m USING (instrument_id)
                 WHERE a.kind = 'accept' AND m.kind = 'match' AND a.sequence > m.sequence"""
    while time.monotonic() < limit:
        running.watch()
        try:
            if rows(running, waiting) == [(0,)]:
                return True
        except psycopg2.OperationalError:
            pass
        time.sleep(0.3)
    return False


def main() -> int:
    """Run once, print and record the figures, and return 1 when they are not what was promised."""
    figures = run(int(os.environ.get("KILL_SEED", "0")) or random.SystemRandom().randrange(10**6))
    clean = not figures["lost"] and not figures["doubled"] and figures["invariants"] == "ok" and figures["all_matched"]
    holds = bool(clean and figures["trades"] and figures["kills"])
    if os.environ.get("QUICK") == "1":
        print(json.dumps({"holds": holds, **figures}, ensure_ascii=False))
    else:
        record("kill-run", holds=holds, **figures)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
