"""Organisations, for the administrators and for whoever may read them."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import queries, services
from accounts.rules import OrganisationKind, Role
from accounts.web.export import workbook_response
from accounts.web.pages import FormPage, Page

ROWS_A_PAGE = 50

KIND_NAMES = {
    OrganisationKind.FORESTRY_BUREAU: _("Forestry and grassland bureau"),
    OrganisationKind.ECOLOGY_DEPARTMENT: _("Department of ecology and environment"),
    OrganisationKind.STATE_FARM: _("State forest farm"),
    OrganisationKind.COLLECTIVE: _("Rural collective"),
    OrganisationKind.COOPERATIVE: _("Co-operative"),
    OrganisationKind.FIRM: _("Firm"),
    OrganisationKind.VERIFICATION_BODY: _("Validation and verification body"),
    OrganisationKind.VENUE: _("Venue"),
    OrganisationKind.AUDIT_BODY: _("Audit body"),
    OrganisationKind.PARTNER_PROVINCE: _("Partner province"),
}


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "kind": str(KIND_NAMES[OrganisationKind(row.kind)]),
        "uscc": row.uscc,
        "division_code": row.division_code,
        "is_frozen": row.state == "frozen",
        "frozen_at": row.frozen_at,
        "freeze_order": row.freeze_order,
    }


class OrganisationsPage(Page):
    """The organisations the reader may read."""

    template_name = "accounts/organisations.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kind, text = self.request.GET.get("kind", ""), self.request.GET.get("q", "").strip()
        rows = Paginator(queries.organisations_visible_to(self.actor, kind=kind, text=text), ROWS_A_PAGE)
        page = rows.get_page(self.request.GET.get("page"))
        return super().get_context_data(
            **kwargs,
            page=page,
            organisations=[_shown(row) for row in page.object_list],
            kinds=[(one.value, name) for one, name in KIND_NAMES.items()],
            kind=kind,
            text=text,
            query=self.request.GET.urlencode(),
            may_register=self.actor.has(Role.SYSTEM_ADMIN),
        )


def export(request: HttpRequest) -> HttpResponseBase:
    """Answer the organisations found as an Excel file."""
    rows = queries.organisations_visible_to(
        request.actor,  # type: ignore[attr-defined]
        kind=request.GET.get("kind", ""),
        text=request.GET.get("q", "").strip(),
    )
    header = [gettext("Name"), gettext("Kind"), gettext("Unified social credit code"), gettext("Division")]
    found = (_shown(row) for row in rows.iterator())
    return workbook_response(
        gettext("Organisations"),
        header,
        ((one["name"], one["kind"], one["uscc"], one["division_code"]) for one in found),
    )


class RegisterForm(forms.Form):
    """A new organisation."""

    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.TypedChoiceField(
        label=_("Kind"), coerce=OrganisationKind, choices=[(kind.value, name) for kind, name in KIND_NAMES.items()]
    )
    uscc = forms.CharField(label=_("Unified social credit code"), max_length=30)
    division_code = forms.RegexField(label=_("Division code (six digits)"), regex=r"^[0-9]{6}$", required=False)
    control_group = forms.CharField(label=_("Control group"), max_length=60, required=False)


class RegisterOrganisationPage(FormPage):
    """Registers an organisation."""

    template_name = "accounts/register_organisation.html"
    form_class = RegisterForm
    extra_context = {"back": reverse_lazy("accounts-organisations")}

    def act(self, form: Any) -> str:
        services.register_organisation(**form.cleaned_data, actor=self.actor, at=self.at)
        return reverse("accounts-organisations")


class FreezeForm(forms.Form):
    """The order a freeze rests on."""

    order = forms.CharField(label=_("Number of the order"), max_length=120)


class OrganisationPage(FormPage):
    """One organisation; a security administrator freezes it here."""

    template_name = "accounts/organisation.html"
    form_class = FreezeForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.organisation_row(self.actor, self.kwargs["pk"])
        return super().get_context_data(
            **kwargs,
            organisation=_shown(row),
            may_freeze=self.actor.has(Role.SECURITY_ADMIN) and row.state != "frozen",
        )

    def act(self, form: Any) -> str:
        services.freeze_organisation(
            organisation_id=self.kwargs["pk"], order=form.cleaned_data["order"], actor=self.actor, at=self.at
        )
        return reverse("accounts-organisation", args=[self.kwargs["pk"]])
