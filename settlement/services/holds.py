"""Freezes and pledges: placed, confirmed, registered, released.

A freeze needs one person and works at once; every release needs two. A pledge is asked for and confirmed by two persons
of the holder and registered by a settlement operator on the pledgee's document. Source: reliability.md section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import RoleMissing
from accounts.queries import organisation, users_with_role
from accounts.rules import HOLDER_KINDS, Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from settlement import queries
from settlement.errors import (
    AssetNotThere,
    DocumentNeeded,
    HolderFrozen,
    HolderMayNotHold,
    HoldNotThere,
    HoldSamePerson,
    InvalidQuantity,
    LiftAskedAlready,
    StaleVersion,
    StepNotOpen,
)
from settlement.models import Asset, Hold, HoldLift
from settlement.queries.holds import digest_of_hold, digest_of_lift, shortage
from settlement.rules import RANKS, AssetKind, EntryKind, HoldReason, HoldState, LiftState, LiveHold
from settlement.services.evidence import EvidenceFile, keep_evidence
from settlement.services.orders import refuse_frozen_asset
from settlement.services.stacks import catch_up_freezes, locked_stack, post_shifts, write_stack
from settlement.services.transfers import needed_text

OPERATOR = Role.SETTLEMENT_OPERATOR
OFFICES = (Role.SETTLEMENT_OPERATOR, Role.ECOLOGY_RECORDER)
PROPOSING = (Role.FIRM_INITIATOR, Role.OWNER)
CONFIRMING = (Role.FIRM_CONFIRMER, Role.OWNER)
MOST_UNITS = 10**12


@dataclass(frozen=True)
class NewHold:
    """What a freeze or a pledge is to be: the units, the document it rests on, who issued it, until when."""

    asset_id: int
    units: int
    basis_number: str
    authority: str
    evidence: EvidenceFile | None = None
    until: date | None = None
    note: str = ""


def placing_roles(reason: HoldReason) -> tuple[Role, ...]:
    """Return who places a freeze for a reason, and who may ask for its release and decide on it."""
    return (OPERATOR,) if reason in (HoldReason.JUDICIAL, HoldReason.PLEDGE) else OFFICES


@transaction.atomic
def place_freeze(*, actor: Actor, organisation_id: int, reason: HoldReason, new: NewHold, at: datetime) -> Hold:
    """Freeze units of a holder at once and return the freeze; one person suffices.

    Available units are taken first, then pledged ones, then it takes over or waits behind other freezes; what is still
    missing stays open, and whatever becomes available is caught. Units held for orders are the exchange's to free
    (exchange.services.freeze_units). Raises RoleMissing, AssetNotThere, HolderMayNotHold, InvalidQuantity,
    ReasonNeeded, DocumentNeeded, FileRejected.
    """
    assert reason is not HoldReason.PLEDGE
    _require(actor, *placing_roles(reason))
    if reason is HoldReason.JUDICIAL and new.evidence is None:
        raise DocumentNeeded(field="evidence")
    row = _new_hold(actor, organisation_id, reason, new, at)
    row.state, row.set_by_id, row.since = HoldState.LIVE.value, actor.user_id, at
    found, available = locked_stack(organisation_id, new.asset_id)
    row.open_units = row.units
    row.save(force_insert=True)
    shifts = found.place(LiveHold(row.pk, reason, row.units, at), available)
    write_stack(found)
    post_shifts(row, shifts, kind=EntryKind.FREEZE, at=at, maker_id=actor.user_id)
    row.refresh_from_db()
    _note(row, actor, "place_freeze", None, at)
    return row


@transaction.atomic
def ask_pledge(*, actor: Actor, new: NewHold, at: datetime) -> Hold:
    """Ask for a pledge of the own credits to be registered; the holder's second person confirms it.

    Raises RoleMissing, AssetNotThere, HolderMayNotHold, InvalidQuantity, ReasonNeeded, DocumentNeeded, FileRejected,
    InsufficientUnits, UnitsFrozen, UnitsPledged.
    """
    _require(actor, *PROPOSING)
    if actor.organisation_id is None:
        raise HolderMayNotHold
    if new.evidence is None:
        raise DocumentNeeded(field="evidence")
    row = _new_hold(actor, actor.organisation_id, HoldReason.PLEDGE, new, at)
    available = queries.available_units(row.organisation_id, row.asset_id)
    if available < row.units:
        raise shortage(row.organisation_id, row.asset_id, available=available, needed=row.units)
    refuse_frozen_asset(row.asset_id)
    row.state = HoldState.ASKED.value
    row.save(force_insert=True)
    role = Role.FIRM_CONFIRMER if users_with_role(Role.FIRM_CONFIRMER, row.organisation_id, at=at) else Role.OWNER
    _ask(row, "confirm_pledge", _("Confirm a pledge of {units} t"), role, row.organisation_id, row.units, at)
    _note(row, actor, "ask_pledge", None, at)
    return row


@transaction.atomic
def confirm_pledge(*, actor: Actor, hold_id: int, digest: str, at: datetime) -> Hold:
    """Confirm a pledge as the holder's second person; it goes to the settlement operators for registration.

    digest: of what the person has seen. Raises HoldNotThere, RoleMissing, StepNotOpen, HoldSamePerson, PasswordNeeded,
    StaleVersion.
    """
    row = _locked(actor, hold_id, "confirm", HoldState.ASKED)
    _require(actor, *CONFIRMING)
    if row.organisation_id != actor.organisation_id:
        raise HoldNotThere
    _agree(row, actor, digest, at)
    row.state, row.confirmed_by_id, row.confirmed_at = HoldState.CONFIRMED.value, actor.user_id, at
    row.save(update_fields=["state", "confirmed_by", "confirmed_at"])
    close_work_items(subject=_subject(row), at=at)
    _ask(row, "register_pledge", _("Register a pledge of {units} t"), OPERATOR, None, row.units, at)
    _note(row, actor, "confirm_pledge", {"state": HoldState.ASKED.value}, at)
    return row


@transaction.atomic
def register_pledge(*, actor: Actor, hold_id: int, digest: str, at: datetime) -> Hold:
    """Register a confirmed pledge on the pledgee's document: its units are pledged from now on.

    Raises HoldNotThere, RoleMissing, StepNotOpen, HoldSamePerson, PasswordNeeded, StaleVersion, InsufficientUnits,
    UnitsFrozen, UnitsPledged, AssetFrozen, HolderFrozen.
    """
    _require(actor, OPERATOR)
    seen = queries.hold(actor, hold_id)
    found, available = locked_stack(seen.organisation_id, seen.asset_id)
    row = _locked(actor, hold_id, "register", HoldState.CONFIRMED)
    _agree(row, actor, digest, at)
    refuse_frozen_asset(row.asset_id)
    if organisation(row.organisation_id).is_frozen:
        raise HolderFrozen
    if available < row.units:
        raise shortage(row.organisation_id, row.asset_id, available=available, needed=row.units)
    row.state, row.set_by_id, row.since = HoldState.LIVE.value, actor.user_id, at
    row.save(update_fields=["state", "set_by", "since"])
    shifts = found.place(LiveHold(row.pk, HoldReason.PLEDGE, row.units, at), available)
    write_stack(found)
    post_shifts(row, shifts, kind=EntryKind.PLEDGE, at=at, maker_id=row.confirmed_by_id, checker_id=actor.user_id)
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, "register_pledge", {"state": HoldState.CONFIRMED.value}, at)
    return row


@transaction.atomic
def refuse_pledge(*, actor: Actor, hold_id: int, at: datetime) -> Hold:
    """End a pledge that is not registered: a settlement operator refuses it, or the holder takes it back.

    Raises HoldNotThere, RoleMissing, StepNotOpen.
    """
    row = _locked(actor, hold_id, "refuse", HoldState.ASKED, HoldState.CONFIRMED)
    if not actor.has(OPERATOR):
        _require(actor, *PROPOSING, *CONFIRMING)
        if row.organisation_id != actor.organisation_id:
            raise HoldNotThere
    before = {"state": row.state}
    row.state, row.ended_at, row.ended_by_id = HoldState.REFUSED.value, at, actor.user_id
    row.save(update_fields=["state", "ended_at", "ended_by"])
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, "refuse_pledge", before, at)
    return row


@transaction.atomic
def ask_lift(
    *, actor: Actor, hold_id: int, units: int, basis_number: str, note: str, evidence: EvidenceFile | None, at: datetime
) -> HoldLift:
    """Ask for the release of a freeze or a pledge, whole or in part, on the document that orders it.

    Of a pledge the holder may ask as well, with the pledgee's document. Raises HoldNotThere, RoleMissing, StepNotOpen,
    InvalidQuantity, ReasonNeeded, DocumentNeeded, FileRejected, LiftAskedAlready.
    """
    row = _locked(actor, hold_id, "ask_lift", HoldState.LIVE)
    if not may_ask_lift(actor, row):
        raise RoleMissing(roles=list(placing_roles(HoldReason(row.reason))))
    left = row.units - row.released_units
    _check_units(units, left)
    if evidence is None:
        raise DocumentNeeded(field="evidence")
    if row.lifts.filter(state=LiftState.ASKED).exists():
        raise LiftAskedAlready
    assert actor.user_id is not None
    lift = HoldLift(
        hold=row,
        units=units,
        basis_number=needed_text("basis_number", basis_number),
        note=_optional(note),
        evidence=keep_evidence(file=evidence, organisation_id=row.organisation_id, actor=actor, at=at),
        asked_by_id=actor.user_id,
        asked_at=at,
    )
    lift.digest = digest_of_lift(lift)
    lift.save(force_insert=True)
    for role in placing_roles(HoldReason(row.reason)):
        _ask(row, "decide_lift", _("Decide on the release of {units} t"), role, None, units, at)
    _note(row, actor, "ask_lift", None, at, units=units, document=lift.basis_number)
    return lift


def may_ask_lift(actor: Actor, row: Hold) -> bool:
    """Tell whether the actor may ask for a hold's release."""
    if actor.user_id is None:
        return False
    if actor.has(*placing_roles(HoldReason(row.reason))):
        return True
    own = row.organisation_id == actor.organisation_id and actor.has(*PROPOSING)
    return row.reason == HoldReason.PLEDGE and own


@transaction.atomic
def lift_hold(*, actor: Actor, lift_id: int, digest: str, at: datetime) -> HoldLift:
    """Release what was asked for, as another person than who asked.

    Units go back to where they came from, or to the freeze that waits for them. Raises HoldNotThere, RoleMissing,
    StepNotOpen, HoldSamePerson, PasswordNeeded, StaleVersion.
    """
    seen = _lift(actor, lift_id)
    found, _available = locked_stack(seen.hold.organisation_id, seen.hold.asset_id)
    row = Hold.objects.select_for_update(of=("self",)).get(pk=seen.hold_id)
    lift = _locked_lift(lift_id)
    if lift.asked_by_id == actor.user_id:
        raise HoldSamePerson
    require_confirmed(actor, at)
    if not digest == lift.digest == digest_of_lift(lift):
        raise StaleVersion(field="digest")
    shifts = found.lift(row.pk, lift.units)
    lift.state, lift.decided_by_id, lift.decided_at = LiftState.DONE.value, actor.user_id, at
    lift.save(update_fields=["state", "decided_by", "decided_at"])
    row.released_units += lift.units
    if row.released_units == row.units:
        row.state, row.open_units, row.ended_at, row.ended_by_id = HoldState.ENDED.value, 0, at, actor.user_id
    else:
        row.open_units = found.unmet(row.pk)
    row.save(update_fields=["released_units", "open_units", "state", "ended_at", "ended_by"])
    # Before the entry: what it makes available may be caught by another freeze at once.
    write_stack(found, [row.pk])
    post_shifts(
        row,
        shifts,
        kind=EntryKind.RELEASE_PLEDGE if row.reason == HoldReason.PLEDGE else EntryKind.UNFREEZE,
        at=at,
        lift_id=lift.pk,
        maker_id=lift.asked_by_id,
        checker_id=actor.user_id,
    )
    # What has gone back to a pledge is not available, so that no door has seen it: another freeze may still want it.
    catch_up_freezes(organisation_id=row.organisation_id, asset_id=row.asset_id, at=at)
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, "lift_hold", {"state": HoldState.LIVE.value}, at, units=lift.units, document=lift.basis_number)
    return lift


@transaction.atomic
def refuse_lift(*, actor: Actor, lift_id: int, at: datetime) -> HoldLift:
    """Leave a hold as it is: another person refuses the release, or who asked for it takes it back.

    Raises HoldNotThere, RoleMissing, StepNotOpen.
    """
    seen = _lift(actor, lift_id)
    Hold.objects.select_for_update(of=("self",)).get(pk=seen.hold_id)
    lift = _locked_lift(lift_id)
    lift.state, lift.decided_by_id, lift.decided_at = LiftState.REFUSED.value, actor.user_id, at
    lift.save(update_fields=["state", "decided_by", "decided_at"])
    close_work_items(subject=_subject(lift.hold), at=at)
    _note(lift.hold, actor, "refuse_lift", {"state": HoldState.LIVE.value}, at, units=lift.units)
    return lift


def _lift(actor: Actor, lift_id: int) -> HoldLift:
    found = HoldLift.objects.select_related("hold").filter(pk=lift_id).first()
    if found is None:
        raise HoldNotThere
    queries.hold(actor, found.hold_id)
    if found.asked_by_id != actor.user_id or found.state != LiftState.ASKED:
        _require(actor, *placing_roles(HoldReason(found.hold.reason)))
    return found


def _locked_lift(lift_id: int) -> HoldLift:
    lift = HoldLift.objects.select_for_update(of=("self",)).select_related("hold", "evidence").get(pk=lift_id)
    if lift.state != LiftState.ASKED:
        raise StepNotOpen(verb="decide", state=lift.state)
    return lift


def _new_hold(actor: Actor, organisation_id: int, reason: HoldReason, new: NewHold, at: datetime) -> Hold:
    """Return a hold that is not saved yet, checked and with its evidence kept."""
    if not Asset.objects.filter(pk=new.asset_id, kind=AssetKind.CREDIT).exists():
        raise AssetNotThere(field="asset")
    if organisation(organisation_id).kind not in HOLDER_KINDS:
        raise HolderMayNotHold(field="organisation")
    _check_units(new.units, MOST_UNITS)
    row = Hold(
        organisation_id=organisation_id,
        asset_id=new.asset_id,
        units=new.units,
        reason=reason.value,
        rank=RANKS[reason],
        basis_number=needed_text("basis_number", new.basis_number),
        authority=needed_text("authority", new.authority),
        note=_optional(new.note),
        until=new.until,
        asked_by_id=actor.user_id,
        asked_at=at,
    )
    if new.evidence is not None:
        row.evidence = keep_evidence(file=new.evidence, organisation_id=organisation_id, actor=actor, at=at)
    row.digest = digest_of_hold(row)
    return row


def _check_units(units: int, most: int) -> None:
    if isinstance(units, bool) or not isinstance(units, int) or not 0 < units <= most:
        raise InvalidQuantity(field="units", found_value=units)


def _optional(note: str) -> str:
    return needed_text("note", note) if note.strip() else ""


def _require(actor: Actor, *roles: Role) -> None:
    if not actor.has(*roles) or actor.user_id is None:
        raise RoleMissing(roles=list(roles))


def _locked(actor: Actor, hold_id: int, verb: str, *states: HoldState) -> Hold:
    """Return a hold the actor may see, locked, in one of the states."""
    queries.hold(actor, hold_id)
    row = Hold.objects.select_for_update(of=("self",)).select_related("evidence").get(pk=hold_id)
    if row.state not in states:
        raise StepNotOpen(verb=verb, state=row.state)
    return row


def _agree(row: Hold, actor: Actor, digest: str, at: datetime) -> None:
    """Return if another person agrees to exactly what was asked for."""
    if actor.user_id in (row.asked_by_id, row.confirmed_by_id):
        raise HoldSamePerson
    require_confirmed(actor, at)
    # What the person saw, what is written down and what the row says now are one and the same.
    if not digest == row.digest == digest_of_hold(row):
        raise StaleVersion(field="digest")


def _subject(row: Hold) -> str:
    return f"hold:{row.pk}"


def _ask(row: Hold, kind: str, title: str, role: Role, organisation_id: int | None, units: int, at: datetime) -> None:
    open_work_item(
        kind=kind,
        title=title,
        subject=_subject(row),
        url=f"/holds/{row.pk}/",
        role=role,
        organisation_id=organisation_id,
        found={"units": f"{units:,}"},
        at=at,
    )


def _note(row: Hold, actor: Actor, verb: str, before: dict[str, str] | None, at: datetime, **more: object) -> None:
    after = {
        "state": row.state,
        "reason": row.reason,
        "organisation": row.organisation_id,
        "asset": row.asset_id,
        "units": row.units,
        "released": row.released_units,
        "document": row.basis_number,
    }
    record_audit(actor=actor, verb=verb, subject=_subject(row), before=before, after={**after, **more}, at=at)
