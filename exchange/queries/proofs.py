"""The invariants of the market, proved on the data as they are, without the code that guards them."""

from __future__ import annotations

from typing import Any

from django.db import connection

PROOFS: dict[str, tuple[str, str]] = {
    "I9": (
        "ordered = filled + cancelled + expired + remaining; filled = the order's trades; held, counted = what remains",
        """SELECT 'order' AS what, o.id, o.quantity, o.filled, coalesce(t.quantity, 0) AS traded FROM exchange_order o
           LEFT JOIN (SELECT id, sum(quantity) AS quantity FROM (
               SELECT maker_order_id AS id, quantity FROM exchange_trade
               UNION ALL SELECT taker_order_id, quantity FROM exchange_trade) x GROUP BY id) t ON t.id = o.id
           WHERE o.quantity <> o.filled + o.cancelled + o.expired + o.remaining OR o.filled <> coalesce(t.quantity, 0)
           UNION ALL
           SELECT 'held units of organisation ' || h.organisation_id, h.asset_id, h.units, coalesce(o.units, 0), 0
           FROM settlement_holding h JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'credit'
           LEFT JOIN (SELECT organisation_id, asset_id, sum(held_units) AS units FROM exchange_order
                      WHERE side = 'sell' GROUP BY 1, 2) o USING (organisation_id, asset_id)
           WHERE h.purpose = 'held_for_orders' AND h.units <> coalesce(o.units, 0)
           UNION ALL
           SELECT 'held money of organisation ' || h.organisation_id, h.id, h.units, coalesce(o.fen, 0), 0
           FROM settlement_holding h JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'cash'
           LEFT JOIN (SELECT organisation_id, sum(held_fen) AS fen FROM (
               SELECT organisation_id, held_fen FROM exchange_order WHERE side = 'buy'
               UNION ALL SELECT organisation_id, deposit_fen FROM exchange_auctionentrant WHERE returned_at IS NULL
               UNION ALL SELECT o.organisation_id, e.extra_held FROM exchange_orderevent e
               JOIN exchange_order o ON o.id = e.order_id AND o.side = 'buy'
               JOIN exchange_matchstate m ON m.instrument_id = e.instrument_id AND m.kind = 'match'
               WHERE e.sequence > m.sequence) held GROUP BY 1) o USING (organisation_id)
           WHERE h.purpose = 'held_for_orders' AND h.units <> coalesce(o.fen, 0)
           UNION ALL
           SELECT 'open purchases of organisation ' || p.organisation_id, p.instrument_id,
                  p.units - coalesce(d.units, 0), coalesce(o.tonnes, 0), 0
           FROM exchange_purchasesasked p LEFT JOIN exchange_purchasesdone d USING (instrument_id, organisation_id)
           LEFT JOIN (SELECT instrument_id, organisation_id, sum(tonnes) AS tonnes FROM (
               SELECT instrument_id, organisation_id, remaining AS tonnes FROM exchange_order
               WHERE side = 'buy' AND NOT retires
               UNION ALL SELECT o.instrument_id, o.organisation_id, e.adds FROM exchange_orderevent e
               JOIN exchange_order o ON o.id = e.order_id AND NOT o.retires
               JOIN exchange_matchstate m ON m.instrument_id = e.instrument_id AND m.kind = 'match'
               WHERE e.sequence > m.sequence) open GROUP BY 1, 2) o USING (instrument_id, organisation_id)
           WHERE p.units - coalesce(d.units, 0) <> coalesce(o.tonnes, 0)""",
    ),
    "I10": (
        "a trade has its maker's price and two control groups; no live pair crosses in continuous trading",
        """SELECT 'trade' AS what, t.id FROM exchange_trade t
           WHERE t.buyer_group = t.seller_group OR t.buyer_id = t.seller_id
           UNION ALL SELECT 'crossed book', i.id FROM exchange_instrument i
           JOIN exchange_matchstate m ON m.instrument_id = i.id AND m.kind = 'match' AND NOT m.in_call
           JOIN LATERAL (SELECT d.mode, d.lower_fen, d.upper_fen FROM exchange_instrumentday d
                         WHERE d.instrument_id = i.id ORDER BY d.day DESC LIMIT 1) d ON d.mode = 'continuous'
           WHERE (SELECT max(price_fen) FROM exchange_order WHERE instrument_id = i.id AND side = 'buy'
                  AND status IN ('live', 'partially_filled') AND price_fen <= coalesce(d.upper_fen, price_fen))
              >= (SELECT min(price_fen) FROM exchange_order WHERE instrument_id = i.id AND side = 'sell'
                  AND status IN ('live', 'partially_filled') AND price_fen >= coalesce(d.lower_fen, price_fen))""",
    ),
    "I11": (
        "one trade, one settlement: value = quantity x price, units and money in one entry",
        """SELECT t.id AS trade, t.entry_id AS entry FROM exchange_trade t
           LEFT JOIN settlement_entrykey k ON k.entry_id = t.entry_id
           WHERE t.value_fen <> t.quantity * t.price_fen OR k.key IS DISTINCT FROM 'trade:' || t.id
              OR NOT EXISTS (SELECT FROM settlement_leg l WHERE l.entry_id = t.entry_id AND l.asset_id = t.asset_id
                             AND l.units = t.quantity)
           UNION ALL SELECT NULL, e.id FROM settlement_entry e
           WHERE e.kind = 'trade' AND NOT EXISTS (SELECT FROM exchange_trade t WHERE t.entry_id = e.id)""",
    ),
    "I14": (
        "an instrument's sequences rise by one without gaps, up to what its counters say",
        """SELECT instrument_id AS instrument, 'events' AS what, count(*) AS rows, max(sequence) AS last
           FROM exchange_orderevent GROUP BY 1 HAVING count(*) <> max(sequence) OR min(sequence) <> 1
           UNION ALL SELECT instrument_id, 'market', count(*), max(sequence)
           FROM exchange_marketevent GROUP BY 1 HAVING count(*) <> max(sequence) OR min(sequence) <> 1
           UNION ALL SELECT s.instrument_id, s.kind || ' counter', count(e.sequence), s.sequence
           FROM exchange_matchstate s LEFT JOIN (
             SELECT instrument_id, 'accept' AS kind, sequence FROM exchange_orderevent
             UNION ALL SELECT instrument_id, 'market', sequence FROM exchange_marketevent) e
             ON e.instrument_id = s.instrument_id AND e.kind = s.kind
           WHERE s.kind IN ('accept', 'market') GROUP BY s.instrument_id, s.kind, s.sequence
           HAVING coalesce(max(e.sequence), 0) <> s.sequence
           UNION ALL SELECT m.instrument_id, 'matched beyond accepted', m.sequence, a.sequence
           FROM exchange_matchstate m JOIN exchange_matchstate a ON a.instrument_id = m.instrument_id
           WHERE m.kind = 'match' AND a.kind = 'accept' AND m.sequence > a.sequence""",
    ),
}


def broken_invariants(*, most: int = 20) -> dict[str, dict[str, Any]]:
    """Return, for each invariant of this room, its sentence and at most `most` rows that break it (none: it holds)."""
    answers = {}
    with connection.cursor() as cursor:
        for name, (sentence, sql) in PROOFS.items():
            cursor.execute(f"{sql} LIMIT {most:d}")
            columns = [column.name for column in cursor.description]
            answers[name] = {"holds": sentence, "broken": [dict(zip(columns, row, strict=True)) for row in cursor]}
    return answers
