"""Roles, where each may be held, and which exclude each other."""

from enum import StrEnum

from accounts.rules.organisations import HOLDER_KINDS, OrganisationKind


class Role(StrEnum):
    """What a person does in an organisation."""

    BANNER_CLERK = "banner_clerk"
    LEAGUE_REVIEWER = "league_reviewer"
    REGION_MAKER = "region_maker"
    REGION_CHECKER = "region_checker"
    ECOLOGY_RECORDER = "ecology_recorder"
    OWNER = "owner"
    VALIDATOR = "validator"
    VERIFIER = "verifier"
    FIRM_INITIATOR = "firm_initiator"
    FIRM_CONFIRMER = "firm_confirmer"
    EXCHANGE_OPERATOR = "exchange_operator"
    SETTLEMENT_OPERATOR = "settlement_operator"
    AUDITOR = "auditor"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


ADMINISTRATOR_ROLES = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})

# Those who work for the region as a whole and may read every record of their room's subject.
REGION_ROLES = frozenset(
    {
        Role.REGION_MAKER,
        Role.REGION_CHECKER,
        Role.ECOLOGY_RECORDER,
        Role.EXCHANGE_OPERATOR,
        Role.SETTLEMENT_OPERATOR,
        Role.AUDITOR,
    }
)

# Those of an office or the venue, as against participants: told the reason (403) where others see 404.
STAFF_ROLES = REGION_ROLES | ADMINISTRATOR_ROLES | {Role.BANNER_CLERK, Role.LEAGUE_REVIEWER}

_HOLDER_ROLES = frozenset({Role.OWNER, Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER})

ROLES_BY_KIND: dict[OrganisationKind, frozenset[Role]] = {
    OrganisationKind.FORESTRY_BUREAU: frozenset(
        {Role.BANNER_CLERK, Role.LEAGUE_REVIEWER, Role.REGION_MAKER, Role.REGION_CHECKER}
    ),
    OrganisationKind.ECOLOGY_DEPARTMENT: frozenset({Role.ECOLOGY_RECORDER}),
    OrganisationKind.VERIFICATION_BODY: frozenset({Role.VALIDATOR, Role.VERIFIER}),
    OrganisationKind.VENUE: frozenset({Role.EXCHANGE_OPERATOR, Role.SETTLEMENT_OPERATOR}) | ADMINISTRATOR_ROLES,
    OrganisationKind.AUDIT_BODY: frozenset({Role.AUDITOR}),
    OrganisationKind.PARTNER_PROVINCE: frozenset(),
    **dict.fromkeys(HOLDER_KINDS, _HOLDER_ROLES),
}


def role_class(role: Role) -> str:
    """Return the class of a role; roles of two classes never meet in one person.

    Each administrator role is a class of its own, all other roles together are one.
    Source: reliability.md I15, GB/T 22239-2019 8.1.5 (three administrators).
    """
    return role.value if role in ADMINISTRATOR_ROLES else "business"


def roles_of_client(kind: OrganisationKind) -> frozenset[Role]:
    """Return the roles an API client of such an organisation acts in; its scopes limit them further.

    Only a holder's client has any: what offices and verification bodies decide is decided by named persons.
    """
    return _HOLDER_ROLES if kind in HOLDER_KINDS else frozenset()
