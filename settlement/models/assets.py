from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce

from settlement.rules import AssetKind


class Asset(models.Model):
    """What can be held: the currency, or the credits of one batch (one project, vintage year and issuance).

    A batch's description and range are fixed by a trigger (`asset_is_fixed`); serials of a project and vintage run
    on over all its batches and never overlap.
    """

    kind = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in AssetKind])
    code = models.CharField(max_length=160, unique=True)
    scheme = models.CharField(max_length=32, blank=True)
    project_code = models.CharField(max_length=32, blank=True)
    project_name = models.CharField(max_length=200, blank=True)
    project_serial = models.CharField(max_length=6, blank=True)
    vintage_year = models.PositiveSmallIntegerField(null=True)
    credit_type = models.CharField(max_length=1, blank=True)
    division_code = models.CharField(max_length=6, blank=True)
    division_name = models.CharField(max_length=64, blank=True)
    methodology = models.CharField(max_length=32, blank=True)
    region_code = models.CharField(max_length=2, blank=True)
    scheme_code = models.CharField(max_length=2, blank=True)
    first_serial = models.BigIntegerField(null=True)
    last_serial = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(kind=AssetKind.CASH.value, first_serial__isnull=True, last_serial__isnull=True, project_code="")
                )
                | (
                    Q(kind=AssetKind.CREDIT.value, first_serial__gte=1, last_serial__gte=F("first_serial"))
                    & Q(vintage_year__isnull=False)
                    & ~Q(project_code="")
                ),
                name="asset_is_cash_or_a_batch",
            ),
            ExclusionConstraint(
                name="batches_of_a_vintage_do_not_overlap",
                expressions=[
                    ("project_code", RangeOperators.EQUAL),
                    ("vintage_year", RangeOperators.EQUAL),
                    (
                        Func(F("first_serial"), F("last_serial"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(kind=AssetKind.CREDIT.value),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class AssetFreeze(models.Model):
    """The credits of a batch stand still: nobody may offer, sell, move or retire them until the freeze is lifted.

    One person sets it and it works at once; lifting needs another person.
    """

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="freezes")
    reason = models.CharField(max_length=200)
    order_number = models.CharField(max_length=64)
    since = models.DateTimeField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lift_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True)
                | (
                    Q(lift_asked_by__isnull=False)
                    & Q(lifted_by__isnull=False)
                    & ~Q(lift_asked_by=Coalesce(F("lifted_by"), F("lift_asked_by")))
                ),
                name="asset_freeze_is_lifted_by_two_persons",
            ),
        ]
        indexes = [models.Index(fields=["asset"], condition=Q(lifted_at__isnull=True), name="asset_freeze_live")]

    def __str__(self) -> str:
        return self.order_number
