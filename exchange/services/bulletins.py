"""The day's bulletin: figures of every instrument, reference prices, what was halted and admitted; published once."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from exchange import queries
from exchange.models import Bulletin, DailyFigure, ReferencePrice
from exchange.queries.profile import REGIONAL
from exchange.rules import Reference, ReferenceMethod, reference_price
from rulebook.queries import calendar
from rulebook.rules import beijing

# Of the trades of a day: those of the book's modes with their prices, those beside it by quantity and value alone.
FIGURES = """
    INSERT INTO exchange_dailyfigure (instrument_id, day, mode, base_price_fen, lower_fen, upper_fen, open_fen,
        high_fen, low_fen, close_fen, vwap_fen, trades, quantity, value_fen, block_quantity, block_value_fen,
        auction_quantity, auction_value_fen)
    SELECT d.instrument_id, d.day, d.mode, d.base_price_fen, d.lower_fen, d.upper_fen,
        (array_agg(t.price_fen ORDER BY t.id) FILTER (WHERE t.mode = d.mode))[1],
        max(t.price_fen) FILTER (WHERE t.mode = d.mode), min(t.price_fen) FILTER (WHERE t.mode = d.mode),
        (array_agg(t.price_fen ORDER BY t.id DESC) FILTER (WHERE t.mode = d.mode))[1],
        round(sum(t.value_fen) FILTER (WHERE t.mode = d.mode) / sum(t.quantity) FILTER (WHERE t.mode = d.mode))::bigint,
        count(t.id) FILTER (WHERE t.mode = d.mode),
        coalesce(sum(t.quantity) FILTER (WHERE t.mode = d.mode), 0),
        coalesce(sum(t.value_fen) FILTER (WHERE t.mode = d.mode), 0),
        coalesce(sum(t.quantity) FILTER (WHERE t.mode = 'block_agreement'), 0),
        coalesce(sum(t.value_fen) FILTER (WHERE t.mode = 'block_agreement'), 0),
        coalesce(sum(t.quantity) FILTER (WHERE t.mode = 'one_way_auction'), 0),
        coalesce(sum(t.value_fen) FILTER (WHERE t.mode = 'one_way_auction'), 0)
    FROM exchange_instrumentday d
    LEFT JOIN exchange_trade t ON t.instrument_id = d.instrument_id AND t.business_date = d.day
    WHERE d.day = %s GROUP BY d.id"""


def publish_due_bulletins(at: datetime) -> str:
    """Publish the bulletins of the days that are due and whose queues are done; say which. Right when run twice."""
    said = []
    for day in queries.days_to_publish(at):
        if publish_bulletin(day=day, at=at) is not None:
            said.append(day.isoformat())
    return f"bulletin of {', '.join(said)}" if said else ""


@transaction.atomic
def publish_bulletin(*, day: date, at: datetime) -> Bulletin | None:
    """Publish the bulletin of a trading day and return it; None while something of the day is still to be carried out.

    Figures, reference prices and bulletin are written together; one that is out stays as it is.
    """
    with connection.cursor() as cursor:  # Only one publishes a day; others find it published.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"bulletin {day}"])
    found = Bulletin.objects.filter(day=day).first()
    if found is not None:
        return found
    if queries.is_day_unfinished(day):
        return None
    with connection.cursor() as cursor:
        cursor.execute(FIGURES, [day])
    _fix_references(day, at)
    body = _body(day)
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return Bulletin.objects.create(
        day=day, body=body, sha256=hashlib.sha256(text.encode()).hexdigest(), published_at=at
    )


def _fix_references(day: date, at: datetime) -> None:
    profile = queries.profile(at, REGIONAL)
    before = calendar().previous_trading_day(day)
    previous = {
        (row.credit_type, row.vintage_year): Reference(ReferenceMethod(row.method), row.price_fen, row.age)
        for row in (ReferencePrice.objects.filter(day=before) if before else ())
    }
    rows = []
    for (credit_type, vintage), (quantity, value, trades) in sorted(queries.traded_by_type(day).items()):
        found = reference_price(
            quantity=quantity,
            value_fen=value,
            least_tonnes=profile.reference_least_tonnes,
            previous=previous.get((credit_type, vintage)),
            most_days=profile.reference_carried_days,
        )
        rows.append(
            ReferencePrice(
                credit_type=credit_type,
                vintage_year=vintage,
                day=day,
                method=found.method,
                price_fen=found.price,
                age=found.age,
                quantity=quantity,
                value_fen=value,
                trades=trades,
            )
        )
    ReferencePrice.objects.bulk_create(rows)


def _body(day: date) -> dict[str, Any]:
    figures = DailyFigure.objects.filter(day=day).select_related("instrument").order_by("instrument__code")
    references = ReferencePrice.objects.filter(day=day).order_by("credit_type", "vintage_year")
    names = ("base_price_fen", "open_fen", "high_fen", "low_fen", "close_fen", "vwap_fen", "trades", "quantity",
             "value_fen", "block_quantity", "block_value_fen", "auction_quantity", "auction_value_fen")  # fmt: skip
    events = queries.events_of_a_day(day)
    return {
        "day": day.isoformat(),
        "instruments": [
            {
                "code": row.instrument.code,
                "name": f"{row.instrument.project_name} {row.instrument.vintage_year}",
                "mode": row.mode,
                **{name: getattr(row, name) for name in names},
            }
            for row in figures
        ],
        "references": [
            {
                "type": row.credit_type,
                "vintage": row.vintage_year,
                "method": row.method,
                "price_fen": row.price_fen,
                "age": row.age,
                "quantity": row.quantity,
            }
            for row in references
        ],
        "halts": [
            {
                "code": halt.instrument.code if halt.instrument else "",
                "number": halt.order_number,
                "reason": halt.reason,
                "since": beijing(halt.since).isoformat(timespec="minutes"),
            }
            for halt in events.halts
        ],
        "admitted": [{"code": one.code, "from": one.tradable_from.isoformat()} for one in events.admitted],
    }
