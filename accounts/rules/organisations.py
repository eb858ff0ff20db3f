"""Kinds of organisations, and what other rooms see of one."""

from dataclasses import dataclass
from enum import StrEnum


class OrganisationKind(StrEnum):
    """What an organisation is on this platform. An office is an organisation with a division code."""

    FORESTRY_BUREAU = "forestry_bureau"
    ECOLOGY_DEPARTMENT = "ecology_department"
    STATE_FARM = "state_farm"
    COLLECTIVE = "collective"
    COOPERATIVE = "cooperative"
    FIRM = "firm"
    VERIFICATION_BODY = "verification_body"
    VENUE = "venue"
    AUDIT_BODY = "audit_body"
    PARTNER_PROVINCE = "partner_province"


# Who may hold credits and money: own projects, trade, retire.
HOLDER_KINDS = frozenset(
    {OrganisationKind.STATE_FARM, OrganisationKind.COLLECTIVE, OrganisationKind.COOPERATIVE, OrganisationKind.FIRM}
)


@dataclass(frozen=True)
class OrganisationView:
    """An organisation as other rooms see it."""

    id: int
    name: str
    kind: OrganisationKind
    uscc: str
    division_code: str
    control_group: str  # Organisations of one group never trade with each other; never empty.
    is_frozen: bool


@dataclass(frozen=True)
class UserView:
    """A person as other rooms see one."""

    id: int
    username: str
    display_name: str
