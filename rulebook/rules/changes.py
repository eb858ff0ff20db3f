"""A new value of a rule: it has the shape of the one it follows, so that no code meets a kind of value it knows not."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DECIMAL = re.compile(r"\d{1,12}(\.\d{1,9})?")


@dataclass(frozen=True)
class ChangeView:
    """A change of a rule as other rooms may see it."""

    id: int
    scheme: str
    key: str
    value: Any
    in_force_from: date
    digest: str
    proposed_by_id: int


class ShapeDiffers(ValueError):
    """A text that is no value of this rule; `like` is one, as people write it."""

    def __init__(self, like: Any) -> None:
        self.like = like if isinstance(like, str) else json.dumps(like, ensure_ascii=False)
        super().__init__(self.like)


def parsed(text: str, like: Any) -> Any:
    """Return the value that a text means, of the shape of the present value `like`. Raises ShapeDiffers."""
    text = text.strip()
    if isinstance(like, list | dict):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise ShapeDiffers(like) from None
    elif isinstance(like, bool):
        found = {"true": True, "false": False}.get(text.lower())
    elif isinstance(like, int):
        found = int(text) if re.fullmatch(r"\d{1,15}", text, re.ASCII) else None
    else:
        found = text
    if not fits(found, like):
        raise ShapeDiffers(like)
    return found


def fits(value: Any, like: Any) -> bool:
    """Tell whether a value has the shape of another: whole number, decimal, hour, word, or lists and tables of them."""
    if isinstance(like, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(like, bool)
    if isinstance(like, int):
        return isinstance(value, int) and value >= 0
    if isinstance(like, str):
        return isinstance(value, str) and _text_fits(value, like)
    if isinstance(like, list):
        is_list = isinstance(value, list) and 0 < len(value) <= 100
        return is_list and all(fits(one, like[0]) for one in value) if like else is_list
    if isinstance(like, dict):
        return isinstance(value, dict) and value.keys() == like.keys() and all(fits(value[k], like[k]) for k in like)
    return False


def _text_fits(value: str, like: str) -> bool:
    if _CLOCK.fullmatch(like):
        return bool(_CLOCK.fullmatch(value))
    if _DECIMAL.fullmatch(like):
        try:
            return bool(_DECIMAL.fullmatch(value)) and Decimal(value) >= 0
        except InvalidOperation:
            return False
    return 0 < len(value) <= 100 and value.isprintable()


def change_digest(scheme: str, key: str, value: Any, basis: str, in_force_from: date, reason: str) -> str:
    """Return the SHA-256, in hex, of what a change proposes."""
    content = json.dumps([scheme, key, value, basis, in_force_from.isoformat(), reason], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()
