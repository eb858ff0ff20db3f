"""The list of trusted accounts: receivers that transfers need not wait for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.queries import organisations, user_name
from accounts.rules import Actor
from accounts.web.pages import Act, FormPage
from rulebook.queries import rule
from settlement import queries, services
from settlement.models import TrustedAccount
from settlement.web import transfer_words as words


class TrustForm(forms.Form):
    """Which receiver is to be trusted, and why."""

    to = forms.CharField(
        label=gettext_lazy("Unified social credit code of the receiver"),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].widget.attrs |= {
            "hx-get": reverse("settlement-transfer-receiver"),
            "hx-trigger": "load, input changed delay:400ms",
            "hx-target": "#receiver",
        }


class TrustedPage(FormPage):
    """The trusted accounts of the own organisation with what each person may do; a form for a new one."""

    template_name = "settlement/trusted.html"
    form_class = TrustForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = list(queries.trusted_accounts_visible_to(self.actor)[:200])
        ids = {number for row in rows for number in (row.organisation_id, row.trusted_id)}
        found = organisations(ids)
        return super().get_context_data(
            **kwargs,
            rows=[_shown(row, self.actor, found, self.at) for row in rows],
            may_propose=self.actor.has(*queries.PROPOSING),
            is_own=self.actor.has(*queries.PROPOSING, *queries.CONFIRMING),
            days=rule("transfer.trusted_after_working_days", at=self.at),
            noon=rule("transfer.waiting_until_time", at=self.at),
        )

    def act(self, form: Any) -> str:
        services.propose_trusted_account(
            actor=self.actor, to_uscc=form.cleaned_data["to"], reason=form.cleaned_data["reason"], at=self.at
        )
        messages.success(self.request, _("Proposed. A second person of your organisation approves it."))
        return reverse("settlement-trusted")


def _shown(row: TrustedAccount, actor: Actor, found: dict[int, Any], at: Any) -> dict[str, Any]:
    counts = row.state == "approved" and not row.counts_provisional and row.counts_from <= at
    status = words.badge(words.TRUST_STATES, row.state)
    if row.state == "approved":
        status = (
            {"text": _("In force"), "tone": "success"}
            if counts
            else {"text": _("Approved, does not count yet"), "tone": "info"}
        )
    is_open = row.state in ("proposed", "approved")
    own = row.organisation_id == actor.organisation_id
    return {
        "row": row,
        "holder": found[row.organisation_id].name,
        "name": found[row.trusted_id].name,
        "code": found[row.trusted_id].uscc,
        "status": status,
        "counts": counts,
        "proposed_by": user_name(row.proposed_by_id),
        "approved_by": user_name(row.approved_by_id),
        "may_approve": row.state == "proposed"
        and own
        and row.proposed_by_id != actor.user_id
        and actor.has(*queries.CONFIRMING),
        "may_end": is_open and services.may_end(actor, row),
    }


class _Act(Act):
    """One step of one person with a trusted account; told on the list."""

    def back(self) -> str:
        return reverse("settlement-trusted")

    @property
    def asked(self) -> dict[str, Any]:
        return {"actor": self.actor, "trust_id": self.kwargs["trust_id"], "at": self.at}


class ApproveTrust(_Act):
    """The second person approves."""

    needs_password = True
    done = gettext_lazy("Approved. It counts after the delay of the rules.")

    def call(self) -> None:
        services.approve_trusted_account(**self.asked)


class EndTrust(_Act):
    """Either person, or the holder, ends it at once."""

    done = gettext_lazy("Ended. Transfers to this receiver wait from now on.")

    def call(self) -> None:
        services.end_trusted_account(**self.asked)
