"""Freezes and pledges: which there are, what they hold, and why a holder has too few units."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop as _

from accounts.rules import Actor
from rulebook.errors import Refusal
from rulebook.rules import beijing
from settlement import rules
from settlement.errors import HoldNotThere, InsufficientUnits, UnitsElsewhere, UnitsFrozen, UnitsPledged
from settlement.models import Hold, HoldEntry, Holding, HoldLift, HoldPart
from settlement.rules import HoldReason, LiveHold, Purpose, Stack

REASON_NAMES = {
    HoldReason.JUDICIAL: _("judicial freeze"),
    HoldReason.DISTURBANCE: _("disturbance case"),
    HoldReason.SUSPENSION: _("suspension"),
    HoldReason.INQUIRY: _("inquiry"),
    HoldReason.PLEDGE: _("pledge"),
}
NO_END = _("lifted")


@dataclass(frozen=True)
class HoldSummary:
    """What other rooms and pages say of a hold, and how its units stand.

    in_ledger: frozen, or pledged, by it alone. waiting: of a freeze, behind another; of a pledge, beneath a freeze.
    """

    id: int
    organisation_id: int
    asset_id: int
    reason: HoldReason
    authority: str
    document: str
    since: datetime | None
    until: date | None
    state: str
    units: int
    in_ledger: int
    waiting: int
    open: int


@dataclass(frozen=True)
class HoldStep:
    """One entry of a hold: when, of which kind, how many units went from which purpose to which."""

    entry_id: int
    kind: str
    at: datetime
    source: Purpose
    target: Purpose
    units: int


def holds_visible_to(
    actor: Actor, *, state: str = "", reason: str = "", text: str = "", organisation_ids: Iterable[int] | None = None
) -> QuerySet[Hold]:
    """Return the holds `actor` may see, newest first; text: part of a document's number or of the authority."""
    rows = Hold.objects.visible_to(actor)
    if "\0" in state + reason + text:  # The database takes no such text, so nothing holds it.
        return rows.none()
    if state:
        rows = rows.filter(state=state)
    if reason:
        rows = rows.filter(reason=reason)
    if text:
        named = Q(basis_number__icontains=text) | Q(authority__icontains=text)
        if organisation_ids is not None:
            named |= Q(organisation_id__in=organisation_ids)
        rows = rows.filter(named)
    return rows.select_related("asset", "evidence").order_by("-pk")


def hold(actor: Actor, hold_id: int) -> Hold:
    """Return one freeze or pledge. Raises HoldNotThere."""
    found = holds_visible_to(actor).filter(pk=hold_id).first()
    if found is None:
        raise HoldNotThere
    return found


def hold_summary(hold_id: int) -> HoldSummary:
    """Return what any room may say of a hold that it knows by its id."""
    return summaries([Hold.objects.get(pk=hold_id)])[0]


def summaries(rows: Iterable[Hold]) -> list[HoldSummary]:
    """Return the summaries of holds, in the order given."""
    holds = list(rows)
    in_ledger: dict[int, int] = defaultdict(int)
    waiting: dict[int, int] = defaultdict(int)
    covered: dict[int, int] = defaultdict(int)
    ids = [row.pk for row in holds]
    parts = HoldPart.objects.filter(Q(hold_id__in=ids) | Q(taken_from_id__in=ids), units__gt=0)
    for part in parts.select_related("taken_from"):
        behind = part.taken_from is not None and part.taken_from.reason != HoldReason.PLEDGE
        (waiting if behind else in_ledger)[part.hold_id] += part.units
        if part.taken_from_id is not None and not behind:
            covered[part.taken_from_id] += part.units
    return [
        HoldSummary(
            row.pk,
            row.organisation_id,
            row.asset_id,
            HoldReason(row.reason),
            row.authority,
            row.basis_number,
            row.since,
            row.until,
            row.state,
            row.units - row.released_units,
            in_ledger[row.pk] - (covered[row.pk] if row.reason == HoldReason.PLEDGE else 0),
            waiting[row.pk] if row.reason != HoldReason.PLEDGE else covered[row.pk],
            max(0, row.open_units - waiting[row.pk]) if row.reason != HoldReason.PLEDGE else 0,
        )
        for row in holds
    ]


def live_holds(organisation_id: int, asset_id: int) -> list[HoldSummary]:
    """Return the holds in force on a holder's units of an asset, the one that goes before all others first."""
    rows = Hold.objects.filter(organisation_id=organisation_id, asset_id=asset_id, state="live")
    return summaries(rows.order_by("rank", "since", "pk"))


def stacked_holds(organisation_id: int) -> dict[int, list[HoldSummary]]:
    """Return the holds in force on all assets of a holder, by asset, in the order in which they count."""
    rows = Hold.objects.filter(organisation_id=organisation_id, state="live").order_by("rank", "since", "pk")
    found: dict[int, list[HoldSummary]] = defaultdict(list)
    for one in summaries(rows):
        found[one.asset_id].append(one)
    return dict(found)


def stack(organisation_id: int, asset_id: int) -> Stack:
    """Return the live holds of a holder on an asset with their parts, as the rules see them."""
    rows = Hold.objects.filter(organisation_id=organisation_id, asset_id=asset_id, state="live")
    holds = [
        LiveHold(row.pk, HoldReason(row.reason), row.units - row.released_units, row.since) for row in rows if row.since
    ]
    parts = HoldPart.objects.filter(hold__in=[one.id for one in holds], units__gt=0)
    return Stack(holds, {(part.hold_id, part.taken_from_id): part.units for part in parts})


def unmet_units(hold_id: int) -> int:
    """Return what a freeze has not taken yet: its open rest and what waits behind other freezes."""
    return Hold.objects.values_list("open_units", flat=True).get(pk=hold_id)


def parts_of(row: Hold) -> list[HoldPart]:
    """Return the parts of a hold that have units, with what they were taken from."""
    return list(row.parts.filter(units__gt=0).select_related("taken_from").order_by("pk"))


def laid_over(row: Hold) -> list[HoldPart]:
    """Return the parts of other holds that lie on a hold, or wait behind it."""
    return list(row.covers.filter(units__gt=0).select_related("hold").order_by("hold__rank", "hold__since", "hold_id"))


def lifts_of(row: Hold) -> list[HoldLift]:
    """Return the releases asked for, oldest first."""
    return list(row.lifts.select_related("evidence").order_by("pk"))


def lift_asked(row: Hold) -> HoldLift | None:
    """Return the release that waits to be decided, if there is one."""
    return row.lifts.filter(state="asked").select_related("evidence").first()


def entries_of(row: Hold) -> list[HoldStep]:
    """Return what a hold has moved, oldest first."""
    named = HoldEntry.objects.filter(hold=row).select_related("entry").order_by("entry_id")
    return [
        HoldStep(
            one.entry_id,
            one.kind,
            one.entry.at,
            Purpose(leg.debited.purpose),
            Purpose(leg.credited.purpose),
            leg.units,
        )
        for one in named
        for leg in one.entry.legs.select_related("debited", "credited").order_by("pk")
    ]


def shortage(organisation_id: int | None, asset_id: int, *, available: int, needed: int) -> Refusal:
    """Return the refusal that says best why a holder has too few units: frozen, pledged, or held elsewhere."""
    if organisation_id is None:
        return InsufficientUnits(available=available, needed=needed)
    rows = Holding.objects.filter(organisation_id=organisation_id, asset_id=asset_id)
    units = {Purpose(purpose): count for purpose, count in rows.values_list("purpose", "units")}
    frozen, pledged = units.get(Purpose.FROZEN, 0), units.get(Purpose.PLEDGED, 0)
    missing = needed - available
    holds = live_holds(organisation_id, asset_id)
    freezes = [one for one in holds if one.reason is not HoldReason.PLEDGE]
    if freezes and (missing <= frozen + pledged or any(one.open for one in freezes)):
        return UnitsFrozen(held=frozen, available=available, needed=needed, **_named(freezes[0]))
    if pledged and missing <= pledged:
        return UnitsPledged(held=pledged, available=available, needed=needed, **_named(holds[0]))
    elsewhere = {
        purpose.value: units.get(purpose, 0)
        for purpose in (Purpose.HELD_FOR_ORDERS, Purpose.PLEDGED, Purpose.FROZEN, Purpose.IN_TRANSIT)
    }
    if not any(elsewhere.values()):
        return InsufficientUnits(available=available, needed=needed)
    return UnitsElsewhere("", None, available=available, needed=needed, **elsewhere)


def _named(one: HoldSummary) -> dict[str, str]:
    assert one.since is not None
    return {
        "since": beijing(one.since).strftime("%Y-%m-%d %H:%M"),
        "reason": REASON_NAMES[one.reason],
        "authority": one.authority,
        "document": one.document,
        "until": one.until.isoformat() if one.until else NO_END,
    }


def digest_of_hold(row: Hold) -> str:
    """Return the hash of what a hold says, from the row and its evidence as they are now."""
    return rules.content_digest(
        row.organisation_id,
        row.asset_id,
        row.units,
        row.reason,
        row.basis_number,
        row.authority,
        row.note,
        row.until,
        row.evidence.sha256 if row.evidence else "",
        row.asked_by_id,
    )


def digest_of_lift(row: HoldLift) -> str:
    """Return the hash of what a release says: the hold's own content, and the request's."""
    return rules.content_digest(
        digest_of_hold(row.hold),
        row.hold_id,
        row.units,
        row.basis_number,
        row.note,
        row.evidence.sha256,
        row.asked_by_id,
    )
