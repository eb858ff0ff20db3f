from __future__ import annotations

from typing import TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.rules import Actor, Role

Row = TypeVar("Row", bound=models.Model)


class OwnedQuerySet(models.QuerySet[Row]):
    """Rows that belong to one organisation."""

    def visible_to(self, actor: Actor) -> OwnedQuerySet[Row]:
        """Return what `actor` may see: its organisation's own; everything for those who watch over the money."""
        if actor.has(Role.AUDITOR, Role.SETTLEMENT_OPERATOR):
            return self
        if actor.organisation_id is None:
            return self.none()
        return self.filter(organisation_id=actor.organisation_id)


class BankAccount(models.Model):
    """A bank account in the holder's own name (签约). Money leaves only to the one that is bound.

    One person proposes it, a second one approves, and the bank says whether it stands in that name; so do two persons
    release it. What was proposed never changes (`bank_account_content_is_fixed`).
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        ASKED = "asked"  # Approved; the bank is asked whether it stands in the holder's name.
        BOUND = "bound"
        REFUSED = "refused"  # By the second person, or by the bank.
        RELEASED = "released"

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    bank_name = models.CharField(max_length=100)
    account_name = models.CharField(max_length=200)
    account_number = models.CharField(max_length=34)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)  # To ask the bank.
    next_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    bound_at = models.DateTimeField(null=True)
    usable_from = models.DateTimeField(null=True)  # When money may first leave to it.
    release_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    release_asked_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)  # Refused or released.
    recorded_at = models.DateTimeField(db_default=Now())

    objects = OwnedQuerySet["BankAccount"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation"], condition=Q(state="bound"), name="one_bound_bank_account"),
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(state__in=["proposed", "asked"]), name="one_bank_account_under_way"
            ),
            models.UniqueConstraint(
                fields=["account_number"], condition=Q(state="bound"), name="bank_account_serves_one_holder"
            ),
            # Not a second key: the target of the composite foreign key of withdrawal.
            models.UniqueConstraint(fields=["id", "organisation"], name="bank_account_with_its_holder"),
            models.CheckConstraint(
                condition=Q(account_number__regex=r"^[0-9]{8,32}$"), name="bank_account_number_is_digits"
            ),
            models.CheckConstraint(
                condition=(Q(approved_by=None) | ~Q(approved_by=F("proposed_by")))
                & (Q(release_asked_by=None) | Q(ended_by=None) | ~Q(ended_by=F("release_asked_by"))),
                name="bank_account_has_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", approved_by=None, bound_at=None, ended_at=None)
                | Q(state="refused", bound_at=None, ended_at__isnull=False)
                | Q(state="asked", approved_by__isnull=False, proposed_by__isnull=False, bound_at=None, ended_at=None)
                | Q(
                    state="bound",
                    approved_by__isnull=False,
                    proposed_by__isnull=False,
                    bound_at__isnull=False,
                    usable_from__gte=F("bound_at"),
                    ended_at=None,
                )
                | Q(
                    state="released",
                    bound_at__isnull=False,
                    release_asked_by__isnull=False,
                    ended_by__isnull=False,
                    ended_at__isnull=False,
                ),
                name="bank_account_state_has_its_fields",
            ),
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(state="asked"), name="bank_account_to_ask")]

    def __str__(self) -> str:
        return f"{self.bank_name} …{self.account_number[-4:]}"
