"""The proofs of the market see what a superuser took away, and name the row."""

import psycopg2

from exchange import queries
from exchange.rules import Side
from ops import postgres
from tests.exchange.makers import a_market

TAMPERS = [
    ("DELETE FROM exchange_orderevent WHERE sequence = 1", "events"),
    # The last one leaves no hole: only the counter knows of it.
    (
        "DELETE FROM exchange_orderevent WHERE sequence = (SELECT max(sequence) FROM exchange_orderevent)",
        "accept counter",
    ),
    ("DELETE FROM exchange_marketevent WHERE sequence = 1", "market"),
    (
        "DELETE FROM exchange_marketevent WHERE sequence = (SELECT max(sequence) FROM exchange_marketevent)",
        "market counter",
    ),
    ("UPDATE exchange_matchstate SET sequence = sequence + 5 WHERE kind = 'match'", "matched beyond accepted"),
]


def test_what_was_taken_from_the_sequences_is_named(committed, admin_url, at):
    market = a_market(at)
    market.place(market.seller, Side.SELL, 2500, 5)
    market.place(market.traders[0], Side.BUY, 2500, 5)
    market.match()
    assert queries.broken_invariants()["I14"]["broken"] == []
    link = psycopg2.connect(postgres.with_database(admin_url, committed))
    link.autocommit = True
    tables = ("exchange_orderevent", "exchange_marketevent", "exchange_matchstate")
    try:
        with link.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            for table in tables:
                cursor.execute(f"CREATE TEMP TABLE kept_{table} AS TABLE {table}")
            for statement, what in TAMPERS:
                cursor.execute(statement)
                rows = queries.broken_invariants()["I14"]["broken"]
                assert what in {row["what"] for row in rows}, (statement, rows)
                for table in tables:
                    cursor.execute(f"DELETE FROM {table}; INSERT INTO {table} TABLE kept_{table}")
    finally:
        link.close()
