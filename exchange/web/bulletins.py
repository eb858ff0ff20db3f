"""Published market data: bulletins as page, workbook and paper; reference prices; the history to take away."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views import View

from accounts.web.export import safe_cell, workbook_response
from accounts.web.pages import Page
from exchange import queries
from exchange.errors import BulletinNotThere
from exchange.rules.bulletin import bulletin_pdf
from rulebook.queries import business_date

FEN = 100
SPAN = timedelta(days=31)
ROWS = 120
METHOD_NAMES = {
    "trades": gettext_noop("Of the day's trades"),
    "carried": gettext_noop("Carried on"),
    "none": gettext_noop("None: too little traded for too long"),
}


class BulletinsPage(Page):
    """The published bulletins, the newest reference prices, and the history to take away."""

    template_name = "exchange/bulletins.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = list(queries.bulletins()[:ROWS])
        references = queries.references().filter(day=rows[0].day) if rows else []
        today = business_date(self.at)
        return super().get_context_data(
            **kwargs,
            rows=rows,
            references=[{"row": row, "method": _(METHOD_NAMES[row.method])} for row in references],
            instruments=queries.instruments(self.at),
            first=today - SPAN,
            last=today,
        )


class BulletinPage(Page):
    """One bulletin as it was published."""

    template_name = "exchange/bulletin.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.bulletin(self.kwargs["day"])
        references = [{**one, "method_name": _(METHOD_NAMES[one["method"]])} for one in row.body["references"]]
        return super().get_context_data(**kwargs, row=row, body=row.body, references=references)


class BulletinExport(View):
    """The figures of a bulletin as an Excel file."""

    def get(self, request: HttpRequest, day: str) -> HttpResponseBase:
        row = queries.bulletin(day)
        names = ("base_price", "open", "high", "low", "close", "vwap")
        head = [
            _("Product"),
            _("Name"),
            _("Mode"),
            _("Base price"),
            _("Open price"),
            _("Highest"),
            _("Lowest"),
            _("Close price"),
            _("VWAP"),
            _("Trades"),
            _("Volume (t)"),
            _("Turnover"),
            _("Block volume (t)"),
            _("Auction volume (t)"),
        ]
        return workbook_response(
            row.number,
            head,
            (
                (
                    one["code"],
                    one["name"],
                    one["mode"],
                    *(None if one[f"{name}_fen"] is None else one[f"{name}_fen"] / FEN for name in names),
                    one["trades"],
                    one["quantity"],
                    one["value_fen"] / FEN,
                    one["block_quantity"],
                    one["auction_quantity"],
                )
                for one in row.body["instruments"]
            ),
        )


class BulletinPaper(View):
    """A bulletin as PDF; equal content gives equal bytes."""

    def get(self, request: HttpRequest, day: str) -> HttpResponseBase:
        row = queries.bulletin(day)
        address = settings.PUBLIC_URL.rstrip("/") + reverse("exchange-bulletin", args=[row.day.isoformat()])
        made = bulletin_pdf(
            row.body, number=row.number, sha256=row.sha256, venue=settings.VENUE_NAME, check_url=address
        )
        answer = HttpResponse(made, content_type="application/pdf")
        answer["Content-Disposition"] = f'attachment; filename="{row.number}.pdf"'
        return answer


class History(View):
    """Daily figures or trades of a span of days, of one product or of all, as CSV or Excel. No parties."""

    def get(self, request: HttpRequest, what: str, kind: str) -> HttpResponseBase:
        if what not in ("figures", "trades") or kind not in ("csv", "xlsx"):
            raise BulletinNotThere
        asked = request.GET
        today = business_date(request.at)  # type: ignore[attr-defined]
        first, last = _day(asked.get("from", ""), today - SPAN), _day(asked.get("to", ""), today)
        code = asked.get("instrument", "")
        number = queries.instrument_by_code(code).pk if code else None
        head, rows = _figures(number, first, last) if what == "figures" else _trades(number, first, last)
        name = f"{what}-{code or 'all'}-{first}-{last}"
        if kind == "xlsx":
            return workbook_response(name, head, rows)
        answer = StreamingHttpResponse(_csv(head, rows), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return answer


class _Line:
    """A file that gives back what is written to it."""

    @staticmethod
    def write(text: str) -> str:
        return text


def _csv(head: list[str], rows: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(head)
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])


def _figures(number: int | None, first: date, last: date) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    names = ("base_price", "open", "high", "low", "close", "vwap")
    head = ["day", "instrument", "mode", *names, "trades", "quantity", "value", "block_quantity", "auction_quantity"]
    rows = (
        (
            row.day,
            row.instrument.code,
            row.mode,
            *(_yuan(getattr(row, f"{name}_fen")) for name in names),
            row.trades,
            row.quantity,
            _yuan(row.value_fen),
            row.block_quantity,
            row.auction_quantity,
        )
        for row in queries.figures_of(number, first, last).iterator(chunk_size=2000)
    )
    return head, rows


def _trades(number: int | None, first: date, last: date) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    rows = (
        (trade, at, code, mode, _yuan(price), quantity)
        for trade, at, code, mode, price, quantity in queries.public_trades(number, first, last)
    )
    return ["trade", "at", "instrument", "mode", "price", "quantity"], rows


def _yuan(fen: int | None) -> float | None:
    return None if fen is None else fen / FEN


def _day(text: str, default: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return default
