"""The words of a refusal in the reader's language."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts.rules import Role
from rulebook.errors import Refusal

ROLE_NAMES = {
    Role.BANNER_CLERK: _("banner bureau clerk"),
    Role.LEAGUE_REVIEWER: _("league bureau reviewer"),
    Role.REGION_MAKER: _("regional bureau, maker"),
    Role.REGION_CHECKER: _("regional bureau, checker"),
    Role.ECOLOGY_RECORDER: _("ecology department recorder"),
    Role.OWNER: _("project owner"),
    Role.VALIDATOR: _("validator"),
    Role.VERIFIER: _("verifier"),
    Role.FIRM_INITIATOR: _("firm, initiating person"),
    Role.FIRM_CONFIRMER: _("firm, confirming person"),
    Role.EXCHANGE_OPERATOR: _("market operator"),
    Role.SETTLEMENT_OPERATOR: _("settlement operator"),
    Role.AUDITOR: _("auditor"),
    Role.SYSTEM_ADMIN: _("system administrator"),
    Role.SECURITY_ADMIN: _("security administrator"),
    Role.AUDIT_ADMIN: _("audit administrator"),
}

# Found values that are words of ours: English message ids or codes, never what someone has entered.
WORDS = frozenset({"items", "missing", "reason", "state", "until", "verb"})


def message_of(refusal: Refusal) -> str:
    """Return the refusal's message in the active language, filled with what was found."""
    found = {name: _in_words(value) if name in WORDS else _shown(value) for name, value in refusal.found.items()}
    return gettext(refusal.message).format(**found)


def remedy_of(refusal: Refusal) -> str:
    """Return what to do about it in the active language, "" where the class names nothing."""
    remedy = getattr(refusal, "remedy", "")
    return gettext(remedy).format(**refusal.found) if remedy else ""


def role_name(role: str) -> str:
    """Return a role's name in the active language."""
    return gettext(ROLE_NAMES[Role(role)])


def _shown(value: Any) -> Any:
    """Return a found value as a reader takes it: roles by their names, lists joined, text translated if known."""
    if isinstance(value, Role):
        return role_name(value)
    if isinstance(value, list | tuple | set | frozenset):
        return gettext(", ").join(str(_shown(one)) for one in value)
    if isinstance(value, Promise):
        return str(value)
    return value


def _in_words(value: Any) -> Any:
    """Return a found text, or each of a list, translated where the catalogue knows it."""
    if isinstance(value, list | tuple | set | frozenset):
        return _shown([_in_words(one) for one in value])
    return gettext(value) if isinstance(value, str) and value else _shown(value)
