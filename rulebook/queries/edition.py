"""Which edition of rules and calendar is in the database: what was read of the same one need not be read again."""

from __future__ import annotations

from django.db import connection


def edition() -> tuple[str, int]:
    """Return the database and the number of its edition. Any change of a rule, a basis, the calendar makes another."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM rulebook_edition")
        number: int = cursor.fetchone()[0]
    return str(connection.settings_dict["NAME"]), number
