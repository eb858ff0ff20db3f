"""Working, trading and calendar days over the official calendar.

Past the last loaded year a due date is computed from weekdays and is provisional; the market does not open there.
Source: design section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
ONE_DAY = timedelta(days=1)
SATURDAY = 5


def beijing(at: datetime) -> datetime:
    """Return an instant as Beijing time."""
    return at.astimezone(BEIJING)


@dataclass(frozen=True)
class DueDate:
    """A day on which something is due; provisional when the official calendar of its year is not known yet."""

    date: date
    provisional: bool


@dataclass(frozen=True)
class Calendar:
    """The official calendar: what is not a plain weekday or weekend, year by year.

    holidays: weekdays that are not worked; makeup_days: weekend days that are (调休).
    """

    years: frozenset[int]
    holidays: Mapping[date, str] = field(default_factory=dict)
    makeup_days: Mapping[date, str] = field(default_factory=dict)

    def is_loaded(self, day: date) -> bool:
        return day.year in self.years

    def is_working_day(self, day: date) -> bool:
        """Tell whether statutory clocks count a day; of a year not loaded, whether it is a weekday."""
        if day in self.makeup_days:
            return True
        return day.weekday() < SATURDAY and day not in self.holidays

    def is_trading_day(self, day: date) -> bool:
        """Tell whether the market opens: weekdays that are worked, of a loaded year; make-up weekends are none."""
        return self.is_loaded(day) and day.weekday() < SATURDAY and day not in self.holidays

    def add_working_days(self, day: date, count: int, *, counting_first: bool = False) -> DueDate:
        """Return the last of `count` working days after `day`, or from `day` on when the first counts."""
        assert count > 0, count
        at = day if counting_first else day + ONE_DAY
        left, provisional = count, False
        while True:
            provisional = provisional or not self.is_loaded(at)
            if self.is_working_day(at):
                left -= 1
                if left == 0:
                    return DueDate(at, provisional)
            at += ONE_DAY

    def next_trading_day(self, day: date) -> date | None:
        """Return the first trading day after `day`; None when the loaded calendar ends before one."""
        return self.add_trading_days(day, 1)

    def previous_trading_day(self, day: date) -> date | None:
        """Return the last trading day before `day`, None when the loaded calendar begins after it."""
        at = day - ONE_DAY
        while self.is_loaded(at):
            if self.is_trading_day(at):
                return at
            at -= ONE_DAY
        return None

    def add_trading_days(self, day: date, count: int) -> date | None:
        """Return the `count`-th trading day after `day`; None past the loaded calendar."""
        assert count > 0, count
        at, left = day + ONE_DAY, count
        while self.is_loaded(at):
            if self.is_trading_day(at):
                left -= 1
                if left == 0:
                    return at
            at += ONE_DAY
        return None
