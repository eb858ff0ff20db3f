"""Days: the arithmetic against a slow count, the shipped years against the package they come from, and their end."""

from datetime import date, timedelta

import chinese_calendar
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from rulebook import queries
from rulebook.management.commands.make_calendar import special_days
from rulebook.rules import Calendar, DueDate
from rulebook.services.shipped import PARAMETERS

ONE_DAY = timedelta(days=1)
PLAIN = Calendar(frozenset({2026}))
SMALL = Calendar(
    frozenset({2026}),
    holidays={date(2026, 2, 16): "春节", date(2026, 2, 17): "春节", date(2026, 2, 18): "春节"},
    makeup_days={date(2026, 2, 14): "春节调休"},
)
DAYS_OF_2026 = st.dates(date(2026, 1, 5), date(2026, 12, 20))


@given(
    start=DAYS_OF_2026,
    count=st.integers(1, 12),
    counting_first=st.booleans(),
    specials=st.dictionaries(DAYS_OF_2026, st.booleans(), max_size=25),
)
def test_working_days_agree_with_counting_on_the_fingers(start, count, counting_first, specials):
    calendar = Calendar(
        frozenset({2026}),
        {day: "off" for day, works in specials.items() if not works and day.weekday() < 5},
        {day: "on" for day, works in specials.items() if works and day.weekday() >= 5},
    )
    worked, day = [], start if counting_first else start + ONE_DAY
    while len(worked) < count:
        is_special = day in calendar.holidays or day in calendar.makeup_days
        if (day.weekday() < 5) != is_special:
            worked.append(day)
        day += ONE_DAY

    due = calendar.add_working_days(start, count, counting_first=counting_first)

    assert due == DueDate(worked[-1], provisional=worked[-1].year != 2026)


@given(day=DAYS_OF_2026, count=st.integers(1, 9))
def test_trading_days_forwards_and_back_meet(day, count):
    found = SMALL.add_trading_days(day, count)
    if found is None:
        return
    walked = found
    for _ in range(count - 1):
        walked = SMALL.previous_trading_day(walked)
    assert SMALL.next_trading_day(day) == walked
    assert all(SMALL.is_trading_day(one) for one in (found, walked))


def test_a_make_up_saturday_is_worked_and_not_traded():
    saturday = date(2026, 2, 14)
    assert SMALL.is_working_day(saturday)
    assert not SMALL.is_trading_day(saturday)
    assert SMALL.next_trading_day(saturday) == date(2026, 2, 19)


def test_past_the_loaded_years_days_are_provisional_and_the_market_is_shut():
    assert PLAIN.add_working_days(date(2026, 12, 31), 1) == DueDate(date(2027, 1, 1), provisional=True)
    assert PLAIN.add_working_days(date(2026, 12, 30), 1) == DueDate(date(2026, 12, 31), provisional=False)
    assert not PLAIN.is_trading_day(date(2027, 1, 4))
    assert PLAIN.next_trading_day(date(2026, 12, 31)) is None
    assert PLAIN.add_trading_days(date(2026, 12, 28), 9) is None
    assert PLAIN.previous_trading_day(date(2026, 1, 1)) is None


@pytest.mark.django_db
class TestShippedYears:
    def test_every_day_agrees_with_the_official_calendar(self):
        calendar = queries.calendar()
        day = date(2024, 1, 1)
        while day <= date(2026, 12, 31):
            assert calendar.is_working_day(day) == chinese_calendar.is_workday(day), day
            assert calendar.is_trading_day(day) == (chinese_calendar.is_workday(day) and day.weekday() < 5), day
            day += ONE_DAY

    def test_the_make_up_days_of_2026(self):
        makeup = [day.isoformat() for day, is_working, _ in queries.special_days(2026) if is_working]
        assert makeup == ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
        assert all(queries.is_working_day(date.fromisoformat(day)) for day in makeup)
        assert not any(queries.is_trading_day(date.fromisoformat(day)) for day in makeup)

    def test_a_notice_of_twenty_working_days_counts_its_first(self):
        due = queries.add_working_days(date(2026, 7, 17), 20, counting_first=True)
        assert due == DueDate(date(2026, 8, 13), provisional=False)
        assert queries.add_working_days(date(2026, 7, 17), 20) == DueDate(date(2026, 8, 14), provisional=False)

    def test_a_clock_over_the_national_day_counts_the_make_up_days(self):
        # 28, 29, 30 September, 8, 9, 10 (make-up Saturday), 12 October.
        assert queries.add_working_days(date(2026, 9, 28), 7, counting_first=True).date == date(2026, 10, 12)

    def test_five_trading_days_over_the_national_day(self):
        # 30 September, 8, 9, 12, 13 October: the make-up Saturday is none.
        assert queries.add_trading_days(date(2026, 9, 29), 5) == date(2026, 10, 13)

    def test_the_calendar_ends_and_says_so(self):
        assert queries.calendar_loaded_until() == date(2026, 12, 31)
        assert queries.next_trading_day(date(2026, 12, 31)) is None
        assert not queries.is_trading_day(date(2027, 3, 1))
        assert queries.add_working_days(date(2026, 12, 30), 5) == DueDate(date(2027, 1, 6), provisional=True)
        assert queries.add_calendar_days(date(2026, 12, 30), 5) == DueDate(date(2027, 1, 4), provisional=False)


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_the_shipped_file_is_what_the_command_writes(year, tmp_path, capsys):
    call_command("make_calendar", str(year), folder=tmp_path)
    name = f"calendar_{year}.json"
    assert (tmp_path / name).read_text() == (PARAMETERS / name).read_text()


def test_a_year_that_is_not_announced_is_refused():
    with pytest.raises(CommandError, match="2050"):
        special_days(2050)
