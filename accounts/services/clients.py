"""API clients: created, approved by a second person, given a new secret, closed."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from oauth2_provider.models import Application

from accounts.errors import (
    GrantNotThere,
    InvalidField,
    OrganisationNotThere,
    RoleMissing,
    SamePerson,
    UnknownScope,
)
from accounts.models import ApiClient, Organisation
from accounts.rules import SCOPES, Actor, Role
from accounts.services.trail import record_audit


@dataclass(frozen=True)
class NewApiClient:
    """A client just made. The secret is shown this once; the database keeps only its hash."""

    id: int
    client_id: str
    client_secret: str


@transaction.atomic
def create_api_client(
    *,
    name: str,
    organisation_id: int,
    scopes: Iterable[str],
    created_by_id: int,
    approved_by_id: int | None = None,
    at: datetime,
) -> NewApiClient:
    """Create a client of an organisation and return its id and secret; it works once a second person has approved it.

    approved_by_id: who has agreed already (an import, the demonstration); None leaves it waiting.
    Raises OrganisationNotThere, UnknownScope, InvalidField, SamePerson.
    """
    wanted = sorted(set(scopes))
    for scope in wanted:
        if scope not in SCOPES:
            raise UnknownScope(field="scopes", scope=scope)
    if not wanted:
        raise InvalidField(field="scopes", reason="At least one scope is needed.")
    if not name.strip():
        raise InvalidField(field="name", reason="The name is needed.")
    if not Organisation.objects.filter(pk=organisation_id).exists():
        raise OrganisationNotThere(field="organisation")
    if created_by_id == approved_by_id:
        raise SamePerson
    secret = secrets.token_urlsafe(32)
    application = Application.objects.create(
        name=name.strip(),
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        client_secret=secret,  # Hashed by the field.
    )
    client = ApiClient.objects.create(
        name=name.strip(),
        organisation_id=organisation_id,
        application=application,
        scopes=wanted,
        created_by_id=created_by_id,
        created_at=at,
        approved_by_id=approved_by_id,
        approved_at=None if approved_by_id is None else at,
    )
    record_audit(
        actor=None,
        verb="create_api_client",
        subject=f"api_client:{client.pk}",
        before=None,
        after={
            "name": client.name,
            "organisation_id": organisation_id,
            "scopes": wanted,
            "created_by_id": created_by_id,
            "approved_by_id": approved_by_id,
        },
        at=at,
    )
    return NewApiClient(id=client.pk, client_id=application.client_id, client_secret=secret)


@transaction.atomic
def approve_api_client(*, api_client_id: int, actor: Actor, at: datetime) -> None:
    """Let a client in. Raises GrantNotThere, RoleMissing, SamePerson; approved already: nothing happens."""
    client = _locked(actor, api_client_id)
    if not actor.has(Role.SECURITY_ADMIN):
        raise RoleMissing(roles=[Role.SECURITY_ADMIN])
    if client.approved_at is not None:
        return
    if client.created_by_id == actor.user_id:
        raise SamePerson
    client.approved_by_id, client.approved_at = actor.user_id, at
    client.save(update_fields=["approved_by", "approved_at"])
    _record(client, "approve_api_client", actor, {"state": "waiting"}, {"state": "approved"}, at)


@transaction.atomic
def rotate_client_secret(*, api_client_id: int, actor: Actor, at: datetime) -> NewApiClient:
    """Give a client a new secret, end every token of the old one, and return the new one. Raises GrantNotThere."""
    client = _locked(actor, api_client_id)
    secret = secrets.token_urlsafe(32)
    application = client.application
    application.client_secret = secret
    application.save(update_fields=["client_secret", "updated"])
    application.accesstoken_set.all().delete()
    _record(client, "rotate_client_secret", actor, None, None, at)
    return NewApiClient(id=client.pk, client_id=application.client_id, client_secret=secret)


@transaction.atomic
def close_api_client(*, api_client_id: int, actor: Actor, at: datetime) -> None:
    """Shut a client out at once, for ever. Raises GrantNotThere."""
    client = _locked(actor, api_client_id)
    client.closed_at = at
    client.save(update_fields=["closed_at"])
    client.application.accesstoken_set.all().delete()
    _record(client, "close_api_client", actor, {"state": "open"}, {"state": "closed"}, at)


def _locked(actor: Actor, api_client_id: int) -> ApiClient:
    client = (
        ApiClient.objects.visible_to(actor)
        .select_for_update(of=("self",))
        .filter(pk=api_client_id, closed_at=None)
        .select_related("application")
        .first()
    )
    if client is None:
        raise GrantNotThere
    return client


def _record(
    client: ApiClient,
    verb: str,
    actor: Actor,
    before: dict[str, str] | None,
    after: dict[str, str] | None,
    at: datetime,
) -> None:
    record_audit(actor=actor, verb=verb, subject=f"api_client:{client.pk}", before=before, after=after, at=at)
