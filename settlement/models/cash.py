from __future__ import annotations

from typing import TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.rules import Actor, Role
from settlement.models.ledger import Entry

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
    """The one same-name bank account of a participant: money leaves only to it."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    bank_name = models.CharField(max_length=100)
    account_name = models.CharField(max_length=200)
    account_number = models.CharField(max_length=34)
    bound_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    objects = OwnedQuerySet["BankAccount"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(released_at__isnull=True), name="one_bound_bank_account"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank_name} …{self.account_number[-4:]}"


class DepositReference(models.Model):
    """The reference under which one organisation pays in. Money that names it is that organisation's."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=20, unique=True)
    expected_fen = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = OwnedQuerySet["DepositReference"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expected_fen__isnull=True) | Q(expected_fen__gt=0), name="expected_deposit_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class BankNotice(models.Model):
    """What the bank told us of one movement on the funds account, once for ever. Append-only.

    Money without a known reference is booked to suspense: `organisation` stays empty.
    """

    bank_serial = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64)
    amount_fen = models.BigIntegerField()
    reference = models.CharField(max_length=64, blank=True)
    payer_name = models.CharField(max_length=200, blank=True)
    payer_account = models.CharField(max_length=34, blank=True)
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = OwnedQuerySet["BankNotice"].as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount_fen__gt=0), name="bank_notice_amount_positive")]

    def __str__(self) -> str:
        return self.bank_serial


class Withdrawal(models.Model):
    """Money on its way to the holder's bank account: in transit until the bank says paid, back if it refuses."""

    class State(models.TextChoices):
        ASKED = "asked"
        SENT = "sent"
        PAID = "paid"
        RETURNED = "returned"

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="+")
    amount_fen = models.BigIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = OwnedQuerySet["Withdrawal"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="withdrawal_amount_positive"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("asked_by")),
                name="withdrawal_has_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id}: {self.amount_fen}"


class PaymentOrder(models.Model):
    """An order to the bank that waits to be sent: written with the act, sent afterwards, done once (outbox)."""

    withdrawal = models.OneToOneField(Withdrawal, on_delete=models.PROTECT, related_name="+")
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["next_at"], condition=Q(done_at__isnull=True), name="payment_order_due")]

    def __str__(self) -> str:
        return str(self.withdrawal_id)
