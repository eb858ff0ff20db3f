"""Surveillance after the close: each instrument's day is looked at once, and what is found becomes alerts and work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import RoleMissing
from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit
from exchange import queries
from exchange.errors import AlertNotThere, NoAlertChosen, ReasonMissing
from exchange.models import InstrumentDay, SurveillanceAlert, WatchedDay
from exchange.queries.journal import Journal, begin_of, journal, watched
from exchange.rules import surveillance
from rulebook.queries import edition

OPERATOR = Role.EXCHANGE_OPERATOR
LONGEST_REASON = 500
NOON = timedelta(hours=12)


def watch_closed_days(at: datetime) -> str:
    """Look at every closed day that has not been looked at, oldest first, and say what was found.

    Right when run late or twice. A day of which something waits to be carried out is left for the next time.
    """
    looked = found = 0
    stuck: set[int] = set()
    for instrument_id, day in queries.days_to_watch():
        if instrument_id in stuck:
            continue
        alerts = watch_instrument(instrument_id=instrument_id, day=day, at=at)
        if alerts is None:
            stuck.add(instrument_id)  # Its later days begin where this one ends.
        else:
            looked, found = looked + 1, found + len(alerts)
    return f"{looked} days watched, {found} alerts" if looked else ""


@transaction.atomic
def watch_instrument(*, instrument_id: int, day: date, at: datetime) -> list[int] | None:
    """Look at one instrument's closed day and return the ids of the new alerts; none if it was looked at before.

    None: not closed, or something of it waits to be carried out.
    """
    row = (
        InstrumentDay.objects.select_for_update(of=("self",))
        .select_related("instrument")
        .filter(instrument_id=instrument_id, day=day, closed_at__isnull=False)
        .first()
    )
    if row is None:
        return None
    if WatchedDay.objects.filter(instrument_id=instrument_id, day=day).exists():
        return []
    looked_at = journal(row)
    if looked_at is None:
        return None
    # The values that held on the day, whenever it is looked at.
    profile = queries.profile(begin_of(day) + NOON, row.instrument.rule_scheme)
    moments, walk = looked_at.walk()
    alerts = surveillance.watch(watched(looked_at, moments), profile)
    number = edition()[1]
    rows = SurveillanceAlert.objects.bulk_create(_row(alert, row, number, at) for alert in alerts)
    _note_watched(looked_at, walk, number, at)
    for made in rows:
        open_work_item(
            kind="look_into_alert",
            title=_("Look into abnormal trading in {code} on {day}"),
            subject=_subject(made.pk),
            url=f"/surveillance/alerts/{made.pk}/",
            role=OPERATOR,
            found={"code": row.instrument.code, "day": day.isoformat()},
            at=at,
        )
    return [made.pk for made in rows]


@transaction.atomic
def dismiss_alert(*, actor: Actor, alert_id: int, reason: str, at: datetime) -> SurveillanceAlert:
    """End an alert without a case, for a reason. Raises RoleMissing, AlertNotThere, ReasonMissing."""
    user_id = operator(actor)
    reason = checked_reason(reason, LONGEST_REASON)
    row = open_alerts([alert_id])[0]
    row.dismissal, row.dismissed_by_id, row.dismissed_at = reason, user_id, at
    row.save(update_fields=["dismissal", "dismissed_by", "dismissed_at"])
    close_work_items(subject=_subject(row.pk), at=at)
    record_audit(
        actor=actor,
        verb="dismiss_alert",
        subject=_subject(row.pk),
        before=None,
        after={"pattern": row.pattern, "reason": reason},
        at=at,
    )
    return row


def open_alerts(alert_ids: Iterable[int]) -> list[SurveillanceAlert]:
    """Return alerts that are in no case and not dismissed, locked. Raises NoAlertChosen, AlertNotThere."""
    wanted = sorted(set(alert_ids))
    rows = SurveillanceAlert.objects.select_for_update(of=("self",)).select_related("instrument")
    found = list(rows.filter(pk__in=wanted, case=None, dismissed_at=None).order_by("pk"))
    if not wanted:
        raise NoAlertChosen(field="alert")
    if [row.pk for row in found] != wanted:
        raise AlertNotThere
    return found


def operator(actor: Actor) -> int:
    """Return the id of the exchange operator who acts. Raises RoleMissing."""
    if not actor.has(OPERATOR) or actor.user_id is None:
        raise RoleMissing(roles=[OPERATOR])
    return actor.user_id


def checked_reason(text: str, longest: int, *, field: str = "reason") -> str:
    """Return a text without its margins. Raises ReasonMissing for an empty, a long or an unprintable one."""
    text = text.strip()
    if not text or len(text) > longest or not text.replace("\r", "").replace("\n", "").isprintable():
        raise ReasonMissing(field=field, most=longest)
    return text


def _row(alert: surveillance.Alert, day: InstrumentDay, edition: int, at: datetime) -> SurveillanceAlert:
    return SurveillanceAlert(
        instrument_id=day.instrument_id,
        day=day.day,
        pattern=alert.pattern,
        groups="\n".join(alert.groups),
        organisations=list(alert.organisation_ids),
        figures=[asdict(figure) for figure in alert.figures],
        evidence={
            "orders": list(alert.order_ids),
            "trades": list(alert.trade_ids),
            "disclosures": list(alert.disclosures),
        },
        since=alert.since,
        until=alert.until,
        edition=edition,
        at=at,
    )


def _note_watched(looked_at: Journal, walk: surveillance.Walk, edition: int, at: datetime) -> None:
    book = [[order.order_id, order.price_fen, order.remaining] for order in walk.resting.values()]
    WatchedDay.objects.create(
        instrument_id=looked_at.day.instrument_id,
        day=looked_at.day.day,
        last_sequence=looked_at.last_sequence,
        book=sorted(book),
        edition=edition,
        at=at,
    )


def _subject(alert_id: int) -> str:
    return f"surveillance_alert:{alert_id}"
