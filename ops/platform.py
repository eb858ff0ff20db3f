"""The whole platform on one machine: two servers, the database, the processes, their addresses and their secrets.

The launcher runs one in .run for people; the tests run private ones (tests/platform.py). Every step can be repeated:
what is there already is kept.
"""

import base64
import fcntl
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from config.environment import BASE_DIR, RUN_DIR
from ops import pids, postgres, valkey
from ops.files import write_private_json
from ops.ports import HOST, free_port
from ops.processes import PROCESSES, Process
from ops.supervisor import PartFailed, Supervisor, last_lines

DATABASE = "tanhui"
BANK_ACCOUNT = "150100888800000001"  # The funds account at the simulated bank.
FIRST_PORTS = {"web_port": 8000, "streams_port": 8100, "bank_port": 8200, "tax_port": 8300, "valkey_port": 6390}


@dataclass
class Platform:
    """One installation. `state` holds its logs, numbers, secrets and uploads."""

    state: Path
    say: Callable[[str], None]
    cluster: postgres.Cluster | None = None  # None: the server is somebody else's, named by `external`.
    external: Mapping[str, str] = field(default_factory=dict)  # DATABASE_URL, DATABASE_OWNER_URL, REDIS_URL.
    more_environment: Mapping[str, str] = field(default_factory=dict)
    bell: valkey.Server | None = None
    ports: dict[str, int] = field(default_factory=dict)
    app_url: str = ""
    owner_url: str = ""
    redis_url: str = ""
    _supervisor: Supervisor | None = None
    _pid_file: pids.PidFile | None = None
    _server_failures: dict[str, tuple[int, float]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where people go."""
        return f"http://{HOST}:{self.ports['web_port']}"

    @property
    def supervisor(self) -> Supervisor:
        """Whoever watches the commands; there is one once the servers run."""
        if self._supervisor is None:
            self._supervisor = Supervisor(
                words={"state": str(self.state), **{word: str(port) for word, port in self.ports.items()}},
                environment=self.environment(),
                broker_url=self.redis_url,
                logs=self.logs,
                pid_file=self.pid_file,
                say=self.say,
            )
        return self._supervisor

    @property
    def pid_file(self) -> pids.PidFile:
        """The file that names what this process started."""
        if self._pid_file is None:
            self._pid_file = pids.PidFile(self.state / "pids.json", token=secrets.token_hex(8))
        return self._pid_file

    @property
    def logs(self) -> Path:
        """The folder of logs, one a process."""
        return self.state / "logs"

    def choose_ports(self, first: Mapping[str, int] | None = None) -> None:
        """Choose a free port for every server, near the wanted one; say which where it is another."""
        for word, wanted in {**FIRST_PORTS, **(first or {})}.items():
            self.ports[word] = free_port(wanted, taken=frozenset(self.ports.values()))
            if self.ports[word] != wanted and wanted:
                self.say(f"port {wanted} is taken; {word.removesuffix('_port')} uses {self.ports[word]}")

    def secrets(self) -> dict[str, str]:
        """Return this installation's secrets, made at the first call and kept, readable to their owner alone."""
        kept = self.state / "secrets.json"
        found: dict[str, str] = json.loads(kept.read_text()) if kept.is_file() else {}
        made = {
            "secret_key": secrets.token_urlsafe(50),
            "bank_secret": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
            "tax_secret": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
            "log_signing_key": base64.b64encode(secrets.token_bytes(32)).decode(),
            "valkey_password": secrets.token_urlsafe(24),
            "app_password": secrets.token_urlsafe(24),
        }
        if made.keys() - found.keys():
            found = made | found
            write_private_json(kept, found)
        return found

    def start_postgres(self) -> None:
        """Have a server with the two roles and the database. Raises ServerFailed, psycopg2.Error."""
        if self.cluster is None:
            given = self.external["DATABASE_URL"]
            self.owner_url = self.external.get("DATABASE_OWNER_URL", "")
            self.app_url = given
            if not self.owner_url:  # One address was given, of the role that owns everything: the app gets its own.
                self.owner_url = given
                self.app_url = postgres.provision_external(given, self.secrets()["app_password"])
            psycopg2.connect(self.app_url, connect_timeout=5).close()
            return
        self.cluster.start()
        assert self.cluster.process is not None
        self.pid_file.note("postgres", self.cluster.process.pid)
        postgres.provision(self.cluster.url(), DATABASE)
        self.owner_url = self.cluster.url(postgres.OWNER_ROLE, DATABASE)
        self.app_url = self.cluster.url(postgres.APP_ROLE, DATABASE)

    def start_valkey(self) -> None:
        """Have a bell. Raises ServerFailed."""
        if given := self.external.get("REDIS_URL"):
            self.redis_url = given
            return
        password = self.secrets()["valkey_password"]
        self.bell = valkey.Server(self.state, self.logs / "valkey.log", self.ports["valkey_port"], password)
        self.bell.start()
        assert self.bell.process is not None
        self.pid_file.note("valkey", self.bell.process.pid)
        self.redis_url = self.bell.url

    def environment(self) -> dict[str, str]:
        """Return what every process and command of this installation finds in its environment."""
        kept = self.secrets()
        return {
            "DATABASE_URL": self.app_url,
            "DATABASE_OWNER_URL": self.owner_url,
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": kept["secret_key"],
            "PUBLIC_URL": self.url,
            "STREAMS_URL": f"http://{HOST}:{self.ports['streams_port']}",
            "BANK_URL": f"http://{HOST}:{self.ports['bank_port']}",
            "BANK_SECRET": kept["bank_secret"],
            "BANK_ACCOUNT": BANK_ACCOUNT,
            "TAX_URL": f"http://{HOST}:{self.ports['tax_port']}",
            "TAX_SECRET": kept["tax_secret"],
            "TAX_HOST": HOST,
            "TAX_PORT": str(self.ports["tax_port"]),
            "TAX_STATE": str(self.state / "tax.db"),
            "LOG_SIGNING_KEY": kept["log_signing_key"],
            "BANK_HOST": HOST,
            "BANK_PORT": str(self.ports["bank_port"]),
            "BANK_CALLBACK_URL": f"{self.url}/api/v1/bank-notices/",
            "BANK_STATE": str(self.state / "bank.json"),
            "BANK_OPENING": str(self.state / "bank_opening"),
            "DEMO_LOGINS": str(self.state / "demo_logins.json"),
            "TIME_TRAVEL": "1",
            "DEMO": "1",
            **self.more_environment,
        }

    def manage(self, *arguments: str, log: str) -> None:
        """Run a management command to its end, its output in the log of that name. Raises PartFailed."""
        path = self.logs / f"{log}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as output:
            done = subprocess.run(
                [sys.executable, "manage.py", *arguments],
                cwd=BASE_DIR,
                env={**os.environ, **self.environment(), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        if done.returncode != 0:
            raise PartFailed(f"manage.py {arguments[0]} failed. {path} ends with:\n{last_lines(path)}")

    def ask(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a management command on this installation and return its status, output and errors."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env={**os.environ, **self.environment()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def knows(self, command: str) -> bool:
        """Whether Django's table of commands has this one."""
        return command in self.ask("help", "--commands").stdout.split()

    def migrate(self) -> None:
        """Bring the tables up to date, as their owner, and take in the shipped rules. Raises PartFailed."""
        self.manage("migrate", "--database", "owner", "--no-input", log="migrate")
        self.manage("load_rules", log="migrate")

    def start(self, rows: list[Process] | None = None) -> None:
        """Start the commands of the table (or `rows`), each number together, and return when all are well."""
        wanted = [row for row in (PROCESSES if rows is None else rows) if row.command]
        for order in sorted({row.starts for row in wanted}):
            together = [row for row in wanted if row.starts == order]
            for row in together:
                self.supervisor.start(row)
            self.supervisor.wait_until_well([row.name for row in together])

    def watch(self) -> None:
        """Look once after everything, the two servers included; call it a few times a second."""
        self._watch_servers()
        self.supervisor.watch()

    def _watch_servers(self) -> None:
        servers = {"postgres": self.cluster, "valkey": self.bell}
        for name, server in servers.items():
            if server is None or server.process is None or server.process.poll() is None:
                continue
            failures, due = self._server_failures.get(name, (0, 0.0))
            if time.monotonic() < due:
                continue
            self.say(f"{name} ended (status {server.process.returncode}); starts again. Log: {server.log}")
            try:
                server.restart()
            except (postgres.ServerFailed, valkey.ServerFailed) as failed:
                self.say(str(failed))
                self._server_failures[name] = (failures + 1, time.monotonic() + min(2.0**failures, 30))
            else:
                assert server.process is not None
                self._server_failures.pop(name, None)
                self.pid_file.note(name, server.process.pid)

    def collect_static_files(self) -> None:
        """Put the static files where the web process reads them, one installation at a time. Raises PartFailed."""
        RUN_DIR.mkdir(exist_ok=True)
        with (RUN_DIR / "static.lock").open("w") as lock:  # The folder belongs to the checkout: tests share it.
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.manage("collectstatic", "--no-input", "--verbosity", "0", log="static")

    def kill(self, name: str) -> None:
        """Kill one process of the table without a warning, as a fault would; `watch` starts it again."""
        server = {"postgres": self.cluster, "valkey": self.bell}.get(name)
        process = self.supervisor.children[name].popen if server is None else server.process
        assert process is not None, f"{name} does not run"
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Stop everything in order: the commands, then the bell, then the database."""
        if self._supervisor is not None:
            self._supervisor.stop()
        if self.bell is not None:
            self.bell.stop()
        if self.cluster is not None:
            self.cluster.stop()
        if self._pid_file is not None:
            self._pid_file.remove()
