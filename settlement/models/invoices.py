from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from settlement.models.cash import OwnedQuerySet
from settlement.models.ledger import EntryKey
from settlement.rules.invoices import InvoiceKind, TaxpayerType


class InvoiceTitle(models.Model):
    """What stands on a firm's invoices (发票抬头): name and taxpayer id are the organisation's own. History is kept."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    taxpayer_id = models.CharField(max_length=18)
    taxpayer_type = models.CharField(max_length=12, choices=[(one.value, one.value) for one in TaxpayerType])
    address_phone = models.CharField(max_length=200, blank=True)
    bank_account = models.CharField(max_length=200, blank=True)
    email = models.EmailField(max_length=200)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    objects = OwnedQuerySet["InvoiceTitle"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(superseded_at__isnull=True), name="one_current_invoice_title"
            ),
            models.CheckConstraint(
                condition=Q(taxpayer_type__in=[one.value for one in TaxpayerType]), name="invoice_title_type_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class InvoiceRequest(models.Model):
    """A firm's request for an invoice over fees that it has paid: their sum, exactly, and what of it is tax."""

    class State(models.TextChoices):
        ASKED = "asked"
        SENT = "sent"  # The tax port has taken it.
        ISSUED = "issued"
        REFUSED = "refused"
        CORRECTED = "corrected"  # A red letter has taken its invoice back in full.

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    title = models.ForeignKey(InvoiceTitle, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=[(one.value, one.value) for one in InvoiceKind])
    amount_fen = models.BigIntegerField()
    net_fen = models.BigIntegerField()
    tax_fen = models.BigIntegerField()
    vat_rate = models.DecimalField(max_digits=5, decimal_places=4)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    reason = models.CharField(max_length=300, blank=True)  # Why the tax port refused it.
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    objects = OwnedQuerySet["InvoiceRequest"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0, net_fen__gte=0, tax_fen__gte=0, amount_fen=F("net_fen") + F("tax_fen")),
                name="invoice_request_is_price_and_tax",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[one.value for one in InvoiceKind]), name="invoice_request_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "sent"], closed_at=None)
                | Q(state__in=["issued", "refused", "corrected"], closed_at__isnull=False),
                name="invoice_request_end_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id}: {self.amount_fen}"


class InvoiceItem(models.Model):
    """One fee on a request: the leg that took it. On one invoice at a time; free again after a refusal or a red letter.

    The leg is named by its id and by its entry, through whose key the foreign key goes (docs/decisions/0025).
    """

    request = models.ForeignKey(InvoiceRequest, on_delete=models.PROTECT, related_name="items")
    leg_id = models.BigIntegerField()
    entry = models.ForeignKey(
        EntryKey, to_field="entry", db_column="entry_id", db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    fen = models.BigIntegerField()
    is_live = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["leg_id"], condition=Q(is_live=True), name="fee_is_invoiced_once"),
            models.UniqueConstraint(fields=["request", "leg_id"], name="fee_is_on_a_request_once"),
        ]

    def __str__(self) -> str:
        return f"{self.leg_id}: {self.fen}"


class RedLetter(models.Model):
    """A correction (红字) of an issued invoice, in full: one settlement operator proposes it, another one decides."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        ASKED = "asked"
        SENT = "sent"
        ISSUED = "issued"
        REFUSED = "refused"

    request = models.ForeignKey(InvoiceRequest, on_delete=models.PROTECT, related_name="red_letters")
    reason = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    refusal = models.CharField(max_length=300, blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["asked", "sent", "issued"])
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="red_letter_has_two_persons",
            ),
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(state__in=["proposed", "asked", "sent", "issued"]),
                name="invoice_is_corrected_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.state}"


class Invoice(models.Model):
    """An invoice as the tax port has issued it (数电发票), a red letter with negative amounts. Append-only."""

    number = models.CharField(max_length=20, unique=True)
    request = models.ForeignKey(InvoiceRequest, on_delete=models.PROTECT, related_name="invoices")
    red_letter = models.OneToOneField(RedLetter, null=True, on_delete=models.PROTECT, related_name="invoice")
    taxpayer_id = models.CharField(max_length=18)
    amount_fen = models.BigIntegerField()
    net_fen = models.BigIntegerField()
    tax_fen = models.BigIntegerField()
    issued_on = models.DateField()
    file_name = models.CharField(max_length=160)
    file_size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(number__regex=r"^[0-9]{20}$"), name="invoice_number_is_20_digits"),
            models.UniqueConstraint(
                fields=["request"], condition=Q(red_letter__isnull=True), name="request_has_one_invoice"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class TaxOrder(models.Model):
    """An order to the tax port that waits to be sent: written with the act, done once, laid aside after many tries."""

    request = models.OneToOneField(InvoiceRequest, null=True, on_delete=models.PROTECT, related_name="order")
    red_letter = models.OneToOneField(RedLetter, null=True, on_delete=models.PROTECT, related_name="order")
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(request__isnull=True, red_letter__isnull=False)
                | Q(request__isnull=False, red_letter__isnull=True),
                name="tax_order_is_for_one_thing",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"], condition=Q(done_at__isnull=True, dead_at__isnull=True), name="tax_order_due"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
