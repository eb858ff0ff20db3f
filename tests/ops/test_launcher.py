"""The launcher on a checkout of its own: one full start as a newcomer makes it, then small ones for what goes wrong."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests

from ops import assets, launcher, postgres, valkey
from ops.ports import free_port
from tests.database import BASE_DIR

pytestmark = pytest.mark.timeout(1200)
# A newcomer waits much shorter; here a second worker builds the same region on the same two processors.
START_SECONDS, STOP_SECONDS = 600, 150
LEFT_OUT = shutil.ignore_patterns(".git", ".run", ".venv", ".*_cache", "__pycache__", "docs", "bench")
ROLES = [
    "banner_clerk",
    "league_reviewer",
    "region_maker",
    "region_checker",
    "ecology_recorder",
    "owner",
    "validator",
    "verifier",
    "firm_initiator",
    "firm_confirmer",
    "exchange_operator",
    "settlement_operator",
    "auditor",
    "system_admin",
    "security_admin",
    "audit_admin",
]


class Launched:
    """A launcher at work in the checkout of the tests."""

    def __init__(self, checkout: Path, module: str, environment: dict[str, str]) -> None:
        self.run = checkout / ".run"
        self.log = checkout / "launcher.log"
        with self.log.open("wb") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", module, *(["demo"] if module == "ops.launcher" else [])],
                cwd=checkout,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def until(self, condition: Callable[[], bool], limit_seconds: float) -> float:
        """Return how long it took until the condition held. Raises AssertionError with what was said."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < limit_seconds, self.said()
            time.sleep(0.1)
        return time.monotonic() - began

    def ready(self) -> "Launched":
        self.until(lambda: "\nREADY " in self.said() or self.popen.poll() is not None, START_SECONDS)
        assert self.popen.poll() is None, self.said()
        return self

    def demo(self) -> dict:
        return json.loads((self.run / "demo.json").read_text())

    def children(self) -> dict[str, psutil.Process]:
        kept = json.loads((self.run / "pids.json").read_text())["children"]
        return {name: psutil.Process(one["pid"]) for name, one in kept.items()}

    def interrupt(self) -> int:
        """Press Ctrl-C once and return the exit status."""
        self.popen.send_signal(signal.SIGINT)
        return self.popen.wait(STOP_SECONDS)


def are_gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them runs: a zombie is gone, whatever answers `kill -0`."""
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


def with_descendants(processes: dict[str, psutil.Process]) -> list[psutil.Process]:
    return [one for process in processes.values() for one in (process, *process.children(recursive=True))]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of this checkout that has the front-end files and nothing else under .run."""
    copy = tmp_path_factory.mktemp("launcher") / "tanhui"
    shutil.copytree(BASE_DIR, copy, ignore=LEFT_OUT)
    assets.install()
    (copy / ".run").mkdir()
    (copy / ".run" / "vendor").symlink_to(assets.VENDOR)
    yield copy
    home = copy / ".run" / "postgres_home"
    if home.is_file():
        shutil.rmtree(home.read_text().strip(), ignore_errors=True)


@pytest.fixture
def launch(checkout: Path) -> Iterator[Callable[..., Launched]]:
    """Start a launcher; whatever the test does, nothing of it runs afterwards."""
    started: list[Launched] = []

    def start(module: str = "tests.ops.small_launcher", **more: str) -> Launched:
        environment = {"PATH": os.environ["PATH"], "HOME": str(checkout), **more}
        started.append(Launched(checkout, module, environment))
        return started[-1]

    yield start
    for one in started:
        if one.popen.poll() is None:
            one.popen.send_signal(signal.SIGINT)
            try:
                one.popen.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                one.popen.kill()
                one.popen.wait()


@contextmanager
def taken(port: int) -> Iterator[None]:
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", port))
        held.listen(1)
        yield


def rows_of(demo: dict, statement: str) -> int:
    return postgres.fetch(demo["database_url"], statement)[0][0]


def test_a_newcomers_start_says_ready_trades_by_itself_and_ends_at_ctrl_c(checkout, launch):
    running = launch("ops.launcher").ready()
    demo = running.demo()
    ready = next(line for line in running.said().splitlines() if line.startswith("READY"))
    assert ready.split()[1] == demo["url"]
    assert (running.run / "demo.json").stat().st_mode & 0o077 == 0

    assert demo.keys() == {"url", "api", "logins", "clients", "database_url", "redis_url"}
    assert demo["api"] == demo["url"] + "/api/v1/"
    assert {login["role"] for login in demo["logins"]} == set(ROLES)
    for login in demo["logins"]:
        assert login.keys() == {"role", "name", "username", "password"}
        assert login["username"] in running.said()
    assert len(demo["clients"]) == 14  # Twelve that trade by themselves, the forest farm and the firm of the story.
    client = demo["clients"][0]
    assert client.keys() == {"name", "client_id", "client_secret", "token_url"}

    who = (client["client_id"], client["client_secret"])
    answer = requests.post(client["token_url"], data={"grant_type": "client_credentials"}, auth=who, timeout=20)
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    found = requests.get(f"{demo['api']}instruments/", headers=bearer, timeout=20).json()["results"]
    assert sorted(one["mode"] for one in found) == ["continuous"] * 2 + ["listed_agreement"] * 8

    second = launch("ops.launcher")
    assert second.popen.wait(60) == 1
    assert "runs already" in second.said()
    assert running.popen.poll() is None

    asked = subprocess.run(
        [sys.executable, "manage.py", "check_invariants"],
        cwd=checkout,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert asked.returncode == 0, asked.stdout
    traded = "SELECT count(*) FROM exchange_trade t JOIN exchange_matchbatch b ON b.id = t.batch_id"
    before = rows_of(demo, traded)
    running.until(lambda: rows_of(demo, traded) > before, 60)

    everything = with_descendants(running.children())
    assert len(everything) > 15
    organisations = rows_of(demo, "SELECT count(*) FROM accounts_organisation")
    assert running.interrupt() == 0
    assert are_gone(everything)
    assert {"demo.json", "environment.json", "pids.json"}.isdisjoint(os.listdir(running.run))

    again = launch().ready()
    assert rows_of(again.demo(), "SELECT count(*) FROM accounts_organisation") == organisations
    assert again.interrupt() == 0


def test_a_killed_launcher_takes_its_children_with_it_and_the_next_start_ends_what_stays(launch):
    first = launch().ready()
    children = first.children()
    everything = with_descendants(children)
    children["bank"].suspend()  # It cannot hear that its parent is gone.
    first.popen.kill()
    first.popen.wait()
    first.until(lambda: are_gone([one for one in everything if one.pid != children["bank"].pid]), 30)
    assert not are_gone([children["bank"]])

    second = launch().ready()
    assert "ended what an earlier start left behind: bank" in second.said()
    assert are_gone(everything)
    assert second.interrupt() == 0


def test_taken_ports_are_passed_over_and_said(launch):
    wanted = free_port(0)
    with taken(wanted):
        running = launch(WEB_PORT=str(wanted)).ready()
        chosen = int(running.demo()["url"].rpartition(":")[2])
        assert wanted < chosen <= wanted + 20
        assert f"port {wanted} is taken; web uses {chosen}" in running.said()
        assert running.interrupt() == 0


def test_a_part_that_does_not_start_ends_everything_with_its_last_words(launch):
    broken = launch(SMALL_BROKEN="1")
    assert broken.popen.wait(START_SECONDS) == 1
    assert "bank ended with status 3" in broken.said()
    assert "the last words" in broken.said()
    assert "READY" not in broken.said()
    assert {"demo.json", "environment.json", "pids.json"}.isdisjoint(os.listdir(broken.run))


def test_servers_of_others_are_used_and_left_alone(launch, admin_url, tmp_path):
    database = "of_others"
    postgres.execute(admin_url, f"CREATE DATABASE {database}")
    bell = valkey.Server(tmp_path, tmp_path / "valkey.log", free_port(0), "word")
    bell.start()
    try:
        given = postgres.with_database(admin_url, database)
        running = launch(DATABASE_URL=given, REDIS_URL=bell.url).ready()
        assert {"postgres", "valkey"}.isdisjoint(running.children())
        assert running.demo()["redis_url"] == bell.url
        assert rows_of(running.demo(), "SELECT current_database() || ' ' || current_user") == f"{database} tanhui_app"
        assert running.interrupt() == 0
        assert bell.answers()
        assert postgres.fetch(given, "SELECT 1") == [(1,)]
    finally:
        bell.stop()
        postgres.drop_database(admin_url, database)
        postgres.execute(admin_url, "ALTER ROLE tanhui_app PASSWORD NULL")


def test_ctrl_c_is_heard_while_a_librarys_errors_are_caught():
    """It was lost now and then: the look at the workers catches whatever the broker's library raises."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGINT, launcher._ask_to_stop)
    try:
        with pytest.raises(launcher.Stopped), contextlib.suppress(Exception):
            signal.raise_signal(signal.SIGINT)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
