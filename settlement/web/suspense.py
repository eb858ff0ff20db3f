"""One sum of unknown money: what is known of it, whose it is proposed to be, and the second person's decision."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.queries import organisation, user_name
from accounts.rules import Role
from accounts.web.pages import Act, FormPage
from rulebook.errors import NotThere
from settlement import queries, services


class ExplanationForm(forms.Form):
    """Whose money it is, and how that was found out."""

    uscc = forms.CharField(label=gettext_lazy("Unified social credit code of the participant"), max_length=40)
    reason = forms.CharField(
        label=gettext_lazy("How this was found out"), max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


class UnknownMoney(FormPage):
    """Shows one sum in suspense, and takes a proposal."""

    template_name = "settlement/unknown_money.html"
    form_class = ExplanationForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        notice, proposal = queries.one_unknown(self.actor, self.kwargs["notice_id"])
        return super().get_context_data(
            **kwargs,
            notice=notice,
            proposal=proposal,
            days=(self.at - notice.at).days,
            owner=organisation(proposal.organisation_id) if proposal and proposal.organisation_id else None,
            proposed_by=user_name(proposal.proposed_by_id) if proposal else "",
            may_act=self.actor.has(Role.SETTLEMENT_OPERATOR),
            is_own=proposal is not None and proposal.proposed_by_id == self.actor.user_id,
        )

    def act(self, form: ExplanationForm) -> str:
        services.propose_explanation(
            actor=self.actor,
            notice_id=self.kwargs["notice_id"],
            uscc=form.cleaned_data["uscc"],
            reason=form.cleaned_data["reason"],
            at=self.at,
        )
        messages.success(self.request, _("Proposed. Another settlement operator decides on it."))
        return reverse("settlement-unknown-money", args=[self.kwargs["notice_id"]])


class _Decision(Act):
    """A decision on what is proposed of one sum; told on its page."""

    def back(self) -> str:
        return reverse("settlement-unknown-money", args=[self.kwargs["notice_id"]])

    def explanation_id(self) -> int:
        """Return the proposal that waits to be decided."""
        _notice, proposal = queries.one_unknown(self.actor, self.kwargs["notice_id"])
        if proposal is None:
            raise NotThere
        return proposal.pk


class ProposeReturn(_Decision):
    """An operator proposes that the money goes back to the account it came from."""

    done = gettext_lazy("Proposed. Another settlement operator decides on it.")

    def call(self) -> None:
        services.propose_return(
            actor=self.actor,
            notice_id=self.kwargs["notice_id"],
            reason=self.request.POST.get("reason", ""),
            at=self.at,
        )


class ApproveExplanation(_Decision):
    """Another operator moves the money to its owner."""

    needs_password = True
    done = gettext_lazy("Decided: the money has left suspense.")
    is_moved = False

    def call(self) -> None:
        digest = self.request.POST.get("digest", "")
        services.approve_explanation(actor=self.actor, explanation_id=self.explanation_id(), digest=digest, at=self.at)
        self.is_moved = True

    def back(self) -> str:
        return reverse("settlement-bank-desk") if self.is_moved else super().back()


class RefuseExplanation(_Decision):
    """Another operator leaves the money in suspense; who proposed takes it back."""

    done = gettext_lazy("The proposal is withdrawn. The money stays in suspense.")

    def call(self) -> None:
        services.refuse_explanation(actor=self.actor, explanation_id=self.explanation_id(), at=self.at)
