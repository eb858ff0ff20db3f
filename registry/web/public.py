"""The public page of one project, with its notices and what anyone has to say on them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry import queries, services
from registry.models import Project
from registry.web import case_words as words
from registry.web.case_pages import CaseFormPage
from registry.web.register import public_address
from registry.web.standing import changes_shown, standing_shown
from rulebook.queries import division


class CommentForm(forms.Form):
    """What someone has to say during a notice. `period`: of which monitoring report; "": of the design."""

    period = forms.IntegerField(required=False, widget=forms.HiddenInput)
    author = forms.CharField(
        label=gettext_lazy("Your name or organisation"),
        max_length=60,
        help_text=gettext_lazy("Shown with your comment."),
    )
    text = forms.CharField(
        label=gettext_lazy("Comment"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("The owner answers in public; the report is signed only after every comment has one."),
    )


class PublicProject(CaseFormPage):
    """What anyone may know of a project of the register; during a notice anyone may comment."""

    template_name = "registry/public_project.html"
    form_class = CommentForm

    def public_project(self) -> Project:
        return queries.project_by_code(self.kwargs["code"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.public_project()
        names = queries.names_of([row.owner_id, row.validator_id])
        periods = [one for one in row.periods.order_by("first") if one.notice_from is not None]
        return super().get_context_data(
            **kwargs,
            row=row,
            state=words.state_shown(row.state),
            methodology=words.methodology_shown(row.methodology),
            owner=names.get(f"o{row.owner_id}", ""),
            validator=names.get(f"o{row.validator_id}", ""),
            place=division(row.division_code).official_name,
            area_ha=queries.areas_of([row.pk]).get(row.pk),
            parcel_count=queries.parcels_of(row).count(),
            documents=[
                {"row": one, "kind": words.named(words.DOCUMENT_KINDS, one.kind)}
                for one in queries.public_documents_of(row)
            ],
            notices=queries.notices_of(row, self.at),
            periods=[{"row": one, "state": words.period_state_shown(one.state)} for one in periods],
            batches=queries.batches_of(row),
            standing=standing_shown(row),
            changes=changes_shown(row),
        )

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        row = self.public_project()
        services.comment(
            project_code=row.code,
            period_id=typed["period"],
            author=typed["author"],
            text=typed["text"],
            at=self.at,
        )
        messages.success(self.request, _("Your comment has been taken in. The owner will answer it here."))
        return f"{public_address(row.code)}#notices"
