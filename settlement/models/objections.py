from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.rules import Actor, Role
from settlement.models.ledger import Entry, EntryKey
from settlement.rules.day import ObjectionState, PaidFrom


class ObjectionQuerySet(models.QuerySet["Objection"]):
    def visible_to(self, actor: Actor) -> ObjectionQuerySet:
        """Return what `actor` may see: what its organisation raised or is raised against it; all for watchers."""
        if actor.has(Role.SETTLEMENT_OPERATOR, Role.AUDITOR):
            return self
        if actor.organisation_id is None:
            return self.none()
        return self.filter(Q(organisation_id=actor.organisation_id) | Q(against_id=actor.organisation_id))


class Objection(models.Model):
    """A party of a trade says that its settlement is wrong, until the next opening (异议).

    While it is open, the claimed money of the other side does not leave the platform. One settlement operator proposes
    how it ends, another one decides: dismissed, or compensated by an entry. What is retired stays retired.
    """

    entry = models.ForeignKey(
        EntryKey, to_field="entry", db_column="entry_id", db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    against = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    claimed_fen = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    state = models.CharField(
        max_length=12, choices=[(one.value, one.value) for one in ObjectionState], default=ObjectionState.RAISED.value
    )
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    finding = models.CharField(max_length=300, blank=True)  # How it ends, as proposed.
    compensation_fen = models.BigIntegerField(null=True)  # 0: dismissed.
    paid_from = models.CharField(
        max_length=12, blank=True, choices=[("", "")] + [(one.value, one.value) for one in PaidFrom]
    )
    digest = models.CharField(max_length=64, blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    compensation = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    objects = ObjectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(claimed_fen__gt=0), name="objection_claims_something"),
            models.CheckConstraint(
                condition=~Q(state__in=["dismissed", "compensated"])
                | (Q(proposed_by__isnull=False, decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="objection_has_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(state="raised", proposed_by=None, compensation_fen=None, compensation=None, decided_at=None)
                | Q(
                    state="proposed",
                    proposed_by__isnull=False,
                    compensation_fen__gte=0,
                    compensation=None,
                    decided_at=None,
                )
                | Q(state="withdrawn", compensation=None, decided_at__isnull=False)
                | Q(state="dismissed", compensation_fen=0, compensation=None, decided_at__isnull=False)
                | Q(
                    state="compensated",
                    compensation_fen__gt=0,
                    compensation__isnull=False,
                    decided_at__isnull=False,
                ),
                name="objection_state_has_its_fields",
            ),
            models.CheckConstraint(
                condition=Q(compensation_fen__isnull=True) | Q(compensation_fen__lte=F("claimed_fen")),
                name="compensation_is_within_the_claim",
            ),
            models.UniqueConstraint(
                fields=["entry", "organisation"],
                condition=Q(state__in=["raised", "proposed"]),
                name="objection_is_open_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["against"], condition=Q(state__in=["raised", "proposed"]), name="objection_open_against"
            )
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.state}"
