"""Roles: proposed by one administrator, approved by another, ended."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.errors import (
    GrantNotThere,
    NotAMember,
    NotOwnRole,
    OrganisationNotThere,
    RoleMissing,
    RoleNotForKind,
    RolesExclude,
    SamePerson,
    UserNotThere,
)
from accounts.models import Membership, Organisation, RoleGrant, User
from accounts.rules import ROLES_BY_KIND, Actor, OrganisationKind, Role, role_class
from accounts.services.trail import record_audit
from rulebook.errors import Conflicting

PROPOSERS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)


@transaction.atomic
def propose_role(
    *,
    user_id: int,
    organisation_id: int,
    role: Role,
    actor: Actor,
    held_from: datetime | None = None,
    held_until: datetime | None = None,
    at: datetime,
) -> int:
    """Propose a role for a member and return the grant's id; it counts once another administrator approves it.

    held_from: None is `at`. held_until: None is without end; an auditor's grant names one.

    Raises RoleMissing, NotOwnRole, UserNotThere, OrganisationNotThere, NotAMember, RoleNotForKind, RolesExclude.
    """
    if not actor.has(*PROPOSERS):
        raise RoleMissing(roles=list(PROPOSERS))
    assert actor.user_id is not None
    return _propose(
        user_id=user_id,
        organisation_id=organisation_id,
        role=role,
        granted_by_id=actor.user_id,
        held_from=held_from or at,
        held_until=held_until,
        actor=actor,
        at=at,
    )


@transaction.atomic
def approve_role(*, grant_id: int, actor: Actor, at: datetime) -> None:
    """Approve a proposed role. Raises GrantNotThere, SamePerson, NotOwnRole, RoleMissing; approved: nothing happens."""
    grant = RoleGrant.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=grant_id).first()
    if grant is None:
        raise GrantNotThere
    if not actor.has(Role.SECURITY_ADMIN):
        raise RoleMissing(roles=[Role.SECURITY_ADMIN])
    if grant.approved_at is not None:
        return
    if grant.held_until is not None and grant.held_until <= at:
        raise Conflicting
    assert actor.user_id is not None
    _approve(grant, approved_by_id=actor.user_id, actor=actor, at=at)


@transaction.atomic
def refuse_role(*, grant_id: int, actor: Actor, at: datetime) -> None:
    """Refuse a proposed role: it ends where it begins. Raises GrantNotThere, RoleMissing, Conflicting."""
    _end(grant_id=grant_id, actor=actor, at=at, verb="refuse_role")


@transaction.atomic
def revoke_role(*, grant_id: int, actor: Actor, at: datetime) -> None:
    """End a role at once; one person does it, as it takes a right away.

    Raises GrantNotThere, RoleMissing, Conflicting.
    """
    _end(grant_id=grant_id, actor=actor, at=at, verb="revoke_role")


@transaction.atomic
def grant_role(
    *,
    user_id: int,
    organisation_id: int,
    role: Role,
    granted_by_id: int,
    approved_by_id: int,
    held_from: datetime | None = None,
    held_until: datetime | None = None,
    at: datetime,
) -> int:
    """Grant a role that two administrators have agreed on elsewhere (an import, the demonstration); return its id.

    Both must hold their administrator role at `at`: the first proposes, the second, a security administrator, approves.
    Raises as propose_role and approve_role.
    """
    if not _holds(granted_by_id, PROPOSERS, at):
        raise RoleMissing(roles=list(PROPOSERS))
    if not _holds(approved_by_id, (Role.SECURITY_ADMIN,), at):
        raise RoleMissing(roles=[Role.SECURITY_ADMIN])
    grant_id = _propose(
        user_id=user_id,
        organisation_id=organisation_id,
        role=role,
        granted_by_id=granted_by_id,
        held_from=held_from or at,
        held_until=held_until,
        actor=None,
        at=at,
    )
    _approve(RoleGrant.objects.get(pk=grant_id), approved_by_id=approved_by_id, actor=None, at=at)
    return grant_id


@transaction.atomic
def found_administrators(
    *, organisation_id: int, system_admin_id: int, security_admin_id: int, audit_admin_id: int, at: datetime
) -> None:
    """Give the first three administrators of an installation their roles, each granted and approved by the other two.

    Works once, while no role grant exists. Raises Conflicting afterwards, and what propose_role raises.
    """
    # The venue's row is the lock: two foundings at once queue here, and the second finds the grants of the first.
    Organisation.objects.select_for_update(of=("self",)).filter(pk=organisation_id).first()
    if RoleGrant.objects.exists():
        raise Conflicting
    people = [
        (system_admin_id, Role.SYSTEM_ADMIN, security_admin_id, audit_admin_id),
        (security_admin_id, Role.SECURITY_ADMIN, audit_admin_id, system_admin_id),
        (audit_admin_id, Role.AUDIT_ADMIN, system_admin_id, security_admin_id),
    ]
    for user_id, role, granted_by_id, approved_by_id in people:
        grant_id = _propose(
            user_id=user_id,
            organisation_id=organisation_id,
            role=role,
            granted_by_id=granted_by_id,
            held_from=at,
            held_until=None,
            actor=None,
            at=at,
        )
        _approve(RoleGrant.objects.get(pk=grant_id), approved_by_id=approved_by_id, actor=None, at=at)


def _propose(
    *,
    user_id: int,
    organisation_id: int,
    role: Role,
    granted_by_id: int,
    held_from: datetime,
    held_until: datetime | None,
    actor: Actor | None,
    at: datetime,
) -> int:
    if user_id == granted_by_id:
        raise NotOwnRole
    # The person's row is the lock: proposals for one person queue, so that the check of exclusion below holds.
    if not User.objects.select_for_update(of=("self",)).filter(pk=user_id, is_active=True).exists():
        raise UserNotThere(field="user")
    organisation = Organisation.objects.filter(pk=organisation_id).first()
    if organisation is None:
        raise OrganisationNotThere(field="organisation")
    if not Membership.objects.filter(user_id=user_id, organisation_id=organisation_id, until=None).exists():
        raise NotAMember(field="organisation")
    if role not in ROLES_BY_KIND[OrganisationKind(organisation.kind)]:
        raise RoleNotForKind(field="role", role=role)
    held = RoleGrant.objects.filter(Q(held_until=None) | Q(held_until__gt=held_from), user_id=user_id)
    others = {Role(one.role) for one in held if role_class(Role(one.role)) != role_class(role)}
    if others:
        raise RolesExclude(field="role", held=sorted(others))
    same = held.filter(organisation_id=organisation_id, role=role.value).first()
    if same is not None:
        return same.pk
    grant = RoleGrant.objects.create(
        user_id=user_id,
        organisation_id=organisation_id,
        role=role.value,
        held_from=held_from,
        held_until=held_until,
        granted_by_id=granted_by_id,
        granted_at=at,
    )
    record_audit(
        actor=actor,
        verb="propose_role",
        subject=f"user:{user_id}",
        before=None,
        after={"role": role.value, "organisation_id": organisation_id, "granted_by_id": granted_by_id},
        at=at,
    )
    return grant.pk


def _approve(grant: RoleGrant, *, approved_by_id: int, actor: Actor | None, at: datetime) -> None:
    if grant.approved_at is not None:
        return
    if approved_by_id == grant.granted_by_id:
        raise SamePerson
    if approved_by_id == grant.user_id:
        raise NotOwnRole
    grant.approved_by_id = approved_by_id
    grant.approved_at = at
    grant.save(update_fields=["approved_by", "approved_at"])
    record_audit(
        actor=actor,
        verb="approve_role",
        subject=f"user:{grant.user_id}",
        before={"state": "proposed"},
        after={"role": grant.role, "organisation_id": grant.organisation_id, "approved_by_id": approved_by_id},
        at=at,
    )


def _end(*, grant_id: int, actor: Actor, at: datetime, verb: str) -> None:
    grant = RoleGrant.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=grant_id).first()
    if grant is None:
        raise GrantNotThere
    if not actor.has(Role.SECURITY_ADMIN):
        raise RoleMissing(roles=[Role.SECURITY_ADMIN])
    is_proposed = grant.approved_at is None
    if is_proposed != (verb == "refuse_role") or (grant.held_until is not None and grant.held_until <= at):
        raise Conflicting
    grant.held_until = grant.held_from if is_proposed else max(at, grant.held_from)
    grant.revoked_by_id = actor.user_id
    grant.save(update_fields=["held_until", "revoked_by"])
    record_audit(
        actor=actor,
        verb=verb,
        subject=f"user:{grant.user_id}",
        before={"role": grant.role, "organisation_id": grant.organisation_id, "held_until": None},
        after={"role": grant.role, "organisation_id": grant.organisation_id, "held_until": grant.held_until},
        at=at,
    )


def _holds(user_id: int, roles: tuple[Role, ...], at: datetime) -> bool:
    return RoleGrant.objects.filter(
        Q(held_until=None) | Q(held_until__gt=at),
        user_id=user_id,
        user__is_active=True,
        role__in=[role.value for role in roles],
        held_from__lte=at,
        approved_at__lte=at,
    ).exists()
