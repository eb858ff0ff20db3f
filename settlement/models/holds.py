from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.rules import Actor, Role
from settlement.models.assets import Asset
from settlement.models.ledger import Entry
from settlement.models.transfers import Evidence
from settlement.rules import RANKS, HoldEntryKind, HoldReason, HoldState, LiftState

WATCHING = (Role.AUDITOR, Role.SETTLEMENT_OPERATOR, Role.ECOLOGY_RECORDER)


def _choices(kinds: Any) -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in kinds]


def _ranks() -> Q:
    """Return that a row's rank is the one of its reason."""
    ranked = Q()
    for reason, rank in RANKS.items():
        ranked |= Q(reason=reason.value, rank=rank)
    return ranked


class HoldQuerySet(models.QuerySet["Hold"]):
    def visible_to(self, actor: Actor) -> HoldQuerySet:
        """Return the holds `actor` may see: those on its organisation; all for those who watch over the ledger."""
        if actor.has(*WATCHING):
            return self
        if actor.organisation_id is None:
            return self.none()
        return self.filter(organisation_id=actor.organisation_id)


class Hold(models.Model):
    """Units of one holder and asset that stand still for a reason: a freeze, or a pledge.

    units:          what it was placed for. released_units: given back by its releases.
    open_units:     of a freeze, what it has not taken yet: nothing was left, or it waits behind another freeze.
    since:          in force from; of a pledge: its registration. until: as the document says, shown, ends nothing.
    authority:      the court or office; of a pledge: the pledgee.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    units = models.BigIntegerField()
    reason = models.CharField(max_length=12, choices=_choices(HoldReason))
    rank = models.PositiveSmallIntegerField()
    basis_number = models.CharField(max_length=80)
    authority = models.CharField(max_length=120)
    note = models.CharField(max_length=300, blank=True)
    evidence = models.ForeignKey(Evidence, null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    until = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=_choices(HoldState))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(null=True)
    released_units = models.BigIntegerField(default=0)
    open_units = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)  # Released as a whole, or refused.
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    objects = HoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="hold_units_positive"),
            models.CheckConstraint(
                condition=Q(released_units__gte=0, open_units__gte=0)
                & Q(units__gte=F("released_units") + F("open_units")),
                name="hold_has_no_more_than_it_was_for",
            ),
            models.CheckConstraint(condition=_ranks(), name="hold_rank_is_of_its_reason"),
            models.CheckConstraint(condition=~Q(basis_number="") & ~Q(authority=""), name="hold_names_its_document"),
            models.CheckConstraint(
                condition=~Q(reason__in=["judicial", "pledge"]) | Q(evidence__isnull=False),
                name="court_freeze_and_pledge_have_evidence",
            ),
            models.CheckConstraint(
                condition=Q(reason="pledge")
                | Q(
                    state__in=["live", "ended"],
                    asked_by__isnull=False,
                    set_by__isnull=False,  # An unknown comparison refuses nothing.
                    set_by=F("asked_by"),
                    confirmed_by=None,
                    since__isnull=False,
                ),
                name="freeze_works_at_once",
            ),
            models.CheckConstraint(
                condition=~Q(reason="pledge")
                | Q(state__in=["asked", "refused"], confirmed_by=None, set_by=None, since=None)
                | Q(state__in=["confirmed", "refused"], confirmed_by__isnull=False, set_by=None, since=None)
                | Q(state__in=["live", "ended"], set_by__isnull=False, since__isnull=False)
                & Q(asked_by__isnull=False, confirmed_by__isnull=False)
                & ~Q(confirmed_by=F("asked_by"))
                & ~Q(set_by=F("asked_by"))
                & ~Q(set_by=F("confirmed_by")),
                name="pledge_is_registered_for_two_persons_of_the_holder",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "confirmed"], released_units=0, open_units=0, ended_at=None)
                | Q(state="refused", released_units=0, open_units=0, ended_at__isnull=False)
                | Q(state="live", released_units__lt=F("units"), ended_at=None)
                | Q(state="ended", released_units=F("units"), ended_at__isnull=False),
                name="hold_ends_when_it_is_released",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "asset"], condition=Q(state="live"), name="hold_live"),
            # What every credit that becomes available is looked up in: nearly always empty.
            models.Index(fields=["asset", "organisation"], condition=Q(open_units__gt=0), name="hold_open"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.basis_number}"


class HoldPart(models.Model):
    """Units of a live hold and what they were taken from: what was available (empty), a pledge they were laid over, or

    an earlier freeze behind which they wait. A part that is used up stays, with no units.
    """

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="parts")
    taken_from = models.ForeignKey(Hold, null=True, on_delete=models.PROTECT, related_name="covers")
    units = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units__gte=0), name="hold_part_not_below_zero"),
            models.CheckConstraint(condition=~Q(hold=F("taken_from")), name="hold_part_is_taken_from_another"),
            models.UniqueConstraint(fields=["hold", "taken_from"], name="hold_part_is_one", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.hold_id}: {self.units} from {self.taken_from_id}"


class HoldLift(models.Model):
    """The way to a release, whole or in part: one person asks for it on a document, another decides."""

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="lifts")
    units = models.BigIntegerField()
    basis_number = models.CharField(max_length=80)
    note = models.CharField(max_length=300, blank=True)
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=_choices(LiftState), default=LiftState.ASKED.value)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="hold_lift_units_positive"),
            models.CheckConstraint(condition=~Q(basis_number=""), name="hold_lift_names_its_document"),
            models.CheckConstraint(
                condition=~Q(state="done") | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
                name="hold_is_lifted_by_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by=None, decided_at=None)
                | Q(state__in=["done", "refused"], decided_by__isnull=False, decided_at__isnull=False),
                name="hold_lift_state_has_its_fields",
            ),
            models.UniqueConstraint(fields=["hold"], condition=Q(state="asked"), name="hold_lift_is_open_once"),
            # Not a second key: the target of the composite foreign key of the entries that name a release.
            models.UniqueConstraint(fields=["id", "hold"], name="hold_lift_with_its_hold"),
        ]

    def __str__(self) -> str:
        return f"{self.hold_id}: {self.units}"


class HoldEntry(models.Model):
    """That an entry moves units for a hold, and if it releases them, by which release. Append-only, one an entry.

    A side table, so that the rows of all other entries are no wider for it.
    """

    entry = models.OneToOneField(Entry, primary_key=True, on_delete=models.PROTECT, related_name="+")
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=_choices(HoldEntryKind))
    lift = models.OneToOneField(HoldLift, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="released", lift__isnull=False) | Q(kind__in=["placed", "laid_over"], lift=None),
                name="release_names_its_lift",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.kind} {self.hold_id}"
