"""The trading day: opening with base price and limits, the call, the sessions, the close with lapses."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from exchange import queries, rules
from exchange.errors import ModeForbids
from exchange.models import Halt, Instrument, InstrumentDay, MatchState, Order
from exchange.rules import AFTER_CALL, GATHERS, OFF_BOOK, Phase, TimeInForce, TradingMode
from exchange.services.block_lapse import lapse_blocks
from exchange.services.large_holdings import note_large_holdings
from exchange.services.sequence import accept_event, lock_queues, tell_streams
from rulebook.queries import business_date


@transaction.atomic
def open_day(*, instrument_id: int, at: datetime) -> InstrumentDay:
    """Open an instrument's trading day if it is not open yet, and return it.

    Base price: the volume-weighted price of the last day with trades in the instrument's own mode, else the last base
    price, on the first day the initial price; limits are rounded inward. Posts outside the new limits sleep.
    """
    day = business_date(at)
    # Only one opens the day; others find it open.
    state = MatchState.objects.select_for_update().get(instrument_id=instrument_id, kind="match")
    found = queries.instrument_day(instrument_id, day)
    if found is not None:
        return found
    instrument = queries.instrument(instrument_id)
    profile = queries.profile(at, instrument.rule_scheme)
    mode = queries.mode_of_day(instrument, day)
    before = InstrumentDay.objects.filter(instrument_id=instrument_id, day__lt=day).order_by("-day").first()
    base = instrument.initial_price_fen if before is None else _base_price(before)
    band = profile.band(mode)
    lower, upper = (None, None)
    if band is not None:
        lower, upper = rules.price_limits(base_fen=base, band=band, tick_fen=profile.tick_fen)
    best = queries.book(instrument_id, lower=lower, upper=upper)
    first_event = tell_streams(
        instrument_id,
        [
            ("state", {"open": True, "day": day.isoformat(), "base_price_fen": base}),
            (
                "book",
                {
                    "sequence": state.sequence,
                    "at": at.isoformat(),
                    "bids": [(level.price_fen, level.quantity) for level in best.bids],
                    "asks": [(level.price_fen, level.quantity) for level in best.asks],
                },
            ),
        ],
    )
    opened = InstrumentDay.objects.create(
        instrument_id=instrument_id,
        day=day,
        mode=mode,
        base_price_fen=base,
        lower_fen=lower,
        upper_fen=upper,
        first_event=first_event,
        opened_at=at,
    )
    state.book_version += 1
    # A call that a halt kept open over the last close is not this day's; one of a scenario is ended by its own event.
    state.in_call = state.in_call and profile.schedule(mode).sessions is None
    state.save(update_fields=["book_version", "in_call"])
    return opened


def _base_price(before: InstrumentDay) -> int:
    quantity, value = queries.traded_in_mode(before.instrument_id, before.day, before.mode)
    return rules.volume_weighted_price(value_fen=value, quantity=quantity) if quantity else before.base_price_fen


@transaction.atomic
def advance_day(*, instrument_id: int, at: datetime) -> InstrumentDay:
    """Bring an instrument's trading day to the phase of `at` and return it; whoever comes first does it.

    The call begins and ends as events in the queue. While a halt stands in the way the call goes on; a call that
    nobody began in time has no length, and brings together what met over night. `at` is in a trading day.
    """
    lock_queues([instrument_id])
    day = open_day(instrument_id=instrument_id, at=at)
    profile = queries.profile(at, queries.instrument(instrument_id).rule_scheme)
    phase = queries.phase_at(at, profile, TradingMode(day.mode))
    if phase == day.phase or phase is Phase.CLOSED or day.closed_at is not None:
        return day
    if profile.schedule(TradingMode(day.mode)).call is not None:
        phase = _keep_the_call(day, phase, at)
    if phase != day.phase:
        day.phase = phase
        day.save(update_fields=["phase"])
        tell_streams(instrument_id, [("state", {"phase": phase.value})])
    return day


def _keep_the_call(day: InstrumentDay, phase: Phase, at: datetime) -> Phase:
    """Begin and end the day's call as far as `phase` asks for it; return the phase that the day has come to."""
    instrument_id, meets = day.instrument_id, phase in AFTER_CALL
    gathers = queries.is_in_call(instrument_id)
    if not gathers and day.phase == Phase.PRE_OPEN and (phase in GATHERS or _has_live_orders(instrument_id)):
        accept_event(instrument_id=instrument_id, kind="call", order_id=None, at=at)
        gathers = True
    if not (gathers and meets):
        return phase
    if queries.live_halt(instrument_id, None, at) is not None:
        return Phase.CALL_FIRM
    accept_event(instrument_id=instrument_id, kind="uncross", order_id=None, price_fen=day.base_price_fen, at=at)
    return phase


def _has_live_orders(instrument_id: int) -> bool:
    live = Order.objects.filter(instrument_id=instrument_id, remaining__gt=0)
    return live.exclude(kind__in=OFF_BOOK).exists()


@transaction.atomic
def begin_call(*, instrument_id: int, at: datetime) -> None:
    """Let orders gather for one price from here on, whatever the hour. Raises ModeForbids where that cannot be."""
    lock_queues([instrument_id])
    day = open_day(instrument_id=instrument_id, at=at)
    if day.mode != TradingMode.CONTINUOUS or queries.is_in_call(instrument_id):
        raise ModeForbids(mode=day.mode)
    accept_event(instrument_id=instrument_id, kind="call", order_id=None, at=at)


@transaction.atomic
def end_call(*, instrument_id: int, base_price_fen: int | None, at: datetime) -> None:
    """Let what has gathered meet at one price, near a base price if there is one. Raises ModeForbids without a call."""
    lock_queues([instrument_id])
    if not queries.is_in_call(instrument_id):
        raise ModeForbids(mode=TradingMode.CONTINUOUS.value)
    accept_event(instrument_id=instrument_id, kind="uncross", order_id=None, price_fen=base_price_fen, at=at)


@transaction.atomic
def close_day(*, instrument_id: int, day: date, at: datetime) -> int:
    """Close an instrument's trading day: DAY orders and those valid until then expire. Return how many expire.

    Their expiry is queued like any event and carried out by the matching job. Right when run late or twice.
    """
    lock_queues([instrument_id])
    closing = InstrumentDay.objects.select_for_update().filter(instrument_id=instrument_id, day=day).first()
    if closing is None or closing.closed_at is not None:
        return 0
    closing.closed_at, closing.phase = at, Phase.CLOSED
    closing.save(update_fields=["closed_at", "phase"])
    live = Order.objects.filter(instrument_id=instrument_id, remaining__gt=0).order_by("pk")
    due = [order.pk for order in live if _ends_with(order, day)]
    for order_id in due:
        accept_event(instrument_id=instrument_id, kind="expire", order_id=order_id, at=at)
    tell_streams(instrument_id, [("state", {"open": False, "day": day.isoformat(), "phase": Phase.CLOSED.value})])
    lapse_blocks(instrument_id=instrument_id, at=at)
    note_large_holdings(instrument_id=instrument_id, day=day, at=at)
    return len(due)


def _ends_with(order: Order, day: date) -> bool:
    if order.time_in_force == TimeInForce.DAY:
        return True
    return order.time_in_force == TimeInForce.GTD and order.valid_until is not None and order.valid_until <= day


def run_sessions(at: datetime) -> str:
    """Open, advance or close what is due at `at`, instrument by instrument; say what was done. Right when run late or
    twice.
    """
    day = business_date(at)
    opened = closed = lapsed = 0
    _end_due_halts(at)
    # Days that nobody closed in time: the installation stood still, or today's last session is over.
    for late in queries.unclosed_days(day):
        if late.day < day or _phase(late.instrument, TradingMode(late.mode), at) is Phase.CLOSED:
            lapsed += close_day(instrument_id=late.instrument_id, day=late.day, at=at)
            closed += 1
    days = queries.days_of(day)
    for instrument in Instrument.objects.filter(tradable_from__lte=day).order_by("pk"):
        found = days.get(instrument.pk)
        mode = TradingMode(found.mode) if found else queries.mode_of_day(instrument, day)
        phase = _phase(instrument, mode, at)
        if phase is not Phase.CLOSED and (found is None or (found.closed_at is None and found.phase != phase)):
            advance_day(instrument_id=instrument.pk, at=at)
            opened += found is None
    said = [f"{opened} instruments opened"] if opened else []
    if closed:
        said.append(f"{closed} instruments closed, {lapsed} orders lapse")
    return ", ".join(said)


def _phase(instrument: Instrument, mode: TradingMode, at: datetime) -> Phase:
    return queries.phase_at(at, queries.profile(at, instrument.rule_scheme), mode)


def _end_due_halts(at: datetime) -> None:
    """End the halts whose time is over, and tell the streams."""
    for due in Halt.objects.filter(ended_at__isnull=True, until__lte=at):
        with transaction.atomic():
            row = Halt.objects.select_for_update().get(pk=due.pk)
            if row.ended_at is None:
                row.ended_at = at
                row.save(update_fields=["ended_at"])
                tell_of_halt(row, halted=False)


def tell_of_halt(row: Halt, *, halted: bool) -> None:
    """Tell the streams of what a halt stops, of every instrument where it is of the market; of a participant nobody."""
    if row.organisation_id is not None:
        return
    said: dict[str, object] = {"halted": True, "reason": row.reason} if halted else {"halted": False}
    numbers = Instrument.objects.order_by("pk").values_list("pk", flat=True)
    for number in [row.instrument_id] if row.instrument_id else numbers:
        tell_streams(number, [("state", said)])
