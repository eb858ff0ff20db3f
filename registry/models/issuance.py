from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.rules import Actor, Role
from registry.models.documents import Document
from registry.models.monitoring import MonitoringPeriod
from registry.models.projects import REGION_READERS, Project


class IssuanceQuerySet(models.QuerySet["Issuance"]):
    def visible_to(self, actor: Actor) -> IssuanceQuerySet:
        """Return the issuances of the cases `actor` may see; done ones are public."""
        return self.filter(Q(project__in=Project.objects.visible_to(actor).values("pk")) | Q(state="issued"))


class Issuance(models.Model):
    """The credits of a verified period: proposed by one person, issued by another, exactly the verified amount.

    digest: of what was proposed; what the second person issues is nothing else.
    """

    period = models.OneToOneField(MonitoringPeriod, on_delete=models.PROTECT, related_name="issuance")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="issuances")
    verified_tonnes = models.BigIntegerField()
    buffer_tonnes = models.BigIntegerField()
    buffer_percent = models.SmallIntegerField()
    vintages = models.JSONField()  # [{"year", "tonnes", "buffer_tonnes"}], as proposed.
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=[(one, one) for one in ("proposed", "issued")])
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    recorder = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    entered_at = models.DateTimeField(null=True)  # In the ecology department's records.

    objects = IssuanceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verified_tonnes__gt=0, buffer_tonnes__gte=0, buffer_tonnes__lte=F("verified_tonnes")),
                name="issuance_amounts_fit",
            ),
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | ~Q(checker=F("maker")), name="issuance_maker_and_checker_differ"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", issued_at__isnull=True)
                | Q(state="issued", checker__isnull=False, issued_at__isnull=False),
                name="issued_by_a_checker",
            ),
        ]


class IssuedVintage(models.Model):
    """One batch of an issuance: the credits of one vintage year. Append-only."""

    issuance = models.ForeignKey(Issuance, on_delete=models.PROTECT, related_name="batches")
    asset = models.OneToOneField("settlement.Asset", on_delete=models.PROTECT, related_name="+")
    vintage_year = models.SmallIntegerField()
    tonnes = models.BigIntegerField()
    buffer_tonnes = models.BigIntegerField()
    serial_text = models.CharField(max_length=90)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuance", "vintage_year"], name="one_batch_a_vintage_and_issuance"),
            models.CheckConstraint(
                condition=Q(tonnes__gt=0, buffer_tonnes__gte=0, buffer_tonnes__lte=F("tonnes")),
                name="vintage_amounts_fit",
            ),
        ]


class RetirementQuerySet(models.QuerySet["Retirement"]):
    def visible_to(self, actor: Actor) -> RetirementQuerySet:
        """Return the retirements of the actor's organisation; all for the region's readers."""
        if actor.has(*REGION_READERS, Role.EXCHANGE_OPERATOR, Role.SETTLEMENT_OPERATOR):
            return self
        return self.filter(organisation_id=actor.organisation_id) if actor.organisation_id else self.none()


class Retirement(models.Model):
    """Credits taken out of circulation for ever, for a beneficiary and a purpose; with its certificate once done."""

    number = models.CharField(max_length=32, unique=True)
    key = models.CharField(max_length=120, unique=True)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey("settlement.Asset", on_delete=models.PROTECT, related_name="+")
    tonnes = models.BigIntegerField()
    beneficiary = models.CharField(max_length=120)
    beneficiary_is_person = models.BooleanField(default=False)
    purpose = models.CharField(max_length=24)
    period_first = models.DateField(null=True)
    period_last = models.DateField(null=True)
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=9, choices=[(one, one) for one in ("requested", "retired", "cancelled")])
    needs_second = models.BooleanField()
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    serials = models.JSONField(default=list)
    entry_id = models.BigIntegerField(null=True)
    certificate = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    objects = RetirementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(tonnes__gt=0), name="retired_tonnes_positive"),
            models.CheckConstraint(
                condition=~Q(state="retired") | Q(retired_at__isnull=False, entry_id__isnull=False),
                name="retired_units_have_an_entry",
            ),
            models.CheckConstraint(
                condition=~Q(state="retired")
                | Q(needs_second=False)
                | (Q(confirmed_by__isnull=False) & ~Q(confirmed_by=F("requested_by"))),
                name="large_retirement_has_two_persons",
            ),
        ]
