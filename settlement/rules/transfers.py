"""Non-trade transfers (非交易过户): what may pass from one holder to another outside a trade, when, and on what proof.

Source: reliability.md section 3 (two persons, trusted accounts); design section 6 (units from a transfer are neither
bought nor sold).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Any

from rulebook.errors import Refusal
from rulebook.rules import Calendar, DueDate, beijing
from rulebook.rules.days import BEIJING
from settlement import errors


class TransferKind(StrEnum):
    """Why credits change hands without a trade."""

    INHERITANCE = "inheritance"
    MERGER = "merger"
    COURT = "court"
    GIFT = "gift"


class TransferState(StrEnum):
    """Where a transfer stands. CANCELLED: stopped by its own side; REFUSED: by the venue or by a failed check."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    EXECUTED = "executed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    REVERSED = "reversed"


class TrustState(StrEnum):
    """Where a trusted account stands. STOPPED before it counted, REVOKED afterwards."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    STOPPED = "stopped"
    REVOKED = "revoked"


class ReversalReason(StrEnum):
    """Why a correcting entry is posted."""

    WRONG_RECEIVER = "wrong_receiver"
    WRONG_UNITS = "wrong_units"
    BASIS_VOID = "basis_void"  # The document it rested on was revoked, or found to be false.
    COURT_ORDER = "court_order"
    POSTING_ERROR = "posting_error"


class Stage(StrEnum):
    """When the numbered checks of a transfer are run."""

    PROPOSAL = "proposal"
    APPROVAL = "approval"
    REFUSAL = "refusal"
    EXECUTION = "execution"


# What a correcting entry may undo. Issues, trades and ends of credits are final; so is a correction.
REVERSIBLE = frozenset({"transfer", "suspense_explained"})
SINGLE_TREE = "T"  # Credits of single trees are retired at purchase and never change hands.


@dataclass(frozen=True)
class WaitingRule:
    """How long a transfer to a receiver that is not trusted waits.

    noon: Beijing time. Proposed before it, the transfer waits until that time of the `early_days`-th working day after,
    else of the `late_days`-th.
    """

    noon: time
    early_days: int
    late_days: int


@dataclass(frozen=True)
class DueTime:
    """When something may happen; provisional when the calendar of its year is not known yet: then it waits on."""

    at: datetime
    provisional: bool


def _at_noon(due: DueDate, noon: time) -> DueTime:
    return DueTime(datetime.combine(due.date, noon, BEIJING), due.provisional)


def waits_until(proposed_at: datetime, days: Calendar, rule: WaitingRule) -> DueTime:
    """Return when a transfer to a receiver that is not trusted may be executed at the earliest.

    Source: reliability.md section 3, "Trusted accounts".
    """
    local = beijing(proposed_at)
    count = rule.early_days if local.time() < rule.noon else rule.late_days
    return _at_noon(days.add_working_days(local.date(), count), rule.noon)


def counts_from(approved_at: datetime, days: Calendar, *, working_days: int, noon: time) -> DueTime:
    """Return from when an approved trusted account counts. Source: reliability.md section 3, "Trusted accounts"."""
    return _at_noon(days.add_working_days(beijing(approved_at).date(), working_days), noon)


def transfer_digest(
    *,
    kind: str,
    from_id: int,
    to_id: int,
    asset_id: int,
    units: int,
    basis_number: str,
    evidence_kind: str,
    evidence_sha256: str,
    reason: str,
    proposed_by_id: int | None,
) -> str:
    """Return the SHA-256, in hex, of what the approver of a transfer sees and agrees to."""
    content = [kind, from_id, to_id, asset_id, units, basis_number, evidence_kind, evidence_sha256, reason]
    text = json.dumps([*content, proposed_by_id], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Party:
    """One end of a transfer as the checks see it."""

    organisation_id: int
    may_hold: bool
    is_frozen: bool


@dataclass(frozen=True)
class TransferFacts:
    """Everything the numbered checks look at, read at one instant.

    units_there:      available, or in transit for this very transfer once it is approved.
    frozen:           the freeze of the batch as the refusal names it, or None.
    evidence_intact:  the stored file still has the hash that was written down at the proposal.
    fit_evidence:     the kinds of evidence that fit the kind of the transfer, by the rulebook.
    inactive:         names of those named on the transfer who do not hold their role now.
    shortage:         why the units are not there, where they are not: frozen, pledged, held for orders.
    twin:             the number of another live transfer of the same content, or None.
    """

    stage: Stage
    kind: TransferKind
    giver: Party
    receiver: Party
    is_credit: bool
    credit_type: str
    units: int
    units_there: int
    frozen: Mapping[str, Any] | None
    evidence_kind: str
    evidence_intact: bool
    fit_evidence: Sequence[str]
    trusted: bool
    due: DueTime
    at: datetime
    inactive: Sequence[str]
    same_person: bool
    twin: int | None
    shortage: Refusal | None = None


@dataclass(frozen=True)
class CheckAnswer:
    """What one numbered check found: passed, or the refusal that names why not. `found` is JSON."""

    number: str
    refusal: Refusal | None
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.refusal is None


def check_transfer(facts: TransferFacts) -> tuple[CheckAnswer, ...]:
    """Return the answers of all numbered checks, in order; the first refusal is the one the actor is told."""
    return (
        _giver(facts),
        _receiver(facts),
        CheckAnswer(
            "T03",
            errors.SameOrganisation(field="to")
            if facts.giver.organisation_id == facts.receiver.organisation_id
            else None,
        ),
        _asset(facts),
        CheckAnswer("T05", errors.AssetFrozen(field="asset", **facts.frozen) if facts.frozen else None),
        _units(facts),
        CheckAnswer("T07", None if facts.evidence_intact else errors.EvidenceMissing(field="evidence")),
        _evidence_fits(facts),
        _persons(facts),
        _due(facts),
        CheckAnswer("T11", errors.TransferKnown(number=facts.twin) if facts.twin is not None else None),
    )


def _giver(facts: TransferFacts) -> CheckAnswer:
    if not facts.giver.may_hold:
        return CheckAnswer("T01", errors.HolderMayNotHold(field="from"))
    # A court takes from a frozen account what it was frozen for.
    if facts.giver.is_frozen and facts.kind is not TransferKind.COURT:
        return CheckAnswer("T01", errors.HolderFrozen(field="from"))
    return CheckAnswer("T01", None)


def _receiver(facts: TransferFacts) -> CheckAnswer:
    if not facts.receiver.may_hold:
        return CheckAnswer("T02", errors.ReceiverMayNotHold(field="to"))
    if facts.receiver.is_frozen:
        return CheckAnswer("T02", errors.ReceiverFrozen(field="to"))
    return CheckAnswer("T02", None)


def _ends(facts: TransferFacts) -> CheckAnswer:
    same = facts.giver.organisation_id == facts.receiver.organisation_id
    return CheckAnswer("T03", errors.SameOrganisation(field="to") if same else None)


def _asset(facts: TransferFacts) -> CheckAnswer:
    if not facts.is_credit or facts.credit_type == SINGLE_TREE:
        return CheckAnswer("T04", errors.NotTransferable(field="asset"))
    return CheckAnswer("T04", None)


def _units(facts: TransferFacts) -> CheckAnswer:
    found = {"available": facts.units_there, "needed": facts.units}
    if facts.units_there >= facts.units:
        return CheckAnswer("T06", None, found)
    why = facts.shortage or errors.InsufficientUnits("", None, **found)
    why.field = "units"
    return CheckAnswer("T06", why, {**found, **why.found})


def _evidence_fits(facts: TransferFacts) -> CheckAnswer:
    fits = facts.evidence_kind in facts.fit_evidence
    found = {"evidence": facts.evidence_kind, "fit": list(facts.fit_evidence)}
    return CheckAnswer("T08", None if fits else errors.EvidenceUnfit(field="evidence_kind", **found), found)


def _persons(facts: TransferFacts) -> CheckAnswer:
    if facts.same_person:
        return CheckAnswer("T09", errors.TransferSamePerson())
    if facts.inactive:
        return CheckAnswer("T09", errors.PersonNotActive(names=list(facts.inactive)))
    return CheckAnswer("T09", None)


def _due(facts: TransferFacts) -> CheckAnswer:
    when = facts.due.at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
    found = {"trusted": facts.trusted, "due": when, "provisional": facts.due.provisional}
    early = facts.stage is Stage.EXECUTION and (facts.due.provisional or facts.at < facts.due.at)
    return CheckAnswer("T10", errors.TransferNotDue(due=when) if early else None, found)
