"""The matching job of one instrument: everything accepted since the last sequence number, in one transaction.

Trades, order states, settlement, releases and market events are written together or not at all. The accepted rows are
the queue; run twice, late or on two workers, each event is carried out once (the instrument's match row is locked, and
`event_is_matched_once` has the last word). A book kept in memory is checked by sequence and version, and rebuilt from
the rows where they differ.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from exchange import queries, rules
from exchange.models import Instrument, InstrumentDay, MatchState, Order, OrderEvent
from exchange.rules import Book, BookOrder, Side, TimeInForce, TradingMode
from exchange.services.match_events import carry_out
from exchange.services.match_run import MatchRun
from exchange.services.match_writing import write
from exchange.services.proposals import propose
from exchange.services.sequence import tell_streams


@dataclass
class _Kept:
    """A book in this worker's memory, and up to where it is right."""

    sequence: int
    version: int
    book: Book


_KEPT: dict[tuple[str, int], _Kept] = {}


def match_instrument(*, instrument_id: int, at: datetime, interrupt: Callable[[str], None] | None = None) -> int:
    """Carry out what was accepted for an instrument, at most one batch; return how many events were carried out.

    interrupt: told each named point as it is passed (tests kill the worker there).
    """
    reached = interrupt or (lambda _point: None)
    kept_as = (connection.settings_dict["NAME"], instrument_id)
    try:
        with transaction.atomic():
            done, kept = _match(instrument_id, at, kept_as, reached)
            reached("before_commit")
    except BaseException:
        _KEPT.pop(kept_as, None)  # The book has moved on, the rows have not.
        raise
    if kept is not None:
        _KEPT[kept_as] = kept
    reached("after_commit")
    return done


def carry_out_queue(*, instrument_id: int, at: datetime) -> int:
    """Carry out everything accepted for an instrument in the caller's transaction; return how many events.

    The book is built from the rows and kept nowhere: the caller's transaction may still be rolled back, and a book that
    had moved on meanwhile would be taken for right as soon as the rows reach its sequence by another way.
    """
    assert connection.in_atomic_block, "whoever carries out a queue decides when it is committed"
    kept_as = (connection.settings_dict["NAME"], instrument_id)
    done = 0
    try:
        while True:
            _KEPT.pop(kept_as, None)
            carried, _book = _match(instrument_id, at, kept_as, lambda _point: None)
            if not carried:
                return done
            done += carried
    finally:
        _KEPT.pop(kept_as, None)


def _match(
    instrument_id: int, at: datetime, kept_as: tuple[str, int], reached: Callable[[str], None]
) -> tuple[int, _Kept | None]:
    began = time.perf_counter()
    state = MatchState.objects.select_for_update().get(instrument_id=instrument_id, kind="match")
    instrument = queries.instrument(instrument_id)
    profile = queries.profile(at, instrument.rule_scheme)
    events = list(
        OrderEvent.objects.filter(instrument_id=instrument_id, sequence__gt=state.sequence).order_by("sequence")[
            : profile.most_events
        ]
    )
    # An amended price changes what the trades before it are checked against: an amendment begins a batch of its own.
    # So does the end of a call, whose batch has one price.
    for number, event in enumerate(events):
        if number and (event.kind in ("amend", "uncross") or events[number - 1].kind == "uncross"):
            events = events[:number]
            break
    day = InstrumentDay.objects.filter(instrument_id=instrument_id).order_by("-day").first()
    if not events or day is None:
        return 0, _KEPT.get(kept_as)
    reached("locked")
    kept = _KEPT.get(kept_as)
    if kept is None or (kept.sequence, kept.version) != (state.sequence, state.book_version):
        kept = _Kept(state.sequence, state.book_version, _book_from_rows(instrument, day, profile, state))
    needed = {pk for event in events for pk in (event.order_id, event.counterpart_id) if pk is not None}
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('exchange_matchbatch_id_seq')")
        batch_id = cursor.fetchone()[0]
    run = MatchRun(instrument, day, profile, at, kept.book, batch_id)
    run.take(needed)
    for event in events:
        carry_out(event, run)
    reached("matched")
    write(run)
    reached("settled")
    state.sequence = kept.sequence = events[-1].sequence
    state.in_call = kept.book.in_auction
    state.save(update_fields=["sequence", "in_call"])
    if run.day.mode == TradingMode.LISTED:
        propose(run)
    run.news.append(
        (
            "book",
            {
                "sequence": state.sequence,
                "at": at.isoformat(),
                "bids": kept.book.levels(Side.BUY, queries.BEST),
                "asks": kept.book.levels(Side.SELL, queries.BEST),
            },
        )
    )
    tell_streams(instrument_id, run.news)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO exchange_matchbatch (id, instrument_id, first_sequence, last_sequence, trades, took_ms, at)
               VALUES (%s, %s, %s, %s, %s, %s, %s)""",
            [
                batch_id,
                instrument_id,
                events[0].sequence,
                events[-1].sequence,
                len(run.trades),
                1000 * (time.perf_counter() - began),
                at,
            ],
        )
    return len(events), kept


def _book_from_rows(instrument: Instrument, day: InstrumentDay, profile: rules.Profile, state: MatchState) -> Book:
    """Return the book as the rows say; posts outside the day's limits sleep and are left out."""
    book = Book(
        mode=TradingMode(day.mode),
        tick=profile.tick_fen,
        self_trade_prevention=profile.self_trade_prevention,
        pick_levels=profile.pick_levels,
    )
    book.in_auction = state.in_call
    for order in queries.live_orders(instrument.pk):
        if _sleeps(order, day):
            continue
        book.restore(
            BookOrder(
                id=order.pk,
                participant=order.organisation_id,
                group=order.control_group,
                side=Side(order.side),
                price=order.price_fen,
                remaining=order.remaining,
                time_in_force=TimeInForce.GTC,  # Days are closed by queued expiries, not by the book.
                filled=order.filled,
                cancelled=order.cancelled,
                expired=order.expired,
                priority=order.priority,
            )
        )
    return book


def _sleeps(order: Order, day: InstrumentDay) -> bool:
    if day.lower_fen is None or day.upper_fen is None or order.price_fen is None:
        return False
    return not day.lower_fen <= order.price_fen <= day.upper_fen
