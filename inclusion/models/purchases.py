from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.rules import Actor
from inclusion.models.quotes import WATCHERS, OffsetQuote
from inclusion.rules import OPEN, State


class OffsetPurchaseQuerySet(models.QuerySet["OffsetPurchase"]):
    def visible_to(self, actor: Actor) -> OffsetPurchaseQuerySet:
        """Return what the actor's organisation has bought; all for those who watch over the market."""
        if actor.has(*WATCHERS):
            return self
        return self.filter(organisation_id=actor.organisation_id) if actor.organisation_id else self.none()


class OffsetPurchase(models.Model):
    """A quote bought: orders at its prices, then the retirement of exactly what they bought. One quote, one purchase.

    What was bought and what was retired are rows of their own; the sums here are held to them by deferred trigger.
    problems: what the market or the registry refused on the way, as {"code", "message", "found"}.
    """

    quote = models.OneToOneField(OffsetQuote, on_delete=models.PROTECT, related_name="purchase")
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    units = models.BigIntegerField()
    beneficiary = models.CharField(max_length=120)
    beneficiary_is_person = models.BooleanField(default=False)
    purpose = models.CharField(max_length=24)
    period_first = models.DateField(null=True)
    period_last = models.DateField(null=True)
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(
        max_length=8, default=State.ORDERED.value, choices=[(one.value, one.value) for one in State]
    )
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey("accounts.ApiClient", null=True, on_delete=models.PROTECT, related_name="+")
    bought_units = models.BigIntegerField(default=0)
    retired_units = models.BigIntegerField(default=0)
    value_fen = models.BigIntegerField(default=0)
    fee_fen = models.BigIntegerField(default=0)
    problems = models.JSONField(default=list)
    ordered_at = models.DateTimeField()
    bought_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    objects = OffsetPurchaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    units__gt=0,
                    retired_units__gte=0,
                    bought_units__gte=F("retired_units"),
                    units__gte=F("bought_units"),
                ),
                name="retired_is_bought_and_bought_is_wanted",
            ),
            models.CheckConstraint(
                condition=Q(state=State.ORDERED.value, bought_units=0)
                | Q(state=State.BOUGHT.value, bought_units__gt=0)
                | Q(state=State.RETIRED.value, retired_units=F("units"))
                | Q(state=State.PARTLY.value, retired_units__gt=0, retired_units__lt=F("units"))
                | Q(state=State.FAILED.value, retired_units=0),
                name="purchase_state_fits_its_units",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[one.value for one in OPEN], ended_at__isnull=True)
                | (~Q(state__in=[one.value for one in OPEN]) & Q(ended_at__isnull=False)),
                name="ended_purchase_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(ordered_by__isnull=False, client__isnull=True)
                | Q(ordered_by__isnull=True, client__isnull=False),
                name="purchase_is_of_a_person_or_a_client",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-id"], name="purchase_of_organisation"),
            models.Index(fields=["id"], condition=Q(state__in=[one.value for one in OPEN]), name="purchase_under_way"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.units} t"


class PurchaseOrder(models.Model):
    """The order that buys one line of the quote. Append-only."""

    purchase = models.ForeignKey(OffsetPurchase, on_delete=models.PROTECT, related_name="orders")
    line = models.OneToOneField("inclusion.QuoteLine", on_delete=models.PROTECT, related_name="ordered")
    order = models.OneToOneField("exchange.Order", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.order_id}"


class Bought(models.Model):
    """One trade of a purchase: what it brought, at what price. A trade counts for one purchase, once. Append-only."""

    purchase = models.ForeignKey(OffsetPurchase, on_delete=models.PROTECT, related_name="bought")
    trade = models.OneToOneField("exchange.Trade", on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey("settlement.Asset", on_delete=models.PROTECT, related_name="+")
    instrument_code = models.CharField(max_length=24)
    units = models.BigIntegerField()
    price_fen = models.BigIntegerField()
    value_fen = models.BigIntegerField()
    fee_fen = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(units__gt=0, fee_fen__gte=0, value_fen=F("units") * F("price_fen")),
                name="bought_value_is_units_times_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units} t at {self.price_fen}"


class PurchaseRetirement(models.Model):
    """The retirement of what a purchase bought of one batch: one a batch. Append-only."""

    purchase = models.ForeignKey(OffsetPurchase, on_delete=models.PROTECT, related_name="retirements")
    asset = models.ForeignKey("settlement.Asset", on_delete=models.PROTECT, related_name="+")
    retirement = models.OneToOneField("registry.Retirement", on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=32)
    units = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purchase", "asset"], name="purchase_retires_a_batch_once"),
            models.CheckConstraint(condition=Q(units__gt=0), name="purchase_retires_something"),
        ]

    def __str__(self) -> str:
        return self.number
