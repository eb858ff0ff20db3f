"""What a calculation record says, in one form whose hash is the same before and after the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.rules.issuance import digest

EXACT_WHOLE = 2.0**53  # Up to here every whole number is a double of its own.


def record_digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of everything a record holds."""
    return digest(canonical(content))


def canonical(value: Any) -> Any:
    """Return a JSON value with each number in one form: the database gives 1.0 back, or 1, and knows no -0.0."""
    if isinstance(value, Mapping):
        return {str(key): canonical(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(one) for one in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < EXACT_WHOLE else number
