"""How much of an organisation's money may leave the platform now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from rulebook.queries import business_date
from settlement.queries.holdings import available_fen


@dataclass(frozen=True)
class Withdrawable:
    """In fen: what is available, what of it was sold for today less fees, and what may leave."""

    available_fen: int
    sales_fen: int

    @property
    def fen(self) -> int:
        return max(0, self.available_fen - self.sales_fen)


def withdrawable(organisation_id: int, at: datetime) -> Withdrawable:
    """Return what may leave at `at`: sale money buys at once and leaves only after the day (design, section 3)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT settlement_sales_of_day(%s, %s)", [organisation_id, business_date(at)])
        return Withdrawable(available_fen(organisation_id), max(0, int(cursor.fetchone()[0])))
