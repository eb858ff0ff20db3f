"""One sum of unknown money: what is known of it, whose it is proposed to be, and the second person's decision."""

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

from accounts.queries import organisation, user_name
from accounts.rules import Role
from accounts.services import require_confirmed
from accounts.web.pages import FormPage
from accounts.web.refusals import message_of
from rulebook.errors import NotThere, Refusal
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
            owner=organisation(proposal.organisation_id) if proposal else None,
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


class DecideExplanation(View):
    """Another operator moves the money to its owner, or leaves it in suspense; who proposed may take it back."""

    def get(self, request: HttpRequest, notice_id: int) -> HttpResponseBase:
        """Lead back to the money: here the way ends that began with asking for the password."""
        return HttpResponseRedirect(reverse("settlement-unknown-money", args=[notice_id]))

    def post(self, request: HttpRequest, notice_id: int) -> HttpResponseBase:
        actor, at = request.actor, request.at  # type: ignore[attr-defined]
        _notice, proposal = queries.one_unknown(actor, notice_id)
        if proposal is None:
            raise NotThere
        approves = request.POST.get("decision") == "approve"
        if approves:
            require_confirmed(actor, at)
        try:
            if approves:
                digest = request.POST.get("digest", "")
                services.approve_explanation(actor=actor, explanation_id=proposal.pk, digest=digest, at=at)
            else:
                services.refuse_explanation(actor=actor, explanation_id=proposal.pk, at=at)
        except NotThere:
            raise
        except Refusal as refusal:
            messages.error(request, message_of(refusal))
            return self.get(request, notice_id)
        if approves:
            messages.success(request, _("The money has been moved to its owner."))
            return HttpResponseRedirect(reverse("settlement-bank-desk"))
        messages.success(request, _("The proposal is withdrawn. The money stays in suspense."))
        return self.get(request, notice_id)
