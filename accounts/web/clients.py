"""API clients: create, approve, rotate the secret, close. A secret is shown once, on the page that answers."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from accounts import queries, services
from accounts.rules import SCOPES, Role
from accounts.web.pages import FormPage, Page
from rulebook.errors import Refusal


class ClientsPage(Page):
    """The clients the reader may read."""

    template_name = "accounts/clients.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            clients=queries.api_clients(self.actor),
            may_create=self.actor.has(Role.SYSTEM_ADMIN),
            may_approve=self.actor.has(Role.SECURITY_ADMIN),
        )


class ClientForm(forms.Form):
    """A new client of an organisation."""

    organisation = forms.TypedChoiceField(label=_("Organisation"), coerce=int)
    name = forms.CharField(label=_("Name of the programme"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=[(scope, f"{scope} · {text}") for scope, text in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
    )


class NewClientPage(FormPage):
    """Creates a client and answers with its secret, which is shown this once."""

    template_name = "accounts/new_client.html"
    form_class = ClientForm
    extra_context = {"back": reverse_lazy("accounts-clients")}

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        rows = queries.organisations_visible_to(self.actor)
        form.fields["organisation"].choices = [(row.pk, row.name) for row in rows]
        return form

    def form_valid(self, form: Any) -> HttpResponseBase:  # type: ignore[override]
        found, user_id = form.cleaned_data, self.actor.user_id
        assert user_id is not None
        try:
            new = services.create_api_client(
                name=found["name"],
                organisation_id=found["organisation"],
                scopes=found["scopes"],
                created_by_id=user_id,
                at=self.at,
            )
        except Refusal as refusal:
            return self.refused(form, refusal)
        return secret_shown(self.request, new)


@never_cache
def secret_shown(request: HttpRequest, new: services.NewApiClient) -> HttpResponseBase:
    """Show a client's new secret; no cache keeps the page."""
    return render(request, "accounts/client_secret.html", {"new": new})


def approve(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Let a client in."""
    services.approve_api_client(api_client_id=pk, actor=request.actor, at=request.at)  # type: ignore[attr-defined]
    return HttpResponseRedirect(reverse("accounts-clients"))


def rotate(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give a client a new secret and show it."""
    new = services.rotate_client_secret(api_client_id=pk, actor=request.actor, at=request.at)  # type: ignore[attr-defined]
    return secret_shown(request, new)


def close(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Shut a client out."""
    services.close_api_client(api_client_id=pk, actor=request.actor, at=request.at)  # type: ignore[attr-defined]
    return HttpResponseRedirect(reverse("accounts-clients"))
