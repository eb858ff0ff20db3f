"""The standing of a registered project: suspended by one person, resumed by two, taken off the register for good."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import InvalidField
from accounts.queries import users_with_role
from accounts.rules import Actor, Role
from accounts.services import close_work_items, record_audit, require_confirmed
from registry.errors import OpinionNeeded, RoleForbids, SamePerson, StaleVersion, StateForbids
from registry.models import IssuedVintage, Project
from registry.queries.standing import Suspension, suspension_of
from registry.rules.states import ProjectState, Verb, role_for
from registry.rules.texts import is_clean
from registry.services.acts import change, locked_project, open_item, refuse_contributor, require_step, write_step
from registry.services.projects import end_case, tell_owner
from registry.services.review import checked_opinion
from settlement.services import freeze_asset, lift_asset_freeze

ORDER_LIMIT, REASON_LIMIT = 60, 1000
FREEZE_REASON = 200  # As much of the reason as a freeze keeps.
# What tells the owner of a change; the owner closes it by saying that it was read.
NOTICES = ("project_suspended", "project_resumed", "project_deregistered")


@transaction.atomic
def suspend_project(
    *, actor: Actor, project_id: int, reason: str, order_number: str, version: int | None = None, at: datetime
) -> Project:
    """Suspend a registered project at once and freeze every batch of its credits; one person suffices.

    Raises StateForbids, RoleForbids, TookPart, PasswordNeeded, OpinionNeeded, InvalidField, StaleVersion.
    """
    row = locked_project(actor, project_id, version)
    role = require_step(actor, row, Verb.SUSPEND)
    refuse_contributor(actor, row)
    reason, order_number = _checked_reason(reason), order_number.strip()
    if not order_number or len(order_number) > ORDER_LIMIT or not is_clean(order_number):
        raise InvalidField(field="order_number", reason=_("The number of the order is needed."))
    require_confirmed(actor, at)
    assets = IssuedVintage.objects.filter(issuance__project=row).order_by("asset_id")
    frozen = [
        {
            "asset": asset_id,
            "freeze": freeze_asset(
                asset_id=asset_id,
                reason=reason[:FREEZE_REASON],
                order_number=order_number,
                set_by_id=actor.user_id,
                at=at,
            ),
        }
        for asset_id in assets.values_list("asset_id", flat=True)
    ]
    # The step remembers its own freezes: another's freeze of the same batch outlives the suspension.
    write_step(actor, row, Verb.SUSPEND, role, at, opinion=reason, checklist=[{"order_number": order_number}, *frozen])
    change(
        actor,
        row,
        "suspend",
        at,
        note={"reason": reason, "order_number": order_number, "frozen": frozen},
        state=ProjectState.SUSPENDED,
    )
    close_work_items(subject=row.subject, at=at)
    _ask_for_the_end(row, at)
    tell_owner(row, "project_suspended", _("Project {code} {name} is suspended, its credits stand still"), at)
    return row


def _checked_reason(reason: str) -> str:
    """Return the reason of a change, which everyone may read. Raises OpinionNeeded, InvalidField."""
    if not reason.strip():
        raise OpinionNeeded(field="reason")
    if len(reason) > REASON_LIMIT or not is_clean(reason):
        raise InvalidField(
            field="reason", reason=_("The text is too long or holds characters that may not stand in it.")
        )
    return reason.strip()


def _ask_for_the_end(row: Project, at: datetime) -> None:
    open_item(
        row,
        "propose_resumption",
        _("{code} {name} is suspended: propose its end when the reason is gone"),
        Role.REGION_MAKER,
        at,
    )


@transaction.atomic
def propose_resumption(*, actor: Actor, project_id: int, reason: str, at: datetime) -> Project:
    """Propose, as the maker, that a suspension ends. Raises StateForbids, RoleForbids, TookPart, OpinionNeeded.

    After a deregistration: that the credits which the suspension froze are free again.
    """
    row = locked_project(actor, project_id)
    role = require_step(actor, row, Verb.PROPOSE)
    suspended = suspension_of(row)
    if suspended is None or suspended.proposal is not None or not suspended.is_to_be_lifted(row.state):
        raise StateForbids(verb=Verb.PROPOSE.value, state=row.state)
    reason = _checked_reason(reason)
    write_step(actor, row, Verb.PROPOSE, role, at, opinion=reason)
    change(actor, row, "propose_resumption_of", at, note={"reason": reason})
    close_work_items(subject=row.subject, kind="propose_resumption", at=at)
    open_item(row, "resume_project", _("Decide whether {code} {name} resumes"), Role.REGION_CHECKER, at)
    return row


def _proposed(row: Project, verb: Verb, digest: str | None) -> Suspension:
    """Return the suspension whose end is proposed, as it was read. Raises StateForbids, StaleVersion."""
    suspended = suspension_of(row)
    if suspended is None or suspended.proposal is None:
        raise StateForbids(verb=verb.value, state=row.state)
    if digest is not None and digest != suspended.digest:
        raise StaleVersion(field="digest")
    return suspended


@transaction.atomic
def resume_project(
    *, actor: Actor, project_id: int, reason: str = "", digest: str | None = None, at: datetime
) -> Project:
    """End a suspension that a maker proposed to end, as the checker; what it froze is free again.

    digest: of the proposal that the person read; None where the caller shows nothing. A deregistered project stays
    deregistered. Raises StateForbids (nothing proposed), SamePerson, RoleForbids, TookPart, PasswordNeeded,
    StaleVersion.
    """
    row = locked_project(actor, project_id)
    role = require_step(actor, row, Verb.RESUME)
    suspended = _proposed(row, Verb.RESUME, digest)
    assert suspended.proposal is not None
    proposed_by = suspended.proposal.reviewer_id
    if proposed_by == actor.user_id:
        raise SamePerson
    require_confirmed(actor, at)
    write_step(actor, row, Verb.RESUME, role, at, opinion=checked_opinion(reason, is_needed=False))
    assert actor.user_id is not None
    for freeze_id in suspended.freezes:
        lift_asset_freeze(freeze_id=freeze_id, asked_by_id=proposed_by, lifted_by_id=actor.user_id, at=at)
    close_work_items(subject=row.subject, at=at)
    if row.state == ProjectState.SUSPENDED:
        change(actor, row, "resume", at, state=ProjectState.REGISTERED)
        tell_owner(row, "project_resumed", _("Project {code} {name} goes on, its credits are free again"), at)
    else:
        change(actor, row, "free_credits_of", at)
        tell_owner(row, "project_resumed", _("The credits of project {code} {name} are free again"), at)
    return row


@transaction.atomic
def keep_suspended(*, actor: Actor, project_id: int, reason: str, digest: str | None = None, at: datetime) -> Project:
    """Turn down a proposal to end a suspension, as the checker; a maker may propose again later.

    Raises StateForbids (nothing proposed), SamePerson, RoleForbids, TookPart, OpinionNeeded, StaleVersion.
    """
    row = locked_project(actor, project_id)
    role = require_step(actor, row, Verb.KEEP)
    suspended = _proposed(row, Verb.KEEP, digest)
    assert suspended.proposal is not None
    if suspended.proposal.reviewer_id == actor.user_id:
        raise SamePerson
    reason = _checked_reason(reason)
    write_step(actor, row, Verb.KEEP, role, at, opinion=reason)
    change(actor, row, "keep_suspended", at, note={"reason": reason})
    close_work_items(subject=row.subject, kind="resume_project", at=at)
    _ask_for_the_end(row, at)
    return row


@transaction.atomic
def deregister_project(
    *, actor: Actor, project_id: int, reason: str, version: int | None = None, at: datetime
) -> Project:
    """Take a project off the register for good; its land is free again, its issued credits stand.

    What a suspension froze stays frozen until two persons free it. Raises StateForbids, RoleForbids, TookPart,
    PasswordNeeded, OpinionNeeded, StaleVersion.
    """
    row = locked_project(actor, project_id, version)
    role = require_step(actor, row, Verb.DEREGISTER)
    reason = _checked_reason(reason)
    require_confirmed(actor, at)
    suspended = suspension_of(row)
    write_step(actor, row, Verb.DEREGISTER, role, at, opinion=reason)
    end_case(actor, row, Verb.DEREGISTER, ProjectState.DEREGISTERED, at, reason=reason)
    for period in row.periods.all():  # Nothing of it goes on.
        close_work_items(subject=period.subject, at=at)
    if suspended is not None and suspended.freezes:
        _ask_for_the_end(row, at)
    tell_owner(row, "project_deregistered", _("Project {code} {name} has been taken off the register"), at)
    return row


@transaction.atomic
def note_standing(*, actor: Actor, project_id: int, at: datetime) -> Project:
    """Note that the owner's side has read what was decided on its project. Raises ProjectNotThere, RoleForbids."""
    row = locked_project(actor, project_id)
    if not is_told(actor, row, at):
        raise RoleForbids
    closed = sum(close_work_items(subject=row.subject, kind=kind, at=at) for kind in NOTICES)
    if closed:
        record_audit(actor=actor, verb="read_notice_of", subject=row.subject, before=None, after=None, at=at)
    return row


def is_told(actor: Actor, row: Project, at: datetime) -> bool:
    """Tell whether notices to the owner of a case go to this actor: the owner, or the clerk of one without people."""
    wanted = Role.OWNER if users_with_role(Role.OWNER, row.owner_id, at=at) else Role.BANNER_CLERK
    return role_for(frozenset({wanted}), actor, row.parties) is not None
