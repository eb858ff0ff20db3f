"""A new project in five steps: owner, land, parameters, papers, check. What was saved stays; each step is a page."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.queries import organisations_by_kind
from accounts.rules import HOLDER_KINDS, OrganisationKind, Role
from registry import queries, services
from registry.models import Project
from registry.rules.inputs import NewProject
from registry.rules.methodologies import shipped
from registry.rules.states import Verb
from registry.web import case_words as words
from registry.web.case_pages import CaseFormPage, OwnCaseFormPage, case_address
from registry.web.case_parts import returned_shown
from registry.web.parameter_words import key_name
from rulebook.queries import divisions
from rulebook.rules import DivisionLevel
from rulebook.rules.divisions import COUNTY_LEVELS

# Step -> route of its page, its name.
STEPS: Mapping[str, tuple[str, str]] = {
    "owner": ("registry-project-edit", gettext_noop("Owner")),
    "land": ("registry-project-parcels", gettext_noop("Land parcels")),
    "method": ("registry-project-method", gettext_noop("Method parameters")),
    "papers": ("registry-project-documents", gettext_noop("Papers of the case")),
    "check": ("registry-project-submit", gettext_noop("Check")),
}
DAY = forms.DateInput(attrs={"type": "date"})


def choose_banner(prefix: str = "") -> list[tuple[str, Any]]:
    """Return the banners by league for a field of choice, those of an area if asked."""
    leagues = {one.code: one.name for level in (DivisionLevel.LEAGUE, DivisionLevel.CITY) for one in divisions(level)}
    banners = [one for one in divisions() if one.level in COUNTY_LEVELS and one.code.startswith(prefix)]
    by_league = groupby(sorted(banners, key=lambda one: list(leagues).index(one.parent)), key=lambda one: one.parent)
    groups = [(leagues[parent], [(one.code, one.name) for one in found]) for parent, found in by_league]
    return [("", _("Please choose")), *groups]


def choose_organisation(*kinds: OrganisationKind) -> list[tuple[str, str]]:
    """Return the organisations of some kinds for a field of choice."""
    found = [one for kind in kinds for one in organisations_by_kind(kind)]
    return [("", _("Please choose")), *((str(one.id), one.name) for one in found)]


def steps_shown(row: Project | None, here: str) -> list[dict[str, Any]]:
    """Return the steps of the wizard: done where the case has what the step asks for."""
    done = {"owner": False, "land": False, "method": False, "papers": False, "check": False}
    if row is not None:
        kinds = {one.kind for one in queries.documents_of(row)}
        done |= {
            "owner": True,
            "land": queries.parcels_of(row).exists(),
            "method": row.crediting_first is not None and row.validator_id is not None,
            "papers": {"design", "tenure"} <= kinds,
        }
    return [
        {
            "label": _(name),
            "state": "current" if code == here else "done" if done[code] else "open",
            "url": reverse(route, args=[row.pk]) if row is not None else "",
        }
        for code, (route, name) in STEPS.items()
    ]


def next_step(row: Project, here: str) -> str:
    """Return the address of the step after this one."""
    codes = list(STEPS)
    following = codes[min(codes.index(here) + 1, len(codes) - 1)]
    return reverse(STEPS[following][0], args=[row.pk])


class OwnerForm(forms.Form):
    """Who begins which project, and where. The methodology stays as chosen: it decides what everything else means."""

    owner = forms.TypedChoiceField(
        label=gettext_lazy("Owner"),
        coerce=int,
        help_text=gettext_lazy("The organisation that answers for the project and receives its credits."),
    )
    name = forms.CharField(
        label=gettext_lazy("Name of the project"),
        max_length=120,
        help_text=gettext_lazy("Place, kind of activity and the word for sink project, as on the design document."),
    )
    methodology = forms.ChoiceField(
        label=gettext_lazy("Methodology"),
        help_text=gettext_lazy("It cannot be changed later: begin another draft for another methodology."),
    )
    division = forms.ChoiceField(
        label=gettext_lazy("Banner or county"),
        help_text=gettext_lazy("Where the land lies; its bureau makes the first review."),
    )
    summary = forms.CharField(
        label=gettext_lazy("Summary"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Shown in the public register: what is done on the land, since when, by whom."),
    )


class NewProjectPage(CaseFormPage):
    """The first step of a case that does not exist yet."""

    template_name = "registry/wizard_owner.html"
    form_class = OwnerForm

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        is_clerk = self.actor.has(Role.BANNER_CLERK)
        if is_clerk:
            form.fields["owner"].choices = choose_organisation(*HOLDER_KINDS)
        else:
            del form.fields["owner"]
        form.fields["methodology"].choices = words.choices(
            {code: name for code, (name, _letter) in words.METHODOLOGIES.items()}
        )
        form.fields["division"].choices = choose_banner(self.actor.area_prefix if is_clerk else "")
        return form

    def get_initial(self) -> dict[str, Any]:
        return {"division": self.actor.division_code}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, steps=steps_shown(None, "owner"), owner=self.actor.organisation_name)

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        row = services.create_project(
            actor=self.actor,
            project=NewProject(
                name=typed["name"],
                methodology=typed["methodology"],
                division_code=typed["division"],
                owner_id=typed.get("owner"),
                summary=typed["summary"],
            ),
            at=self.at,
        )
        messages.success(self.request, _("The draft %(code)s has been saved.") % {"code": row.code})
        return case_address(row.pk) if self.request.POST.get("do") == "save" else next_step(row, "owner")


class WizardPage(OwnCaseFormPage):
    """One step of a case that its owner, or a clerk who helps, still fills in. `step` names it."""

    step = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.project
        return super().get_context_data(
            **kwargs,
            steps=steps_shown(row, self.step),
            is_open=Verb.EDIT in queries.verbs_of(self.actor, row, self.at),
            next_url=next_step(row, self.step),
            returned=[one for one in returned_shown(row) if one["step"] == self.step],
        )

    def saved(self, row: Project) -> str:
        """Tell that the draft is saved, and return where to go: on, or to stay here."""
        messages.success(self.request, _("The draft %(code)s has been saved.") % {"code": row.code})
        if self.request.POST.get("do") == "save":
            return reverse(STEPS[self.step][0], args=[row.pk])
        return next_step(row, self.step)


class EditPage(WizardPage):
    """The first step of a draft: name, place, summary."""

    template_name = "registry/wizard_owner.html"
    form_class = OwnerForm
    step = "owner"

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        del form.fields["owner"], form.fields["methodology"]
        is_clerk = self.actor.has(Role.BANNER_CLERK)
        form.fields["division"].choices = choose_banner(self.actor.area_prefix if is_clerk else "")
        return form

    def get_initial(self) -> dict[str, Any]:
        row = self.project
        return {"name": row.name, "division": row.division_code, "summary": row.summary}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        names = queries.names_of([self.project.owner_id])
        return super().get_context_data(**kwargs, owner=names.get(f"o{self.project.owner_id}", ""))

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        changes = {"name": typed["name"], "division_code": typed["division"], "summary": typed["summary"]}
        return self.saved(
            services.edit_project(actor=self.actor, project_id=self.project.pk, changes=changes, at=self.at)
        )


class MethodForm(forms.Form):
    """What the methodology needs of the design. A draft may be saved with gaps; the check names them."""

    crediting_first = forms.DateField(
        label=gettext_lazy("Crediting period, first day"), required=False, widget=DAY, help_text=""
    )
    crediting_last = forms.DateField(
        label=gettext_lazy("Crediting period, last day"),
        required=False,
        widget=DAY,
        help_text=gettext_lazy("Both days count. Credits can be issued for days within the period only."),
    )
    validator = forms.TypedChoiceField(
        label=gettext_lazy("Validation body"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=gettext_lazy("It checks the design. Another body must verify the monitoring reports later."),
    )
    profile = forms.ChoiceField(
        label=gettext_lazy("Profile of the mechanism"),
        required=False,
        help_text=gettext_lazy("It decides on baseline, leakage and the discount for uncertainty."),
    )
    include_dead_wood = forms.BooleanField(label=gettext_lazy("Count dead wood"), required=False)
    include_litter = forms.BooleanField(
        label=gettext_lazy("Count litter"),
        required=False,
        help_text=gettext_lazy("Pools that are not chosen here stay out of every calculation of the project."),
    )

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        first, last = typed.get("crediting_first"), typed.get("crediting_last")
        if first and last and last <= first:
            self.add_error("crediting_last", _("The last day must come after the first."))
        return typed


# The design keys that each methodology reads (registry.rules.calculation).
DESIGN_FIELDS: Mapping[str, tuple[str, ...]] = {
    "F1": ("profile", "include_dead_wood", "include_litter"),
    "G1": (),
    "W1": (),
}


def profiles() -> dict[str, str]:
    """Return the profiles of mechanisms that a forest project may choose."""
    return {code: key_name(code) for code in shipped().get("profiles").value("profiles")}


def design_shown(row: Project) -> list[tuple[str, str]]:
    """Return the choices of a design by their names."""
    shown: list[tuple[str, str]] = []
    for name in DESIGN_FIELDS[row.methodology]:
        if name not in row.design:
            continue
        value = row.design[name]
        label = str(MethodForm.base_fields[name].label)
        shown.append(
            (label, (_("yes") if value else _("no")) if isinstance(value, bool) else profiles().get(value, value))
        )
    return shown


class MethodPage(WizardPage):
    """The third step: crediting period, validation body, and what the methodology asks."""

    template_name = "registry/wizard_method.html"
    form_class = MethodForm
    step = "method"

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields["validator"].choices = choose_organisation(OrganisationKind.VERIFICATION_BODY)
        wanted = DESIGN_FIELDS[self.project.methodology]
        for name in ("profile", "include_dead_wood", "include_litter"):
            if name not in wanted:
                del form.fields[name]
        if "profile" in form.fields:
            form.fields["profile"].choices = list(profiles().items())
        return form

    def get_initial(self) -> dict[str, Any]:
        row = self.project
        return {
            "profile": "nm_regional",
            **row.design,
            "crediting_first": row.crediting_first,
            "crediting_last": row.crediting_last,
            "validator": row.validator_id,
        }

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        row = self.project
        chosen = {name: typed[name] for name in DESIGN_FIELDS[row.methodology]}
        changes = {
            "crediting_first": typed["crediting_first"],
            "crediting_last": typed["crediting_last"],
            "validator_id": typed["validator"],
            "design": {**row.design, **chosen},
        }
        return self.saved(services.edit_project(actor=self.actor, project_id=row.pk, changes=changes, at=self.at))
