"""An instrument's day as surveillance looks at it: the queue's events with what came of each, in order.

Of its book alone: what is agreed beside it (a block, an auction) was confirmed or announced by the exchange itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection

from accounts.queries import organisations
from exchange.models import InstrumentDay, MatchState, Order, WatchedDay
from exchange.queries.profile import profile
from exchange.rules import OrderStatus, OrderType, Side, TimeInForce, TradingMode
from exchange.rules.surveillance import Disclosure, Moment, Resting, Step, Traded, Walk, Watched, look_back_days
from rulebook.queries import calendar
from rulebook.rules import BEIJING

IMMEDIATE = (TimeInForce.IOC.value, TimeInForce.FOK.value)
BY_OTHERS = ("frozen", "barred")  # Whose cancellation was not its owner's.
OF_A_SALE = "round_trip_interval"  # A resting purchase that ended when its owner sold.
EVENTS = """
    SELECT e.sequence, e.at, e.kind, e.order_id, e.price_fen, e.quantity, e.adds, e.extra_held, o.organisation_id,
           o.control_group, o.side, o.price_fen AS limit_fen, o.quantity AS ordered, o.kind AS order_kind, o.type,
           o.time_in_force, o.posts_rest, o.minimum_quantity, o.status, o.reject_code,
           o.status = 'cancelled' AND o.reject_code = '' AND NOT EXISTS (
               SELECT FROM exchange_orderevent c WHERE c.order_id = o.id AND c.kind = 'cancel') AS ended_by_itself,
           (SELECT max(l.sequence) FROM exchange_orderevent l
            WHERE l.order_id = o.id AND l.kind IN ('order', 'amend')) AS last_own
    FROM exchange_orderevent e LEFT JOIN exchange_order o ON o.id = e.order_id
    WHERE e.instrument_id = %s AND e.sequence > %s AND e.sequence <= %s
      AND (o.kind IS NULL OR o.kind NOT IN ('block', 'auction')) ORDER BY e.sequence"""
TRADES = """
    SELECT t.id, t.business_date, t.at, t.maker_order_id, t.taker_order_id, t.buyer_id, t.seller_id, t.buyer_group,
           t.seller_group, t.taker_side, t.price_fen, t.quantity, t.mode, t.at_call, b.first_sequence, b.last_sequence
    FROM exchange_matchbatch b JOIN exchange_trade t ON t.batch_id = b.id
    WHERE b.instrument_id = %s AND b.last_sequence > %s AND b.first_sequence <= %s
      AND t.mode NOT IN ('block_agreement', 'one_way_auction') ORDER BY t.id"""
EARLIER = """
    SELECT t.id, t.business_date, t.at, t.maker_order_id, t.taker_order_id, t.buyer_id, t.seller_id, t.buyer_group,
           t.seller_group, t.taker_side, t.price_fen, t.quantity, t.mode, t.at_call
    FROM exchange_trade t
    WHERE t.instrument_id = %s AND t.business_date >= %s AND t.business_date < %s
      AND t.mode NOT IN ('block_agreement', 'one_way_auction') ORDER BY t.id"""
DISCLOSURES = """
    SELECT 'halt:' || h.id, h.since FROM exchange_halt h
    WHERE h.organisation_id IS NULL AND (h.instrument_id IS NULL OR h.instrument_id = %(instrument)s)
      AND h.since >= %(since)s AND h.since < %(until)s
    UNION ALL
    SELECT 'freeze:' || f.id, f.since FROM settlement_assetfreeze f JOIN batch b ON b.id = f.asset_id
    WHERE f.since >= %(since)s AND f.since < %(until)s
    UNION ALL
    SELECT 'unfreeze:' || f.id, f.lifted_at FROM settlement_assetfreeze f JOIN batch b ON b.id = f.asset_id
    WHERE f.lifted_at >= %(since)s AND f.lifted_at < %(until)s
    UNION ALL
    SELECT DISTINCT 'issue:' || e.id, e.at FROM settlement_entry e JOIN settlement_leg l ON l.entry_id = e.id
    JOIN batch b ON b.id = l.asset_id WHERE e.kind = 'issue' AND e.business_date = %(day)s
    ORDER BY 2, 1"""
BATCH = """WITH batch AS (
    SELECT a.id FROM settlement_asset a JOIN exchange_instrument i ON i.id = %(instrument)s
        AND a.project_code = i.project_code AND a.vintage_year = i.vintage_year AND a.kind = 'credit')"""


@dataclass(frozen=True)
class Journal:
    """A day of an instrument: what stood open before it, its steps, and the last event that belongs to it."""

    day: InstrumentDay
    resting: tuple[Resting, ...]
    steps: tuple[Step, ...]
    last_sequence: int

    def walk(self) -> tuple[list[Moment], Walk]:
        """Return the moments of the day, and the book at its end."""
        walk = Walk(
            self.resting,
            base_fen=self.day.base_price_fen,
            lower_fen=self.day.lower_fen,
            upper_fen=self.day.upper_fen,
        )
        return [moment for step in self.steps for moment in walk.take(step)], walk


def begin_of(day: date) -> datetime:
    """Return when a business day begins."""
    return datetime.combine(day, time(), BEIJING)


def journal(day: InstrumentDay) -> Journal | None:
    """Return a day's journal; None while something of it has not been carried out.

    It begins where the last day that was watched ended, so that what happened between two days is left out of none.
    """
    before = WatchedDay.objects.filter(instrument_id=day.instrument_id, day__lt=day.day).order_by("-day").first()
    first = before.last_sequence if before else 0
    done = MatchState.objects.get(instrument_id=day.instrument_id, kind="match").sequence
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(max(sequence), %s) FROM exchange_orderevent
               WHERE instrument_id = %s AND sequence > %s AND at < %s""",
            [first, day.instrument_id, first, begin_of(day.day + timedelta(days=1))],
        )
        last = int(cursor.fetchone()[0])
    if last > done:
        return None
    resting = _resting(before.book if before else [])
    steps = _steps(day.instrument_id, first, last, [order.order_id for order in resting])
    return Journal(day, resting, tuple(steps), last)


def watched(journal: Journal, moments: Sequence[Moment]) -> Watched:
    """Return a day with its moments as the patterns look at it, with the trades of the days they look back on."""
    day = journal.day
    rules = profile(begin_of(day.day) + timedelta(hours=12), day.instrument.rule_scheme)
    days = [day.day]
    while len(days) < look_back_days(rules):
        previous = calendar().previous_trading_day(days[0])
        if previous is None:
            break
        days.insert(0, previous)
    with connection.cursor() as cursor:
        cursor.execute(EARLIER, [day.instrument_id, days[0], day.day])
        earlier = _traded(cursor.fetchall())
        cursor.execute(
            BATCH + DISCLOSURES,
            {
                "instrument": day.instrument_id,
                "day": day.day,
                "since": begin_of(day.day),
                "until": begin_of(day.day + timedelta(days=1)),
            },
        )
        disclosures = [Disclosure(*row) for row in cursor]
    sessions = rules.schedule(TradingMode(day.mode)).sessions
    return Watched(
        moments=moments,
        earlier=earlier,
        disclosures=disclosures,
        trading_days=days,
        base_fen=day.base_price_fen,
        closes_at=datetime.combine(day.day, sessions[-1][1], BEIJING) if sessions else None,
    )


def _resting(book: Iterable[Sequence[int]]) -> tuple[Resting, ...]:
    kept = {order_id: (price, remaining) for order_id, price, remaining in book}
    rows = Order.objects.filter(pk__in=kept).order_by("pk")
    return tuple(Resting(row.pk, row.organisation_id, row.control_group, Side(row.side), *kept[row.pk]) for row in rows)


def _steps(instrument_id: int, first: int, last: int, resting: list[int]) -> list[Step]:
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, [instrument_id, first, last])
        names = [column.name for column in cursor.description]
        events = [dict(zip(names, row, strict=True)) for row in cursor]
        cursor.execute(TRADES, [instrument_id, first, last])
        rows = cursor.fetchall()
    trades = _trades_by_event(_traded([row[:-2] for row in rows]), [row[-2:] for row in rows], events)
    ids = {event["order_id"] for event in events if event["order_id"]} | set(resting)
    ended: dict[int, list[int]] = defaultdict(list)
    for pk, holder in (
        Order.objects.filter(pk__in=ids, reject_code=OF_A_SALE).order_by("pk").values_list("pk", "organisation_id")
    ):
        ended[holder].append(pk)
    return [
        _step(event, trades.get(event["sequence"], ()), ended)
        for event in events
        if event["status"] != OrderStatus.REJECTED.value or _met_its_own(event)
    ]


def _step(event: dict[str, Any], trades: Sequence[Traded], ended: dict[int, list[int]]) -> Step:
    kind, sequence = event["kind"], event["sequence"]
    if event["order_id"] is None:
        return Step(sequence, event["at"], kind, trades=tuple(trades), ends=_ends(trades, ended))
    price, quantity = event["price_fen"], event["quantity"]
    if kind == "order":  # Orders from before their events said it are taken as they stand now.
        price = event["limit_fen"] if price is None else price
        quantity = event["ordered"] if quantity is None else quantity
    adds = None
    if kind == "amend":
        adds = event["extra_held"] if event["side"] == Side.SELL.value else event["adds"]
    ends_here = event["ended_by_itself"] and sequence == event["last_own"]
    return Step(
        sequence,
        event["at"],
        kind,
        event["order_id"],
        event["organisation_id"],
        event["control_group"],
        Side(event["side"]),
        price,
        quantity,
        adds,
        tuple(trades),
        rests=_may_rest(event) and not ends_here,
        stopped=_met_its_own(event) or (ends_here and _may_rest(event) and not event["minimum_quantity"]),
        withdraws=event["reject_code"] in BY_OTHERS,
        ends=_ends(trades, ended),
    )


def _may_rest(event: dict[str, Any]) -> bool:
    if event["order_kind"] == "accept":
        return bool(event["posts_rest"])
    return (
        event["order_kind"] == "place"
        and event["type"] == OrderType.LIMIT.value
        and event["time_in_force"] not in IMMEDIATE
    )


def _met_its_own(event: dict[str, Any]) -> bool:
    return event["kind"] == "order" and event["reject_code"] == "self_trade"


def _ends(trades: Sequence[Traded], ended: dict[int, list[int]]) -> tuple[int, ...]:
    sellers = {trade.seller_id for trade in trades}
    return tuple(pk for seller in sorted(sellers) for pk in ended.get(seller, ()))


def _trades_by_event(
    trades: Sequence[Traded], batches: Sequence[tuple[int, int]], events: Sequence[dict[str, Any]]
) -> dict[int, list[Traded]]:
    """Return each trade with the event that led to it: its taker's within the batch, of a call the call's end."""
    of_order: dict[int | None, list[int]] = defaultdict(list)
    for event in events:
        if event["kind"] in ("order", "amend", "confirm"):
            of_order[event["order_id"]].append(event["sequence"])
        elif event["kind"] == "uncross":
            of_order[None].append(event["sequence"])
    found: dict[int, list[Traded]] = defaultdict(list)
    for trade, (first, last) in zip(trades, batches, strict=True):
        sequences = of_order[None if trade.at_call else trade.taker_order_id]
        place = bisect_left(sequences, first)
        if place < len(sequences) and sequences[place] <= last:
            found[sequences[place]].append(trade)
    return found


def _traded(rows: Sequence[Sequence[Any]]) -> list[Traded]:
    """Return trades; parties that belong to one group by now are shown as that group."""
    parties = organisations({who for row in rows for who in (row[5], row[6])})
    found = []
    for row in rows:
        values = list(row)
        buyer, seller = parties[row[5]].control_group, parties[row[6]].control_group
        if buyer == seller:
            values[7] = values[8] = buyer
        values[9] = Side(row[9])
        found.append(Traded(*values))
    return found
