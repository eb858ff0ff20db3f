"""Access rows: who may use one verb of one route. What no row states is refused."""

from dataclasses import dataclass
from enum import StrEnum

from accounts.errors import ClientsNotHere, NotSignedIn, RoleMissing, ScopeMissing
from accounts.rules.actor import Actor
from accounts.rules.roles import Role


class AccessKind(StrEnum):
    """How an access row decides."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    ROLES = "roles"


@dataclass(frozen=True)
class Access:
    """One access row.

    A person needs to be signed in, or one of `roles`; an API client needs `scope`, and without one is refused.
    """

    kind: AccessKind
    roles: frozenset[Role] = frozenset()
    scope: str = ""

    def check(self, actor: Actor) -> None:
        """Return if the actor may, else raise NotSignedIn, ScopeMissing or RoleMissing."""
        if self.kind is AccessKind.PUBLIC:
            return
        if not actor.is_signed_in:
            raise NotSignedIn
        if actor.is_client:
            if not self.scope:
                raise ClientsNotHere
            if self.scope not in actor.scopes:
                raise ScopeMissing(scope=self.scope)
            return
        if self.kind is AccessKind.ROLES and actor.roles.isdisjoint(self.roles):
            raise RoleMissing(roles=sorted(self.roles))


PUBLIC = Access(AccessKind.PUBLIC)
SIGNED_IN = Access(AccessKind.SIGNED_IN)


def signed_in(*, scope: str) -> Access:
    """Return the row "any person signed in, or a client with this scope"."""
    return Access(AccessKind.SIGNED_IN, scope=scope)


def roles(*any_of: Role, scope: str = "") -> Access:
    """Return the row "a person with one of these roles, or a client with this scope"."""
    assert any_of, "a row that no role meets refuses everybody"
    return Access(AccessKind.ROLES, roles=frozenset(any_of), scope=scope)
