"""The money of the own organisation: what is there, paying in, paying out."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.rules import Role
from accounts.services import require_confirmed
from accounts.web.pages import Page
from accounts.web.refusals import message_of
from rulebook.errors import Refusal
from rulebook.queries import rule
from settlement import queries, services

MOST_YUAN = Decimal("10000000000")  # Technical: what an amount in fen may at most be, far above any account.


class AmountForm(forms.Form):
    """An amount of money, typed in yuan."""

    amount = forms.DecimalField(
        label=gettext_lazy("Amount (yuan)"),
        min_value=Decimal("0.01"),
        max_value=MOST_YUAN,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def fen(self) -> int:
        """Return the amount in fen."""
        return int((self.cleaned_data["amount"] * 100).to_integral_value(rounding=ROUND_DOWN))


class FundsPage(Page):
    """Available, held and travelling money; deposit references with what came in; withdrawals."""

    template_name = "settlement/funds.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        organisation_id = self.actor.organisation_id or 0
        deposits = [row for row in queries.deposits_visible_to(self.actor) if row.organisation_id == organisation_id]
        context = {
            "available_fen": queries.available_fen(organisation_id),
            "held_fen": queries.held_fen(organisation_id),
            "in_transit_fen": queries.in_transit_fen(organisation_id),
            "deposits": [
                {"row": row, "received_fen": queries.received_under(row.reference), "pay_url": self._pay_url(row)}
                for row in deposits[:20]
            ],
            "withdrawals": [
                row for row in queries.withdrawals_visible_to(self.actor) if row.organisation_id == organisation_id
            ][:20],
            "withdrawable": queries.withdrawable(organisation_id, self.at),
            "windows": rule("cash.withdrawal_windows", at=self.at),
            "is_window": queries.is_withdrawal_window(self.at),
            "bank_account": queries.bank_account_of(organisation_id),
            "funds_account": {"name": settings.VENUE_NAME, "number": settings.BANK_ACCOUNT},
            "limit": rule("cash.withdrawal_two_persons_from_fen", at=self.at),
            "deposit_form": AmountForm(prefix="in"),
            "withdrawal_form": AmountForm(prefix="out"),
            "may_send": self.actor.has(Role.FIRM_INITIATOR, Role.OWNER),
            "may_approve": self.actor.has(Role.FIRM_CONFIRMER),
        }
        return super().get_context_data(**{**context, **kwargs})

    def _pay_url(self, deposit: Any) -> str:
        """Return the bank's own payment page with the reference filled in (the demonstration's bank has one)."""
        if not settings.DEMO:
            return ""
        filled = {"reference": deposit.reference, "name": self.actor.organisation_name}
        if deposit.expected_fen:
            filled["amount"] = f"{deposit.expected_fen // 100}.{deposit.expected_fen % 100:02d}"
        return f"{settings.BANK_URL}/pay?{urlencode(filled)}"


class NewDeposit(FundsPage):
    """Draws a reference to pay in under."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = AmountForm(request.POST, prefix="in")
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(deposit_form=form), status=422)
        deposit = services.request_deposit(actor=self.actor, amount_fen=form.fen(), at=self.at)
        messages.success(
            request, _("Write the reference %(reference)s on your payment.") % {"reference": deposit.reference}
        )
        return redirect("settlement-funds")


class NewWithdrawal(FundsPage):
    """Sends money to the bound bank account; the password is asked for again."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = AmountForm(request.POST, prefix="out")
        if form.is_valid():
            require_confirmed(self.actor, self.at)
            try:
                services.request_withdrawal(actor=self.actor, amount_fen=form.fen(), at=self.at)
            except Refusal as refusal:
                form.add_error("amount", message_of(refusal))
            else:
                messages.success(request, _("The withdrawal has been asked for."))
                return redirect("settlement-funds")
        return self.render_to_response(self.get_context_data(withdrawal_form=form), status=422)


class ApproveWithdrawal(View):
    """The second person of the firm lets a withdrawal go."""

    def post(self, request: HttpRequest, withdrawal_id: int) -> HttpResponseBase:
        require_confirmed(request.actor, request.at)  # type: ignore[attr-defined]
        services.approve_withdrawal(
            actor=request.actor,  # type: ignore[attr-defined]
            withdrawal_id=withdrawal_id,
            at=request.at,  # type: ignore[attr-defined]
        )
        return HttpResponseRedirect(reverse("settlement-funds"))
