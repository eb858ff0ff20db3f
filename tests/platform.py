"""The real processes on private servers, for journeys, kill runs and the bench: no part of it is a stand-in."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from ops import assets, postgres
from ops.platform import DATABASE, Platform
from ops.processes import PROCESSES
from tests import database, host_clock

ANY_PORT = {"web_port": 0, "streams_port": 0, "bank_port": 0, "tax_port": 0, "valkey_port": 0}


@contextmanager
def platform(
    profile: postgres.Profile = postgres.Profile.FAST,
    *,
    without: Iterable[str] = ("traffic",),
    demonstration: bool = False,
    host_clock_at: datetime | None = None,
) -> Iterator[Platform]:
    """Give a running installation of its own: free ports, a new database, TIME_TRAVEL=1; everything goes with it.

    without: names of the process table that are not started.
    demonstration: build the region first, before anything else works, as the launcher does: beat's sweeps would let
    lapse what is long past due while its history is being told.
    host_clock_at: what the host's clock says to everything that is started here; None leaves it as it is.
    """
    state = Path(tempfile.mkdtemp(prefix="tanhui-platform-"))
    said: list[str] = []
    cluster = postgres.new_private_cluster(profile)
    if host_clock_at is not None:
        cluster.environment = host_clock.set_to(host_clock_at, cluster.folder.parent)
    running = Platform(
        state,
        said.append,
        cluster=cluster,
        more_environment={
            "MEDIA_ROOT": str(state / "media"),
            "PYTHONWARNINGS": "default",
            **cluster.environment,
        },
    )
    try:
        running.choose_ports(ANY_PORT)
        assets.install()
        assert running.cluster is not None
        database.lay(running.cluster)  # Migrated already, with the shipped rules.
        running.start_postgres()
        database.begin_clock_anew(running.cluster.url(database=DATABASE))
        running.start_valkey()
        running.collect_static_files()
        if demonstration:
            running.manage("build_demo", log="build_demo")
        running.start([row for row in PROCESSES if row.name not in set(without)])
        yield running
    finally:
        running.stop()
        if running.cluster is not None:
            postgres.remove_private(running.cluster)
        shutil.rmtree(state, ignore_errors=True)


def wait_for(running: Platform, condition: Callable[[], bool], limit_seconds: float = 30) -> None:
    """Watch over the installation until the condition holds. Raises AssertionError after the limit."""
    until = time.monotonic() + limit_seconds
    while not condition():
        assert time.monotonic() < until, f"not within {limit_seconds} s"
        running.watch()
        time.sleep(0.1)


@pytest.fixture(scope="session")
def running_platform() -> Iterator[Platform]:
    """One installation with the demonstration built, for all journeys, which one worker runs (tests/conftest.py).

    Its host's clock is on a Sunday at 23:00, when nothing would be open that looked at it.
    """
    with platform(demonstration=True, host_clock_at=host_clock.next_sunday_at(23)) as running:
        yield running
