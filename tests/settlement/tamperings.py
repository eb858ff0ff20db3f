"""What a superuser behind the guards' back may do to the ledger and its log, at random; and where it has to be found.

Each is made on a cursor while the triggers sleep, in a transaction that is rolled back. It returns where a verifier has to
point: an entry, a position of the log, a head, or a holding.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FAR = 1_000_000  # A place beyond all others, for a moment.


@dataclass(frozen=True)
class Place:
    """Where something was done. A problem points there when it names it, or a span of positions that holds it."""

    entry: int | None = None
    position: int | None = None
    asset: int | None = None
    head: int | None = None

    def is_named_by(self, problem: dict[str, Any]) -> bool:
        """Tell whether a verifier's problem points to this place."""
        if self.entry is not None and problem.get("entry") == self.entry:
            return True
        if self.asset is not None and problem.get("asset") == self.asset:
            return True
        if self.head is not None and self.head in (problem.get("head"), problem.get("size")):
            return True
        if self.position is None:
            return False
        span = range(problem.get("after", 0), problem["up_to"]) if "up_to" in problem else ()
        return self.position in span or self.position in (problem.get("position"), problem.get("leaves"))


class Tamperer:
    """A superuser's cursor and a chance; `one()` does something at random and returns its name and place."""

    def __init__(self, cursor: Any, chance: random.Random) -> None:
        self.cursor, self.chance = cursor, chance
        self.kinds: list[Callable[[], Place]] = [
            self.change_units,
            self.change_end,
            self.drop_leg,
            self.add_leg,
            self.change_entry,
            self.change_key,
            self.drop_entry,
            self.add_entry,
            self.change_move,
            self.drop_move,
            self.change_leaf,
            self.change_leaf_and_hash,
            self.change_all_of_an_entry,
            self.drop_leaf,
            self.swap_leaves,
            self.insert_leaf,
            self.rewrite_tail,
            self.cut_tail,
            self.change_head,
            self.change_holding,
            self.change_block,
        ]

    def one(self) -> tuple[str, Place]:
        self.cursor.execute("SET LOCAL session_replication_role = replica")
        for table, guard in (("holding", "holding_not_below_zero"), ("holding", "source_is_the_systems")):
            self.cursor.execute(f"ALTER TABLE settlement_{table} DROP CONSTRAINT {guard}")
        kind = self.chance.choice(self.kinds)
        return kind.__name__, kind()

    def ask(self, statement: str, *values: Any) -> Any:
        self.cursor.execute(statement, values)
        return self.cursor.fetchall()

    def do(self, statement: str, *values: Any) -> None:
        self.cursor.execute(statement, values)
        assert self.cursor.rowcount > 0, statement

    def any_of(self, statement: str) -> tuple[Any, ...]:
        return self.chance.choice(self.ask(statement))

    def other(self, value: int, among: str) -> int:
        return self.chance.choice([row[0] for row in self.ask(among) if row[0] != value])

    def leg(self) -> tuple[int, int]:
        return self.any_of("SELECT id, entry_id FROM settlement_leg ORDER BY id")

    def change_units(self) -> Place:
        leg, entry = self.leg()
        self.do("UPDATE settlement_leg SET units = units + %s WHERE id = %s", self.chance.randint(1, 9), leg)
        return Place(entry=entry)

    def change_end(self) -> Place:
        leg, entry = self.leg()
        [(asset, now, debited)] = self.ask(
            "SELECT asset_id, credited_id, debited_id FROM settlement_leg WHERE id = %s", leg
        )
        others = self.ask(
            "SELECT id FROM settlement_holding WHERE asset_id = %s AND id NOT IN (%s, %s)", asset, now, debited
        )
        if not others:
            return self.change_units()
        self.do("UPDATE settlement_leg SET credited_id = %s WHERE id = %s", self.chance.choice(others)[0], leg)
        return Place(entry=entry)

    def drop_leg(self) -> Place:
        leg, entry = self.leg()
        self.do("DELETE FROM settlement_leg WHERE id = %s", leg)
        return Place(entry=entry)

    def add_leg(self) -> Place:
        leg, entry = self.leg()
        self.do(
            """INSERT INTO settlement_leg (entry_id, asset_id, debited_id, credited_id, units)
               SELECT entry_id, asset_id, debited_id, credited_id, units FROM settlement_leg WHERE id = %s""",
            leg,
        )
        return Place(entry=entry)

    def entry(self) -> int:
        return int(self.any_of("SELECT id FROM settlement_entry ORDER BY id")[0])

    def change_entry(self) -> Place:
        entry = self.entry()
        change = self.chance.choice(
            [
                "at = at + interval '1 microsecond'",
                "business_date = business_date - 1",
                "recorded_at = recorded_at - interval '1 day'",
                "basis = basis || '?'",
                "kind = CASE kind WHEN 'hold' THEN 'release' ELSE 'hold' END",
                "maker_id = coalesce(maker_id, 0) + 1000",
                "checker_id = coalesce(checker_id, 0) + 2000",
            ]
        )
        self.do(f"UPDATE settlement_entry SET {change} WHERE id = %s", entry)
        return Place(entry=entry)

    def change_key(self) -> Place:
        entry = self.entry()
        change = self.chance.choice(["key = key || '?'", "digest = md5(digest)"])
        self.do(f"UPDATE settlement_entrykey SET {change} WHERE entry_id = %s", entry)
        return Place(entry=entry)

    def drop_entry(self) -> Place:
        entry = self.entry()
        for table in ("leg", "serialmove", "entrykey"):
            self.cursor.execute(f"DELETE FROM settlement_{table} WHERE entry_id = %s", [entry])
        self.do("DELETE FROM settlement_entry WHERE id = %s", entry)
        return Place(entry=entry)

    def add_entry(self) -> Place:
        """A second one like another, with its legs: the holdings may be brought to fit it, the log cannot."""
        like = self.entry()
        [(new,)] = self.ask("SELECT nextval('settlement_entry_id_seq')")
        self.do(
            """INSERT INTO settlement_entry (id, kind, at, business_date, maker_id, checker_id, basis, settlement_id)
               SELECT %s, kind, at, business_date, maker_id, checker_id, basis, settlement_id FROM settlement_entry
               WHERE id = %s""",
            new,
            like,
        )
        self.do("INSERT INTO settlement_entrykey (key, digest, entry_id) VALUES (%s, '', %s)", f"like {like}", new)
        self.do(
            """INSERT INTO settlement_leg (entry_id, asset_id, debited_id, credited_id, units)
               SELECT %s, asset_id, debited_id, credited_id, units FROM settlement_leg WHERE entry_id = %s""",
            new,
            like,
        )
        return Place(entry=new)

    def move(self) -> tuple[int, int]:
        return self.any_of("SELECT id, entry_id FROM settlement_serialmove ORDER BY id")

    def change_move(self) -> Place:
        move, entry = self.move()
        change = self.chance.choice(["last_serial = last_serial + 1", "first_serial = first_serial + 1"])
        self.do(f"UPDATE settlement_serialmove SET {change} WHERE id = %s", move)
        return Place(entry=entry)

    def drop_move(self) -> Place:
        move, entry = self.move()
        self.do("DELETE FROM settlement_serialmove WHERE id = %s", move)
        return Place(entry=entry)

    def leaf(self) -> tuple[int, int, str]:
        """Return position, leaf and text of one."""
        return self.any_of(
            """SELECT p.position, f.id, f.text FROM settlement_logposition p JOIN settlement_logleaf f ON f.id = p.leaf_id
               ORDER BY p.position"""
        )

    def changed(self, text: str) -> str:
        said = json.loads(text)
        said["salt"] = said["salt"][::-1]
        return json.dumps(said)

    def change_leaf(self) -> Place:
        position, leaf, text = self.leaf()
        self.do("UPDATE settlement_logleaf SET text = %s WHERE id = %s", self.changed(text), leaf)
        return Place(position=position)

    def change_leaf_and_hash(self) -> Place:
        position, leaf, text = self.leaf()
        new = self.changed(text)
        self.do("UPDATE settlement_logleaf SET text = %s WHERE id = %s", new, leaf)
        self.do("UPDATE settlement_logposition SET hash = %s WHERE position = %s", hashed(new), position)
        return Place(position=position)

    def change_all_of_an_entry(self) -> Place:
        """Legs, holdings, leaf and hash together, so that everything fits but the signed heads."""
        [(leg, entry, debited, credited)] = self.ask(
            "SELECT id, entry_id, debited_id, credited_id FROM settlement_leg WHERE id = %s", self.leg()[0]
        )
        self.do("UPDATE settlement_leg SET units = units + 1 WHERE id = %s", leg)
        self.do("UPDATE settlement_holding SET units = units - 1 WHERE id = %s", debited)
        self.do("UPDATE settlement_holding SET units = units + 1 WHERE id = %s", credited)
        [(position, leaf, new)] = self.ask(
            """SELECT p.position, f.id, t.text FROM settlement_logleaf f
               JOIN settlement_logposition p ON p.leaf_id = f.id
               CROSS JOIN LATERAL settlement_entry_texts(ARRAY[f.entry_id], ARRAY[f.salt]) t WHERE f.entry_id = %s""",
            entry,
        )
        self.do("UPDATE settlement_logleaf SET text = %s WHERE id = %s", new, leaf)
        self.do("UPDATE settlement_logposition SET hash = %s WHERE position = %s", hashed(new), position)
        return Place(position=position)

    def drop_leaf(self) -> Place:
        position, leaf, _ = self.leaf()
        self.do("DELETE FROM settlement_logposition WHERE position = %s", position)
        self.do("DELETE FROM settlement_logleaf WHERE id = %s", leaf)
        if self.chance.random() < 0.5:  # And the ones after it close up.
            self.shift(position + 1, -1)
        return Place(position=position)

    def shift(self, first: int, by: int) -> None:
        self.cursor.execute(
            "UPDATE settlement_logposition SET position = position + %s WHERE position >= %s", [FAR, first]
        )
        self.cursor.execute(
            "UPDATE settlement_logposition SET position = position - %s WHERE position >= %s", [FAR - by, FAR]
        )

    def swap_leaves(self) -> Place:
        one = self.leaf()[0]
        other = self.other(one, "SELECT position FROM settlement_logposition ORDER BY position")
        for first, second in ((one, FAR), (other, one), (FAR, other)):
            self.do("UPDATE settlement_logposition SET position = %s WHERE position = %s", second, first)
        return Place(position=min(one, other))

    def insert_leaf(self) -> Place:
        position = self.leaf()[0]
        text = json.dumps({"decision": "review_step:0", "said": {"verb": "approve"}, "salt": "none"})
        [(leaf,)] = self.ask(
            """INSERT INTO settlement_logleaf (subject, salt, text) VALUES ('review_step:0', gen_random_uuid(), %s)
               RETURNING id""",
            text,
        )
        self.shift(position, 1)
        self.do(
            "INSERT INTO settlement_logposition (position, leaf_id, hash) VALUES (%s, %s, %s)",
            position,
            leaf,
            hashed(text),
        )
        return Place(position=position)

    def rewrite_tail(self) -> Place:
        position = self.leaf()[0]
        rows = self.ask(
            """SELECT p.position, f.id, f.text FROM settlement_logposition p JOIN settlement_logleaf f ON f.id = p.leaf_id
               WHERE p.position >= %s""",
            position,
        )
        for place, leaf, text in rows:
            new = self.changed(text)
            self.do("UPDATE settlement_logleaf SET text = %s WHERE id = %s", new, leaf)
            self.do("UPDATE settlement_logposition SET hash = %s WHERE position = %s", hashed(new), place)
        return Place(position=position)

    def cut_tail(self) -> Place:
        """The newest leaves go, with their entries and every head that knew of them: a past that never was."""
        position = self.leaf()[0]
        gone = self.ask(
            """SELECT f.id, f.entry_id FROM settlement_logposition p JOIN settlement_logleaf f ON f.id = p.leaf_id
               WHERE p.position >= %s""",
            position,
        )
        self.do("DELETE FROM settlement_logposition WHERE position >= %s", position)
        self.cursor.execute("DELETE FROM settlement_loghead WHERE size > %s", [position])
        for leaf, entry in gone:
            self.do("DELETE FROM settlement_logleaf WHERE id = %s", leaf)
            for table in ("leg", "serialmove", "entrykey"):
                self.cursor.execute(f"DELETE FROM settlement_{table} WHERE entry_id = %s", [entry])
            self.cursor.execute("DELETE FROM settlement_entry WHERE id = %s", [entry])
        return Place(position=position)

    def change_head(self) -> Place:
        heads = self.ask("SELECT id FROM settlement_loghead ORDER BY id")
        number = self.chance.randrange(len(heads))
        one = heads[number][0]
        change = self.chance.choice(
            [
                r"note = regexp_replace(note, E'\\n[0-9]+\\n', E'\\n' || size + 1 || E'\\n')",
                r"note = overlay(note placing 'x' from length(note) - 20)",
                r"note = regexp_replace(note, 'T[0-9]{2}', 'T25')",
                r"size = size + 1",
            ]
        )
        self.do(f"UPDATE settlement_loghead SET {change} WHERE id = %s", one)
        return Place(head=number)

    def change_holding(self) -> Place:
        holding, asset = self.any_of("SELECT id, asset_id FROM settlement_holding ORDER BY id")
        self.do("UPDATE settlement_holding SET units = units + %s WHERE id = %s", self.chance.choice([-1, 1]), holding)
        return Place(asset=asset)

    def change_block(self) -> Place:
        block, asset, holding = self.any_of("SELECT id, asset_id, holding_id FROM settlement_serialblock ORDER BY id")
        others = self.ask("SELECT id FROM settlement_holding WHERE asset_id = %s AND id <> %s", asset, holding)
        self.do("UPDATE settlement_serialblock SET holding_id = %s WHERE id = %s", self.chance.choice(others)[0], block)
        return Place(asset=asset)


def hashed(text: str) -> bytes:
    return hashlib.sha256(b"\0" + text.encode()).digest()
