"""The settlement operator's view of the bank: what came in, what nobody has explained, what is still to be sent."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views import View

from accounts.queries import organisation
from accounts.web.export import workbook_response
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


class BankDeskExport(View):
    """Money received and withdrawals of all participants as an Excel file, newest first."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        actor = request.actor  # type: ignore[attr-defined]
        notices, withdrawals = queries.bank_notices_visible_to(actor), queries.withdrawals_visible_to(actor)
        ids = {row.organisation_id for row in notices} | {row.organisation_id for row in withdrawals}
        names = {number: organisation(number).name for number in ids if number}
        rows: list[tuple[Any, ...]] = []
        for notice in notices:
            owner = names.get(notice.organisation_id or 0, "")
            told = (notice.bank_serial, notice.at, owner, notice.payer_name, notice.reference, notice.amount_fen)
            rows.append((_("Received"), *told, ""))
        for row in withdrawals:
            owner = names.get(row.organisation_id or 0, "")
            rows.append((_("Withdrawal"), row.pk, row.asked_at, owner, "", "", -row.amount_fen, row.state))
        head = [_("Kind"), _("Number"), _("Time"), _("Participant"), _("Payer"), _("Reference"), _("Amount (fen)")]
        return workbook_response("bank_desk", [*head, _("State")], iter(rows))
