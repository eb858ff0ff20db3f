"""What an amount of credits is worth by the market's newest prices: a figure for owners, no offer."""

from __future__ import annotations

from typing import Any

from accounts.web.pages import Page
from exchange import queries as exchange
from rulebook.queries import business_date
from settlement.rules import highest_fee_fen

MOST_TONNES = 10**12


class Worth(Page):
    """The fragment `?tonnes=…&type=F`: the amount by the newest prices of this type, and what is left after the fee."""

    template_name = "public/worth.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET.get("tonnes", "")
        tonnes = min(int(asked), MOST_TONNES) if asked.isdecimal() and len(asked) < 14 else 0
        kind = self.request.GET.get("type", "")
        turnover = exchange.turnover(business_date(self.at))
        prices = [
            (turnover[one.id][3] if one.id in turnover else one.base_price_fen, one.id in turnover)
            for one in exchange.instruments(self.at)
            if one.credit_type == kind
        ]
        context: dict[str, Any] = {"tonnes": tonnes, "prices": len(prices)}
        if prices:
            price = sum(fen for fen, _ in prices) // len(prices)
            profile = exchange.profile(self.at, "nm_regional")
            value = price * tonnes
            fee = highest_fee_fen(rate=profile.fee_rate, value_fen=value) if value else 0
            context |= {
                "price_fen": price,
                "low_fen": min(fen for fen, _ in prices),
                "high_fen": max(fen for fen, _ in prices),
                "value_fen": value,
                "after_fee_fen": value - fee,
                "traded": sum(is_today for _, is_today in prices),
            }
        return super().get_context_data(**{**context, **kwargs})
