"""Transfers, trusted accounts and reversals: what stands where, what is due, what the numbered checks find."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from accounts.queries import actor_of_client, organisation, user_name, users_with_role
from accounts.rules import HOLDER_KINDS, Actor, OrganisationView, Role
from rulebook.queries import calendar, rule
from rulebook.rules import beijing
from settlement import rules
from settlement.errors import ReversalNotThere, TransferNotThere, TrustedAccountNotThere
from settlement.models import (
    Entry,
    EntryReversal,
    Evidence,
    ReversalRequest,
    Transfer,
    TransferCheck,
    TrustedAccount,
)
from settlement.queries.assets import asset, live_freeze
from settlement.queries.holdings import available_units
from settlement.queries.holds import REASON_NAMES, live_holds, shortage
from settlement.queries.serials import serials_moved_by
from settlement.rules import CheckAnswer, DueTime, Party, SerialRange, Stage, TransferFacts, TransferKind, WaitingRule

# Who of a holder proposes and who confirms; in a holder with owners alone, another owner confirms.
PROPOSING = (Role.FIRM_INITIATOR, Role.OWNER)
CONFIRMING = (Role.FIRM_CONFIRMER, Role.OWNER)


def transfers_visible_to(actor: Actor, *, state: str = "", text: str = "") -> QuerySet[Transfer]:
    """Return the transfers `actor` may see, of a state, with a text in the number of their document."""
    rows = Transfer.objects.visible_to(actor)
    if "\0" in state + text:  # The database takes no such text, so nothing holds it.
        return rows.none()
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(basis_number__icontains=text)
    return rows.select_related("evidence").order_by("-pk")


def transfer(actor: Actor, transfer_id: int) -> Transfer:
    """Return one transfer. Raises TransferNotThere."""
    row = Transfer.objects.visible_to(actor).select_related("evidence").filter(pk=transfer_id).first()
    if row is None:
        raise TransferNotThere
    return row


def checks_of(row: Transfer) -> list[TransferCheck]:
    """Return what the numbered checks found, stage by stage."""
    order = list(Stage)
    return sorted(row.checks.all(), key=lambda one: (order.index(Stage(one.stage)), one.number))


def serials_of_transfer(row: Transfer) -> tuple[SerialRange, ...]:
    """Return the serials of a transfer; none before its units are held."""
    return serials_moved_by(row.hold_entry_id) if row.hold_entry_id else ()


def evidence(actor: Actor, evidence_id: int) -> Evidence:
    """Return a paper the actor may read. Raises TransferNotThere."""
    row = Evidence.objects.visible_to(actor).filter(pk=evidence_id).first()
    if row is None:
        raise TransferNotThere
    return row


def evidence_path(sha256: str) -> Path:
    """Return where a paper's content lies: by its hash, under MEDIA_ROOT."""
    return Path(settings.MEDIA_ROOT) / "documents" / sha256[:2] / sha256


def evidence_content(row: Evidence) -> bytes:
    """Return the content of a paper."""
    return evidence_path(row.sha256).read_bytes()


def is_intact(row: Evidence) -> bool:
    """Tell whether the stored file still is what was handed in."""
    path = evidence_path(row.sha256)
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == row.sha256


# -- trusted accounts


def trusted_accounts_visible_to(actor: Actor) -> QuerySet[TrustedAccount]:
    """Return the trusted accounts `actor` may see, newest first."""
    return TrustedAccount.objects.visible_to(actor).order_by("-pk")


def trusted_account(actor: Actor, trust_id: int) -> TrustedAccount:
    """Return one trusted account. Raises TrustedAccountNotThere."""
    row = TrustedAccount.objects.visible_to(actor).filter(pk=trust_id).first()
    if row is None:
        raise TrustedAccountNotThere
    return row


def is_trusted(organisation_id: int, receiver_id: int, at: datetime) -> bool:
    """Tell whether a receiver is on the holder's list and counts at `at`."""
    return TrustedAccount.objects.counting(organisation_id, receiver_id, at).exists()


# -- times


def _noon(at: datetime) -> time:
    return time.fromisoformat(rule("transfer.waiting_until_time", at=at).value)


def due_of(row: Transfer, at: datetime) -> DueTime:
    """Return when a transfer would be executed if it were approved at `at`: at once to a trusted receiver.

    Never before `at`: an approval that comes after the waiting time executes at once.
    """
    if is_trusted(row.from_organisation_id, row.to_organisation_id, at):
        return DueTime(at, False)
    waits = waiting_time(row.proposed_at)
    return waits if waits.provisional else DueTime(max(waits.at, at), False)


def waiting_time(proposed_at: datetime) -> DueTime:
    """Return until when a transfer proposed then waits, if its receiver is not a trusted one."""
    waiting = WaitingRule(
        _noon(proposed_at),
        int(rule("transfer.waiting_early_working_days", at=proposed_at).value),
        int(rule("transfer.waiting_late_working_days", at=proposed_at).value),
    )
    return rules.waits_until(proposed_at, calendar(), waiting)


def trust_counts_from(approved_at: datetime) -> DueTime:
    """Return from when a trusted account approved then counts."""
    days = int(rule("transfer.trusted_after_working_days", at=approved_at).value)
    return rules.counts_from(approved_at, calendar(), working_days=days, noon=_noon(approved_at))


def transfer_instants(after: datetime, until: datetime) -> list[datetime]:
    """Return the instants in (after, until] at which a transfer is to be executed."""
    due = Transfer.objects.filter(state="approved", due_provisional=False, due_at__gt=after, due_at__lte=until)
    return sorted({one for one in due.values_list("due_at", flat=True) if one is not None})


def due_transfer_ids(at: datetime, limit: int) -> list[int]:
    """Return the transfers that are due, the longest due first."""
    rows = Transfer.objects.filter(state="approved", due_provisional=False, due_at__lte=at)
    return list(rows.order_by("due_at", "pk").values_list("pk", flat=True)[:limit])


# -- the numbered checks


def evidence_kinds(kind: str, at: datetime) -> list[str]:
    """Return which kinds of evidence prove a transfer of a kind."""
    return [str(one) for one in rule("transfer.evidence_kinds", at=at).value.get(kind, [])]


def run_checks(row: Transfer, *, stage: Stage, at: datetime, approver_id: int | None = None) -> tuple[CheckAnswer, ...]:
    """Return what the numbered checks find of a transfer at `at`; nothing is written."""
    found = asset(row.asset_id)
    freeze = _frozen(row)
    held = row.hold_entry_id is not None
    there = available_units(row.from_organisation_id, row.asset_id)
    kind = TransferKind(row.kind)
    return rules.check_transfer(
        TransferFacts(
            stage=stage,
            kind=kind,
            giver=_party(organisation(row.from_organisation_id)),
            receiver=_party(organisation(row.to_organisation_id)),
            is_credit=found.credit is not None,
            credit_type=found.credit.credit_type if found.credit else "",
            units=row.units,
            units_there=row.units if held else there,
            frozen=freeze,
            evidence_kind=row.evidence.kind,
            evidence_intact=is_intact(row.evidence),
            fit_evidence=evidence_kinds(row.kind, at),
            trusted=is_trusted(row.from_organisation_id, row.to_organisation_id, at)
            if row.is_trusted is None
            else row.is_trusted,
            due=DueTime(row.due_at, row.due_provisional) if row.due_at else due_of(row, at),
            at=at,
            # Once two persons have agreed, it does not matter whether they leave before the time is up.
            inactive=[] if held else inactive_persons(row, at),
            same_person=approver_id is not None and approver_id in (row.proposed_by_id, row.confirmed_by_id),
            twin=_twin(row),
            shortage=None
            if held or there >= row.units
            else shortage(row.from_organisation_id, row.asset_id, available=there, needed=row.units),
        )
    )


def _frozen(row: Transfer) -> dict[str, str] | None:
    """Return the freeze that stands against a transfer: of the whole batch, or one that waits for the giver's units.

    A court's transfer is not stopped by a freeze that came after it.
    """
    batch = live_freeze(row.asset_id)
    if batch is not None:
        return _words_of(batch.since, batch.order_number, batch.reason)
    if row.kind == TransferKind.COURT:
        return None
    waiting = next((one for one in live_holds(row.from_organisation_id, row.asset_id) if one.open), None)
    if waiting is None or waiting.since is None:
        return None
    return _words_of(waiting.since, waiting.document, REASON_NAMES[waiting.reason])


def _words_of(since: datetime, order_number: str, reason: str) -> dict[str, str]:
    return {"since": beijing(since).strftime("%Y-%m-%d %H:%M"), "order_number": order_number, "reason": reason}


def _party(one: OrganisationView) -> Party:
    return Party(one.id, one.kind in HOLDER_KINDS, one.is_frozen)


def _twin(row: Transfer) -> int | None:
    live = Transfer.objects.filter(
        state__in=["proposed", "approved", "executed"],
        kind=row.kind,
        from_organisation_id=row.from_organisation_id,
        to_organisation_id=row.to_organisation_id,
        asset_id=row.asset_id,
        units=row.units,
        basis_number=row.basis_number,
    )
    return live.exclude(pk=row.pk).values_list("pk", flat=True).first()


def inactive_persons(row: Transfer, at: datetime) -> list[str]:
    """Return the names of those who proposed or confirmed a transfer and do not hold their role at `at`."""
    wanted: list[tuple[int | None, tuple[Role, ...], int | None]]
    if row.kind == TransferKind.COURT:
        wanted = [(row.proposed_by_id, (Role.SETTLEMENT_OPERATOR,), None)]
    else:
        giver = row.from_organisation_id
        wanted = [(row.proposed_by_id, PROPOSING, giver), (row.confirmed_by_id, CONFIRMING, giver)]
    names = [
        user_name(user_id)
        for user_id, roles, organisation_id in wanted
        if user_id is not None and not _holds(user_id, roles, organisation_id, at)
    ]
    if row.proposed_by_client_id is not None:
        client = actor_of_client(row.proposed_by_client_id)
        if client.organisation_id != row.from_organisation_id:
            names.append(f"API {row.proposed_by_client_id}")
    return names


def _holds(user_id: int, roles: Iterable[Role], organisation_id: int | None, at: datetime) -> bool:
    return any(one.id == user_id for role in roles for one in users_with_role(role, organisation_id, at=at))


def confirming_role(organisation_id: int, at: datetime) -> Role:
    """Return in whose queue of a holder the second step stands: its confirmers', else its owners'."""
    return Role.FIRM_CONFIRMER if users_with_role(Role.FIRM_CONFIRMER, organisation_id, at=at) else Role.OWNER


# -- reversals


@dataclass(frozen=True)
class ReversalView:
    """What has been done, or is proposed, to undo an entry."""

    id: int
    reverses_id: int
    reason: str
    note: str
    digest: str
    state: str
    proposed_by_id: int
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    entry_id: int | None


def reversal_view(row: ReversalRequest) -> ReversalView:
    """Return a reversal in words."""
    return ReversalView(
        row.pk,
        row.reverses_id,
        row.reason,
        row.note,
        row.digest,
        row.state,
        row.proposed_by_id,
        user_name(row.proposed_by_id),
        row.proposed_at,
        user_name(row.decided_by_id),
        row.decided_at,
        row.entry_id,
    )


def reversals_visible_to(actor: Actor, entry_id: int | None = None) -> list[ReversalView]:
    """Return the reversals that were asked for, newest first: for those who watch over the ledger alone."""
    if not actor.has(Role.AUDITOR, Role.SETTLEMENT_OPERATOR):
        return []
    rows = ReversalRequest.objects.all() if entry_id is None else ReversalRequest.objects.filter(reverses_id=entry_id)
    return [reversal_view(row) for row in rows.order_by("-pk")]


def reversal(actor: Actor, reversal_id: int) -> ReversalView:
    """Return one reversal. Raises ReversalNotThere."""
    for view in reversals_visible_to(actor):
        if view.id == reversal_id:
            return view
    raise ReversalNotThere


def reversal_of(entry_id: int) -> int | None:
    """Return the entry that undoes an entry, if there is one."""
    return EntryReversal.objects.filter(reverses_id=entry_id).values_list("entry_id", flat=True).first()


def can_be_reversed(entry_id: int) -> bool:
    """Tell whether an entry is of a kind that may be undone, and is not undone yet."""
    kind = Entry.objects.filter(pk=entry_id).values_list("kind", flat=True).first()
    return kind in rules.REVERSIBLE and reversal_of(entry_id) is None
