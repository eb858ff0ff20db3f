"""Who is asking: a person in an organisation, or an API client by its token."""

import hashlib
from dataclasses import replace
from datetime import datetime

from django.db.models import F, Q
from django.utils import timezone
from guardian.models import UserObjectPermission

from accounts.models import AccessGrant, ApiClient, Membership, Organisation, RoleGrant, User
from accounts.rules import NOBODY, Actor, OrganisationKind, Role, roles_of_client

READ_RECORDS = "read_records"


def actor_of(user_id: int, organisation_id: int | None, at: datetime, confirmed_at: datetime | None = None) -> Actor:
    """Return the person as an actor for that organisation, with the roles in force at `at`.

    An organisation the person does not belong to (any more) counts as none; a person who is not active, as nobody.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return NOBODY
    actor = replace(
        NOBODY,
        user_id=user.pk,
        display_name=user.display_name,
        confirmed_at=confirmed_at,
        may_read=_may_read(user.pk, at),
    )
    membership = (
        Membership.objects.filter(_in_force(at, "since", "until"), user_id=user_id, organisation_id=organisation_id)  # type: ignore[misc]
        .select_related("organisation")
        .first()
    )
    if membership is None:
        return actor
    held = RoleGrant.objects.filter(  # type: ignore[misc]
        _in_force(at, "held_from", "held_until"),
        user_id=user_id,
        organisation_id=organisation_id,
        approved_at__lte=at,
    ).values_list("role", flat=True)
    return _for_organisation(actor, membership.organisation, frozenset(Role(role) for role in held))


def actor_of_token(token: str, at: datetime) -> Actor | None:
    """Return the API client whose bearer token this is, or None: unknown, expired, not approved or closed.

    Expiry is a matter of security and runs by the server's time, not by the business clock.
    """
    client = (
        ApiClient.objects.filter(
            application__accesstoken__token_checksum=hashlib.sha256(token.encode()).hexdigest(),
            application__accesstoken__expires__gt=timezone.now(),
            approved_at__isnull=False,
            closed_at=None,
        )
        .select_related("organisation")
        .annotate(token_scope=F("application__accesstoken__scope"))
        .first()
    )
    if client is None:
        return None
    actor = replace(
        NOBODY,
        client_id=client.pk,
        scopes=frozenset(client.token_scope.split()) & frozenset(client.scopes),
        display_name=client.name,
    )
    kind = OrganisationKind(client.organisation.kind)
    return _for_organisation(actor, client.organisation, roles_of_client(kind))


def actor_of_client(client_id: int) -> Actor:
    """Return an API client as an actor with all its scopes, for work it has asked for; a closed one as nobody."""
    client = (
        ApiClient.objects.filter(pk=client_id, approved_at__isnull=False, closed_at=None)
        .select_related("organisation")
        .first()
    )
    if client is None:
        return NOBODY
    actor = replace(NOBODY, client_id=client.pk, scopes=frozenset(client.scopes), display_name=client.name)
    kind = OrganisationKind(client.organisation.kind)
    return _for_organisation(actor, client.organisation, roles_of_client(kind))


def sign_in_organisation_id(user_id: int, at: datetime) -> int | None:
    """Return the organisation a person acts for after signing in: the one with the most roles, then the oldest."""
    ids = list(
        Membership.objects.filter(_in_force(at, "since", "until"), user_id=user_id)
        .order_by("since", "pk")
        .values_list("organisation_id", flat=True)
    )
    held = RoleGrant.objects.filter(
        _in_force(at, "held_from", "held_until"), user_id=user_id, approved_at__lte=at
    ).values_list("organisation_id", flat=True)
    counts = list(held)
    return max(ids, key=counts.count, default=None)


def _in_force(at: datetime, begins: str, ends: str) -> Q:
    return Q(**{f"{begins}__lte": at}) & (Q(**{f"{ends}__isnull": True}) | Q(**{f"{ends}__gt": at}))


def _may_read(user_id: int, at: datetime) -> frozenset[int]:
    """Return the organisations whose records the person may read by guardian's permission, while its grant lasts."""
    permitted = UserObjectPermission.objects.filter(
        user_id=user_id,
        permission__codename=READ_RECORDS,
        permission__content_type__app_label="accounts",
        permission__content_type__model="organisation",
    ).values_list("object_pk", flat=True)
    ids = {int(key) for key in permitted}
    if not ids:
        return frozenset()
    lasting = AccessGrant.objects.filter(
        _in_force(at, "held_from", "held_until"), user_id=user_id, organisation_id__in=ids, approved_at__lte=at
    )
    return frozenset(lasting.values_list("organisation_id", flat=True))


def _for_organisation(actor: Actor, organisation: Organisation, roles: frozenset[Role]) -> Actor:
    return replace(
        actor,
        organisation_id=organisation.pk,
        organisation_name=organisation.name,
        organisation_kind=OrganisationKind(organisation.kind),
        division_code=organisation.division_code,
        roles=roles,
    )


def scopes_of_application(application_id: int) -> list[str]:
    """Return the scopes the client of an OAuth2 application may ask for: none before approval or after its end."""
    scopes = ApiClient.objects.filter(
        application_id=application_id, approved_at__isnull=False, closed_at=None
    ).values_list("scopes", flat=True)
    return list(scopes.first() or [])
