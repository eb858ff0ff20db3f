"""Which processes a launcher started, on disk, so that the next one can end what a killed one left behind."""

import json
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from ops.children import ProcessIdentity
from ops.files import write_private_json

RUN_TOKEN = "TANHUI_RUN"  # In the environment of every child: who started it.
END_LIMIT_SECONDS = 10


@dataclass
class PidFile:
    """The launcher and its children, in the order in which they started."""

    path: Path
    token: str
    launcher: ProcessIdentity = field(default_factory=lambda: ProcessIdentity.of(os.getpid()))
    children: dict[str, ProcessIdentity] = field(default_factory=dict)

    def claim(self) -> None:
        """Write down that this launcher runs, before it has children."""
        self._write()

    def note(self, name: str, pid: int) -> None:
        """Write down a child that has just started."""
        self.children[name] = ProcessIdentity.of(pid)
        self._write()

    def forget(self, name: str) -> None:
        """Strike out a child that is gone."""
        self.children.pop(name, None)
        self._write()

    def remove(self) -> None:
        """Remove the file: nothing of this launcher runs any more."""
        self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        children = {name: asdict(identity) for name, identity in self.children.items()}
        write_private_json(self.path, {"token": self.token, "launcher": asdict(self.launcher), "children": children})


def _read(path: Path) -> tuple[str, ProcessIdentity, dict[str, ProcessIdentity]] | None:
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None

    def identity(row: dict[str, object]) -> ProcessIdentity:
        return ProcessIdentity(**{**row, "command": tuple(row["command"])})  # type: ignore[arg-type]

    children = {name: identity(row) for name, row in found["children"].items()}
    return found["token"], identity(found["launcher"]), children


def running_launcher(path: Path) -> ProcessIdentity | None:
    """Return the launcher named by the file at `path` if it runs now."""
    found = _read(path)
    return found[1] if found is not None and found[1].running() is not None else None


def end_leftovers(path: Path) -> list[str]:
    """End what the file at `path` names and still runs, newest first; return the names. The file is removed.

    A process counts only with its own number, start time and command line: numbers are given again.
    """
    found = _read(path)
    if found is None:
        path.unlink(missing_ok=True)
        return []
    token, _, children = found
    ended = []
    for name, identity in reversed(children.items()):
        process = identity.running()
        if process is not None:
            # PostgreSQL would wait for its clients at SIGTERM; SIGINT cuts them and writes everything.
            _end([process], signal.SIGINT if name == "postgres" else signal.SIGTERM)
            ended.append(name)
        _end(_survivors(identity.pid, token), signal.SIGKILL)
    path.unlink(missing_ok=True)
    return ended


def end_group(pid: int, token: str) -> None:
    """Kill what is left of the session of a child that has died: its own children would keep ports and queues."""
    _end(_survivors(pid, token), signal.SIGKILL)


def _survivors(group: int, token: str) -> list[psutil.Process]:
    """Return the live processes of the group that carry our token (the number alone may belong to others by now)."""
    survivors = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if os.getpgid(process.pid) == group and process.environ().get(RUN_TOKEN) == token:
                survivors.append(process)
    return survivors


def _end(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    alive = list(processes)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
    until = time.monotonic() + END_LIMIT_SECONDS
    while (alive := [process for process in alive if _is_alive(process)]) and time.monotonic() < until:
        time.sleep(0.05)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
