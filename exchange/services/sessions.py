"""The trading day: opening with base price and limits, close with lapses."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from exchange import queries, rules
from exchange.models import Instrument, InstrumentDay, MatchState, Order
from exchange.queries.instruments import is_in_session
from exchange.rules import TimeInForce, TradingMode
from exchange.services.sequence import accept_event, lock_queues, tell_streams
from rulebook.queries import business_date, is_trading_day


@transaction.atomic
def open_day(*, instrument_id: int, at: datetime) -> InstrumentDay:
    """Open an instrument's trading day if it is not open yet, and return it.

    Base price: the volume-weighted price of the last day with trades in the instrument's own mode, else the last base
    price, on the first day the initial price; limits are rounded inward. Posts outside the new limits sleep.
    """
    day = business_date(at)
    # Only one opens the day; others find it open.
    MatchState.objects.select_for_update().get(instrument_id=instrument_id, kind="match")
    found = queries.instrument_day(instrument_id, day)
    if found is not None:
        return found
    instrument = queries.instrument(instrument_id)
    profile = queries.profile(at, instrument.rule_scheme)
    mode = TradingMode(instrument.mode)
    if mode is TradingMode.CONTINUOUS and instrument.rule_scheme != "replay":
        mode = mode if queries.approval_in_force(instrument_id, day) else TradingMode.LISTED
    before = InstrumentDay.objects.filter(instrument_id=instrument_id, day__lt=day).order_by("-day").first()
    base = instrument.initial_price_fen if before is None else _base_price(before)
    band = profile.band(mode)
    lower, upper = (None, None)
    if band is not None:
        lower, upper = rules.price_limits(base_fen=base, band=band, tick_fen=profile.tick_fen)
    opened = InstrumentDay.objects.create(
        instrument_id=instrument_id,
        day=day,
        mode=mode,
        base_price_fen=base,
        lower_fen=lower,
        upper_fen=upper,
        opened_at=at,
    )
    _rebuild_book(instrument_id)
    tell_streams(instrument_id, [("state", {"open": True, "day": day.isoformat(), "base_price_fen": base})])
    return opened


def _base_price(before: InstrumentDay) -> int:
    quantity, value = queries.traded_in_mode(before.instrument_id, before.day, before.mode)
    return rules.volume_weighted_price(value_fen=value, quantity=quantity) if quantity else before.base_price_fen


def _rebuild_book(instrument_id: int) -> None:
    state = MatchState.objects.get(instrument_id=instrument_id, kind="match")
    state.book_version += 1
    state.save(update_fields=["book_version"])


@transaction.atomic
def close_day(*, instrument_id: int, day: date, at: datetime) -> int:
    """Close an instrument's trading day: DAY orders and those valid until then expire. Return how many expire.

    Their expiry is queued like any event and carried out by the matching job. Right when run late or twice.
    """
    lock_queues([instrument_id])
    closing = InstrumentDay.objects.select_for_update().filter(instrument_id=instrument_id, day=day).first()
    if closing is None or closing.closed_at is not None:
        return 0
    closing.closed_at = at
    closing.save(update_fields=["closed_at"])
    live = Order.objects.filter(instrument_id=instrument_id, remaining__gt=0).order_by("pk")
    due = [order.pk for order in live if _ends_with(order, day)]
    for order_id in due:
        accept_event(instrument_id=instrument_id, kind="expire", order_id=order_id, at=at)
    tell_streams(instrument_id, [("state", {"open": False, "day": day.isoformat()})])
    return len(due)


def _ends_with(order: Order, day: date) -> bool:
    if order.time_in_force == TimeInForce.DAY:
        return True
    return order.time_in_force == TimeInForce.GTD and order.valid_until is not None and order.valid_until <= day


def run_sessions(at: datetime) -> str:
    """Open or close what is due at `at`, instrument by instrument; say what was done. Right when run late or twice."""
    day = business_date(at)
    opened = closed = lapsed = 0
    # Days that nobody closed in time: the installation stood still, or today's last session is over.
    for late in InstrumentDay.objects.filter(closed_at__isnull=True, day__lte=day).order_by("instrument_id", "day"):
        profile = queries.profile(at, late.instrument.rule_scheme)
        if late.day < day or not (is_in_session(at, profile) or queries.opens_again_today(at, profile)):
            lapsed += close_day(instrument_id=late.instrument_id, day=late.day, at=at)
            closed += 1
    if is_trading_day(day):
        already = set(InstrumentDay.objects.filter(day=day).values_list("instrument_id", flat=True))
        for instrument in Instrument.objects.filter(tradable_from__lte=day).order_by("pk"):
            if instrument.pk not in already and is_in_session(at, queries.profile(at, instrument.rule_scheme)):
                open_day(instrument_id=instrument.pk, at=at)
                opened += 1
    said = [f"{opened} instruments opened"] if opened else []
    if closed:
        said.append(f"{closed} instruments closed, {lapsed} orders lapse")
    return ", ".join(said)
