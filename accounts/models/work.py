"""The work queue (待办)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.people import Organisation, User
from accounts.rules import Actor, Role


class WorkItemQuerySet(models.QuerySet["WorkItem"]):
    """Reads of work items."""

    def visible_to(self, actor: Actor) -> WorkItemQuerySet:
        """Return the items for one of the actor's roles, in the actor's organisation and area."""
        if actor.user_id is None or not actor.roles:
            return self.none()
        place = Q(division_code="")
        if actor.area_prefix:
            place |= Q(division_code__startswith=actor.area_prefix)
        return self.filter(
            place,
            Q(organisation=None) | Q(organisation_id=actor.organisation_id),
            role__in=[role.value for role in actor.roles],
        )

    def open(self) -> WorkItemQuerySet:
        return self.filter(closed_at=None)


class WorkItem(models.Model):
    """Something that waits for one role: of one organisation, or of the office of one division, or of anyone in it."""

    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200)  # English message id with {names}; `found` fills them.
    found = models.JSONField(default=dict)
    subject = models.CharField(max_length=120)
    url = models.CharField(max_length=300)
    role = models.CharField(max_length=30, choices=[(role.value, role.name) for role in Role])
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    division_code = models.CharField(max_length=6, blank=True)
    due_at = models.DateTimeField(null=True)
    due_provisional = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    claimed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    objects = WorkItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "role", "organisation", "division_code"],
                condition=Q(closed_at=None),
                nulls_distinct=False,
                name="work_item_is_open_once",
            ),
            models.CheckConstraint(
                condition=Q(claimed_by=None, claimed_at=None) | Q(claimed_by__isnull=False, claimed_at__isnull=False),
                name="work_item_claim_has_person_and_time",
            ),
        ]
        indexes = [
            models.Index(fields=["role", "due_at"], condition=Q(closed_at=None), name="work_item_open_by_role"),
            models.Index(fields=["subject"], name="work_item_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
