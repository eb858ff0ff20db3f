from __future__ import annotations

from django.db import models
from django.db.models import Q

from exchange.models.instruments import Instrument
from exchange.rules import ReferenceMethod


class DailyFigure(models.Model):
    """What an instrument traded on a day, fixed with the day's bulletin. Append-only.

    Open to vwap are of trades of its own mode, None without one; block and auction trades are counted beside them.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    mode = models.CharField(max_length=20)
    base_price_fen = models.BigIntegerField()
    lower_fen = models.BigIntegerField(null=True)
    upper_fen = models.BigIntegerField(null=True)
    open_fen = models.BigIntegerField(null=True)
    high_fen = models.BigIntegerField(null=True)
    low_fen = models.BigIntegerField(null=True)
    close_fen = models.BigIntegerField(null=True)
    vwap_fen = models.BigIntegerField(null=True)
    trades = models.PositiveIntegerField()
    quantity = models.BigIntegerField()
    value_fen = models.BigIntegerField()
    block_quantity = models.BigIntegerField()
    block_value_fen = models.BigIntegerField()
    auction_quantity = models.BigIntegerField()
    auction_value_fen = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "day"], name="daily_figure_is_one"),
            models.CheckConstraint(
                condition=Q(trades=0, quantity=0, value_fen=0, open_fen=None, close_fen=None, vwap_fen=None)
                | Q(trades__gt=0, quantity__gt=0, open_fen__isnull=False, close_fen__isnull=False),
                name="daily_figure_has_prices_of_its_trades",
            ),
        ]
        indexes = [models.Index(fields=["day"], name="daily_figure_of_day")]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.day}"


class ReferencePrice(models.Model):
    """The official reference price of a credit type and vintage on a day (参考价), and how it was found. Append-only.

    age: for how many trading days it has been carried on; quantity, value_fen, trades: what it rests on.
    """

    credit_type = models.CharField(max_length=1)
    vintage_year = models.PositiveSmallIntegerField()
    day = models.DateField()
    method = models.CharField(max_length=8, choices=[(one.value, one.value) for one in ReferenceMethod])
    price_fen = models.BigIntegerField(null=True)
    age = models.PositiveSmallIntegerField()
    quantity = models.BigIntegerField()
    value_fen = models.BigIntegerField()
    trades = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["credit_type", "vintage_year", "day"], name="reference_price_is_one"),
            models.CheckConstraint(
                condition=Q(method=ReferenceMethod.NONE.value, price_fen=None)
                | Q(method=ReferenceMethod.TRADES.value, price_fen__isnull=False, age=0, quantity__gt=0)
                | Q(method=ReferenceMethod.CARRIED.value, price_fen__isnull=False, age__gt=0),
                name="reference_price_is_of_its_method",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credit_type} {self.vintage_year} {self.day}"


class Bulletin(models.Model):
    """The bulletin of a trading day as it was published (每日行情公报): its whole content, and the hash of that."""

    day = models.DateField(unique=True)
    body = models.JSONField()
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField()

    @property
    def number(self) -> str:
        """The number under which it was published."""
        return f"HQ{self.day:%Y%m%d}"

    def __str__(self) -> str:
        return self.number
