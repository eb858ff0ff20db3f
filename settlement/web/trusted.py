"""The list of trusted accounts: receivers that transfers need not wait for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.queries import organisations, user_name
from accounts.rules import Actor
from accounts.services import require_confirmed
from accounts.web.pages import FormPage
from accounts.web.refusals import message_of
from rulebook.errors import NotThere, Refusal
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


class _Act(View):
    """One step of one person with a trusted account; a refusal is told on the list."""

    def call(self, actor: Actor, trust_id: int, at: Any) -> str:
        raise NotImplementedError

    def post(self, request: HttpRequest, trust_id: int) -> HttpResponseBase:
        try:
            words_of_it = self.call(request.actor, trust_id, request.at)  # type: ignore[attr-defined]
        except NotThere:
            raise
        except Refusal as refusal:
            if refusal.code == "password_needed":
                raise
            messages.error(request, message_of(refusal))
        else:
            messages.success(request, words_of_it)
        return HttpResponseRedirect(reverse("settlement-trusted"))

    def get(self, request: HttpRequest, trust_id: int) -> HttpResponseBase:
        """Lead back to the list: here the way ends that began with asking for the password."""
        return HttpResponseRedirect(reverse("settlement-trusted"))


class ApproveTrust(_Act):
    """The second person approves."""

    def call(self, actor: Actor, trust_id: int, at: Any) -> str:
        require_confirmed(actor, at)
        services.approve_trusted_account(actor=actor, trust_id=trust_id, at=at)
        return _("Approved. It counts after the delay of the rules.")


class EndTrust(_Act):
    """Either person, or the holder, ends it at once."""

    def call(self, actor: Actor, trust_id: int, at: Any) -> str:
        services.end_trusted_account(actor=actor, trust_id=trust_id, at=at)
        return _("Ended. Transfers to this receiver wait from now on.")
