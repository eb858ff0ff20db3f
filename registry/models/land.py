from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.rules import Actor
from registry.models.projects import Project


class ParcelQuerySet(models.QuerySet["Parcel"]):
    def visible_to(self, actor: Actor) -> ParcelQuerySet:
        """Return the parcels of the cases `actor` may see."""
        return self.filter(project__in=Project.objects.visible_to(actor).values("pk"))


class Parcel(models.Model):
    """A piece of land of a project: (Multi)Polygon in EPSG:4490, area on the ellipsoid.

    Live land is bound to its project: from the submission on, until the project has ended. Two live parcels of
    different projects whose boxes meet need a LandComparison, by trigger at the commit: so nobody binds land twice,
    whoever writes and however many at once (sql/0002_guards.sql says how).
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="parcels")
    name = models.CharField(max_length=80)
    division_code = models.CharField(max_length=6)
    land_category = models.CharField(max_length=24)
    tenure = models.CharField(max_length=24)
    tenure_number = models.CharField(max_length=60)
    geometry = models.JSONField()
    area_ha = models.DecimalField(max_digits=14, decimal_places=6)
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()
    is_outside_banner = models.BooleanField(default=False)
    is_live = models.BooleanField(default=False)
    is_removed = models.BooleanField(default=False)  # Taken out of a draft; kept for the record.
    document = models.ForeignKey("registry.Document", null=True, on_delete=models.PROTECT, related_name="+")
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    objects = ParcelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(area_ha__gt=0), name="parcel_has_area"),
            models.CheckConstraint(condition=Q(west__lt=F("east"), south__lt=F("north")), name="parcel_box_is_a_box"),
            models.CheckConstraint(condition=~Q(is_live=True, is_removed=True), name="removed_parcel_is_not_live"),
        ]


class LandComparison(models.Model):
    """Two parcels of different projects whose boxes meet, compared exactly. Append-only."""

    first = models.ForeignKey(Parcel, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Parcel, on_delete=models.PROTECT, related_name="+")
    shared_ha = models.DecimalField(max_digits=14, decimal_places=6)
    tolerance_ha = models.DecimalField(max_digits=10, decimal_places=6)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="parcels_are_compared_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="comparison_has_one_order"),
            models.CheckConstraint(
                condition=Q(shared_ha__gte=0, shared_ha__lte=F("tolerance_ha")), name="live_land_is_not_shared"
            ),
        ]


class BorderDecision(models.Model):
    """What a person decided on a parcel that crosses the border of its banner. Append-only."""

    parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, related_name="border_decision")
    reason = models.TextField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
