"""Approvals of continuous trading on the operator's desk: entered with their paper, checked, ended."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.web.pages import Act, FormPage
from exchange import queries, services
from exchange.errors import ApprovalNotThere
from exchange.services.approvals import DEMONSTRATION
from settlement.services import EvidenceFile
from settlement.web.files import EvidenceField, evidence_response

LEVELS = (
    ("state_council", gettext_lazy("State Council")),
    ("national_financial_regulator", gettext_lazy("National financial regulator")),
    ("national_rule", gettext_lazy("A national rule")),
    ("province", gettext_lazy("Province or below")),
    ("demonstration", gettext_lazy("Invented for the demonstration")),
)
DAY = {"type": "date"}


class ApprovalForm(forms.Form):
    """An approval as its paper says it."""

    authority = forms.CharField(label=gettext_lazy("Approving authority"), max_length=200)
    authority_level = forms.ChoiceField(label=gettext_lazy("Level of the authority"), choices=LEVELS)
    document_number = forms.CharField(label=gettext_lazy("Document number"), max_length=100)
    document_date = forms.DateField(label=gettext_lazy("Date of the document"), widget=forms.DateInput(attrs=DAY))
    scope = forms.CharField(label=gettext_lazy("What it allows"), max_length=300)
    valid_from = forms.DateField(label=gettext_lazy("Valid from"), widget=forms.DateInput(attrs=DAY))
    valid_to = forms.DateField(label=gettext_lazy("Valid to"), widget=forms.DateInput(attrs=DAY))
    file = EvidenceField(label=gettext_lazy("The paper (PDF or picture)"), required=False)


class NewApprovalPage(FormPage):
    """The form by which an approval is entered."""

    template_name = "exchange/approval_new.html"
    form_class = ApprovalForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, one=queries.instrument_by_code(self.kwargs["code"]))

    def act(self, form: Any) -> str:
        typed = dict(form.cleaned_data)
        upload = typed.pop("file")
        file = EvidenceFile("approval", upload.name, upload.read()) if upload else None
        basis = DEMONSTRATION if typed["authority_level"] == DEMONSTRATION else "document"
        services.propose_approval(
            actor=self.actor,
            instrument_id=queries.instrument_by_code(self.kwargs["code"]).pk,
            new=services.NewApproval(**typed, basis=basis),
            file=file,
            demonstration=settings.DEMO,
            at=self.at,
        )
        messages.success(self.request, _("Entered. Another operator has to check it against its paper."))
        return reverse("exchange-desk")


class _Decision(Act):
    def back(self) -> str:
        return reverse("exchange-desk")


class ApproveApproval(_Decision):
    """Checks an approval as the second operator."""

    needs_password = True
    done = gettext_lazy("Checked. The instrument trades continuously from its next opening within the approval.")

    def call(self) -> None:
        services.approve_approval(
            actor=self.actor,
            approval_id=self.kwargs["approval_id"],
            digest=self.request.POST.get("digest", ""),
            at=self.at,
        )


class RefuseApproval(_Decision):
    """Refuses an approval, or takes the own one back."""

    done = gettext_lazy("The approval counts for nothing.")

    def call(self) -> None:
        services.refuse_approval(actor=self.actor, approval_id=self.kwargs["approval_id"], at=self.at)


class EndApproval(_Decision):
    """Ends an approval before its time."""

    done = gettext_lazy("Ended. From the next trading day on the instrument trades by listed agreement.")

    def call(self) -> None:
        services.end_approval(actor=self.actor, approval_id=self.kwargs["approval_id"], at=self.at)


class ApprovalFile(View):
    """The paper of an approval."""

    def get(self, request: HttpRequest, approval_id: int) -> HttpResponseBase:
        row = queries.approval(approval_id)
        if row.evidence is None:
            raise ApprovalNotThere
        return evidence_response(row.evidence)
