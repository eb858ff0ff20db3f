"""The rule values that a market works by on a day."""

from __future__ import annotations

from datetime import datetime

from exchange.rules import Profile
from rulebook.queries import rules_of


def profile(at: datetime, scheme: str) -> Profile:
    """Return the rule values in force for a scheme on the business day of `at`."""
    return Profile(rules_of(scheme, at))
