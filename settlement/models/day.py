from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from settlement.models.ledger import Entry
from settlement.rules.day import DayStep


class SettlementDay(models.Model):
    """One trading day of the ledger, and the days without trading before it: open, sealed, closed.

    covers_from: the first business date that belongs to it. sealed_at: from then on no entry of its dates comes in
    (`entry_is_of_an_open_day`); only then it can be closed, and only without an unexplained fen
    (`day_closes_without_a_difference`).
    """

    day = models.DateField(primary_key=True)
    covers_from = models.DateField()
    opened_at = models.DateTimeField()
    sealed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reserve_fen = models.BigIntegerField(null=True)  # What of its fees went to the risk reserve after its close.
    reserve_entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(covers_from__lte=F("day")), name="day_covers_itself"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(sealed_at__isnull=False), name="day_is_sealed_before_it_closes"
            ),
            models.CheckConstraint(
                condition=Q(reserve_fen=None, reserve_entry=None)
                | Q(reserve_fen=0, reserve_entry=None, closed_at__isnull=False)
                | Q(reserve_fen__gt=0, reserve_entry__isnull=False, closed_at__isnull=False),
                name="day_reserve_has_its_entry",
            ),
        ]

    def __str__(self) -> str:
        return self.day.isoformat()

    @property
    def state(self) -> str:
        """Return open, sealed or closed."""
        return "closed" if self.closed_at else "sealed" if self.sealed_at else "open"


class DayRun(models.Model):
    """One run of a step of a day, and what it found. Append-only: a step that runs again leaves another row.

    figures: what was counted, by name. differences: the first of what is not the same, each with its place; found:
    how many there were.
    """

    day = models.ForeignKey(SettlementDay, on_delete=models.PROTECT, related_name="runs")
    step = models.CharField(max_length=16, choices=[(step.value, step.value) for step in DayStep])
    run_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    figures = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    differences = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    found = models.IntegerField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(step__in=[step.value for step in DayStep]), name="day_run_step_is_known"
            ),
            models.CheckConstraint(
                condition=Q(found=0, differences=[]) | (Q(found__gt=0) & ~Q(differences=[])),
                name="day_run_tells_what_it_found",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day_id} {self.step}"
