"""The days of the ledger: where they stand, what their steps found, and what of one does not agree."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Q

from accounts.rules import Actor, Role
from rulebook.queries import business_date, calendar, next_trading_day, previous_trading_day, rule
from settlement.errors import DayNotThere
from settlement.models import (
    BankStatement,
    DayRun,
    InvariantProof,
    LineExplained,
    PaymentOrder,
    SecondReading,
    SettlementDay,
)
from settlement.queries.instants import instant_of, trading_instants
from settlement.queries.money import unknown_since
from settlement.rules.day import BookedUnits, DayDifference, DayStep, OpeningCheck

WATCHERS = (Role.SETTLEMENT_OPERATOR, Role.AUDITOR)
OPENS, RECONCILES = "day.opening_time", "day.reconciliation_time"


def day_instants(after: datetime, until: datetime) -> list[datetime]:
    """Return when in (after, until] a trading day begins, and when it is cleared and reconciled."""
    return trading_instants(after, until, OPENS, RECONCILES)


def day_opens_at(day: date) -> datetime:
    """Return when a trading day begins."""
    return instant_of(day, OPENS)


def day_ends_at(day: date) -> datetime:
    """Return when a day is sealed: at the next opening; where no calendar says when that is, on the morrow."""
    return instant_of(next_trading_day(day) or day + timedelta(days=1), OPENS)


def days_visible_to(actor: Actor) -> list[SettlementDay]:
    """Return the days, newest first, for who watches over the ledger."""
    return list(SettlementDay.objects.order_by("-day")[:400]) if actor.has(*WATCHERS) else []


def settlement_day(actor: Actor, day: date) -> SettlementDay:
    """Return one day. Raises DayNotThere."""
    found = SettlementDay.objects.filter(pk=day).first() if actor.has(*WATCHERS) else None
    if found is None:
        raise DayNotThere
    return found


def runs_of(row: SettlementDay) -> list[DayRun]:
    """Return every run of a day's steps, newest first."""
    return list(DayRun.objects.filter(day=row).select_related("run_by").order_by("-pk"))


def last_runs(row: SettlementDay) -> dict[str, DayRun]:
    """Return the newest run of each step of a day, by step."""
    return {run.step: run for run in reversed(runs_of(row))}


def unclosed_days() -> list[SettlementDay]:
    """Return the days that are not closed, oldest first."""
    return list(SettlementDay.objects.filter(closed_at__isnull=True).order_by("day"))


def is_run_due(row: SettlementDay, *, at: datetime) -> bool:
    """Tell whether clearing and reconciliation of an unclosed day are to be run: first at their hour, then after the
    seal, and again when they found something and the bank's side has changed since.
    """
    runs = last_runs(row)
    last = [runs[step] for step in (DayStep.CLEARING, DayStep.RECONCILIATION) if step in runs]
    if len(last) < 2:
        return at >= instant_of(row.day, RECONCILES) or row.sealed_at is not None
    newest = max(run.at for run in last)
    if row.sealed_at is not None and not _is_after_seal(row, last):
        return True
    if not any(run.found for run in last):
        return False
    return BankStatement.objects.filter(at__gt=newest).exists() or LineExplained.objects.filter(at__gt=newest).exists()


def _is_after_seal(row: SettlementDay, runs: Iterable[DayRun]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(bool_and(r.transaction_id > d.sealed_xid), false)
               FROM settlement_dayrun r JOIN settlement_settlementday d ON d.day = r.day_id WHERE r.id = ANY (%s)""",
            [[run.pk for run in runs]],
        )
        return bool(cursor.fetchone()[0])


def may_close(row: SettlementDay) -> bool:
    """Tell whether a day is sealed, and cleared and reconciled since, and the one before it is closed."""
    runs = last_runs(row)
    last = [runs[step] for step in (DayStep.CLEARING, DayStep.RECONCILIATION) if step in runs]
    if row.sealed_at is None or len(last) < 2 or any(run.found for run in last) or not _is_after_seal(row, last):
        return False
    return not SettlementDay.objects.filter(day__lt=row.day, closed_at__isnull=True).exists()


def is_quiet(day: date) -> bool:
    """Tell whether every transaction is over that may not have seen the day's seal; before the seal there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(sealed_xid < pg_snapshot_xmin(pg_current_snapshot()), true)
               FROM settlement_settlementday WHERE day = %s""",
            [day],
        )
        return bool(cursor.fetchone()[0])


def day_differences(day: date) -> list[tuple[DayDifference, int | None]]:
    """Return what bank, ledger and serials do not agree on as far as it concerns a day, each with its row's id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT what, place, row_id, amount FROM settlement_day_differences(%s)", [day])
        return [(DayDifference(what, place, int(amount)), row_id) for what, place, row_id, amount in cursor]


def registry_differences(booked: Iterable[BookedUnits]) -> list[DayDifference]:
    """Return the batches of which the registry has issued or retired other units than the ledger holds as such."""
    theirs = {one.asset_id: one for one in booked}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT a.id, a.code, coalesce(sum(-h.units) FILTER (WHERE h.purpose = 'issuance'), 0)::bigint,
                      coalesce(sum(h.units) FILTER (WHERE h.purpose = 'retired'), 0)::bigint
               FROM settlement_asset a JOIN settlement_holding h ON h.asset_id = a.id
               WHERE a.kind = 'credit' GROUP BY a.id, a.code ORDER BY a.id"""
        )
        found = []
        for asset_id, code, issued, retired in cursor:
            one = theirs.pop(asset_id, BookedUnits(asset_id, 0, 0))
            pairs = (("issued_otherwise", issued, one.issued), ("retired_otherwise", retired, one.retired))
            found += [DayDifference(what, code, ours - booked) for what, ours, booked in pairs if ours != booked]
    found += [DayDifference("issued_otherwise", str(one.asset_id), -one.issued) for one in theirs.values()]
    return found


def three_books() -> dict[str, int]:
    """Return what the bank, the ledger and the serials say at present, in fen and tonnes, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH newest AS (
                   SELECT closing_fen FROM settlement_bankstatement
                   ORDER BY (sequence IS NOT NULL) DESC, id DESC LIMIT 1
               ), held AS (
                   SELECT a.kind, h.purpose, sum(h.units)::bigint AS units FROM settlement_holding h
                   JOIN settlement_asset a ON a.id = h.asset_id GROUP BY 1, 2
               ), cash AS (SELECT purpose, units AS fen FROM held WHERE kind = 'cash')
               SELECT 'bank_fen', coalesce((SELECT closing_fen FROM newest), 0)
               UNION ALL SELECT 'received_since_fen', coalesce(sum(amount_fen), 0) FROM settlement_banknotice n
                   WHERE NOT EXISTS (SELECT FROM settlement_statementline l WHERE l.bank_serial = n.bank_serial)
               UNION ALL SELECT 'paid_since_fen', coalesce(sum(amount_fen), 0) FROM settlement_withdrawal w
                   WHERE w.state = 'paid'
                     AND NOT EXISTS (SELECT FROM settlement_lineexplained e WHERE e.withdrawal_id = w.id)
               UNION ALL SELECT purpose || '_fen', fen FROM cash
                   WHERE purpose IN ('suspense', 'fees', 'risk_reserve', 'in_transit')
               UNION ALL SELECT 'participants_fen', coalesce(sum(fen), 0) FROM cash
                   WHERE purpose NOT IN ('bank', 'suspense', 'fees', 'risk_reserve', 'in_transit')
               UNION ALL SELECT 'ledger_fen', coalesce(sum(fen), 0) FROM cash WHERE purpose <> 'bank'
               UNION ALL SELECT 'units_held', coalesce(sum(units), 0) FROM held
                   WHERE kind = 'credit' AND purpose <> 'issuance'
               UNION ALL SELECT 'units_retired', coalesce(sum(units), 0) FROM held
                   WHERE kind = 'credit' AND purpose = 'retired'
               UNION ALL SELECT 'serials', coalesce(sum(last_serial - first_serial + 1), 0)
                   FROM settlement_serialblock"""
        )
        return {name: int(amount) for name, amount in cursor}


def opening_checks(day: date, *, at: datetime, unmatched: int) -> list[OpeningCheck]:
    """Return the numbered checks before a trading day.

    unmatched: how many instruments have accepted orders that nobody has matched.
    """
    before = (
        SettlementDay.objects.filter(day__lt=day, closed_at__isnull=True).order_by("day").values_list("day", flat=True)
    )
    proof, reading = InvariantProof.objects.order_by("-pk").first(), SecondReading.objects.order_by("-pk").first()
    failing = PaymentOrder.objects.filter(Q(done_at__isnull=True) & ~Q(last_error="")).count()
    unknown = unknown_since(at - timedelta(days=rule("day.unknown_money_days", at=at).value))
    following = next_trading_day(day)
    return [
        OpeningCheck("O1", not before, ", ".join(map(str, before))),
        OpeningCheck("O2", following is not None, str(following or "")),
        OpeningCheck("O3", not (proof and proof.broken), ", ".join(proof.broken) if proof else ""),
        OpeningCheck("O4", not (reading and reading.found), str(reading.found if reading else "")),
        OpeningCheck("O5", failing == 0, str(failing)),
        OpeningCheck("O6", unknown == 0, str(unknown)),
        OpeningCheck("O7", unmatched == 0, str(unmatched)),
    ]


def first_covered(day: date) -> date:
    """Return the first business date that a day covers: after the day before it, the day itself for the first one."""
    before = SettlementDay.objects.filter(day__lt=day).order_by("-day").values_list("day", flat=True).first()
    return before + timedelta(days=1) if before else day


def covered_from(day: date) -> date:
    """Return the first business date that an opened day covers. Raises DayNotThere."""
    found = SettlementDay.objects.filter(pk=day).values_list("covers_from", flat=True).first()
    if found is None:
        raise DayNotThere
    return found


def fees_between(first: date, last: date) -> int:
    """Return the fees of the trades of some business dates, in fen."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(sum(l.units), 0)::bigint FROM settlement_settlementbatch b
               JOIN settlement_entry e ON e.settlement_id = b.id AND e.kind = 'trade'
               JOIN settlement_leg l ON l.entry_id = e.id
               JOIN settlement_holding c ON c.id = l.credited_id AND c.purpose = 'fees'
               WHERE b.at >= %s::date::timestamp AT TIME ZONE 'Asia/Shanghai'
                 AND b.at < (%s::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'""",
            [first, last],
        )
        return int(cursor.fetchone()[0])


def day_to_open(at: datetime) -> date | None:
    """Return the trading day that has begun last by `at`, None where it is open; the very first is never a past one."""
    day: date | None = business_date(at)
    assert day is not None
    if not (calendar().is_loaded(day) and calendar().is_trading_day(day) and at >= day_opens_at(day)):
        day = previous_trading_day(day) if SettlementDay.objects.exists() else None
    return None if day is None or SettlementDay.objects.filter(day__gte=day).exists() else day


def standing_of(date_: date) -> str:
    """Return "final" for a business date of a closed day, "provisional" before that, "" before there were days."""
    if SettlementDay.objects.filter(covers_from__lte=date_, day__gte=date_, closed_at__isnull=False).exists():
        return "final"
    return "provisional" if SettlementDay.objects.filter(covers_from__lte=date_).exists() else ""
