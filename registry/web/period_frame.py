"""What stands around every page of a monitoring period: title, steps, tabs, who has it and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.queries import organisation, users_with_role
from accounts.rules import Actor, Role
from registry import queries
from registry.models import MonitoringPeriod
from registry.queries import credit_pages
from registry.rules.calculation import EARLIER, LATER, UPLOADS
from registry.rules.states import PERIOD_STEPS, PeriodState, Verb, open_verbs
from registry.web.credit_words import PERIOD_ORDER, PERIOD_STATES, badge, kind_name, slot_name
from rulebook.queries import business_date

EDITABLE = (PeriodState.DRAFT, PeriodState.CALCULATED, PeriodState.RETURNED)


@dataclass(frozen=True)
class Holder:
    """Who has a case now and until when; `days_left` is negative when overdue."""

    who: str
    what: str
    until: date | None = None
    is_provisional: bool = False
    days_left: int | None = None


def may(row: MonitoringPeriod, actor: Actor, verb: Verb) -> bool:
    """Tell whether a page offers a verb: open in the state, to the role and to the organisation that has the case."""
    if verb not in open_verbs(PERIOD_STEPS, row.state, actor.roles):
        return False
    if verb in (Verb.EDIT, Verb.CALCULATE, Verb.SUBMIT, Verb.ANSWER):
        return row.project.owner_id == actor.organisation_id
    if verb in (Verb.SIGN, Verb.REJECT, Verb.RETURN) and row.state == PeriodState.NOTICE:
        return row.verifier_id == actor.organisation_id
    return True


def steps_of(row: MonitoringPeriod) -> list[tuple[str, str]]:
    """Return the step bar of a period: (label, state of the step)."""
    state = PeriodState(row.state)
    place = PERIOD_ORDER.index(state) if state in PERIOD_ORDER else _last_place(row)
    steps = []
    for number, one in enumerate(PERIOD_ORDER):
        shown = "done" if number < place or state is PeriodState.ISSUED else "current" if number == place else "waiting"
        if number == place and state is PeriodState.REJECTED:
            shown = "failed"
        steps.append((_(PERIOD_STATES[one][0]), shown))
    return steps


def _last_place(row: MonitoringPeriod) -> int:
    """Return where the bar of a returned or rejected period stands."""
    if row.state == PeriodState.RETURNED:
        return 0
    return PERIOD_ORDER.index(PeriodState.REVIEW if credit_pages.verification_of(row) else PeriodState.NOTICE)


def missing_of(row: MonitoringPeriod) -> list[str]:
    """Return what a draft still needs before its report can be handed in."""
    if row.state not in EDITABLE:
        return []
    slots = UPLOADS[row.project.methodology]
    there = {(one.kind, one.date_of) for one in queries.latest_files(row)}
    found = []
    if row.project.methodology == "F1":
        if ("forest_plots", LATER) not in there:
            found.append(slot_name("forest_plots", LATER))
    elif not there & set(slots):
        found.append(_(" or ").join(kind_name(kind) for kind, _date in slots))
    if row.state != PeriodState.CALCULATED:
        found.append(_("the calculation"))
    return found


def advice_of(row: MonitoringPeriod) -> str:
    """Return what is allowed to be missing, and what that means."""
    there = {(one.kind, one.date_of) for one in queries.latest_files(row)}
    if row.project.methodology == "F1" and ("forest_plots", EARLIER) not in there:
        return _("Without an earlier inventory the stock before the period is taken from the period before, else as 0.")
    return ""


def holder_of(row: MonitoringPeriod, at: datetime) -> Holder:
    """Return who has the period now, what is to be done, and until when."""
    owner = organisation(row.project.owner_id).name
    state = PeriodState(row.state)
    if state in (PeriodState.DRAFT, PeriodState.CALCULATED):
        what = _("Measure and calculate") if state is PeriodState.DRAFT else _("Hand in the report")
        return Holder(owner, what)
    if state is PeriodState.RETURNED:
        return _until(row, at, owner, _("Correct and hand in again"))
    if state is PeriodState.SUBMITTED:
        return _until(row, at, _("Regional bureau, maker"), _("Put on public notice, or return"))
    if state is PeriodState.NOTICE:
        verifier = organisation(row.verifier_id).name if row.verifier_id else ""
        return _until(row, at, verifier, _("Verify and sign the report"))
    if state is PeriodState.REVIEW:
        waits = not is_proposed(row)
        return _until(
            row,
            at,
            _("Regional bureau, maker") if waits else _("Regional bureau, checker"),
            _("Propose the issuance") if waits else _("Issue, or return"),
        )
    if state is PeriodState.ISSUED and row.issuance.entered_at is None:
        return Holder(_("Ecology department"), _("Enter the issuance in the records"))
    return Holder("", _("Finished") if state is PeriodState.ISSUED else _("Closed"))


def is_proposed(row: MonitoringPeriod) -> bool:
    """Tell whether an issuance of the period is proposed; one that the checker gave back has no digest."""
    return hasattr(row, "issuance") and row.issuance.digest != ""


def _until(row: MonitoringPeriod, at: datetime, who: str, what: str) -> Holder:
    left = (row.due_on - business_date(at)).days if row.due_on else None
    return Holder(who, what, row.due_on, row.due_provisional, left)


def actions_of(row: MonitoringPeriod, actor: Actor) -> list[dict[str, Any]]:
    """Return the buttons of a period for this actor: the next step first."""
    found: list[dict[str, Any]] = []

    def offer(name: str, label: str, icon: str, *, is_main: bool = False) -> None:
        url = reverse(name, args=[row.pk])
        found.append({"url": url, "label": label, "icon": icon, "is_main": is_main})

    if may(row, actor, Verb.SUBMIT):
        offer("registry-period-submit", _("Hand in the report"), "send", is_main=True)
    if may(row, actor, Verb.EDIT):
        label = _("Upload data")
        offer("registry-period-upload", label, "upload", is_main=row.state != PeriodState.CALCULATED)
    if may(row, actor, Verb.PUBLISH):
        offer("registry-period-review", _("Publish or return"), "gavel", is_main=True)
    if may(row, actor, Verb.SIGN):
        offer("registry-period-verification", _("Sign, return or reject"), "writing-sign", is_main=True)
    if may(row, actor, Verb.PROPOSE) and not is_proposed(row):
        offer("registry-period-issuance", _("Propose the issuance"), "certificate", is_main=True)
    if row.state == PeriodState.REVIEW and is_proposed(row) and may(row, actor, Verb.DECIDE):
        offer("registry-period-issuance", _("Decide on the issuance"), "certificate", is_main=True)
    if actor.has(*queries.PACK_READERS):
        offer("registry-pack-new-period", _("Evidence pack"), "archive")
    return found


def tabs_of(row: MonitoringPeriod, actor: Actor, here: str) -> list[dict[str, Any]]:
    """Return the pages of a period, the one shown marked; those that have nothing to show yet are left out."""
    pages = [("registry-period", _("Overview"), "overview"), ("registry-period-upload", _("Data"), "data")]
    pages.append(("registry-period-calculation", _("Calculation"), "calculation"))
    if row.state not in (PeriodState.DRAFT, PeriodState.CALCULATED) or credit_pages.runs_of(row).exists():
        pages.append(("registry-period-checks", _("Automatic verification"), "checks"))
        pages.append(("registry-period-findings", _("Findings"), "findings"))
    if row.notice_from is not None:
        pages.append(("registry-period-comments", _("Public comments"), "comments"))
    if row.state in (PeriodState.REVIEW, PeriodState.ISSUED):
        pages.append(("registry-period-issuance", _("Issuance"), "issuance"))
    return [
        {"url": reverse(name, args=[row.pk]), "label": label, "is_here": mark == here} for name, label, mark in pages
    ]


class OfPeriod:
    """Gives a page its period and the frame around it."""

    tab = "overview"
    actor: Actor
    at: datetime
    kwargs: dict[str, Any]

    @cached_property
    def row(self) -> MonitoringPeriod:
        return queries.period(self.actor, self.kwargs["period_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row
        frame = {
            "period": row,
            "project": row.project,
            "status": badge(PERIOD_STATES, row.state),
            "steps": steps_of(row),
            "tabs": tabs_of(row, self.actor, self.tab),
            "holder": holder_of(row, self.at),
            "is_owner": row.project.owner_id == self.actor.organisation_id and self.actor.has(Role.OWNER),
        }
        return super().get_context_data(**{**frame, **kwargs})  # type: ignore[misc]


def verifiers_for(row: MonitoringPeriod, at: datetime) -> list[tuple[int, str]]:
    """Return the bodies that may verify a period: those with a verifier, but the one that validated the project."""
    from accounts.queries import organisations_by_kind
    from accounts.rules import OrganisationKind

    return [
        (one.id, one.name)
        for one in organisations_by_kind(OrganisationKind.VERIFICATION_BODY)
        if one.id != row.validator_id and users_with_role(Role.VERIFIER, one.id, at=at)
    ]
