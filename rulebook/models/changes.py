from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rulebook.models.values import LegalBasis, RuleValue


class RuleChange(models.Model):
    """A new value of a rule, proposed by one person and decided by another; in force from its day on."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    scheme = models.CharField(max_length=32)
    key = models.CharField(max_length=100)
    value = models.JSONField()
    basis = models.ForeignKey(LegalBasis, on_delete=models.PROTECT, related_name="+")
    in_force_from = models.DateField()
    reason = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)  # Of what was proposed: nothing else is approved.
    state = models.CharField(max_length=12, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    rule_value = models.OneToOneField(RuleValue, null=True, on_delete=models.PROTECT, related_name="change")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by=None, decided_at=None, rule_value=None)
                | Q(state="approved", decided_by__isnull=False, decided_at__isnull=False, rule_value__isnull=False)
                | Q(state__in=["refused", "withdrawn"], decided_at__isnull=False, rule_value=None),
                name="rule_change_state_has_its_fields",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(decided_by=F("proposed_by")), name="rule_change_has_two_persons"
            ),
            models.UniqueConstraint(
                fields=["scheme", "key"], condition=Q(state="proposed"), name="rule_change_is_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.key} {self.in_force_from}"
