"""The statement of the own organisation's day: as a page, as an Excel file, and as a paper."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import View

from accounts.web.export import workbook_response
from accounts.web.pages import Page
from rulebook.queries import business_date
from settlement import queries
from settlement.errors import InstantUnreadable
from settlement.rules import AssetKind
from settlement.rules.daily import ACTS, WORDS, DailyStatement, daily_pdf
from settlement.web.holdings import KIND_NAMES


def asked_day(request: HttpRequest) -> date:
    """Return the day that `?day=` names, the business day by default. Raises InstantUnreadable."""
    text = request.GET.get("day", "").strip()
    if not text:
        return business_date(request.at)  # type: ignore[attr-defined]
    try:
        return date.fromisoformat(text[:20])
    except ValueError as error:
        raise InstantUnreadable(field="day") from error


def statement_of(request: HttpRequest) -> DailyStatement:
    """Return the statement of the day that a request asks for."""
    return queries.daily_statement(request.actor, asked_day(request), at=request.at)  # type: ignore[attr-defined]


class DailyPage(Page):
    """One day: money and credits from opening to closing, and every movement between."""

    template_name = "settlement/daily.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        one = statement_of(self.request)
        place = int(translation.get_language().startswith("en"))
        today = business_date(self.at)
        return super().get_context_data(
            **kwargs,
            one=one,
            today=today,
            before=one.day - timedelta(days=1) if one.day > date.min else one.day,
            after=one.day + timedelta(days=1) if one.day < today else None,
            cash=list(zip([WORDS[act][place] for act in ACTS[AssetKind.CASH]], one.cash.acts, strict=True)),
            credit_acts=[WORDS[act][place] for act in ACTS[AssetKind.CREDIT]],
            movements=[
                {
                    "row": row,
                    "name": name,
                    "kind": _(KIND_NAMES[row.kind]),
                    "is_cash": row.asset_id == one.cash.asset_id,
                }
                for row, name in one.movements
            ],
        )


class DailyExport(View):
    """The day as an Excel file: opening, movements, closing."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        one = statement_of(request)
        rows: list[tuple[Any, ...]] = [("", "", _("Opening"), "CNY", one.cash.opening / 100, _("yuan"))]
        rows += [("", "", _("Opening"), row.name, row.opening, "tCO2e") for row in one.credits]
        for move, name in one.movements:
            is_cash = move.asset_id == one.cash.asset_id
            amount = move.units / 100 if is_cash else move.units
            unit = _("yuan") if is_cash else "tCO2e"
            rows.append((move.entry_id, move.at, _(KIND_NAMES[move.kind]), name, amount, unit))
        rows.append(("", "", _("Closing"), "CNY", one.cash.closing / 100, _("yuan")))
        rows += [("", "", _("Closing"), row.name, row.closing, "tCO2e") for row in one.credits]
        head = [_("Entry"), _("Time"), _("Act"), _("Asset"), _("Amount"), _("Unit")]
        return workbook_response(one.number, head, iter(rows))


class DailyPaper(View):
    """The day as PDF; equal content gives equal bytes."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        one = statement_of(request)
        with translation.override("zh-hans"):
            kinds = {str(kind): _(name) for kind, name in KIND_NAMES.items()}
        address = f"{settings.PUBLIC_URL.rstrip('/')}{reverse('settlement-daily')}?day={one.day}"
        answer = HttpResponse(daily_pdf(one, kinds=kinds, check_url=address), content_type="application/pdf")
        answer["Content-Disposition"] = f'attachment; filename="{one.number}.pdf"'
        return answer
