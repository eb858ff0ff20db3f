"""Run the whole platform on this machine until Ctrl-C: `python -m ops.launcher demo`, or throw its data away: `reset`.

Environment, all optional: DATABASE_URL (with DATABASE_OWNER_URL where the app's role exists already), REDIS_URL,
WEB_PORT, DEMO_TRAFFIC=0.
Exit status: 0 after Ctrl-C, 1 when a part does not start, with the last lines of its log.
"""

import json
import os
import shutil
import signal
import sys
import threading
import time
import unicodedata
from collections.abc import Callable
from types import FrameType
from typing import Any

import psycopg2

from config.environment import RUN_DIR
from ops import assets, node, pids, postgres, valkey
from ops.files import write_private_json
from ops.platform import Platform
from ops.processes import PROCESSES, Process
from ops.supervisor import PartFailed

PID_FILE = RUN_DIR / "pids.json"
ENVIRONMENT = RUN_DIR / "environment.json"  # Read by config/environment.py, so that manage.py finds the database.
DEMO = RUN_DIR / "demo.json"
LOGINS = RUN_DIR / "demo_logins.json"
GIVEN = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
LOOKS_EVERY_SECONDS = 0.3
FAILURES = (PartFailed, node.NodeFailed, postgres.ServerFailed, valkey.ServerFailed, psycopg2.Error, PermissionError)


class Stopped(BaseException):
    """Somebody asked for the end: Ctrl-C, SIGTERM, or a closed terminal.

    No Exception, as KeyboardInterrupt is none: it may come while a library's errors are caught, whatever they are.
    """


def say(text: str) -> None:
    """Print a line of progress."""
    print(text, flush=True)


def demo() -> int:
    """Start everything, watch it, and stop it when asked. Return the exit status."""
    running = pids.running_launcher(PID_FILE)
    if running is not None:
        say(f"A demonstration of this checkout runs already (process {running.pid}); stop it with Ctrl-C there.")
        return 1
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ask_to_stop)
    platform = Platform(
        RUN_DIR,
        say,
        cluster=None if os.environ.get("DATABASE_URL") else demo_cluster(),
        external={name: os.environ[name] for name in GIVEN if os.environ.get(name)},
    )
    try:
        begin(platform)
        while True:
            platform.watch()
            time.sleep(LOOKS_EVERY_SECONDS)
    except Stopped:
        return 0
    except FAILURES as failed:
        say(f"\nThe demonstration did not start.\n{failed}")
        return 1
    finally:
        end(platform)


def _ask_to_stop(number: int, frame: FrameType | None) -> None:
    # Once is enough: the stop has its own limits, and a second Ctrl-C must not leave half of it undone.
    for again in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(again, signal.SIG_IGN)
    raise Stopped


def demo_cluster() -> postgres.Cluster:
    """Return the demonstration's own server, durable, not started."""
    return postgres.Cluster(postgres.home() / "demo", postgres.Profile.DURABLE, RUN_DIR / "logs" / "postgres.log")


def rows_wanted() -> list[Process]:
    """Return the rows of the table to run; DEMO_TRAFFIC=0 leaves out the trading organisations."""
    return [row for row in PROCESSES if row.name != "traffic" or os.environ.get("DEMO_TRAFFIC") != "0"]


def begin(platform: Platform) -> None:
    """Go through the steps to READY. Raises one of FAILURES."""
    started = time.monotonic()

    def step(name: str, act: Callable[[], None]) -> None:
        print(f"  {name} …", end="", flush=True)
        before = time.monotonic()
        act()
        print(f" {time.monotonic() - before:.1f} s", flush=True)

    say("碳汇 Tanhui: starting the demonstration")
    left = pids.end_leftovers(PID_FILE)
    if left:
        say(f"  ended what an earlier start left behind: {', '.join(left)}")
    platform.pid_file.claim()
    for stale in (ENVIRONMENT, DEMO):
        stale.unlink(missing_ok=True)
    platform.choose_ports({"web_port": int(os.environ.get("WEB_PORT", "8000"))})
    # Fetching files and filling the database need nothing of each other, and a newcomer waits for both.
    files = alongside(assets.install)
    step("PostgreSQL", platform.start_postgres)
    step("Valkey", platform.start_valkey)
    write_private_json(ENVIRONMENT, platform.environment())
    step("tables", platform.migrate)
    step("front-end files", files)
    static = alongside(platform.collect_static_files)
    if platform.knows("build_demo"):
        step("demonstration region", lambda: platform.manage("build_demo", log="build_demo"))
    step("static files", static)
    rows = rows_wanted()
    step("processes", lambda: platform.start([row for row in rows if row.starts < TRAFFIC_STARTS]))
    described = describe(platform)
    write_private_json(DEMO, described)
    platform.start([row for row in rows if row.starts >= TRAFFIC_STARTS])
    say(f"READY {platform.url}  ({time.monotonic() - started:.0f} s)")
    say(login_table(described["logins"]))
    say(f"API {described['api']}   logs {platform.logs}   Ctrl-C stops everything; the data stay.")


def alongside(act: Callable[[], None]) -> Callable[[], None]:
    """Begin `act` in a thread; return what waits for its end and raises what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def wait() -> None:
        thread.join()
        if raised:
            raise raised[0]

    return wait


TRAFFIC_STARTS = next(row.starts for row in PROCESSES if row.name == "traffic")


def describe(platform: Platform) -> dict[str, Any]:
    """Return what .run/demo.json tells about the running demonstration."""
    found = json.loads(LOGINS.read_text()) if LOGINS.is_file() else {"logins": [], "clients": []}
    token_url = f"{platform.url}/oauth/token/"
    return {
        "url": platform.url,
        "api": f"{platform.url}/api/v1/",
        "logins": found["logins"],
        "clients": [{**client, "token_url": token_url} for client in found["clients"]],
        "database_url": platform.app_url,
        "redis_url": platform.redis_url,
    }


def login_table(logins: list[dict[str, str]]) -> str:
    """Return the logins as a table; a Chinese character takes two columns."""
    columns = ("role", "name", "username", "password")
    rows = [columns, *(tuple(login[column] for column in columns) for login in logins)]
    widths = [max(_width(row[i]) for row in rows) for i in range(len(columns))]
    lines = ["  ".join(cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def end(platform: Platform) -> None:
    """Stop everything and take back the word that it runs."""
    say("stopping …")
    for file in (ENVIRONMENT, DEMO):
        file.unlink(missing_ok=True)
    platform.stop()
    say("stopped")


def reset() -> int:
    """Delete the demonstration's data: the embedded database, uploads, secrets, logs. Return the exit status."""
    running = pids.running_launcher(PID_FILE)
    if running is not None:
        say(f"The demonstration runs (process {running.pid}); stop it with Ctrl-C first.")
        return 1
    pids.end_leftovers(PID_FILE)
    shutil.rmtree(postgres.home() / "demo", ignore_errors=True)
    for name in ("media", "logs", "beat"):
        shutil.rmtree(RUN_DIR / name, ignore_errors=True)
    for name in (
        "secrets.json",
        "demo.json",
        "demo_logins.json",
        "environment.json",
        "bank.json",
        "bank_opening",
        "tax.db",
    ):
        (RUN_DIR / name).unlink(missing_ok=True)
    say("The demonstration's data are gone; `make demo` begins anew.")
    return 0


def main() -> int:
    """Do what the command line says."""
    commands = {"demo": demo, "reset": reset}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    return commands[sys.argv[1]]()


if __name__ == "__main__":
    sys.exit(main())
