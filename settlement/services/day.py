"""The day of the ledger: opened with numbered checks, cleared, reconciled, sealed at the next opening, closed.

Each step is right when run late or twice: a run leaves a row, and the newest one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit
from rulebook.queries import rule
from settlement import queries
from settlement.errors import DayClosed, DayNotThere
from settlement.models import DayRun, SettlementDay
from settlement.rules import EntryKind, NewLeg, Purpose
from settlement.rules.day import (
    MOST_DIFFERENCES,
    BookedUnits,
    ClearedTrade,
    DayDifference,
    DayStep,
    reserve_share_fen,
)
from settlement.services.entries import open_holdings, post_entry


@transaction.atomic
def open_day(*, at: datetime, unmatched: int) -> SettlementDay | None:
    """Open the trading day that has begun by `at`, with its numbered checks, unless it is open already.

    unmatched: how many instruments have accepted orders that nobody has matched. A check that fails opens no market
    and halts none: it becomes work.
    """
    day = queries.day_to_open(at)
    if day is None:
        return None
    checks = queries.opening_checks(day, at=at, unmatched=unmatched)
    try:
        with transaction.atomic():  # Another process may be first.
            row = SettlementDay.objects.create(day=day, covers_from=queries.first_covered(day), opened_at=at)
    except IntegrityError:
        return None
    failed = [one for one in checks if not one.passed]
    _keep(
        row,
        DayStep.OPENING,
        {one.number: one.seen or ("ok" if one.passed else "-") for one in checks},
        [DayDifference(one.number, one.seen or "-", 0) for one in failed],
        at,
    )
    _note(row, "open_day", "", at)
    if failed:
        numbers = ", ".join(one.number for one in failed)
        _ask(row, "look_at_opening", _("Opening checks of {day} failed: {checks}"), {"checks": numbers}, at)
    return row


@transaction.atomic
def seal_days(*, at: datetime) -> list[date]:
    """Seal the days whose next opening has come by `at`: no entry of theirs comes in any more. Return them."""
    sealed = []
    for row in SettlementDay.objects.select_for_update().filter(sealed_at__isnull=True).order_by("day"):
        if at < queries.day_ends_at(row.day):
            break
        row.sealed_at = at
        row.save(update_fields=["sealed_at"])
        record_audit(
            actor=None,
            verb="seal_day",
            subject=_subject(row),
            before={"state": "open"},
            after={"state": "sealed"},
            at=at,
        )
        sealed.append(row.day)
    return sealed


@transaction.atomic
def clear_day(*, day: date, trades: Sequence[ClearedTrade], at: datetime, actor: Actor | None = None) -> DayRun:
    """Clear a day: compare each trade with what the ledger moved for it, gross. Raises DayNotThere, DayClosed.

    trades: all that the exchange has of the day's business dates.
    """
    row = _locked(day)
    found = queries.clearing_differences(trades, first=row.covers_from, last=row.day)
    return _keep(row, DayStep.CLEARING, queries.clearing_figures(trades), found, at, actor)


@transaction.atomic
def reconcile_day(*, day: date, booked: Iterable[BookedUnits], at: datetime, actor: Actor | None = None) -> DayRun:
    """Compare bank, ledger and serials, and the registry's batches, for a day. Raises DayNotThere, DayClosed.

    booked: what the registry has issued and retired of each batch.
    """
    row = _locked(day)
    found = [one for one, _id in queries.day_differences(day)] + queries.registry_differences(booked)
    return _keep(row, DayStep.RECONCILIATION, queries.three_books(), found, at, actor)


@transaction.atomic
def close_day(*, day: date, at: datetime) -> bool:
    """Close a sealed day without a difference, and tell whether it is closed now. Raises DayNotThere, DayClosed.

    Where it does not close, that becomes work. The database refuses a close that this would let through
    (`day_closes_without_a_difference`).
    """
    row = _locked(day)
    if not (queries.is_quiet(day) and queries.may_close(row)):
        runs = [run for run in queries.last_runs(row).values() if run.step != DayStep.OPENING and run.found]
        if row.sealed_at is not None and runs:
            count = sum(run.found for run in runs)
            _ask(row, "close_day", _("The day {day} does not close: {count} differences"), {"count": str(count)}, at)
        return False
    row.closed_at = at
    row.save(update_fields=["closed_at"])
    for kind in ("close_day", "look_at_opening"):
        close_work_items(subject=f"{kind}:{row.day}", at=at)
    record_audit(
        actor=None,
        verb="close_day",
        subject=_subject(row),
        before={"state": "sealed"},
        after={"state": "closed"},
        at=at,
    )
    return True


@transaction.atomic
def fill_reserve(*, day: date, at: datetime) -> int:
    """Move the rule's share of a closed day's fees to the risk reserve, once, and return it in fen."""
    row = SettlementDay.objects.select_for_update().filter(pk=day, closed_at__isnull=False).first()
    if row is None:
        raise DayNotThere
    if row.reserve_fen is not None:
        return row.reserve_fen
    share = Decimal(rule("fees.risk_reserve_share", at=queries.day_opens_at(day)).value)
    fees = queries.fees_between(row.covers_from, row.day)
    fen = reserve_share_fen(fees_fen=fees, share=share)
    if fen:
        cash_id = queries.cash_asset_id()
        keys = ((None, cash_id, Purpose.FEES), (None, cash_id, Purpose.RISK_RESERVE))
        ids = open_holdings(keys)
        row.reserve_entry_id = post_entry(
            key=f"reserve:{row.day}",
            kind=EntryKind.RESERVE,
            legs=[NewLeg(cash_id, ids[keys[0]], ids[keys[1]], fen)],
            at=at,
            basis=f"day:{row.day}",
        )
    row.reserve_fen = fen
    row.save(update_fields=["reserve_fen", "reserve_entry"])
    return fen


def reserves_to_fill() -> list[date]:
    """Return the closed days whose share has not gone to the risk reserve, oldest first."""
    rows = SettlementDay.objects.filter(closed_at__isnull=False, reserve_fen__isnull=True).order_by("day")
    return list(rows.values_list("day", flat=True))


def _locked(day: date) -> SettlementDay:
    row = SettlementDay.objects.select_for_update().filter(pk=day).first()
    if row is None:
        raise DayNotThere
    if row.closed_at is not None:
        raise DayClosed(day=str(day))
    return row


def _keep(
    row: SettlementDay,
    step: DayStep,
    figures: dict[str, Any],
    found: Sequence[DayDifference],
    at: datetime,
    actor: Actor | None = None,
) -> DayRun:
    kept = DayRun(
        day=row,
        step=step.value,
        run_by_id=actor.user_id if actor else None,
        at=at,
        figures=figures,
        differences=[asdict(one) for one in found[:MOST_DIFFERENCES]],
        found=len(found),
    )
    kept.save(force_insert=True)
    if actor is not None:
        after = {"step": step.value, "found": len(found)}
        record_audit(actor=actor, verb="run_day_step", subject=_subject(row), before=None, after=after, at=at)
    return kept


def _ask(row: SettlementDay, kind: str, title: str, found: dict[str, str], at: datetime) -> None:
    open_work_item(
        kind=kind,
        title=title,
        subject=f"{kind}:{row.day}",
        url=f"/settlement-days/{row.day}/",
        role=Role.SETTLEMENT_OPERATOR,
        found={"day": str(row.day), **found},
        at=at,
    )


def _note(row: SettlementDay, verb: str, before: str, at: datetime) -> None:
    was = {"state": before} if before else None
    record_audit(actor=None, verb=verb, subject=_subject(row), before=was, after={"state": row.state}, at=at)


def _subject(row: SettlementDay) -> str:
    return f"settlement_day:{row.day}"
