"""Instruments, their days, and the rules they trade under."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, Sum

from exchange.errors import InstrumentNotThere
from exchange.models import ApprovalRecord, Halt, Instrument, InstrumentDay, Trade
from exchange.rules import Profile, TradingMode
from rulebook.queries import business_date, calendar, rules_in_force
from rulebook.rules import BEIJING


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
    approval_is_demonstration: bool


def profile(at: datetime, scheme: str) -> Profile:
    """Return the rule values in force for a scheme on the business day of `at`."""
    return Profile({value.key: value for value in rules_in_force(at, scheme)})


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


def instruments(at: datetime, *, code: str = "") -> list[InstrumentView]:
    """Return all instruments (or one by code) as they stand at `at`, by code."""
    today = business_date(at)
    rows = Instrument.objects.order_by("code")
    if code:
        rows = rows.filter(code=code)
    days: dict[int, InstrumentDay] = {}
    for row in InstrumentDay.objects.filter(instrument__in=rows, day__lte=today).order_by("instrument_id", "day"):
        days[row.instrument_id] = row
    demonstration = set(
        ApprovalRecord.objects.filter(basis="demonstration", valid_from__lte=today, valid_to__gte=today).values_list(
            "instrument_id", flat=True
        )
    )
    return [_view(row, days.get(row.pk), row.pk in demonstration, at) for row in rows]


def _view(row: Instrument, day: InstrumentDay | None, demonstration: bool, at: datetime) -> InstrumentView:
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
        demonstration,
    )


def approval_in_force(instrument_id: int, day: date) -> ApprovalRecord | None:
    """Return the approval on which an instrument may trade continuously on a day."""
    rows = ApprovalRecord.objects.filter(instrument_id=instrument_id, valid_from__lte=day, valid_to__gte=day)
    return rows.order_by("-pk").first()


def live_halt(instrument_id: int, organisation_id: int | None, at: datetime) -> Halt | None:
    """Return a halt that stands in the way: of the instrument, of the participant, or of the whole market."""
    return (
        Halt.objects.filter(
            Q(instrument_id=instrument_id)
            | Q(organisation_id=organisation_id, organisation__isnull=False)
            | Q(instrument__isnull=True, organisation__isnull=True),
            Q(until__isnull=True) | Q(until__gt=at),
            since__lte=at,
            lifted_by__isnull=True,
        )
        .order_by("pk")
        .first()
    )


def live_halts() -> list[Halt]:
    """Return the halts that nobody has lifted, newest first."""
    return list(Halt.objects.filter(lifted_by__isnull=True).select_related("instrument").order_by("-pk"))


def _sessions_of(day: date, sessions: list[tuple[str, str]]) -> list[tuple[datetime, datetime]]:
    return [
        (
            datetime.combine(day, time.fromisoformat(start), BEIJING),
            datetime.combine(day, time.fromisoformat(end), BEIJING),
        )
        for start, end in sessions
    ]


def is_in_session(at: datetime, rules: Profile) -> bool:
    """Tell whether orders are taken in at `at`; a profile without sessions is always open."""
    if rules.sessions is None:
        return True
    day = business_date(at)
    return calendar().is_trading_day(day) and any(start <= at < end for start, end in _sessions_of(day, rules.sessions))


def next_opening(at: datetime, rules: Profile) -> datetime | None:
    """Return when the next session opens, None past the loaded calendar."""
    days, today = calendar(), business_date(at)
    following = days.next_trading_day(today)
    for day in (today, following):
        if day is not None and days.is_trading_day(day):
            for start, _ in _sessions_of(day, rules.sessions or []):
                if start > at:
                    return start
    return None


def session_instants(after: datetime, until: datetime) -> list[datetime]:
    """Return the openings and the closes of trading days in (after, until]: when `run_sessions` has something to do."""
    days = calendar()
    instants = []
    day = business_date(after)
    while day <= business_date(until) and days.is_loaded(day):
        if days.is_trading_day(day):
            at_noon = datetime.combine(day, time(12), BEIJING)
            sessions = _sessions_of(day, profile(at_noon, "nm_regional").sessions or [])
            if sessions:
                instants += [sessions[0][0], sessions[-1][1]]
        day += timedelta(days=1)
    return [instant for instant in instants if after < instant <= until]


def opens_again_today(at: datetime, rules: Profile) -> bool:
    """Tell whether another session of the same day is still to come."""
    return any(start > at for start, _ in _sessions_of(business_date(at), rules.sessions or []))


def traded_in_mode(instrument_id: int, day: date, mode: str) -> tuple[int, int]:
    """Return the quantity and the value in fen that traded on a day in one mode."""
    rows = Trade.objects.filter(instrument_id=instrument_id, business_date=day, mode=mode)
    found = rows.aggregate(quantity=Sum("quantity"), value=Sum("value_fen"))
    return found["quantity"] or 0, found["value"] or 0
