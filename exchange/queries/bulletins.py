"""Published figures, reference prices and bulletins; and what is still to be published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet, Sum

from exchange.errors import BulletinNotThere
from exchange.models import Bulletin, DailyFigure, Halt, Instrument, InstrumentDay, MatchState, ReferencePrice, Trade
from exchange.queries.profile import REGIONAL, profile
from rulebook.queries import business_date, calendar
from rulebook.rules import BEIJING

LOOK_BACK = timedelta(days=40)  # Technical: how long an installation may have stood still and still catch up.


def bulletins() -> QuerySet[Bulletin]:
    """Return the published bulletins, newest first."""
    return Bulletin.objects.order_by("-day")


def bulletin(text: str) -> Bulletin:
    """Return the bulletin of a day, written as 2026-03-02. Raises BulletinNotThere, also for what is no day."""
    try:
        found = Bulletin.objects.filter(day=date.fromisoformat(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise BulletinNotThere
    return found


def is_published(day: date) -> bool:
    """Tell whether the bulletin of a day is out: nothing trades on that day any more."""
    return Bulletin.objects.filter(day=day).exists()


def figures_of(instrument_id: int | None, first: date, last: date) -> QuerySet[DailyFigure]:
    """Return the daily figures of a span of days, of one instrument or of all, oldest first."""
    rows = DailyFigure.objects.filter(day__gte=first, day__lte=last).select_related("instrument")
    if instrument_id is not None:
        rows = rows.filter(instrument_id=instrument_id)
    return rows.order_by("day", "instrument__code")


def references(*, credit_type: str = "", vintage_year: int | None = None) -> QuerySet[ReferencePrice]:
    """Return the reference prices, newest day first."""
    rows = ReferencePrice.objects.order_by("-day", "credit_type", "vintage_year")
    if credit_type:
        rows = rows.filter(credit_type=credit_type)
    return rows if vintage_year is None else rows.filter(vintage_year=vintage_year)


def newest_reference(credit_type: str, vintage_year: int) -> ReferencePrice | None:
    """Return the newest reference price of a type and vintage that is one, None before the first."""
    return references(credit_type=credit_type, vintage_year=vintage_year).exclude(price_fen=None).first()


def public_trades(
    instrument_id: int | None, first: date, last: date
) -> Iterator[tuple[int, datetime, str, str, int, int]]:
    """Give the trades of a span of days without parties, oldest first: id, instant, code, mode, fen, tonnes."""
    rows = Trade.objects.filter(business_date__gte=first, business_date__lte=last).order_by("pk")
    if instrument_id is not None:
        rows = rows.filter(instrument_id=instrument_id)
    yield from rows.values_list("pk", "at", "instrument__code", "mode", "price_fen", "quantity").iterator(
        chunk_size=2000
    )


def traded_by_type(day: date) -> dict[tuple[str, int], tuple[int, int, int]]:
    """Return, by type and vintage of every instrument that was open, the day's quantity, value and number of trades.

    Of trades of the books' own modes alone.
    """
    opened = Instrument.objects.filter(days__day=day)
    found = {(one.credit_type, one.vintage_year): (0, 0, 0) for one in opened}
    rows = DailyFigure.objects.filter(day=day).values_list("instrument__credit_type", "instrument__vintage_year")
    for credit_type, vintage, quantity, value, trades in rows.annotate(
        q=Sum("quantity"), v=Sum("value_fen"), n=Sum("trades")
    ):
        found[credit_type, vintage] = (quantity, value, trades)
    return found


@dataclass(frozen=True)
class DayEvents:
    """What was said of the market on a day: halts of products and of the whole, and admissions."""

    halts: list[Halt]
    admitted: list[Instrument]


def events_of_a_day(day: date) -> DayEvents:
    """Return the halts that began and the instruments that were admitted on a day; halts of participants are theirs."""
    begin = datetime.combine(day, time(), BEIJING)
    halts = Halt.objects.filter(organisation=None, since__gte=begin, since__lt=begin + timedelta(days=1))
    admitted = Instrument.objects.filter(admitted_on=day).order_by("code")
    return DayEvents(list(halts.select_related("instrument").order_by("pk")), list(admitted))


def days_to_publish(at: datetime) -> list[date]:
    """Return the trading days whose bulletin is due by `at` and is not out, oldest first."""
    today = business_date(at)
    opened = InstrumentDay.objects.filter(day__gt=today - LOOK_BACK, day__lte=today, instrument__in=_public())
    out = Bulletin.objects.filter(day__gt=today - LOOK_BACK).values("day")
    days = opened.exclude(day__in=out).order_by("day").values_list("day", flat=True).distinct()
    return [day for day in days if _due(day) <= at]


def is_day_unfinished(day: date) -> bool:
    """Tell whether an instrument is still open on a day, or has something of it in its queue."""
    if InstrumentDay.objects.filter(day=day, closed_at=None).exists():
        return True
    numbers = InstrumentDay.objects.filter(day=day).values("instrument_id")
    accepted = dict(
        MatchState.objects.filter(kind="accept", instrument_id__in=numbers).values_list("instrument_id", "sequence")
    )
    matched = dict(
        MatchState.objects.filter(kind="match", instrument_id__in=numbers).values_list("instrument_id", "sequence")
    )
    return any(sequence > matched[number] for number, sequence in accepted.items())


def bulletin_instants(after: datetime, until: datetime) -> list[datetime]:
    """Return when bulletins are due in (after, until]."""
    days, found = calendar(), []
    day = business_date(after)
    while day <= business_date(until) and days.is_loaded(day):
        if days.is_trading_day(day) and after < _due(day) <= until:
            found.append(_due(day))
        day += timedelta(days=1)
    return found


def _due(day: date) -> datetime:
    noon = datetime.combine(day, time(12), BEIJING)
    return datetime.combine(day, profile(noon, REGIONAL).bulletin_at, BEIJING)


def _public() -> QuerySet[Instrument]:
    return Instrument.objects.exclude(rule_scheme="replay")
