"""Surveillance on the operators' and auditors' screens: what was found, its evidence on a time line, dismissal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views import View

from accounts.rules import Role
from accounts.web.export import workbook_response
from accounts.web.pages import Act, Page
from exchange import queries, services
from exchange.models import SurveillanceAlert
from exchange.rules import surveillance as rules
from exchange.rules.surveillance import Moment, OrderMoment, Pattern
from exchange.web.timeline import drawing, price_of, shape_of

PAGE_SIZE = 30
PATTERNS = {
    Pattern.BEFORE_DISCLOSURE: gettext_noop("Heavy one-way trading before a disclosure"),
    Pattern.REVERSE_TRADES: gettext_noop("Frequent reverse trades"),
    Pattern.FAR_ORDERS: gettext_noop("Orders far from the last price"),
    Pattern.PLACE_AND_CANCEL: gettext_noop("Frequent placing and cancelling"),
    Pattern.BUY_HIGH_SELL_LOW: gettext_noop("Repeatedly buying high and selling low"),
    Pattern.VOLUME_SHARE: gettext_noop("Much of a day's volume in one group"),
    Pattern.CLOSING_PRICE: gettext_noop("Moving the price at the close"),
    Pattern.SELF_TRADES: gettext_noop("Trades within a control group, and attempts"),
}
STATES = (
    ("open", gettext_lazy("Not looked into yet")),
    ("in_case", gettext_lazy("In a case")),
    ("dismissed", gettext_lazy("Dismissed without a case")),
)
ACTS = {
    rules.Act.PLACED: gettext_noop("Order placed"),
    rules.Act.AMENDED: gettext_noop("Order changed"),
    rules.Act.CANCELLED: gettext_noop("Order cancelled"),
    rules.Act.EXPIRED: gettext_noop("Order lapsed"),
    rules.Act.WITHDRAWN: gettext_noop("Order withdrawn"),
    rules.Act.STOPPED: gettext_noop("Stopped before a trade with itself"),
}
DISCLOSURES = {
    "halt": gettext_noop("Halt of trading"),
    "freeze": gettext_noop("Freeze of a batch"),
    "unfreeze": gettext_noop("End of a freeze"),
    "issue": gettext_noop("Issuance"),
}


class AlertForm(forms.Form):
    """Which alerts are wanted."""

    pattern = forms.ChoiceField(label=gettext_lazy("Pattern"), required=False)
    code = forms.CharField(label=gettext_lazy("Product"), max_length=24, required=False)
    day = forms.DateField(label=gettext_lazy("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False, choices=(("", gettext_lazy("All")), *STATES))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(pattern.value, _(name)) for pattern, name in PATTERNS.items()]
        self.fields["pattern"].choices = [("", _("All")), *named]  # type: ignore[attr-defined]

    def wanted(self) -> queries.AlertFilter:
        """Return the filter; what is not valid is left out, the form says so."""
        self.full_clean()
        found = self.cleaned_data
        return queries.AlertFilter(
            found.get("pattern", ""), found.get("code", "").strip(), found.get("day"), found.get("state", "")
        )


@dataclass(frozen=True)
class AlertLine:
    """An alert as a row of the list."""

    row: SurveillanceAlert
    pattern: str
    parties: str

    @property
    def is_open(self) -> bool:
        return self.row.case_id is None and self.row.dismissed_at is None


def lines_of(rows: list[SurveillanceAlert]) -> list[AlertLine]:
    """Return alerts as rows of a list, with the names of the parties."""
    parties = queries.parties_of(rows)
    return [
        AlertLine(
            row,
            _(PATTERNS[Pattern(row.pattern)]),
            _(", ").join(parties[who].name for who in row.organisations if who in parties),
        )
        for row in rows
    ]


def may_act(page: Any) -> bool:
    """Tell whether the reader may do something about it: auditors only read."""
    return bool(page.actor.has(Role.EXCHANGE_OPERATOR))


class SurveillancePage(Page):
    """The alerts that are wanted, newest first, and the cases."""

    template_name = "exchange/surveillance.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = AlertForm(self.request.GET)
        page = Paginator(queries.alerts_visible_to(self.actor, form.wanted()), PAGE_SIZE).get_page(
            self.request.GET.get("page")
        )
        query = self.request.GET.copy()
        query.pop("page", None)
        return super().get_context_data(
            **kwargs,
            form=form,
            page=page,
            lines=lines_of(list(page)),
            query=query.urlencode(),
            cases=queries.cases_visible_to(self.actor)[:PAGE_SIZE],
            may_act=may_act(self),
        )


class AlertsExport(View):
    """The wanted alerts as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        rows = queries.alerts_visible_to(request.actor, AlertForm(request.GET).wanted())  # type: ignore[attr-defined]
        head = [
            _("Number"),
            _("Day"),
            _("Product"),
            _("Pattern"),
            _("Parties concerned"),
            _("Window begins"),
            _("Window ends"),
        ]
        head += [_("Figures compared"), _("Case file"), _("Dismissed because")]
        return workbook_response(
            "alerts",
            head,
            (
                [
                    line.row.pk,
                    line.row.day,
                    line.row.instrument.code,
                    line.pattern,
                    line.parties,
                    line.row.since,
                    line.row.until,
                    "; ".join(f"{one['rule']} {one['found']} / {one['limit']}" for one in line.row.figures),
                    line.row.case.number if line.row.case else "",
                    line.row.dismissal,
                ]
                for line in lines_of(list(rows))
            ),
        )


class AlertPage(Page):
    """One alert: the figures beside their rules, and the evidence as it happened."""

    template_name = "exchange/alert.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.alert(self.actor, self.kwargs["alert_id"])
        replay = queries.replay(row)
        notes = queries.profile(row.since, row.instrument.rule_scheme).values
        parties = queries.parties_of([row])
        return super().get_context_data(
            **kwargs,
            row=row,
            pattern=_(PATTERNS[Pattern(row.pattern)]),
            parties=list(parties.values()),
            figures=[_figure(one, notes) for one in row.figures],
            disclosures=[_disclosure(text) for text in row.evidence["disclosures"]],
            moments=[_moment(number, one) for number, one in enumerate(replay.rows, 1)],
            drawing=drawing(replay),
            may_act=may_act(self),
        )


def _figure(one: dict[str, Any], notes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a figure beside its rule value, by the rule's own words."""
    is_share = isinstance(one["limit"], str)
    as_shown = Decimal if is_share else int
    return {
        "rule": one["rule"],
        "name": _(notes[one["rule"]].note) if one["rule"] in notes else one["rule"],
        "found": as_shown(one["found"]),
        "limit": as_shown(one["limit"]),
        "is_share": is_share,
    }


def _disclosure(reference: str) -> str:
    kind, _colon, number = reference.partition(":")
    return f"{_(DISCLOSURES.get(kind, kind))} {number}"


def _moment(number: int, one: Moment) -> dict[str, Any]:
    is_order = isinstance(one, OrderMoment)
    return {
        "number": number,
        "at": one.at,
        "what": _(ACTS[one.act]) if isinstance(one, OrderMoment) else _("Trade"),
        "shape": shape_of(one),
        "order_id": one.order_id if isinstance(one, OrderMoment) else None,
        "trade_id": None if isinstance(one, OrderMoment) else one.trade.id,
        "side": one.side if isinstance(one, OrderMoment) else one.trade.taker_side,
        "is_order": is_order,
        "price_fen": price_of(one),
        "quantity": one.quantity if isinstance(one, OrderMoment) else one.trade.quantity,
        "market": one.market,
    }


class DismissAlert(Act):
    """Ends an alert without a case."""

    done = gettext_lazy("Dismissed. The reason stays with the alert.")

    def call(self) -> None:
        services.dismiss_alert(
            actor=self.actor,
            alert_id=self.kwargs["alert_id"],
            reason=self.request.POST.get("reason", ""),
            at=self.at,
        )

    def back(self) -> str:
        return reverse("exchange-alert", args=[self.kwargs["alert_id"]])
