"""People and their roles, for the administrators: list, register, propose, approve, end."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import queries, services
from accounts.rules import ROLES_BY_KIND, OrganisationKind, Role
from accounts.web.export import workbook_response
from accounts.web.pages import FormPage, Page
from accounts.web.refusals import role_name

ROWS_A_PAGE = 50


def grant_shown(grant: Any, at: datetime) -> dict[str, Any]:
    """Return a role grant as the pages show it, its state in words."""
    if grant.held_until is not None and grant.held_until <= at:
        state, tone = (gettext("refused"), "red") if grant.approved_at is None else (gettext("ended"), "secondary")
    elif grant.approved_at is None:
        state, tone = gettext("waits for approval"), "yellow"
    elif grant.held_from > at:
        state, tone = gettext("begins later"), "blue"
    else:
        state, tone = gettext("in force"), "green"
    return {
        "id": grant.pk,
        "role_name": role_name(grant.role),
        "user_id": grant.user_id,
        "user_name": grant.user.display_name,
        "organisation_name": grant.organisation.name,
        "held_from": grant.held_from,
        "held_until": grant.held_until,
        "granted_by": grant.granted_by.display_name,
        "approved_by": grant.approved_by.display_name if grant.approved_by else "",
        "is_waiting": grant.approved_at is None and grant.held_until is None,
        "is_in_force": grant.approved_at is not None and (grant.held_until is None or grant.held_until > at),
        "state": state,
        "tone": tone,
    }


class PeoplePage(Page):
    """Everyone the administrator may list, and the grants that wait for approval."""

    template_name = "accounts/people.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text = self.request.GET.get("q", "").strip()
        people = Paginator(queries.people_visible_to(self.actor, text=text), ROWS_A_PAGE)
        waiting = [grant_shown(grant, self.at) for grant in queries.waiting_grants(self.actor)]
        page = people.get_page(self.request.GET.get("page"))
        return super().get_context_data(
            **kwargs,
            page=page,
            people=page.object_list,
            waiting=waiting,
            text=text,
            may_approve=self.actor.has(Role.SECURITY_ADMIN),
            may_register=self.actor.has(Role.SYSTEM_ADMIN),
        )


def export(request: HttpRequest) -> HttpResponseBase:
    """Answer the people found as an Excel file."""
    people = queries.people_visible_to(request.actor, text=request.GET.get("q", "").strip())  # type: ignore[attr-defined]
    header = [gettext("User name"), gettext("Name"), gettext("Active"), gettext("Registered")]
    rows = ((user.username, user.display_name, user.is_active, user.registered_at) for user in people.iterator())
    return workbook_response(gettext("People"), header, rows)


class RegisterForm(forms.Form):
    """A new person, member of one organisation."""

    organisation = forms.TypedChoiceField(label=_("Organisation"), coerce=int)
    username = forms.CharField(label=_("User name"), max_length=60)
    display_name = forms.CharField(label=_("Name"), max_length=60)
    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = forms.CharField(label=_("Phone"), max_length=20, required=False)
    password = forms.CharField(
        label=_("First password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class RegisterPersonPage(FormPage):
    """Registers a person; roles follow by proposal and approval."""

    template_name = "accounts/register_person.html"
    form_class = RegisterForm
    extra_context = {"back": reverse_lazy("accounts-people")}

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        rows = queries.organisations_visible_to(self.actor)
        form.fields["organisation"].choices = [(row.pk, row.name) for row in rows]
        return form

    def act(self, form: Any) -> str:
        found = form.cleaned_data
        user_id = services.register_user(
            username=found["username"],
            display_name=found["display_name"],
            password=found["password"],
            organisation_id=found["organisation"],
            email=found["email"],
            phone=found["phone"],
            actor=self.actor,
            at=self.at,
        )
        return reverse("accounts-person", args=[user_id])


class ProposeForm(forms.Form):
    """A role in one of the person's organisations, without end or until a day."""

    organisation = forms.TypedChoiceField(label=_("Organisation"), coerce=int)
    role = forms.TypedChoiceField(label=_("Role"), coerce=Role)
    held_until = forms.DateTimeField(
        label=_("Until (empty: without end)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )


class PersonPage(FormPage):
    """One person: organisations, roles past and present; the form proposes a role."""

    template_name = "accounts/person.html"
    form_class = ProposeForm

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        self.person = queries.person(self.actor, self.kwargs["pk"])
        self.organisations = queries.organisations_of_user(self.person.pk, self.at)
        form.fields["organisation"].choices = [(one.id, one.name) for one in self.organisations]
        possible: set[Role] = set()
        for one in self.organisations:
            possible |= ROLES_BY_KIND[OrganisationKind(one.kind)]
        form.fields["role"].choices = [(role.value, role_name(role)) for role in Role if role in possible]
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        grants = queries.grants_of(self.actor, self.person.pk)
        return {
            **context,
            "person": self.person,
            "organisations": self.organisations,
            "grants": [grant_shown(grant, self.at) for grant in grants],
            "may_approve": self.actor.has(Role.SECURITY_ADMIN),
            "may_propose": self.actor.has(*services.PROPOSERS),
        }

    def act(self, form: Any) -> str:
        found = form.cleaned_data
        services.propose_role(
            user_id=self.person.pk,
            organisation_id=found["organisation"],
            role=found["role"],
            held_until=found["held_until"],
            actor=self.actor,
            at=self.at,
        )
        return reverse("accounts-person", args=[self.person.pk])


def approve(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Approve a proposed role; asks for the password."""
    return _decided(request, pk, services.approve_role)


def refuse(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Refuse a proposed role."""
    return _decided(request, pk, services.refuse_role)


def revoke(request: HttpRequest, pk: int) -> HttpResponseBase:
    """End a role at once."""
    return _decided(request, pk, services.revoke_role)


def _decided(request: HttpRequest, pk: int, decide: Any) -> HttpResponseBase:
    decide(grant_id=pk, actor=request.actor, at=request.at)  # type: ignore[attr-defined]
    return HttpResponseRedirect(reverse("accounts-people"))
