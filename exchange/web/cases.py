"""Case files of surveillance for the operators, and the letters that a party gets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.queries import history_of
from accounts.web.pages import Act, FormPage, Page
from accounts.web.trail_words import act_name
from exchange import queries, services
from exchange.models import CaseMeasure, SurveillanceCase
from exchange.services.cases import ANSWERS
from exchange.web.surveillance import lines_of, may_act
from rulebook.rules import BEIJING

KINDS = (
    (CaseMeasure.Kind.ORAL_WARNING.value, gettext_lazy("Oral warning")),
    (CaseMeasure.Kind.WRITTEN_WARNING.value, gettext_lazy("Written warning")),
    (CaseMeasure.Kind.EXPLANATION.value, gettext_lazy("Request to explain")),
    (CaseMeasure.Kind.RESTRICTION.value, gettext_lazy("Halt of the participant")),
    (CaseMeasure.Kind.REPORT.value, gettext_lazy("Report to the competent authority")),
)
CASE_STATES = {
    SurveillanceCase.State.OPEN.value: gettext_lazy("Being looked into"),
    SurveillanceCase.State.EXPLAINED.value: gettext_lazy("The party has explained"),
    SurveillanceCase.State.MEASURES.value: gettext_lazy("Measures taken"),
    SurveillanceCase.State.CLOSED.value: gettext_lazy("Case closed"),
}
MOST_DIGITS = 18


class MeasureForm(forms.Form):
    """A measure: what, against whom, in which words."""

    kind = forms.ChoiceField(label=gettext_lazy("Measure"), choices=KINDS)
    organisation = forms.ChoiceField(label=gettext_lazy("Party concerned"))
    text = forms.CharField(label=gettext_lazy("In words"), max_length=1000, widget=forms.Textarea)
    addressee = forms.CharField(label=gettext_lazy("Authority (of a report alone)"), max_length=200, required=False)
    until = forms.DateTimeField(
        label=gettext_lazy("Halt until (Beijing time; empty: until it is lifted)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )


class AnswerForm(forms.Form):
    """What a party answers."""

    answer = forms.CharField(label=gettext_lazy("Answer"), max_length=2000, widget=forms.Textarea)


class CasePage(FormPage):
    """One case: its alerts, its measures and answers, who did what; the form for the next measure."""

    template_name = "exchange/case.html"
    form_class = MeasureForm

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        parties = queries.parties_of_case(self.kwargs["case_id"]).values()
        form.fields["organisation"].choices = [(str(one.id), one.name) for one in parties]
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.case(self.actor, self.kwargs["case_id"])
        names = dict(KINDS)
        return super().get_context_data(
            **kwargs,
            row=row,
            state=CASE_STATES[row.state],
            lines=lines_of(list(row.alerts.select_related("instrument", "case").order_by("pk"))),
            measures=[{"row": one, "kind": names[one.kind]} for one in queries.measures_of(row.pk)],
            events=[
                {"at": one.at, "who": one.actor_name, "what": act_name(one.verb)}
                for one in history_of(f"surveillance_case:{row.pk}")
            ],
            user_id=self.actor.user_id,
            may_act=may_act(self) and row.state != SurveillanceCase.State.CLOSED,
        )

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        until: datetime | None = typed["until"]
        services.take_measure(
            actor=self.actor,
            case_id=self.kwargs["case_id"],
            new=services.NewMeasure(
                kind=typed["kind"],
                organisation_id=int(typed["organisation"]),
                text=typed["text"],
                addressee=typed["addressee"],
                until=until.replace(tzinfo=BEIJING) if until else None,
            ),
            at=self.at,
        )
        messages.success(self.request, _("Taken. It stands in the file."))
        return reverse("exchange-case", args=[self.kwargs["case_id"]])


class OpenCase(Act):
    """Opens a case over the alerts that were ticked."""

    done = gettext_lazy("Opened. Take a measure, or close it with a reason.")
    case: SurveillanceCase | None = None

    def call(self) -> None:
        ticked = [text for text in self.request.POST.getlist("alert") if text.isascii() and text.isdecimal()]
        self.case = services.open_case(
            actor=self.actor,
            alert_ids=[int(text) for text in ticked if len(text) <= MOST_DIGITS],
            title=self.request.POST.get("title", ""),
            at=self.at,
        )

    def back(self) -> str:
        if self.case is not None:
            return reverse("exchange-case", args=[self.case.pk])
        return reverse("exchange-surveillance")


class CloseCase(Act):
    """Closes a case: dismissed, or concluded after its measures."""

    done = gettext_lazy("Closed. The file stays.")

    def call(self) -> None:
        services.close_case(
            actor=self.actor,
            case_id=self.kwargs["case_id"],
            dismissed=self.request.POST.get("outcome") == SurveillanceCase.Outcome.DISMISSED,
            reason=self.request.POST.get("reason", ""),
            at=self.at,
        )

    def back(self) -> str:
        return reverse("exchange-case", args=[self.kwargs["case_id"]])


class _Decision(Act):
    def back(self) -> str:
        return reverse("exchange-case", args=[self.kwargs["case_id"]])


class ApproveRestriction(_Decision):
    """Lets a restriction work, as the second operator."""

    needs_password = True
    done = gettext_lazy("Halted. Lift it on the operator's desk when its time is over.")

    def call(self) -> None:
        services.approve_restriction(
            actor=self.actor,
            measure_id=self.kwargs["measure_id"],
            digest=self.request.POST.get("digest", ""),
            at=self.at,
        )


class RefuseRestriction(_Decision):
    """Refuses a restriction, or takes the own one back."""

    done = gettext_lazy("The restriction counts for nothing.")

    def call(self) -> None:
        services.refuse_restriction(actor=self.actor, measure_id=self.kwargs["measure_id"], at=self.at)


class LettersPage(Page):
    """What the exchange has written to the own organisation, newest first."""

    template_name = "exchange/letters.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, rows=queries.letters_visible_to(self.actor)[:200])


class LetterPage(FormPage):
    """One letter, and the answer or the form for it."""

    template_name = "exchange/letter.html"
    form_class = AnswerForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.letter(self.actor, self.kwargs["measure_id"])
        may_answer = (
            row.kind == CaseMeasure.Kind.EXPLANATION
            and row.answered_at is None
            and row.case.state != SurveillanceCase.State.CLOSED
            and self.actor.has(*ANSWERS)
        )
        return super().get_context_data(**kwargs, row=row, may_answer=may_answer)

    def act(self, form: Any) -> str:
        row = services.answer_letter(
            actor=self.actor, measure_id=self.kwargs["measure_id"], answer=form.cleaned_data["answer"], at=self.at
        )
        messages.success(self.request, _("Answer sent."))
        return reverse("exchange-letter", args=[row.pk])
