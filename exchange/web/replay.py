"""The replay of a day: the book and the trades of any second of it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts.web.pages import Page
from exchange import queries
from exchange.queries import Moment
from exchange.web.market import the_instrument
from rulebook.queries import business_date
from rulebook.rules import BEIJING, beijing


class ReplayPage(Page):
    """One day of an instrument: a slider over its seconds, which works without script as a form with a time."""

    template_name = "exchange/replay.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        one = the_instrument(self.kwargs["code"], self.request)
        days = queries.replayable_days(one.id)
        day = self._day(days)
        at = self._time()
        shown = queries.moment(one.id, day, datetime.combine(day, at, BEIJING)) if day in days else None
        largest = max((level.quantity for level in (*shown.bids, *shown.asks)), default=1) if shown else 1
        return super().get_context_data(
            **kwargs,
            one=one,
            days=days,
            day=day,
            at=at,
            shown=shown,
            told_at=beijing(shown.at) if shown else None,
            asks=self._asks(shown),
            largest=largest,
            source=f"{reverse('api-replay', args=[one.code])}?{urlencode({'day': day.isoformat()})}",
        )

    @staticmethod
    def _asks(shown: Moment | None) -> list[Any]:
        return list(reversed(shown.asks)) if shown else []

    def _day(self, days: list[date]) -> date:
        """Return the day asked for, else the newest that can be replayed."""
        try:
            return date.fromisoformat(self.request.GET.get("day", ""))
        except ValueError:
            return days[0] if days else business_date(self.at)

    def _time(self) -> time:
        """Return the time of day asked for, else its last second: the book as the day left it."""
        try:
            return time.fromisoformat(self.request.GET.get("at", "")).replace(tzinfo=None)
        except ValueError:
            return time(23, 59, 59)
