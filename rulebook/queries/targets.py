"""Where the business clock may usefully go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from rulebook.errors import RuleMissing
from rulebook.queries.calendar import calendar
from rulebook.queries.clock import business_date
from rulebook.queries.values import rule
from rulebook.rules import BEIJING

ONE_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class ClockTarget:
    """A business time worth moving to; `name` is one of next_session, close, next_trading_day."""

    name: str
    at: datetime


def clock_targets(at: datetime) -> list[ClockTarget]:
    """Return where the clock may usefully go from `at`: the next session, today's close, the next trading day.

    Past the loaded calendar, or where no sessions are in force, there is nowhere to go: then the list is empty.
    """
    try:
        hours = rule("trading.sessions", at=at).value
    except RuleMissing:
        return []
    days = calendar()
    today = business_date(at)
    following = days.next_trading_day(today)
    sessions = [
        tuple(datetime.combine(day, time.fromisoformat(edge), BEIJING) for edge in session)
        for day in (today, following)
        if day is not None and days.is_trading_day(day)
        for session in hours
    ]
    targets = []
    opening = next((start for start, _ in sessions if start > at), None)
    if opening is not None:
        targets.append(ClockTarget("next_session", opening))
    closes = [end for start, end in sessions if start.date() == today]
    if closes and closes[-1] > at:
        targets.append(ClockTarget("close", closes[-1] + ONE_MINUTE))
    morning = next((start for start, _ in sessions if start.date() == following), None)
    if morning is not None:
        targets.append(ClockTarget("next_trading_day", morning))
    return targets
