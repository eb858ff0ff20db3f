"""The work queue's verbs: take an item, hand it to a colleague."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import queries, services
from accounts.rules import WorkItemView
from accounts.web.pages import FormPage
from accounts.web.signing import safe_next


def title_of(item: WorkItemView) -> str:
    """Return an item's title in the active language, filled with what was found."""
    return gettext(item.title).format(**item.found)


def claim(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take an item and go to its page."""
    actor, at = request.actor, request.at  # type: ignore[attr-defined]
    item = queries.work_item(actor, pk, at=at)
    services.claim_work_item(actor=actor, item_id=pk, at=at)
    return HttpResponseRedirect(safe_next(request, item.url))


class HandOverForm(forms.Form):
    """The colleague who takes the item."""

    to_user = forms.TypedChoiceField(label=_("Colleague"), coerce=int)


class HandOverPage(FormPage):
    """Hands an item to a colleague who holds its role in the same organisation."""

    template_name = "accounts/hand_over.html"
    form_class = HandOverForm

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        self.item = queries.work_item(self.actor, self.kwargs["pk"], at=self.at)
        colleagues = queries.colleagues_for(self.actor, self.item, at=self.at)
        form.fields["to_user"].choices = [(person.id, person.display_name) for person in colleagues]
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "item": self.item, "title": title_of(self.item)}

    def act(self, form: Any) -> str:
        services.hand_over_work_item(
            actor=self.actor, item_id=self.item.id, to_user_id=form.cleaned_data["to_user"], at=self.at
        )
        return reverse("workbench")
