"""Objections to the settlement of trades: raised by a party, ended by two settlement operators."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.queries import organisation, user_name
from accounts.rules import Role
from accounts.web.export import workbook_response
from accounts.web.pages import Act, FormPage, Page
from settlement import queries, services
from settlement.models import Objection
from settlement.rules.day import PaidFrom
from settlement.services.objections import RAISERS
from settlement.web.day_words import OBJECTION_STATES, PAID_FROM
from settlement.web.funds import AmountForm
from settlement.web.transfer_words import badge, named


class ObjectionForm(AmountForm):
    """What a party claims, and why."""

    reason = forms.CharField(
        label=gettext_lazy("What is wrong"), max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


class EndForm(forms.Form):
    """How an objection ends: 0 yuan dismiss it."""

    amount = forms.DecimalField(
        label=gettext_lazy("Compensation (yuan), 0 to dismiss"),
        min_value=Decimal(0),
        max_value=Decimal("10000000000"),
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    paid_from = forms.ChoiceField(
        label=gettext_lazy("Paid by"),
        choices=[(code, gettext_lazy(words)) for code, words in PAID_FROM.items()],
        widget=forms.RadioSelect,
        initial=PaidFrom.COUNTERPARTY.value,
    )
    finding = forms.CharField(
        label=gettext_lazy("What was found"), max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


def shown(row: Objection) -> dict[str, Any]:
    """Return an objection as lists show it."""
    return {"row": row, "state": badge(OBJECTION_STATES, row.state)}


class ObjectionsPage(Page):
    """The objections the reader may see, newest first."""

    template_name = "settlement/objections.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        state = self.request.GET.get("state", "")
        known = state if state in OBJECTION_STATES else ""
        return super().get_context_data(
            **kwargs,
            objections=[shown(row) for row in queries.objections_visible_to(self.actor, state=known)],
            states=[(code, _(words)) for code, (words, _tone) in OBJECTION_STATES.items()],
            asked=known,
        )


class ObjectionsExport(View):
    """The objections as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        rows = queries.objections_visible_to(request.actor)  # type: ignore[attr-defined]
        return workbook_response(
            "objections",
            [
                _("Number"),
                _("Raised at"),
                _("Raised by"),
                _("Against"),
                _("Entry"),
                _("Claimed (fen)"),
                _("State"),
                _("Compensation (fen)"),
                _("Why"),
            ],
            (
                (
                    row.pk,
                    row.raised_at,
                    row.organisation.name,
                    row.against.name,
                    row.entry_id,
                    row.claimed_fen,
                    badge(OBJECTION_STATES, row.state)["text"],
                    row.compensation_fen,
                    row.reason,
                )
                for row in rows
            ),
        )


class NewObjection(FormPage):
    """Raises an objection to one trade of the own organisation, named by its entry in the ledger."""

    template_name = "settlement/objection_new.html"
    form_class = ObjectionForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        trade = queries.objectionable_trade(self.actor.organisation_id or 0, self.kwargs["entry_id"], at=self.at)
        return super().get_context_data(**kwargs, trade=trade, against=organisation(trade.against_id))

    def act(self, form: ObjectionForm) -> str:
        row = services.raise_objection(
            actor=self.actor,
            entry_id=self.kwargs["entry_id"],
            claimed_fen=form.fen(),
            reason=form.cleaned_data["reason"],
            at=self.at,
        )
        messages.success(self.request, _("Raised. Two settlement operators decide how it ends."))
        return reverse("settlement-objection", args=[row.pk])


class ObjectionPage(FormPage):
    """One objection: what is claimed, what is proposed, how it ended; an operator proposes its end here."""

    template_name = "settlement/objection.html"
    form_class = EndForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.objection(self.actor, self.kwargs["objection_id"])
        operates = self.actor.has(Role.SETTLEMENT_OPERATOR)
        is_own = row.proposed_by_id is not None and row.proposed_by_id == self.actor.user_id
        return super().get_context_data(
            **kwargs,
            row=row,
            state=badge(OBJECTION_STATES, row.state),
            paid_from=named(PAID_FROM, row.paid_from) if row.paid_from else "",
            proposed_by=user_name(row.proposed_by_id) if row.proposed_by_id and operates else "",
            may_propose=operates and row.state == "raised",
            may_decide=operates and row.state == "proposed",
            is_own=is_own,
            may_withdraw=(
                row.state in ("raised", "proposed")
                and row.organisation_id == self.actor.organisation_id
                and self.actor.has(*RAISERS)
            ),
        )

    def act(self, form: EndForm) -> str:
        fen = int((form.cleaned_data["amount"] * 100).to_integral_value(rounding=ROUND_DOWN))
        services.propose_end(
            actor=self.actor,
            objection_id=self.kwargs["objection_id"],
            finding=form.cleaned_data["finding"],
            compensation_fen=fen,
            paid_from=PaidFrom(form.cleaned_data["paid_from"]),
            at=self.at,
        )
        messages.success(self.request, _("Proposed. Another settlement operator decides on it."))
        return reverse("settlement-objection", args=[self.kwargs["objection_id"]])


class _Decision(Act):
    """An act on one objection; told on its page."""

    def back(self) -> str:
        return reverse("settlement-objection", args=[self.kwargs["objection_id"]])


class ApproveEnd(_Decision):
    """Another operator ends the objection as proposed."""

    needs_password = True
    done = gettext_lazy("Decided: the objection is ended.")

    def call(self) -> None:
        services.approve_end(
            actor=self.actor,
            objection_id=self.kwargs["objection_id"],
            digest=self.request.POST.get("digest", ""),
            at=self.at,
        )


class RefuseEnd(_Decision):
    """Another operator leaves the objection open; who proposed takes the proposal back."""

    done = gettext_lazy("The proposal is withdrawn. The objection stays open.")

    def call(self) -> None:
        services.refuse_end(actor=self.actor, objection_id=self.kwargs["objection_id"], at=self.at)


class WithdrawObjection(_Decision):
    """Who raised it takes it back."""

    done = gettext_lazy("The objection is taken back.")

    def call(self) -> None:
        services.withdraw_objection(actor=self.actor, objection_id=self.kwargs["objection_id"], at=self.at)
