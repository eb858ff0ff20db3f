"""Issuance: proposed by one person, issued by another, entered in the records; and the register of batches."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.queries import organisation, user_name
from accounts.rules import Role
from accounts.web.export import workbook_response
from accounts.web.pages import FormPage, Page
from accounts.web.words_of_numbers import tonnes_in_words
from registry import queries, services
from registry.models import Issuance, MonitoringPeriod
from registry.queries import credit_pages
from registry.queries.credit_pages import BatchView
from registry.rules.issuance import buffer_of, vintages
from registry.rules.states import PeriodState, Verb
from registry.web.calculations import provisional_of
from registry.web.credit_words import ECOSYSTEM_NAMES, IN_CIRCULATION, ISSUANCE_STATES, badge
from registry.web.period_frame import OfPeriod, may
from registry.web.verifications import blocks_of
from rulebook.queries import rule
from settlement.queries import text_of
from settlement.rules import AssetView, Purpose, SerialRange

PAGE_SIZE = 20


def proposal_of(row: MonitoringPeriod, at: Any) -> dict[str, Any] | None:
    """Return what would be proposed now: the verified amount, the buffer, the vintages; None before the report."""
    report = credit_pages.verification_of(row)
    if report is None:
        return None
    record = report.record
    percent = int(rule("buffer.flat_percent", at=at, scheme=row.project.scheme).value)
    buffer_tonnes = buffer_of(report.verified_tonnes, record.net_tco2e, record.stock_part_tco2e, percent)
    rows = [
        {"year": one.year, "tonnes": one.tonnes, "buffer_tonnes": one.buffer_tonnes, "own": one.available_tonnes}
        for one in vintages(row.first, row.last, report.verified_tonnes, buffer_tonnes)
    ]
    return {"verified": report.verified_tonnes, "buffer": buffer_tonnes, "percent": percent, "vintages": rows}


def proposed(row: Issuance) -> dict[str, Any]:
    """Return what was proposed, as the page shows it."""
    rows = [{**one, "own": one["tonnes"] - one["buffer_tonnes"]} for one in row.vintages]
    return {
        "verified": row.verified_tonnes,
        "buffer": row.buffer_tonnes,
        "percent": row.buffer_percent,
        "vintages": rows,
    }


def standing_proposal(row: MonitoringPeriod) -> Issuance | None:
    """Return the proposal of a period that waits or was issued; one that the checker gave back has no digest."""
    return Issuance.objects.filter(period=row).exclude(digest="").first()


def with_sums(shown: dict[str, Any] | None) -> dict[str, Any] | None:
    """Add the sums below the table of vintages, and the amount in words."""
    if shown is None:
        return None
    own = shown["verified"] - shown["buffer"]
    return {**shown, "own": own, "words": tonnes_in_words(shown["verified"])}


class EmptyForm(forms.Form):
    """A step that needs nothing but a yes."""


class PeriodIssuancePage(OfPeriod, FormPage):
    """The issuance of a period: what would be proposed, what blocks it, and what was proposed and decided."""

    template_name = "registry/issuance_propose.html"
    form_class = EmptyForm
    tab = "issuance"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row
        found = standing_proposal(row)
        return super().get_context_data(
            **kwargs,
            issuance=found,
            issuance_status=badge(ISSUANCE_STATES, found.state) if found else None,
            proposal=with_sums(proposed(found) if found else proposal_of(row, self.at)),
            may_propose=found is None and may(row, self.actor, Verb.PROPOSE),
            provisional=provisional_of(row.record) if row.record and row.state == PeriodState.REVIEW else [],
            blocks=blocks_of(row) if row.state == PeriodState.REVIEW else [],
        )

    def act(self, form: Any) -> str:
        found = services.propose_issuance(
            actor=self.actor, period_id=self.row.pk, is_demonstration=settings.DEMO, at=self.at
        )
        messages.success(self.request, _("The issuance has been proposed. A second person decides on it."))
        return reverse("registry-issuance", args=[found.pk])


class DecisionForm(forms.Form):
    """Issue, or send back with a reason. `digest` names what the person has read."""

    verb = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=(("issue", gettext_lazy("Issue")), ("return", gettext_lazy("Return with a reason"))),
        widget=forms.RadioSelect,
    )
    opinion = forms.CharField(
        label=gettext_lazy("Opinion"), widget=forms.Textarea(attrs={"rows": 4}), required=False, max_length=2000
    )
    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("verb") == "return" and not typed.get("opinion", "").strip():
            self.add_error("opinion", _("A reason is needed."))
        return typed


class _OfIssuance:
    actor: Any
    at: Any
    kwargs: dict[str, Any]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.issuance(self.actor, self.kwargs["issuance_id"])
        record = row.period.record
        waits = row.state == "proposed" and row.digest != "" and row.period.state == PeriodState.REVIEW
        context = {
            "issuance": row,
            "period": row.period,
            "project": row.project,
            "owner": organisation(row.project.owner_id).name,
            "status": badge(ISSUANCE_STATES, row.state),
            "proposal": with_sums(proposed(row)),
            "steps": [
                (_("Proposed"), "done"),
                (_("Decided by a second person"), "done" if row.state == "issued" else "current"),
                (
                    _("Entered by the ecology department"),
                    "done" if row.entered_at else "current" if row.state == "issued" else "waiting",
                ),
            ],
            "maker": user_name(row.maker_id),
            "checker": user_name(row.checker_id),
            "recorder": user_name(row.recorder_id),
            "batches": [{"row": one, "own": one.tonnes - one.buffer_tonnes} for one in credit_pages.batches_of(row.pk)],
            "may_decide": waits and self.actor.has(Role.REGION_CHECKER) and row.maker_id != self.actor.user_id,
            "is_maker": waits and row.maker_id == self.actor.user_id,
            "may_record": row.state == "issued" and row.entered_at is None and self.actor.has(Role.ECOLOGY_RECORDER),
            "provisional": provisional_of(record) if record and waits else [],
            "sees_period": queries.periods_visible_to(self.actor).filter(pk=row.period_id).exists(),
        }
        return super().get_context_data(**{**context, **kwargs})  # type: ignore[misc]


class IssuancePage(_OfIssuance, Page):
    """An issuance: what was proposed, by whom decided, and its batches."""

    template_name = "registry/issuance.html"


class DecideIssuance(_OfIssuance, FormPage):
    """The second person issues or returns; the password is asked for first, and what is issued is what was read."""

    template_name = "registry/issuance_decide.html"
    form_class = DecisionForm
    needs_password = True

    def get_initial(self) -> dict[str, Any]:
        return {"digest": queries.issuance(self.actor, self.kwargs["issuance_id"]).digest}

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        approve = typed["verb"] == "issue"
        row = services.decide_issuance(
            actor=self.actor,
            issuance_id=self.kwargs["issuance_id"],
            approve=approve,
            opinion=typed["opinion"],
            digest=typed["digest"],
            is_demonstration=settings.DEMO,
            at=self.at,
        )
        if approve:
            messages.success(self.request, _("The credits have been issued."))
            return reverse("registry-issuance", args=[row.pk])
        messages.success(self.request, _("The report went back to the owner."))
        return reverse("registry-period", args=[row.period_id])


class RecordIssuance(_OfIssuance, FormPage):
    """The ecology department enters an issuance in its records."""

    template_name = "registry/issuance_record.html"
    form_class = EmptyForm
    needs_password = True

    def act(self, form: Any) -> str:
        row = services.record_issuance(actor=self.actor, issuance_id=self.kwargs["issuance_id"], at=self.at)
        messages.success(self.request, _("The issuance has been entered in the records."))
        return reverse("registry-issuance", args=[row.pk])


class BatchFilter(forms.Form):
    """What batches are looked for."""

    q = forms.CharField(label=gettext_lazy("Project"), required=False, max_length=60)
    vintage = forms.IntegerField(label=gettext_lazy("Vintage year"), required=False, min_value=2000, max_value=2100)
    type = forms.ChoiceField(
        label=gettext_lazy("Type"),
        required=False,
        choices=[("", gettext_lazy("All")), *((key, gettext_lazy(name)) for key, name in ECOSYSTEM_NAMES.items())],
    )

    def found(self) -> list[AssetView]:
        """Return the batches of the filter."""
        typed = self.cleaned_data if self.is_valid() else {}
        return credit_pages.batches_found(
            text=typed.get("q", ""), vintage=typed.get("vintage"), credit_type=typed.get("type", "")
        )


def batch_rows(assets: list[AssetView]) -> list[BatchView]:
    """Return batches with serials in print and units by purpose."""
    texts = {
        one.id: text_of(one.credit, SerialRange(one.first_serial, one.last_serial))
        for one in assets
        if one.credit is not None
    }
    return credit_pages.batch_views(assets, texts)


def _numbers(one: BatchView) -> dict[str, int]:
    return {
        "circulating": one.of(*IN_CIRCULATION),
        "buffer": one.of(Purpose.BUFFER),
        "retired": one.of(Purpose.RETIRED),
        "gone": one.of(Purpose.CANCELLED, Purpose.EXPORTED),
    }


class BatchesPage(Page):
    """Every batch ever issued, with its serials and where its units are now. Public."""

    template_name = "registry/batches.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = BatchFilter(self.request.GET)
        assets = form.found()
        page = Paginator(assets, PAGE_SIZE).get_page(self.request.GET.get("page"))
        asked = urlencode({name: self.request.GET[name] for name in form.fields if self.request.GET.get(name)})
        return super().get_context_data(
            **kwargs,
            form=form,
            page=page,
            query=asked,
            may_pack=self.actor.has(*queries.PACK_READERS),
            rows=[
                {
                    "batch": one,
                    "type": _(ECOSYSTEM_NAMES.get(one.asset.credit.credit_type, "")) if one.asset.credit else "",
                    **_numbers(one),
                }
                for one in batch_rows(list(page))
            ],
            total=sum(one.issued_units for one in assets),
            count=len(assets),
            export_url=f"{reverse('registry-batches-export')}?{asked}",
        )


class BatchesExport(View):
    """The batches of the filter as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        rows = batch_rows(BatchFilter(request.GET).found())
        return workbook_response(
            "batches",
            [
                _("Project"),
                _("Code"),
                _("Banner or county"),
                _("Methodology"),
                _("Vintage year"),
                _("Serial numbers"),
                _("Issued (t)"),
                _("In circulation (t)"),
                _("Buffer pool (t)"),
                _("Retired (t)"),
                _("Cancelled or exported (t)"),
            ],
            (
                (
                    one.asset.credit.project_name,
                    one.asset.credit.project_code,
                    one.asset.credit.division_name,
                    one.asset.credit.methodology,
                    one.asset.credit.vintage_year,
                    one.serial_text,
                    one.asset.issued_units,
                    *(_numbers(one)[name] for name in ("circulating", "buffer", "retired", "gone")),
                )
                for one in rows
                if one.asset.credit is not None
            ),
        )
