from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from settlement.models.bank_accounts import BankAccount, OwnedQuerySet
from settlement.models.ledger import Entry


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
    """Money on its way out: to the holder's bank account, or (`returns`) unknown money back to who paid it.

    In transit until the bank says paid, back where it came from if the bank refuses.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        SENT = "sent"
        PAID = "paid"
        RETURNED = "returned"

    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    bank_account = models.ForeignKey(BankAccount, null=True, on_delete=models.PROTECT, related_name="+")
    returns = models.ForeignKey(BankNotice, null=True, on_delete=models.PROTECT, related_name="+")
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
            models.CheckConstraint(
                condition=Q(organisation__isnull=False, bank_account__isnull=False, returns=None)
                | Q(
                    organisation=None,
                    bank_account=None,
                    returns__isnull=False,
                    asked_by__isnull=False,
                    approved_by__isnull=False,
                ),
                name="withdrawal_names_its_receiver",
            ),
            models.UniqueConstraint(
                fields=["returns"],
                condition=Q(state__in=["asked", "sent", "paid"]),
                name="unknown_money_is_returned_once",
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
