"""The rule values that a market works by on a day."""

from __future__ import annotations

from datetime import datetime

from exchange.rules import Profile
from rulebook.queries import rules_of

REGIONAL = "nm_regional"


def profile(at: datetime, scheme: str) -> Profile:
    """Return the rule values in force for a scheme on the business day of `at`."""
    return Profile(rules_of(scheme, at))


def rule_scheme_of(credit_scheme: str, at: datetime) -> str:
    """Return whose rule values hold for the credits of a scheme: its own where there are some, else the region's."""
    return credit_scheme if rules_of(credit_scheme, at).get("trading.tick_fen") else REGIONAL
