from __future__ import annotations

from django.db import models
from django.db.models import Q

from exchange.models.instruments import Instrument
from exchange.models.orders import Order


class MatchBatch(models.Model):
    """One run of the matching job that did something: the act that its trades, order states and entries belong to."""

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    first_sequence = models.BigIntegerField()
    last_sequence = models.BigIntegerField()
    trades = models.PositiveIntegerField()
    took_ms = models.FloatField(null=True)  # Of computing and writing, before the commit.
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "first_sequence"], name="event_is_matched_once"),
        ]
        indexes = [models.Index(fields=["instrument", "-id"], name="match_batch_newest")]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.first_sequence}–{self.last_sequence}"


class TradeProposal(models.Model):
    """Two posts that meet in a listed instrument, offered to both; whoever confirms first is the taker."""

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    bid = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    ask = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    quantity = models.BigIntegerField()
    at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="proposal_quantity_positive"),
            models.UniqueConstraint(
                fields=["bid", "ask"], condition=Q(closed_at__isnull=True), name="proposal_is_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bid_id} / {self.ask_id}"


class MarketEvent(models.Model):
    """What a stream tells of an instrument, in its own sequence without gaps. Append-only."""

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    sequence = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    body = models.JSONField()
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "sequence"], name="market_event_sequence_is_one"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.sequence}"
