"""Who did what and when, and who signed in. Append-only: see sql/0001_append_only.sql."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.rules import Actor, Role


class AuditRecordQuerySet(models.QuerySet["AuditRecord"]):
    """Reads of the audit trail."""

    def visible_to(self, actor: Actor) -> AuditRecordQuerySet:
        """Return the records this actor may read: audit administrators and auditors all, a person their own acts."""
        if actor.has(Role.AUDIT_ADMIN, Role.AUDITOR):
            return self
        return self.filter(user_id=actor.user_id) if actor.user_id is not None else self.none()


class AuditRecord(models.Model):
    """One act, with the state before and after. `subject` names the thing acted on: "project:12"."""

    user = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    client_id = models.BigIntegerField(null=True)  # The API client, if it was one.
    actor_name = models.CharField(max_length=120, blank=True)  # As shown then; "" for the platform itself.
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    at = models.DateTimeField()  # Business time.
    recorded_at = models.DateTimeField(db_default=Now())

    objects = AuditRecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(verb=""), name="audit_record_names_the_act"),
            models.CheckConstraint(condition=~Q(subject=""), name="audit_record_names_the_subject"),
        ]
        indexes = [
            models.Index(fields=["subject", "id"], name="audit_by_subject"),
            models.Index(fields=["user", "id"], name="audit_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"


class SignIn(models.Model):
    """One attempt to sign in, or a sign-out. Lock-out counts these rows, by the database's own clock."""

    class Outcome(models.TextChoices):
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        LOCKED = "locked"
        SIGNED_OUT = "signed_out"
        CONFIRMED = "confirmed"  # The password was entered again before an irreversible step.

    user = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="sign_ins")
    username = models.CharField(max_length=60)  # As entered, cut to the length of one.
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    address = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()  # Business time.
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["username", "recorded_at"], name="sign_in_by_username"),
            models.Index(fields=["user", "id"], name="sign_in_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.username} {self.outcome}"
