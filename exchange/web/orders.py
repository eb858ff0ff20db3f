"""The own orders and trades, with export."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views import View

from accounts.web.export import workbook_response
from accounts.web.pages import Page
from exchange import queries
from settlement.queries import hold_summary

PAGE_SIZE = 20
MOST_TRADES = 500
STATUS_NAMES = {
    "accepted": gettext_noop("Taken in"),
    "live": gettext_noop("Live"),
    "partially_filled": gettext_noop("Partly filled"),
    "filled": gettext_noop("Filled"),
    "cancelled": gettext_noop("Cancelled"),
    "expired": gettext_noop("Lapsed"),
    "rejected": gettext_noop("Rejected"),
}
SIDE_NAMES = {"buy": gettext_noop("Buy"), "sell": gettext_noop("Sell")}


class OrdersPage(Page):
    """The own orders, newest first, and the newest trades."""

    template_name = "exchange/orders.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = Paginator(queries.orders_visible_to(self.actor), PAGE_SIZE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            **kwargs,
            page=page,
            rows=[
                {
                    "order": order,
                    "status": _(STATUS_NAMES[order.status]),
                    "freeze": hold_summary(order.freeze_id) if order.freeze_id else None,
                }
                for order in page
            ],
            trades=queries.trades_visible_to(self.actor)[:PAGE_SIZE],
            proposals=queries.proposals_visible_to(self.actor),
            own=self.actor.organisation_id,
        )


class OrderPage(Page):
    """One order with its trades: an own one; any for those who watch over the market."""

    template_name = "exchange/order.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        order = queries.order_view(self.actor, self.kwargs["order_id"])
        return super().get_context_data(
            **kwargs, order=order, trades=queries.trades_of_order(self.actor, order.pk)[:MOST_TRADES]
        )


class OrdersExport(View):
    """All own orders as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        rows = queries.orders_visible_to(request.actor)  # type: ignore[attr-defined]
        return workbook_response(
            "orders",
            [_("Order"), _("Time"), _("Instrument"), _("Side"), _("Price"), _("Quantity"), _("Filled"), _("State")],
            (
                (
                    order.pk,
                    order.at,
                    order.instrument.code,
                    _(SIDE_NAMES[order.side]),
                    None if order.price_fen is None else order.price_fen / 100,
                    order.quantity,
                    order.filled,
                    _(STATUS_NAMES[order.status]),
                )
                for order in rows.iterator(chunk_size=2000)
            ),
        )


class TradesExport(View):
    """All own trades as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        actor = request.actor  # type: ignore[attr-defined]
        return workbook_response(
            "trades",
            [_("Trade"), _("Time"), _("Instrument"), _("Side"), _("Price"), _("Quantity"), _("Value"), _("Fee")],
            (
                (
                    trade.pk,
                    trade.at,
                    trade.instrument.code,
                    _(SIDE_NAMES["buy" if trade.buyer_id == actor.organisation_id else "sell"]),
                    trade.price_fen / 100,
                    trade.quantity,
                    trade.value_fen / 100,
                    (trade.buyer_fee_fen if trade.buyer_id == actor.organisation_id else trade.seller_fee_fen) / 100,
                )
                for trade in queries.trades_visible_to(actor).iterator(chunk_size=2000)
            ),
        )
