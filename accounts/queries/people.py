"""Reads of people, their sign-ins and their grants."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.errors import UserNotThere
from accounts.models import RoleGrant, SignIn, User
from accounts.rules import Actor, Role


@dataclass(frozen=True)
class PersonInRole:
    """A person in a role, for the buttons of the demonstration's sign-in page."""

    user_id: int
    username: str
    display_name: str
    organisation_name: str
    role: Role


def user_id_of(username: str) -> int | None:
    """Return the id of the active person with this user name, or None."""
    return User.objects.filter(username=username, is_active=True).values_list("pk", flat=True).first()


def user_to_sign_in(user_id: int) -> User:
    """Return the person as Django's session needs it. Raises UserNotThere."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise UserNotThere
    return user


def people_with_roles(at: datetime) -> list[PersonInRole]:
    """Return every person in every role in force at `at`, in the order of the roles, then of the user names."""
    grants = (
        RoleGrant.objects.filter(
            Q(held_until=None) | Q(held_until__gt=at), held_from__lte=at, approved_at__lte=at, user__is_active=True
        )
        .select_related("user", "organisation")
        .order_by("user__username", "pk")
    )
    order = list(Role)
    people = [
        PersonInRole(
            user_id=grant.user_id,
            username=grant.user.username,
            display_name=grant.user.display_name,
            organisation_name=grant.organisation.name,
            role=Role(grant.role),
        )
        for grant in grants
    ]
    return sorted(people, key=lambda person: order.index(person.role))


def own_sign_ins(actor: Actor, limit: int = 50) -> list[SignIn]:
    """Return the latest sign-ins of the person themselves, failed ones included, newest first."""
    return list(SignIn.objects.filter(user_id=actor.user_id).order_by("-pk")[:limit]) if actor.user_id else []


def people_visible_to(actor: Actor, *, text: str = "") -> QuerySet[User]:
    """Return the people the actor may list, those with the text in a name, by user name."""
    people = User.objects.visible_to(actor)
    if "\0" in text:  # The database takes no such text, so nobody is called it.
        return people.none()
    if text:
        people = people.filter(Q(username__icontains=text) | Q(display_name__icontains=text))
    return people.order_by("username")


def person(actor: Actor, user_id: int) -> User:
    """Return one person the actor may list. Raises UserNotThere."""
    found = User.objects.visible_to(actor).filter(pk=user_id).first()
    if found is None:
        raise UserNotThere
    return found


def grants_of(actor: Actor, user_id: int) -> list[RoleGrant]:
    """Return the grants of one person that the actor may read, newest first."""
    rows = RoleGrant.objects.visible_to(actor).filter(user_id=user_id)
    return list(rows.select_related("user", "organisation", "granted_by", "approved_by").order_by("-pk"))


def waiting_grants(actor: Actor) -> list[RoleGrant]:
    """Return the proposed grants that wait for approval, oldest first."""
    rows = RoleGrant.objects.visible_to(actor).filter(approved_at=None, held_until=None)
    return list(rows.select_related("user", "organisation", "granted_by", "approved_by").order_by("pk"))
