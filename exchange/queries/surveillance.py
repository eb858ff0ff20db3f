"""What surveillance has found, its evidence on a time line, cases, and the letters to a party."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, QuerySet

from accounts.queries import organisations
from accounts.rules import Actor, OrganisationView
from exchange.errors import AlertNotThere, CaseNotThere, LetterNotThere
from exchange.models import (
    CaseMeasure,
    InstrumentDay,
    Order,
    SurveillanceAlert,
    SurveillanceCase,
    Trade,
    WatchedDay,
)
from exchange.queries.journal import journal
from exchange.rules.surveillance import Moment, OrderMoment
from rulebook.queries import business_date


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts are wanted; empty: all. state: open, in_case or dismissed."""

    pattern: str = ""
    code: str = ""
    day: date | None = None
    state: str = ""


@dataclass(frozen=True)
class Replay:
    """The evidence on its time line: the moments of the orders and trades of an alert, and the prices between.

    points: instant, last price, best bid, best ask, each in fen, of every moment of these days.
    """

    rows: tuple[Moment, ...]
    points: tuple[tuple[datetime, int, int | None, int | None], ...]


def days_to_watch() -> list[tuple[int, date]]:
    """Return the instruments' days that are closed and were not looked at, oldest first."""
    watched = WatchedDay.objects.values_list("instrument_id", "day")
    newest: dict[int, date] = {}
    for instrument_id, day in watched.order_by("instrument_id", "-day").distinct("instrument_id"):
        newest[instrument_id] = day
    rows = InstrumentDay.objects.filter(closed_at__isnull=False)
    pairs = rows.order_by("day", "instrument_id").values_list("instrument_id", "day")
    return [(number, day) for number, day in pairs if number not in newest or day > newest[number]]


def alerts_visible_to(actor: Actor, asked: AlertFilter | None = None) -> QuerySet[SurveillanceAlert]:
    """Return the alerts `actor` may see, newest first, with product and case."""
    rows = SurveillanceAlert.objects.visible_to(actor).select_related("instrument", "case", "dismissed_by")
    if asked is not None:
        if asked.pattern:
            rows = rows.filter(pattern=asked.pattern)
        if asked.code:
            rows = rows.filter(instrument__code=asked.code)
        if asked.day:
            rows = rows.filter(day=asked.day)
        if asked.state:
            in_case, dismissed = asked.state == "in_case", asked.state == "dismissed"
            rows = rows.filter(case__isnull=not in_case, dismissed_at__isnull=not dismissed)
    return rows.order_by("-pk")


def alert(actor: Actor, alert_id: int) -> SurveillanceAlert:
    """Return one alert. Raises AlertNotThere."""
    row = alerts_visible_to(actor).filter(pk=alert_id).first()
    if row is None:
        raise AlertNotThere
    return row


def parties_of(rows: list[SurveillanceAlert]) -> dict[int, OrganisationView]:
    """Return the organisations that alerts are about, by id."""
    return organisations({who for row in rows for who in row.organisations})


def parties_of_case(case_id: int) -> dict[int, OrganisationView]:
    """Return the organisations that a case's alerts are about, by id."""
    return parties_of(list(SurveillanceAlert.objects.filter(case_id=case_id)))


def replay(row: SurveillanceAlert) -> Replay:
    """Return an alert's evidence as it happened, each moment with what stood in the book right before it."""
    orders, trades = set(row.evidence["orders"]), set(row.evidence["trades"])
    instants = [
        *Order.objects.filter(pk__in=orders).values_list("at", flat=True),
        *Trade.objects.filter(pk__in=trades).values_list("at", flat=True),
    ]
    wanted = {business_date(at) for at in instants}
    days = InstrumentDay.objects.filter(instrument_id=row.instrument_id, day__in=wanted, day__lte=row.day)
    shown: list[Moment] = []
    points = []
    for day in days.select_related("instrument").order_by("day"):
        found = journal(day)
        for moment in found.walk()[0] if found else ():
            is_order = isinstance(moment, OrderMoment)
            if (moment.order_id in orders) if is_order else (moment.trade.id in trades):  # type: ignore[union-attr]
                shown.append(moment)
            market = moment.market
            points.append((moment.at, market.last_fen, market.bid_fen, market.ask_fen))
    return Replay(tuple(shown), tuple(points))


def cases_visible_to(actor: Actor) -> QuerySet[SurveillanceCase]:
    """Return the cases `actor` may see, those that are open first, then the newest."""
    rows = SurveillanceCase.objects.visible_to(actor).select_related("opened_by", "closed_by")
    return rows.order_by(F("closed_at").desc(nulls_first=True), "-pk")


def case(actor: Actor, case_id: int) -> SurveillanceCase:
    """Return one case. Raises CaseNotThere."""
    row = cases_visible_to(actor).filter(pk=case_id).first()
    if row is None:
        raise CaseNotThere
    return row


def measures_of(case_id: int) -> list[CaseMeasure]:
    """Return the measures of a case, oldest first, with who took, checked and answered them."""
    rows = CaseMeasure.objects.filter(case_id=case_id)
    return list(rows.select_related("organisation", "maker", "checker", "answered_by", "halt").order_by("pk"))


def letters_visible_to(actor: Actor) -> QuerySet[CaseMeasure]:
    """Return what the exchange has written to the actor's organisation, newest first."""
    return CaseMeasure.objects.letters_of(actor).select_related("case", "answered_by").order_by("-pk")


def letter(actor: Actor, measure_id: int) -> CaseMeasure:
    """Return one letter to the actor's organisation. Raises LetterNotThere."""
    row = letters_visible_to(actor).filter(pk=measure_id).first()
    if row is None:
        raise LetterNotThere
    return row
