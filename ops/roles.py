"""The two roles of the database: the owner makes and owns every table, the app's role uses them and owns nothing.

Whoever prepares a server calls this: the launcher for its own and for other people's, `ops.prepare` in production.
"""

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

OWNER_ROLE = "tanhui_owner"
APP_ROLE = "tanhui_app"


def execute(url: str, *statements: str | sql.Composable) -> None:
    """Run statements at `url`, each committed by itself."""
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


def fetch(url: str, statement: str | sql.Composable, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the rows of one statement at `url`."""
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
    finally:
        connection.close()


def provision(admin_url: str, database: str) -> None:
    """Make the two roles and an empty database in a server of our own; right when run again.

    admin_url: a superuser's address of any other database of that server.
    """
    name, owner = sql.Identifier(database), sql.Identifier(OWNER_ROLE)
    for role in (OWNER_ROLE, APP_ROLE):
        if not fetch(admin_url, "SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)):
            execute(admin_url, sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    if not fetch(admin_url, "SELECT 1 FROM pg_database WHERE datname = %s", (database,)):
        execute(admin_url, sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
    grant_rights(with_database(admin_url, database), OWNER_ROLE)


def set_passwords(admin_url: str, passwords: dict[str, str]) -> None:
    """Give roles their passwords, for a server that asks for them."""
    change = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
    execute(admin_url, *(change.format(sql.Identifier(name), sql.Literal(word)) for name, word in passwords.items()))


def provision_external(owner_url: str, password: str) -> str:
    """Make the app's role in somebody else's server and return its address.

    owner_url: the role that owns the database; it may create roles, or the app's role exists already.
    Raises psycopg2.errors.InsufficientPrivilege.
    """
    if not fetch(owner_url, "SELECT 1 FROM pg_roles WHERE rolname = %s", (APP_ROLE,)):
        execute(owner_url, sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(APP_ROLE)))
    set_passwords(owner_url, {APP_ROLE: password})
    [(owner,)] = fetch(owner_url, "SELECT current_user")
    grant_rights(owner_url, owner)
    return with_role(owner_url, APP_ROLE, password)


def grant_rights(url: str, owner: str) -> None:
    """Give the app's role the use, and not the ownership, of everything `owner` makes in the database at `url`."""
    app, owned = sql.Identifier(APP_ROLE), sql.Identifier(owner)
    default = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT {} ON {} TO {}")
    execute(
        url,
        "CREATE EXTENSION IF NOT EXISTS btree_gist",
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(app),
        default.format(owned, sql.SQL("SELECT, INSERT, UPDATE, DELETE"), sql.SQL("TABLES"), app),
        default.format(owned, sql.SQL("USAGE, SELECT"), sql.SQL("SEQUENCES"), app),
        default.format(owned, sql.SQL("EXECUTE"), sql.SQL("FUNCTIONS"), app),
    )


def with_database(url: str, database: str) -> str:
    """Return `url` for another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def with_role(url: str, role: str, password: str = "") -> str:
    """Return `url` for another role."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    login = quote(role, safe="") + (f":{quote(password, safe='')}" if password else "")
    options = [(name, value) for name, value in parse_qsl(parts.query) if name not in {"user", "password"}]
    query = urlencode(options, quote_via=quote, safe="/")
    return urlunsplit(parts._replace(netloc=f"{login}@{host}", query=query))
