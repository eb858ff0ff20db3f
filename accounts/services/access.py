"""Access to one other organisation's records: guardian's object permission, with a reason and an end."""

from datetime import datetime

from django.db import transaction
from guardian.shortcuts import assign_perm, remove_perm

from accounts.errors import InvalidField, NotOwnRole, OrganisationNotThere, RoleMissing, SamePerson, UserNotThere
from accounts.models import AccessGrant, Organisation, User
from accounts.rules import Actor, Role
from accounts.services.trail import record_audit

READ_RECORDS = "accounts.read_records"


@transaction.atomic
def give_access(
    *,
    user_id: int,
    organisation_id: int,
    reason: str,
    held_until: datetime,
    granted_by_id: int,
    actor: Actor,
    at: datetime,
) -> int:
    """Let a person read one organisation's records until an instant, and return the grant's id.

    granted_by_id: who asked for it; `actor`, a security administrator and another person, approves it here.
    Raises RoleMissing, SamePerson, NotOwnRole, UserNotThere, OrganisationNotThere, InvalidField.
    """
    if not actor.has(Role.SECURITY_ADMIN):
        raise RoleMissing(roles=[Role.SECURITY_ADMIN])
    if actor.user_id == granted_by_id:
        raise SamePerson
    if user_id in (granted_by_id, actor.user_id):
        raise NotOwnRole
    if held_until <= at:
        raise InvalidField(field="held_until", reason="The end must lie in the future.")
    user = User.objects.select_for_update(of=("self",)).filter(pk=user_id, is_active=True).first()
    if user is None:
        raise UserNotThere(field="user")
    organisation = Organisation.objects.filter(pk=organisation_id).first()
    if organisation is None:
        raise OrganisationNotThere(field="organisation")
    grant = AccessGrant.objects.create(
        user=user,
        organisation=organisation,
        reason=reason,
        held_from=at,
        held_until=held_until,
        granted_by_id=granted_by_id,
        approved_by_id=actor.user_id,
        approved_at=at,
    )
    assign_perm(READ_RECORDS, user, organisation)
    record_audit(
        actor=actor,
        verb="give_access",
        subject=f"organisation:{organisation_id}",
        before=None,
        after={"user_id": user_id, "reason": reason, "held_until": held_until},
        at=at,
    )
    return grant.pk


def end_due_access(*, at: datetime) -> int:
    """Take back the permissions whose last grant has ended; return how many. Right when run late or twice."""
    ended = AccessGrant.objects.filter(held_until__lte=at).values_list("user_id", "organisation_id").distinct()
    taken = 0
    for user_id, organisation_id in sorted(ended):
        taken += _take_back(user_id=user_id, organisation_id=organisation_id, at=at)
    return taken


@transaction.atomic
def _take_back(*, user_id: int, organisation_id: int, at: datetime) -> int:
    # The person's row is the lock: a new grant for the same records waits, or is seen here.
    user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
    organisation = Organisation.objects.get(pk=organisation_id)
    lasts = AccessGrant.objects.filter(user=user, organisation=organisation, held_until__gt=at).exists()
    if lasts or not user.has_perm(READ_RECORDS, organisation):
        return 0
    remove_perm(READ_RECORDS, user, organisation)
    record_audit(
        actor=None,
        verb="end_access",
        subject=f"organisation:{organisation_id}",
        before={"user_id": user_id},
        after=None,
        at=at,
    )
    return 1
