"""Runs the steps of a day again for a settlement operator: it takes what several rooms know."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.web.pages import Act
from config import day
from settlement.web.days import asked_day


class RunDay(Act):
    """Clears and reconciles a day again, and closes it where it is sealed and agrees."""

    done = gettext_lazy("The steps have run again.")

    def call(self) -> None:
        if day.run_again(asked_day(self.kwargs["day"]), at=self.at, actor=self.actor):
            self.done = gettext_lazy("The steps have run again. The day is closed.")

    def back(self) -> str:
        return reverse("settlement-day", args=[self.kwargs["day"]])
