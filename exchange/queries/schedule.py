"""Where the trading day stands: phases, openings and closes by the business clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from exchange.models import Instrument, MatchState, OrderEvent
from exchange.models.orders import OF_A_CALL
from exchange.queries.profile import profile
from exchange.rules import TAKES_ORDERS, Phase, Profile, TradingMode
from rulebook.queries import business_date, calendar
from rulebook.rules import BEIJING, beijing

SCHEME = "nm_regional"


def phase_at(at: datetime, rules: Profile, mode: TradingMode) -> Phase:
    """Return the phase of the trading day at `at`; a profile without sessions takes orders on any day."""
    schedule = rules.schedule(mode)
    if schedule.sessions is not None and not calendar().is_trading_day(business_date(at)):
        return Phase.CLOSED
    return schedule.phase(beijing(at).time())


def is_in_session(at: datetime, rules: Profile) -> bool:
    """Tell whether posts trade at `at`; a profile without sessions is always open."""
    return phase_at(at, rules, TradingMode.LISTED) is Phase.SESSION


def is_market_open(at: datetime) -> bool:
    """Tell whether posts can be taken at `at`."""
    return is_in_session(at, profile(at, SCHEME))


def next_opening(at: datetime, rules: Profile, mode: TradingMode = TradingMode.LISTED) -> datetime | None:
    """Return when orders are taken in next, None past the loaded calendar."""
    days, today = calendar(), business_date(at)
    following = days.next_trading_day(today)
    for day in (today, following):
        if day is not None and days.is_trading_day(day):
            for turn, phase in rules.schedule(mode).turns():
                instant = datetime.combine(day, turn, BEIJING)
                if instant > at and phase in TAKES_ORDERS:
                    return instant
    return None


def session_instants(after: datetime, until: datetime) -> list[datetime]:
    """Return when a phase begins on a trading day, in (after, until]: when `run_sessions` has something to do."""
    days = calendar()
    schemes = {SCHEME, *Instrument.objects.values_list("rule_scheme", flat=True).distinct()}
    instants: set[datetime] = set()
    day = business_date(after)
    while day <= business_date(until) and days.is_loaded(day):
        if days.is_trading_day(day):
            noon = datetime.combine(day, time(12), BEIJING)
            instants |= {
                datetime.combine(day, turn, BEIJING)
                for scheme in schemes
                for turn, _ in profile(noon, scheme).schedule(TradingMode.CONTINUOUS).turns()
            }
        day += timedelta(days=1)
    return sorted(instant for instant in instants if after < instant <= until)


def is_in_call(instrument_id: int) -> bool:
    """Tell whether orders gather for one price, once everything accepted so far has been carried out."""
    state = MatchState.objects.get(instrument_id=instrument_id, kind="match")
    waiting = OrderEvent.objects.filter(instrument_id=instrument_id, sequence__gt=state.sequence, kind__in=OF_A_CALL)
    newest = waiting.order_by("-sequence").values_list("kind", flat=True).first()
    return state.in_call if newest is None else newest == "call"
