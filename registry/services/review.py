"""The levels of a review: passed on, accepted, returned or rejected, each with its checklist and opinion."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import InvalidField
from accounts.rules import Actor, Role
from accounts.services import close_work_items
from registry.errors import BorderUndecided, Incomplete, ItemsFailed, OpinionNeeded, RoleForbids
from registry.models import Project
from registry.queries.cases import checklist as items_of
from registry.queries.cases import levels
from registry.queries.land import undecided_borders
from registry.rules.inputs import ChecklistAnswer
from registry.rules.states import CHECKLIST, ProjectState, Verb, next_level, role_for
from registry.rules.texts import is_clean
from registry.services.acts import change, locked_project, open_item, refuse_contributor, require_step, write_step
from registry.services.projects import ask_review, end_case, tell_owner
from rulebook.queries import add_working_days, business_date, rule


@transaction.atomic
def review_project(
    *,
    actor: Actor,
    project_id: int,
    verb: Verb,
    opinion: str,
    checklist: Sequence[ChecklistAnswer],
    version: int | None = None,
    at: datetime,
) -> Project:
    """Pass a submission on, return it or reject it, at the level where it is; a pass of the last level accepts it.

    Raises StateForbids, RoleForbids (another level's office), TookPart, StaleVersion, Incomplete (items without an
    answer), OpinionNeeded, ItemsFailed, BorderUndecided.
    """
    if verb not in (Verb.PASS, Verb.RETURN, Verb.REJECT):
        raise InvalidField(field="verb", reason=_("Pass, return or reject is expected."))
    row = locked_project(actor, project_id, version)
    order = levels(row.scheme, at)
    following = next_level(order, row.level)
    if verb is Verb.PASS and following is None:
        verb = Verb.ACCEPT
    require_step(actor, row, verb)
    role = role_for(frozenset({Role(order[row.level])}), actor, row.parties)
    if role is None:
        raise RoleForbids
    refuse_contributor(actor, row)
    opinion = checked_opinion(opinion, is_needed=verb in (Verb.RETURN, Verb.REJECT))
    answers = _checked_answers(row, checklist, at)
    if verb in (Verb.PASS, Verb.ACCEPT) and (failed := [one.item for one in answers if not one.passed]):
        raise ItemsFailed(field="checklist", items=_titles(failed))
    if verb is Verb.ACCEPT and (crossing := undecided_borders(row).first()) is not None:
        raise BorderUndecided(parcel=crossing.name)
    listed = [{"item": one.item, "passed": one.passed, "reason": one.reason.strip()} for one in answers]
    write_step(actor, row, verb, role, at, opinion=opinion, checklist=listed)
    _move(actor, row, verb, following, at)
    return row


def checked_opinion(opinion: str, *, is_needed: bool) -> str:
    """Return an opinion as it is kept. Raises OpinionNeeded, InvalidField."""
    if not is_clean(opinion):
        raise InvalidField(field="opinion", reason=_("The text holds control characters."))
    if is_needed and not opinion.strip():
        raise OpinionNeeded(field="opinion")
    return opinion.strip()


def _titles(items: Sequence[str]) -> list[str]:
    return [CHECKLIST.get(item, item) for item in items]


def _checked_answers(row: Project, checklist: Sequence[ChecklistAnswer], at: datetime) -> list[ChecklistAnswer]:
    """Return one answer for each item, in the list's order."""
    items = items_of(row.scheme, at)
    given = {one.item: one for one in checklist}
    if unknown := sorted(set(given) - set(items)):
        raise InvalidField(field="checklist", reason=", ".join(unknown))
    if missing := [item for item in items if item not in given]:
        raise Incomplete(field="checklist", missing=_titles(missing))
    for one in given.values():
        if not is_clean(one.reason):
            raise InvalidField(field="checklist", reason=_("The text holds control characters."))
        if not one.passed and not one.reason.strip():
            raise OpinionNeeded(field="checklist")
    return [given[item] for item in items]


def _move(actor: Actor, row: Project, verb: Verb, following: int | None, at: datetime) -> None:
    if verb is Verb.REJECT:
        end_case(actor, row, verb, ProjectState.REJECTED, at)
        return
    close_work_items(subject=row.subject, at=at)
    today = business_date(at)
    if verb is Verb.RETURN:
        due = add_working_days(today, int(rule("return.working_days", at=at, scheme=row.scheme).value))
        change(actor, row, "return", at, state=ProjectState.RETURNED, due_on=due.date, due_provisional=due.provisional)
        tell_owner(row, "answer_return", _("Correct project {code} {name}, which was returned"), at)
    elif following is not None:
        due = add_working_days(today, int(rule("review.level_working_days", at=at, scheme=row.scheme).value))
        change(actor, row, "pass", at, level=following, due_on=due.date, due_provisional=due.provisional)
        ask_review(row, at)
    else:
        change(actor, row, "accept", at, state=ProjectState.ACCEPTED, due_on=None, due_provisional=False)
        open_item(row, "publish_project", _("Publish project {code} {name}"), Role.REGION_MAKER, at)
