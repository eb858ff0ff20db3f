"""Rights given to people: roles, and access to one organisation's records. Two persons give each."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models.people import Organisation, User
from accounts.rules import Actor, Role


class RoleGrantQuerySet(models.QuerySet["RoleGrant"]):
    """Reads of role grants."""

    def visible_to(self, actor: Actor) -> RoleGrantQuerySet:
        """Return the grants this actor may read: administrators and auditors all, a person their own."""
        if actor.has(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN, Role.AUDITOR):
            return self
        return self.filter(user_id=actor.user_id) if actor.user_id is not None else self.none()


class RoleGrant(models.Model):
    """One role of one person in one organisation, from one instant until another.

    It counts once it is approved; the exclusion constraint of migration 0001 keeps the three administrator roles
    and the business roles apart in one person, proposals included.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_grants")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=30, choices=[(role.value, role.name) for role in Role])
    role_class = models.GeneratedField(
        expression=models.Case(
            models.When(role__in=["system_admin", "security_admin", "audit_admin"], then=F("role")),
            default=models.Value("business"),
        ),
        output_field=models.CharField(max_length=30),
        db_persist=True,
    )
    held_from = models.DateTimeField()
    held_until = models.DateTimeField(null=True)  # Equal to `held_from`: refused, never held.
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    objects = RoleGrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in Role]),
                name="role_grant_role_is_known",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("granted_by")), name="role_grant_takes_two_persons"
            ),
            models.CheckConstraint(
                condition=~Q(granted_by=F("user")) & (Q(approved_by=None) | ~Q(approved_by=F("user"))),
                name="role_grant_is_not_to_oneself",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="role_grant_approval_has_person_and_time",
            ),
            models.CheckConstraint(
                condition=Q(held_until=None) | Q(held_until__gte=F("held_from")), name="role_grant_ends_after_it_begins"
            ),
            models.UniqueConstraint(
                fields=["user", "organisation", "role"], condition=Q(held_until=None), name="role_grant_is_open_once"
            ),
        ]
        indexes = [models.Index(fields=["user", "organisation"], name="role_grant_by_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} in {self.organisation_id}"


class AccessGrant(models.Model):
    """That one person may read one other organisation's records until a day, and why.

    The right itself is guardian's object permission `accounts.read_records` on the organisation, given on approval
    and taken back at the end; this row says who gave it, for what reason and until when, and outlives it.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="access_grants")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="access_grants")
    reason = models.CharField(max_length=300)
    held_from = models.DateTimeField()
    held_until = models.DateTimeField()
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="access_grant_has_a_reason"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("granted_by")), name="access_grant_takes_two_persons"
            ),
            models.CheckConstraint(
                condition=~Q(granted_by=F("user")) & (Q(approved_by=None) | ~Q(approved_by=F("user"))),
                name="access_grant_is_not_to_oneself",
            ),
            models.CheckConstraint(
                condition=Q(held_until__gte=F("held_from")), name="access_grant_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} reads {self.organisation_id}"
