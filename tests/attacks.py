"""What every room's refusal tests share: the guards that stand in the database, rows to attack with, and the attack.

A guard is a named check, exclusion, unique constraint, foreign key or trigger. An attack runs as the owner of the tables, who has every
right, so that nothing but the guard can refuse it; and in a transaction that is rolled back. It runs a second time with its
guard dropped in the same transaction: an attack that is refused all the same proves nothing of the guard.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import psycopg2

# Names that Django or PostgreSQL made by themselves say nothing of what must never happen; a unique constraint that a
# foreign key stands on is no guard but its target: where it was named, that key is the guard.
GUARDS = r"""
SELECT c.conrelid::regclass::text, c.conname::text, 'ALTER TABLE ' || c.conrelid::regclass || ' DROP CONSTRAINT "' || c.conname || '"'
FROM pg_constraint c WHERE c.contype IN ('c', 'x') AND c.conislocal AND c.coninhcount = 0
  AND NOT c.conname ~ '_(check|not_null)[0-9]*$' AND c.conrelid::regclass::text ~ '^{room}_'
UNION ALL
SELECT c.conrelid::regclass::text, c.conname::text, 'ALTER TABLE ' || c.conrelid::regclass || ' DROP CONSTRAINT "' || c.conname || '"'
FROM pg_constraint c WHERE c.contype = 'f' AND c.conparentid = 0
  AND NOT c.conname ~ '_(fk|fkey)(_|$)' AND c.conrelid::regclass::text ~ '^{room}_'
UNION ALL
SELECT i.indrelid::regclass::text, x.relname::text,
       CASE WHEN c.oid IS NULL THEN 'DROP INDEX "' || x.relname || '"'
            ELSE 'ALTER TABLE ' || i.indrelid::regclass || ' DROP CONSTRAINT "' || c.conname || '"' END
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('u', 'p')
WHERE i.indisunique AND NOT i.indisprimary AND i.indrelid::regclass::text ~ '^{room}_'
  AND NOT x.relname ~ '(_key|_uniq)[0-9]*$|_[0-9a-f]{{8}}'
  AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = i.indexrelid)
UNION ALL
SELECT t.tgrelid::regclass::text, t.tgname::text, 'DROP TRIGGER "' || t.tgname || '" ON ' || t.tgrelid::regclass
FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgrelid::regclass::text ~ '^{room}_'
ORDER BY 1, 2"""


# Triggers that do something instead of refusing something.
NOT_GUARDS = frozenset(
    {
        "market_event_rings",
        "invoice_request_frees_its_items",
        "rule_value_makes_an_edition",
        "legal_basis_makes_an_edition",
        "calendar_year_makes_an_edition",
        "special_day_makes_an_edition",
    }
)
LOGS = "_is_logged"  # So do those that lay a leaf of a decision: tests/registry/test_log.py sees each leaf.


def guards_in(room: str, owner: Any) -> list[tuple[str, str, str]]:
    """Return every guard of a room: its table, its name, and the statement that drops it."""
    owner.execute(GUARDS.format(room=room))
    guards = [
        (table, name, drop)
        for table, name, drop in owner.fetchall()
        if name not in NOT_GUARDS and not name.endswith(LOGS)
    ]
    owner.connection.rollback()
    return guards


# What is asked at the commit: the triggers, and of the foreign keys the one that an attack is about.
DEFERRED = """SELECT tgname::text FROM pg_trigger WHERE tgdeferrable AND NOT tgisinternal AND tgparentid = 0
              UNION SELECT conname::text FROM pg_constraint WHERE contype = 'f' AND condeferrable AND conname = %s"""


@dataclass(frozen=True)
class Attack:
    """Statements of one transaction, and the guard that refuses them.

    guard: its name, or `table name` where several tables have one of that name.
    seed:  rows laid before, behind all guards.
    says:  the name in the refusal, where that is not the guard's.
    also:  the names of which one refuses it when the guard is dropped, where another stands behind.
    with_: guards that refuse it under the same name, and are dropped together with its own.
    """

    guard: str
    statements: tuple[str, ...]
    seed: tuple[str, ...] = ()
    says: str = ""
    also: tuple[str, ...] = ()
    with_: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name that has to stand in the refusal."""
        return self.says or self.guard.split(" ")[-1]


EMPTY = {
    "int2": "1",
    "int4": "1",
    "int8": "1",
    "numeric": "1",
    "float8": "1",
    "bool": "false",
    "timestamptz": "'2026-03-02T02:00:00Z'",
    "date": "'2026-03-02'",
    "jsonb": "'[]'",
    "_varchar": "'{}'",
    "text": "''",
    "varchar": "''",
}


def row(table: str, /, *more: Mapping[str, Any], **values: Any) -> str:
    """Return a statement that inserts one row: the values given, and something plain where a value is needed.

    It is completed when it is run (`completed`), since what is needed stands in the database.
    """
    given: dict[str, Any] = {}
    for one in (*more, values):
        given |= one
    return f"ROW {table} {json.dumps(given)}"


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    text = str(value)
    return text[1:] if text.startswith("=") else "'" + text.replace("'", "''") + "'"


def completed(cursor: Any, statement: str) -> str:
    """Return a statement as PostgreSQL reads it; a `ROW` gets a plain value in each column that needs one."""
    if not statement.startswith("ROW "):
        return statement
    _, table, text = statement.split(" ", 2)
    given = json.loads(text)
    cursor.execute(
        """SELECT column_name, udt_name FROM information_schema.columns
           WHERE table_name = %s AND is_nullable = 'NO' AND column_default IS NULL
             AND is_identity = 'NO' AND is_generated = 'NEVER'""",
        [table],
    )
    needed = {name: EMPTY[kind] for name, kind in cursor.fetchall() if name not in given}
    columns = {**needed, **{name: _literal(value) for name, value in given.items()}}
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(columns.values())})"


def append_only(table: str, seed: str, *, guard: str = "{stem}_is_append_only") -> list[Attack]:
    """Return the attacks on a table to which rows are only ever added: changing one, removing one."""
    name = guard.format(stem=table.split("_", 1)[1])
    return [
        Attack(name, (f"UPDATE {table} SET id = id",), (seed,)),
        Attack(name, (f"DELETE FROM {table}",), (seed,)),
    ]


def kept(table: str, seed: str, guard: str) -> Attack:
    """Return the attack on a table whose rows change but stay."""
    return Attack(guard, (f"DELETE FROM {table}",), (seed,))


def emptied(table: str, guard: str, *, also: tuple[str, ...] = ()) -> Attack:
    """Return the attack that empties a table at once, with all that hangs on it; its own guard is asked first.

    also: the guard of a table that hangs on this one, which is asked next.
    """
    return Attack(guard, (f"TRUNCATE {table} CASCADE",), also=also)


def refused_by(attack: Attack, owner: Any, *, without: Sequence[str] = ()) -> str:
    """Run an attack and return the names that stand in the refusal, "" when it went through; roll it back.

    owner:   a cursor with the owner's rights. A superuser's where there are seeds: they are laid while triggers and
             foreign keys sleep; then everything is awake.
    without: statements that drop guards first, in the same transaction.
    """
    try:
        if attack.seed:
            owner.execute("SET LOCAL session_replication_role = replica")
            for seed in attack.seed:
                owner.execute(completed(owner, seed))
            owner.execute("SET LOCAL session_replication_role = origin")
        for drop in without:
            owner.execute(drop)
        try:
            for statement in attack.statements:
                owner.execute(completed(owner, statement))
            owner.execute(DEFERRED, [attack.guard])  # Not all: a foreign key of a plain row would speak first.
            names = ", ".join(f'"{name}"' for (name,) in owner.fetchall())
            owner.execute(f"SET CONSTRAINTS {names} IMMEDIATE")
        except psycopg2.Error as error:
            return f"{error.diag.constraint_name} {error}"
        return ""
    finally:
        owner.connection.rollback()


def in_world(
    statements: Sequence[str],
    owner: Any,
    *,
    drops: Sequence[str] = (),
    said_by: Mapping[str, Sequence[str]] | None = None,
    also: Sequence[str] = (),
) -> Attack:
    """Return the attack on real rows that these statements are, about whatever refuses it now.

    drops:   the guards that are dropped for it, where that is not plain from the name in the refusal.
    said_by: the guards that refuse under a name which is none of a guard.
    """
    statements = (*statements, "SET CONSTRAINTS ALL IMMEDIATE")
    says = refused_by(Attack("", statements), owner).split(" ")[0]
    guard, *more = drops or (said_by or {}).get(says, (says,))
    return Attack(guard, statements, says=says, also=tuple(also), with_=tuple(more))


def not_missed(attack: Attack, owner: Any, room: str) -> str:
    """Run an attack with its guard dropped. Return "" when the guard was missed, else what went on as if it stood.

    Missed: the attack goes through, or is refused by a name in `also` alone.
    """
    if len(drops := drops_of({attack.guard, *attack.with_}, owner, room)) <= len(attack.with_):
        return f"{attack.guard} is no guard of {room}"
    refusal = refused_by(attack, owner, without=drops)
    if is_named(attack, refusal):
        return f"still refused by {attack.name}: {refusal}"
    if refusal and not any(is_word(name, refusal) for name in attack.also):
        return f"refused by another, which `also` does not name: {refusal}"
    if not refusal and attack.also:
        return f"it goes through: `also` names {attack.also} in vain"
    return ""


def drops_of(names: Set[str], owner: Any, room: str) -> list[str]:
    """Return the statements that drop guards by their names; a constraint that Django named is found as well."""
    drops = {name: drop for table, name, drop in guards_in(room, owner) if {name, f"{table} {name}"} & names}
    owner.execute(
        """SELECT conname, format('ALTER TABLE %%s DROP CONSTRAINT %%I CASCADE', conrelid::regclass, conname)
           FROM pg_constraint WHERE contype IN ('p', 'u', 'f') AND conname = ANY(%s) AND conname <> ALL(%s)""",
        [list(names), list(drops)],
    )
    django = dict(owner.fetchall())
    owner.connection.rollback()
    return list({**drops, **django}.values())


def is_named(attack: Attack, refusal: str) -> bool:
    """Tell whether a refusal names what it has to, as a whole word."""
    return is_word(attack.name, refusal)


def is_word(name: str, refusal: str) -> bool:
    """Tell whether a name stands in a refusal as a whole word."""
    return re.search(rf"\b{re.escape(name)}\b", refusal) is not None


def without_attack(attacks: Sequence[Attack], guards: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield each guard that no attack is about."""
    named = {attack.guard for attack in attacks}
    yield from (f"{table} {name}" for table, name, _ in guards if not {name, f"{table} {name}"} & named)


def ids(attacks: Sequence[Attack]) -> list[str]:
    """Return a name for each attack, for the test's report."""
    return [f"{number}-{attack.guard}" for number, attack in enumerate(attacks)]
