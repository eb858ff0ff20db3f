"""Order flow of other engines, written as scenarios of `replay_orders`."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

TIME_IN_FORCE = {
    "GTC": "GTC",
    "IOC": "IOC",
    "GoodTillCancel": "GTC",
    "FillAndKill": "IOC",
    "FillOrKill": "FOK",
    "Market": "IOC",
}


def scenario_of(events: list[dict[str, Any]], **instrument: Any) -> dict[str, Any]:
    return {"instrument": {"mode": "continuous", "tick": "1", **instrument}, "events": events}


def placed(row: dict[str, Any], name: str) -> dict[str, Any]:
    kind = row.get("tif") or row.get("type", "GTC")
    is_market = kind == "Market" or row["price"] is None
    event = {
        "do": "place",
        "id": name,
        "participant": str(row.get("client") or row.get("user") or f"of {row['order']}"),
        "side": row["side"],
        "type": "market" if is_market else "limit",
        "time_in_force": TIME_IN_FORCE.get(kind, "GTC"),
        "quantity": int(row["qty"]),
    }
    return event if is_market else {**event, "price": str(row["price"])}


class Converter:
    """Turns their messages into our events, one after another.

    Their modify is a cancellation and a new entry under the same id, ours is an amendment that may keep its place; so
    a modify that they carried out becomes a cancel and a place under a name of its own, `7#1`. One that they refused
    becomes an amend, which we must refuse too.
    """

    def __init__(self) -> None:
        self.entries: dict[str, int] = {}
        self.sides: dict[str, str] = {}

    def name(self, order: Any) -> str:
        return f"{order}#{self.entries.get(str(order), 0)}"

    def events(self, row: dict[str, Any], *, refused: bool = False) -> list[dict[str, Any]]:
        order = str(row["order"])
        if row["op"] in ("new", "place"):
            self.entries[order] = self.entries.get(order, -1) + 1
            self.sides[order] = row["side"]
            return [placed(row, self.name(order))]
        if row["op"] == "cancel":
            return [{"do": "cancel", "id": self.name(order)}]
        assert row["op"] == "modify", row
        if refused:
            return [{"do": "amend", "id": self.name(order), "price": str(row["price"] or 1), "quantity": 1}]
        gone = {"do": "cancel", "id": self.name(order)}
        self.entries[order] += 1
        side = row.get("side") or self.sides[order]
        return [gone, placed({**row, "side": side, "type": "GTC"}, self.name(order))]


def original(name: str) -> str:
    """Return the id by which the source knows an entry."""
    return name.partition("#")[0]


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    return csv.DictReader(io.StringIO(text))


def levels_of(rows: Iterable[dict[str, Any]], side: str) -> list[tuple[int, int]]:
    return [(int(row["price"]), int(row["qty"])) for row in rows if row["side"] == side]
