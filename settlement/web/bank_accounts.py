"""The bank account of the own organisation: bound by two persons and the bank's word, released by two persons."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.queries import user_name
from accounts.web.pages import Act, FormPage
from rulebook.queries import rule
from settlement import queries, services
from settlement.models import BankAccount
from settlement.queries.transfers import CONFIRMING, PROPOSING

STATES: dict[str, tuple[Any, str]] = {
    BankAccount.State.PROPOSED: (gettext_lazy("Waits for the second person"), "warning"),
    BankAccount.State.ASKED: (gettext_lazy("The bank is asked"), "info"),
    BankAccount.State.BOUND: (gettext_lazy("Bound"), "success"),
    BankAccount.State.REFUSED: (gettext_lazy("Refused"), "danger"),
    BankAccount.State.RELEASED: (gettext_lazy("Released"), "secondary"),
}


class AccountForm(forms.Form):
    """Which bank, and the number of the account; its name is the organisation's own."""

    bank_name = forms.CharField(label=gettext_lazy("Bank and branch"), max_length=100)
    account_number = forms.CharField(
        label=gettext_lazy("Account number"),
        max_length=60,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class BankAccountPage(FormPage):
    """Shows the bound account, the one under way and the earlier ones; takes a proposal."""

    template_name = "settlement/bank_account.html"
    form_class = AccountForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        organisation_id = self.actor.organisation_id or 0
        rows = queries.bank_accounts_visible_to(self.actor).filter(organisation_id=organisation_id)
        proposes, confirms = self.actor.has(*PROPOSING), self.actor.has(*CONFIRMING)
        own = self.actor.user_id
        shown = [
            {
                "row": row,
                "state": STATES[row.state],
                "proposed_by": user_name(row.proposed_by_id) if row.proposed_by_id else "",
                "approved_by": user_name(row.approved_by_id) if row.approved_by_id else "",
                "waits": row.usable_from is not None and row.usable_from > self.at,
                "may_approve": row.state == "proposed" and confirms and row.proposed_by_id != own,
                "may_refuse": row.state == "proposed" and (confirms or row.proposed_by_id == own),
                "may_ask_release": row.state == "bound" and proposes and row.release_asked_by_id is None,
                "may_release": row.release_asked_by_id is not None and row.ended_at is None,
                "is_own_release": row.release_asked_by_id == own,
                "confirms": confirms,
            }
            for row in rows[:20]
        ]
        is_free = not rows.filter(state__in=["proposed", "asked", "bound"]).exists()
        return super().get_context_data(
            **kwargs,
            rows=shown,
            may_propose=proposes and is_free,
            holder=self.actor.organisation_name,
            later=rule("bank.later_account_after_trading_days", at=self.at),
        )

    def act(self, form: AccountForm) -> str:
        services.propose_bank_account(actor=self.actor, **form.cleaned_data, at=self.at)
        messages.success(self.request, _("Proposed. A second person of the organisation approves it."))
        return reverse("settlement-bank-account")


class _Act(Act):
    """One step of one person with the account; told on its page."""

    def back(self) -> str:
        return reverse("settlement-bank-account")

    @property
    def asked(self) -> dict[str, Any]:
        return {"actor": self.actor, "account_id": self.kwargs["account_id"], "at": self.at}


class ApproveBankAccount(_Act):
    """The second person approves; the bank is asked then."""

    needs_password = True
    done = gettext_lazy("Approved. The bank is asked in whose name the account stands.")

    def call(self) -> None:
        services.approve_bank_account(**self.asked, account_number=self.request.POST.get("account_number", ""))


class RefuseBankAccount(_Act):
    """The second person refuses, or who proposed takes it back."""

    done = gettext_lazy("The proposal is ended.")

    def call(self) -> None:
        services.refuse_bank_account(**self.asked)


class AskRelease(_Act):
    """One person asks that the account is released."""

    done = gettext_lazy("Asked. A second person of the organisation releases the account.")

    def call(self) -> None:
        services.ask_release(**self.asked)


class ReleaseBankAccount(_Act):
    """The second person releases it."""

    needs_password = True
    done = gettext_lazy("Released. Money leaves to no account until another one is bound.")

    def call(self) -> None:
        services.release_bank_account(**self.asked)


class KeepBankAccount(_Act):
    """The account stays bound."""

    done = gettext_lazy("The account stays bound.")

    def call(self) -> None:
        services.keep_bank_account(**self.asked)
