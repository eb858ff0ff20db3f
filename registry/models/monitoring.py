from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from accounts.rules import Actor
from registry.models.documents import Document
from registry.models.projects import Project
from registry.rules.checks import Outcome
from registry.rules.states import Parties, PeriodState


class Days(Func):
    """The range of days of a period, both ends among them."""

    function = "DATERANGE"
    output_field = DateRangeField()


class PeriodQuerySet(models.QuerySet["MonitoringPeriod"]):
    def visible_to(self, actor: Actor) -> PeriodQuerySet:
        """Return the periods of the cases `actor` may see."""
        return self.filter(project__in=Project.objects.visible_to(actor).values("pk"))


class MonitoringPeriod(models.Model):
    """The days covered by one monitoring report, with what was measured, calculated and verified."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="periods")
    first = models.DateField()
    last = models.DateField()
    stated = models.JSONField(default=dict)  # Totals beside the workbooks, by the names of the methodology.
    state = models.CharField(
        max_length=24, choices=[(one.value, one.value) for one in PeriodState], default=PeriodState.DRAFT
    )
    round = models.SmallIntegerField(default=0)
    record = models.ForeignKey(
        "registry.CalculationRecord", null=True, on_delete=models.PROTECT, related_name="+"
    )  # The calculation the report rests on.
    validator = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    verifier = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True)
    due_provisional = models.BooleanField(default=False)
    notice_from = models.DateField(null=True)
    notice_until = models.DateField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    version = models.IntegerField(default=1)
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    objects = PeriodQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="period_has_days"),
            ExclusionConstraint(
                name="periods_of_a_project_do_not_overlap",
                expressions=[
                    ("project", RangeOperators.EQUAL),
                    (
                        Days("first", "last", RangeBoundary(inclusive_lower=True, inclusive_upper=True)),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=~Q(state=PeriodState.REJECTED),
            ),
            models.CheckConstraint(
                condition=Q(verifier__isnull=True) | ~Q(verifier=F("validator")),
                name="verifier_is_not_the_validator",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "returned", "rejected"]) | Q(record__isnull=False),
                name="calculated_period_has_a_record",
            ),
        ]

    @property
    def subject(self) -> str:
        """How work items and the audit trail name this case."""
        return f"monitoring_period:{self.pk}"

    @property
    def parties(self) -> Parties:
        """Whose case it is and where."""
        return Parties(self.project.owner_id, self.project.division_code, self.validator_id, self.verifier_id)


class ObservationFile(models.Model):
    """A workbook of a period as it was read. Only the newest of a kind and date counts. Append-only."""

    period = models.ForeignKey(MonitoringPeriod, on_delete=models.PROTECT, related_name="files")
    kind = models.CharField(max_length=24)
    date_of = models.CharField(max_length=8)  # "earlier" or "later".
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    parsed = models.JSONField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class CalculationJob(models.Model):
    """A calculation asked for; the row is the queue, the task only looks here."""

    period = models.ForeignKey(MonitoringPeriod, on_delete=models.PROTECT, related_name="jobs")
    state = models.CharField(max_length=8, choices=[(one, one) for one in ("queued", "done", "failed")])
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    problem = models.JSONField(null=True)  # {"code", "message", "found"} of the refusal.
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["period"], condition=Q(state="queued"), name="one_calculation_of_a_period_waits"
            ),
        ]


class CalculationRecord(models.Model):
    """One calculation with everything it rests on and everything it said. Append-only, recalculable to the tonne."""

    period = models.ForeignKey(MonitoringPeriod, on_delete=models.PROTECT, related_name="records")
    methodology = models.CharField(max_length=4)
    methodology_version = models.CharField(max_length=12)
    parameter_versions = models.JSONField()
    files = models.JSONField()  # [{"file", "kind", "date_of", "sha256"}]
    stated = models.JSONField()
    design = models.JSONField()
    previous = models.JSONField(null=True)
    parts = models.JSONField()  # Each operation with inputs and whole answer, trace among it.
    provisional = models.JSONField()
    credits = models.BigIntegerField()
    net_tco2e = models.FloatField()
    stock_part_tco2e = models.FloatField(null=True)
    uncertainty = models.FloatField(null=True)
    code_version = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(credits__gte=0), name="calculated_credits_not_negative")]


class ParameterVersion(models.Model):
    """A version of a parameter set made by confirming values of the one before. Append-only.

    basis: "confirmed" on official evidence, or "demonstration", on which no real issuance may rest.
    """

    set_id = models.CharField(max_length=40)
    version = models.CharField(max_length=12)
    number = models.IntegerField()
    document = models.JSONField()
    keys = models.JSONField()
    basis = models.CharField(max_length=16, choices=[(one, one) for one in ("confirmed", "demonstration")])
    evidence = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["set_id", "version"], name="parameter_version_is_published_once"),
            models.UniqueConstraint(fields=["set_id", "number"], name="parameter_versions_run_on"),
        ]


class VerificationRun(models.Model):
    """One run of the numbered checks over a period. Append-only but for its end."""

    period = models.ForeignKey(MonitoringPeriod, on_delete=models.PROTECT, related_name="runs")
    cause = models.CharField(max_length=12, choices=[(one, one) for one in ("submission", "issuance", "nightly")])
    state = models.CharField(max_length=8, choices=[(one, one) for one in ("queued", "done")])
    has_failed = models.BooleanField(default=False)
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)


class CheckResult(models.Model):
    """The answer of one check of a run, with its evidence. Append-only."""

    run = models.ForeignKey(VerificationRun, on_delete=models.PROTECT, related_name="results")
    code = models.CharField(max_length=4)
    title = models.CharField(max_length=80)
    outcome = models.CharField(max_length=8, choices=[(one.value, one.value) for one in Outcome])
    evidence = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "code"], name="check_answers_once_a_run")]


class Finding(models.Model):
    """Something the verifier wants answered; a check's question begins as one."""

    period = models.ForeignKey(MonitoringPeriod, on_delete=models.PROTECT, related_name="findings")
    number = models.SmallIntegerField()
    check_code = models.CharField(max_length=4, blank=True)
    text = models.TextField()
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["period", "number"], name="findings_are_numbered")]


class Verification(models.Model):
    """The signed report of a verifier: the confirmed amount of a period. Append-only."""

    period = models.OneToOneField(MonitoringPeriod, on_delete=models.PROTECT, related_name="verification")
    record = models.ForeignKey(CalculationRecord, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    verified_tonnes = models.BigIntegerField()
    opinion = models.TextField()
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(verified_tonnes__gte=0), name="verified_tonnes_not_negative"),
            models.UniqueConstraint(fields=["period", "verified_tonnes"], name="period_and_its_verified_tonnes"),
        ]
