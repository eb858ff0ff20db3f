"""Approvals of continuous trading: entered with their paper by one operator, checked by another, ended early by any."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import ChangedMeanwhile, RoleMissing, SamePerson
from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from exchange import queries
from exchange.errors import (
    ApprovalIncomplete,
    ApprovalLevelInsufficient,
    ApprovalNotThere,
    ApprovalProposed,
)
from exchange.models import ApprovalRecord, Instrument
from exchange.rules import TradingMode
from rulebook.queries import business_date
from settlement.services import EvidenceFile, keep_evidence

OPERATOR = Role.EXCHANGE_OPERATOR
DEMONSTRATION = "demonstration"
State = ApprovalRecord.State


@dataclass(frozen=True)
class NewApproval:
    """An approval as it is entered. basis: `document`, or `demonstration` where the installation is one."""

    authority: str
    authority_level: str
    document_number: str
    document_date: date
    scope: str
    valid_from: date
    valid_to: date
    basis: str = "document"


@transaction.atomic
def propose_approval(
    *,
    actor: Actor,
    instrument_id: int,
    new: NewApproval,
    file: EvidenceFile | None,
    demonstration: bool,
    at: datetime,
) -> ApprovalRecord:
    """Enter the approval on which an instrument is to trade continuously; another operator has to check it.

    file: the paper; only a demonstration's approval has none. demonstration: whether this installation is one;
    elsewhere an approval below State Council level is refused.
    Raises RoleMissing, InstrumentNotThere, ApprovalLevelInsufficient, ApprovalIncomplete, ApprovalProposed,
    FileRejected.
    """
    user_id = _operator(actor)
    instrument = queries.instrument(instrument_id)
    levels = queries.profile(at, instrument.rule_scheme).values["trading.approval_levels"]
    is_invented = demonstration and new.basis == DEMONSTRATION
    if new.authority_level not in levels.value and not is_invented:
        raise ApprovalLevelInsufficient(field="authority_level", rule=levels, level=new.authority_level)
    for name in ("authority", "document_number", "scope"):
        text = getattr(new, name).strip()
        if not text or not text.isprintable():
            raise ApprovalIncomplete(field=name)
    if new.valid_to < new.valid_from or new.document_date > business_date(at):
        raise ApprovalIncomplete(field="valid_to" if new.valid_to < new.valid_from else "document_date")
    if file is None and not is_invented:
        raise ApprovalIncomplete(field="file")
    evidence = None
    if file is not None:
        assert actor.organisation_id is not None
        evidence = keep_evidence(file=file, organisation_id=actor.organisation_id, actor=actor, at=at)
    said = {**asdict(new), "instrument": instrument.code, "file": evidence.sha256 if evidence else ""}
    try:
        with transaction.atomic():  # `approval_is_proposed_once` has the word.
            row = ApprovalRecord.objects.create(
                instrument=instrument,
                **asdict(new),
                evidence=evidence,
                digest=hashlib.sha256(json.dumps(said, default=str, ensure_ascii=False).encode()).hexdigest(),
                maker_id=user_id,
                at=at,
            )
    except IntegrityError as error:
        if "approval_is_proposed_once" not in str(error):
            raise
        raise ApprovalProposed from error
    open_work_item(
        kind="check_approval",
        title=_("Check the approval of continuous trading of {code}"),
        subject=_subject(row),
        url="/desk/",
        role=OPERATOR,
        found={"code": instrument.code},
        at=at,
    )
    _note(row, actor, "propose_approval", at)
    return row


@transaction.atomic
def approve_approval(*, actor: Actor, approval_id: int, digest: str, at: datetime) -> ApprovalRecord:
    """Check an approval as another operator: the instrument trades continuously from its next opening within it.

    Raises RoleMissing, ApprovalNotThere, SamePerson, PasswordNeeded, ChangedMeanwhile.
    """
    user_id = _operator(actor)
    row = _proposed(approval_id)
    if row.maker_id == user_id:
        raise SamePerson
    require_confirmed(actor, at)
    if digest != row.digest:
        raise ChangedMeanwhile(field="digest")
    _decide(row, State.APPROVED, user_id, at)
    Instrument.objects.filter(pk=row.instrument_id).update(mode=TradingMode.CONTINUOUS)
    _note(row, actor, "approve_approval", at)
    return row


@transaction.atomic
def refuse_approval(*, actor: Actor, approval_id: int, at: datetime) -> ApprovalRecord:
    """Refuse an approval that was entered, or take the own one back. Raises RoleMissing, ApprovalNotThere."""
    user_id = _operator(actor)
    row = _proposed(approval_id)
    _decide(row, State.REFUSED, user_id, at)
    _note(row, actor, "refuse_approval", at)
    return row


@transaction.atomic
def end_approval(*, actor: Actor, approval_id: int, at: datetime) -> ApprovalRecord:
    """End an approval before its time: from the next day on the instrument trades by listed agreement.

    One person suffices: it takes something away and works at the next opening. Raises RoleMissing, ApprovalNotThere.
    """
    user_id = _operator(actor)
    row = ApprovalRecord.objects.select_for_update().filter(pk=approval_id, state=State.APPROVED).first()
    if row is None or row.ended_on is not None:
        raise ApprovalNotThere
    tomorrow = date.fromordinal(business_date(at).toordinal() + 1)
    row.ended_on, row.ended_by_id = tomorrow, user_id
    row.save(update_fields=["ended_on", "ended_by"])
    _note(row, actor, "end_approval", at)
    return row


def _operator(actor: Actor) -> int:
    if not actor.has(OPERATOR) or actor.user_id is None:
        raise RoleMissing(roles=[OPERATOR])
    return actor.user_id


def _proposed(approval_id: int) -> ApprovalRecord:
    row = ApprovalRecord.objects.select_for_update().filter(pk=approval_id, state=State.PROPOSED).first()
    if row is None:
        raise ApprovalNotThere
    return row


def _decide(row: ApprovalRecord, state: str, user_id: int, at: datetime) -> None:
    row.state, row.checker_id, row.decided_at = state, user_id, at
    row.save(update_fields=["state", "checker", "decided_at"])
    close_work_items(subject=_subject(row), at=at)


def _subject(row: ApprovalRecord) -> str:
    return f"approval:{row.pk}"


def _note(row: ApprovalRecord, actor: Actor, verb: str, at: datetime) -> None:
    record_audit(
        actor=actor,
        verb=verb,
        subject=_subject(row),
        before=None,
        after={
            "document_number": row.document_number,
            "authority": row.authority,
            "from": row.valid_from.isoformat(),
            "until": (row.ended_on or row.valid_to).isoformat(),
        },
        at=at,
    )
