"""What the codes of transfers are called, and in which tone they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from settlement.models import TransferCheck
from settlement.rules import CheckAnswer

KINDS: Mapping[str, str] = {
    "inheritance": _("Inheritance"),
    "merger": _("Merger or division"),
    "court": _("Court's order"),
    "gift": _("Gift"),
}
# Code -> words, tone of the badge.
STATES: Mapping[str, tuple[str, str]] = {
    "proposed": (_("Waits for approval"), "info"),
    "approved": (_("Approved, waits until due"), "info"),
    "executed": (_("Transferred"), "success"),
    "cancelled": (_("Stopped"), "neutral"),
    "refused": (_("Transfer refused"), "danger"),
    "reversed": (_("Reversed"), "warning"),
}
TRUST_STATES: Mapping[str, tuple[str, str]] = {
    "proposed": (_("Waits for the second person"), "info"),
    "approved": (_("Approved"), "success"),
    "stopped": (_("Stopped"), "neutral"),
    "revoked": (_("Revoked"), "neutral"),
}
EVIDENCE: Mapping[str, str] = {
    "inheritance_notarisation": _("Notarised certificate of inheritance"),
    "court_judgment": _("Court judgment in force"),
    "merger_agreement": _("Agreement of merger or division"),
    "registration_notice": _("Notice of the market regulator on the change of registration"),
    "court_assistance_notice": _("Court's notice of assistance in execution"),
    "court_ruling": _("Court ruling of execution"),
    "gift_agreement": _("Gift agreement"),
    "gift_notarisation": _("Notarised gift deed"),
}
REASONS: Mapping[str, str] = {
    "wrong_receiver": _("Wrong receiver"),
    "wrong_units": _("Wrong quantity"),
    "basis_void": _("The document was revoked or is void"),
    "court_order": _("Ordered by a court"),
    "posting_error": _("Posted in error"),
}
STAGES: Mapping[str, str] = {
    "proposal": _("At the proposal"),
    "approval": _("At the approval"),
    "refusal": _("At the refusal"),
    "execution": _("At the execution"),
    "now": _("Now"),
}
# Number -> what is looked at, what it means that it passed.
CHECKS: Mapping[str, tuple[str, str]] = {
    "T01": (_("The holder may dispose"), _("A holder of credits; no freeze stands against this transfer.")),
    "T02": (_("The receiver may hold"), _("A holder of credits; its account is not frozen.")),
    "T03": (_("Two different organisations"), _("Giver and receiver are not the same.")),
    "T04": (_("The credits may change hands"), _("Tradable credits of one batch.")),
    "T05": (_("The batch is not frozen"), _("No freeze of this batch is in force.")),
    "T06": (_("The units are there"), _("{available} t are there, {needed} t are needed.")),
    "T07": (_("The evidence is whole"), _("The stored file has the hash that was written down.")),
    "T08": (_("The evidence fits"), _("A document of this kind proves a transfer of this kind.")),
    "T09": (_("Persons and roles"), _("Different persons, each active in the role.")),
    "T10": (_("Trusted, or waited"), ""),
    "T11": (_("Proposed once"), _("No other live transfer has the same content.")),
}
TRUSTED = _("The receiver is a trusted account: no wait.")
WAITS = _("The receiver is no trusted account: not before {due}.")
PROVISIONAL = _("not fixed yet: the calendar of that year is not loaded")
# What a refusal names as a step or a state.
STEPS = (_("confirm"), _("approve"), _("refuse"), _("stop"), _("decide"), _("reverse"))
STATE_WORDS = (_("proposed"), _("approved"), _("executed"), _("cancelled"), _("reversed"), _("stopped"), _("revoked"))


def named(words: Mapping[str, str], key: str) -> str:
    """Return the name of a code."""
    return gettext(words.get(key, key))


def badge(words: Mapping[str, tuple[str, str]], key: str) -> dict[str, str]:
    """Return text and tone of a state for components/status.html."""
    text, tone = words.get(key, (key, "neutral"))
    return {"text": gettext(text), "tone": tone}


def stored_check(row: TransferCheck) -> dict[str, Any]:
    """Return what a check found, as it was stored, in words."""
    return check_shown(row.number, row.passed, row.message, row.found)


def answer_shown(one: CheckAnswer) -> dict[str, Any]:
    """Return what a check finds now, in words."""
    found = one.found or (one.refusal.found if one.refusal else {})
    return check_shown(one.number, one.passed, one.refusal.message if one.refusal else "", found)


def check_shown(number: str, passed: bool, message: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return number, name, outcome and reason of one check."""
    title, why = CHECKS[number]
    reason = (why if passed else message) or _due_words(found)
    values = {name: ", ".join(value) if isinstance(value, list) else value for name, value in found.items()}
    return {
        "number": number,
        "title": gettext(title),
        "passed": passed,
        "reason": gettext(reason).format(**values) if reason else "",
    }


def _due_words(found: Mapping[str, Any]) -> str:
    return TRUSTED if found.get("trusted") else WAITS
