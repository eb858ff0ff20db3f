from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from exchange.rules import BOOK_MODES, Phase


class Instrument(models.Model):
    """What is traded: one scheme, one project, one vintage year. Its batches are assets of the ledger."""

    code = models.CharField(max_length=24, unique=True)
    scheme = models.CharField(max_length=32)
    project_code = models.CharField(max_length=32)
    project_name = models.CharField(max_length=200)
    vintage_year = models.PositiveSmallIntegerField()
    credit_type = models.CharField(max_length=1)
    division_code = models.CharField(max_length=6)
    division_name = models.CharField(max_length=64)
    methodology = models.CharField(max_length=32)
    mode = models.CharField(max_length=20, choices=[(mode.value, mode.value) for mode in BOOK_MODES])
    initial_price_fen = models.BigIntegerField()
    admitted_on = models.DateField()
    tradable_from = models.DateField()
    rule_scheme = models.CharField(max_length=32, default="nm_regional")  # Whose rule values hold for it.

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scheme", "project_code", "vintage_year"], name="instrument_is_one"),
            models.CheckConstraint(condition=Q(initial_price_fen__gt=0), name="initial_price_positive"),
            models.CheckConstraint(condition=Q(tradable_from__gt=F("admitted_on")), name="tradable_after_admission"),
            models.CheckConstraint(
                condition=Q(mode__in=[mode.value for mode in BOOK_MODES]), name="instrument_has_a_book"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ApprovalRecord(models.Model):
    """The approval on which an instrument trades continuously, with its paper: entered by one, checked by another.

    It counts from `valid_from` to `valid_to`, at openings only; ended_on: the first day on which it no longer counts,
    where it was ended before its time.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        REFUSED = "refused"

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="approvals")
    authority = models.CharField(max_length=200)
    authority_level = models.CharField(max_length=32)
    document_number = models.CharField(max_length=100)
    document_date = models.DateField()
    scope = models.CharField(max_length=300)
    valid_from = models.DateField()
    valid_to = models.DateField()
    basis = models.CharField(max_length=32)
    evidence = models.ForeignKey("settlement.Evidence", null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PROPOSED)
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    ended_on = models.DateField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | ~Q(maker=F("checker")) | Q(state="refused"),
                name="approval_has_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", checker=None, decided_at=None, ended_on=None)
                | Q(state="approved", checker__isnull=False, decided_at__isnull=False)
                | Q(state="refused", checker__isnull=False, decided_at__isnull=False, ended_on=None),
                name="approval_state_has_its_fields",
            ),
            models.CheckConstraint(condition=Q(valid_to__gte=F("valid_from")), name="approval_lasts_a_day"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_by__isnull=False), name="approval_is_ended_by_somebody"
            ),
            models.UniqueConstraint(
                fields=["instrument"], condition=Q(state="proposed"), name="approval_is_proposed_once"
            ),
        ]

    def __str__(self) -> str:
        return self.document_number


class InstrumentDay(models.Model):
    """One trading day of an instrument: base price, limits, the mode it trades in that day, and how far it has come.

    phase: the last one that was begun. A call stays open while a halt stands in the way of its end. first_event: the
    market event that tells of its opening; what follows up to the next day's is the day, to be replayed.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="days")
    day = models.DateField()
    mode = models.CharField(max_length=20, choices=[(mode.value, mode.value) for mode in BOOK_MODES])
    base_price_fen = models.BigIntegerField()
    lower_fen = models.BigIntegerField(null=True)  # None: no band.
    upper_fen = models.BigIntegerField(null=True)
    phase = models.CharField(
        max_length=10, choices=[(one.value, one.value) for one in Phase], default=Phase.PRE_OPEN.value
    )
    first_event = models.BigIntegerField(null=True)  # None: of a day before the book was told.
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "day"], name="instrument_day_is_one"),
            models.CheckConstraint(
                condition=Q(base_price_fen__gt=0)
                & (
                    Q(lower_fen__isnull=True)
                    | Q(lower_fen__lte=F("base_price_fen"), upper_fen__gte=F("base_price_fen"))
                ),
                name="limits_around_base_price",
            ),
            models.CheckConstraint(condition=Q(mode__in=[mode.value for mode in BOOK_MODES]), name="day_has_a_book"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.day}"


class MatchState(models.Model):
    """Three counters of an instrument, a row each, so that placing an order never waits for a match to end.

    accept: the last event taken in; match: the last event carried out; market: the last market event written.
    They rise by one without gaps: counters under the row's lock, not database sequences.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="states")
    kind = models.CharField(max_length=8, choices=[("accept", "accept"), ("match", "match"), ("market", "market")])
    sequence = models.BigIntegerField(default=0)
    book_version = models.BigIntegerField(default=0)  # Raised whenever the book must be built anew from the rows.
    in_call = models.BooleanField(default=False)  # Of match: whether the book gathers orders for one price.

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instrument", "kind"], name="match_state_is_one")]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.kind} {self.sequence}"


class Halt(models.Model):
    """Trading stands still: of an instrument, of a participant, or (neither named) of the whole market.

    until: when it ends by itself, None where somebody has to lift it. ended_at: when it ended; lifted_by: who ended it.
    """

    instrument = models.ForeignKey(Instrument, null=True, on_delete=models.PROTECT, related_name="halts")
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    order_number = models.CharField(max_length=64)
    reason = models.CharField(max_length=200)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(instrument__isnull=True) | Q(organisation__isnull=True), name="halt_is_of_one"
            ),
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="halt_lasts"),
            models.CheckConstraint(
                condition=Q(lifted_by__isnull=True) | Q(ended_at__isnull=False), name="lifted_halt_has_ended"
            ),
        ]

    def __str__(self) -> str:
        return self.order_number
