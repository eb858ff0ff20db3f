"""Changing a rule: proposed by one person, decided by another, in force from a later day on.

Who may do which is the caller's to know (accounts.services.rule_changes): this room stands below people and roles.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from rulebook import queries
from rulebook.errors import (
    BasisUnknown,
    ChangeNotThere,
    ChangeOpen,
    ChangeTooEarly,
    OtherValueScheduled,
    ValueDiffers,
    ValueUnchanged,
)
from rulebook.models import LegalBasis, RuleChange, RuleValue
from rulebook.rules import ChangeView, ShapeDiffers, change_digest, parsed


@transaction.atomic
def propose_change(
    *,
    scheme: str,
    key: str,
    value_text: str,
    basis: str,
    in_force_from: date,
    reason: str,
    proposed_by_id: int,
    at: datetime,
) -> ChangeView:
    """Propose another value of a rule from a later business day on.

    value_text: as people write it: a number, an hour, a word, or JSON for lists and tables.
    Raises RuleMissing, ValueDiffers, ValueUnchanged, BasisUnknown, ChangeTooEarly, OtherValueScheduled, ChangeOpen.
    """
    present = queries.rule(key, at=at, scheme=scheme)
    try:
        value = parsed(value_text, present.value)
    except ShapeDiffers as error:
        raise ValueDiffers(field="value", example=error.like) from error
    if value == present.value and basis == present.basis.code:
        raise ValueUnchanged(field="value")
    if not LegalBasis.objects.filter(pk=basis).exists():
        raise BasisUnknown(field="basis")
    _refuse_too_early(in_force_from, at)
    _refuse_scheduled(scheme, key, in_force_from)
    try:
        with transaction.atomic():  # `rule_change_is_open_once` has the word.
            row = RuleChange.objects.create(
                scheme=scheme,
                key=key,
                value=value,
                basis_id=basis,
                in_force_from=in_force_from,
                reason=reason,
                digest=change_digest(scheme, key, value, basis, in_force_from, reason),
                proposed_by_id=proposed_by_id,
                proposed_at=at,
            )
    except IntegrityError as error:
        if "rule_change_is_open_once" not in str(error):
            raise
        raise ChangeOpen from error
    return _view(row)


def _view(row: RuleChange) -> ChangeView:
    return ChangeView(row.pk, row.scheme, row.key, row.value, row.in_force_from, row.digest, row.proposed_by_id)


@transaction.atomic
def approve_change(*, change_id: int, decided_by_id: int, at: datetime) -> None:
    """Bring a proposed value into force from its day on; the one before it ends there.

    Raises ChangeNotThere, ChangeTooEarly (the day has come meanwhile), OtherValueScheduled.
    """
    row = _locked(change_id)
    _refuse_too_early(row.in_force_from, at)
    _refuse_scheduled(row.scheme, row.key, row.in_force_from)
    before = RuleValue.objects.select_for_update().get(scheme=row.scheme, key=row.key, in_force_to=None)
    before.in_force_to = row.in_force_from
    before.save(update_fields=["in_force_to"])
    value = RuleValue.objects.create(
        scheme=row.scheme,
        key=row.key,
        value=row.value,
        unit=before.unit,
        basis_id=row.basis_id,
        in_force_from=row.in_force_from,
        note=before.note,
    )
    _decide(row, RuleChange.State.APPROVED, decided_by_id, at, value)


@transaction.atomic
def end_change(*, change_id: int, decided_by_id: int, at: datetime) -> None:
    """End a proposal without effect: refused by another person, or withdrawn by who made it. Raises ChangeNotThere."""
    row = _locked(change_id)
    is_own = decided_by_id == row.proposed_by_id
    _decide(row, RuleChange.State.WITHDRAWN if is_own else RuleChange.State.REFUSED, decided_by_id, at, None)


def locked_change(change_id: int) -> ChangeView:
    """Return a proposal that waits to be decided, locked for the caller's transaction. Raises ChangeNotThere."""
    return _view(_locked(change_id))


def _locked(change_id: int) -> RuleChange:
    row = RuleChange.objects.select_for_update().filter(pk=change_id, state=RuleChange.State.PROPOSED).first()
    if row is None:
        raise ChangeNotThere
    return row


def _decide(row: RuleChange, state: str, decided_by_id: int, at: datetime, value: Any) -> None:
    row.state, row.decided_by_id, row.decided_at, row.rule_value = state, decided_by_id, at, value
    row.save(update_fields=["state", "decided_by", "decided_at", "rule_value"])


def _refuse_too_early(day: date, at: datetime) -> None:
    if day <= queries.business_date(at):
        raise ChangeTooEarly(field="in_force_from", today=queries.business_date(at).isoformat())


def _refuse_scheduled(scheme: str, key: str, day: date) -> None:
    later = RuleValue.objects.filter(scheme=scheme, key=key, in_force_to=None).first()
    if later is None or later.in_force_from >= day:
        raise OtherValueScheduled(field="in_force_from", day=later.in_force_from.isoformat() if later else "—")
