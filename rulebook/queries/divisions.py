"""Divisions and their outlines."""

from __future__ import annotations

from typing import Any

from rulebook import rules
from rulebook.errors import NotThere
from rulebook.models import Division, DivisionOutline
from rulebook.rules import DivisionLevel


def _view(row: Division) -> rules.Division:
    return rules.Division(
        row.code, row.name, row.official_name, DivisionLevel(row.level), row.parent_id or "", row.pinyin
    )


def division(code: str) -> rules.Division:
    """Return a division by its code. Raises NotThere."""
    # Anything may come from an address; the database takes no text with a NUL in it.
    row = Division.objects.filter(pk=code).first() if code.isdecimal() else None
    if row is None:
        raise NotThere(field="division")
    return _view(row)


def divisions(level: DivisionLevel | None = None, parent: str | None = None) -> list[rules.Division]:
    """Return divisions in pinyin order, those of a level or under a parent if asked."""
    rows = Division.objects.order_by("pinyin", "code")
    if level is not None:
        rows = rows.filter(level=level)
    if parent is not None:
        rows = rows.filter(parent_id=parent)
    return [_view(row) for row in rows]


def is_under(code: str, ancestor: str) -> bool:
    """Tell whether a division is `ancestor` or lies in it."""
    at: str | None = code
    while at:
        if at == ancestor:
            return True
        at = Division.objects.filter(pk=at).values_list("parent_id", flat=True).first()
    return False


def banner_outline(code: str) -> dict[str, Any] | None:
    """Return the outline of a division as GeoJSON geometry (EPSG:4490), None where none is loaded."""
    return DivisionOutline.objects.filter(pk=code).values_list("geometry", flat=True).first()


def outlines(parent: str) -> dict[str, dict[str, Any]]:
    """Return the loaded outlines of the divisions under a parent, by code."""
    return dict(DivisionOutline.objects.filter(division__parent_id=parent).values_list("pk", "geometry"))
