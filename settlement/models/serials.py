from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from settlement.models.assets import Asset
from settlement.models.ledger import Entry, Holding


class SerialBlock(models.Model):
    """An unbroken range of serials in one holding.

    A block is born by being cut from the top of its parent in the statement that inserts it; a trigger shortens the
    parent, nobody else may. So the blocks of a batch always tile it. docs/decisions/0004-serial-blocks.md.
    """

    # The triggers of 0002_serial_guards.sql look up parent and entry of every new block, and a composite foreign key
    # ties the holding to the asset; single foreign keys would only check the same again, in the hottest path.
    asset = models.ForeignKey(
        Asset, on_delete=models.PROTECT, related_name="blocks", db_constraint=False, db_index=False
    )
    parent = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="pieces", db_constraint=False, db_index=False
    )
    holding = models.ForeignKey(Holding, on_delete=models.PROTECT, related_name="blocks", db_constraint=False)
    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )  # Under which it came there.
    first_serial = models.BigIntegerField()
    last_serial = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(first_serial__gte=1, first_serial__lte=F("last_serial")), name="serial_block_not_empty"
            ),
            models.UniqueConstraint(fields=["asset", "first_serial"], name="serial_block_starts_once"),
            models.UniqueConstraint(fields=["asset"], condition=Q(parent__isnull=True), name="serial_block_one_root"),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.first_serial}–{self.last_serial}"


class SerialMove(models.Model):
    """Serials `first`..`last` came from one holding to another under an entry. Written by triggers alone."""

    # No foreign keys in the database: the triggers that write these rows copy them from rows that have them.
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    debited = models.ForeignKey(
        Holding, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    credited = models.ForeignKey(
        Holding, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    first_serial = models.BigIntegerField()
    last_serial = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["asset", "first_serial"], name="serial_move_first")]

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.first_serial}–{self.last_serial}"
