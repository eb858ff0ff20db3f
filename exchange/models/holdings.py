from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.rules import Actor, Role
from exchange.models.instruments import Instrument


class LargeHoldingQuerySet(models.QuerySet["LargeHolding"]):
    def visible_to(self, actor: Actor) -> LargeHoldingQuerySet:
        """Return the holder's own; all for those who watch over the market."""
        if actor.has(Role.EXCHANGE_OPERATOR, Role.AUDITOR):
            return self
        return self.filter(organisation_id=actor.organisation_id) if actor.organisation_id else self.none()


class LargeHolding(models.Model):
    """An organisation whose control group held so much of a product at a close that it has to report (大户报告).

    units: what the group held; limit_units: the position limit of that day.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    units = models.BigIntegerField()
    limit_units = models.BigIntegerField()
    due_on = models.DateField(null=True)  # None: past the loaded calendar.
    purpose = models.CharField(max_length=300, blank=True)
    source_of_money = models.CharField(max_length=300, blank=True)
    related = models.CharField(max_length=300, blank=True)
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField(null=True)

    objects = LargeHoldingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "organisation", "day"], name="large_holding_is_one_a_day"),
            models.CheckConstraint(
                condition=Q(reported_at=None, reported_by=None, purpose="", source_of_money="", related="")
                | (Q(reported_at__isnull=False, reported_by__isnull=False) & ~Q(purpose="") & ~Q(source_of_money="")),
                name="large_holding_report_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.instrument_id} {self.units}"
