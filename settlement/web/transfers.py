"""Transfers outside the market: the list, a new one, one with its checks, and what each person may do with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.queries import organisation, organisation_by_uscc, organisations, user_name
from accounts.rules import Actor, Role
from accounts.web.export import workbook_response
from accounts.web.pages import FormPage, Page
from accounts.web.words_of_numbers import tonnes_in_words
from rulebook.queries import rule
from settlement import queries, services
from settlement.models import Transfer
from settlement.rules import AssetKind, Purpose, ReversalReason, Stage, TransferKind
from settlement.services import EvidenceFile
from settlement.web import transfer_words as words
from settlement.web.files import EvidenceField, evidence_response

PAGE_SIZE = 20
MAY_PROPOSE = (Role.FIRM_INITIATOR, Role.OWNER, Role.SETTLEMENT_OPERATOR)


class TransferFilter(forms.Form):
    """What transfers are looked for."""

    q = forms.CharField(label=gettext_lazy("Number of the document"), required=False, max_length=60)
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[("", gettext_lazy("All")), *((key, gettext_lazy(name)) for key, (name, _t) in words.STATES.items())],
    )

    def found(self, actor: Actor) -> QuerySet[Transfer]:
        """Return the transfers of the filter that the actor may see."""
        typed = self.cleaned_data if self.is_valid() else {}
        return queries.transfers_visible_to(actor, state=typed.get("state", ""), text=typed.get("q", ""))


def shown(row: Transfer, names: Mapping[int, str]) -> dict[str, Any]:
    """Return a transfer in words."""
    return {
        "row": row,
        "kind": words.named(words.KINDS, row.kind),
        "status": words.badge(words.STATES, row.state),
        "credit": queries.asset(row.asset_id).credit,
        "giver": names[row.from_organisation_id],
        "receiver": names[row.to_organisation_id],
    }


def names_of(rows: list[Transfer]) -> dict[int, str]:
    """Return the names of both ends of transfers."""
    ids = {number for row in rows for number in (row.from_organisation_id, row.to_organisation_id)}
    return {number: one.name for number, one in organisations(ids).items()}


class TransfersPage(Page):
    """The transfers of the own organisation, and to it; all of them for those who watch over the ledger."""

    template_name = "settlement/transfers.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = TransferFilter(self.request.GET)
        page = Paginator(form.found(self.actor), PAGE_SIZE).get_page(self.request.GET.get("page"))
        asked = urlencode({name: self.request.GET[name] for name in form.fields if self.request.GET.get(name)})
        rows = list(page)
        names = names_of(rows)
        return super().get_context_data(
            **kwargs,
            form=form,
            page=page,
            query=asked,
            rows=[shown(row, names) for row in rows],
            may_propose=self.actor.has(*MAY_PROPOSE),
            export_url=f"{reverse('settlement-transfers-export')}?{asked}",
        )


class TransfersExport(View):
    """The transfers of the filter as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        rows = list(TransferFilter(request.GET).found(request.actor))  # type: ignore[attr-defined]
        names = names_of(rows)
        return workbook_response(
            "transfers",
            [
                _("Transfer"),
                _("State"),
                _("Kind of transfer"),
                _("Project"),
                _("Vintage year"),
                _("Tonnes"),
                _("Giver"),
                _("Receiver"),
                _("Number of the document"),
                _("Proposed"),
                _("Due"),
                _("Ended"),
            ],
            (
                (
                    row.pk,
                    one["status"]["text"],
                    one["kind"],
                    one["credit"].project_name if one["credit"] else "",
                    one["credit"].vintage_year if one["credit"] else "",
                    row.units,
                    one["giver"],
                    one["receiver"],
                    row.basis_number,
                    row.proposed_at,
                    row.due_at,
                    row.ended_at,
                )
                for row in rows
                for one in [shown(row, names)]
            ),
        )


class TransferForm(forms.Form):
    """What is transferred, to whom, and what proves it."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of transfer"))
    asset = forms.ChoiceField(label=gettext_lazy("Credits"))
    units = forms.IntegerField(
        label=gettext_lazy("Quantity (tonnes)"),
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    to = forms.CharField(
        label=gettext_lazy("Unified social credit code of the receiver"),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    basis_number = forms.CharField(
        label=gettext_lazy("Number of the document"),
        max_length=80,
        help_text=gettext_lazy("As printed on the deed, ruling or agreement."),
    )
    evidence_kind = forms.ChoiceField(label=gettext_lazy("Kind of document"))
    evidence = EvidenceField(
        label=gettext_lazy("Scan of the document"),
        max_length=160,
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
        help_text=gettext_lazy("PDF, PNG or JPEG, at most 20 MB."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(
        self, *args: Any, kinds: list[str], credits: list[tuple[str, str]], proofs: dict[str, list[str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(one, words.named(words.KINDS, one)) for one in kinds]  # type: ignore[attr-defined]
        self.fields["asset"].choices = credits  # type: ignore[attr-defined]
        self.fields["evidence_kind"].choices = [  # type: ignore[attr-defined]
            (words.named(words.KINDS, kind), [(one, words.named(words.EVIDENCE, one)) for one in proofs.get(kind, [])])
            for kind in kinds
        ]
        self.fields["to"].widget.attrs |= {
            "hx-get": reverse("settlement-transfer-receiver"),
            "hx-trigger": "load, input changed delay:400ms",
            "hx-target": "#receiver",
        }


class NewTransfer(FormPage):
    """A holder's own credits, or, for a settlement operator with `?from=`, those a court takes."""

    template_name = "settlement/transfer_new.html"
    form_class = TransferForm

    @property
    def is_court(self) -> bool:
        return self.actor.has(Role.SETTLEMENT_OPERATOR)

    @property
    def from_uscc(self) -> str:
        return self.request.GET.get("from", "").strip()[:30]

    def giver_id(self) -> int | None:
        if not self.is_court:
            return self.actor.organisation_id
        found = organisation_by_uscc(self.from_uscc)
        return found.id if found else None

    def credits(self) -> list[tuple[str, str]]:
        """Return the batches of which the giver could transfer something now."""
        giver_id = self.giver_id()
        if giver_id is None:
            return []
        held = queries.holdings_visible_to(self.actor, organisation_id=giver_id)
        return [
            (str(one.asset_id), _credit_line(one.credit, one.units))
            for one in held
            if one.asset_kind is AssetKind.CREDIT and one.purpose is Purpose.AVAILABLE and one.credit is not None
        ]

    def get_form_kwargs(self) -> dict[str, Any]:
        kinds = ["court"] if self.is_court else ["merger", "inheritance", "gift"]
        proofs = rule("transfer.evidence_kinds", at=self.at).value
        return {**super().get_form_kwargs(), "kinds": kinds, "credits": self.credits(), "proofs": proofs}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        giver_id = self.giver_id()
        context = {
            "is_court": self.is_court,
            "from_uscc": self.from_uscc,
            "giver": organisation(giver_id) if giver_id else None,
            "credits": self.credits(),
            "waits": queries.waiting_time(self.at),
            "waiting_rule": rule("transfer.waiting_until_time", at=self.at),
            "evidence_rule": rule("transfer.evidence_kinds", at=self.at),
        }
        return super().get_context_data(**{**context, **kwargs})

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        row = services.propose_transfer(
            actor=self.actor,
            kind=TransferKind(typed["kind"]),
            asset_id=int(typed["asset"]),
            units=typed["units"],
            to_uscc=typed["to"],
            from_uscc=self.from_uscc,
            basis_number=typed["basis_number"],
            reason=typed["reason"],
            evidence=EvidenceFile(typed["evidence_kind"], typed["evidence"].name, typed["evidence"].read()),
            at=self.at,
        )
        messages.success(self.request, _("The transfer has been proposed. Nothing moves before it is approved."))
        return reverse("settlement-transfer", args=[row.pk])


def _credit_line(credit: Any, units: int) -> str:
    return f"{credit.project_name} · {credit.vintage_year} · {credit.project_code} · {units:,} t"


class Receiver(View):
    """Who has an organisation number, for the form: the name beside what was typed."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        typed = request.GET.get("to", "").strip()[:30]
        found = organisation_by_uscc(typed) if typed else None
        actor, at = request.actor, request.at  # type: ignore[attr-defined]
        own = actor.organisation_id
        trusted = bool(found and own and queries.is_trusted(own, found.id, at))
        return render(request, "settlement/receiver.html", {"typed": typed, "receiver": found, "trusted": trusted})


class TransferPage(Page):
    """One transfer: what, from whom to whom, on what proof, what the checks found, who did what, and what is next."""

    template_name = "settlement/transfer.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.transfer(self.actor, self.kwargs["transfer_id"])
        giver, receiver = organisation(row.from_organisation_id), organisation(row.to_organisation_id)
        is_givers = row.from_organisation_id == self.actor.organisation_id
        watches = self.actor.has(Role.SETTLEMENT_OPERATOR, Role.AUDITOR)
        credit = queries.asset(row.asset_id).credit
        assert credit is not None
        inside = is_givers or watches
        return super().get_context_data(
            **kwargs,
            **shown(row, {giver.id: giver.name, receiver.id: receiver.name}),
            giver_code=giver.uscc,
            receiver_code=receiver.uscc,
            words=tonnes_in_words(row.units),
            evidence_kind=words.named(words.EVIDENCE, row.evidence.kind),
            sees_inside=inside,
            steps=_steps(row),
            due=_due(row, self.at),
            serials=[queries.text_of(credit, part) for part in queries.serials_of_transfer(row)],
            stages=_stages(row, self.at) if inside else [],
            events=_events(row) if inside else [],
            reversal=_reversal(self.actor, row),
            reasons=[(one.value, words.named(words.REASONS, one.value)) for one in ReversalReason],
            **_buttons(self.actor, row),
        )


def _buttons(actor: Actor, row: Transfer) -> dict[str, bool]:
    """Return what this person may do with a transfer now."""
    is_open = row.state in ("proposed", "approved")
    is_givers = row.from_organisation_id == actor.organisation_id
    another = actor.user_id not in (row.proposed_by_id, row.confirmed_by_id)
    is_operator = actor.has(Role.SETTLEMENT_OPERATOR)
    to_confirm = row.state == "proposed" and row.kind != TransferKind.COURT and row.confirmed_at is None
    to_approve = row.state == "proposed" and not to_confirm
    reversible = row.state == "executed" and row.end_entry_id is not None
    asked = [one for one in queries.reversals_visible_to(actor, row.end_entry_id) if one.state == "proposed"]
    return {
        "may_confirm": to_confirm and is_givers and another and actor.has(*queries.CONFIRMING),
        "may_approve": to_approve and is_operator and another,
        "may_refuse": is_open and is_operator,
        "may_stop": is_open and services.may_stop(actor, row),
        "may_reverse": reversible and is_operator and not asked,
        "may_decide": reversible and is_operator and bool(asked),
        "own_reversal": bool(asked) and asked[0].proposed_by_id == actor.user_id,
    }


def _steps(row: Transfer) -> list[tuple[str, str]]:
    """Return the step bar of a transfer."""
    names = [_("Proposed")]
    done = 1
    if row.kind != TransferKind.COURT:
        names.append(_("Second person confirms"))
        done += row.confirmed_at is not None
    names += [_("Review of the evidence"), _("Wait"), _("Transferred")]
    done = {"proposed": done, "approved": len(names) - 2}.get(row.state, len(names))
    if row.state in ("cancelled", "refused"):
        done = len(names) - 2 if row.approved_at else (2 if row.confirmed_at else 1)
        return [
            (name, "done" if number < done else "failed" if number == done else "waiting")
            for number, name in enumerate(names)
        ]
    return [
        (name, "done" if number < done else "current" if number == done else "waiting")
        for number, name in enumerate(names)
    ]


def _due(row: Transfer, at: Any) -> dict[str, Any] | None:
    """Return when the units reach the receiver: fixed once it is approved, before that as it would be now."""
    if row.state == "approved":
        return {"at": row.due_at, "is_fixed": True, "provisional": row.due_provisional, "trusted": row.is_trusted}
    if row.state != "proposed":
        return None
    due = queries.due_of(row, at)
    trusted = queries.is_trusted(row.from_organisation_id, row.to_organisation_id, at)
    return {"at": due.at, "is_fixed": False, "provisional": due.provisional, "trusted": trusted}


def _stages(row: Transfer, at: Any) -> list[dict[str, Any]]:
    """Return what the numbered checks found, the latest stage first; of an open transfer what they find now."""
    stored: dict[str, list[dict[str, Any]]] = {}
    for one in queries.checks_of(row):
        stored.setdefault(one.stage, []).append(words.stored_check(one))
    if row.state == "proposed":
        stored["now"] = [words.answer_shown(one) for one in queries.run_checks(row, stage=Stage.APPROVAL, at=at)]
    return [
        {"name": words.named(words.STAGES, stage), "checks": checks, "passed": all(one["passed"] for one in checks)}
        for stage, checks in reversed(stored.items())
    ]


def _events(row: Transfer) -> list[dict[str, Any]]:
    """Return the course of a transfer, oldest first."""
    proposer = user_name(row.proposed_by_id) or _("API client")
    events = [{"at": row.proposed_at, "who": proposer, "what": _("Proposed"), "opinion": row.reason}]
    if row.confirmed_at:
        what = _("Confirmed by the second person")
        events.append({"at": row.confirmed_at, "who": user_name(row.confirmed_by_id), "what": what})
    if row.approved_at:
        what = _("Evidence reviewed, approved")
        events.append({"at": row.approved_at, "who": user_name(row.approved_by_id), "what": what})
    if row.ended_at:
        state = "executed" if row.state == "reversed" else row.state
        what = words.badge(words.STATES, state)["text"]
        who = user_name(row.ended_by_id) or _("The platform")
        events.append({"at": row.ended_at, "who": who, "what": what, "opinion": row.end_note})
    return events


def _reversal(actor: Actor, row: Transfer) -> dict[str, Any] | None:
    """Return the newest reversal that was asked for, for those who may see it."""
    if row.end_entry_id is None or row.state not in ("executed", "reversed"):
        return None
    asked = queries.reversals_visible_to(actor, row.end_entry_id)
    return {"view": asked[0], "reason": words.named(words.REASONS, asked[0].reason)} if asked else None


class EvidenceDownload(View):
    """The scan of the document, for the giver and those who watch over the ledger."""

    def get(self, request: HttpRequest, transfer_id: int) -> HttpResponseBase:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        row = queries.transfer(actor, transfer_id)
        return evidence_response(queries.evidence(actor, row.evidence_id))
