"""The tax port's own books: orders, each once for ever, and the invoices issued for them."""

from __future__ import annotations

import datetime
import json
import sqlite3
import threading
import time
from dataclasses import dataclass
from typing import Any

# What the port can be told to be: slow, refusing, gone, forgetful of numbers, wrong in an amount or a name, cut off.
BEHAVIOURS = ("honest", "late", "reject", "away", "double", "wrong-amount", "wrong-taxpayer", "lost")
LATE_SECONDS = 30
CHINA = datetime.timezone(datetime.timedelta(hours=8))
FIELDS = ("number", "kind", "name", "taxpayer_id", "amount_fen", "net_fen", "tax_fen", "vat_rate", "corrects", "reason")


class Contradiction(ValueError):
    """An order's number was used for another content."""


@dataclass(frozen=True)
class Issued:
    """One invoice: its number, its day, and what was ordered."""

    number: str
    day: str
    order: dict[str, Any]


def invoice_number(*, year: int, kind: str, serial: int) -> str:
    """Return a 数电发票 number of 20 digits: year (2), region 15 for Inner Mongolia (2), kind (1), serial (15).

    Kind: 1 special, 2 ordinary. A red letter has a number of its own in the same run.
    """
    return f"{year % 100:02d}15{'1' if kind == 'special' else '2'}{serial:015d}"


class Books:
    """SQLite behind one lock."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        with self._lock, self._db:
            self._db.executescript("""
                CREATE TABLE IF NOT EXISTS asked (
                    number TEXT PRIMARY KEY, body TEXT NOT NULL, at REAL NOT NULL, due REAL NOT NULL);
                CREATE TABLE IF NOT EXISTS invoice (
                    serial INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL,
                    order_number TEXT UNIQUE NOT NULL, day TEXT NOT NULL);
                CREATE TABLE IF NOT EXISTS told (name TEXT PRIMARY KEY, value TEXT NOT NULL);
            """)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def behave(self, how: str) -> None:
        """Be told how to behave from now on: one of BEHAVIOURS."""
        with self._lock, self._db:
            self._db.execute("INSERT OR REPLACE INTO told (name, value) VALUES ('behaviour', ?)", [how])

    @property
    def behaviour(self) -> str:
        """How the port was told to behave."""
        with self._lock:
            return self._behaviour()

    def _behaviour(self) -> str:
        row = self._db.execute("SELECT value FROM told WHERE name = 'behaviour'").fetchone()
        return str(row["value"]) if row else "honest"

    def take(self, order: dict[str, Any]) -> Issued | None:
        """Take an order and return its invoice, None while it is not issued yet. Raises Contradiction.

        The same order again gets the same invoice.
        """
        body = json.dumps(order, sort_keys=True, ensure_ascii=False)
        with self._lock, self._db:
            known = self._db.execute("SELECT * FROM asked WHERE number = ?", [order["number"]]).fetchone()
            if known is None:
                due = time.time() + (LATE_SECONDS if self._behaviour() == "late" else 0)
                self._db.execute(
                    "INSERT INTO asked (number, body, at, due) VALUES (?, ?, ?, ?)",
                    [order["number"], body, time.time(), due],
                )
            elif known["body"] != body:
                raise Contradiction(order["number"])
            elif known["due"] > time.time():
                return None
            else:
                due = known["due"]
            return None if due > time.time() else self._issue(order)

    def hurry(self) -> None:
        """Let what is late be due now."""
        with self._lock, self._db:
            self._db.execute("UPDATE asked SET due = 0")

    def _issue(self, order: dict[str, Any]) -> Issued:
        row = self._db.execute("SELECT * FROM invoice WHERE order_number = ?", [order["number"]]).fetchone()
        if row is None:
            day = datetime.datetime.now(CHINA).date()
            last = self._db.execute("SELECT * FROM invoice ORDER BY serial DESC LIMIT 1").fetchone()
            number = invoice_number(year=day.year, kind=order["kind"], serial=(last["serial"] if last else 0) + 1)
            if last and self._behaviour() == "double":
                number = last["number"]
            self._db.execute(
                "INSERT INTO invoice (number, order_number, day) VALUES (?, ?, ?)",
                [number, order["number"], day.isoformat()],
            )
            return Issued(number, day.isoformat(), order)
        return Issued(row["number"], row["day"], order)

    def issued(self) -> list[Issued]:
        """Return the newest invoices, newest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT i.number, i.day, a.body FROM invoice i JOIN asked a ON a.number = i.order_number"
                " ORDER BY i.serial DESC LIMIT 50"
            ).fetchall()
        return [Issued(row["number"], row["day"], json.loads(row["body"])) for row in rows]
