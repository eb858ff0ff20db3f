"""How fast the ledger is, beside what PostgreSQL itself can write: `make bench` (QUICK=1 for a short run).

One durable server, in turns: TPC-B with 8 clients, the product's settlement (real schema, every constraint, foreign key and
leaf), a lean reference, a careful ORM. Then the same with a long ledger beside an empty one, the log, and serial look-ups.
Compare the ratios of one run, never two runs: the machine is shared. The printed medians are of the rounds' own ratios.
"""

from __future__ import annotations

import base64
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import django
import psycopg2

from ops import postgres
from tests import database

QUICK = os.environ.get("QUICK") == "1"
ROUNDS, SECONDS = (2, 2.0) if QUICK else (5, 4.0)
BATCH = 250
LONG_ENTRIES = 100_000 if QUICK else 2_500_000  # Of four legs each.
BLOCKS = 100_000 if QUICK else 1_000_000
LOOK_UPS = 300 if QUICK else 2_000
SELLERS, BUYERS = 20, 200
AT = datetime.fromisoformat("2026-03-02T10:00:00+08:00")
PLENTY_FEN, PLENTY_UNITS = 10**13, 50_000_000
# As recorded on another machine, in transactions per second; two of them make a trade.
RECORDED = {"django-hordak": 190, "django-ledger": 34}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    with _server() as cluster:
        trades = Trades()
        figures = {
            "quick": QUICK,
            **turns(cluster, trades),
            **log(),
            **long_ledger(cluster, trades),
            **look_ups(cluster),
        }
    for name, value in figures.items():
        print(f"{name:40s} {value}", file=sys.stderr)
    print(json.dumps(figures))


@contextmanager
def _server() -> Iterator[postgres.Cluster]:
    """Give a durable server with the product's schema, Django connected to it as the application's role."""
    cluster = postgres.new_private_cluster(postgres.Profile.DURABLE)
    try:
        database.lay(cluster)
        cluster.start()
        database.begin_clock_anew(cluster.url(database=database.TEMPLATE))
        django.setup()
        database.without_the_exchange(cluster.url(), database.TEMPLATE)
        with database.connected_to(cluster.url(), database.TEMPLATE):
            yield cluster
    finally:
        postgres.remove_private(cluster)


class Trades:
    """Sellers with one batch each, buyers with money, all of it held for orders; trades between them without end."""

    def __init__(self) -> None:
        from settlement import services
        from tests.settlement.makers import an_organisation, give_money, issue

        self.sellers = [an_organisation(at=AT) for _ in range(SELLERS)]
        self.buyers = [an_organisation(at=AT) for _ in range(BUYERS)]
        self.assets = []
        for number, seller in enumerate(self.sellers, start=1):
            names = {"project_code": f"NM-CS-{number:06d}", "project_serial": f"{number:06d}"}
            asset_id = issue(seller, PLENTY_UNITS, AT, **names).asset_id
            services.hold_units_for_order(
                key=f"u{number}", organisation_id=seller, asset_id=asset_id, units=PLENTY_UNITS, at=AT
            )
            self.assets.append(asset_id)
        for buyer in self.buyers:
            give_money(buyer, PLENTY_FEN, AT)
            services.hold_cash_for_order(key=f"c{buyer}", organisation_id=buyer, fen=PLENTY_FEN, at=AT)
        self.number, self.random = 0, random.Random(7)

    def settle(self, size: int) -> None:
        """Settle some new trades in one transaction."""
        from django.db import transaction

        from settlement import services
        from settlement.rules import TradeToSettle

        trades = []
        for _ in range(size):
            self.number += 1
            seller = self.random.randrange(SELLERS)
            units, price = self.random.randint(1, 50), self.random.randint(5_000, 8_000)
            buyer = self.random.choice(self.buyers)
            parties = (self.assets[seller], units, price, buyer, self.sellers[seller])
            trades.append(TradeToSettle(self.number, *parties, units * price, 12, 12, 0))
        with transaction.atomic():
            services.settle_trades(trades=trades, at=AT)

    def rate(self, seconds: float = SECONDS) -> float:
        """Return the trades settled per second."""
        return rate(lambda: self.settle(BATCH), BATCH, seconds)


def rate(act: Callable[[], None], each: int, seconds: float = SECONDS) -> float:
    """Return how often a second something is done that an act does `each` times."""
    began, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < seconds:
        act()
        done += each
    return round(done / spent, 1)


def turns(cluster: postgres.Cluster, trades: Trades) -> dict[str, Any]:
    """Return settled trades beside TPC-B, the lean reference and the ORM, in turns (G1, G2, G4)."""
    from bench import anchor
    from bench.lean import Lean

    tpcb, lean = anchor.lay(cluster), Lean(cluster)
    trades.rate(1)
    rounds = []
    for _ in range(ROUNDS):
        rounds.append(
            {
                "tpcb": anchor.tps(tpcb, max(1, int(SECONDS))),
                "settled": trades.rate(),
                "lean": lean.rate(size=BATCH, seconds=SECONDS),
                "orm": careful_orm(cluster),
            }
        )
    middle = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    over = {name: round(statistics.median(one["settled"] / one[name] for one in rounds), 3) for name in rounds[0]}
    return {
        "rounds": ROUNDS,
        "tpcb_8_clients_tps": middle["tpcb"],
        "settled_trades_per_second": middle["settled"],
        "lean_reference_per_second": middle["lean"],
        "orm_bulk_trades_per_second": middle["orm"],
        "G1_settled_over_tpcb (1.4)": over["tpcb"],
        "G2_settled_over_lean (0.60)": over["lean"],
        "G4_settled_over_orm (5)": over["orm"],
        "G4_recorded_elsewhere_tx_per_second": RECORDED,
    }


def careful_orm(cluster: postgres.Cluster) -> float:
    """Return the trades per second of a careful ORM on tables of its own: two balanced transactions make a trade."""
    address = postgres.with_database(cluster.url(), "postgres")
    done = subprocess.run(
        [sys.executable, "-m", "bench.orm", address, str(SECONDS)], check=True, capture_output=True, text=True
    )
    return round(float(done.stdout) / 2, 1)


def log() -> dict[str, Any]:
    """Return how fast leaves that wait are sealed, and how long one proof takes (G11)."""
    from settlement import queries, services
    from settlement.rules.seals import Signer
    from tests.settlement.makers import of_organisation

    waiting, began, sealed = queries.waiting_leaves(), time.perf_counter(), 0
    while sealed < waiting and (done := services.seal_leaves()):
        sealed += done
    spent = time.perf_counter() - began
    signer = Signer(name="bench/log", secret=base64.b64encode(bytes(range(32))).decode())
    size = services.sign_head(signer=signer, origin="bench/log", at=AT)
    assert size
    head = queries.pack_head()
    assert head is not None
    chosen = random.Random(7)
    numbers = [f"entry:{chosen.randint(1, size // 2)}" for _ in range(LOOK_UPS)]
    began = time.perf_counter()
    for subject in numbers:
        queries.inclusion_proof(of_organisation(1), subject=subject)
    each = (time.perf_counter() - began) / len(numbers) * 1000
    return {
        "log_leaves": size,
        "G11_leaves_sealed_per_second (5000)": round(sealed / spent, 1),
        "G11_inclusion_proof_ms (1)": round(each, 3),
    }


def long_ledger(cluster: postgres.Cluster, trades: Trades) -> dict[str, Any]:
    """Return the rate of settlement with a long ledger over that of a short one, and what the proofs cost (G9)."""
    from settlement import queries

    short = statistics.median(trades.rate() for _ in range(ROUNDS))
    _lengthen(cluster)
    long = statistics.median(trades.rate() for _ in range(ROUNDS))
    legs, size = _ask(
        cluster,
        """SELECT (SELECT count(*) FROM settlement_leg),
                  (SELECT sum(pg_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'settlement_leg'::regclass)""",
    )
    began = time.perf_counter()
    assert queries.unreconciled_holdings() == []
    proof = time.perf_counter() - began
    return {
        "legs_in_the_long_ledger": legs,
        "G9_long_over_short (0.9)": round(long / short, 3),
        "G9_bytes_a_leg (150)": round(float(size) / legs, 1),
        "G9_proof_of_all_books_seconds (2)": round(proof, 2),
    }


def _lengthen(cluster: postgres.Cluster) -> None:
    """Lay a long past below the ledger: entries of four legs that go and come back, so that every holding stays right."""
    with _as_superuser(cluster) as cursor:
        cursor.execute(
            """CREATE TEMP TABLE past AS SELECT nextval('settlement_entry_id_seq') AS id, g FROM generate_series(1, %s) g;
               CREATE TEMP TABLE places AS SELECT row_number() OVER (ORDER BY a.id) - 1 AS n, a.id AS one, b.id AS other,
                   a.asset_id FROM settlement_holding a JOIN settlement_holding b
                     ON b.asset_id = a.asset_id AND b.organisation_id = a.organisation_id AND b.purpose = 'held_for_orders'
               WHERE a.purpose = 'available' AND a.organisation_id IS NOT NULL""",
            [LONG_ENTRIES],
        )
        cursor.execute(
            """INSERT INTO settlement_entry (id, kind, at, business_date, basis)
               SELECT id, 'hold', %s::timestamptz, '2026-03-02', '' FROM past;
               INSERT INTO settlement_entrykey (key, digest, entry_id) SELECT 'past:' || id, repeat('0', 64), id FROM past;
               INSERT INTO settlement_leg (entry_id, asset_id, debited_id, credited_id, units)
               SELECT past.id, p.asset_id, CASE l WHEN 1 THEN p.one WHEN 3 THEN p.one ELSE p.other END,
                      CASE l WHEN 1 THEN p.other WHEN 3 THEN p.other ELSE p.one END, 1 + past.g %% 7
               FROM past JOIN places p ON p.n = past.g %% (SELECT count(*) FROM places) CROSS JOIN generate_series(1, 4) l""",
            [AT],
        )
        cursor.execute("SELECT settlement_make_room()")
        cursor.execute("VACUUM ANALYZE settlement_entry, settlement_leg, settlement_entrykey")


def _cut(cluster: postgres.Cluster, asset_id: int) -> None:
    """Cut a batch that was just issued into very many blocks, each with the move that brought it where it is."""
    with _as_superuser(cluster) as cursor:
        cursor.execute(
            """CREATE TEMP TABLE root AS SELECT b.*, (b.last_serial - b.first_serial + 1) / %(blocks)s AS size
                   FROM settlement_serialblock b WHERE b.asset_id = %(asset)s;
               INSERT INTO settlement_serialblock (asset_id, parent_id, holding_id, entry_id, first_serial, last_serial)
               SELECT asset_id, id, holding_id, entry_id, first_serial + g * size, first_serial + (g + 1) * size - 1
               FROM root, generate_series(1, %(blocks)s - 1) g;
               INSERT INTO settlement_serialmove (entry_id, asset_id, debited_id, credited_id, first_serial, last_serial)
               SELECT entry_id, asset_id, (SELECT id FROM settlement_holding h WHERE h.asset_id = root.asset_id
                                           AND h.purpose = 'issuance'),
                      holding_id, first_serial + g * size, first_serial + (g + 1) * size - 1
               FROM root, generate_series(1, %(blocks)s - 1) g;
               UPDATE settlement_serialblock b SET last_serial = root.first_serial + root.size - 1
               FROM root WHERE b.id = root.id""",
            {"blocks": BLOCKS, "asset": asset_id},
        )
        cursor.execute("VACUUM ANALYZE settlement_serialblock, settlement_serialmove")


@contextmanager
def _as_superuser(cluster: postgres.Cluster) -> Iterator[Any]:
    """Give a cursor whose rows no trigger looks at: a past of millions of rows is not what is measured."""
    link = psycopg2.connect(cluster.url(database=database.TEMPLATE))
    link.autocommit = True
    with link.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield cursor
    link.close()


def _ask(cluster: postgres.Cluster, sql: str) -> tuple[Any, ...]:
    with _as_superuser(cluster) as cursor:
        cursor.execute(sql)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def look_ups(cluster: postgres.Cluster) -> dict[str, Any]:
    """Return how long a look-up of one serial takes among many blocks."""
    from settlement import queries
    from settlement.rules import SerialRange
    from tests.settlement.makers import an_organisation, issue

    names = {"project_code": "NM-CS-009999", "project_serial": "009999"}
    asset = queries.asset(issue(an_organisation(at=AT), BLOCKS * 10, AT, **names).asset_id)
    _cut(cluster, asset.id)
    assert asset.credit is not None
    chosen, spent = random.Random(7), []
    for _ in range(LOOK_UPS):
        serial = chosen.randint(asset.first_serial, asset.last_serial)
        text = queries.text_of(asset.credit, SerialRange(serial, serial))
        began = time.perf_counter()
        queries.serial_life(text)
        spent.append((time.perf_counter() - began) * 1000)
    spent.sort()
    return {
        "serial_blocks": _ask(cluster, "SELECT count(*) FROM settlement_serialblock")[0],
        "serial_life_p50_ms": round(spent[len(spent) // 2], 2),
        "serial_life_p99_ms": round(spent[int(len(spent) * 0.99)], 2),
    }


if __name__ == "__main__":
    main()
