"""What offices and bodies decide on a case: reviews by checklist, notice, comments, validation, registration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.rules import Role
from accounts.services import require_confirmed
from accounts.web.pages import Page
from registry import queries, services
from registry.models import Project
from registry.rules.inputs import ChecklistAnswer
from registry.rules.states import ProjectState, Verb
from registry.web import case_words as words
from registry.web.case_pages import OwnCaseFormPage, case_address
from registry.web.case_parts import documents_shown, events_of, handler_shown, parcels_shown, validation_shown
from registry.web.files import UploadField
from registry.web.register import project_rows
from registry.web.wizard import WizardPage, design_shown
from rulebook.queries import division

OPINION = 2000
DIGITS = 19  # Of a bigint.
RETURN_ITEM, PASS_ITEM = "returned", "passed"


class Reviews(Page):
    """The cases that wait for a role of the actor, the most urgent first; and those reviewed before."""

    template_name = "registry/reviews.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        waiting = queries.review_queue(self.actor, self.at)
        roles = queries.levels("nm_regional", self.at)
        lines = project_rows(waiting)
        for line in lines:
            found = queries.handler_of(line["row"], self.at, roles)
            line["handler"] = handler_shown(found, {})
            line["url"] = _task_address(line["row"])
        return super().get_context_data(**kwargs, rows=lines, done=reviewed(self.actor.user_id))


def _task_address(row: Project) -> str:
    """Return where the next act on a case is done."""
    if row.state == ProjectState.SUBMITTED:
        return reverse("registry-project-review", args=[row.pk])
    if row.state == ProjectState.REVIEW:
        return reverse("registry-project-registration", args=[row.pk])
    return case_address(row.pk)


def reviewed(user_id: int | None) -> list[dict[str, Any]]:
    """Return the newest acts of a person on cases."""
    return [
        {"step": one, "project": one.project, "what": words.named(words.ACTS, one.verb)}
        for one in queries.acts_of(user_id)
    ]


def case_facts(row: Project) -> dict[str, Any]:
    """Return what a decision rests on: facts, land, papers."""
    names = queries.names_of([row.owner_id, row.validator_id])
    return {
        "owner": names.get(f"o{row.owner_id}", ""),
        "validator": names.get(f"o{row.validator_id}", ""),
        "place": division(row.division_code).official_name,
        "area_ha": queries.areas_of([row.pk]).get(row.pk),
        "design": design_shown(row),
        "parcels": parcels_shown(row),
        "documents": documents_shown(row),
        **validation_shown(row),
    }


class ReviewForm(forms.Form):
    """Each item of the checklist passed, or returned with a reason; and the opinion on the whole."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    opinion = forms.CharField(
        label=gettext_lazy("Opinion"),
        max_length=OPINION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Needed to return or reject; it stands in the case's record."),
    )

    def __init__(self, *args: Any, items: list[str], verb: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items, self.verb = items, verb
        for item in items:
            name, look_at, _step = words.CHECKS.get(item, (item, "", ""))
            self.fields[f"item_{item}"] = forms.ChoiceField(
                label=_(name),
                choices=[(PASS_ITEM, _("Pass")), (RETURN_ITEM, _("Return"))],
                widget=forms.RadioSelect,
                error_messages={"required": _("Pass or return?")},
                help_text=_(look_at) if look_at else "",
            )
            self.fields[f"reason_{item}"] = forms.CharField(
                label=_("Reason for returning: %(item)s") % {"item": _(name)},
                max_length=500,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2, "placeholder": _("What is wrong, what is expected")}),
            )

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        for item in self.items:
            if typed.get(f"item_{item}") == RETURN_ITEM and not typed.get(f"reason_{item}"):
                self.add_error(f"reason_{item}", _("Please give the reason."))
        if self.verb in (Verb.RETURN, Verb.REJECT) and not typed.get("opinion"):
            self.add_error("opinion", _("Please give the reason."))
        if self.verb == Verb.PASS and any(typed.get(f"item_{item}") == RETURN_ITEM for item in self.items):
            self.add_error(None, _("An item is marked for return, so the case cannot pass. Return it instead."))
        return typed

    def answers(self) -> list[ChecklistAnswer]:
        """Return the checklist as ticked."""
        typed = self.cleaned_data
        return [
            ChecklistAnswer(item, typed[f"item_{item}"] == PASS_ITEM, typed[f"reason_{item}"]) for item in self.items
        ]

    def rows(self) -> list[tuple[Any, Any]]:
        """Return the two fields of each item side by side."""
        return [(self[f"item_{item}"], self[f"reason_{item}"]) for item in self.items]


class ReviewPage(OwnCaseFormPage):
    """The review of a submission at one level."""

    template_name = "registry/review.html"

    def get_form(self, form_class: Any = None) -> ReviewForm:
        items = queries.checklist(self.project.scheme, self.at)
        verb = self.request.POST.get("verb", "")
        return ReviewForm(**self.get_form_kwargs(), items=items, verb=verb)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.project
        verbs = queries.verbs_of(self.actor, row, self.at)
        parcels = parcels_shown(row)
        return super().get_context_data(
            **kwargs,
            **case_facts(row),
            is_open=Verb.PASS in verbs,
            took_part=queries.took_part(self.actor, row),
            handler=handler_shown(queries.handler_of(row, self.at), {}),
            undecided=[one for one in parcels if one["row"].is_outside_banner and not one["decision"]],
            events=events_of(row, self.at),
        )

    def act(self, form: Any) -> str:
        verb = Verb(form.verb) if form.verb in (Verb.PASS, Verb.RETURN, Verb.REJECT) else Verb.PASS
        row = services.review_project(
            actor=self.actor,
            project_id=self.project.pk,
            verb=verb,
            opinion=form.cleaned_data["opinion"],
            checklist=form.answers(),
            version=form.cleaned_data["version"],
            at=self.at,
        )
        messages.success(
            self.request, _("%(code)s: %(act)s.") % {"code": row.code, "act": words.named(words.ACTS, verb)}
        )
        return reverse("registry-reviews")


class Submit(WizardPage):
    """The last step: everything once more, what is missing, and the submission."""

    template_name = "registry/wizard_check.html"
    form_class = forms.Form
    step = "check"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            **case_facts(self.project),
            missing=[_(one) for one in services.missing_of(self.project)],
        )

    def act(self, form: Any) -> str:
        row = services.submit_project(actor=self.actor, project_id=self.project.pk, at=self.at)
        messages.success(self.request, _("%(code)s has been submitted.") % {"code": row.code})
        return case_address(row.pk)


class WithdrawForm(forms.Form):
    """Why the owner takes the case back."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class Withdraw(OwnCaseFormPage):
    """Takes a case back for good."""

    template_name = "registry/withdraw.html"
    form_class = WithdrawForm

    def act(self, form: Any) -> str:
        row = services.withdraw_project(
            actor=self.actor, project_id=self.project.pk, reason=form.cleaned_data["reason"], at=self.at
        )
        messages.success(self.request, _("%(code)s has been withdrawn.") % {"code": row.code})
        return case_address(row.pk)


class Publish(View):
    """Puts an accepted design before the public and the validation body."""

    def post(self, request: HttpRequest, project_id: int) -> HttpResponseBase:
        row = services.publish_project(actor=request.actor, project_id=project_id, at=request.at)  # type: ignore[attr-defined]
        messages.success(
            request,
            _("%(code)s has been published; the notice lasts until %(day)s.")
            % {"code": row.code, "day": row.notice_until},
        )
        return HttpResponseRedirect(case_address(row.pk))


class AnswerForm(forms.Form):
    """The owner's answer to one comment."""

    comment = forms.IntegerField(widget=forms.HiddenInput)
    answer = forms.CharField(label=gettext_lazy("Answer"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class CommentsPage(OwnCaseFormPage):
    """What was said during the notices of a case, and the owner's answers."""

    template_name = "registry/comments.html"
    form_class = AnswerForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.project
        return super().get_context_data(
            **kwargs,
            notices=queries.notices_of(row, self.at),
            may_answer=self.actor.has(Role.OWNER) and row.owner_id == self.actor.organisation_id,
            answered_now=self.answered_now(),
        )

    def answered_now(self) -> int:
        """Return the comment whose answer came back with an error, 0 for none."""
        number = self.request.POST.get("comment", "")
        return int(number) if number.isdecimal() and len(number) < DIGITS else 0

    def act(self, form: Any) -> str:
        own = {one.pk for notice in queries.notices_of(self.project, self.at) for one in notice.comments}
        number = form.cleaned_data["comment"]
        if number in own:
            services.answer_comment(actor=self.actor, comment_id=number, answer=form.cleaned_data["answer"], at=self.at)
            messages.success(self.request, _("The answer has been published."))
        return reverse("registry-project-comments", args=[self.project.pk])


class ValidationForm(forms.Form):
    """The validation body's conclusion, with its report."""

    opinion = forms.CharField(
        label=gettext_lazy("Conclusion of the validation"), max_length=OPINION, widget=forms.Textarea(attrs={"rows": 5})
    )
    report = UploadField(
        label=gettext_lazy("Validation report"),
        required=False,
        max_length=160,
        help_text=gettext_lazy("PDF. It becomes part of the case and can be read by anyone."),
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf"}),
    )


class ValidationPage(OwnCaseFormPage):
    """The validation body signs its report, or rejects the design. Final, so the password is asked for first."""

    template_name = "registry/validation.html"
    form_class = ValidationForm
    needs_password = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.project
        return super().get_context_data(
            **kwargs,
            **case_facts(row),
            is_open=Verb.SIGN in queries.verbs_of(self.actor, row, self.at),
            notice_runs=any(one.is_running and one.period is None for one in queries.notices_of(row, self.at)),
            open_comments=queries.open_comments(row),
        )

    def act(self, form: Any) -> str:
        typed, project_id = form.cleaned_data, self.project.pk
        if self.request.POST.get("verb") == Verb.REJECT:
            services.reject_validation(actor=self.actor, project_id=project_id, opinion=typed["opinion"], at=self.at)
            messages.success(self.request, _("The design has been rejected."))
            return case_address(project_id)
        with transaction.atomic():  # A report whose signature is refused is not kept.
            document_id = self.keep(typed["report"]) if typed["report"] is not None else None
            services.sign_validation(
                actor=self.actor, project_id=project_id, opinion=typed["opinion"], document_id=document_id, at=self.at
            )
        messages.success(self.request, _("The validation has been signed."))
        return case_address(project_id)

    def keep(self, report: Any) -> int:
        """Store the report and return its id."""
        row = services.add_document(
            actor=self.actor,
            project_id=self.project.pk,
            kind="validation",
            name=report.name,
            content=report.read(),
            is_public=True,
            at=self.at,
        )
        return int(row.pk)


class DecisionForm(forms.Form):
    """The opinion on a registration. `version`: of the case as it was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    opinion = forms.CharField(
        label=gettext_lazy("Opinion"), max_length=OPINION, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class RegistrationPage(OwnCaseFormPage):
    """The regional bureau proposes and decides, the ecology department records: three persons, one page each.

    Decision and record are final, so the password is asked for before the page opens.
    """

    template_name = "registry/registration.html"
    form_class = DecisionForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.verbs() & {Verb.DECIDE, Verb.RECORD}:
            require_confirmed(self.actor, self.at)
        return super().dispatch(request, *args, **kwargs)

    def verbs(self) -> frozenset[Verb]:
        if self.project.state != ProjectState.REVIEW:  # What is proposed of a suspended project is another act.
            return frozenset()
        return queries.verbs_of(self.actor, self.project, self.at) & {Verb.PROPOSE, Verb.DECIDE, Verb.RECORD}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.project
        return super().get_context_data(
            **kwargs,
            **case_facts(row),
            may={verb.value for verb in self.verbs()},
            is_own_proposal=row.proposed_by_id is not None and row.proposed_by_id == self.actor.user_id,
            handler=handler_shown(queries.handler_of(row, self.at), {}),
            notices=[one for one in queries.notices_of(row, self.at) if one.period is None],
            events=events_of(row, self.at),
        )

    def act(self, form: Any) -> str:
        typed, project_id, verb = form.cleaned_data, self.project.pk, self.request.POST.get("verb", "")
        if verb == Verb.PROPOSE:
            services.propose_registration(actor=self.actor, project_id=project_id, opinion=typed["opinion"], at=self.at)
            messages.success(self.request, _("The registration has been proposed."))
        elif verb == Verb.RECORD:
            row = services.record_registration(actor=self.actor, project_id=project_id, at=self.at)
            messages.success(self.request, _("%(code)s has been registered.") % {"code": row.code})
        else:
            services.decide_registration(
                actor=self.actor,
                project_id=project_id,
                approve=verb == "approve",
                opinion=typed["opinion"],
                version=typed["version"],
                at=self.at,
            )
            messages.success(self.request, _("The decision has been noted."))
        return case_address(project_id)
