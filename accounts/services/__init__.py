"""What accounts does: one function a use case, one transaction each."""

from accounts.services.access import end_due_access, give_access
from accounts.services.clients import (
    NewApiClient,
    approve_api_client,
    close_api_client,
    create_api_client,
    rotate_client_secret,
)
from accounts.services.grants import (
    PROPOSERS,
    approve_role,
    found_administrators,
    grant_role,
    propose_role,
    refuse_role,
    revoke_role,
)
from accounts.services.organisations import freeze_organisation, register_organisation
from accounts.services.people import add_member, register_user, set_language
from accounts.services.requests import Answered, answer_once, count_request
from accounts.services.rule_changes import approve_rule_change, end_rule_change, propose_rule_change
from accounts.services.signing import confirm_password, require_confirmed, sign_in, sign_out
from accounts.services.trail import record_audit
from accounts.services.work import claim_work_item, close_work_items, hand_over_work_item, open_work_item

__all__ = [
    "PROPOSERS",
    "Answered",
    "NewApiClient",
    "add_member",
    "answer_once",
    "approve_api_client",
    "approve_role",
    "approve_rule_change",
    "claim_work_item",
    "close_api_client",
    "close_work_items",
    "confirm_password",
    "count_request",
    "create_api_client",
    "end_due_access",
    "end_rule_change",
    "found_administrators",
    "freeze_organisation",
    "give_access",
    "grant_role",
    "hand_over_work_item",
    "open_work_item",
    "propose_role",
    "propose_rule_change",
    "record_audit",
    "refuse_role",
    "register_organisation",
    "register_user",
    "require_confirmed",
    "revoke_role",
    "rotate_client_secret",
    "set_language",
    "sign_in",
    "sign_out",
]
