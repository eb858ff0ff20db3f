"""Retirement in three steps: chosen, checked, done; from the limit on a second person confirms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.queries import organisation, user_name
from accounts.rules import Actor, Role
from accounts.services import require_confirmed
from accounts.web.export import workbook_response
from accounts.web.pages import FormPage, Page
from accounts.web.refusals import message_of
from accounts.web.words_of_numbers import tonnes_in_words
from registry import queries, services
from registry.models import Retirement
from registry.queries import credit_pages
from registry.rules.certificate import knows_names_of
from registry.web.credit_words import PURPOSES, RETIREMENT_STATES, badge
from registry.web.periods import DateInput
from rulebook.errors import NotThere, Refusal
from rulebook.queries import business_date, rule
from settlement.queries import asset, available_units, holdings_visible_to, is_frozen
from settlement.rules import AssetKind, CreditDescription, Purpose

PAGE_SIZE = 20
MAY_RETIRE = (Role.OWNER, Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER)
MAY_CONFIRM = (Role.OWNER, Role.FIRM_CONFIRMER)


def credit_of(asset_id: int) -> CreditDescription:
    """Return the credit of a batch. Raises NotThere for what is none."""
    found = asset(asset_id).credit
    if found is None:
        raise NotThere
    return found


class RetirementFilter(forms.Form):
    """What retirements are looked for."""

    q = forms.CharField(label=gettext_lazy("Number or beneficiary"), required=False, max_length=60)
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            *((key, gettext_lazy(name)) for key, (name, _tone) in RETIREMENT_STATES.items()),
        ],
    )

    def found(self, actor: Actor) -> QuerySet[Retirement]:
        """Return the retirements of the filter that the actor may see."""
        rows = queries.retirements_visible_to(actor)
        typed = self.cleaned_data if self.is_valid() else {}
        if typed.get("state"):
            rows = rows.filter(state=typed["state"])
        return credit_pages.retirements_found(actor, rows, typed.get("q", ""))


def retirement_view(row: Retirement, actor: Actor) -> dict[str, Any]:
    """Return a retirement in words, as the actor may read it."""
    return {
        "row": row,
        "beneficiary": queries.beneficiary_for(actor, row),
        "note": queries.note_for(actor, row),
        "credit": credit_of(row.asset_id),
        "purpose": _(PURPOSES.get(row.purpose, row.purpose)),
        "status": badge(RETIREMENT_STATES, row.state),
    }


class RetirementsPage(Page):
    """The retirements of the own organisation; all of them for the region's readers."""

    template_name = "registry/retirements.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = RetirementFilter(self.request.GET)
        page = Paginator(form.found(self.actor), PAGE_SIZE).get_page(self.request.GET.get("page"))
        asked = urlencode({name: self.request.GET[name] for name in form.fields if self.request.GET.get(name)})
        return super().get_context_data(
            **kwargs,
            form=form,
            page=page,
            query=asked,
            rows=[retirement_view(row, self.actor) for row in page],
            may_retire=self.actor.has(*MAY_RETIRE),
            may_confirm=self.actor.has(*MAY_CONFIRM),
            export_url=f"{reverse('registry-retirements-export')}?{asked}",
        )


class RetirementsExport(View):
    """The retirements of the filter as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        rows = RetirementFilter(request.GET).found(actor)
        return workbook_response(
            "retirements",
            [
                _("Certificate"),
                _("State"),
                _("Project"),
                _("Vintage year"),
                _("Tonnes"),
                _("Beneficiary"),
                _("Purpose"),
                _("Asked"),
                _("Retired"),
                _("Serial numbers"),
            ],
            (
                (
                    row.number,
                    _(RETIREMENT_STATES[row.state][0]),
                    credit_of(row.asset_id).project_name,
                    credit_of(row.asset_id).vintage_year,
                    row.tonnes,
                    queries.beneficiary_for(actor, row),
                    _(PURPOSES.get(row.purpose, row.purpose)),
                    row.requested_at,
                    row.retired_at,
                    "\n".join(serial_texts(row)),
                )
                for row in rows.iterator(chunk_size=500)
            ),
        )


def serial_texts(row: Retirement) -> list[str]:
    """Return the serial ranges of a retirement as printed."""
    return [str(one.get("text", "")) if isinstance(one, dict) else str(one) for one in row.serials]


class RetirementForm(forms.Form):
    """What is retired, for whom and what for."""

    tonnes = forms.IntegerField(
        label=gettext_lazy("Quantity (tonnes)"),
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    beneficiary = forms.CharField(
        label=gettext_lazy("Beneficiary"),
        max_length=120,
        help_text=gettext_lazy("In whose name the credits are retired; the certificate is made out to this name."),
    )
    beneficiary_is_person = forms.BooleanField(
        label=gettext_lazy("The beneficiary is a natural person"),
        required=False,
        help_text=gettext_lazy("Then the public page shows the family name only."),
    )
    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"))
    period_first = forms.DateField(label=gettext_lazy("For emissions from"), required=False, widget=DateInput())
    period_last = forms.DateField(label=gettext_lazy("until"), required=False, widget=DateInput())
    note = forms.CharField(label=gettext_lazy("Note on the certificate"), required=False, max_length=200)
    key = forms.CharField(widget=forms.HiddenInput, max_length=60)

    def __init__(self, *args: Any, purposes: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].choices = [(one, _(PURPOSES.get(one, one))) for one in purposes]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        first, last = typed.get("period_first"), typed.get("period_last")
        if first and last and last < first:
            self.add_error("period_last", _("The last day lies before the first."))
        if (first is None) != (last is None) and not self.errors:
            self.add_error("period_last" if first else "period_first", _("Both days, or neither."))
        return typed


def own_credits(actor: Actor) -> list[dict[str, Any]]:
    """Return the batches of which the own organisation could retire something now."""
    held = holdings_visible_to(actor, organisation_id=actor.organisation_id or 0)
    return [
        {"asset_id": one.asset_id, "credit": one.credit, "units": one.units, "is_frozen": is_frozen(one.asset_id)}
        for one in held
        if one.asset_kind is AssetKind.CREDIT and one.purpose is Purpose.AVAILABLE and one.credit is not None
    ]


class NewRetirement(FormPage):
    """First what and for whom, then everything once more with the amount in words; the second button retires."""

    template_name = "registry/retirement_new.html"
    form_class = RetirementForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Asked for before anything is typed, once a batch is chosen; the list of batches needs no password.
        if self.asset_id is not None:
            require_confirmed(self.actor, self.at)
        return super().dispatch(request, *args, **kwargs)

    @property
    def asset_id(self) -> int | None:
        asked = self.request.GET.get("asset", "")
        return int(asked) if asked.isdecimal() and len(asked) < 12 else None

    def get_form_kwargs(self) -> dict[str, Any]:
        scheme = credit_of(self.asset_id).scheme if self.asset_id is not None else "nm_regional"
        purposes = [str(one) for one in rule("retirement.purposes", at=self.at, scheme=scheme).value]
        return {**super().get_form_kwargs(), "purposes": purposes}

    def get_initial(self) -> dict[str, Any]:
        return {"key": get_random_string(24), "beneficiary": self.actor.organisation_name}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = {"credits": own_credits(self.actor)}
        if self.asset_id is not None:
            credit = credit_of(self.asset_id)
            limit = rule("retirement.two_persons_from_tonnes", at=self.at, scheme=credit.scheme)
            context |= {
                "asset_id": self.asset_id,
                "credit": credit,
                "available": available_units(self.actor.organisation_id or 0, self.asset_id),
                "limit": limit.value,
                "purposes_rule": rule("retirement.purposes", at=self.at, scheme=credit.scheme),
            }
        stage = 1 if self.asset_id is None else 3 if kwargs.get("summary") else 2
        names = (_("Choose the credits"), _("Beneficiary and purpose"), _("Check and confirm"))
        context["steps"] = [
            (name, "done" if number < stage else "current" if number == stage else "waiting")
            for number, name in enumerate(names, start=1)
        ]
        return super().get_context_data(**{**context, **kwargs})

    def form_valid(self, form: Any) -> HttpResponseBase:  # type: ignore[override]
        if self.asset_id is None:
            raise NotThere
        typed = form.cleaned_data
        available = available_units(self.actor.organisation_id or 0, self.asset_id)
        if (
            self.request.POST.get("confirmed") != "1"
            and typed["tonnes"] <= available
            and "change" not in self.request.POST
        ):
            limit = int(rule("retirement.two_persons_from_tonnes", at=self.at).value)
            alone = queries.retired_alone(self.actor.organisation_id or 0, business_date(self.at))
            summary = {
                "tonnes": typed["tonnes"],
                "words": tonnes_in_words(typed["tonnes"]),
                "purpose": _(PURPOSES.get(typed["purpose"], typed["purpose"])),
                "needs_second": alone + typed["tonnes"] >= limit,
            }
            return self.render_to_response(self.get_context_data(form=form, summary=summary))
        if "change" in self.request.POST:
            return self.render_to_response(self.get_context_data(form=form))
        return super().form_valid(form)

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        assert self.asset_id is not None
        row = services.request_retirement(
            actor=self.actor,
            asset_id=self.asset_id,
            tonnes=typed["tonnes"],
            beneficiary=typed["beneficiary"],
            beneficiary_is_person=typed["beneficiary_is_person"],
            purpose=typed["purpose"],
            period_first=typed["period_first"],
            period_last=typed["period_last"],
            note=typed["note"],
            key=f"page:{typed['key']}",  # Apart from the keys of other ways to retire, as everybody can type one.
            at=self.at,
        )
        if row.state == "retired":
            messages.success(self.request, _("The credits have been retired. The certificate is ready."))
        else:
            messages.info(self.request, _("A second person of the organisation must confirm the retirement."))
        return reverse("registry-retirement", args=[row.pk])


class RetirementPage(Page):
    """One retirement: where it stands, its serials, its certificate."""

    template_name = "registry/retirement.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = credit_pages.retirement(self.actor, self.kwargs["retirement_id"])
        waits = row.state == "requested" and row.organisation_id == self.actor.organisation_id
        return super().get_context_data(
            **{**retirement_view(row, self.actor), **kwargs},
            is_covered=row.beneficiary_is_person and not knows_names_of(self.actor, row.organisation_id),
            words=tonnes_in_words(row.tonnes),
            holder=organisation(row.organisation_id).name,
            serials=serial_texts(row),
            requested_by=user_name(row.requested_by_id),
            confirmed_by=user_name(row.confirmed_by_id),
            may_confirm=waits and self.actor.has(*MAY_CONFIRM) and row.requested_by_id != self.actor.user_id,
            may_cancel=waits and self.actor.has(*MAY_RETIRE),
        )


class ReadBeneficiary(RetirementPage):
    """Whoever watches over all retirements reads a natural person's name, for a reason that is logged."""

    def post(self, request: HttpRequest, retirement_id: int) -> HttpResponseBase:
        try:
            row = services.read_beneficiary(
                actor=self.actor, retirement_id=retirement_id, reason=request.POST.get("reason", ""), at=self.at
            )
        except NotThere:
            raise
        except Refusal as refusal:
            messages.error(request, message_of(refusal))
            return HttpResponseRedirect(reverse("registry-retirement", args=[retirement_id]))
        context = self.get_context_data(beneficiary=row.beneficiary, note=row.note, is_read=True)
        response = self.render_to_response(context)
        response["Cache-Control"] = "no-store"
        return response


class ConfirmRetirement(View):
    """The second person confirms; the credits are retired."""

    def post(self, request: HttpRequest, retirement_id: int) -> HttpResponseBase:
        require_confirmed(request.actor, request.at)  # type: ignore[attr-defined]
        return _done(request, retirement_id, services.confirm_retirement, _("The credits have been retired."))

    def get(self, request: HttpRequest, retirement_id: int) -> HttpResponseBase:
        """Lead back to the retirement: here the way ends that began with asking for the password."""
        return HttpResponseRedirect(reverse("registry-retirement", args=[retirement_id]))


class CancelRetirement(View):
    """Withdraws a retirement that waits for its second person."""

    def post(self, request: HttpRequest, retirement_id: int) -> HttpResponseBase:
        return _done(request, retirement_id, services.cancel_retirement, _("The request has been withdrawn."))


def _done(request: HttpRequest, retirement_id: int, service: Any, words: str) -> HttpResponseBase:
    try:
        service(
            actor=request.actor,  # type: ignore[attr-defined]
            retirement_id=retirement_id,
            at=request.at,  # type: ignore[attr-defined]
        )
    except NotThere:
        raise
    except Refusal as refusal:
        messages.error(request, message_of(refusal))
    else:
        messages.success(request, words)
    return HttpResponseRedirect(reverse("registry-retirement", args=[retirement_id]))
