"""The confirmation of a trade: as a page, and as a paper."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views import View

from accounts.queries import organisation
from accounts.web.pages import Page
from exchange import queries
from exchange.rules.confirmation import MODES, confirmation_pdf, who_invoices


class TradePage(Page):
    """One trade for one of its parties: what, with whom, for how much, which serials, who invoices whom."""

    template_name = "exchange/trade.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        one = queries.trade_confirmation(self.actor, self.kwargs["trade_id"], side=self.request.GET.get("side", ""))
        is_english = self.request.LANGUAGE_CODE.startswith("en")
        return super().get_context_data(
            **kwargs,
            one=one,
            is_party=self.actor.organisation_id is not None
            and organisation(self.actor.organisation_id).uscc in (one.buyer.uscc, one.seller.uscc),
            mode=MODES.get(one.mode, (one.mode, one.mode))[int(is_english)],
            notes=[note[int(is_english)] for note in who_invoices(one)],
        )


class TradePaper(View):
    """The confirmation as PDF; equal content gives equal bytes."""

    def get(self, request: HttpRequest, trade_id: int) -> HttpResponseBase:
        actor = request.actor  # type: ignore[attr-defined]
        one = queries.trade_confirmation(actor, trade_id, side=request.GET.get("side", ""))
        address = settings.PUBLIC_URL.rstrip("/") + reverse("exchange-trade", args=[trade_id])
        answer = HttpResponse(confirmation_pdf(one, check_url=address), content_type="application/pdf")
        answer["Content-Disposition"] = f'attachment; filename="{one.number}.pdf"'
        return answer
