"""The public register: search, export, and what anyone may know of a project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views import View

from accounts.web.export import workbook_response
from accounts.web.pages import Page
from registry import queries
from registry.models import Project
from registry.rules.states import PUBLIC_PROJECT, ProjectState
from registry.web import case_words as words
from rulebook.queries import divisions
from rulebook.rules import DivisionLevel

PAGE_SIZE = 20
LONGEST_SEARCH = 80
# In the order of a case's life.
PUBLIC_STATES = [state for state in ProjectState if state in PUBLIC_PROJECT]
STATE_LABEL, METHODOLOGY_LABEL = gettext_lazy("State"), gettext_lazy("Methodology")
EVERY = gettext_noop("All")


class RegisterFilter(forms.Form):
    """What a list of projects may be searched by. Whatever else stands in the address is left aside."""

    q = forms.CharField(label=gettext_lazy("Name or code"), max_length=LONGEST_SEARCH, required=False, strip=True)
    state = forms.ChoiceField(label=STATE_LABEL, required=False)
    methodology = forms.ChoiceField(label=METHODOLOGY_LABEL, required=False)
    division = forms.ChoiceField(label=gettext_lazy("League or city"), required=False)

    def __init__(self, *args: Any, states: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = ("", _(EVERY))
        leagues = [*divisions(DivisionLevel.LEAGUE), *divisions(DivisionLevel.CITY)]
        lists = {
            "state": [(state, _(words.STATES[state][0])) for state in states],
            "methodology": [(code, f"{code} {_(name)}") for code, (name, _letter) in words.METHODOLOGIES.items()],
            "division": [(one.code, one.name) for one in leagues],
        }
        for name, options in lists.items():
            self.fields[name].choices = [every, *options]  # type: ignore[attr-defined]

    def asked(self) -> dict[str, str]:
        """Return what is searched for; a value that no field knows counts as none."""
        self.is_valid()
        typed = self.cleaned_data
        return {
            "text": typed.get("q") or "",
            "state": typed.get("state") or "",
            "methodology": typed.get("methodology") or "",
            "division": typed.get("division") or "",
        }


def query_of(request: HttpRequest) -> str:
    """Return the search of an address without its page, to be carried on by pager and export."""
    kept = request.GET.copy()
    kept.pop("page", None)
    return kept.urlencode()


def project_rows(rows: Iterable[Project]) -> list[dict[str, Any]]:
    """Return projects as lines of a list: names for codes, area, tonnes issued."""
    found = list(rows)
    ids = [row.pk for row in found]
    areas, issued = queries.areas_of(ids), queries.issued_tonnes_of(ids)
    names = queries.names_of(row.owner_id for row in found)
    places = {one.code: one.name for one in divisions()}
    return [
        {
            "row": row,
            "owner": names.get(f"o{row.owner_id}", ""),
            "state": words.state_shown(row.state),
            "methodology": words.methodology_shown(row.methodology),
            "place": places.get(row.division_code, row.division_code),
            "area_ha": areas.get(row.pk),
            "issued": issued.get(row.pk, 0),
        }
        for row in found
    ]


class Register(Page):
    """The project register, for everybody."""

    template_name = "registry/register.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = RegisterFilter(self.request.GET, states=PUBLIC_STATES)
        page = Paginator(queries.public_projects(**form.asked()), PAGE_SIZE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            **kwargs,
            form=form,
            page=page,
            rows=project_rows(page.object_list),
            query=query_of(self.request),
            is_filtered=any(form.asked().values()),
        )


class RegisterExport(View):
    """Every project found, as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        form = RegisterFilter(request.GET, states=PUBLIC_STATES)
        return projects_workbook(_("Project register"), queries.public_projects(**form.asked()))


def projects_workbook(name: str, rows: QuerySet[Project]) -> HttpResponseBase:
    """Answer projects as an Excel file."""
    header = [_("Code"), _("Project"), _("Methodology"), _("Banner"), _("Owner"), _("Area (ha)"), _("State")]
    header += [_("Registered on"), _("Issued (tCO2e)")]
    return workbook_response(
        name,
        header,
        (
            (
                line["row"].code,
                line["row"].name,
                f"{line['methodology']['code']} {line['methodology']['name']}",
                line["place"],
                line["owner"],
                line["area_ha"],
                line["state"]["text"],
                line["row"].registered_at,
                line["issued"],
            )
            for line in project_rows(rows)
        ),
    )


class PublicShapes(View):
    """The generalised land of a public project as GeoJSON."""

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        shapes = queries.public_shapes(queries.project_by_code(code))
        return JsonResponse(shapes, content_type="application/geo+json")


def public_address(code: str) -> str:
    """Return where anyone reads of a project."""
    return reverse("registry-public-project", args=[code])
