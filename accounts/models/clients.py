"""API clients, what they asked once for all, and how often they asked."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models.people import Organisation, User
from accounts.rules import Actor, Role


class ApiClientQuerySet(models.QuerySet["ApiClient"]):
    """Reads of API clients."""

    def visible_to(self, actor: Actor) -> ApiClientQuerySet:
        """Return the clients this actor may read: system administrators all, a member those of the organisation."""
        if actor.has(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
            return self
        if actor.organisation_id is None:
            return self.none()
        return self.filter(organisation_id=actor.organisation_id)


class ApiClient(models.Model):
    """An organisation's programme: an OAuth2 application, the scopes it may ask for, and who let it in."""

    name = models.CharField(max_length=80)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="api_clients")
    application = models.OneToOneField(
        "oauth2_provider.Application", on_delete=models.PROTECT, related_name="api_client", swappable=False
    )
    scopes = ArrayField(models.CharField(max_length=40))
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    objects = ApiClientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("created_by")), name="api_client_takes_two_persons"
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="api_client_approval_has_person_and_time",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="api_client_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class IdempotencyRecord(models.Model):
    """The one answer to one request number, for ever. Written in the transaction of what it did; append-only."""

    actor_key = models.CharField(max_length=80)  # accounts.rules.Actor.key
    key = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=64)  # SHA-256 of method, path and body.
    status = models.PositiveSmallIntegerField()
    body = models.TextField()  # As it was sent, byte for byte.
    location = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["actor_key", "key"], name="idempotency_key_answers_once"),
            models.CheckConstraint(condition=~Q(key=""), name="idempotency_key_is_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_key} {self.key}"


class ApiUsage(models.Model):
    """Requests of one actor in one minute of the server's time. Unlogged: a crash may forget it."""

    pk = models.CompositePrimaryKey("actor_key", "minute")
    actor_key = models.CharField(max_length=80)
    minute = models.BigIntegerField()  # Since 1970, real time.
    requests = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.actor_key} {self.minute}"
