from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.rules import Actor, Role
from registry.rules.states import BOUND_LAND, PUBLIC_PROJECT, Parties, ProjectState

STATES = [(state.value, state.value) for state in ProjectState]
REGION_READERS = (Role.REGION_MAKER, Role.REGION_CHECKER, Role.ECOLOGY_RECORDER, Role.AUDITOR)
AREA_READERS = (Role.BANNER_CLERK, Role.LEAGUE_REVIEWER)


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, actor: Actor) -> ProjectQuerySet:
        """Return what `actor` may see in full: its own cases, those it works on, those of its office's area."""
        if actor.has(*REGION_READERS):
            return self
        if actor.has(*AREA_READERS):
            return self.filter(division_code__startswith=actor.area_prefix) if actor.area_prefix else self.none()
        if actor.organisation_id is None:
            return self.none()
        mine = Q(owner_id=actor.organisation_id)
        if actor.has(Role.VALIDATOR):
            mine |= Q(validator_id=actor.organisation_id) & ~Q(state=ProjectState.DRAFT)
        if actor.has(Role.VERIFIER):
            # A subquery: rows joined to their periods would double, and a DISTINCT cannot be locked.
            mine |= Q(pk__in=self.model.objects.filter(periods__verifier_id=actor.organisation_id).values("pk"))
        return self.filter(mine)

    def public(self) -> ProjectQuerySet:
        """Return what the public register shows."""
        return self.filter(state__in=PUBLIC_PROJECT)


class Project(models.Model):
    """A sink project: activity on defined land under one methodology version, by one owner.

    `version` rises with every change, so that nobody approves what has changed since it was read.
    """

    serial = models.CharField(max_length=6, unique=True)
    code = models.CharField(max_length=24, unique=True)
    scheme = models.CharField(max_length=24, default="nm_regional")
    name = models.CharField(max_length=120)
    owner = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    methodology = models.CharField(max_length=4, choices=[(one, one) for one in ("F1", "G1", "W1")])
    methodology_version = models.CharField(max_length=12, default="1.0.0")
    design = models.JSONField(default=dict)
    division_code = models.CharField(max_length=6)
    summary = models.TextField(blank=True)
    crediting_first = models.DateField(null=True)
    crediting_last = models.DateField(null=True)
    validator = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=24, choices=STATES, default=ProjectState.DRAFT)
    level = models.SmallIntegerField(default=0)  # Of the review, counted from 0.
    round = models.SmallIntegerField(default=0)  # Of submissions.
    due_on = models.DateField(null=True)
    due_provisional = models.BooleanField(default=False)
    notice_from = models.DateField(null=True)
    notice_until = models.DateField(null=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    version = models.IntegerField(default=1)
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    objects = ProjectQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "due_on"]), models.Index(fields=["owner", "-id"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | (Q(proposed_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="project_maker_and_checker_differ",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["registered", "suspended", "completed"])
                | Q(decided_by__isnull=False, recorded_by__isnull=False, registered_at__isnull=False),
                name="registered_project_was_decided_and_recorded",
            ),
            models.CheckConstraint(
                condition=Q(crediting_last__isnull=True) | Q(crediting_last__gt=F("crediting_first")),
                name="crediting_period_has_days",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(BOUND_LAND - {ProjectState.RETURNED, ProjectState.SUBMITTED}))
                | Q(validator__isnull=False, crediting_first__isnull=False),
                name="accepted_project_has_validator_and_crediting_period",
            ),
            models.UniqueConstraint(fields=["id", "validator"], name="project_and_its_validator"),
        ]

    @property
    def subject(self) -> str:
        """How work items and the audit trail name this case."""
        return f"project:{self.pk}"

    @property
    def parties(self) -> Parties:
        """Whose case it is and where."""
        return Parties(self.owner_id, self.division_code, self.validator_id)


class Contribution(models.Model):
    """A person who entered, drew or uploaded something of a case, and so takes no part in its review."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="contributions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="contribution_is_noted_once")]


class ReviewStep(models.Model):
    """One official act on a case: a review, a publication, a decision. Append-only.

    checklist: [{"item", "passed", "reason"}]; a returned item has its reason.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="steps")
    period = models.ForeignKey("registry.MonitoringPeriod", null=True, on_delete=models.PROTECT, related_name="steps")
    round = models.SmallIntegerField()
    level = models.SmallIntegerField()
    verb = models.CharField(max_length=12)
    role = models.CharField(max_length=24)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    opinion = models.TextField(blank=True)
    checklist = models.JSONField(default=list)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(verb__in=["return", "reject"]) | ~Q(opinion=""), name="refusal_has_an_opinion"
            ),
        ]


class PublicCommentQuerySet(models.QuerySet["PublicComment"]):
    def open(self) -> PublicCommentQuerySet:
        return self.filter(answered_at__isnull=True)


class PublicComment(models.Model):
    """What someone said during a public notice, and the owner's answer."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="comments")
    period = models.ForeignKey(
        "registry.MonitoringPeriod", null=True, on_delete=models.PROTECT, related_name="comments"
    )
    author = models.CharField(max_length=60)
    text = models.TextField()
    at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)

    objects = PublicCommentQuerySet.as_manager()


class Validation(models.Model):
    """The signed report of an independent check of a project design."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="validations")
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    round = models.SmallIntegerField()
    opinion = models.TextField()
    document = models.ForeignKey("registry.Document", null=True, on_delete=models.PROTECT, related_name="+")
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "round"], name="validation_is_signed_once")]
