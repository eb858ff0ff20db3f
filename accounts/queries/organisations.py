"""Reads of organisations and people, as frozen views for other rooms."""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.errors import OrganisationNotThere
from accounts.models import Membership, Organisation, RoleGrant, User
from accounts.rules import (
    HOLDER_KINDS,
    Actor,
    OrganisationKind,
    OrganisationView,
    Role,
    UserView,
    compact_uscc,
    is_valid_uscc,
)


def organisation(organisation_id: int) -> OrganisationView:
    """Return the organisation. Raises OrganisationNotThere."""
    row = Organisation.objects.filter(pk=organisation_id).first()
    if row is None:
        raise OrganisationNotThere
    return view_of(row)


def organisation_by_uscc(uscc: str) -> OrganisationView | None:
    """Return the organisation with a unified social credit code, however it was typed; None: there is none."""
    code = compact_uscc(uscc)
    row = Organisation.objects.filter(uscc=code).first() if is_valid_uscc(code) else None
    return view_of(row) if row else None


def holders_named(text: str, *, limit: int = 20) -> list[OrganisationView]:
    """Return the organisations that may hold credits with a text in their name or code, by name."""
    if not text or "\0" in text:
        return []
    rows = Organisation.objects.filter(kind__in=[kind.value for kind in HOLDER_KINDS])
    rows = rows.filter(Q(name__icontains=text) | Q(uscc__icontains=text.upper()))
    return [view_of(row) for row in rows.order_by("sort_key", "pk")[:limit]]


def organisations(organisation_ids: set[int]) -> dict[int, OrganisationView]:
    """Return the organisations with these ids, by id; unknown ones are left out."""
    return {row.pk: view_of(row) for row in Organisation.objects.filter(pk__in=organisation_ids)}


def organisations_by_kind(kind: OrganisationKind) -> list[OrganisationView]:
    """Return the organisations of a kind in the order of their names' pinyin."""
    return [view_of(row) for row in Organisation.objects.filter(kind=kind.value).order_by("sort_key", "pk")]


def organisations_of_user(user_id: int, at: datetime) -> list[OrganisationView]:
    """Return the organisations a person belongs to at `at`, for the switch in the top bar."""
    rows = Membership.objects.filter(Q(until=None) | Q(until__gt=at), user_id=user_id, since__lte=at)
    return [view_of(row.organisation) for row in rows.select_related("organisation").order_by("since", "pk")]


def users_with_role(
    role: Role, organisation_id: int | None = None, division_code: str | None = None, *, at: datetime | None = None
) -> list[UserView]:
    """Return the active people who hold the role, by id: in one organisation, or in the office of one division.

    at: only those who hold it then; None: those whose grant has not ended.
    """
    grants = RoleGrant.objects.filter(role=role.value, approved_at__isnull=False, user__is_active=True)
    if at is None:
        grants = grants.filter(held_until=None)
    else:
        grants = grants.filter(Q(held_until=None) | Q(held_until__gt=at), held_from__lte=at, approved_at__lte=at)
    if organisation_id is not None:
        grants = grants.filter(organisation_id=organisation_id)
    if division_code is not None:
        grants = grants.filter(organisation__division_code=division_code)
    people = User.objects.filter(pk__in=grants.values("user_id")).order_by("pk")
    return [UserView(id=user.pk, username=user.username, display_name=user.display_name) for user in people]


def user_name(user_id: int | None) -> str:
    """Return the person's display name; "" for nobody or an id that is not known."""
    if user_id is None:
        return ""
    return User.objects.filter(pk=user_id).values_list("display_name", flat=True).first() or ""


def organisations_visible_to(actor: Actor, *, kind: str = "", text: str = "") -> QuerySet[Organisation]:
    """Return the organisations the actor may read, by name, those of a kind and with a text in name or code."""
    rows = Organisation.objects.visible_to(actor)
    if "\0" in kind + text:  # The database takes no such text, so nothing holds it.
        return rows.none()
    if kind:
        rows = rows.filter(kind=kind)
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(uscc__icontains=text.upper()))
    return rows.order_by("sort_key", "pk")


def organisation_row(actor: Actor, organisation_id: int) -> Organisation:
    """Return one organisation the actor may read. Raises OrganisationNotThere."""
    row = Organisation.objects.visible_to(actor).filter(pk=organisation_id).first()
    if row is None:
        raise OrganisationNotThere
    return row


def view_of(row: Organisation) -> OrganisationView:
    """Return the row as other rooms see it."""
    return OrganisationView(
        id=row.pk,
        name=row.name,
        kind=OrganisationKind(row.kind),
        uscc=row.uscc,
        division_code=row.division_code,
        control_group=row.control_group or f"organisation:{row.pk}",
        is_frozen=row.state == Organisation.State.FROZEN,
    )
