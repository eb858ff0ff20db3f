"""Every rule the venue works by, for anyone: value, legal basis, in force from; and the calendar."""

from __future__ import annotations

import calendar
import json
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts import services
from accounts.rules import Role, changer_of
from accounts.templatetags.shown import colon, fen
from accounts.web.export import workbook_response
from accounts.web.pages import Act, FormPage, Page
from rulebook import queries
from rulebook.errors import NotThere
from rulebook.rules import RuleValue

# What the first word of a rule's key, and a scheme, are called on pages.
SUBJECTS = {
    "api": gettext_noop("Programming interface"),
    "bank": gettext_noop("Bank"),
    "buffer": gettext_noop("Buffer pool"),
    "cash": gettext_noop("Rules of money"),
    "holders": gettext_noop("Holders"),
    "invoice": gettext_noop("Invoices over fees"),
    "issuance": gettext_noop("Issuance of credits"),
    "land": gettext_noop("Land of projects"),
    "matching": gettext_noop("Matching"),
    "monitoring": gettext_noop("Monitoring"),
    "notice": gettext_noop("Public notice"),
    "offset": gettext_noop("Buying and retiring"),
    "password": gettext_noop("Password"),
    "project": gettext_noop("Sink projects"),
    "registration": gettext_noop("Registration of projects"),
    "retirement": gettext_noop("Retirement of credits"),
    "return": gettext_noop("Returned applications"),
    "review": gettext_noop("Review"),
    "sign_in": gettext_noop("Sign-in"),
    "trading": gettext_noop("Trading rules"),
    "transfer": gettext_noop("Transfers outside the market"),
    "upload": gettext_noop("Uploads"),
    "validation": gettext_noop("Validation"),
    "verification": gettext_noop("Verification"),
}
SCHEMES = {
    "nm_regional": gettext_noop("Regional forest and grassland credits"),
    "ccer": gettext_noop("China Certified Emission Reductions"),
    "replay": gettext_noop("Scenarios of the matching engine"),
}


CHANGED_HERE = ("nm_regional", "ccer")  # Other schemes are those of scenarios and tests.


@dataclass(frozen=True)
class ShownRule:
    """A rule value in the reader's language."""

    rule: RuleValue
    value: str
    unit: str
    note: str


def shown_rule(rule: RuleValue) -> ShownRule:
    """Return a rule with its value as people read it, money in yuan and shares in per cent, and its note translated."""
    note = _(rule.note) if rule.note else ""
    if rule.unit == "fen" and isinstance(rule.value, int):
        return ShownRule(rule, fen(rule.value), "", note)
    if rule.unit == "share" and isinstance(rule.value, str):
        return ShownRule(rule, f"{(Decimal(rule.value) * 100).normalize():f} %", "", note)
    return ShownRule(rule, _text(rule.value), _(rule.unit) if rule.unit else "", note)


def _text(value: Any) -> str:
    """Return a value as text: lists by commas, pairs by dashes; a word that the catalogue knows in its language."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return _(", ").join("–".join(map(str, one)) if isinstance(one, list) else _text(one) for one in value)
    if isinstance(value, dict):
        return _("; ").join(f"{colon(_text(key))}{_text(one)}" for key, one in value.items())
    return _(value) if isinstance(value, str) and value else "—" if value is None else str(value)


def scheme_name(scheme: str) -> str:
    """Return what a scheme is called in the reader's language."""
    return _(SCHEMES[scheme]) if scheme in SCHEMES else scheme


def subject_name(key: str) -> str:
    """Return what the subject of a rule's key is called in the reader's language."""
    subject = key.partition(".")[0]
    return _(SUBJECTS[subject]) if subject in SUBJECTS else subject


class RulesPage(Page):
    """All rule values in force on the business day, by scheme and subject."""

    template_name = "public/rules.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        groups: dict[tuple[str, str], list[ShownRule]] = {}
        for rule in queries.rules_in_force(self.at):
            place = scheme_name(rule.scheme), subject_name(rule.key)
            groups.setdefault(place, []).append(shown_rule(rule))
        sections = [{"scheme": scheme, "subject": subject, "rows": rows} for (scheme, subject), rows in groups.items()]
        return super().get_context_data(**kwargs, sections=sections, day=queries.business_date(self.at))


def export(request: HttpRequest) -> FileResponse:
    """Answer all rule values in force on the business day as an Excel file."""
    at = request.at  # type: ignore[attr-defined]
    header = [_("Scheme"), _("Rule"), _("Rule value"), _("Unit"), _("Legal basis"), _("In force from"), _("Note")]
    rows = [
        [
            scheme_name(one.rule.scheme),
            one.rule.key,
            one.value,
            one.unit,
            str(one.rule.basis),
            one.rule.in_force_from,
            one.note,
        ]
        for one in map(shown_rule, queries.rules_in_force(at))
    ]
    return workbook_response(f"rules-{queries.business_date(at).isoformat()}", header, rows)


@dataclass(frozen=True)
class ShownChange:
    """A proposed or decided change of a rule in the reader's language."""

    change: Any
    value: str
    is_open: bool
    is_own: bool


class RulePage(Page):
    """One rule with every value it has had or will have, and the changes that were proposed."""

    template_name = "public/rule.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scheme, key = kwargs["scheme"], kwargs["key"]
        history = queries.history_of(scheme, key) if scheme.isprintable() and key.isprintable() else []
        if not history:
            raise NotThere
        return super().get_context_data(
            **kwargs,
            rows=[shown_rule(rule) for rule in history],
            changes=self._changes(scheme, key, history[0]),
            may_change=self.actor.has(changer_of(key)) and scheme in CHANGED_HERE,
            scheme_name=scheme_name(scheme),
            subject=subject_name(key),
            day=queries.business_date(self.at),
        )

    def _changes(self, scheme: str, key: str, newest: RuleValue) -> list[ShownChange]:
        if not self.actor.has(changer_of(key), Role.AUDITOR):
            return []
        return [
            ShownChange(
                one,
                " ".join(part for part in (shown.value, shown.unit) if part),
                one.state == "proposed",
                one.proposed_by_id == self.actor.user_id,
            )
            for one in queries.changes_of(scheme, key)
            for shown in [shown_rule(replace(newest, value=one.value, note=""))]
        ]


class ChangeForm(forms.Form):
    """Another value of a rule, from when on, on which basis, and why."""

    value = forms.CharField(label=gettext_lazy("New value"), max_length=2000)
    in_force_from = forms.DateField(
        label=gettext_lazy("In force from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    basis = forms.ChoiceField(label=gettext_lazy("Legal basis"))
    reason = forms.CharField(label=gettext_lazy("Why it changes"), max_length=300)


class ChangePage(FormPage):
    """The form by which a change of a rule is proposed."""

    template_name = "public/rule_change.html"
    form_class = ChangeForm

    def _present(self) -> RuleValue:
        scheme, key = self.kwargs["scheme"], self.kwargs["key"]
        if not (scheme.isprintable() and key.isprintable()) or not self.actor.has(changer_of(key)):
            raise NotThere
        found = queries.rules_of(scheme, self.at).get(key)
        if found is None or scheme not in CHANGED_HERE:
            raise NotThere
        return found

    def get_initial(self) -> dict[str, Any]:
        present = self._present()
        value = present.value
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return {"value": text, "basis": present.basis.code}

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields["basis"].choices = [(one.code, str(one)) for one in queries.legal_bases()]
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        present = self._present()
        return super().get_context_data(
            **kwargs, present=shown_rule(present), scheme_name=scheme_name(present.scheme), key=present.key
        )

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        row = services.propose_rule_change(
            actor=self.actor,
            scheme=self.kwargs["scheme"],
            key=self.kwargs["key"],
            value_text=typed["value"],
            basis=typed["basis"],
            in_force_from=typed["in_force_from"],
            reason=typed["reason"],
            at=self.at,
        )
        messages.success(self.request, _("Proposed. Another person has to approve it before its first day."))
        return reverse("rule", args=[row.scheme, row.key])


class _OfAChange(Act):
    """An act on a proposed change that leads back to its rule."""

    def back(self) -> str:
        row = queries.change(self.kwargs["change_id"])
        return reverse("rule", args=[row.scheme, row.key])


class ApproveChange(_OfAChange):
    """Approves a change of a rule as the second person."""

    needs_password = True
    done = gettext_lazy("Approved. The new value is in force from its day on.")

    def call(self) -> None:
        services.approve_rule_change(
            actor=self.actor,
            change_id=self.kwargs["change_id"],
            digest=self.request.POST.get("digest", ""),
            at=self.at,
        )


class EndChange(_OfAChange):
    """Refuses a change of a rule, or takes the own one back."""

    done = gettext_lazy("The change will not come.")

    def call(self) -> None:
        services.end_rule_change(actor=self.actor, change_id=self.kwargs["change_id"], at=self.at)


class CalendarPage(Page):
    """The official calendar of a year: what is worked, what is not, when the market opens."""

    template_name = "public/calendar.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        days = queries.calendar()
        asked = self.request.GET.get("year", "")
        today = queries.business_date(self.at)
        year = next((one for one in days.years if str(one) == asked), today.year)
        months = [
            {
                "month": month,
                "weeks": [
                    [self._cell(day, month, days) for day in week]
                    for week in calendar.Calendar().monthdatescalendar(year, month)
                ],
            }
            for month in range(1, 13)
        ]
        return super().get_context_data(
            **kwargs,
            year=year,
            years=sorted(days.years),
            months=months,
            loaded=year in days.years,
            special=queries.special_days(year),
        )

    def _cell(self, day: date, month: int, days: Any) -> dict[str, Any]:
        name = days.holidays.get(day) or days.makeup_days.get(day) or ""
        kind = "out"
        if day.month == month:
            kind = "trading" if days.is_trading_day(day) else "working" if days.is_working_day(day) else "off"
        return {"day": day, "kind": kind, "name": name}
