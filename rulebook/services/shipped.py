"""Taking in the data that ship with the product: legal bases, rule values, the calendar, divisions and outlines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.db import transaction
from pydantic import BaseModel, ConfigDict

from rulebook.errors import RuleIsFixed
from rulebook.models import CalendarYear, Division, DivisionOutline, LegalBasis, RuleValue, SpecialDay

PARAMETERS = Path(__file__).resolve().parent.parent / "parameters"
NO_RULES = ("calendar_", "divisions_", "legal_")  # Every other file there holds a room's rules.


class ShippedBasis(BaseModel):
    """One entry of legal_bases.json."""

    model_config = ConfigDict(extra="forbid")
    code: str
    title: str
    document_number: str = ""
    article: str = ""
    url: str = ""
    provisional: bool = False


class ShippedRule(BaseModel):
    """One entry of a room's rule file."""

    model_config = ConfigDict(extra="forbid")
    scheme: str
    key: str
    value: Any
    unit: str = ""
    basis: str
    in_force_from: date
    in_force_to: date | None = None
    note: str = ""


def _read(name: str) -> Any:
    return json.loads((PARAMETERS / name).read_text(encoding="utf-8"))


def shipped_rules() -> list[ShippedRule]:
    """Return the rules of all rooms as shipped, oldest first; a value without an end lasts until the next begins."""
    files = sorted(path.name for path in PARAMETERS.glob("*.json"))
    rooms = [name for name in files if not name.startswith(NO_RULES)]
    rows = [ShippedRule.model_validate(row) for name in rooms for row in _read(name)]
    rows.sort(key=lambda row: (row.scheme, row.key, row.in_force_from))
    for row, following in pairwise(rows):
        if (row.scheme, row.key) == (following.scheme, following.key) and row.in_force_to is None:
            row.in_force_to = following.in_force_from
    return rows


@transaction.atomic
def load_rules(rules: Sequence[ShippedRule] | None = None) -> int:
    """Take in the shipped legal bases, and `rules` or the shipped ones; return how many values are new.

    A value in the table is never edited: one that differs from it with the same first day is refused (RuleIsFixed).
    It may only be ended where none was, which is how a new value replaces it.
    """
    bases = [ShippedBasis.model_validate(raw) for raw in _read("legal_bases.json")]
    for basis in bases:
        LegalBasis.objects.update_or_create(pk=basis.code, defaults=basis.model_dump(exclude={"code"}))
    added = 0
    for shipped in shipped_rules() if rules is None else rules:
        assert LegalBasis.objects.filter(pk=shipped.basis).exists(), f"{shipped.key} rests on no known {shipped.basis}"
        row, is_new = RuleValue.objects.get_or_create(
            scheme=shipped.scheme,
            key=shipped.key,
            in_force_from=shipped.in_force_from,
            defaults=shipped.model_dump(include={"value", "unit", "in_force_to", "note"}) | {"basis_id": shipped.basis},
        )
        added += is_new
        if not is_new:
            _agree(row, shipped)
    return added


def _agree(row: RuleValue, shipped: ShippedRule) -> None:
    """Hold a row to what is shipped: end it if that is new, reword its note, refuse anything else (RuleIsFixed)."""
    ends_otherwise = None not in (row.in_force_to, shipped.in_force_to) and row.in_force_to != shipped.in_force_to
    if ends_otherwise or (row.value, row.unit, row.basis_id) != (shipped.value, shipped.unit, shipped.basis):
        raise RuleIsFixed(key=shipped.key, scheme=shipped.scheme, day=shipped.in_force_from.isoformat())
    changed = []
    if row.in_force_to is None and shipped.in_force_to is not None:
        row.in_force_to = shipped.in_force_to
        changed.append("in_force_to")
    if row.note != shipped.note:
        row.note = shipped.note
        changed.append("note")
    if changed:
        row.save(update_fields=changed)


@transaction.atomic
def load_calendar() -> int:
    """Take in the shipped calendar years; return how many days are special. Right when run twice."""
    days = 0
    for path in sorted(PARAMETERS.glob("calendar_*.json")):
        shipped = _read(path.name)
        year, _ = CalendarYear.objects.update_or_create(
            year=shipped["year"], defaults={"basis": shipped.get("basis", "")}
        )
        for kind, is_working in (("holidays", False), ("makeup_days", True)):
            for day, name in shipped[kind].items():
                SpecialDay.objects.update_or_create(
                    day=date.fromisoformat(day), defaults={"year": year, "is_working": is_working, "name": name}
                )
                days += 1
    return days


@transaction.atomic
def load_divisions() -> int:
    """Take in the shipped divisions, parents first; return how many there are. Right when run twice."""
    rows = [row for path in sorted(PARAMETERS.glob("divisions_*.json")) for row in _read(path.name)]
    rank = {"region": 0, "league": 1, "city": 1}
    for row in sorted(rows, key=lambda row: rank.get(row["level"], 2)):
        Division.objects.update_or_create(
            code=row["code"],
            defaults={
                "name": row["name"],
                "official_name": row["official_name"],
                "level": row["level"],
                "parent_id": row["parent"] or None,
                "pinyin": row["pinyin"],
            },
        )
    return len(rows)


@transaction.atomic
def load_outlines(*, geometries: Iterable[tuple[str, dict[str, Any]]], source: str) -> int:
    """Take in outlines (code, GeoJSON geometry) of divisions that are known; return how many were taken."""
    known = set(Division.objects.values_list("pk", flat=True))
    taken = 0
    for code, geometry in geometries:
        if code in known:
            DivisionOutline.objects.update_or_create(
                division_id=code, defaults={"geometry": geometry, "source": source}
            )
            taken += 1
    return taken


@transaction.atomic
def load_shipped_data() -> dict[str, int]:
    """Take in everything that ships, all or nothing; return how many rules are new, how many days and divisions."""
    return {"rules": load_rules(), "special_days": load_calendar(), "divisions": load_divisions()}
