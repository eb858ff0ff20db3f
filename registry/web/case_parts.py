"""Parts of a case in words: who has it, its parcels and papers, what was returned, its course."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.queries import history_of
from accounts.templatetags.shown import colon
from accounts.web.refusals import role_name
from registry import queries
from registry.models import Project
from registry.queries import Handler
from registry.rules.states import Verb
from registry.web import case_words as words
from rulebook.queries import division


def handler_shown(found: Handler, names: Mapping[str, str]) -> dict[str, Any]:
    """Return who has a case now, as text, with the days that are left."""
    who = "" if found.role is None else role_name(found.role)
    if found.organisation_id is not None:
        who = f"{who} · {names.get(f'o{found.organisation_id}', '')}"
    elif found.division_code:
        who = f"{who} · {division(found.division_code).name}"
    left = found.days_left
    return {"who": who, "found": found, "overdue": -left if left is not None and left < 0 else 0}


def returned_shown(row: Project) -> list[dict[str, Any]]:
    """Return what the last review did not pass: the item, the reason, and where it is mended."""
    return [item_shown(item) for item in queries.returned_items(row)]


def item_shown(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item of a checklist by its name, with its answer and the step of the wizard that mends it."""
    name, _look_at, step = words.CHECKS.get(item["item"], (item["item"], "", "owner"))
    return {"name": _(name), "reason": item.get("reason", ""), "passed": bool(item.get("passed")), "step": step}


def parcels_shown(row: Project) -> list[dict[str, Any]]:
    """Return the parcels of a case, codes by their names, with what was decided on borders."""
    parcels = list(queries.parcels_of(row))
    decisions = queries.border_decisions(parcels)
    names = queries.names_of([], (one.decided_by_id for one in decisions.values()))
    found = []
    for one in parcels:
        decision = decisions.get(one.pk)
        found.append(
            {
                "row": one,
                "land_category": words.named(words.LAND_CATEGORIES, one.land_category),
                "tenure": words.named(words.TENURES, one.tenure),
                "place": division(one.division_code).name,
                "decision": decision,
                "decided_by": names.get(f"u{decision.decided_by_id}", "") if decision else "",
            }
        )
    return found


def documents_shown(row: Project) -> list[dict[str, Any]]:
    """Return the papers of a case with who brought each."""
    rows = queries.documents_of(row)
    names = queries.names_of([], (one.uploaded_by_id for one in rows))
    return [
        {
            "row": one,
            "kind": words.named(words.DOCUMENT_KINDS, one.kind),
            "by": names.get(f"u{one.uploaded_by_id}", _("the platform")),
        }
        for one in rows
    ]


def validation_shown(row: Project) -> dict[str, Any]:
    """Return the signed validation of a case with the name of who signed it, None and "" before there is one."""
    validation = queries.validation_of(row)
    names = queries.names_of([], [validation.signed_by_id]) if validation else {}
    return {"validation": validation, "signed_by": next(iter(names.values()), "")}


# What is no official act and so stands in the trail alone: verb of the trail -> name of the act.
TRAIL = {
    "create_project": "create",
    "submit_project": Verb.SUBMIT,
    "withdraw_project": Verb.WITHDRAW,
    "lapse_project": Verb.LAPSE,
    "complete_project": Verb.COMPLETE,
}


def events_of(row: Project, at: datetime) -> list[dict[str, Any]]:
    """Return the course of a case, oldest first: who did what, with which opinion; and whom it waits for."""
    events = sorted([*_acts(row), *_trail(row)], key=lambda event: event["at"])
    found = queries.handler_of(row, at)
    if found.role is not None:
        shown = handler_shown(found, queries.names_of([found.organisation_id]))
        events.append({"what": _("Waits for"), "who": shown["who"], "at": None, "is_waiting": True})
    return events


def _acts(row: Project) -> list[dict[str, Any]]:
    steps = [one for one in queries.steps_of(row) if one.period_id is None]
    names = queries.names_of([one.organisation_id for one in steps], [one.reviewer_id for one in steps])
    events = []
    was_suspended = False
    for one in steps:
        was_suspended = was_suspended or one.verb == Verb.SUSPEND
        is_of_suspension = was_suspended and one.verb == Verb.PROPOSE
        what = _(words.PROPOSED_END) if is_of_suspension else words.named(words.ACTS, one.verb)
        if one.role in words.LEVELS and one.verb in (Verb.PASS, Verb.ACCEPT, Verb.RETURN, Verb.REJECT):
            what = f"{_(words.LEVELS[one.role])} · {what}"
        asked = [item for item in one.checklist if "item" in item]  # A suspension notes its freezes there.
        returned = [f"{colon(item['name'])}{item['reason']}" for item in map(item_shown, asked) if not item["passed"]]
        events.append(
            {
                "what": what,
                "who": f"{names.get(f'u{one.reviewer_id}', '')} · {names.get(f'o{one.organisation_id}', '')}",
                "at": one.at,
                "opinion": "\n".join([queries.order_number_of(one), one.opinion, *returned]).strip(),
            }
        )
    return events


def _trail(row: Project) -> list[dict[str, Any]]:
    records = history_of(row.subject)
    reasons = {one.at: (one.after or {}).get("reason", "") for one in records if one.verb == "state_reason"}
    events = []
    for one in records:
        if one.verb not in TRAIL:
            continue
        house = one.organisation.name if one.organisation else ""
        events.append(
            {
                "what": words.named(words.ACTS, TRAIL[one.verb]),
                "who": " · ".join(part for part in (one.actor_name or _("the platform"), house) if part),
                "at": one.at,
                "opinion": reasons.get(one.at, "") if TRAIL[one.verb] == Verb.WITHDRAW else "",
            }
        )
    return events
