"""The exchange operator's desk: instruments and their day, halts, approvals."""

from __future__ import annotations

from typing import Any

from accounts.web.pages import Page
from exchange import queries
from exchange.web.market import line_of
from rulebook.queries import business_date


class DeskPage(Page):
    """Instruments with their state; halts; approvals of continuous trading."""

    template_name = "exchange/desk.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        turnover = queries.turnover(business_date(self.at))
        return super().get_context_data(
            **kwargs,
            lines=[line_of(one, turnover) for one in queries.instruments(self.at)],
            halts=queries.live_halts(self.at),
            approvals=queries.approvals(),
            today=business_date(self.at),
            user_id=self.actor.user_id,
        )
