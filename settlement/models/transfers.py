from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.rules import Actor, Role
from settlement.models.assets import Asset
from settlement.models.ledger import Entry
from settlement.rules import ReversalReason, Stage, TransferKind, TransferState, TrustState

WATCHING = (Role.AUDITOR, Role.SETTLEMENT_OPERATOR)
REASONS = tuple(one.value for one in ReversalReason)
RECEIVED = (TransferState.APPROVED, TransferState.EXECUTED, TransferState.REVERSED)


def _choices(kinds: Any) -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in kinds]


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible_to(self, actor: Actor) -> EvidenceQuerySet:
        """Return the papers `actor` may read: its organisation's own; everything for those who watch the ledger."""
        if actor.has(*WATCHING):
            return self
        if actor.organisation_id is None:
            return self.none()
        return self.filter(organisation_id=actor.organisation_id)


class Evidence(models.Model):
    """A paper that proves a transfer, kept by its hash. Append-only; read by the giver and those who watch alone."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=160)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(size__gt=0) & Q(sha256__regex=r"^[0-9a-f]{64}$"), name="evidence_has_content_and_hash"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TrustedAccountQuerySet(models.QuerySet["TrustedAccount"]):
    def visible_to(self, actor: Actor) -> TrustedAccountQuerySet:
        """Return what `actor` may see: its organisation's own list; all lists for those who watch over the ledger."""
        if actor.has(*WATCHING):
            return self
        if actor.organisation_id is None:
            return self.none()
        return self.filter(organisation_id=actor.organisation_id)

    def counting(self, organisation_id: int, trusted_id: int, at: Any) -> TrustedAccountQuerySet:
        """Return the one that makes `trusted_id` a trusted receiver of an organisation at an instant, if any."""
        return self.filter(
            organisation_id=organisation_id,
            trusted_id=trusted_id,
            state=TrustState.APPROVED,
            counts_from__lte=at,
            counts_provisional=False,
        )


class TrustedAccount(models.Model):
    """That an organisation trusts a receiver: a transfer to it need not wait. Two persons, and only after a delay."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    trusted = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=_choices(TrustState), default=TrustState.PROPOSED.value)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    counts_from = models.DateTimeField(null=True)
    counts_provisional = models.BooleanField(default=False)  # Its calendar year is not loaded yet.
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    objects = TrustedAccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(organisation=F("trusted")), name="trusted_account_is_anothers"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("proposed_by")),
                name="trusted_account_has_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["proposed", "stopped"],
                    approved_by=None,
                    approved_at=None,
                    counts_from=None,
                )
                | Q(
                    state__in=["approved", "stopped", "revoked"],
                    approved_by__isnull=False,
                    approved_at__isnull=False,
                    counts_from__gt=F("approved_at"),
                ),
                name="trusted_account_counts_after_its_approval",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "approved"], ended_by=None, ended_at=None)
                | Q(
                    state__in=["stopped", "revoked"],
                    ended_by__isnull=False,
                    ended_at__isnull=False,
                ),
                name="trusted_account_end_names_its_person",
            ),
            models.UniqueConstraint(
                fields=["organisation", "trusted"],
                condition=Q(state__in=["proposed", "approved"]),
                name="trusted_account_is_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} trusts {self.trusted_id}"


class TransferQuerySet(models.QuerySet["Transfer"]):
    def visible_to(self, actor: Actor) -> TransferQuerySet:
        """Return what `actor` may see: what its organisation gives, and what comes to it once that is approved.

        Those who watch over the ledger see all.
        """
        if actor.has(*WATCHING):
            return self
        if actor.organisation_id is None:
            return self.none()
        received = Q(to_organisation_id=actor.organisation_id, state__in=[one.value for one in RECEIVED])
        return self.filter(Q(from_organisation_id=actor.organisation_id) | received)


class Transfer(models.Model):
    """Credits that pass to another holder outside a trade, on evidence and by two persons or more.

    What was proposed never changes (`transfer_content_is_fixed`); `digest` is the hash of it that approvers agree to.
    While it waits its units are in transit; `hold_entry` took them there, `end_entry` brought them to the receiver or
    back, `return_entry` gave them back to their holder after a reversal of `end_entry`.
    """

    kind = models.CharField(max_length=12, choices=_choices(TransferKind))
    from_organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    to_organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    units = models.BigIntegerField()
    basis_number = models.CharField(max_length=80)
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=_choices(TransferState), default=TransferState.PROPOSED.value)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    proposed_by_client = models.ForeignKey(
        "accounts.ApiClient", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    proposed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    is_trusted = models.BooleanField(null=True)  # Whether the receiver was a trusted one at the approval.
    due_at = models.DateTimeField(null=True)
    due_provisional = models.BooleanField(default=False)  # Its calendar year is not loaded yet: it waits on.
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)  # Executed, stopped or refused.
    end_note = models.CharField(max_length=300, blank=True)
    hold_entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    end_entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    return_entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    objects = TransferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="transfer_units_positive"),
            models.CheckConstraint(
                condition=~Q(from_organisation=F("to_organisation")), name="transfer_is_between_two_organisations"
            ),
            models.CheckConstraint(
                condition=~Q(basis_number="") & ~Q(reason=""), name="transfer_names_its_document_and_reason"
            ),
            models.CheckConstraint(
                condition=~Q(confirmed_by=F("proposed_by"))
                & ~Q(approved_by=F("proposed_by"))
                & ~Q(approved_by=F("confirmed_by")),
                name="transfer_has_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "cancelled", "refused"], approved_by=None)
                | Q(approved_by__isnull=False, kind="court", proposed_by__isnull=False)
                | (Q(approved_by__isnull=False, confirmed_by__isnull=False) & ~Q(kind="court")),
                name="approved_transfer_names_its_persons",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["proposed", "cancelled", "refused"],
                    approved_by=None,
                    approved_at=None,
                    due_at=None,
                    hold_entry=None,
                    end_entry=None,
                    return_entry=None,
                )
                | Q(
                    state="approved",
                    approved_at__isnull=False,
                    due_at__isnull=False,
                    hold_entry__isnull=False,
                    end_entry=None,
                    return_entry=None,
                )
                | Q(
                    state__in=["executed", "cancelled", "refused"],
                    approved_at__isnull=False,
                    due_at__isnull=False,
                    hold_entry__isnull=False,
                    end_entry__isnull=False,
                    return_entry=None,
                )
                | Q(
                    state="reversed",
                    approved_at__isnull=False,
                    due_at__isnull=False,
                    hold_entry__isnull=False,
                    end_entry__isnull=False,
                    return_entry__isnull=False,
                ),
                name="transfer_state_has_its_entries",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "approved"], ended_at=None)
                | Q(state__in=["executed", "cancelled", "refused", "reversed"], ended_at__isnull=False),
                name="transfer_end_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(due_at=None) | Q(due_at__gte=F("approved_at")), name="transfer_is_due_after_its_approval"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["executed", "reversed"]) | Q(ended_at__gte=F("due_at"), due_provisional=False),
                name="transfer_waits_until_due",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="approved"), name="transfer_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class TransferCheck(models.Model):
    """What one numbered check of a transfer found at one stage. Append-only."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="checks")
    stage = models.CharField(max_length=10, choices=_choices(Stage))
    number = models.CharField(max_length=4)
    passed = models.BooleanField()
    code = models.CharField(max_length=40, blank=True)
    message = models.CharField(max_length=300, blank=True)  # English message id; `found` fills its {names}.
    found = models.JSONField(default=dict)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transfer", "stage", "number"], name="transfer_check_is_answered_once"),
            models.CheckConstraint(
                condition=Q(passed=True, code="") | Q(passed=False) & ~Q(code=""), name="failed_answer_has_a_code"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.transfer_id} {self.stage} {self.number}"


class EntryReversal(models.Model):
    """That an entry undoes another one: its legs and serials exactly mirrored. Append-only, at most one an entry.

    A side table, so that the rows of all other entries are no wider for it.
    """

    entry = models.OneToOneField(Entry, primary_key=True, on_delete=models.PROTECT, related_name="+")
    reverses = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=16, choices=_choices(ReversalReason))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reason__in=list(REASONS)), name="reversal_reason_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} reverses {self.reverses_id}"


class ReversalRequest(models.Model):
    """The way to a reversal: one settlement operator proposes it, another one decides."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        DONE = "done"
        REFUSED = "refused"

    reverses = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=16, choices=_choices(ReversalReason))
    note = models.CharField(max_length=300)
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
                condition=~Q(state="done") | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="reversal_has_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at=None, entry=None)
                | Q(state="done", decided_at__isnull=False, entry__isnull=False)
                | Q(state="refused", decided_by__isnull=False, decided_at__isnull=False, entry=None),
                name="reversal_request_state_has_its_fields",
            ),
            models.UniqueConstraint(
                fields=["reverses"], condition=~Q(state="refused"), name="reversal_request_is_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reverses_id}: {self.state}"
