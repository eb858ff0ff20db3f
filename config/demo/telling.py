"""How the demonstration's past is told: several stories at once, act by act, in the order of business time."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from accounts.queries import actor_of
from accounts.rules import NOBODY, Actor
from config.demo.people import HOUSES, TRADERS, VENUE, Cast
from rulebook.queries import add_working_days, calendar
from rulebook.rules import BEIJING, Calendar

# A story gives the instant of its next act, and acts when it is called again.
Story = Generator[datetime, None, None]
HOUSE_OF = {person.username: house.key for house in (VENUE, *HOUSES, *TRADERS) for person in house.people}


def tell(stories: Iterable[Story], *, say: Callable[[str], object]) -> None:
    """Let the stories act, always the one whose next act comes first; say each month that begins."""
    waiting: list[tuple[datetime, int, Story]] = []
    told = ""
    for number, story in enumerate(stories):
        _wait(waiting, number, story)
    while waiting:
        at, number, story = heapq.heappop(waiting)
        if (month := at.astimezone(BEIJING).strftime("%Y-%m")) != told:
            told = month
            say(month)
        _wait(waiting, number, story)


def _wait(waiting: list[tuple[datetime, int, Story]], number: int, story: Story) -> None:
    at = next(story, None)
    if at is not None:
        heapq.heappush(waiting, (at, number, story))


@dataclass(frozen=True)
class Desk:
    """Who acts, and when offices work."""

    cast: Cast
    days: Calendar

    def person(self, username: str, at: datetime) -> Actor:
        """Return a person of the cast who has just entered the password."""
        organisation_id = self.cast.organisations[HOUSE_OF[username]]
        return actor_of(self.cast.users[username], organisation_id, at, confirmed_at=at)

    def client(self, house: str) -> Actor:
        """Return someone who acts for an organisation by its API client."""
        return replace(NOBODY, organisation_id=self.cast.organisations[house])

    def first_of(self, house: str) -> str:
        """Return the user name of the first person of a house."""
        return next(person.username for one in HOUSES if one.key == house for person in one.people)

    def pair_of(self, house: str) -> tuple[str, str]:
        """Return the user names of the two persons of a participant: who proposes, and who confirms."""
        first, second = (person.username for one in (*HOUSES, *TRADERS) if one.key == house for person in one.people)
        return first, second

    def working_day(self, day: date) -> date:
        """Return the day itself if offices work on it, else the next one on which they do."""
        while not self.days.is_working_day(day):
            day += timedelta(days=1)
        return day

    def after(self, at: datetime, working_days: int, hour: int = 10, minute: int = 0) -> datetime:
        """Return the instant so many working days later."""
        return at_hour(add_working_days(at.astimezone(BEIJING).date(), working_days).date, hour, minute)


def at_hour(day: date, hour: int, minute: int = 0) -> datetime:
    """Return an instant of a day in Beijing."""
    return datetime.combine(day, time(hour, minute), BEIJING)


def desk_of(cast: Cast) -> Desk:
    """Return the desk with the calendar as loaded."""
    return Desk(cast, calendar())
