"""The standing of a registered project: pages to suspend it, to end a suspension, to take it off the register."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.queries import has_open_item
from accounts.rules import Actor
from accounts.services import require_confirmed
from registry import queries, services
from registry.models import Project
from registry.rules.states import PeriodState, ProjectState, Verb
from registry.services.standing import NOTICES, ORDER_LIMIT, REASON_LIMIT
from registry.web import case_words as words
from registry.web.case_pages import OwnCaseFormPage, case_address
from registry.web.files import UploadField

ENDED_PERIODS = (PeriodState.ISSUED, PeriodState.REJECTED)


def standing_shown(row: Project) -> dict[str, Any] | None:
    """Return why and since when a project is suspended or off the register, None of every other."""
    verb = {ProjectState.SUSPENDED.value: Verb.SUSPEND, ProjectState.DEREGISTERED.value: Verb.DEREGISTER}.get(row.state)
    step = next((one for one in queries.changes_of_standing(row) if one.verb == verb), None)
    if step is None:
        return None
    suspended = queries.suspension_of(row)
    return {
        "is_suspended": verb == Verb.SUSPEND,
        "step": step,
        "order_number": queries.order_number_of(step),
        "organisation": step.organisation.name,
        "suspended": suspended,
        "frozen": len(suspended.assets) if suspended else 0,
    }


def changes_shown(row: Project) -> list[dict[str, Any]]:
    """Return the changes of a project's standing in words, the newest first."""
    return [
        {
            "step": one,
            "what": words.named(words.ACTS, one.verb),
            "organisation": one.organisation.name,
            "order_number": queries.order_number_of(one),
        }
        for one in queries.changes_of_standing(row)
    ]


def has_notice(actor: Actor, row: Project, at: datetime) -> bool:
    """Tell whether the actor is the owner's side and has not yet said that a notice was read."""
    return any(has_open_item(kind, row.subject) for kind in NOTICES) and services.is_told(actor, row, at)


def effects_of(row: Project) -> dict[str, Any]:
    """Return what a change of standing touches: land, batches and tonnes issued, reports under way."""
    batches = queries.batches_of(row)
    return {
        "area_ha": queries.areas_of([row.pk]).get(row.pk),
        "batches": batches,
        "issued_tonnes": sum(one.tonnes for one in batches),
        "open_periods": row.periods.exclude(state__in=ENDED_PERIODS).count(),
        "owner": queries.names_of([row.owner_id]).get(f"o{row.owner_id}", ""),
    }


def reason_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LIMIT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Everyone may read it on the public page of the project. Name no natural person."),
    )


def paper_field() -> UploadField:
    return UploadField(
        label=gettext_lazy("Order or decision"),
        required=False,
        max_length=160,
        help_text=gettext_lazy("PDF, stamped. It becomes part of the case and can be read by anyone."),
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf"}),
    )


class StandingPage(OwnCaseFormPage):
    """A page where one verb of a registered project is done. `verb`: which."""

    # What no field of the form is about stands above it.
    fields_of_service = {"opinion": "reason", "file": "paper", "version": "", "digest": ""}
    verb: Verb

    def is_open(self) -> bool:
        return self.verb in queries.verbs_of(self.actor, self.project, self.at)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.project
        return super().get_context_data(
            **kwargs,
            **effects_of(row),
            is_open=self.is_open(),
            took_part=queries.took_part(self.actor, row),
            standing=standing_shown(row),
        )

    def keep(self, paper: Any) -> None:
        """Store the order or decision with the case, for everyone to read."""
        if paper is not None:
            services.add_document(
                actor=self.actor,
                project_id=self.project.pk,
                kind="evidence",
                name=paper.name,
                content=paper.read(),
                is_public=True,
                at=self.at,
            )


class SuspensionForm(forms.Form):
    """The order a suspension rests on. `version`: of the case as it was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    order_number = forms.CharField(
        label=gettext_lazy("Number of the order"),
        max_length=ORDER_LIMIT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("As it stands on the order; every refused sale or retirement names it."),
    )
    reason = reason_field()
    paper = paper_field()


class SuspensionPage(StandingPage):
    """One person of the region suspends a project; it works at once."""

    template_name = "registry/suspension.html"
    form_class = SuspensionForm
    needs_password = True
    verb = Verb.SUSPEND

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        with transaction.atomic():  # An order whose suspension is refused is not kept.
            row = services.suspend_project(
                actor=self.actor,
                project_id=self.project.pk,
                reason=typed["reason"],
                order_number=typed["order_number"],
                version=typed["version"],
                at=self.at,
            )
            self.keep(typed["paper"])
        messages.success(self.request, _("%(code)s is suspended and its credits stand still.") % {"code": row.code})
        return case_address(row.pk)


class DeregistrationForm(forms.Form):
    """Why a project leaves the register. `version`: of the case as it was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = reason_field()
    paper = paper_field()
    code = forms.CharField(
        label=gettext_lazy("Code of the project"),
        max_length=24,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Type it once more: this cannot be undone."),
    )

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected

    def clean_code(self) -> str:
        typed = str(self.cleaned_data["code"])
        if typed.upper() != self.expected:
            raise forms.ValidationError(_("This is not the code of this project."))
        return typed


class DeregistrationPage(StandingPage):
    """One person of the region takes a project off the register, for good: the password is asked for first."""

    template_name = "registry/deregistration.html"
    needs_password = True
    verb = Verb.DEREGISTER

    def get_form(self, form_class: Any = None) -> DeregistrationForm:
        return DeregistrationForm(**self.get_form_kwargs(), expected=self.project.code)

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        with transaction.atomic():
            row = services.deregister_project(
                actor=self.actor,
                project_id=self.project.pk,
                reason=typed["reason"],
                version=typed["version"],
                at=self.at,
            )
            self.keep(typed["paper"])
        messages.success(self.request, _("%(code)s has been taken off the register.") % {"code": row.code})
        return case_address(row.pk)


class ResumptionForm(forms.Form):
    """The reason of a proposal, or the answer to one. `digest`: of the proposal that was read."""

    digest = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = reason_field()

    def __init__(self, *args: Any, is_answer: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_answer:
            self.fields["reason"].label, self.fields["reason"].required = _("Opinion"), False
            self.fields["reason"].help_text = _("Needed to turn the proposal down. Everyone may read it.")
        else:
            self.fields["reason"].help_text = _("What was found, and why the reason of the suspension is gone.")


class ResumptionPage(StandingPage):
    """The end of a suspension: one person of the region proposes it, another decides, with the password entered."""

    template_name = "registry/resumption.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if Verb.RESUME in self.verbs() and not self.is_own():
            require_confirmed(self.actor, self.at)
        return super().dispatch(request, *args, **kwargs)

    def verbs(self) -> frozenset[Verb]:
        found = queries.verbs_of(self.actor, self.project, self.at)
        return found & {Verb.PROPOSE, Verb.RESUME} if queries.suspension_of(self.project) else frozenset()

    def is_open(self) -> bool:
        return bool(self.verbs())

    def is_own(self) -> bool:
        suspended = queries.suspension_of(self.project)
        proposal = suspended.proposal if suspended else None
        return proposal is not None and proposal.reviewer_id == self.actor.user_id

    def get_form(self, form_class: Any = None) -> ResumptionForm:
        return ResumptionForm(**self.get_form_kwargs(), is_answer=Verb.PROPOSE not in self.verbs())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        suspended = queries.suspension_of(self.project)
        proposal = suspended.proposal if suspended else None
        names = queries.names_of([], [proposal.reviewer_id]) if proposal else {}
        frozen = set(suspended.assets) if suspended else set()
        return super().get_context_data(
            **kwargs,
            may={verb.value for verb in self.verbs()},
            proposal=proposal,
            proposed_by=names.get(f"u{proposal.reviewer_id}", "") if proposal else "",
            digest=suspended.digest if suspended else "",
            is_own_proposal=self.is_own(),
            frozen_batches=[one for one in queries.batches_of(self.project) if one.asset_id in frozen],
        )

    def act(self, form: Any) -> str:
        typed, project_id = form.cleaned_data, self.project.pk
        if self.request.POST.get("verb") == Verb.PROPOSE:
            services.propose_resumption(actor=self.actor, project_id=project_id, reason=typed["reason"], at=self.at)
            messages.success(self.request, _("The end of the suspension has been proposed."))
        elif self.request.POST.get("verb") == Verb.RESUME:
            services.resume_project(
                actor=self.actor, project_id=project_id, reason=typed["reason"], digest=typed["digest"], at=self.at
            )
            messages.success(self.request, _("The suspension has ended, the credits are free again."))
        else:
            services.keep_suspended(
                actor=self.actor, project_id=project_id, reason=typed["reason"], digest=typed["digest"], at=self.at
            )
            messages.success(self.request, _("The proposal has been turned down."))
        return case_address(project_id)


class NoteStanding(View):
    """The owner's side says that a notice about its project was read."""

    def post(self, request: HttpRequest, project_id: int) -> HttpResponseBase:
        services.note_standing(actor=request.actor, project_id=project_id, at=request.at)  # type: ignore[attr-defined]
        return HttpResponseRedirect(case_address(project_id))
