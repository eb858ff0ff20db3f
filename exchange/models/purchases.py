from __future__ import annotations

from django.db import models

from exchange.models.instruments import Instrument


class PurchasesAsked(models.Model):
    """How many tonnes of an instrument an organisation has ever asked to buy, written where orders are taken in.

    Less `PurchasesDone` it is what its live purchases are open for: known without looking through its orders, and
    without an index on what a match changes. Purchases that are retired at once count in neither.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    units = models.BigIntegerField()
    day = models.DateField()  # Of the newest one: whose rules hold.

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "organisation"], name="purchases_asked_are_one"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.instrument_id} {self.units}"


class PurchasesDone(models.Model):
    """How many of these tonnes are open no more: filled, cancelled or expired; written by the matching job."""

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    units = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "organisation"], name="purchases_done_are_one"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.instrument_id} {self.units}"
