from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from settlement.models.cash import BankNotice
from settlement.models.ledger import Entry


class SuspenseExplanation(models.Model):
    """Whose money it is that nobody knew: one settlement operator proposes it, another one decides.

    With no organisation, that nobody can tell: it goes back to the account it came from.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        DONE = "done"
        REFUSED = "refused"
        REVERSED = "reversed"  # Its entry was undone: the money is unknown again.
        FAILED = "failed"  # The bank gave back what was sent to the payer: it is unknown again.

    notice = models.ForeignKey(BankNotice, on_delete=models.PROTECT, related_name="explanations")
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["done", "reversed", "failed"])
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="explanation_has_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at=None, entry=None)
                | Q(state="done", decided_at__isnull=False, entry__isnull=False)
                | Q(state="reversed", organisation__isnull=False, decided_at__isnull=False, entry__isnull=False)
                | Q(state="failed", organisation=None, decided_at__isnull=False, entry__isnull=False)
                | Q(state="refused", decided_by__isnull=False, decided_at__isnull=False, entry=None),
                name="explanation_state_has_its_fields",
            ),
            models.UniqueConstraint(
                fields=["notice"], condition=Q(state__in=["proposed", "done"]), name="money_is_explained_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id}: {self.state}"
