"""One cell: what it holds against what its column expects. Nothing is repaired silently."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from registry.rules.methodologies.reading import in_range
from registry.rules.uploads.forms import Column

MOST_SHOWN = 60
MOST_TEXT = 200
YES, NO = frozenset({"是", "yes", "true", "y"}), frozenset({"否", "no", "false", "n"})


class Rejected(Exception):
    """The cell does not hold what its column expects."""

    def __init__(self, reason: str, **values: Any) -> None:
        super().__init__(reason, values)
        self.reason, self.values = reason, values


def read_cell(value: Any, kind: str, column: Column, species: Mapping[str, str]) -> Any:
    """Return the value of a cell for its column; None for an empty cell that may be empty. Raises Rejected.

    kind: openpyxl's data type: "f" a formula, "e" an error, else by the value.
    """
    if kind == "f":
        raise Rejected("formula", found=shown(value))
    if kind == "e":
        raise Rejected("error_value", found=shown(value))
    if is_blank(value):
        if column.required:
            raise Rejected("missing", name=column.heading)
        return None
    if column.content in ("number", "integer"):
        return _number(value, column)
    if column.content == "date":
        return _date(value)
    text = _text(value, column)
    if column.content == "species":
        if text not in species:
            raise Rejected("unknown_species", found=shown(text))
        return species[text]
    if column.content == "choice":
        return _choice(text, column)
    if column.content == "flag":
        if isinstance(value, bool):
            return value
        if text.lower() not in YES | NO:
            raise Rejected("unknown_choice", found=shown(text), name=column.heading, names="是、否")
        return text.lower() in YES
    return text


def is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def shown(value: Any) -> str:
    """Return what is told of a value: short, on one line, without characters that cannot be seen."""
    text = value.isoformat() if isinstance(value, (date, time)) else str(value)
    visible = "".join(character if _is_visible(character) else "�" for character in text)
    return visible if len(visible) <= MOST_SHOWN else visible[: MOST_SHOWN - 1] + "…"


def range_text(column: Column) -> str:
    """Return the range of a column as an interval: "(0, 10]"."""
    low = (
        f"({column.above:g}"
        if column.above is not None
        else f"[{column.least:g}"
        if column.least is not None
        else "(−∞"
    )
    return f"{low}, {column.most:g}]" if column.most is not None else f"{low}, +∞)"


def _number(value: Any, column: Column) -> float | int:
    if isinstance(value, (date, time, timedelta)):
        raise Rejected("date_for_number", found=shown(value), name=column.heading)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_finite(value):
        raise Rejected("not_a_number", found=shown(value), name=column.heading)
    if column.content == "integer" and value != math.floor(value):
        raise Rejected("not_whole", found=shown(value), name=column.heading)
    if not in_range(value, above=column.above, least=column.least, most=column.most):
        raise Rejected("out_of_range", found=shown(value), name=column.heading, range=range_text(column))
    return int(value) if column.content == "integer" else float(value)


def _is_finite(value: float | int) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise Rejected("number_for_date", found=shown(value))
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            pass
    raise Rejected("not_a_date", found=shown(value))


def _text(value: Any, column: Column) -> str:
    """Return a text; a whole number is one too, since a plot may be called 12."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) and column.content == "flag":
        return str(value)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Rejected("not_a_text", found=shown(value), name=column.heading)
    text = str(value).strip()
    # The first answers for nearly every cell; it also calls some spaces unprintable, which are none of our business.
    if not text.isprintable() and not all(_is_visible(character) for character in text):
        raise Rejected("control_characters", found=shown(text))
    if len(text) > MOST_TEXT:
        raise Rejected("not_a_text", found=shown(text), name=column.heading)
    return text


def _choice(text: str, column: Column) -> str:
    assert column.choices is not None
    if text in column.choices:
        return column.choices[text]
    if text in column.choices.values():
        return text
    names = "、".join(column.choices)
    raise Rejected("unknown_choice", found=shown(text), name=column.heading, names=names)


def _is_visible(character: str) -> bool:
    """Whether a character prints: no control, format (bidirectional overrides) or lone surrogate."""
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
