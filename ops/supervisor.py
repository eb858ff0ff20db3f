"""Start, watch and stop the processes of the table that are commands (the two servers start themselves)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import redis
import requests
from celery import Celery

from ops import pids
from ops.children import dying_with_parent
from ops.ports import HOST
from ops.processes import GRACE_SECONDS, Health, Process

START_LIMIT_SECONDS = 120
LONGEST_PAUSE_SECONDS = 30
STEADY_AFTER_SECONDS = 60  # A process that lived this long begins again with the shortest pause.
PING_EVERY_SECONDS = 20
DEAF_AFTER_SECONDS = 60


class PartFailed(Exception):
    """A part did not start; the text names it and holds the last lines of its log."""


def last_lines(log: Path, count: int = 20) -> str:
    """Return the end of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:]) if log.is_file() else ""


@dataclass
class Child:
    """One process of the table at work."""

    row: Process
    popen: "subprocess.Popen[bytes]"
    started: float  # time.monotonic()
    heard: float  # When it last answered a ping, time.monotonic().
    failures: int = 0
    due: float | None = None  # When it is to be started again.


class Supervisor:
    """The commands of one run: one environment, one folder of logs, one file of numbers."""

    def __init__(
        self,
        *,
        words: Mapping[str, str],
        environment: Mapping[str, str],
        broker_url: str,
        logs: Path,
        pid_file: pids.PidFile,
        say: Callable[[str], None],
    ) -> None:
        self.words = dict(words)
        self.environment = {**os.environ, **environment, pids.RUN_TOKEN: pid_file.token, "PYTHONUNBUFFERED": "1"}
        self.logs = logs
        self.pid_file = pid_file
        self.say = say
        self.children: dict[str, Child] = {}
        self._broker_url = broker_url
        self._pinged = time.monotonic()

    def command(self, row: Process) -> list[str]:
        """Return the command of a row with its words filled in."""
        return [part.format(python=sys.executable, host=HOST, **self.words) for part in row.command]

    def log_of(self, name: str) -> Path:
        """Return where the output of a process goes."""
        return self.logs / f"{name}.log"

    def start(self, row: Process) -> Child:
        """Start one process; it is not yet known to be well. Call from the main thread (see `dying_with_parent`)."""
        self.logs.mkdir(parents=True, exist_ok=True)
        if row.name == "beat":
            schedule = Path(self.words["state"]) / "beat"
            schedule.mkdir(parents=True, exist_ok=True)
            (schedule / "pid").unlink(missing_ok=True)  # Of a beat that was killed; ours are ended by now.
        with self.log_of(row.name).open("ab") as log:
            popen = subprocess.Popen(
                self.command(row),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,  # Ctrl-C is for the launcher, which stops in its own order.
                preexec_fn=dying_with_parent(signal.SIGTERM),
            )
        self.pid_file.note(row.name, popen.pid)
        now = time.monotonic()
        before = self.children.get(row.name)
        child = Child(row, popen, started=now, heard=now, failures=before.failures if before else 0)
        self.children[row.name] = child
        return child

    def wait_until_well(self, names: list[str], limit_seconds: float = START_LIMIT_SECONDS) -> None:
        """Return when every named process answers its health check. Raises PartFailed."""
        until = time.monotonic() + limit_seconds
        left = list(names)
        while left:
            for name in left:
                if self.children[name].popen.poll() is not None:
                    raise self._failed(name, f"{name} ended with status {self.children[name].popen.returncode}")
            well = self.well(left)
            left = [name for name in left if name not in well]
            if left and time.monotonic() > until:
                raise self._failed(left[0], f"{left[0]} did not answer within {limit_seconds:.0f} s")
            if left:
                time.sleep(0.2)

    def well(self, names: list[str]) -> set[str]:
        """Return which of the named processes are well now."""
        rows = {name: self.children[name].row for name in names}
        well = {name for name, row in rows.items() if row.health is Health.HTTP and self._answers_http(row)}
        well |= {name for name, row in rows.items() if row.health is Health.ALIVE and self._is_at_work(row)}
        workers = [name for name, row in rows.items() if row.health is Health.CELERY]
        return well | (self._answering_workers() & set(workers) if workers else set())

    def _answers_http(self, row: Process) -> bool:
        address = f"http://{HOST}:{self.words[row.port]}{row.health_path}"
        try:
            return requests.get(address, timeout=5, allow_redirects=False).status_code == requests.codes.ok
        except requests.RequestException:
            return False

    def _is_at_work(self, row: Process) -> bool:
        running = self.children[row.name].popen.poll() is None
        return running and (row.name != "beat" or (Path(self.words["state"]) / "beat" / "pid").is_file())

    def _answering_workers(self) -> set[str]:
        broker = Celery(broker=self._broker_url, set_as_current=False)
        broker.conf.broker_transport_options = {"socket_timeout": 5, "socket_connect_timeout": 2}
        try:
            replies = broker.control.ping(timeout=1.0)
        except Exception:  # The broker is away, in one of kombu's many ways to say so.
            return set()
        finally:
            broker.close()
        return {name.partition("@")[0] for reply in replies for name in reply}

    def _broker_answers(self) -> bool:
        try:
            with redis.Redis.from_url(self._broker_url, socket_timeout=2, socket_connect_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def watch(self) -> None:
        """Look once: end the deaf, note the dead, start again what is due. Call it a few times a second."""
        now = time.monotonic()
        for name, child in list(self.children.items()):
            if child.due is not None:
                if now >= child.due:
                    self.start(child.row)
            elif child.popen.poll() is not None:
                self._note_death(name, child, now)
        if now - self._pinged >= PING_EVERY_SECONDS:
            self._pinged = now
            self._end_the_deaf(now)

    def _note_death(self, name: str, child: Child, now: float) -> None:
        pids.end_group(child.popen.pid, self.pid_file.token)
        self.pid_file.forget(name)
        child.failures = 1 if now - child.started > STEADY_AFTER_SECONDS else child.failures + 1
        if not child.row.restarts:
            del self.children[name]
            return
        pause = min(2.0 ** (child.failures - 1), LONGEST_PAUSE_SECONDS)
        child.due = now + pause
        status = child.popen.returncode
        self.say(f"{name} ended (status {status}); starts again in {pause:.0f} s. Log: {self.log_of(name)}")

    def _end_the_deaf(self, now: float) -> None:
        workers = [c for c in self.children.values() if c.row.health is Health.CELERY and c.due is None]
        if not workers:
            return
        broker_is_away = not self._broker_answers()  # Then a new worker would hear no better.
        answering = set() if broker_is_away else self._answering_workers()
        for child in workers:
            if broker_is_away or child.row.name in answering:
                child.heard = now
            elif now - child.heard > DEAF_AFTER_SECONDS:
                self.say(f"{child.row.name} runs but has not answered for {DEAF_AFTER_SECONDS} s; it is started anew")
                child.popen.kill()

    def stop(self, limit_seconds: float = GRACE_SECONDS) -> None:
        """Stop everything, in the order of the table: asked first, killed after the limit."""
        for order in sorted({child.row.stops for child in self.children.values()}):
            self._stop_together([c for c in self.children.values() if c.row.stops == order], limit_seconds)

    def stop_one(self, name: str, limit_seconds: float = GRACE_SECONDS) -> None:
        """Stop one process."""
        self._stop_together([self.children[name]], limit_seconds)

    def _stop_together(self, children: list[Child], limit_seconds: float) -> None:
        alive = [child for child in children if child.popen.poll() is None]
        for child in alive:
            child.popen.terminate()
        until = time.monotonic() + limit_seconds
        for child in alive:
            try:
                child.popen.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.popen.kill()
                child.popen.wait()
        for child in children:
            pids.end_group(child.popen.pid, self.pid_file.token)
            self.pid_file.forget(child.row.name)
            del self.children[child.row.name]

    def _failed(self, name: str, text: str) -> PartFailed:
        return PartFailed(f"{text}. {self.log_of(name)} ends with:\n{last_lines(self.log_of(name))}")
