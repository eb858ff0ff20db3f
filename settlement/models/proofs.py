from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now

from settlement.rules import ProofKind, ProofState

MOST_DIFFERENCES = 100  # Kept of one reading; how many there were in all is counted beside them.


class ProofRun(models.Model):
    """One run of a proof, of a night or asked for by a person: what waits, how far it is, what became of it."""

    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ProofKind])
    night = models.DateField(null=True)  # None: asked for.
    state = models.CharField(max_length=8, choices=[(state.value, state.value) for state in ProofState])
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()  # Business time at which it became due.
    done_steps = models.BigIntegerField(default=0)
    all_steps = models.BigIntegerField(default=0)  # Rows to be read, or proofs to be made; 0: not known yet.
    error = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "night"], condition=Q(night__isnull=False), name="proof_runs_once_a_night"
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(state__in=["queued", "running"]), name="one_run_of_a_proof_waits"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.night}"


class SecondReading(models.Model):
    """What an independent reading of legs and serial moves gave, beside the stored holdings and blocks. Append-only.

    differences: where the two part, at most MOST_DIFFERENCES, each with its place; found: how many there were.
    """

    run = models.OneToOneField(ProofRun, null=True, on_delete=models.PROTECT, related_name="reading")
    at = models.DateTimeField()  # Business time. recorded_at: the server's own.
    recorded_at = models.DateTimeField(db_default=Now())
    snapshot = models.CharField(max_length=200)  # Of the database: which transactions were seen.
    last_entry_id = models.BigIntegerField()
    legs_read = models.BigIntegerField()
    moves_read = models.BigIntegerField()
    seconds = models.DecimalField(max_digits=9, decimal_places=3)
    found = models.BigIntegerField()
    differences = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(found__lte=MOST_DIFFERENCES, found=Func(F("differences"), function="jsonb_array_length"))
                | Q(found__gt=MOST_DIFFERENCES),
                name="reading_counts_its_differences",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at}: {self.found}"


class InvariantProof(models.Model):
    """What the proofs of all invariants gave on one snapshot. Append-only.

    proved: each invariant's sentence by its name; broken: the offending rows of those that do not hold.
    """

    run = models.OneToOneField(ProofRun, null=True, on_delete=models.PROTECT, related_name="proof")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    seconds = models.DecimalField(max_digits=9, decimal_places=3)
    proved = models.JSONField()
    broken = models.JSONField(encoder=DjangoJSONEncoder)

    def __str__(self) -> str:
        return f"{self.at}: {len(self.broken)}"
