"""Instruments, their days, and the rules they trade under."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet, Sum

from exchange.errors import ApprovalNotThere, InstrumentNotThere
from exchange.models import ApprovalRecord, Halt, Instrument, InstrumentDay, Trade
from exchange.queries.profile import profile
from exchange.queries.schedule import phase_at
from exchange.rules import GATHERS, Phase, TradingMode
from rulebook.queries import business_date
from settlement.queries import FrozenProduct, frozen_products


@dataclass(frozen=True)
class InstrumentView:
    """An instrument on one day: what it is, how it trades, its limits; prices in fen, None where there is none."""

    id: int
    code: str
    project_code: str
    project_name: str
    vintage_year: int
    credit_type: str
    division_code: str
    division_name: str
    methodology: str
    mode: TradingMode
    tradable_from: date
    day: date | None
    base_price_fen: int
    lower_fen: int | None
    upper_fen: int | None
    is_open: bool
    phase: Phase
    approval_is_demonstration: bool
    rule_scheme: str
    suspended_since: datetime | None  # While the registry keeps its credits still.
    suspended_by: str  # The document of that, and its reason.


def instrument(instrument_id: int) -> Instrument:
    """Return one instrument. Raises InstrumentNotThere."""
    found = Instrument.objects.filter(pk=instrument_id).first()
    if found is None:
        raise InstrumentNotThere
    return found


def instrument_by_code(code: str) -> Instrument:
    """Return one instrument by its code. Raises InstrumentNotThere."""
    found = Instrument.objects.filter(code=code).first()
    if found is None:
        raise InstrumentNotThere(field="instrument")
    return found


def instrument_day(instrument_id: int, day: date) -> InstrumentDay | None:
    """Return an instrument's trading day, None where it has not opened."""
    return InstrumentDay.objects.filter(instrument_id=instrument_id, day=day).first()


def days_of(day: date) -> dict[int, InstrumentDay]:
    """Return the trading days that instruments have opened on a day, by instrument."""
    return {row.instrument_id: row for row in InstrumentDay.objects.filter(day=day)}


def unclosed_days(until: date) -> list[InstrumentDay]:
    """Return the days up to one that nobody has closed, with their instruments."""
    rows = InstrumentDay.objects.filter(closed_at__isnull=True, day__lte=until).select_related("instrument")
    return list(rows.order_by("instrument_id", "day"))


def mode_of_day(instrument: Instrument, day: date) -> TradingMode:
    """Return how an instrument trades on a day: continuously only while an approval is in force."""
    mode = TradingMode(instrument.mode)
    if mode is TradingMode.CONTINUOUS and instrument.rule_scheme != "replay":
        return mode if approval_in_force(instrument.pk, day) else TradingMode.LISTED
    return mode


def instruments(at: datetime, *, code: str = "") -> list[InstrumentView]:
    """Return all instruments (or one by code) as they stand at `at`, by code."""
    today = business_date(at)
    rows = Instrument.objects.order_by("code")
    if code:
        rows = rows.filter(code=code)
    days: dict[int, InstrumentDay] = {}
    for row in InstrumentDay.objects.filter(instrument__in=rows, day__lte=today).order_by("instrument_id", "day"):
        days[row.instrument_id] = row
    demonstration = set(_approved(today).filter(basis="demonstration").values_list("instrument_id", flat=True))
    frozen = frozen_products()
    return [
        _view(row, days.get(row.pk), row.pk in demonstration, frozen.get((row.project_code, row.vintage_year)), at)
        for row in rows
    ]


def _view(
    row: Instrument, day: InstrumentDay | None, demonstration: bool, freeze: FrozenProduct | None, at: datetime
) -> InstrumentView:
    return InstrumentView(
        row.pk,
        row.code,
        row.project_code,
        row.project_name,
        row.vintage_year,
        row.credit_type,
        row.division_code,
        row.division_name,
        row.methodology,
        TradingMode(day.mode if day else row.mode),
        row.tradable_from,
        day.day if day else None,
        day.base_price_fen if day else row.initial_price_fen,
        day.lower_fen if day else None,
        day.upper_fen if day else None,
        bool(day and day.day == business_date(at) and day.closed_at is None),
        _phase(row, day, at),
        demonstration,
        row.rule_scheme,
        freeze.since if freeze else None,
        f"{freeze.order_number} {freeze.reason}".strip() if freeze else "",
    )


def _phase(row: Instrument, day: InstrumentDay | None, at: datetime) -> Phase:
    today = business_date(at)
    if row.tradable_from > today:
        return Phase.CLOSED
    mode = mode_of_day(row, today)
    if day is not None and day.day == today:
        if day.closed_at is not None:
            return Phase.CLOSED
        if Phase(day.phase) in GATHERS:  # Also while a halt keeps it from ending.
            return Phase(day.phase)
        mode = TradingMode(day.mode)
    return phase_at(at, profile(at, row.rule_scheme), mode)


def approval_in_force(instrument_id: int, day: date) -> ApprovalRecord | None:
    """Return the approval on which an instrument may trade continuously on a day."""
    return _approved(day).filter(instrument_id=instrument_id).order_by("-pk").first()


def _approved(day: date) -> QuerySet[ApprovalRecord]:
    counts = Q(ended_on__isnull=True) | Q(ended_on__gt=day)
    return ApprovalRecord.objects.filter(counts, state="approved", valid_from__lte=day, valid_to__gte=day)


def approvals() -> list[ApprovalRecord]:
    """Return every approval that was entered, newest first, with its instrument and persons."""
    rows = ApprovalRecord.objects.select_related("instrument", "maker", "checker", "evidence", "ended_by")
    return list(rows.order_by("-pk"))


def approval(approval_id: int) -> ApprovalRecord:
    """Return one approval. Raises ApprovalNotThere."""
    row = ApprovalRecord.objects.select_related("evidence").filter(pk=approval_id).first()
    if row is None:
        raise ApprovalNotThere
    return row


def live_halt(instrument_id: int, organisation_id: int | None, at: datetime) -> Halt | None:
    """Return a halt that stands in the way: of the instrument, of the participant, or of the whole market."""
    return (
        Halt.objects.filter(
            Q(instrument_id=instrument_id)
            | Q(organisation_id=organisation_id, organisation__isnull=False)
            | Q(instrument__isnull=True, organisation__isnull=True),
            Q(until__isnull=True) | Q(until__gt=at),
            since__lte=at,
            ended_at__isnull=True,
        )
        .order_by("pk")
        .first()
    )


def live_halts(at: datetime) -> list[Halt]:
    """Return the halts that stand or are to come, newest first."""
    rows = Halt.objects.filter(Q(until__isnull=True) | Q(until__gt=at), ended_at__isnull=True)
    return list(rows.select_related("instrument", "organisation").order_by("-pk"))


def traded_in_mode(instrument_id: int, day: date, mode: str) -> tuple[int, int]:
    """Return the quantity and the value in fen that traded on a day in one mode."""
    rows = Trade.objects.filter(instrument_id=instrument_id, business_date=day, mode=mode)
    found = rows.aggregate(quantity=Sum("quantity"), value=Sum("value_fen"))
    return found["quantity"] or 0, found["value"] or 0
