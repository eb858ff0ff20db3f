"""Every invariant of the installation, proved on the present data. What spans rooms is asked here, once."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

import exchange.queries
import inclusion.queries
import registry.queries
import settlement.queries

ROOMS = (settlement.queries, exchange.queries, registry.queries, inclusion.queries)
MOST_SECONDS = 3600  # For one proof: the app's own limit is that of a page.


def check() -> dict[str, dict[str, Any]]:
    """Return, for each invariant, its sentence (`holds`) and the rows that break it (`broken`, empty: it holds).

    An invariant that several rooms prove, each on its own tables, holds where all of them say so. All read one
    snapshot, so that what is written meanwhile in one room is not missed in another; inside a transaction of the
    caller, they read that.
    """
    answers: dict[str, dict[str, Any]] = {}
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = '{MOST_SECONDS:d}s'")
        for queries in ROOMS:
            for name, proof in queries.broken_invariants().items():
                if name in answers:
                    known = answers[name]
                    sentence = f"{known['holds']}; {proof['holds']}"
                    proof = {"holds": sentence, "broken": [*known["broken"], *proof["broken"]]}
                answers[name] = proof
    return dict(sorted(answers.items(), key=lambda one: (len(one[0]), one[0])))


def prove(tell: Callable[[int, int], None]) -> dict[str, Any]:
    """Return what `check` gave as it is kept: `seconds`, `proved` (sentences by name), `broken` (rows by name)."""
    began = time.monotonic()
    answers = check()
    tell(len(answers), len(answers))
    return {
        "seconds": Decimal(f"{time.monotonic() - began:.3f}"),
        "proved": {name: proof["holds"] for name, proof in answers.items()},
        "broken": {name: proof["broken"] for name, proof in answers.items() if proof["broken"]},
    }


def broken() -> dict[str, list[Any]]:
    """Return the invariants that do not hold, with their rows."""
    return {name: proof["broken"] for name, proof in check().items() if proof["broken"]}
