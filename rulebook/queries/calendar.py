"""Working, trading and calendar days by the loaded calendar."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from rulebook.models import CalendarYear, SpecialDay
from rulebook.queries.edition import edition
from rulebook.rules import Calendar, DueDate


def calendar() -> Calendar:
    """Return the official calendar as loaded."""
    return _kept(edition())


@lru_cache(maxsize=64)
def _kept(_edition: tuple[str, int]) -> Calendar:
    years = frozenset(CalendarYear.objects.values_list("year", flat=True))
    days = list(SpecialDay.objects.values_list("day", "is_working", "name"))
    return Calendar(
        years,
        {day: name for day, is_working, name in days if not is_working},
        {day: name for day, is_working, name in days if is_working},
    )


def calendar_loaded_until() -> date:
    """Return the last day of the last loaded year."""
    return date(max(CalendarYear.objects.values_list("year", flat=True), default=1970), 12, 31)


def special_days(year: int) -> list[tuple[date, bool, str]]:
    """Return the holidays (False) and make-up days (True) of a year, with their names, in order."""
    return list(SpecialDay.objects.filter(year=year).order_by("day").values_list("day", "is_working", "name"))


def is_working_day(day: date) -> bool:
    """Tell whether statutory clocks count a day."""
    return calendar().is_working_day(day)


def is_trading_day(day: date) -> bool:
    """Tell whether the market opens on a day."""
    return calendar().is_trading_day(day)


def next_trading_day(day: date) -> date | None:
    """Return the first trading day after a day, None past the loaded calendar."""
    return calendar().next_trading_day(day)


def previous_trading_day(day: date) -> date | None:
    """Return the last trading day before a day, None before the loaded calendar."""
    return calendar().previous_trading_day(day)


def add_trading_days(day: date, count: int) -> date | None:
    """Return the `count`-th trading day after a day, None past the loaded calendar."""
    return calendar().add_trading_days(day, count)


def add_working_days(day: date, count: int, counting_first: bool = False) -> DueDate:
    """Return the last of `count` working days after a day, or from it on; provisional past the loaded calendar."""
    return calendar().add_working_days(day, count, counting_first=counting_first)


def add_calendar_days(day: date, count: int) -> DueDate:
    """Return the day `count` days later. Calendar days need no official calendar: never provisional."""
    return DueDate(day + timedelta(days=count), False)
