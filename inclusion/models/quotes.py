from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.rules import Actor, Role

WATCHERS = (Role.EXCHANGE_OPERATOR, Role.AUDITOR)


class OffsetQuoteQuerySet(models.QuerySet["OffsetQuote"]):
    def visible_to(self, actor: Actor) -> OffsetQuoteQuerySet:
        """Return what the actor's organisation has asked for; all for those who watch over the market."""
        if actor.has(*WATCHERS):
            return self
        return self.filter(organisation_id=actor.organisation_id) if actor.organisation_id else self.none()


class Footprint(models.Model):
    """A calculated footprint of an event, with everything needed to calculate it again. Append-only.

    trace: every factor with set, version, key and status, and every figure between.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    event = models.CharField(max_length=120)
    operation = models.CharField(max_length=32)
    methodology_version = models.CharField(max_length=16)
    inputs = models.JSONField()
    outputs = models.JSONField()
    warnings = models.JSONField()
    trace = models.JSONField()
    units_required = models.BigIntegerField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units_required__gte=0), name="units_required_not_negative"),
        ]

    def __str__(self) -> str:
        return self.event


class OffsetQuote(models.Model):
    """What an amount would cost at the best offers of an instant, kept for some minutes. Append-only.

    The totals are the sums of its lines, by deferred trigger. wanted: the filters, as asked.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    footprint = models.ForeignKey(Footprint, null=True, on_delete=models.PROTECT, related_name="quotes")
    units = models.BigIntegerField()
    wanted = models.JSONField(default=dict)
    value_fen = models.BigIntegerField()
    fee_fen = models.BigIntegerField()
    total_fen = models.BigIntegerField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    expires_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    objects = OffsetQuoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="quote_units_positive"),
            models.CheckConstraint(
                condition=Q(value_fen__gt=0, fee_fen__gte=0, total_fen=F("value_fen") + F("fee_fen")),
                name="quote_total_is_value_and_fee",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("at")), name="quote_lasts"),
        ]
        indexes = [models.Index(fields=["organisation", "-id"], name="quote_of_organisation")]

    def __str__(self) -> str:
        return f"{self.units} t, {self.total_fen} fen"


class QuoteLine(models.Model):
    """One price level that a quote takes from: its limit price and tonnes become an order. Append-only."""

    quote = models.ForeignKey(OffsetQuote, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveSmallIntegerField()
    instrument = models.ForeignKey("exchange.Instrument", on_delete=models.PROTECT, related_name="+")
    instrument_code = models.CharField(max_length=24)
    project_name = models.CharField(max_length=200)
    vintage_year = models.PositiveSmallIntegerField()
    credit_type = models.CharField(max_length=1)
    division_name = models.CharField(max_length=64)
    price_fen = models.BigIntegerField()
    quantity = models.BigIntegerField()
    value_fen = models.BigIntegerField()
    fee_rate = models.DecimalField(max_digits=9, decimal_places=6)
    fee_fen = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["quote", "number"], name="quote_line_is_one"),
            models.UniqueConstraint(fields=["quote", "instrument", "price_fen"], name="quote_takes_a_level_once"),
            models.CheckConstraint(
                condition=Q(price_fen__gt=0, quantity__gt=0, fee_fen__gte=0, value_fen=F("price_fen") * F("quantity")),
                name="quote_line_value_is_price_times_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} t {self.instrument_code} at {self.price_fen}"
