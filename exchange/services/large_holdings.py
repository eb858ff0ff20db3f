"""Large holders: found at each close, reported by themselves within the rule's days, read by the operators."""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection, transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import RoleMissing
from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit
from exchange import queries
from exchange.errors import LargeHoldingNotThere, ReportIncomplete
from exchange.models import LargeHolding
from rulebook.queries import calendar

REPORTERS = (Role.FIRM_INITIATOR, Role.OWNER)
LONGEST = 300
# What each organisation of a group holds, with what the group holds; those whose group holds enough.
LARGE = """
    WITH held AS (
        SELECT o.id, coalesce(nullif(o.control_group, ''), 'organisation:' || o.id) AS control_group,
               sum(h.units) AS units
        FROM exchange_instrument i JOIN settlement_asset a ON a.kind = 'credit'
            AND a.project_code = i.project_code AND a.vintage_year = i.vintage_year
        JOIN settlement_holding h ON h.asset_id = a.id AND h.units > 0
            AND h.purpose IN ('available', 'held_for_orders', 'pledged', 'frozen', 'in_transit')
        JOIN accounts_organisation o ON o.id = h.organisation_id
        WHERE i.id = %s GROUP BY 1, 2
    ), grouped AS (SELECT id, sum(units) OVER (PARTITION BY control_group) AS units FROM held)
    SELECT g.id, g.units::bigint FROM grouped g
    WHERE g.units >= %s AND g.units > coalesce((SELECT max(n.units) FROM exchange_largeholding n
                                                WHERE n.instrument_id = %s AND n.organisation_id = g.id), 0)
    ORDER BY g.id"""


@transaction.atomic
def note_large_holdings(*, instrument_id: int, day: date, at: datetime) -> int:
    """Note who has to report after a close: at or above the rule's share, and more than noted before; return how many.

    Right when run twice.
    """
    instrument = queries.instrument(instrument_id)
    profile = queries.profile(at, instrument.rule_scheme)
    least, limit = profile.large_holding, profile.position_limit
    if least is None or limit is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(LARGE, [instrument_id, least, instrument_id])
        found = cursor.fetchall()
    due = calendar().add_trading_days(day, profile.large_holder_days)
    for organisation_id, units in found:
        row = LargeHolding.objects.create(
            instrument_id=instrument_id,
            organisation_id=organisation_id,
            day=day,
            units=units,
            limit_units=limit,
            due_on=due,
        )
        open_work_item(
            kind="report_large_holding",
            title=_("Report the large holding of {code}: {units} t"),
            subject=_subject(row),
            url=f"/large-holdings/{row.pk}/",
            role=Role.FIRM_INITIATOR,
            organisation_id=organisation_id,
            found={"code": instrument.code, "units": str(units)},
            at=at,
        )
    return len(found)


@transaction.atomic
def report_large_holding(
    *, actor: Actor, holding_id: int, purpose: str, source_of_money: str, related: str, at: datetime
) -> LargeHolding:
    """Report a large holding: what it is for, where the money comes from, which accounts are related (may be empty).

    Raises RoleMissing, LargeHoldingNotThere, ReportIncomplete.
    """
    if not actor.has(*REPORTERS):
        raise RoleMissing(roles=list(REPORTERS))
    row = LargeHolding.objects.select_for_update().filter(pk=holding_id, reported_at=None).first()
    if row is None or row.organisation_id != actor.organisation_id:
        raise LargeHoldingNotThere
    texts = {"purpose": purpose.strip(), "source_of_money": source_of_money.strip(), "related": related.strip()}
    for name, text in texts.items():
        if len(text) > LONGEST or not text.isprintable() or (not text and name != "related"):
            raise ReportIncomplete(field=name)
        setattr(row, name, text)
    row.reported_by_id, row.reported_at = actor.user_id, at
    row.save(update_fields=[*texts, "reported_by", "reported_at"])
    close_work_items(subject=_subject(row), at=at)
    record_audit(
        actor=actor,
        verb="report_large_holding",
        subject=_subject(row),
        before=None,
        after={"units": row.units, **texts},
        at=at,
    )
    return row


def _subject(row: LargeHolding) -> str:
    return f"large_holding:{row.pk}"
