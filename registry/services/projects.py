"""A case from its draft to its submission: entered, edited, submitted, withdrawn by the applicant's side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import InvalidField, UnknownField
from accounts.queries import organisation, users_with_role
from accounts.rules import HOLDER_KINDS, Actor, OrganisationKind, Role, is_in_area
from accounts.services import close_work_items, record_audit
from registry.errors import DueDatePassed, Incomplete, RoleForbids
from registry.models import Document, Parcel, Project
from registry.queries.cases import levels
from registry.queries.land import parcels_of
from registry.rules.inputs import NewProject
from registry.rules.states import ProjectState, Verb
from registry.rules.texts import is_clean, one_line
from registry.services.acts import Case, change, locked_project, note_contribution, open_item, require_step
from registry.services.land import bind_land, judge_borders, release_land
from rulebook.errors import NotThere
from rulebook.queries import add_working_days, business_date, division, rule
from rulebook.rules.divisions import COUNTY_LEVELS

METHODOLOGIES = ("F1", "G1", "W1")
NAME_LIMIT, SUMMARY_LIMIT, DESIGN_LIMIT = 120, 10_000, 20_000
EDITABLE = frozenset(
    {"name", "summary", "design", "division_code", "crediting_first", "crediting_last", "validator_id"}
)


@transaction.atomic
def create_project(*, actor: Actor, project: NewProject, at: datetime) -> Project:
    """Open a draft: of the actor's own organisation, or by a banner's clerk for a holder who needs help.

    Raises RoleForbids, InvalidField.
    """
    owner_id = project.owner_id or actor.organisation_id
    is_own = actor.has(Role.OWNER) and owner_id == actor.organisation_id
    if not is_own and not (actor.has(Role.BANNER_CLERK) and is_in_area(project.division_code, actor.division_code)):
        raise RoleForbids
    if owner_id is None or organisation(owner_id).kind not in HOLDER_KINDS:
        raise InvalidField(field="owner_id", reason=_("The owner must be an organisation that can hold credits."))
    if project.methodology not in METHODOLOGIES:
        raise InvalidField(field="methodology", reason=_("This methodology is not known."))
    fields = _checked(
        {
            "name": project.name,
            "summary": project.summary,
            "design": project.design,
            "division_code": project.division_code,
            "crediting_first": project.crediting_first,
            "crediting_last": project.crediting_last,
            "validator_id": project.validator_id,
        }
    )
    _refuse_period(project.crediting_first, project.crediting_last)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('registry_project_serial')")
        serial = f"{cursor.fetchone()[0]:06d}"
    row = Project.objects.create(
        serial=serial,
        code=f"NM-CS-{serial}",
        owner_id=owner_id,
        methodology=project.methodology,
        created_by_id=actor.user_id,
        created_at=at,
        **fields,
    )
    note_contribution(actor, row, at)
    record_audit(
        actor=actor,
        verb="create_project",
        subject=row.subject,
        before=None,
        after={"code": row.code, "owner_id": owner_id, "methodology": row.methodology, **fields},
        at=at,
    )
    return row


@transaction.atomic
def edit_project(
    *, actor: Actor, project_id: int, changes: Mapping[str, Any], version: int | None = None, at: datetime
) -> Project:
    """Change a draft or a returned case. Raises UnknownField, InvalidField, StateForbids, RoleForbids, StaleVersion."""
    row = locked_project(actor, project_id, version)
    require_step(actor, row, Verb.EDIT)
    for name in changes:
        if name not in EDITABLE:
            raise UnknownField(field=name, name=name)
    fields = _checked(changes)
    _refuse_period(fields.get("crediting_first", row.crediting_first), fields.get("crediting_last", row.crediting_last))
    is_own = row.owner_id == actor.organisation_id
    if "division_code" in fields and not is_own and not is_in_area(fields["division_code"], actor.division_code):
        raise RoleForbids
    note_contribution(actor, row, at)
    if fields:
        change(actor, row, "edit", at, **fields)
    return row


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as they are stored. Raises InvalidField."""
    return {name: CHECKS[name](value) for name, value in fields.items()}


def _name(value: Any) -> str:
    if not isinstance(value, str) or not is_clean(value) or not one_line(value):
        raise InvalidField(field="name", reason=_("The name is needed."))
    if len(one_line(value)) > NAME_LIMIT:
        raise InvalidField(field="name", reason=_("The text is too long."))
    return one_line(value)


def _summary(value: Any) -> str:
    if not isinstance(value, str) or not is_clean(value) or len(value) > SUMMARY_LIMIT:
        raise InvalidField(field="summary", reason=_("The text is too long."))
    return value


def _design(value: Any) -> dict[str, Any]:
    """Take plain JSON: the choices of the methodology by their names."""
    try:
        text = json.dumps(dict(value), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise InvalidField(field="design", reason=_("This is no description of a design.")) from None
    if len(text) > DESIGN_LIMIT or not is_clean(text) or "\\u0000" in text:
        raise InvalidField(field="design", reason=_("This is no description of a design."))
    found: dict[str, Any] = json.loads(text)
    return found


def _division(value: Any) -> str:
    try:
        found = division(str(value))
    except NotThere:
        found = None
    if found is None or found.level not in COUNTY_LEVELS:
        raise InvalidField(field="division_code", reason=_("A banner, county or district is expected."))
    return found.code


def _day(field: str) -> Any:
    def checked(value: Any) -> date | None:
        if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
            raise InvalidField(field=field, reason=_("A day is expected."))
        return value

    return checked


def _validator(value: Any) -> int | None:
    if value is None:
        return None
    try:
        kind = organisation(value).kind
    except NotThere:
        kind = None
    if kind is not OrganisationKind.VERIFICATION_BODY:
        raise InvalidField(field="validator_id", reason=_("A validation and verification body is expected."))
    return int(value)


CHECKS: Mapping[str, Any] = {
    "name": _name,
    "summary": _summary,
    "design": _design,
    "division_code": _division,
    "crediting_first": _day("crediting_first"),
    "crediting_last": _day("crediting_last"),
    "validator_id": _validator,
}


def _refuse_period(first: date | None, last: date | None) -> None:
    if (first is None) != (last is None) or (first is not None and last is not None and last <= first):
        raise InvalidField(field="crediting_last", reason=_("The crediting period must end after it begins."))


@transaction.atomic
def withdraw_project(*, actor: Actor, project_id: int, reason: str = "", at: datetime) -> Project:
    """End a case before its registration, for good; its land is free again. Raises StateForbids, RoleForbids."""
    row = locked_project(actor, project_id)
    require_step(actor, row, Verb.WITHDRAW)
    if not is_clean(reason):
        raise InvalidField(field="reason", reason=_("The text holds control characters."))
    end_case(actor, row, Verb.WITHDRAW, ProjectState.WITHDRAWN, at, reason=reason)
    return row


def end_case(
    actor: Actor | None, row: Project, verb: Verb, state: ProjectState, at: datetime, *, reason: str = ""
) -> None:
    """Bring a locked case to a final state: no clock, no open items, no bound land."""
    release_land(row)
    close_work_items(subject=row.subject, at=at)
    change(actor, row, verb.value, at, state=state, due_on=None, due_provisional=False)
    if reason:
        record_audit(
            actor=actor, verb="state_reason", subject=row.subject, before=None, after={"reason": reason}, at=at
        )


@transaction.atomic
def submit_project(*, actor: Actor, project_id: int, version: int | None = None, at: datetime) -> Project:
    """Hand a case in: its land is bound from now on, and the first level of the review has it.

    Raises Incomplete, LandOverlap, DueDatePassed (after a return), StateForbids, RoleForbids, StaleVersion, ReviewedIt.
    """
    row = locked_project(actor, project_id, version)
    require_step(actor, row, Verb.SUBMIT)
    today = business_date(at)
    if row.due_on is not None and not row.due_provisional and today > row.due_on:
        raise DueDatePassed(due=row.due_on.isoformat())
    note_contribution(actor, row, at)
    missing = missing_of(row)
    if missing:
        raise Incomplete(missing=missing)
    judge_borders(row, at)
    bind_land(row, at)
    close_work_items(subject=row.subject, at=at)
    due = add_working_days(today, int(rule("review.level_working_days", at=at, scheme=row.scheme).value))
    change(
        actor,
        row,
        "submit",
        at,
        state=ProjectState.SUBMITTED,
        level=0,
        round=row.round + 1,
        due_on=due.date,
        due_provisional=due.provisional,
    )
    ask_review(row, at)
    return row


def missing_of(row: Project) -> list[str]:
    """Return what a submission still needs, as English message ids in the order of the form."""
    parcels = list(parcels_of(row))
    kinds = set(Document.objects.filter(project=row).values_list("kind", flat=True))
    needed = {
        _("project name"): bool(row.name),
        _("validation body"): row.validator_id is not None,
        _("crediting period"): row.crediting_first is not None and row.crediting_last is not None,
        _("at least one parcel"): bool(parcels),
        _("tenure of every parcel"): all(has_tenure(one) for one in parcels),
        _("design document"): "design" in kinds,
        _("tenure document"): "tenure" in kinds,
    }
    return [name for name, is_there in needed.items() if not is_there]


def has_tenure(parcel: Parcel) -> bool:
    """Return whether it is said by what right the land is used."""
    return bool(parcel.tenure and parcel.tenure_number and parcel.land_category)


def ask_review(row: Project, at: datetime) -> None:
    """Put a submission into the queue of its present level's office."""
    role = Role(levels(row.scheme, at)[row.level])
    open_item(row, "review_project", _("Review project {code} {name}"), role, at, is_of_area=True)


def tell_owner(case: Case, kind: str, title: str, at: datetime) -> None:
    """Put something into the owner's queue; into that of the banner's clerks where the owner has nobody here."""
    owner_id = case.parties.owner_id
    if users_with_role(Role.OWNER, owner_id, at=at):
        open_item(case, kind, title, Role.OWNER, at, organisation_id=owner_id)
    else:
        open_item(case, kind, title, Role.BANNER_CLERK, at, is_of_area=True)
