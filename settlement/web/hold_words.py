"""What the codes of freezes and pledges are called, and in which tone they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

REASONS: Mapping[str, str] = {
    "judicial": _("Judicial freeze"),
    "disturbance": _("Disturbance case"),
    "suspension": _("Suspension"),
    "inquiry": _("Inquiry"),
    "pledge": _("Pledge"),
}
# Code -> words, tone of the badge.
STATES: Mapping[str, tuple[str, str]] = {
    "asked": (_("Waits for the holder's second person"), "info"),
    "confirmed": (_("Waits for registration"), "info"),
    "live": (_("In force"), "danger"),
    "ended": (_("Lifted"), "success"),
    "refused": (_("Pledge not registered"), "neutral"),
}
LIFT_STATES: Mapping[str, str] = {
    "asked": _("Waits for the second person"),
    "done": _("Released"),
    "refused": _("Release refused"),
}
ENTRY_KINDS: Mapping[str, str] = {
    "placed": _("Taken from what was available"),
    "laid_over": _("Laid over a pledge"),
    "released": _("Given back"),
}
# What a refusal names as a step.
STEPS = (_("confirm"), _("register"), _("refuse"), _("ask_lift"), _("decide"))
STATE_WORDS = (_("asked"), _("confirmed"), _("live"), _("ended"), _("refused"), _("done"))


def named(words: Mapping[str, str], key: str) -> str:
    """Return the name of a code."""
    return gettext(words.get(key, key))


def badge(key: str) -> dict[str, Any]:
    """Return text and tone of a hold's state for components/status.html."""
    text, tone = STATES.get(key, (key, "neutral"))
    return {"text": gettext(text), "tone": tone}
