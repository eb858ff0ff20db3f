"""Who changes which rule: two persons of the office that the rule is of, on a day to come."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

import rulebook.services
from accounts.errors import ChangedMeanwhile, ChangeReasonNeeded, RoleMissing, SamePerson
from accounts.rules import Actor, changer_of
from accounts.services.signing import require_confirmed
from accounts.services.trail import record_audit
from accounts.services.work import close_work_items, open_work_item
from rulebook.errors import RuleMissing
from rulebook.rules import ChangeView

LONGEST_REASON = 300


@transaction.atomic
def propose_rule_change(
    *,
    actor: Actor,
    scheme: str,
    key: str,
    value_text: str,
    basis: str,
    in_force_from: date,
    reason: str,
    at: datetime,
) -> ChangeView:
    """Propose another value of a rule; another person of the same office has to approve it.

    Raises RoleMissing, ChangeReasonNeeded and what rulebook.services.propose_change raises.
    """
    user_id = _require(actor, key)
    text = reason.strip()
    if not text or len(text) > LONGEST_REASON or not text.isprintable():
        raise ChangeReasonNeeded(field="reason")
    if scheme == "replay":
        raise RuleMissing(key=key, scheme=scheme, day=at.date().isoformat())
    row = rulebook.services.propose_change(
        scheme=scheme,
        key=key,
        value_text=value_text,
        basis=basis,
        in_force_from=in_force_from,
        reason=text,
        proposed_by_id=user_id,
        at=at,
    )
    open_work_item(
        kind="decide_rule_change",
        title=_("Decide the change of rule {key}"),
        subject=_subject(row),
        url=f"/rules/{scheme}/{key}/",
        role=changer_of(key),
        found={"key": key},
        at=at,
    )
    _note(row, actor, "propose_rule_change", at)
    return row


@transaction.atomic
def approve_rule_change(*, actor: Actor, change_id: int, digest: str, at: datetime) -> ChangeView:
    """Approve a change as another person than who proposed it, with a fresh password.

    Raises ChangeNotThere, RoleMissing, SamePerson, PasswordNeeded, ChangedMeanwhile, ChangeTooEarly,
    OtherValueScheduled.
    """
    row = rulebook.services.locked_change(change_id)
    user_id = _require(actor, row.key)
    if user_id == row.proposed_by_id:
        raise SamePerson
    require_confirmed(actor, at)
    if digest != row.digest:
        raise ChangedMeanwhile(field="digest")
    rulebook.services.approve_change(change_id=row.id, decided_by_id=user_id, at=at)
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, "approve_rule_change", at)
    return row


@transaction.atomic
def end_rule_change(*, actor: Actor, change_id: int, at: datetime) -> ChangeView:
    """Refuse a change, or take the own one back. Raises ChangeNotThere, RoleMissing."""
    row = rulebook.services.locked_change(change_id)
    user_id = _require(actor, row.key)
    rulebook.services.end_change(change_id=row.id, decided_by_id=user_id, at=at)
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, "end_rule_change", at)
    return row


def _require(actor: Actor, key: str) -> int:
    role = changer_of(key)
    if not actor.has(role) or actor.user_id is None:
        raise RoleMissing(roles=[role])
    return actor.user_id


def _subject(row: ChangeView) -> str:
    return f"rule_change:{row.id}"


def _note(row: ChangeView, actor: Actor, verb: str, at: datetime) -> None:
    record_audit(
        actor=actor,
        verb=verb,
        subject=_subject(row),
        before=None,
        after={"rule": f"{row.scheme} {row.key}", "value": row.value, "from": row.in_force_from.isoformat()},
        at=at,
    )
