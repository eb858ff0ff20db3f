"""Who is asking, for which organisation, in which roles."""

from dataclasses import dataclass
from datetime import datetime

from accounts.rules.area import area_prefix
from accounts.rules.organisations import OrganisationKind
from accounts.rules.roles import REGION_ROLES, STAFF_ROLES, Role


@dataclass(frozen=True)
class Actor:
    """A person or an API client at one instant. Rights are read from it, never looked up again."""

    user_id: int | None  # None for an API client and for nobody.
    organisation_id: int | None  # The organisation acted for now.
    organisation_name: str
    organisation_kind: OrganisationKind | None
    division_code: str  # Of the organisation: for staff the area of their office ("150000" the region).
    roles: frozenset[Role]  # In that organisation, in force now.
    client_id: int | None  # The API client's id, if it is one.
    scopes: frozenset[str]  # Of the client's token.
    confirmed_at: datetime | None  # When the password was last entered.
    display_name: str
    may_read: frozenset[int] = frozenset()  # Other organisations whose records this person was given to read, now.

    def has(self, *roles: Role) -> bool:
        """Return whether the actor holds any of the roles."""
        return not self.roles.isdisjoint(roles)

    @property
    def is_signed_in(self) -> bool:
        return self.user_id is not None or self.client_id is not None

    @property
    def is_client(self) -> bool:
        return self.client_id is not None

    @property
    def is_staff(self) -> bool:
        """Whether this is someone of an office or of the venue, at any level."""
        return not self.roles.isdisjoint(STAFF_ROLES)

    @property
    def is_staff_of_region(self) -> bool:
        """Whether this is someone who reads the records of the whole region."""
        return not self.roles.isdisjoint(REGION_ROLES)

    @property
    def area_prefix(self) -> str:
        """What the codes of the actor's area begin with; "" where the organisation has none."""
        return area_prefix(self.division_code)

    @property
    def key(self) -> str:
        """Name this actor for keys, throttles and logs: "client:3", "user:5/organisation:2", "nobody"."""
        if self.client_id is not None:
            return f"client:{self.client_id}"
        if self.user_id is not None:
            return f"user:{self.user_id}/organisation:{self.organisation_id or 0}"
        return "nobody"


NOBODY = Actor(
    user_id=None,
    organisation_id=None,
    organisation_name="",
    organisation_kind=None,
    division_code="",
    roles=frozenset(),
    client_id=None,
    scopes=frozenset(),
    confirmed_at=None,
    display_name="",
)
