"""Reads of accounts, named for what they answer."""

from accounts.queries.actors import (
    actor_of,
    actor_of_client,
    actor_of_token,
    scopes_of_application,
    sign_in_organisation_id,
)
from accounts.queries.clients import api_client, api_clients
from accounts.queries.organisations import (
    holders_named,
    organisation,
    organisation_by_uscc,
    organisation_row,
    organisations,
    organisations_by_kind,
    organisations_of_user,
    organisations_visible_to,
    user_name,
    users_with_role,
    view_of,
)
from accounts.queries.people import (
    PersonInRole,
    grants_of,
    own_sign_ins,
    people_visible_to,
    people_with_roles,
    person,
    user_id_of,
    user_to_sign_in,
    waiting_grants,
)
from accounts.queries.trail import TrailFilter, audit_records, history_of
from accounts.queries.work import colleagues_for, has_open_item, open_work_count, work_item, work_items_for

__all__ = [
    "PersonInRole",
    "TrailFilter",
    "actor_of",
    "actor_of_client",
    "actor_of_token",
    "api_client",
    "api_clients",
    "audit_records",
    "colleagues_for",
    "grants_of",
    "has_open_item",
    "history_of",
    "holders_named",
    "open_work_count",
    "organisation",
    "organisation_by_uscc",
    "organisation_row",
    "organisations",
    "organisations_by_kind",
    "organisations_of_user",
    "organisations_visible_to",
    "own_sign_ins",
    "people_visible_to",
    "people_with_roles",
    "person",
    "scopes_of_application",
    "sign_in_organisation_id",
    "user_id_of",
    "user_name",
    "user_to_sign_in",
    "users_with_role",
    "view_of",
    "waiting_grants",
    "work_item",
    "work_items_for",
]
