from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.rules import Actor, Role
from settlement.models.assets import Asset
from settlement.rules import EntryKind, Purpose

SOURCES = (Purpose.ISSUANCE, Purpose.BANK)


class HoldingQuerySet(models.QuerySet["Holding"]):
    def visible_to(self, actor: Actor) -> HoldingQuerySet:
        """Return what `actor` may see: its organisation's own; everything for those who watch over the ledger."""
        if actor.has(Role.AUDITOR, Role.SETTLEMENT_OPERATOR, Role.ECOLOGY_RECORDER):
            return self
        if actor.organisation_id is None:
            return self.none()
        return self.filter(organisation_id=actor.organisation_id)


class Holding(models.Model):
    """What one holder has of one asset for one purpose; no organisation stands for the system itself.

    `units` is written by the trigger on legs alone: the app's role may not change it (see 0002_rights.sql), so it is
    always credits less debits. docs/decisions/0005-one-writer-of-units.md says why there is no second column.
    """

    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=16, choices=[(purpose.value, purpose.value) for purpose in Purpose])
    units = models.BigIntegerField(default=0)  # Fen, or whole tCO2e.
    may_be_posted = models.BooleanField(default=True)  # Whether its holder lets the batch be posted for sale.

    objects = HoldingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "asset", "purpose"], name="holding_is_one", nulls_distinct=False
            ),
            # Not a second key: the target of the composite foreign keys of leg.
            models.UniqueConstraint(fields=["id", "asset"], name="holding_with_its_asset"),
            models.CheckConstraint(
                condition=Q(units__gte=0) | Q(purpose__in=[p.value for p in SOURCES]), name="holding_not_below_zero"
            ),
            models.CheckConstraint(
                condition=~Q(purpose__in=[p.value for p in SOURCES]) | Q(organisation__isnull=True, units__lte=0),
                name="source_is_the_systems",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id}/{self.asset_id}/{self.purpose}"


class SettlementBatch(models.Model):
    """One bulk settlement: all entries that were posted together, judged together at commit."""

    at = models.DateTimeField()
    entries = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="settlement_batch_at")]

    def __str__(self) -> str:
        return str(self.pk)


class Entry(models.Model):
    """One business act in the ledger: all of its legs, or none. Append-only; range-partitioned by id.

    at:          business time. recorded_at: the database's own clock, which nobody moves.
    transaction: which database transaction made it; legs are added by that one alone.
    """

    kind = models.CharField(max_length=24, choices=[(kind.value, kind.value) for kind in EntryKind])
    at = models.DateTimeField()
    business_date = models.DateField()
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    basis = models.CharField(max_length=200, blank=True)
    settlement = models.ForeignKey(SettlementBatch, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(maker__isnull=True) | Q(checker__isnull=True) | ~Q(maker=F("checker")),
                name="entry_has_two_persons",
            ),
            models.CheckConstraint(
                condition=~Q(kind=EntryKind.ISSUE.value) | Q(maker__isnull=False, checker__isnull=False),
                name="issue_needs_two_persons",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=[EntryKind.TRANSFER.value, EntryKind.REVERSAL.value])
                | Q(maker__isnull=False, checker__isnull=False),
                name="transfer_needs_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class EntryKey(models.Model):
    """The idempotency key of an entry: written first, in the same transaction; one key, one effect, for ever.

    Legs and trades reach their entry through it: a foreign key to the partitioned table costs six times as much a row
    (docs/decisions/0020-foreign-keys-through-the-key.md).
    """

    key = models.CharField(max_length=120, primary_key=True)
    digest = models.CharField(max_length=64)
    entry = models.ForeignKey(Entry, db_index=False, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry"], name="entry_has_one_key")]

    def __str__(self) -> str:
        return self.key


class Leg(models.Model):
    """One movement of an entry: `units` leave `debited` and reach `credited`. Append-only; partitioned by id.

    A leg has one amount and two ends of one asset (composite foreign keys), so no entry can be out of balance.
    """

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="legs")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    debited = models.ForeignKey(Holding, on_delete=models.PROTECT, related_name="debits")
    credited = models.ForeignKey(Holding, on_delete=models.PROTECT, related_name="credits")
    units = models.BigIntegerField()  # Fen, or whole tCO2e.

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="leg_units_positive"),
            models.CheckConstraint(condition=~Q(debited=F("credited")), name="leg_has_two_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.debited_id} → {self.credited_id}: {self.units}"
