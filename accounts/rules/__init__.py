"""Who is asking, and what a stated right says. Plain data and decisions, without any framework."""

from accounts.rules.access import PUBLIC, SIGNED_IN, Access, AccessKind, roles, signed_in
from accounts.rules.actor import NOBODY, Actor
from accounts.rules.area import area_prefix, is_in_area
from accounts.rules.organisations import HOLDER_KINDS, OrganisationKind, OrganisationView, UserView
from accounts.rules.passwords import is_confirmed
from accounts.rules.roles import (
    ADMINISTRATOR_ROLES,
    REGION_ROLES,
    ROLES_BY_KIND,
    STAFF_ROLES,
    Role,
    role_class,
    roles_of_client,
)
from accounts.rules.rule_changes import changer_of
from accounts.rules.scopes import SCOPES
from accounts.rules.uscc import compact_uscc, is_valid_uscc, with_check_digit
from accounts.rules.work import WorkItemView, days_left

__all__ = [
    "ADMINISTRATOR_ROLES",
    "HOLDER_KINDS",
    "NOBODY",
    "PUBLIC",
    "REGION_ROLES",
    "ROLES_BY_KIND",
    "SCOPES",
    "SIGNED_IN",
    "STAFF_ROLES",
    "Access",
    "AccessKind",
    "Actor",
    "OrganisationKind",
    "OrganisationView",
    "Role",
    "UserView",
    "WorkItemView",
    "area_prefix",
    "changer_of",
    "compact_uscc",
    "days_left",
    "is_confirmed",
    "is_in_area",
    "is_valid_uscc",
    "role_class",
    "roles",
    "roles_of_client",
    "signed_in",
    "with_check_digit",
]
