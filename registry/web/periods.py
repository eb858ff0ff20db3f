"""A monitoring period for its owner: opened, filled with data, calculated, handed in."""

from __future__ import annotations

import io
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.queries import organisation
from accounts.templatetags.shown import bracketed
from accounts.web.export import CONTENT_TYPE
from accounts.web.pages import FormPage, Page
from accounts.web.refusals import message_of
from registry import queries, services, tasks
from registry.queries import credit_pages
from registry.rules.calculation import STATED, UPLOADS
from registry.rules.states import Verb
from registry.rules.uploads import FORMS, species_names, template_workbook
from registry.web.credit_words import (
    SHEET_NAMES,
    STATED_NAMES,
    VERBS,
    cell_problem,
    kind_name,
    slot_name,
)
from registry.web.files import UploadField
from registry.web.period_frame import OfPeriod, actions_of, advice_of, may, missing_of, verifiers_for
from rulebook.errors import NotThere, Refusal

LIMIT_UPLOAD_BYTES = 20 * 1024 * 1024


class DateInput(forms.DateInput):
    """A date with the browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PeriodForm(forms.Form):
    """The days of a period."""

    first = forms.DateField(label=gettext_lazy("First day"), widget=DateInput())
    last = forms.DateField(label=gettext_lazy("Last day"), widget=DateInput())


class NewPeriod(FormPage):
    """Opens a monitoring period within the crediting period."""

    template_name = "registry/period_new.html"
    form_class = PeriodForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        project = queries.project(self.actor, self.kwargs["project_id"])
        others = list(queries.periods_visible_to(self.actor).filter(project=project).order_by("first"))
        return super().get_context_data(**kwargs, project=project, others=others)

    def act(self, form: Any) -> str:
        row = services.create_period(
            actor=self.actor,
            project_id=self.kwargs["project_id"],
            first=form.cleaned_data["first"],
            last=form.cleaned_data["last"],
            at=self.at,
        )
        messages.success(self.request, _("The monitoring period is open. Upload what was measured."))
        return reverse("registry-period-upload", args=[row.pk])


class PeriodPage(OfPeriod, Page):
    """Where a period stands: what is missing, who has it and until when, and what was done."""

    template_name = "registry/period.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row
        report = credit_pages.verification_of(row)
        return super().get_context_data(
            **kwargs,
            actions=actions_of(row, self.actor),
            missing=missing_of(row),
            record=row.record,
            report=report,
            validator=organisation(row.validator_id).name,
            verifier=organisation(row.verifier_id).name if row.verifier_id else "",
            open_findings=credit_pages.findings_of(row).filter(closed_at=None).count(),
            open_comments=queries.open_comments(row.project, row),
            events=[
                {
                    "at": one.at,
                    "who": f"{one.reviewer.display_name} · {organisation(one.organisation_id).name}",
                    "what": _(VERBS.get(one.verb, one.verb)),
                    "opinion": one.opinion,
                }
                for one in credit_pages.steps_of_period(row)
            ],
        )


class UploadForm(forms.Form):
    """One workbook: which, and the file."""

    slot = forms.ChoiceField(label=gettext_lazy("What the workbook holds"))
    file = UploadField(
        label=gettext_lazy("Excel workbook (.xlsx)"),
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
    )

    def __init__(self, *args: Any, methodology: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slot"].choices = [  # type: ignore[attr-defined]
            (f"{kind}:{date_of}", slot_name(kind, date_of)) for kind, date_of in UPLOADS[methodology]
        ]

    def clean_file(self) -> Any:
        given = self.cleaned_data["file"]
        if given.size > LIMIT_UPLOAD_BYTES:
            raise forms.ValidationError(_("The file is larger than 20 MB."))
        return given


class StatedForm(forms.Form):
    """Totals of the period that stand beside the workbooks."""

    def __init__(self, *args: Any, methodology: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in STATED[methodology]:
            label, unit = STATED_NAMES[name]
            self.fields[name] = forms.FloatField(
                label=f"{_(label)}{bracketed(unit)}",
                required=False,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )


class _DataPage(OfPeriod):
    tab = "data"
    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row
        methodology = row.project.methodology
        files = {(one.kind, one.date_of): one for one in queries.latest_files(row)}
        slot = self.request.GET.get("slot", "")
        context = {
            "may_edit": may(row, self.actor, Verb.EDIT),
            "may_calculate": may(row, self.actor, Verb.CALCULATE),
            "missing": missing_of(row),
            "advice": advice_of(row),
            "slots": [
                {
                    "name": slot_name(kind, date_of),
                    "kind": kind,
                    "slot": f"{kind}:{date_of}",
                    "file": files.get((kind, date_of)),
                    "counts": _counts(files.get((kind, date_of))),
                }
                for kind, date_of in UPLOADS[methodology]
            ],
            "form": UploadForm(methodology=methodology, initial={"slot": slot}),
            "stated_form": StatedForm(methodology=methodology, initial=row.stated),
        }
        return super().get_context_data(**{**context, **kwargs})


class UploadPage(_DataPage, FormPage):
    """Templates, the newest workbook of each kind, an upload whose problems are told cell by cell, and totals."""

    template_name = "registry/period_data.html"
    form_class = UploadForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "methodology": self.row.project.methodology}

    def act(self, form: Any) -> str:
        kind, _sep, date_of = form.cleaned_data["slot"].partition(":")
        given = form.cleaned_data["file"]
        services.upload_observations(
            actor=self.actor,
            period_id=self.row.pk,
            kind=kind,
            date_of=date_of,
            name=given.name,
            content=given.read(),
            at=self.at,
        )
        messages.success(self.request, _("%(name)s has been read and stored.") % {"name": given.name})
        return reverse("registry-period-upload", args=[self.row.pk])

    def refused(self, form: Any, refusal: Refusal) -> HttpResponseBase:
        if not refusal.found.get("problems"):
            return super().refused(form, refusal)
        problems = [cell_problem(one) for one in refusal.found["problems"]]
        form.add_error("file", _("Nothing was stored. The table says what to correct, cell by cell."))
        left_out = int(refusal.found.get("problems_left_out", 0) or 0)
        context = self.get_context_data(form=form, problems=problems, left_out=left_out)
        return self.render_to_response(context, status=422)


def _counts(file: Any) -> str:
    if file is None:
        return ""
    sheets = file.parsed.get("sheets", {})
    return _(", ").join(f"{_(SHEET_NAMES.get(name, name))} {len(rows)}" for name, rows in sheets.items())


class StatedPage(_DataPage, FormPage):
    """Keeps the stated totals; shown on the page of the data."""

    template_name = "registry/period_data.html"
    form_class = StatedForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "methodology": self.row.project.methodology}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if "form" in kwargs:
            kwargs["stated_form"] = kwargs.pop("form")
        kwargs["form"] = UploadForm(methodology=self.row.project.methodology)
        return super().get_context_data(**kwargs)

    def act(self, form: Any) -> str:
        services.edit_period(actor=self.actor, period_id=self.row.pk, stated=form.cleaned_data, at=self.at)
        messages.success(self.request, _("The totals have been stored."))
        return reverse("registry-period-upload", args=[self.row.pk])


class UploadTemplate(View):
    """An empty workbook of a kind, with its headings, lists to choose from and notes."""

    def get(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        if kind not in FORMS:
            raise NotThere
        species = species_names(queries.parameter_sets().get("tree_bef"))
        return FileResponse(
            io.BytesIO(template_workbook(kind, species=species)),
            as_attachment=True,
            filename=f"{kind_name(kind)}.xlsx",
            content_type=CONTENT_TYPE,
        )


class Calculate(View):
    """Asks for the calculation; the page of the result shows how far it is, and can be left."""

    def post(self, request: HttpRequest, period_id: int) -> HttpResponseBase:
        try:
            job = services.request_calculation(
                actor=request.actor,  # type: ignore[attr-defined]
                period_id=period_id,
                at=request.at,  # type: ignore[attr-defined]
            )
        except NotThere:
            raise
        except Refusal as refusal:
            messages.error(request, message_of(refusal))
            return HttpResponseRedirect(reverse("registry-period-upload", args=[period_id]))
        tasks.wake_calculation(job.pk)
        return HttpResponseRedirect(reverse("registry-period-calculation", args=[period_id]))


class SubmitForm(forms.Form):
    """The body that verifies."""

    verifier = forms.TypedChoiceField(label=gettext_lazy("Verifier"), coerce=int)


class SubmitPage(OfPeriod, FormPage):
    """Hands the report in, with the verifier chosen."""

    template_name = "registry/period_submit.html"
    form_class = SubmitForm

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields["verifier"].choices = verifiers_for(self.row, self.at)
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            missing=missing_of(self.row),
            may_submit=may(self.row, self.actor, Verb.SUBMIT),
            record=self.row.record,
            validator=organisation(self.row.validator_id).name,
        )

    def act(self, form: Any) -> str:
        row = services.submit_period(
            actor=self.actor, period_id=self.row.pk, verifier_id=form.cleaned_data["verifier"], at=self.at
        )
        run = queries.latest_run(row)
        if run is not None:
            tasks.wake_verification(run.pk)
        messages.success(self.request, _("The report has been handed in. The automatic verification is under way."))
        return reverse("registry-period-checks", args=[row.pk])
