"""Objections to the settlement of trades, and what may still be objected to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from accounts.rules import Actor
from rulebook.queries import business_date
from settlement.errors import ObjectionNotThere
from settlement.models import Objection, SettlementDay


@dataclass(frozen=True)
class ObjectionableTrade:
    """A settled trade as one of its parties may object to it: against whom, over at most how much, in fen."""

    entry_id: int
    against_id: int
    value_fen: int
    business_date: date
    is_in_time: bool


def objectionable_trade(organisation_id: int, entry_id: int, *, at: datetime) -> ObjectionableTrade:
    """Return a settled trade of an organisation. Raises ObjectionNotThere where it is none, or not its own."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT CASE WHEN d.organisation_id = %(own)s THEN c.organisation_id ELSE d.organisation_id END,
                      l.units, e.business_date
               FROM settlement_entry e JOIN settlement_leg l ON l.entry_id = e.id
               JOIN settlement_asset a ON a.id = l.asset_id AND a.kind = 'cash'
               JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
               WHERE e.id = %(entry)s AND e.kind = 'trade' AND d.organisation_id <> c.organisation_id
                 AND %(own)s IN (d.organisation_id, c.organisation_id)""",
            {"own": organisation_id, "entry": entry_id},
        )
        found = cursor.fetchone()
    if found is None:
        raise ObjectionNotThere
    sealed = SettlementDay.objects.filter(sealed_at__isnull=False).order_by("-day").first()
    first = SettlementDay.objects.order_by("day").first()
    if sealed is not None:
        is_in_time = found[2] > sealed.day
    else:
        is_in_time = found[2] >= (first.covers_from if first else business_date(at))
    return ObjectionableTrade(entry_id, found[0], found[1], found[2], is_in_time)


def objections_visible_to(actor: Actor, *, state: str = "") -> list[Objection]:
    """Return the objections `actor` may see, newest first."""
    rows = Objection.objects.visible_to(actor).select_related("organisation", "against")
    return list((rows.filter(state=state) if state else rows).order_by("-pk")[:400])


def objection(actor: Actor, objection_id: int) -> Objection:
    """Return one objection. Raises ObjectionNotThere."""
    rows = Objection.objects.visible_to(actor).select_related("organisation", "against")
    found = rows.filter(pk=objection_id).first()
    if found is None:
        raise ObjectionNotThere
    return found
