"""The serial passport: any credit's life, for anyone. Holders are named to those who may know them alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from accounts.rules import Actor
from accounts.web.pages import Page
from accounts.web.refusals import message_of
from rulebook.errors import Refusal
from settlement import queries
from settlement.queries import SerialLife, SerialPart, SerialParts, SerialStep
from settlement.rules import Purpose
from settlement.web.holdings import KIND_NAMES, PURPOSE_NAMES


class SerialPage(Page):
    """Looks up `?serial=` and shows its steps; what was mistyped and what is unknown are told apart."""

    template_name = "settlement/serial.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text = self.request.GET.get("serial", "").strip()[:80]
        context: dict[str, Any] = {"text": text, "life": None, "problem": ""}
        if text:
            try:
                life = queries.serial_life(text)
            except Refusal as refusal:
                context["problem"] = message_of(refusal)
            else:
                ended = _(PURPOSE_NAMES[life.end.purpose]) if life.end else ""
                context |= {"life": life, "ended": ended, "steps": self.steps(life), **self.beyond(life)}
                parts = queries.serial_parts(text)
                if parts.serials.units > 1:
                    # One numbering on one page: who is participant 2 in the life is so in the table of places, too.
                    numbers = holder_numbers([*life.steps, *parts.parts])
                    context |= {"parts": parts, "places": self.places(parts, numbers)}
        return super().get_context_data(**kwargs, **context)

    def steps(self, life: SerialLife) -> list[dict[str, Any]]:
        """Return the steps of a life in words."""
        names = queries.holder_names(self.actor, life.steps)
        numbers = holder_numbers(life.steps)
        return [
            {
                "step": step,
                "kind": _(KIND_NAMES[step.kind]),
                "purpose": _(PURPOSE_NAMES[step.purpose]),
                "holder": _holder(step.organisation_id, step.purpose, names, numbers),
                "is_new_holder": step.organisation_id != step.from_organisation_id,
            }
            for step in life.steps
        ]

    def places(self, parts: SerialParts, numbers: dict[int, int]) -> list[dict[str, Any]]:
        """Return where the parts of a range stand, in words."""
        names = queries.holder_names(self.actor, parts.parts)
        return [
            {
                "part": part,
                "purpose": _(PURPOSE_NAMES[part.purpose]),
                "holder": _holder(part.organisation_id, part.purpose, names, numbers),
            }
            for part in parts.parts
        ]

    def beyond(self, life: SerialLife) -> dict[str, Any]:
        """Return what other rooms know of a serial; a page that spans them adds it."""
        return {}


def life_rows(actor: Actor, life: SerialLife) -> list[tuple[Any, ...]]:
    """Return the steps of a life as rows of a table, in words."""
    names, numbers = queries.holder_names(actor, life.steps), holder_numbers(life.steps)
    return [
        (
            step.at,
            _(KIND_NAMES[step.kind]),
            _holder(step.organisation_id, step.purpose, names, numbers),
            _(PURPOSE_NAMES[step.purpose]),
            step.entry_id,
            step.serials.first,
            step.serials.last,
        )
        for step in life.steps
    ]


def holder_numbers(steps: Iterable[SerialStep | SerialPart]) -> dict[int, int]:
    """Return a number for each holder in a life or a range, by id, in the order in which they come."""
    ids = dict.fromkeys(step.organisation_id for step in steps if step.organisation_id is not None)
    return {organisation_id: number for number, organisation_id in enumerate(ids, start=1)}


def _holder(organisation_id: int | None, purpose: Purpose, names: dict[int, str], numbers: dict[int, int]) -> str:
    if organisation_id is None:
        return _("The region's pool") if purpose in (Purpose.BUFFER, Purpose.CANCELLED) else _("The registry")
    if organisation_id in names:
        return names[organisation_id]
    return _("Participant %(number)d (name not public)") % {"number": numbers[organisation_id]}
