from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Installation(models.Model):
    """The one row that says whether this installation may move its business clock: written by the owner alone."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    time_travel = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_installation"),
            # The target of the clock's composite foreign key.
            models.UniqueConstraint(fields=["id", "time_travel"], name="installation_with_time_travel"),
        ]

    def __str__(self) -> str:
        return "time travel" if self.time_travel else "real time"


class ClockOffset(models.Model):
    """The one row of the business clock: business time = server time + `seconds`. Forwards only, by trigger.

    Without time travel the offset is 0: a composite foreign key to the installation and a check refuse any other.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seconds = models.DecimalField(max_digits=16, decimal_places=6, default=0)
    time_travel = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_business_clock"),
            models.CheckConstraint(condition=Q(time_travel=True) | Q(seconds=0), name="clock_runs_true_in_production"),
        ]

    def __str__(self) -> str:
        return f"{self.seconds} s"


class ClockMove(models.Model):
    """One move of the business clock from instant to instant, with every sweep in between as a step."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    started_from = models.DateTimeField()
    target = models.DateTimeField()
    asked_by = models.CharField(max_length=150, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    steps_total = models.PositiveIntegerField(default=0)
    steps_done = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=400, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(target__gt=F("started_from")), name="clock_moves_forwards"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="running"), name="one_clock_move_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.started_from} → {self.target}"


class ClockMoveStep(models.Model):
    """A sweep that a move of the clock has run, and what it did."""

    move = models.ForeignKey(ClockMove, on_delete=models.PROTECT, related_name="steps")
    sweep = models.CharField(max_length=64)
    at = models.DateTimeField()
    result = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["move", "sweep", "at"], name="sweep_runs_once_a_move")]

    def __str__(self) -> str:
        return f"{self.sweep} {self.at}"
