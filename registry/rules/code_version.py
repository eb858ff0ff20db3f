"""Which code calculated: stands in every calculation record."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

RULES = Path(__file__).resolve().parent


@cache
def code_version() -> str:
    """Return the SHA-256 over the names and texts of all rules of the registry."""
    found = hashlib.sha256()
    for path in sorted(RULES.rglob("*.py")):
        found.update(path.relative_to(RULES).as_posix().encode())
        found.update(path.read_bytes())
    return found.hexdigest()
