from __future__ import annotations

from django.db import models


class CalendarYear(models.Model):
    """A year whose official holidays and make-up days are loaded."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    basis = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return str(self.year)


class SpecialDay(models.Model):
    """A weekday that is not worked, or a weekend day that is (调休)."""

    day = models.DateField(primary_key=True)
    year = models.ForeignKey(CalendarYear, on_delete=models.PROTECT, related_name="days")
    is_working = models.BooleanField()
    name = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
