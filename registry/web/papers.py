"""Papers of a case: brought in, and read by those who may."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from registry import queries, services
from registry.rules.documents import LIMIT_BYTES, MIB
from registry.rules.states import Verb
from registry.web import case_words as words
from registry.web.case_parts import documents_shown
from registry.web.files import UploadField
from registry.web.wizard import WizardPage

# What the owner's side brings in; reports of other bodies come with their signatures.
OWNERS_KINDS = ("design", "tenure", "photo", "other")


class DocumentForm(forms.Form):
    """A paper of the case."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of paper"))
    file = UploadField(
        label=gettext_lazy("File"),
        max_length=160,
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.docx,.xlsx,.png,.jpg,.jpeg"}),
    )
    is_public = forms.BooleanField(
        label=gettext_lazy("Anyone may read it"),
        required=False,
        help_text=gettext_lazy(
            "Public papers stand on the project's public page from the notice on. No names of households."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = words.choices(  # type: ignore[attr-defined]
            {kind: words.DOCUMENT_KINDS[kind] for kind in OWNERS_KINDS}
        )
        self.fields["file"].help_text = _("PDF, Word, Excel, PNG or JPEG, up to %(limit)s MB.") % {
            "limit": LIMIT_BYTES // MIB
        }


class DocumentsPage(WizardPage):
    """The fourth step: the papers of the case."""

    template_name = "registry/wizard_papers.html"
    form_class = DocumentForm
    step = "papers"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        held = {one.kind for one in queries.documents_of(self.project)}
        return super().get_context_data(
            **kwargs,
            documents=documents_shown(self.project),
            needed=[(words.named(words.DOCUMENT_KINDS, kind), kind in held) for kind in ("design", "tenure")],
            may_edit=Verb.EDIT in queries.verbs_of(self.actor, self.project, self.at),
        )

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        document = services.add_document(
            actor=self.actor,
            project_id=self.project.pk,
            kind=typed["kind"],
            name=typed["file"].name,
            content=typed["file"].read(),
            is_public=typed["is_public"],
            at=self.at,
        )
        messages.success(self.request, _("%(name)s has been stored.") % {"name": document.name})
        return reverse("registry-project-documents", args=[self.project.pk])


class Download(View):
    """The content of a paper, for those who may read it; never shown in the page's own place."""

    def get(self, request: HttpRequest, document_id: int) -> HttpResponseBase:
        row = queries.document(request.actor, document_id)  # type: ignore[attr-defined]
        file = queries.path_of(row.sha256).open("rb")
        response = FileResponse(file, as_attachment=True, filename=row.name, content_type=row.content_type)
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response
