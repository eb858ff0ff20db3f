"""The settlement operator's view of the bank: what came in, what nobody has explained, what is still to be sent."""

from __future__ import annotations

from typing import Any

from accounts.queries import organisation
from accounts.web.pages import Page
from settlement import queries


class BankDesk(Page):
    """Money received, unknown money first, and the withdrawals of all participants."""

    template_name = "settlement/bank_desk.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        notices = queries.bank_notices_visible_to(self.actor)[:200]
        withdrawals = queries.withdrawals_visible_to(self.actor)[:200]
        ids = {row.organisation_id for row in notices if row.organisation_id}
        ids |= {row.organisation_id for row in withdrawals if row.organisation_id}
        names = {number: organisation(number).name for number in ids}
        return super().get_context_data(
            **kwargs,
            suspense_fen=queries.suspense_fen(),
            unknown=[
                {"row": row, "proposal": proposal, "days": (self.at - row.at).days}
                for row, proposal in queries.unknown_money(self.actor)[:200]
            ],
            notices=[{"row": row, "name": names.get(row.organisation_id or 0, "")} for row in notices],
            withdrawals=[{"row": row, "name": names.get(row.organisation_id or 0, "")} for row in withdrawals],
        )
