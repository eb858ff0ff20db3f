"""The base of the pages of a case: the case itself, and refusals in the words of this room."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django import forms
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.errors import PasswordNeeded
from accounts.web.pages import FormPage, Page
from accounts.web.refusals import message_of, remedy_of
from registry import queries
from registry.models import Project
from registry.web import case_words as words
from rulebook.errors import NotThere, Refusal, Unavailable


def words_of(refusal: Refusal) -> str:
    """Return a refusal's message with what to do about it."""
    return f"{message_of(refusal)} {remedy_of(refusal) or words.remedy(refusal.code)}".strip()


class CasePage(Page):
    """A page of one case, for those who may see it in full."""

    @cached_property
    def project(self) -> Project:
        return queries.project(self.actor, self.kwargs["project_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, **case_head(self.project))


class CaseFormPage(FormPage):
    """A page with one form of a case: a refusal stands at its field, with what to do about it; nothing typed is lost.

    fields_of_service: what the form calls a field that the service has another name for.
    """

    fields_of_service: Mapping[str, str] = {
        "division_code": "division",
        "validator_id": "validator",
        "owner_id": "owner",
        "checklist": "opinion",
    }

    def refused(self, form: forms.Form, refusal: Refusal) -> HttpResponseBase:
        if isinstance(refusal, NotThere | Unavailable | PasswordNeeded):
            raise refusal
        field = self.fields_of_service.get(refusal.field, refusal.field)
        form.add_error(field if field in form.fields else None, words_of(refusal))
        return self.form_invalid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class OwnCaseFormPage(CaseFormPage):
    """A page with one form about a case that the actor may see in full."""

    @cached_property
    def project(self) -> Project:
        return queries.project(self.actor, self.kwargs["project_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, **case_head(self.project))


def case_head(row: Project) -> dict[str, Any]:
    """Return what stands at the head of every page of a case."""
    return {
        "row": row,
        "state": words.state_shown(row.state),
        "methodology": words.methodology_shown(row.methodology),
    }


def case_address(project_id: int, tab: str = "") -> str:
    """Return where a case is read by those who work on it."""
    address = reverse("registry-project", args=[project_id])
    return f"{address}?tab={tab}" if tab else address
