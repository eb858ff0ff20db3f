"""The register of the barred: read by anyone, entered and approved by operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.web.export import workbook_response
from accounts.web.pages import Act, FormPage, Page
from exchange import queries, services
from exchange.models import BarredParty
from exchange.web.surveillance import may_act
from rulebook.queries import business_date
from settlement.services import EvidenceFile
from settlement.web.files import EvidenceField, evidence_response

DAY = {"type": "date"}
KINDS = (("organisation", gettext_lazy("Organisation")), ("person", gettext_lazy("Natural person")))


class BarForm(forms.Form):
    """An entry as its document says it."""

    kind = forms.ChoiceField(label=gettext_lazy("Who is barred"), choices=KINDS)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    identity = forms.CharField(
        label=gettext_lazy("Unified social credit code, or number of the person's document"), max_length=40
    )
    username = forms.CharField(
        label=gettext_lazy("User name here (of a person alone; empty: has none)"), max_length=150, required=False
    )
    since = forms.DateField(label=gettext_lazy("Barred from"), widget=forms.DateInput(attrs=DAY))
    until = forms.DateField(label=gettext_lazy("Barred until"), widget=forms.DateInput(attrs=DAY))
    basis = forms.CharField(label=gettext_lazy("Basis of the bar"), max_length=300)
    authority = forms.CharField(label=gettext_lazy("Deciding authority"), max_length=200)
    document_number = forms.CharField(label=gettext_lazy("Document number"), max_length=100)
    file = EvidenceField(label=gettext_lazy("Its document (PDF or picture)"))


@dataclass(frozen=True)
class BarLine:
    """An entry as a row: the public reads of persons what does not name them."""

    row: BarredParty
    name: str
    identity: str
    is_in_force: bool


def lines_of(rows: list[BarredParty], *, whole: bool, today: Any) -> list[BarLine]:
    """Return entries as rows. whole: with the names and numbers of persons."""
    return [
        BarLine(
            row,
            row.name if whole else queries.public_name(row),
            row.identity if whole else queries.public_identity(row),
            row.since <= today <= row.until and (row.ended_on is None or today < row.ended_on),
        )
        for row in rows
    ]


class BarsPage(Page):
    """The register, newest first; to operators also what waits to be approved."""

    template_name = "exchange/bars.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        operates, today = may_act(self), business_date(self.at)
        waiting = queries.bars(waiting=True) if operates else []
        return super().get_context_data(
            **kwargs,
            lines=lines_of(queries.bars(waiting=False), whole=operates, today=today),
            waiting=lines_of(waiting, whole=True, today=today),
            may_act=operates,
            today=today,
            user_id=self.actor.user_id,
        )


class BarsExport(View):
    """The register as an Excel file, as the public reads it."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        head = [
            _("Name"),
            _("Code or number"),
            _("Barred from"),
            _("Barred until"),
            _("Basis of the bar"),
            _("Deciding authority"),
        ]
        head += [_("Document number"), _("Ended early")]
        today = business_date(request.at)  # type: ignore[attr-defined]
        rows = (
            [
                line.name,
                line.identity,
                line.row.since,
                line.row.until,
                line.row.basis,
                line.row.authority,
                line.row.document_number,
                line.row.ended_on,
            ]
            for line in lines_of(queries.bars(waiting=False), whole=False, today=today)
        )
        return workbook_response("barred", head, rows)


class NewBarPage(FormPage):
    """The form by which an entry is made."""

    template_name = "exchange/bar_new.html"
    form_class = BarForm

    def act(self, form: Any) -> str:
        typed = dict(form.cleaned_data)
        upload = typed.pop("file")
        services.propose_bar(
            actor=self.actor,
            new=services.NewBar(**typed),
            file=EvidenceFile("bar", upload.name, upload.read()),
            at=self.at,
        )
        messages.success(self.request, _("Entered. Another operator has to check it against its paper."))
        return reverse("exchange-bars")


class _Decision(Act):
    def back(self) -> str:
        return reverse("exchange-bars")


class ApproveBar(_Decision):
    """Approves an entry as the second operator."""

    needs_password = True
    done = gettext_lazy("Barred from the first day of the entry; open orders are cancelled.")

    def call(self) -> None:
        services.approve_bar(
            actor=self.actor,
            bar_id=self.kwargs["bar_id"],
            digest=self.request.POST.get("digest", ""),
            at=self.at,
        )


class RefuseBar(_Decision):
    """Refuses an entry, or takes the own one back."""

    done = gettext_lazy("The entry counts for nothing.")

    def call(self) -> None:
        services.refuse_bar(actor=self.actor, bar_id=self.kwargs["bar_id"], at=self.at)


class EndBar(_Decision):
    """Ends a bar before its time."""

    done = gettext_lazy("Ended from tomorrow on.")

    def call(self) -> None:
        services.end_bar(
            actor=self.actor,
            bar_id=self.kwargs["bar_id"],
            reason=self.request.POST.get("reason", ""),
            at=self.at,
        )


class BarFile(View):
    """The paper of an entry, for those who watch over the market."""

    def get(self, request: HttpRequest, bar_id: int) -> HttpResponseBase:
        return evidence_response(queries.bar(bar_id).evidence)
