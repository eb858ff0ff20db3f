"""The bank's own books: movements on the platform's funds account, and the notices still to be delivered."""

from __future__ import annotations

import datetime
import pathlib
import sqlite3
import threading
import time
import uuid
from dataclasses import dataclass

from simulators.bank.camt import Line, notification, statement

# What the bank can be told to be: notices late, doubled or lost, statements wrong, orders refused, nobody there.
BEHAVIOURS = ("honest", "late", "double", "lost", "wrong", "reject", "away")
LATE_SECONDS = 30


@dataclass(frozen=True)
class Notice:
    """One message to the platform, sent again until it is taken."""

    id: int
    message_id: str
    body: str


class Books:
    """SQLite behind one lock: a bank with few customers."""

    def __init__(self, path: str, account: str = "", opening: str = "") -> None:
        self._account = account
        self._opening = pathlib.Path(opening) if opening else None  # Written once the demonstration is built.
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        with self._lock, self._db:
            self._db.executescript("""
                CREATE TABLE IF NOT EXISTS movement (
                    id INTEGER PRIMARY KEY AUTOINCREMENT, serial TEXT UNIQUE NOT NULL, direction TEXT NOT NULL,
                    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0), reference TEXT NOT NULL, name TEXT NOT NULL,
                    account TEXT NOT NULL, order_id TEXT UNIQUE, at REAL NOT NULL);
                CREATE TABLE IF NOT EXISTS notice (
                    id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT UNIQUE NOT NULL, body TEXT NOT NULL,
                    tries INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL, done INTEGER NOT NULL DEFAULT 0,
                    answer TEXT NOT NULL DEFAULT '');
                CREATE TABLE IF NOT EXISTS statement (
                    number INTEGER PRIMARY KEY, upto INTEGER NOT NULL, closing_fen INTEGER NOT NULL,
                    body BLOB NOT NULL);
                CREATE TABLE IF NOT EXISTS customer (account TEXT PRIMARY KEY, name TEXT NOT NULL);
                CREATE TABLE IF NOT EXISTS told (name TEXT PRIMARY KEY, value TEXT NOT NULL);
            """)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def verify(self, *, account: str, name: str) -> str:
        """Return why an account does not stand in a name, else an empty text. Its first namer is its customer."""
        with self._lock, self._db:
            if self._behaviour() == "reject":
                return "账户已关闭"
            self._db.execute("INSERT OR IGNORE INTO customer (account, name) VALUES (?, ?)", [account, name])
            row = self._db.execute("SELECT name FROM customer WHERE account = ?", [account]).fetchone()
        return "" if row["name"] == name else "户名不符"

    def pay_in(self, *, amount_fen: int, reference: str, name: str, account: str) -> str:
        """Receive money for the platform and return the bank's serial number of it."""
        with self._lock, self._db:
            serial = self._movement("in", amount_fen, reference, name, account, None)
            self._notify(serial)
            return serial

    def pay_out(self, *, order_id: str, amount_fen: int, name: str, account: str) -> str:
        """Carry out a payment order once and return the bank's serial number; the same order again changes nothing."""
        with self._lock, self._db:
            first = self._db.execute("SELECT serial FROM movement WHERE order_id = ?", [order_id]).fetchone()
            if first:
                return str(first["serial"])
            serial = self._movement("out", amount_fen, order_id, name, account, order_id)
            self._notify(serial)
            return serial

    def _movement(
        self, direction: str, amount_fen: int, reference: str, name: str, account: str, order_id: str | None
    ) -> str:
        serial = f"B{time.strftime('%Y%m%d')}{uuid.uuid4().hex[:12].upper()}"
        self._db.execute(
            "INSERT INTO movement (serial, direction, amount_fen, reference, name, account, order_id, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [serial, direction, amount_fen, reference, name, account, order_id, time.time()],
        )
        return serial

    def _notify(self, serial: str) -> None:
        how = self._behaviour()
        if how == "lost":
            return
        row = self._db.execute("SELECT * FROM movement WHERE serial = ?", [serial]).fetchone()
        for _ in range(2 if how == "double" else 1):
            message_id = f"N{uuid.uuid4().hex}"
            body = notification(
                message_id=message_id,
                account=self._account,
                lines=[_line(row)],
                written_at=datetime.datetime.now(datetime.UTC),
            )
            self._db.execute(
                "INSERT INTO notice (message_id, body, next_at) VALUES (?, ?, ?)",
                [message_id, body.decode(), time.time() + (LATE_SECONDS if how == "late" else 0)],
            )

    def statement(self, number: int) -> bytes | None:
        """Return a statement: one given before just as it was, the next one over all movements since, else None."""
        with self._lock, self._db:
            given = self._db.execute("SELECT body FROM statement WHERE number = ?", [number]).fetchone()
            if given:
                return bytes(given["body"])
            last = self._db.execute("SELECT * FROM statement ORDER BY number DESC LIMIT 1").fetchone()
            if number != (last["number"] if last else 0) + 1:
                return None
            opening, after = (last["closing_fen"], last["upto"]) if last else (self._first_opening(), 0)
            rows = self._db.execute("SELECT * FROM movement WHERE id > ? ORDER BY id", [after]).fetchall()
            lines = [_line(row) for row in rows]
            body = statement(
                number=number,
                account=self._account,
                opening_fen=opening,
                lines=lines,
                written_at=datetime.datetime.now(datetime.UTC),
                closing_fen=opening + 1 + sum(line.fen for line in lines) if self._behaviour() == "wrong" else None,
            )
            if self._behaviour() != "wrong":  # A wrong one is not kept: asked again, an honest bank gives a right one.
                self._db.execute(
                    "INSERT INTO statement (number, upto, closing_fen, body) VALUES (?, ?, ?, ?)",
                    [number, rows[-1]["id"] if rows else after, opening + sum(line.fen for line in lines), body],
                )
            return body

    def _first_opening(self) -> int:
        if self._opening is None or not self._opening.is_file():
            return 0
        return int(self._opening.read_text(encoding="ascii"))

    def behave(self, how: str) -> None:
        """Be told how to behave from now on: one of BEHAVIOURS."""
        with self._lock, self._db:
            self._db.execute("INSERT OR REPLACE INTO told (name, value) VALUES ('behaviour', ?)", [how])

    @property
    def behaviour(self) -> str:
        """How the bank was told to behave."""
        with self._lock:
            return self._behaviour()

    def _behaviour(self) -> str:
        row = self._db.execute("SELECT value FROM told WHERE name = 'behaviour'").fetchone()
        return str(row["value"]) if row else "honest"

    def due_notices(self) -> list[Notice]:
        """Return the notices to be delivered now, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id, message_id, body FROM notice WHERE done = 0 AND next_at <= ? ORDER BY id LIMIT 20",
                [time.time()],
            ).fetchall()
        return [Notice(row["id"], row["message_id"], row["body"]) for row in rows]

    def delivered(self, notice: Notice, answer: str) -> None:
        """Note that the platform has taken (or finally refused) a notice."""
        with self._lock, self._db:
            self._db.execute("UPDATE notice SET done = 1, answer = ? WHERE id = ?", [answer[:200], notice.id])

    def failed(self, notice: Notice, answer: str) -> None:
        """Note a failed delivery; the next try comes later and later, at most every minute."""
        with self._lock, self._db:
            self._db.execute(
                "UPDATE notice SET tries = tries + 1, next_at = ? + min(60, 1 << min(tries, 6)), answer = ?"
                " WHERE id = ?",
                [time.time(), answer[:200], notice.id],
            )

    def movements(self) -> list[sqlite3.Row]:
        """Return the newest movements, newest first, with the state of their notice."""
        with self._lock:
            return self._db.execute("SELECT * FROM movement ORDER BY id DESC LIMIT 50").fetchall()

    def is_delivered(self, serial: str) -> bool:
        """Tell whether the platform has taken the notice of a movement."""
        with self._lock:
            row = self._db.execute("SELECT done FROM notice WHERE body LIKE ?", [f"%>{serial}<%"]).fetchone()
        return bool(row and row["done"])


def _line(row: sqlite3.Row) -> Line:
    paid_in = row["direction"] == "in"
    return Line(
        row["serial"],
        row["amount_fen"] if paid_in else -row["amount_fen"],
        datetime.datetime.fromtimestamp(row["at"], datetime.UTC).date(),
        row["name"],
        row["account"],
        row["reference"] if paid_in else "",
        row["order_id"] or "",
    )
