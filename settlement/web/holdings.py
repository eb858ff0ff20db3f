"""What the own organisation holds, and how it came there."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views import View

from accounts.rules import Actor
from accounts.web.export import workbook_response
from accounts.web.pages import Page
from accounts.web.refusals import message_of
from rulebook.errors import Refusal
from rulebook.rules import BEIJING
from settlement import queries, services
from settlement.errors import InstantUnreadable
from settlement.rules import AssetKind, CreditDescription, Purpose, SerialRange
from settlement.web import hold_words as words

PURPOSE_NAMES = {
    Purpose.AVAILABLE: gettext_noop("Available"),
    Purpose.HELD_FOR_ORDERS: gettext_noop("Held for orders"),
    Purpose.PLEDGED: gettext_noop("Pledged"),
    Purpose.FROZEN: gettext_noop("Frozen"),
    Purpose.BUFFER: gettext_noop("Buffer pool"),
    Purpose.IN_TRANSIT: gettext_noop("In transit"),
    Purpose.RETIRED: gettext_noop("Retired"),
    Purpose.CANCELLED: gettext_noop("Cancelled"),
    Purpose.EXPORTED: gettext_noop("Exported"),
    Purpose.ISSUANCE: gettext_noop("Issuance"),
    Purpose.BANK: gettext_noop("Bank"),
    Purpose.SUSPENSE: gettext_noop("Suspense"),
    Purpose.FEES: gettext_noop("Fees"),
    Purpose.RISK_RESERVE: gettext_noop("Risk reserve"),
}
KIND_NAMES = {
    "issue": gettext_noop("Issuance"),
    "hold": gettext_noop("Held for an order"),
    "release": gettext_noop("Released from an order"),
    "trade": gettext_noop("Trade"),
    "retire": gettext_noop("Retirement"),
    "cancel": gettext_noop("Cancellation"),
    "deposit": gettext_noop("Deposit"),
    "withdraw": gettext_noop("Withdrawal asked"),
    "withdrawal_paid": gettext_noop("Withdrawal paid"),
    "withdrawal_returned": gettext_noop("Withdrawal returned"),
    "suspense_explained": gettext_noop("Unknown money explained"),
    "freeze": gettext_noop("Freeze"),
    "unfreeze": gettext_noop("Freeze lifted"),
    "transfer_hold": gettext_noop("In transit for a transfer"),
    "transfer": gettext_noop("Transfer outside the market"),
    "transfer_release": gettext_noop("Back from a transfer"),
    "reversal": gettext_noop("Reversal"),
    "pledge": gettext_noop("Pledge"),
    "release_pledge": gettext_noop("Pledge released"),
    "reserve": gettext_noop("To the risk reserve"),
    "compensation": gettext_noop("Compensation"),
}
STATEMENT_LINES = 200


def asked_instant(request: HttpRequest, now: datetime) -> datetime | None:
    """Return the instant that `?as_of=` names, Beijing time without an offset; None: the present.

    Raises InstantUnreadable, InstantInFuture.
    """
    text = request.GET.get("as_of", "").strip()
    if not text:
        return None
    try:
        typed = datetime.fromisoformat(text[:40])
        instant = (typed if typed.tzinfo else typed.replace(tzinfo=BEIJING)).astimezone(BEIJING)
    except (ValueError, OverflowError) as error:
        raise InstantUnreadable(field="as_of") from error
    queries.refuse_future(instant, now)
    return instant


class AsOfPage(Page):
    """A page that may be asked for as of an instant; one that cannot be is said to be so, and the present is shown."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        problem, instant = "", None
        try:
            instant = asked_instant(self.request, self.at)
        except Refusal as refusal:
            problem = message_of(refusal)
        shown = {
            "as_of": instant,
            "as_of_shown": f"{instant:%Y-%m-%d %H:%M:%S}" if instant else "",
            "as_of_text": self.request.GET.get("as_of", "")[:40],
            "as_of_problem": problem,
        }
        return super().get_context_data(**kwargs, **shown, **self.rows(instant))

    def rows(self, instant: datetime | None) -> dict[str, Any]:
        """Return what the page shows, as of the instant or (None) now."""
        raise NotImplementedError


class HoldingsPage(AsOfPage):
    """Credits of the own organisation by batch, each with what it is for and its serials."""

    template_name = "settlement/holdings.html"

    def rows(self, instant: datetime | None) -> dict[str, Any]:
        credits_ = _credits(self.actor, instant)
        totals: dict[str, int] = defaultdict(int)
        for row in credits_:
            for purpose, units in row["units"].items():
                totals[purpose] += units
        money = _money(self.actor, instant)
        return {
            "credits": credits_,
            "may_post": self.actor.roles,
            "totals": [(_(PURPOSE_NAMES[Purpose(one)]), units) for one, units in totals.items() if units],
            "total": sum(totals.values()),
            "money": [(_(PURPOSE_NAMES[one]), fen) for one, fen in money if fen],
            "money_fen": sum(fen for _one, fen in money),
        }


def _money(actor: Actor, instant: datetime | None) -> list[tuple[Purpose, int]]:
    """Return the money of the actor's own organisation by purpose, in fen, now or as of an instant."""
    own = actor.organisation_id or 0
    held = (
        queries.holdings_visible_to(actor, organisation_id=own)
        if instant is None
        else queries.holdings_as_of(actor, organisation_id=own, at=instant)
    )
    return [(holding.purpose, holding.units) for holding in held if holding.asset_kind is AssetKind.CASH]


def _credits(actor: Actor, instant: datetime | None) -> list[dict[str, Any]]:
    """Return one row a batch of the actor's own organisation: the credit, units by purpose, serial ranges."""
    units: dict[int, dict[str, int]] = defaultdict(dict)
    shown: dict[int, CreditDescription] = {}
    serials: dict[int, list[dict[str, str]]] = defaultdict(list)
    posting: dict[int, bool] = {}
    own = actor.organisation_id or 0
    held = (
        queries.holdings_visible_to(actor, organisation_id=own)
        if instant is None
        else queries.holdings_as_of(actor, organisation_id=own, at=instant)
    )
    ranges: dict[tuple[int, Purpose], list[SerialRange]] = defaultdict(list)
    if instant is not None:
        batches = [holding.asset_id for holding in held if holding.credit is not None]
        for part in queries.serials_as_of(actor, batches, at=instant):
            if part.organisation_id == own:
                ranges[part.asset_id, part.purpose].append(part.serials)
    for holding in held:
        if holding.asset_kind is not AssetKind.CREDIT or holding.credit is None:
            continue
        shown[holding.asset_id] = holding.credit
        units[holding.asset_id][holding.purpose.value] = holding.units
        if holding.purpose is Purpose.AVAILABLE:
            posting[holding.asset_id] = holding.may_be_posted
        parts = queries.serials_held(holding.id) if instant is None else ranges[holding.asset_id, holding.purpose]
        serials[holding.asset_id] += [
            {"purpose": _(PURPOSE_NAMES[holding.purpose]), "text": queries.text_of(holding.credit, part)}
            for part in parts
        ]
    holds = queries.stacked_holds(actor.organisation_id or 0) if instant is None else {}
    return [
        {
            "asset_id": asset_id,
            "credit": shown[asset_id],
            "units": units[asset_id],
            "total": sum(units[asset_id].values()),
            "serials": serials[asset_id],
            "may_be_posted": posting.get(asset_id, True),
            "freeze": queries.live_freeze(asset_id) if instant is None else None,
            "holds": [{"one": one, "reason": _(words.REASONS[one.reason.value])} for one in holds.get(asset_id, [])],
        }
        for asset_id in sorted(shown, key=lambda key: (shown[key].project_code, shown[key].vintage_year, key))
    ]


class HoldingsExport(View):
    """The credits of the own organisation, now or as of an instant, as an Excel file: a row for each serial range."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        instant = asked_instant(request, request.at)  # type: ignore[attr-defined]
        rows = _credits(request.actor, instant)  # type: ignore[attr-defined]
        return workbook_response(
            "holdings",
            [
                _("As of"),
                _("Project code"),
                _("Project"),
                _("Vintage year"),
                _("Banner or county"),
                _("Total"),
                _("Purpose"),
                _("Serial numbers"),
            ],
            (
                (
                    instant or request.at,  # type: ignore[attr-defined]
                    row["credit"].project_code,
                    row["credit"].project_name,
                    row["credit"].vintage_year,
                    row["credit"].division_name,
                    row["total"],
                    part["purpose"],
                    part["text"],
                )
                for row in rows
                for part in row["serials"]
            ),
        )


class OverviewExport(View):
    """Money and credits of the own organisation by batch and purpose, now or as of an instant, as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        instant = asked_instant(request, request.at)  # type: ignore[attr-defined]
        rows = [("CNY", "", "", _(PURPOSE_NAMES[one]), fen / 100, _("yuan")) for one, fen in _money(actor, instant)]
        for row in _credits(actor, instant):
            credit = row["credit"]
            rows += [
                (
                    credit.project_name,
                    credit.project_code,
                    credit.vintage_year,
                    _(PURPOSE_NAMES[Purpose(one)]),
                    units,
                    "tCO2e",
                )
                for one, units in row["units"].items()
            ]
        head = [_("Asset"), _("Project code"), _("Vintage year"), _("Purpose"), _("Amount"), _("Unit")]
        return workbook_response("overview", head, iter(rows))


class Posting(View):
    """Lets the own credits of a batch be posted for sale, or keeps them back."""

    def post(self, request: HttpRequest, asset_id: int) -> HttpResponseBase:
        services.set_may_be_posted(
            actor=request.actor,  # type: ignore[attr-defined]
            asset_id=asset_id,
            allowed=request.POST.get("allowed") == "1",
        )
        return HttpResponseRedirect(reverse("settlement-holdings"))


class StatementPage(AsOfPage):
    """The newest movements on the own holdings, or those up to an instant; older ones by the link at the end."""

    template_name = "settlement/statement.html"

    def rows(self, instant: datetime | None) -> dict[str, Any]:
        asked, before = self.request.GET.get("of", ""), self.request.GET.get("before", "")
        cash = {"money": True, "credits": False}.get(asked)
        lines = queries.statement_visible_to(
            self.actor,
            cash=cash,
            until_leg=int(before) if before.isdecimal() and len(before) < 19 else None,
            until=instant,
            limit=STATEMENT_LINES,
        )
        rows = [
            {"line": line, "kind": _(KIND_NAMES[line.kind]), "purpose": _(PURPOSE_NAMES[line.purpose])}
            for line in lines
        ]
        older = lines[-1].leg_id if len(lines) == STATEMENT_LINES else None
        return {"rows": rows, "of": asked, "older": older}


class StatementExport(View):
    """All movements on the own holdings, or those up to an instant, as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        until = asked_instant(request, request.at)  # type: ignore[attr-defined]
        lines = queries.statement_visible_to(actor, until=until, limit=1_000_000)
        return workbook_response(
            "statement",
            [_("Entry"), _("Time"), _("Act"), _("Asset"), _("Purpose"), _("Amount"), _("Unit")],
            (
                (
                    line.entry_id,
                    line.at,
                    _(KIND_NAMES[line.kind]),
                    f"{line.project_name} {line.vintage_year}" if line.project_name else "CNY",
                    _(PURPOSE_NAMES[line.purpose]),
                    line.units / 100 if line.asset_kind is AssetKind.CASH else line.units,
                    _("yuan") if line.asset_kind is AssetKind.CASH else "tCO2e",
                )
                for line in lines
            ),
        )
