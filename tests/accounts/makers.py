"""People, organisations and clients for tests, made by the services."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count

from django.test import Client

from accounts import queries, services
from accounts.models import RoleGrant, User
from accounts.rules import Actor, OrganisationKind, Role, with_check_digit

PASSWORD = "a-long-enough-password-1"
_numbers = count(1)

HOME_OF: dict[Role, tuple[OrganisationKind, str]] = {
    Role.BANNER_CLERK: (OrganisationKind.FORESTRY_BUREAU, "150430"),
    Role.LEAGUE_REVIEWER: (OrganisationKind.FORESTRY_BUREAU, "150400"),
    Role.REGION_MAKER: (OrganisationKind.FORESTRY_BUREAU, "150000"),
    Role.REGION_CHECKER: (OrganisationKind.FORESTRY_BUREAU, "150000"),
    Role.ECOLOGY_RECORDER: (OrganisationKind.ECOLOGY_DEPARTMENT, "150000"),
    Role.OWNER: (OrganisationKind.STATE_FARM, "150430"),
    Role.VALIDATOR: (OrganisationKind.VERIFICATION_BODY, ""),
    Role.VERIFIER: (OrganisationKind.VERIFICATION_BODY, ""),
    Role.FIRM_INITIATOR: (OrganisationKind.FIRM, ""),
    Role.FIRM_CONFIRMER: (OrganisationKind.FIRM, ""),
    Role.EXCHANGE_OPERATOR: (OrganisationKind.VENUE, ""),
    Role.SETTLEMENT_OPERATOR: (OrganisationKind.VENUE, ""),
    Role.AUDITOR: (OrganisationKind.AUDIT_BODY, ""),
    Role.SYSTEM_ADMIN: (OrganisationKind.VENUE, ""),
    Role.SECURITY_ADMIN: (OrganisationKind.VENUE, ""),
    Role.AUDIT_ADMIN: (OrganisationKind.VENUE, ""),
}


@dataclass(frozen=True)
class Administrators:
    """The three administrators of the installation and their organisation."""

    venue_id: int
    system_id: int
    security_id: int
    audit_id: int


def an_organisation(kind: OrganisationKind = OrganisationKind.FIRM, *, at: datetime, division_code: str = "") -> int:
    """Return the id of a new organisation with a valid code; that of a collective begins with N."""
    number = next(_numbers)
    if kind is OrganisationKind.COLLECTIVE:
        code = with_check_digit(f"N2150430MF{number:07d}")
    else:
        code = with_check_digit(f"91150000MA{number:07d}")
    if not division_code and kind in (OrganisationKind.FORESTRY_BUREAU, OrganisationKind.ECOLOGY_DEPARTMENT):
        division_code = "150000"
    return services.register_organisation(
        name=f"机构{number}", kind=kind, uscc=code, division_code=division_code, at=at
    )


def a_user(organisation_id: int | None = None, *, at: datetime, username: str = "") -> int:
    """Return the id of a new person, member of the organisation."""
    number = next(_numbers)
    return services.register_user(
        username=username or f"person{number}",
        display_name=f"人员{number}",
        password=PASSWORD,
        organisation_id=organisation_id,
        at=at,
    )


def administrators(at: datetime) -> Administrators:
    """Return the three administrators, founded at the first call in a database."""
    held = {
        grant.role: grant
        for grant in RoleGrant.objects.filter(role__in=["system_admin", "security_admin", "audit_admin"]).order_by(
            "-pk"
        )
    }
    if not held:
        venue = an_organisation(OrganisationKind.VENUE, at=at)
        system, security, audit = (a_user(venue, at=at) for _ in range(3))
        services.found_administrators(
            organisation_id=venue, system_admin_id=system, security_admin_id=security, audit_admin_id=audit, at=at
        )
        return Administrators(venue, system, security, audit)
    return Administrators(
        held["system_admin"].organisation_id,
        held["system_admin"].user_id,
        held["security_admin"].user_id,
        held["audit_admin"].user_id,
    )


def a_person(*roles: Role, at: datetime, organisation_id: int | None = None, confirmed: bool = False) -> Actor:
    """Return a new person as an actor holding the roles, in a new organisation that suits the first unless given."""
    admins = administrators(at)
    if organisation_id is None:
        kind, division_code = HOME_OF[roles[0]] if roles else (OrganisationKind.FIRM, "")
        organisation_id = an_organisation(kind, at=at, division_code=division_code)
    user_id = a_user(organisation_id, at=at)
    for role in roles:
        services.grant_role(
            user_id=user_id,
            organisation_id=organisation_id,
            role=role,
            granted_by_id=admins.system_id,
            approved_by_id=admins.security_id,
            at=at,
        )
    return queries.actor_of(user_id, organisation_id, at, confirmed_at=at if confirmed else None)


def the_actor(user_id: int, at: datetime) -> Actor:
    """Return a person as an actor for the organisation a session would begin with."""
    return queries.actor_of(user_id, queries.sign_in_organisation_id(user_id, at), at)


def a_client(*scopes: str, at: datetime, organisation_id: int | None = None) -> services.NewApiClient:
    """Return a new, approved API client of a new firm unless an organisation is given."""
    admins = administrators(at)
    return services.create_api_client(
        name=f"client{next(_numbers)}",
        organisation_id=organisation_id or an_organisation(at=at),
        scopes=scopes or ("organisations:read",),
        created_by_id=admins.system_id,
        approved_by_id=admins.security_id,
        at=at,
    )


def username_of(actor: Actor) -> str:
    """Return an actor's user name."""
    return User.objects.get(pk=actor.user_id).username


def signed_in_as(actor: Actor) -> Client:
    """Return a browser in which this person has signed in on the page, and so acts for an organisation."""
    client = Client()
    answer = client.post("/sign-in/", {"username": username_of(actor), "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client
