"""What everything is measured against: TPC-B with 8 clients in a database of its own on the same server."""

from __future__ import annotations

import re
import subprocess

import psycopg2

from ops import postgres

SCALE = "10"


def lay(cluster: postgres.Cluster) -> str:
    """Make the anchor's database and return its address."""
    link = psycopg2.connect(cluster.url())
    link.autocommit = True
    with link.cursor() as cursor:
        cursor.execute("CREATE DATABASE tpcb")
    link.close()
    url = postgres.with_database(cluster.url(), "tpcb")
    subprocess.run([_program(), "-i", "-q", "-s", SCALE, url], check=True, capture_output=True)
    return url


def tps(url: str, seconds: int) -> float:
    """Return the transactions per second of one run."""
    done = subprocess.run(
        [_program(), "-M", "prepared", "-c", "8", "-j", "2", "-n", "-T", str(seconds), url],
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found
    return round(float(found[1]), 1)


def _program() -> str:
    return str(postgres.binaries() / "pgbench")
