"""Tables of accounts: people, organisations, roles, API clients, work queue, audit trail."""

from accounts.models.clients import ApiClient, ApiUsage, IdempotencyRecord
from accounts.models.grants import AccessGrant, RoleGrant
from accounts.models.people import Membership, Organisation, User
from accounts.models.trail import AuditRecord, SignIn
from accounts.models.work import WorkItem

__all__ = [
    "AccessGrant",
    "ApiClient",
    "ApiUsage",
    "AuditRecord",
    "IdempotencyRecord",
    "Membership",
    "Organisation",
    "RoleGrant",
    "SignIn",
    "User",
    "WorkItem",
]
