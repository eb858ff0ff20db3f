"""Evidence packs for auditors: asked for, watched, downloaded."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views import View

from accounts.errors import InvalidField
from accounts.queries import user_name
from accounts.web.pages import FormPage, Page
from registry import queries, services
from registry.models import EvidencePack
from registry.rules.packs import PackScope, PackState
from rulebook.errors import NotThere
from settlement.queries import batch_of_serial, verifier_keys

SCOPES = {
    "project": gettext_noop("Project"),
    "batch": gettext_noop("Batch"),
    "period": gettext_noop("Monitoring period"),
}
STATES = {
    "queued": (gettext_noop("Waits"), "neutral"),
    "running": (gettext_noop("Is being made"), "info"),
    "done": (gettext_noop("Ready"), "success"),
    "failed": (gettext_noop("Failed"), "danger"),
}
WAITING = (PackState.QUEUED, PackState.RUNNING)


class PackForm(forms.Form):
    """What a pack is to be about: a project by its code, a batch by any of its serials."""

    text = forms.CharField(
        label=gettext_lazy("Project code, or any serial number of a batch"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def shown(row: EvidencePack) -> dict[str, Any]:
    """Return a pack as lists show it."""
    words, tone = STATES[row.state]
    return {
        "row": row,
        "scope": _(SCOPES[row.scope]),
        "state": {"text": _(words), "tone": tone},
        "asked_by": user_name(row.asked_by_id),
    }


class PacksPage(FormPage):
    """The packs there are, newest first, and a form for another one."""

    template_name = "registry/packs.html"
    form_class = PackForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs, packs=[shown(row) for row in queries.packs_visible_to(self.actor)[:100]]
        )

    def act(self, form: PackForm) -> str:
        text = form.cleaned_data["text"].strip()
        try:
            if text.count("-") > 3:
                scope, subject_id = PackScope.BATCH, batch_of_serial(text)
            else:
                scope, subject_id = PackScope.PROJECT, queries.project_to_pack(self.actor, text)
        except NotThere as error:  # What was typed is about the field, not about the page.
            raise InvalidField(field="text", reason=_("There is no project or batch of this number.")) from error
        return _asked(self, scope, subject_id)


def _asked(page: Any, scope: PackScope, subject_id: int) -> str:
    row = services.ask_for_pack(actor=page.actor, scope=scope, subject_id=subject_id, at=page.at)
    messages.success(page.request, _("Asked for. The pack is made in the background; you may leave this page."))
    return reverse("registry-pack", args=[row.pk])


class NewPack(FormPage):
    """Asks for the pack of one thing that its page leads here from."""

    template_name = "registry/pack_new.html"
    form_class = forms.Form
    scope = PackScope.PROJECT  # Which kind of thing it is: the route says it.

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        subject = queries.pack_subject(self.scope, self.kwargs["subject_id"])
        return super().get_context_data(**kwargs, subject=subject, scope=_(SCOPES[self.scope]))

    def act(self, form: forms.Form) -> str:
        return _asked(self, self.scope, self.kwargs["subject_id"])


class PackPage(Page):
    """One pack: how far it is, its hash, how it is checked."""

    template_name = "registry/pack.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.pack(self.actor, self.kwargs["pack_id"])
        keys = verifier_keys()
        return super().get_context_data(
            **kwargs,
            one=shown(row),
            waits=row.state in WAITING,
            problem=_(row.problem) if row.problem else "",
            key=keys[-1].verifier_key if keys else "",
            file_name=file_name(row),
        )


class PackProgress(Page):
    """How far a pack is, as a fragment; once it is made, the whole page is loaded again."""

    template_name = "registry/pack_progress.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.pack(self.actor, self.kwargs["pack_id"])
        return super().get_context_data(**kwargs, row=row, waits=row.state in WAITING)

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> Any:
        answer = super().render_to_response(context, **response_kwargs)
        answer["Cache-Control"] = "no-store"
        if not context["waits"]:
            answer["HX-Refresh"] = "true"
        return answer


class PackFile(View):
    """The pack itself. Whether its reader is an auditor still is asked anew."""

    def get(self, request: HttpRequest, pack_id: int) -> HttpResponseBase:
        row = queries.pack_file(request.actor, pack_id)  # type: ignore[attr-defined]
        return FileResponse(
            queries.pack_path(row.sha256).open("rb"),
            as_attachment=True,
            filename=file_name(row),
            content_type="application/zip",
        )


def file_name(row: EvidencePack) -> str:
    """Return what a pack is called when it is saved."""
    return f"evidence-{row.scope}-{row.pk}.zip"
