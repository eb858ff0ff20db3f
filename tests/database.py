"""The databases of the tests: one server a run, one migrated template, one copy a worker, one more a `committed` test."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, connections
from django.db.utils import load_backend

from config.settings import BASE_DIR, database
from ops import postgres
from ops.platform import DATABASE

TEMPLATE = "tanhui_template"
SERVER = os.environ.get(
    "TEST_SERVER", ""
)  # A server that runs already, with the template in it: tests/proofs names one.


# What the migrated template is made of: a change in any of these files, and it is made anew.
MADE_OF = (
    "*/migrations/**/*.py",
    "*/models/**/*.py",
    "*/sql/*.sql",
    "rulebook/**/*.py",
    "rulebook/parameters/*.json",
    "config/settings.py",
    "ops/postgres.py",
    "ops/roles.py",
    "tests/database.py",
    "requirements.lock",
)


def start() -> postgres.Cluster:
    """Return a started private server with the migrated template."""
    cluster = postgres.new_private_cluster(postgres.Profile.FAST)
    try:
        lay(cluster)
        cluster.start()
        begin_clock_anew(cluster.url(database=TEMPLATE))
    except BaseException:
        postgres.remove_private(cluster)
        raise
    return cluster


def lay(cluster: postgres.Cluster) -> None:
    """Put a copy of the kept server below a cluster that was never started: the template, and `tanhui` beside it.

    To migrate costs half a minute of a processor; it is done once for each state of the migrations, then copied.
    """
    home = postgres.home()
    with (home / "kept.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = home / f"kept-{_digest()}"
        if not kept.is_dir():
            for old in home.glob("kept-*"):
                shutil.rmtree(old, ignore_errors=True)
            _make(kept)
        subprocess.run(["cp", "-a", "--reflink=auto", str(kept), str(cluster.folder)], check=True)


def _digest() -> str:
    paths = sorted({path for pattern in MADE_OF for path in BASE_DIR.glob(pattern)})
    found = hashlib.sha256()
    for path in paths:
        found.update(f"{path.relative_to(BASE_DIR)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def _make(kept: Path) -> None:
    cluster = postgres.private_cluster(postgres.Profile.FAST)
    try:
        postgres.provision(cluster.url(), TEMPLATE)
        migrate(cluster.url(postgres.OWNER_ROLE, TEMPLATE))
        postgres.create_from_template(cluster.url(), DATABASE, TEMPLATE)
        cluster.stop()
        (cluster.folder / "socket_folder").unlink(missing_ok=True)
        cluster.folder.rename(kept)
    finally:
        postgres.remove_private(cluster)


def begin_clock_anew(url: str) -> None:
    """Set the business clock of a kept database back to where a new installation begins: it has run on since."""
    # Its guard lets nobody turn the clock back: the superuser steps around it.
    back = "extract(epoch FROM timestamptz '2026-03-02T10:00:00+08:00' - clock_timestamp())"
    update = f"UPDATE rulebook_clockoffset SET seconds = {back}"
    postgres.execute(url, f"SET session_replication_role = replica; {update}")


def migrate(owner_url: str) -> None:
    """Run the migrations at `owner_url`, then take in the shipped rules, in processes of their own. Raises RuntimeError with what they printed."""
    environment = {
        **os.environ,
        "DATABASE_OWNER_URL": owner_url,
        "DATABASE_URL": postgres.with_role(owner_url, postgres.APP_ROLE),
        "TIME_TRAVEL": "1",
    }
    for arguments in (["migrate", "--database", "owner", "--no-input", "--verbosity", "0"], ["load_rules"]):
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise RuntimeError(f"{arguments[0]} failed:\n{done.stdout}{done.stderr}")


@contextmanager
def copy_of_template(admin_url: str) -> Iterator[str]:
    """Give the name of a fresh copy of the template, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    postgres.create_from_template(admin_url, name, TEMPLATE)
    try:
        yield name
    finally:
        postgres.drop_database(admin_url, name)


def described(admin_url: str, role: str, name: str) -> dict[str, Any]:
    """Return Django's settings of database `name` for `role`, with every key that Django fills in by itself."""
    alias = "owner" if role == postgres.OWNER_ROLE else "default"
    url = postgres.with_role(postgres.with_database(admin_url, name), role)
    return {**settings.DATABASES[alias], **database(url)}


@contextmanager
def connected_to(admin_url: str, name: str) -> Iterator[None]:
    """Have this thread, and every thread that begins now, use database `name`: `default` as the app, `owner` as owner.

    The connections from before are put aside as they are, a transaction in them included, and come back afterwards.
    """
    aside = {alias: connections[alias] for alias in ("default", "owner")}
    before = {alias: connections.databases[alias] for alias in aside}
    roles = {"default": postgres.APP_ROLE, "owner": postgres.OWNER_ROLE}
    for alias, role in roles.items():
        described_as = described(admin_url, role, name)
        connections.databases[alias] = described_as
        backend = load_backend(described_as["ENGINE"])
        connections[alias] = backend.DatabaseWrapper(described_as, alias)
    try:
        yield
    finally:
        for alias, old in aside.items():
            connections[alias].close()
            connections.databases[alias] = before[alias]
            connections[alias] = old


def check_deferred() -> None:
    """Check now what a commit would check: every deferred constraint and trigger of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def without_the_exchange(admin_url: str, name: str) -> str:
    """Let a copy settle trades that no exchange has, and return its name: for tests of the ledger by itself."""
    drop = "DROP TRIGGER settled_trade_is_there ON settlement_settlementbatch"
    postgres.execute(postgres.with_database(admin_url, name), drop)
    return name
