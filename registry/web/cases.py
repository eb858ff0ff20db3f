"""The cases an actor works on: the list with what is due by whom, and the page of one case with its tabs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views import View

from accounts.rules import Role
from accounts.web.pages import Page
from registry import queries
from registry.models import Project
from registry.rules.states import ProjectState, Verb
from registry.web import case_words as words
from registry.web.case_pages import CasePage
from registry.web.case_parts import (
    documents_shown,
    events_of,
    handler_shown,
    parcels_shown,
    returned_shown,
    validation_shown,
)
from registry.web.register import PAGE_SIZE, RegisterFilter, project_rows, projects_workbook, query_of
from registry.web.standing import has_notice, standing_shown
from registry.web.wizard import design_shown
from rulebook.queries import division

TABS = (
    ("facts", gettext_noop("Basic facts")),
    ("land", gettext_noop("Land")),
    ("papers", gettext_noop("Papers")),
    ("record", gettext_noop("Course of the case")),
    ("periods", gettext_noop("Monitoring periods")),
)
# Verb -> route of the page where it is done, and what its button says.
PAGES: Mapping[Verb, tuple[str, str]] = {
    Verb.EDIT: ("registry-project-edit", gettext_noop("Go on filling in")),
    Verb.SUBMIT: ("registry-project-submit", gettext_noop("Check and submit")),
    Verb.PASS: ("registry-project-review", gettext_noop("Review")),
    Verb.SIGN: ("registry-project-validation", gettext_noop("Sign the validation")),
    Verb.PROPOSE: ("registry-project-registration", gettext_noop("Propose the registration")),
    Verb.DECIDE: ("registry-project-registration", gettext_noop("Decide on the registration")),
    Verb.RECORD: ("registry-project-registration", gettext_noop("Record the registration")),
    Verb.SUSPEND: ("registry-project-suspension", gettext_noop("Suspend")),
    Verb.RESUME: ("registry-project-resumption", gettext_noop("Decide on the end of the suspension")),
    Verb.DEREGISTER: ("registry-project-deregistration", gettext_noop("Take off the register")),
}
# Of a project that was suspended, where the same verb is another act.
PAGES_OF_SUSPENDED: Mapping[Verb, tuple[str, str]] = {
    Verb.PROPOSE: ("registry-project-resumption", gettext_noop("Propose the end of the suspension")),
}


class MyProjects(Page):
    """The cases of an owner, those of an office's area, those assigned to a body: with what is due, by whom."""

    template_name = "registry/my_projects.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = RegisterFilter(self.request.GET, states=list(ProjectState))
        rows = queries.projects_visible_to(self.actor, **form.asked())
        page = Paginator(rows, PAGE_SIZE).get_page(self.request.GET.get("page"))
        lines = project_rows(page.object_list)
        roles = queries.levels("nm_regional", self.at)
        found = {line["row"].pk: queries.handler_of(line["row"], self.at, roles) for line in lines}
        names = queries.names_of(one.organisation_id for one in found.values())
        for line in lines:
            line["handler"] = handler_shown(found[line["row"].pk], names)
        return super().get_context_data(
            **kwargs,
            form=form,
            page=page,
            rows=lines,
            query=query_of(self.request),
            is_filtered=any(form.asked().values()),
            may_begin=self.actor.has(Role.OWNER, Role.BANNER_CLERK),
            of_area=self.actor.is_staff,
        )


class MyProjectsExport(View):
    """Every case found, as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        form = RegisterFilter(request.GET, states=list(ProjectState))
        rows = queries.projects_visible_to(request.actor, **form.asked())  # type: ignore[attr-defined]
        return projects_workbook(_("Projects"), rows)


class CaseShapes(View):
    """The land of a case as GeoJSON, for those who may see the case."""

    def get(self, request: HttpRequest, project_id: int) -> HttpResponseBase:
        row = queries.project(request.actor, project_id)  # type: ignore[attr-defined]
        return JsonResponse(queries.shapes_of(queries.parcels_of(row)), content_type="application/geo+json")


class ProjectPage(CasePage):
    """One case for those who work on it: where it stands, who has it, and everything that belongs to it."""

    template_name = "registry/project.html"

    def pack_action(self) -> list[dict[str, str]]:
        """Return the way to the evidence pack, for who may have one."""
        if not self.actor.has(*queries.PACK_READERS):
            return []
        url = reverse("registry-pack-new-project", args=[self.project.pk])
        return [{"url": url, "label": _("Evidence pack"), "tone": "quiet"}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row, at = self.project, self.at
        asked = self.request.GET.get("tab", "")
        tab = asked if asked in dict(TABS) else "facts"
        verbs = queries.verbs_of(self.actor, row, at)
        found = queries.handler_of(row, at)
        names = queries.names_of([row.owner_id, row.validator_id, found.organisation_id])
        open_comments = queries.open_comments(row)
        address = reverse("registry-project", args=[row.pk])
        return super().get_context_data(
            **kwargs,
            steps=[(words.step_name(one.step), one.state) for one in queries.way_of(row, at)],
            tab=tab,
            tabs=[(f"{address}?tab={code}", _(name), code == tab) for code, name in TABS],
            actions=[*actions_of(row, verbs), *self.pack_action()],
            may={verb.value for verb in verbs},
            handler=handler_shown(found, names),
            owner=names.get(f"o{row.owner_id}", ""),
            validator=names.get(f"o{row.validator_id}", ""),
            place=division(row.division_code).official_name,
            area_ha=queries.areas_of([row.pk]).get(row.pk),
            returned=returned_shown(row),
            standing=standing_shown(row),
            may_note=has_notice(self.actor, row, at),
            open_comments=open_comments,
            **_TAB_CONTEXT[tab](self, verbs),
        )

    def facts_tab(self, verbs: frozenset[Verb]) -> dict[str, Any]:
        return {"design": design_shown(self.project), **validation_shown(self.project)}

    def land_tab(self, verbs: frozenset[Verb]) -> dict[str, Any]:
        # Who reviews at any level may settle a border.
        is_reviewer = self.actor.has(Role.BANNER_CLERK, Role.LEAGUE_REVIEWER, Role.REGION_MAKER)
        return {
            "parcels": parcels_shown(self.project),
            "may_decide": is_reviewer and self.project.state == ProjectState.SUBMITTED,
        }

    def papers_tab(self, verbs: frozenset[Verb]) -> dict[str, Any]:
        return {"documents": documents_shown(self.project)}

    def record_tab(self, verbs: frozenset[Verb]) -> dict[str, Any]:
        return {"events": events_of(self.project, self.at)}

    def periods_tab(self, verbs: frozenset[Verb]) -> dict[str, Any]:
        row = self.project
        periods = queries.periods_visible_to(self.actor).filter(project=row)
        is_open = row.state in (ProjectState.REGISTERED, ProjectState.COMPLETED)
        return {
            "periods": [
                {
                    "row": one,
                    "state": words.period_state_shown(one.state),
                    "url": reverse("registry-period", args=[one.pk]),
                }
                for one in periods
            ],
            "new_period_url": reverse("registry-period-new", args=[row.pk]),
            "may_monitor": is_open and self.actor.has(Role.OWNER) and row.owner_id == self.actor.organisation_id,
        }


_TAB_CONTEXT = {
    "facts": ProjectPage.facts_tab,
    "land": ProjectPage.land_tab,
    "papers": ProjectPage.papers_tab,
    "record": ProjectPage.record_tab,
    "periods": ProjectPage.periods_tab,
}


def actions_of(row: Project, verbs: frozenset[Verb]) -> list[dict[str, str]]:
    """Return the pages where the open verbs are done, in the order of a case."""
    pages = {**PAGES, **(PAGES_OF_SUSPENDED if queries.suspension_of(row) else {})}
    return [
        {
            "url": reverse(name, args=[row.pk]),
            "label": _(label),
            # What stops a project is not what the page leads to.
            "tone": "quiet" if verb in (Verb.SUSPEND, Verb.DEREGISTER) else "",
        }
        for verb, (name, label) in pages.items()
        if verb in verbs
    ]
