"""The ledger searched and read: every entry for who watches over it, its own for each holder."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.queries import organisation_by_uscc, user_name
from accounts.rules import Role
from accounts.web.export import workbook_response
from accounts.web.pages import Page
from settlement import queries
from settlement.queries.ledger import EntryEnd, LedgerQuery
from settlement.rules import EntryKind
from settlement.web.holdings import KIND_NAMES, PURPOSE_NAMES

SHOWN, MOST_EXPORTED = 50, 10_000
WATCHERS = (Role.AUDITOR, Role.SETTLEMENT_OPERATOR)


class SearchForm(forms.Form):
    """What is looked for."""

    text = forms.CharField(
        label=gettext_lazy("Number, key or basis of an entry"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"placeholder": "12, trade:15, withdrawal:3"}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Act"), required=False)
    uscc = forms.CharField(
        label=gettext_lazy("Holder (unified social credit code)"), required=False, max_length=18, min_length=18
    )
    batch = forms.CharField(label=gettext_lazy("Project or batch code"), required=False, max_length=160)
    first = forms.DateField(label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=gettext_lazy("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(kind, _(name)) for kind, name in KIND_NAMES.items()]
        self.fields["kind"].choices = [("", _("All acts")), *sorted(kinds, key=lambda one: one[1])]  # type: ignore[attr-defined]

    def clean_uscc(self) -> int | None:
        """Return the organisation of a credit code."""
        code = self.cleaned_data["uscc"].strip().upper()
        if not code:
            return None
        found = organisation_by_uscc(code)
        if found is None:
            raise forms.ValidationError(_("No organisation has this code."))
        return found.id

    def query(self, *, before: int | None = None) -> LedgerQuery:
        """Return what a valid form asks for."""
        given = self.cleaned_data
        day: dict[str, date | None] = {name: given[name] for name in ("first", "last")}
        return LedgerQuery(
            text=given["text"].strip(),
            kind=EntryKind(given["kind"]) if given["kind"] else None,
            holder_id=given["uscc"],
            batch=given["batch"].strip(),
            before=before,
            **day,
        )


class LedgerPage(Page):
    """Entries, newest first, and a form to narrow them."""

    template_name = "settlement/ledger.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = SearchForm(self.request.GET)
        before = self.request.GET.get("before", "")
        rows = []
        if form.is_valid():
            asked = form.query(before=int(before) if before.isdecimal() and len(before) < 19 else None)
            rows = queries.search_ledger(self.actor, asked, limit=SHOWN)
        given = {name: value for name, value in self.request.GET.items() if name in form.fields and value}
        return super().get_context_data(
            **kwargs,
            form=form,
            rows=[{"row": row, "kind": _(KIND_NAMES[row.kind])} for row in rows],
            asked=urlencode(given),
            older=rows[-1].id if len(rows) == SHOWN else None,
            watches=self.actor.has(*WATCHERS),
        )


class LedgerExport(View):
    """What is found, at most ten thousand entries, as an Excel file: a row for each leg."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        actor = request.actor  # type: ignore[attr-defined]
        form = SearchForm(request.GET)
        found = queries.search_ledger(actor, form.query(), limit=MOST_EXPORTED) if form.is_valid() else []
        legs = queries.entry_legs(actor, [one.id for one in found])
        return workbook_response(
            "ledger",
            [
                _("Entry"),
                _("Key"),
                _("Time"),
                _("Act"),
                _("Rests on"),
                _("From holder"),
                _("From purpose"),
                _("To holder"),
                _("To purpose"),
                _("Asset"),
                _("Amount"),
                _("Unit"),
                _("Serial numbers"),
            ],
            (
                (
                    one.id,
                    one.key,
                    one.at,
                    _(KIND_NAMES[one.kind]),
                    one.basis,
                    *end_shown(leg.debited, names),
                    *end_shown(leg.credited, names),
                    "CNY" if leg.is_cash else leg.name,
                    leg.units / 100 if leg.is_cash else leg.units,
                    _("yuan") if leg.is_cash else "tCO2e",
                    " ".join(leg.serials),
                )
                for one in found
                for names in [queries.names_in_legs(actor, one.kind, legs[one.id])]
                for leg in legs[one.id]
            ),
        )


def end_shown(end: EntryEnd, names: dict[int, str]) -> tuple[str, str]:
    """Return whose holding an end is, as far as the reader may know it, and for which purpose."""
    purpose = _(PURPOSE_NAMES[end.purpose])
    if end.organisation_id is None:
        return _("The system"), purpose
    return names.get(end.organisation_id, _("Another participant")), purpose


class EntryPage(Page):
    """One entry: when, by which act, resting on what, and each movement with its serials."""

    template_name = "settlement/entry.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        one = queries.ledger_entry(self.actor, self.kwargs["entry_id"])
        names = queries.names_in_legs(self.actor, one.kind, one.legs)
        return super().get_context_data(
            **kwargs,
            one=one,
            kind=_(KIND_NAMES[one.kind]),
            maker=user_name(one.maker_id) if one.maker_id else "",
            checker=user_name(one.checker_id) if one.checker_id else "",
            legs=[
                {"row": leg, "giver": end_shown(leg.debited, names), "taker": end_shown(leg.credited, names)}
                for leg in one.legs
            ],
        )
