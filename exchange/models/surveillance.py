"""What surveillance has looked at, what it found, and what became of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.rules import Actor, Role
from exchange.models.instruments import Instrument
from exchange.rules.surveillance import Pattern

WATCHERS = (Role.EXCHANGE_OPERATOR, Role.AUDITOR)


def person(*, null: bool = False) -> models.ForeignKey:
    """Return the column that names a person."""
    return models.ForeignKey(settings.AUTH_USER_MODEL, null=null, on_delete=models.PROTECT, related_name="+")


class WatchedDay(models.Model):
    """A day of an instrument that surveillance has looked at to its end, also where it found nothing. Append-only.

    last_sequence: the last event of the queue that belongs to it. book: the orders that were open then, each as
    [order, price in fen, tonnes], from which the next day is looked at. edition: of the rules it was compared with.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    last_sequence = models.BigIntegerField()
    book = models.JSONField()
    edition = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instrument", "day"], name="day_is_watched_once")]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.day}"


class CaseQuerySet(models.QuerySet["SurveillanceCase"]):
    def visible_to(self, actor: Actor) -> CaseQuerySet:
        """Return every case to those who watch over the market, and none to anybody else."""
        return self if actor.has(*WATCHERS) else self.none()


class SurveillanceCase(models.Model):
    """A case file (监察案件) over one or several alerts: who looks into them, what was done, how it ended."""

    class State(models.TextChoices):
        OPEN = "open"
        EXPLAINED = "explained"
        MEASURES = "measures"
        CLOSED = "closed"

    class Outcome(models.TextChoices):
        DISMISSED = "dismissed"
        CONCLUDED = "concluded"

    number = models.CharField(max_length=24, unique=True)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    opened_by = person()
    opened_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    closing = models.CharField(max_length=1000, blank=True)
    closed_by = person(null=True)
    closed_at = models.DateTimeField(null=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="closed", closed_by__isnull=False, closed_at__isnull=False)
                & ~Q(outcome="")
                & ~Q(closing="")
                | ~Q(state="closed") & Q(closed_by=None, closed_at=None, outcome="", closing=""),
                name="case_ends_with_its_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class AlertQuerySet(models.QuerySet["SurveillanceAlert"]):
    def visible_to(self, actor: Actor) -> AlertQuerySet:
        """Return every alert to those who watch over the market, and none to anybody else: not to whom it is about."""
        return self if actor.has(*WATCHERS) else self.none()


class SurveillanceAlert(models.Model):
    """A pattern that was found in an instrument's day, with the figures compared and the evidence by ids.

    groups: the control groups, sorted, one a line. figures: [{"rule", "found", "limit"}].
    evidence: {"orders", "trades", "disclosures"}. It stays as found, goes into one case, or is dismissed for a reason.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    pattern = models.CharField(max_length=20, choices=[(one.value, one.value) for one in Pattern])
    groups = models.CharField(max_length=140)
    organisations = models.JSONField()
    figures = models.JSONField()
    evidence = models.JSONField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    edition = models.BigIntegerField()
    at = models.DateTimeField()
    case = models.ForeignKey(SurveillanceCase, null=True, on_delete=models.PROTECT, related_name="alerts")
    dismissal = models.CharField(max_length=500, blank=True)
    dismissed_by = person(null=True)
    dismissed_at = models.DateTimeField(null=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "day", "pattern", "groups"], name="surveillance_alert_is_one_a_day"
            ),
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="surveillance_alert_has_a_window"),
            models.CheckConstraint(
                condition=Q(dismissed_at=None, dismissed_by=None, dismissal="")
                | Q(dismissed_at__isnull=False, dismissed_by__isnull=False, case=None) & ~Q(dismissal=""),
                name="surveillance_alert_is_dismissed_with_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["-day", "-id"], name="surveillance_alert_newest")]

    def __str__(self) -> str:
        return f"{self.pattern} {self.instrument_id} {self.day}"


class CaseMeasureQuerySet(models.QuerySet["CaseMeasure"]):
    def letters_of(self, actor: Actor) -> CaseMeasureQuerySet:
        """Return what the exchange has written to the actor's organisation; nothing else of a case is its business."""
        if actor.organisation_id is None:
            return self.none()
        return self.filter(
            organisation_id=actor.organisation_id, kind__in=CaseMeasure.LETTERS, state=CaseMeasure.State.IN_FORCE
        )


class CaseMeasure(models.Model):
    """A measure of a case, taken by one operator; one that restricts a party waits for another operator.

    organisation: whom it is about. due_on: of a request to explain; None: past the loaded calendar.
    halt: what an approved restriction has set. until: when the restriction ends by itself.
    """

    class Kind(models.TextChoices):
        ORAL_WARNING = "oral_warning"
        WRITTEN_WARNING = "written_warning"
        EXPLANATION = "explanation"
        RESTRICTION = "restriction"
        REPORT = "report"

    class State(models.TextChoices):
        PROPOSED = "proposed"
        IN_FORCE = "in_force"
        REFUSED = "refused"

    LETTERS = (Kind.WRITTEN_WARNING, Kind.EXPLANATION)

    case = models.ForeignKey(SurveillanceCase, on_delete=models.PROTECT, related_name="measures")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=1000)
    addressee = models.CharField(max_length=200, blank=True)  # Of a report: the authority.
    until = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State.choices)
    digest = models.CharField(max_length=64)
    maker = person()
    at = models.DateTimeField()
    checker = person(null=True)
    decided_at = models.DateTimeField(null=True)
    halt = models.ForeignKey("exchange.Halt", null=True, on_delete=models.PROTECT, related_name="+")
    answer = models.CharField(max_length=2000, blank=True)
    answered_by = person(null=True)
    answered_at = models.DateTimeField(null=True)

    objects = CaseMeasureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="restriction") & Q(state="in_force", checker=None, decided_at=None, halt=None)
                | Q(kind="restriction", state="proposed", checker=None, decided_at=None, halt=None)
                | Q(kind="restriction", state="refused", checker__isnull=False, decided_at__isnull=False, halt=None)
                | Q(
                    kind="restriction",
                    state="in_force",
                    checker__isnull=False,
                    decided_at__isnull=False,
                    halt__isnull=False,
                ),
                name="restriction_is_decided",
            ),
            models.CheckConstraint(
                condition=Q(checker=None) | ~Q(checker=F("maker")) | Q(state="refused"),
                name="restriction_has_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, answer="")
                | Q(kind="explanation", answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer=""),
                name="explanation_answer_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(kind="report") & ~Q(addressee="") | ~Q(kind="report") & Q(addressee=""),
                name="report_has_an_addressee",
            ),
            models.CheckConstraint(
                condition=(Q(until=None) | Q(kind="restriction")) & (Q(due_on=None) | Q(kind="explanation")),
                name="measure_has_the_dates_of_its_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.case_id}"


class BarredParty(models.Model):
    """Somebody who may not trade from a day to a day (禁入名单): entered by one operator, approved by another.

    identity: an organisation's unified social credit code, by which it is barred, also if it registers here later; or a
    person's document number. user: the person who places orders, where it is known here; others stand here by name.
    ended_on: the first day on which it no longer counts, where it was ended before its time.
    """

    class Kind(models.TextChoices):
        ORGANISATION = "organisation"
        PERSON = "person"

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        REFUSED = "refused"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    user = person(null=True)
    name = models.CharField(max_length=200)
    identity = models.CharField(max_length=40)
    since = models.DateField()
    until = models.DateField()
    basis = models.CharField(max_length=300)
    authority = models.CharField(max_length=200)
    document_number = models.CharField(max_length=100)
    evidence = models.ForeignKey("settlement.Evidence", on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PROPOSED)
    maker = person()
    at = models.DateTimeField()
    checker = person(null=True)
    decided_at = models.DateTimeField(null=True)
    ended_on = models.DateField(null=True)
    ended_by = person(null=True)
    end_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(checker=None) | ~Q(maker=F("checker")) | Q(state="refused"), name="bar_has_two_persons"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", checker=None, decided_at=None, ended_on=None)
                | Q(state="approved", checker__isnull=False, decided_at__isnull=False)
                | Q(state="refused", checker__isnull=False, decided_at__isnull=False, ended_on=None),
                name="bar_state_has_its_fields",
            ),
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="bar_lasts_a_day"),
            models.CheckConstraint(
                condition=Q(ended_on=None, ended_by=None, end_reason="")
                | Q(ended_on__isnull=False, ended_by__isnull=False) & ~Q(end_reason=""),
                name="bar_is_ended_with_a_reason",
            ),
            models.CheckConstraint(condition=Q(kind="person") | Q(user=None), name="bar_of_a_user_is_of_a_person"),
            models.UniqueConstraint(
                fields=["kind", "identity"], condition=Q(state="proposed"), name="bar_is_proposed_once"
            ),
        ]

    def __str__(self) -> str:
        return self.document_number
