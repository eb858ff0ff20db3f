"""Trusted accounts: receivers that a holder's transfers need not wait for. Source: reliability.md section 3."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import RoleMissing
from accounts.queries import organisation_by_uscc
from accounts.rules import HOLDER_KINDS, Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from settlement import queries
from settlement.errors import (
    ReceiverMayNotHold,
    ReceiverNotThere,
    SameOrganisation,
    StepNotOpen,
    TransferSamePerson,
    TrustedAccountNotThere,
    TrustKnown,
)
from settlement.models import TrustedAccount
from settlement.queries.transfers import CONFIRMING, PROPOSING, confirming_role
from settlement.rules import TrustState
from settlement.services.transfers import needed_text


@transaction.atomic
def propose_trusted_account(*, actor: Actor, to_uscc: str, reason: str, at: datetime) -> TrustedAccount:
    """Propose that the actor's organisation trusts a receiver.

    Raises RoleMissing, ReceiverNotThere, SameOrganisation, ReceiverMayNotHold, TrustKnown, ReasonNeeded.
    """
    if not actor.has(*PROPOSING) or actor.user_id is None or actor.organisation_id is None:
        raise RoleMissing(roles=list(PROPOSING))
    receiver = organisation_by_uscc(to_uscc)
    if receiver is None:
        raise ReceiverNotThere(field="to", found_value=to_uscc[:40])
    if receiver.id == actor.organisation_id:
        raise SameOrganisation(field="to")
    if receiver.kind not in HOLDER_KINDS:
        raise ReceiverMayNotHold(field="to")
    open_ones = TrustedAccount.objects.filter(
        organisation_id=actor.organisation_id, trusted_id=receiver.id, state__in=["proposed", "approved"]
    )
    if open_ones.exists():  # Two at once: `trusted_account_is_open_once` has the last word.
        raise TrustKnown(field="to")
    row = TrustedAccount.objects.create(
        organisation_id=actor.organisation_id,
        trusted_id=receiver.id,
        reason=needed_text("reason", reason)[:200],
        proposed_by_id=actor.user_id,
        proposed_at=at,
    )
    open_work_item(
        kind="approve_trusted_account",
        title=_("Approve a trusted account: {name}"),
        subject=_subject(row),
        url="/transfers/trusted/",
        role=confirming_role(actor.organisation_id, at),
        organisation_id=actor.organisation_id,
        found={"name": receiver.name},
        at=at,
    )
    _note(row, actor, "propose_trusted_account", None, at)
    return row


@transaction.atomic
def approve_trusted_account(*, actor: Actor, trust_id: int, at: datetime) -> TrustedAccount:
    """Approve a trusted account as the holder's second person; it counts from the rulebook's working day on.

    Raises TrustedAccountNotThere, RoleMissing, StepNotOpen, TransferSamePerson, PasswordNeeded.
    """
    row = _locked(actor, trust_id)
    if row.organisation_id != actor.organisation_id or not actor.has(*CONFIRMING) or actor.user_id is None:
        raise RoleMissing(roles=list(CONFIRMING))
    if row.state != TrustState.PROPOSED:
        raise StepNotOpen(verb="approve", state=row.state)
    if row.proposed_by_id == actor.user_id:
        raise TransferSamePerson
    require_confirmed(actor, at)
    begins = queries.trust_counts_from(at)
    row.state, row.approved_by_id, row.approved_at = TrustState.APPROVED.value, actor.user_id, at
    row.counts_from, row.counts_provisional = begins.at, begins.provisional
    row.save(update_fields=["state", "approved_by", "approved_at", "counts_from", "counts_provisional"])
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, "approve_trusted_account", {"state": "proposed"}, at)
    return row


@transaction.atomic
def end_trusted_account(*, actor: Actor, trust_id: int, at: datetime) -> TrustedAccount:
    """Stop a trusted account before it counts, or revoke it afterwards: either person may, and the holder; at once.

    Raises TrustedAccountNotThere, RoleMissing, StepNotOpen.
    """
    row = _locked(actor, trust_id)
    if actor.user_id is None or not may_end(actor, row):
        raise RoleMissing(roles=[Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, Role.OWNER])
    if row.state not in (TrustState.PROPOSED, TrustState.APPROVED):
        raise StepNotOpen(verb="stop", state=row.state)
    before = {"state": row.state}
    counts = row.counts_from is not None and not row.counts_provisional and row.counts_from <= at
    row.state = TrustState.REVOKED.value if counts else TrustState.STOPPED.value
    row.ended_by_id, row.ended_at = actor.user_id, at
    row.save(update_fields=["state", "ended_by", "ended_at"])
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, "end_trusted_account", before, at)
    return row


def may_end(actor: Actor, row: TrustedAccount) -> bool:
    """Tell whether the actor is one of the two persons, or acts for the holder."""
    if actor.user_id is not None and actor.user_id in (row.proposed_by_id, row.approved_by_id):
        return True
    own = row.organisation_id == actor.organisation_id
    return own and actor.has(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, Role.OWNER)


def fix_provisional_trust(at: datetime) -> None:
    """Count anew from when an account counts, once the calendar of that year is loaded."""
    for trust_id in TrustedAccount.objects.filter(state="approved", counts_provisional=True).values_list(
        "pk", flat=True
    ):
        with transaction.atomic():
            row = TrustedAccount.objects.select_for_update(of=("self",)).get(pk=trust_id)
            if row.state != TrustState.APPROVED or not row.counts_provisional or row.approved_at is None:
                continue
            begins = queries.trust_counts_from(row.approved_at)
            if not begins.provisional:
                row.counts_from, row.counts_provisional = begins.at, False
                row.save(update_fields=["counts_from", "counts_provisional"])


def _locked(actor: Actor, trust_id: int) -> TrustedAccount:
    row = TrustedAccount.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=trust_id).first()
    if row is None:
        raise TrustedAccountNotThere
    return row


def _subject(row: TrustedAccount) -> str:
    return f"trusted_account:{row.pk}"


def _note(row: TrustedAccount, actor: Actor, verb: str, before: dict[str, str] | None, at: datetime) -> None:
    after = {
        "state": row.state,
        "trusted": row.trusted_id,
        "counts_from": row.counts_from.isoformat() if row.counts_from else None,
    }
    record_audit(actor=actor, verb=verb, subject=_subject(row), before=before, after=after, at=at)
