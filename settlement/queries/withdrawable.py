"""How much of an organisation's money may leave the platform now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from rulebook.queries import business_date
from settlement.queries.holdings import available_fen


@dataclass(frozen=True)
class Withdrawable:
    """In fen: what is available, what of it was sold for on days not yet closed less fees, what objections claim."""

    available_fen: int
    sales_fen: int
    claimed_fen: int

    @property
    def fen(self) -> int:
        """What may leave."""
        return max(0, self.available_fen - self.sales_fen - self.claimed_fen)


def withdrawable(organisation_id: int, at: datetime) -> Withdrawable:
    """Return what may leave at `at`: sale money buys at once and leaves after the day's close (design, section 3)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT greatest(0, settlement_sales_not_closed(%s, %s)), settlement_claimed_from(%s)",
            [organisation_id, business_date(at), organisation_id],
        )
        sales, claimed = cursor.fetchone()
        return Withdrawable(available_fen(organisation_id), int(sales), int(claimed))
