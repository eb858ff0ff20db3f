"""When something happens on each trading day, by an hour of the rulebook."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from rulebook.queries import business_date, calendar, rule
from rulebook.rules import BEIJING


def trading_instants(after: datetime, until: datetime, *keys: str) -> list[datetime]:
    """Return the instants in (after, until] that the named rules give for each trading day, in time order."""
    days, day, instants = calendar(), business_date(after), []
    while day <= business_date(until) and days.is_loaded(day):
        if days.is_trading_day(day):
            instants += sorted(instant_of(day, key) for key in keys)
        day += timedelta(days=1)
    return [instant for instant in instants if after < instant <= until]


def instant_of(day: date, key: str) -> datetime:
    """Return the instant that the rule `key` gives for a day, as it is in force at its noon."""
    found = rule(key, at=datetime.combine(day, time(12), BEIJING)).value
    return datetime.combine(day, time.fromisoformat(found), BEIJING)
