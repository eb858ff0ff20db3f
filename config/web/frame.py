"""What stands around every page: menu, counts, who is signed in, the clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.queries import open_work_count, organisations_of_user
from accounts.rules import NOBODY, Actor, OrganisationView, Role
from config.web.clock import bar
from config.web.tour import TourBar
from rulebook.queries import now

STAFF = (Role.BANNER_CLERK, Role.LEAGUE_REVIEWER, Role.REGION_MAKER, Role.REGION_CHECKER, Role.ECOLOGY_RECORDER)
HOLDERS = (Role.OWNER, Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER)
ADMINS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)

# Name of the route, its label, and who sees it (empty: everyone). Routes that do not exist are left out.
PUBLIC_MENU = (
    ("home", gettext_noop("Home")),
    ("exchange-market", gettext_noop("Market")),
    ("exchange-bulletins", gettext_noop("Bulletins and prices")),
    ("registry-projects", gettext_noop("Project register")),
    ("registry-certificate-check", gettext_noop("Certificate check")),
    ("settlement-serial", gettext_noop("Serial look-up")),
    ("settlement-log", gettext_noop("Transparency log")),
    ("inclusion-event", gettext_noop("Estimate and offset")),
    ("rules", gettext_noop("Rules and methodologies")),
    ("api-docs", gettext_noop("Developers")),
)
FOOT = (
    ("rules", gettext_noop("Rules and methodologies")),
    ("calendar", gettext_noop("Trading calendar")),
    ("settlement-serial", gettext_noop("Serial look-up")),
    ("settlement-log", gettext_noop("Transparency log")),
    ("exchange-bars", gettext_noop("Register of the barred")),
    ("api-docs", gettext_noop("Developers")),
)
GROUPS: tuple[tuple[str, str, tuple[tuple[str, str, tuple[Role, ...]], ...]], ...] = (
    (
        gettext_noop("Projects"),
        "trees",
        (
            ("registry-my-projects", gettext_noop("My projects"), (Role.OWNER, *STAFF, Role.VALIDATOR, Role.VERIFIER)),
            ("registry-project-new", gettext_noop("New project"), (Role.OWNER, Role.BANNER_CLERK)),
            ("registry-projects", gettext_noop("Project register"), ()),
        ),
    ),
    (
        gettext_noop("Review"),
        "checklist",
        (("registry-reviews", gettext_noop("Cases to review"), STAFF),),
    ),
    (
        gettext_noop("Issuance and holdings"),
        "stack-2",
        (
            ("registry-batches", gettext_noop("Batches"), (*STAFF, Role.AUDITOR)),
            ("registry-packs", gettext_noop("Evidence packs"), (Role.AUDITOR,)),
            ("settlement-holdings", gettext_noop("Holdings"), HOLDERS),
            (
                "settlement-transfers",
                gettext_noop("Transfers outside the market"),
                (*HOLDERS, Role.SETTLEMENT_OPERATOR, Role.AUDITOR),
            ),
            (
                "settlement-holds",
                gettext_noop("Freezes and pledges"),
                (*HOLDERS, Role.SETTLEMENT_OPERATOR, Role.ECOLOGY_RECORDER, Role.AUDITOR),
            ),
            ("registry-retirements", gettext_noop("Retirements"), (*HOLDERS, Role.AUDITOR)),
            ("inclusion-event", gettext_noop("Estimate and offset"), HOLDERS),
        ),
    ),
    (
        gettext_noop("Trading"),
        "chart-candle",
        (
            ("exchange-market", gettext_noop("Market"), ()),
            ("exchange-bulletins", gettext_noop("Bulletins and prices"), ()),
            ("exchange-orders", gettext_noop("Orders and trades"), HOLDERS),
            (
                "exchange-admissions",
                gettext_noop("Admission to trading"),
                (*HOLDERS, Role.EXCHANGE_OPERATOR, Role.AUDITOR),
            ),
            ("exchange-auctions", gettext_noop("Auctions"), ()),
            ("exchange-basket", gettext_noop("Basket purchase"), HOLDERS),
            ("exchange-blocks", gettext_noop("Block agreements"), (*HOLDERS, Role.EXCHANGE_OPERATOR, Role.AUDITOR)),
            ("exchange-desk", gettext_noop("Operator's desk"), (Role.EXCHANGE_OPERATOR,)),
            ("exchange-large-holdings", gettext_noop("Large holdings"), (Role.EXCHANGE_OPERATOR, Role.AUDITOR)),
            ("exchange-surveillance", gettext_noop("Surveillance"), (Role.EXCHANGE_OPERATOR, Role.AUDITOR)),
            ("exchange-letters", gettext_noop("Letters from the exchange"), HOLDERS),
        ),
    ),
    (
        gettext_noop("Money"),
        "wallet",
        (
            ("settlement-funds", gettext_noop("Funds"), HOLDERS),
            ("settlement-statement", gettext_noop("Statement"), HOLDERS),
            (
                "settlement-ledger",
                gettext_noop("Ledger search"),
                (*HOLDERS, Role.SETTLEMENT_OPERATOR, Role.AUDITOR),
            ),
            ("settlement-invoices", gettext_noop("Fee invoices"), HOLDERS),
            ("settlement-bank-desk", gettext_noop("Bank desk"), (Role.SETTLEMENT_OPERATOR, Role.AUDITOR)),
            (
                "settlement-statements-of-bank",
                gettext_noop("Bank statements"),
                (Role.SETTLEMENT_OPERATOR, Role.AUDITOR),
            ),
            ("settlement-days", gettext_noop("Days and reconciliation"), (Role.SETTLEMENT_OPERATOR, Role.AUDITOR)),
            (
                "settlement-objections",
                gettext_noop("Objections"),
                (*HOLDERS, Role.SETTLEMENT_OPERATOR, Role.AUDITOR),
            ),
            ("settlement-invoice-desk", gettext_noop("Fee invoices"), (Role.SETTLEMENT_OPERATOR, Role.AUDITOR)),
            ("settlement-proofs", gettext_noop("Proofs of the ledger"), (Role.SETTLEMENT_OPERATOR, Role.AUDITOR)),
        ),
    ),
    (
        gettext_noop("Administration"),
        "shield-check",
        (
            ("accounts-organisations", gettext_noop("Organisations"), (*ADMINS, Role.AUDITOR)),
            ("accounts-people", gettext_noop("People and roles"), ADMINS),
            ("accounts-clients", gettext_noop("API clients"), (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)),
            ("accounts-trail", gettext_noop("Audit trail"), (Role.AUDIT_ADMIN, Role.AUDITOR)),
        ),
    ),
    (
        gettext_noop("Look-up"),
        "file-search",
        (
            ("settlement-serial", gettext_noop("Serial look-up"), ()),
            ("settlement-log", gettext_noop("Transparency log"), ()),
            ("registry-certificate-check", gettext_noop("Certificate check"), ()),
            ("rules", gettext_noop("Rules and methodologies"), ()),
            ("registry-parameters", gettext_noop("Parameter sets"), ()),
            ("calendar", gettext_noop("Trading calendar"), ()),
            ("exchange-bars", gettext_noop("Register of the barred"), ()),
        ),
    ),
)


@dataclass(frozen=True)
class Entry:
    """One line of a menu."""

    label: str
    url: str
    icon: str = ""
    here: bool = False


@dataclass(frozen=True)
class Group:
    """A heading of the menu with its lines."""

    label: str
    icon: str
    entries: list[Entry] = field(default_factory=list)


def _entry(name: str, label: str, icon: str = "") -> Entry | None:
    try:
        return Entry(_(label), reverse(name), icon)
    except NoReverseMatch:  # A room that this installation does not have.
        return None


def _entries(named: tuple[tuple[str, str], ...]) -> list[Entry]:
    return [entry for name, label in named if (entry := _entry(name, label))]


def _marked(entries: list[Entry], path: str) -> list[Entry]:
    """Return the entries with the one marked that stands nearest above the page shown."""
    above = [one.url for one in entries if path == one.url or (one.url != "/" and path.startswith(one.url))]
    nearest = max(above, key=len, default=None)
    return [replace(one, here=one.url == nearest) for one in entries]


def menu(actor: Actor, path: str) -> list[Entry | Group]:
    """Return the menu of an actor: a flat one for the public, two levels by role for who is signed in."""
    if not actor.is_signed_in:
        return [*_marked(_entries(PUBLIC_MENU), path)]
    workbench = _entry("workbench", gettext_noop("Workbench"), "layout-dashboard")
    groups = [
        Group(
            _(heading),
            icon,
            _entries(tuple((name, label) for name, label, seen_by in lines if not seen_by or actor.has(*seen_by))),
        )
        for heading, icon, lines in GROUPS
    ]
    every = [entry for group in groups for entry in group.entries] + ([workbench] if workbench else [])
    here = {entry.url for entry in _marked(every, path) if entry.here}
    shown: list[Entry | Group] = [replace(workbench, here=workbench.url in here)] if workbench else []
    for group in groups:
        entries = [replace(one, here=one.url in here) for one in group.entries]
        if len(entries) == 1:  # A heading over one line says everything twice.
            shown.append(replace(entries[0], icon=group.icon))
        elif entries:
            shown.append(replace(group, entries=entries))
    return shown


class Frame:
    """What base.html shows around a page, found when it is asked for: a fragment that has no frame costs no query."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        # On an error page nobody may have been found yet.
        self.actor: Actor = getattr(request, "actor", NOBODY)
        self.signed_in = self.actor.is_signed_in
        self.venue: str = settings.VENUE_NAME
        self.venue_needs_consent = "交易所" in settings.VENUE_NAME
        self.demo: bool = settings.DEMO
        self.time_travel: bool = settings.TIME_TRAVEL
        self.asked = request.GET.get("q", "")

    @cached_property
    def menu(self) -> list[Entry | Group]:
        return menu(self.actor, self._request.path)

    @cached_property
    def tour(self) -> TourBar | None:
        """The bar of the guided tour, in the demonstration only."""
        return TourBar(self._request) if self.demo else None

    @cached_property
    def account(self) -> list[Entry]:
        entry = _entry("accounts-me", gettext_noop("My account"), "settings")
        return [entry] if entry else []

    @cached_property
    def foot(self) -> list[Entry]:
        return _entries(FOOT)

    @cached_property
    def work_count(self) -> int:
        return open_work_count(self.actor) if self.signed_in else 0

    @cached_property
    def other_organisations(self) -> list[OrganisationView]:
        """The organisations that this person could act for instead."""
        if self.actor.user_id is None:
            return []
        at = getattr(self._request, "at", None) or now()
        own = organisations_of_user(self.actor.user_id, at)
        return [one for one in own if one.id != self.actor.organisation_id]


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what base.html needs around any page. A fragment for htmx has neither frame nor clock."""
    shown: dict[str, Any] = {"frame": Frame(request)}
    if settings.TIME_TRAVEL and request.headers.get("HX-Request") != "true":
        shown |= bar(request)
    return shown
