"""Freezes and pledges: the list, one with its parts and its course, and what each person may do with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.queries import holders_named, organisation, organisations, user_name
from accounts.rules import Actor, Role
from accounts.web.export import workbook_response
from accounts.web.pages import FormPage, Page
from rulebook.errors import NotThere
from settlement import queries, services
from settlement.errors import HoldNotThere
from settlement.models import Hold, HoldLift
from settlement.queries.transfers import evidence
from settlement.rules import AssetKind, HoldReason, Purpose
from settlement.services import EvidenceFile, NewHold
from settlement.web import hold_words as words
from settlement.web.files import EvidenceField, evidence_response
from settlement.web.holdings import PURPOSE_NAMES

PAGE_SIZE = 20
OFFICES = (Role.SETTLEMENT_OPERATOR, Role.ECOLOGY_RECORDER)


class HoldFilter(forms.Form):
    """What freezes and pledges are looked for."""

    q = forms.CharField(
        label=gettext_lazy("Document, authority or holder"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason of the hold"),
        required=False,
        choices=[("", gettext_lazy("All")), *((key, gettext_lazy(name)) for key, name in words.REASONS.items())],
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[("", gettext_lazy("All")), *((key, gettext_lazy(name)) for key, (name, _t) in words.STATES.items())],
    )

    def found(self, actor: Actor) -> QuerySet[Hold]:
        """Return the holds of the filter that the actor may see."""
        typed = self.cleaned_data if self.is_valid() else {}
        text = typed.get("q", "")
        return queries.holds_visible_to(
            actor,
            state=typed.get("state", ""),
            reason=typed.get("reason", ""),
            text=text,
            organisation_ids=[one.id for one in holders_named(text, limit=500)] if actor.is_staff else (),
        )


def _rows(holds: list[Hold]) -> list[dict[str, Any]]:
    """Return holds in words, with how their units stand."""
    names = {number: one.name for number, one in organisations({row.organisation_id for row in holds}).items()}
    return [
        {
            "row": row,
            "one": one,
            "reason": words.named(words.REASONS, row.reason),
            "status": words.badge(row.state),
            "credit": row.asset,
            "holder": names[row.organisation_id],
        }
        for row, one in zip(holds, queries.summaries(holds), strict=True)
    ]


class HoldsPage(Page):
    """The freezes and pledges on the own credits; all of them for those who watch over the ledger."""

    template_name = "settlement/holds.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = HoldFilter(self.request.GET)
        page = Paginator(form.found(self.actor), PAGE_SIZE).get_page(self.request.GET.get("page"))
        asked = urlencode({name: self.request.GET[name] for name in form.fields if self.request.GET.get(name)})
        return super().get_context_data(
            **kwargs,
            form=form,
            page=page,
            query=asked,
            rows=_rows(list(page)),
            may_freeze=self.actor.has(*OFFICES),
            may_pledge=self.actor.has(Role.FIRM_INITIATOR, Role.OWNER),
            export_url=f"{reverse('settlement-holds-export')}?{asked}",
        )


class HoldsExport(View):
    """The freezes and pledges of the filter as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        rows = _rows(list(HoldFilter(request.GET).found(request.actor)))  # type: ignore[attr-defined]
        return workbook_response(
            "holds",
            [
                _("Number"),
                _("Reason of the hold"),
                _("State"),
                _("Holder"),
                _("Project"),
                _("Vintage year"),
                _("Tonnes"),
                _("In force for (t)"),
                _("Waiting (t)"),
                _("Not found yet (t)"),
                _("Number of the document"),
                _("Authority or pledgee"),
                _("Since"),
                _("Until"),
                _("Lifted"),
            ],
            (
                (
                    one["row"].pk,
                    one["reason"],
                    one["status"]["text"],
                    one["holder"],
                    one["credit"].project_name,
                    one["credit"].vintage_year,
                    one["row"].units,
                    one["one"].in_ledger,
                    one["one"].waiting,
                    one["one"].open,
                    one["row"].basis_number,
                    one["row"].authority,
                    one["row"].since,
                    one["row"].until,
                    one["row"].ended_at,
                )
                for one in rows
            ),
        )


class HoldPage(Page):
    """One freeze or pledge: what it rests on, how its units stand, what it has moved, and what is next."""

    template_name = "settlement/hold.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.hold(self.actor, self.kwargs["hold_id"])
        (shown,) = _rows([row])
        holder = organisation(row.organisation_id)
        asked = queries.lift_asked(row)
        return super().get_context_data(
            **kwargs,
            **shown,
            holder_code=holder.uscc,
            sees_paper=row.evidence is not None and _may_read(self.actor, row),
            left=row.units - row.released_units,
            parts=[
                {"part": part, "reason": words.named(words.REASONS, part.taken_from.reason) if part.taken_from else ""}
                for part in queries.parts_of(row)
            ],
            over=[
                {"part": part, "reason": words.named(words.REASONS, part.hold.reason)}
                for part in queries.laid_over(row)
            ],
            entries=[
                {
                    "step": step,
                    "kind": words.named(words.ENTRY_KINDS, step.kind),
                    "source": _(PURPOSE_NAMES[step.source]),
                    "target": _(PURPOSE_NAMES[step.target]),
                }
                for step in queries.entries_of(row)
            ],
            steps=_steps(row, bool(asked)),
            events=_events(row),
            asked=asked,
            asked_by=user_name(asked.asked_by_id) if asked else "",
            **_buttons(self.actor, row, asked),
        )


def _may_read(actor: Actor, row: Hold) -> bool:
    try:
        evidence(actor, row.evidence_id or 0)
    except NotThere:
        return False
    return True


def _buttons(actor: Actor, row: Hold, asked: HoldLift | None) -> dict[str, bool]:
    """Return what this person may do with a hold now."""
    own = row.organisation_id == actor.organisation_id
    another = actor.user_id not in (row.asked_by_id, row.confirmed_by_id)
    operator = actor.has(Role.SETTLEMENT_OPERATOR)
    decides = asked is not None and actor.has(*services.placing_roles(HoldReason(row.reason)))
    return {
        "may_confirm": row.state == "asked" and own and another and actor.has(Role.FIRM_CONFIRMER, Role.OWNER),
        "may_register": row.state == "confirmed" and operator and another,
        "may_refuse": row.state in ("asked", "confirmed") and (operator or own),
        "may_ask": row.state == "live" and asked is None and services.may_ask_lift(actor, row),
        "may_lift": decides and asked is not None and asked.asked_by_id != actor.user_id,
        "may_refuse_lift": asked is not None and (decides or asked.asked_by_id == actor.user_id),
        "own_request": asked is not None and asked.asked_by_id == actor.user_id,
    }


def _steps(row: Hold, lift_asked: bool) -> list[tuple[str, str]]:
    """Return the step bar of a hold: a pledge is asked for first; every release needs two persons."""
    if row.reason == HoldReason.PLEDGE:
        names = [
            _("Asked for"),
            _("Second person of the holder"),
            _("Pledge registered"),
            _("Release asked for"),
            _("Released"),
        ]
        done = {"asked": 1, "confirmed": 2, "live": 4 if lift_asked else 3, "ended": 5}.get(row.state, 1)
        if row.state == "refused":
            done = 2 if row.confirmed_at else 1
            return [
                (name, "done" if number < done else "failed" if number == done else "waiting")
                for number, name in enumerate(names[:3])
            ]
    else:
        names = [_("In force"), _("Release asked for"), _("Released")]
        done = {"ended": 3}.get(row.state, 2 if lift_asked else 1)
    return [
        (name, "done" if number < done else "current" if number == done else "waiting")
        for number, name in enumerate(names)
    ]


def _events(row: Hold) -> list[dict[str, Any]]:
    """Return the course of a hold, oldest first."""
    is_pledge = row.reason == HoldReason.PLEDGE
    first = _("Asked for") if is_pledge else _("Frozen")
    events: list[dict[str, Any]] = [
        {"at": row.asked_at, "who": user_name(row.asked_by_id), "what": first, "opinion": row.note}
    ]
    if row.confirmed_at:
        what = _("Confirmed by the second person")
        events.append({"at": row.confirmed_at, "who": user_name(row.confirmed_by_id), "what": what})
    if is_pledge and row.since:
        events.append({"at": row.since, "who": user_name(row.set_by_id), "what": _("Pledge registered")})
    for lift in queries.lifts_of(row):
        what = _("Release of %(units)s t asked for") % {"units": f"{lift.units:,}"}
        paper = f"{lift.basis_number} {lift.note}".strip()
        events.append({"at": lift.asked_at, "who": user_name(lift.asked_by_id), "what": what, "opinion": paper})
        if lift.decided_at:
            what = words.named(words.LIFT_STATES, lift.state)
            events.append({"at": lift.decided_at, "who": user_name(lift.decided_by_id), "what": what})
    if row.state == "refused":
        what = words.badge(row.state)["text"]
        events.append({"at": row.ended_at, "who": user_name(row.ended_by_id), "what": what})
    return events


class HoldEvidence(View):
    """The document of a freeze or a pledge, or with `?lift=` of a release, for the holder and those who watch."""

    def get(self, request: HttpRequest, hold_id: int) -> HttpResponseBase:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        row = queries.hold(actor, hold_id)
        number = row.evidence_id
        if "lift" in request.GET:
            found = [one.evidence_id for one in queries.lifts_of(row) if str(one.pk) == request.GET["lift"]]
            number = found[0] if found else None
        if number is None:
            raise HoldNotThere
        return evidence_response(evidence(actor, number))


class PaperForm(forms.Form):
    """A quantity and the document it rests on."""

    units = forms.IntegerField(
        label=gettext_lazy("Quantity (tonnes)"),
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    basis_number = forms.CharField(label=gettext_lazy("Number of the document"), max_length=80)
    evidence = EvidenceField(
        label=gettext_lazy("Scan of the document"),
        max_length=160,
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
        help_text=gettext_lazy("PDF, PNG or JPEG, at most 20 MB."),
    )
    note = forms.CharField(
        label=gettext_lazy("Remark"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


def evidence_of(typed: Mapping[str, Any], kind: str) -> EvidenceFile | None:
    """Return the file of a form, if there is one."""
    file = typed.get("evidence")
    return EvidenceFile(kind, file.name, file.read()) if file else None


class AskLift(FormPage):
    """Asks for the release of a freeze or a pledge, whole or in part, on its document."""

    template_name = "settlement/hold_lift.html"
    form_class = PaperForm

    @property
    def row(self) -> Hold:
        return queries.hold(self.actor, self.kwargs["hold_id"])

    def get_initial(self) -> dict[str, Any]:
        return {"units": self.row.units - self.row.released_units}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        (shown,) = _rows([self.row])
        return super().get_context_data(**kwargs, **shown, left=self.row.units - self.row.released_units)

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        services.ask_lift(
            actor=self.actor,
            hold_id=self.kwargs["hold_id"],
            units=typed["units"],
            basis_number=typed["basis_number"],
            note=typed["note"],
            evidence=evidence_of(typed, "release_document"),
            at=self.at,
        )
        messages.success(self.request, _("The release has been asked for. Another person decides on it."))
        return reverse("settlement-hold", args=[self.kwargs["hold_id"]])


class PledgeForm(PaperForm):
    """What is pledged, to whom, on which contract."""

    asset = forms.ChoiceField(label=gettext_lazy("Credits"))
    authority = forms.CharField(label=gettext_lazy("Pledgee"), max_length=120)
    until = forms.DateField(
        label=gettext_lazy("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    field_order = ("asset", "units", "authority", "basis_number", "until", "evidence", "note")

    def __init__(self, *args: Any, credits: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asset"].choices = credits  # type: ignore[attr-defined]


class NewPledge(FormPage):
    """Asks for a pledge of own credits to be registered."""

    template_name = "settlement/pledge_new.html"
    form_class = PledgeForm

    def credits(self) -> list[tuple[str, str]]:
        """Return the batches of which something is available."""
        held = queries.holdings_visible_to(self.actor, organisation_id=self.actor.organisation_id or 0)
        return [
            (
                str(one.asset_id),
                f"{one.credit.project_name} · {one.credit.vintage_year} · {one.credit.project_code} · {one.units:,} t",
            )
            for one in held
            if one.asset_kind is AssetKind.CREDIT and one.purpose is Purpose.AVAILABLE and one.credit
        ]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "credits": self.credits()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, credits=self.credits())

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        row = services.ask_pledge(
            actor=self.actor,
            new=NewHold(
                int(typed["asset"]),
                typed["units"],
                typed["basis_number"],
                typed["authority"],
                evidence_of(typed, "pledge_contract"),
                typed["until"],
                typed["note"],
            ),
            at=self.at,
        )
        messages.success(
            self.request, _("The pledge has been asked for. A second person of your organisation confirms.")
        )
        return reverse("settlement-hold", args=[row.pk])
