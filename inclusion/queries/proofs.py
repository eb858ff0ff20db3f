"""The invariants of this room, proved on the data as they are, without the code that guards them."""

from __future__ import annotations

from typing import Any

from django.db import connection

PROOFS: dict[str, tuple[str, str]] = {
    "offsets": (
        "a purchase counts the trades of its orders, once each, and retires exactly what they brought of a batch",
        """SELECT 'bought' AS what, p.id AS purchase, p.bought_units AS said, coalesce(t.units, 0) AS traded
           FROM inclusion_offsetpurchase p
           LEFT JOIN (SELECT o.purchase_id, sum(t.quantity) AS units FROM inclusion_purchaseorder o
                      JOIN exchange_trade t ON t.taker_order_id = o.order_id GROUP BY 1) t ON t.purchase_id = p.id
           WHERE p.state <> 'ordered' AND p.bought_units <> coalesce(t.units, 0)
           UNION ALL
           SELECT 'retired', p.id, p.retired_units, coalesce(r.tonnes, 0) FROM inclusion_offsetpurchase p
           LEFT JOIN (SELECT x.purchase_id, sum(r.tonnes) AS tonnes FROM inclusion_purchaseretirement x
                      JOIN registry_retirement r ON r.id = x.retirement_id AND r.state = 'retired' GROUP BY 1) r
             ON r.purchase_id = p.id
           WHERE p.state NOT IN ('ordered', 'bought') AND p.retired_units <> coalesce(r.tonnes, 0)
           UNION ALL
           SELECT 'batch', x.purchase_id, r.tonnes, coalesce(b.units, 0) FROM inclusion_purchaseretirement x
           JOIN registry_retirement r ON r.id = x.retirement_id
           LEFT JOIN (SELECT purchase_id, asset_id, sum(units) AS units FROM inclusion_bought GROUP BY 1, 2) b
             ON b.purchase_id = x.purchase_id AND b.asset_id = r.asset_id
           WHERE r.tonnes <> coalesce(b.units, 0)""",
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
