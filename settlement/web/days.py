"""The days of the ledger for who watches over it: where each stands, what its steps found, the three books beside."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views import View

from accounts.queries import organisation
from accounts.rules import Role
from accounts.web.export import workbook_response
from accounts.web.pages import Page
from settlement import queries
from settlement.errors import DayNotThere
from settlement.models import DayRun, SettlementDay
from settlement.rules.day import DayStep
from settlement.web.day_words import CHECKS, DAY_STATES, DIFFERENCES, IN_TONNES, STEPS, UNCOUNTED
from settlement.web.transfer_words import badge, named

SHOWN_TRADES = 200


def asked_day(text: str) -> date:
    """Return the day that an address names. Raises DayNotThere."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise DayNotThere from error


def run_shown(run: DayRun) -> dict[str, Any]:
    """Return a run with its step and differences in words."""
    return {
        "row": run,
        "step": named(STEPS, run.step),
        "passed": run.found == 0,
        "differences": [
            {
                "what": named(DIFFERENCES, one["what"]),
                "number": one["what"] if one["what"] in CHECKS else "",
                "place": one["place"],
                "amount": None if one["what"] in UNCOUNTED else one["amount"],
                "in_tonnes": one["what"] in IN_TONNES,
            }
            for one in run.differences
        ],
    }


def day_shown(row: SettlementDay) -> dict[str, Any]:
    """Return a day as lists show it: its state, what its last clearing counted, what its last runs found."""
    runs = queries.last_runs(row)
    clearing = runs.get(DayStep.CLEARING)
    return {
        "row": row,
        "state": badge(DAY_STATES, row.state),
        "figures": clearing.figures if clearing else {},
        "found": sum(run.found for step, run in runs.items() if step != DayStep.OPENING),
        "is_run": clearing is not None,
    }


class DaysPage(Page):
    """Every day, newest first."""

    template_name = "settlement/days.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        days = queries.days_visible_to(self.actor)
        return super().get_context_data(
            **kwargs,
            days=[day_shown(row) for row in days[:60]],
            reserve_fen=queries.three_books().get("risk_reserve_fen", 0),
        )


class DaysExport(View):
    """The days as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        rows = [day_shown(row) for row in queries.days_visible_to(request.actor)]  # type: ignore[attr-defined]
        return workbook_response(
            "settlement_days",
            [
                _("Day"),
                _("Covers from"),
                _("State"),
                _("Number of trades"),
                "tCO2e",
                _("Value (fen)"),
                _("Fees (fen)"),
                _("Differences"),
                _("To the risk reserve (fen)"),
            ],
            (
                (
                    one["row"].day,
                    one["row"].covers_from,
                    one["state"]["text"],
                    *(one["figures"].get(name, "") for name in ("trades", "units", "value_fen", "fees_fen")),
                    one["found"],
                    one["row"].reserve_fen,
                )
                for one in rows
            ),
        )


class DayPage(Page):
    """One day: its steps, the three books at its last reconciliation, what differs, its trades, every run."""

    template_name = "settlement/day.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.settlement_day(self.actor, asked_day(self.kwargs["day"]))
        runs = queries.runs_of(row)
        last = {run.step: run for run in reversed(runs)}
        reconciliation, opening = last.get(DayStep.RECONCILIATION), last.get(DayStep.OPENING)
        trades = queries.moved_trades(row.covers_from, row.day, most=SHOWN_TRADES)
        names = {number: organisation(number).name for one in trades for number in (one.buyer_id, one.seller_id)}
        return super().get_context_data(
            **kwargs,
            row=row,
            state=badge(DAY_STATES, row.state),
            steps=_steps(row, last),
            books=reconciliation.figures if reconciliation else None,
            reconciled_at=reconciliation.at if reconciliation else None,
            differences=[
                one
                for step in (DayStep.CLEARING, DayStep.RECONCILIATION)
                if step in last
                for one in run_shown(last[step])["differences"]
            ],
            checks=[
                {
                    "number": number,
                    "text": _(text),
                    "passed": not any(one["what"] == number for one in opening.differences),
                    "seen": opening.figures.get(number, ""),
                }
                for number, text in CHECKS.items()
            ]
            if opening
            else [],
            clearing=last[DayStep.CLEARING].figures if DayStep.CLEARING in last else None,
            trades=[{"row": one, "buyer": names[one.buyer_id], "seller": names[one.seller_id]} for one in trades],
            runs=[run_shown(run) for run in runs[:50]],
            may_run=row.closed_at is None and self.actor.has(Role.SETTLEMENT_OPERATOR),
        )


def _steps(row: SettlementDay, last: dict[str, DayRun]) -> list[tuple[str, str]]:
    found = [last[step].found for step in (DayStep.CLEARING, DayStep.RECONCILIATION) if step in last]
    states = [
        "done",
        *("done" if one == 0 else "failed" for one in found),
        *["todo"] * (2 - len(found)),
        "done" if row.sealed_at else "todo",
        "done" if row.closed_at else "todo",
    ]
    if "todo" in states and "failed" not in states:
        states[states.index("todo")] = "current"
    words = (_("Opened"), _("Cleared"), _("Reconciled"), _("Sealed"), _("Day closed"))
    return list(zip(words, states, strict=True))


class DayExport(View):
    """The trades of a day, each gross: units one way, money the other, both fees."""

    def get(self, request: HttpRequest, day: str) -> HttpResponseBase:
        row = queries.settlement_day(request.actor, asked_day(day))  # type: ignore[attr-defined]
        trades = queries.moved_trades(row.covers_from, row.day)
        names = {number: organisation(number).name for one in trades for number in (one.buyer_id, one.seller_id)}
        return workbook_response(
            f"clearing_{row.day}",
            [
                _("Entry"),
                _("Time"),
                _("Batch"),
                _("Buyer"),
                _("Seller"),
                "tCO2e",
                _("Value (fen)"),
                _("Fee of the buyer (fen)"),
                _("Fee of the seller (fen)"),
            ],
            (
                (
                    one.entry_id,
                    one.at,
                    one.code,
                    names[one.buyer_id],
                    names[one.seller_id],
                    one.units,
                    one.value_fen,
                    one.buyer_fee_fen,
                    one.seller_fee_fen,
                )
                for one in trades
            ),
        )
