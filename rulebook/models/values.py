from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q


class LegalBasis(models.Model):
    """A law, measure or standard that rules rest on; provisional where the platform's own interim rule stands in."""

    code = models.CharField(max_length=64, primary_key=True)
    title = models.CharField(max_length=200)
    document_number = models.CharField(max_length=100, blank=True)
    article = models.CharField(max_length=100, blank=True)
    url = models.CharField(max_length=300, blank=True)
    provisional = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.title


class RuleValue(models.Model):
    """One dated value of one rule. Never edited: a change is a new row from its first day on."""

    scheme = models.CharField(max_length=32)
    key = models.CharField(max_length=100)
    value = models.JSONField()
    unit = models.CharField(max_length=32, blank=True)
    basis = models.ForeignKey(LegalBasis, on_delete=models.PROTECT, related_name="+")
    in_force_from = models.DateField()
    in_force_to = models.DateField(null=True)  # The first day on which it is no longer in force.
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(in_force_to__isnull=True) | Q(in_force_to__gt=F("in_force_from")),
                name="rule_value_lasts_a_day",
            ),
            ExclusionConstraint(
                name="one_rule_value_a_day",
                expressions=[
                    ("scheme", RangeOperators.EQUAL),
                    ("key", RangeOperators.EQUAL),
                    (Func(F("in_force_from"), F("in_force_to"), function="daterange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.key}"
