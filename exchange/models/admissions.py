from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.rules import Actor
from exchange.models.instruments import Instrument
from exchange.models.orders import WATCHERS
from exchange.rules import AdmissionState

OPEN_ADMISSIONS = (AdmissionState.REQUESTED.value, AdmissionState.REVIEWED.value)


class AdmissionQuerySet(models.QuerySet["Admission"]):
    def visible_to(self, actor: Actor) -> AdmissionQuerySet:
        """Return the own requests; all for those who watch over the market."""
        if actor.has(*WATCHERS):
            return self
        return self.filter(organisation_id=actor.organisation_id) if actor.organisation_id else self.none()


class Admission(models.Model):
    """The first seller's request to admit a product (上市申请), with the initial price that he names.

    Reviewed by one operator of the exchange, approved by another; the product trades from the next trading day on.
    """

    asset = models.ForeignKey("settlement.Asset", on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    project_code = models.CharField(max_length=32)
    vintage_year = models.PositiveSmallIntegerField()
    initial_price_fen = models.BigIntegerField()
    note = models.CharField(max_length=300, blank=True)
    state = models.CharField(
        max_length=10,
        choices=[(one.value, one.value) for one in AdmissionState],
        default=AdmissionState.REQUESTED.value,
    )
    digest = models.CharField(max_length=64)
    opinion = models.CharField(max_length=300, blank=True)  # Of the reviewer; of a refusal, its reason.
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    instrument = models.OneToOneField(Instrument, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = AdmissionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(initial_price_fen__gt=0), name="admission_price_positive"),
            models.CheckConstraint(
                condition=Q(
                    state=AdmissionState.REQUESTED.value,
                    reviewed_by=None,
                    decided_by=None,
                    instrument=None,
                    ended_at=None,
                )
                | Q(
                    state=AdmissionState.REVIEWED.value,
                    reviewed_by__isnull=False,
                    decided_by=None,
                    instrument=None,
                    ended_at=None,
                )
                | Q(
                    state=AdmissionState.ADMITTED.value,
                    reviewed_by__isnull=False,
                    decided_by__isnull=False,
                    instrument__isnull=False,
                    ended_at__isnull=False,
                )
                | Q(
                    state=AdmissionState.REFUSED.value,
                    decided_by__isnull=False,
                    instrument=None,
                    ended_at__isnull=False,
                )
                | Q(state=AdmissionState.WITHDRAWN.value, decided_by=None, instrument=None, ended_at__isnull=False),
                name="admission_state_has_its_fields",
            ),
            models.CheckConstraint(
                condition=~Q(state=AdmissionState.ADMITTED.value)
                | (
                    ~Q(decided_by=F("reviewed_by"))
                    & ~Q(decided_by=F("requested_by"))
                    & ~Q(reviewed_by=F("requested_by"))
                ),
                name="admission_has_three_persons",
            ),
            models.UniqueConstraint(
                fields=["project_code", "vintage_year"],
                condition=Q(state__in=OPEN_ADMISSIONS),
                name="admission_is_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_code} {self.vintage_year} {self.state}"
