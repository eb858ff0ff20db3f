"""Monitoring periods up to their calculation: opened, described, their workbooks taken in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import NoReturn

from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from accounts.rules import Actor, Role
from accounts.services import record_audit
from registry import queries
from registry.errors import (
    ArchiveRejected,
    FileRejected,
    PeriodInvalid,
    PeriodOutOfOrder,
    PeriodOverlaps,
    ProjectNotThere,
    RoleForbids,
    StatedUnknown,
    StateForbids,
    UnknownSpecies,
    UploadNotTaken,
    UploadRejected,
)
from registry.models import MonitoringPeriod, ObservationFile, Project
from registry.rules.calculation import STATED, UPLOADS
from registry.rules.documents import XLSX
from registry.rules.states import PeriodState, Verb
from registry.rules.uploads import REASONS, CellProblem, Upload, parse_content, species_names
from registry.services.acts import change, note_contribution
from registry.services.documents import keep_document
from registry.services.gate import MONITORED, locked_period
from rulebook.errors import Refusal
from rulebook.queries import business_date

WHOLE_FILE: Mapping[str, type[Refusal]] = {"file_rejected": FileRejected, "archive_rejected": ArchiveRejected}


@transaction.atomic
def create_period(*, actor: Actor, project_id: int, first: date, last: date, at: datetime) -> MonitoringPeriod:
    """Open a monitoring period of a registered project, after those it has.

    Raises ProjectNotThere, StateForbids, RoleForbids, PeriodInvalid, PeriodOverlaps, PeriodOutOfOrder.
    """
    project = Project.objects.filter(pk__in=Project.objects.visible_to(actor).values("pk"), pk=project_id)
    project_row = project.select_for_update().first()
    if project_row is None:
        raise ProjectNotThere
    if project_row.state not in MONITORED:
        raise StateForbids(verb=Verb.EDIT.value, state=project_row.state)
    if not actor.has(Role.OWNER) or actor.organisation_id != project_row.owner_id:
        raise RoleForbids
    assert project_row.crediting_first is not None
    assert project_row.crediting_last is not None
    inside = project_row.crediting_first <= first <= last <= project_row.crediting_last
    if not inside or last >= business_date(at):
        raise PeriodInvalid(field="first", first=project_row.crediting_first, last=project_row.crediting_last)
    # Under the project's lock, so that nobody opens another one meanwhile; the table has its own constraint.
    others = MonitoringPeriod.objects.filter(project=project_row).exclude(state=PeriodState.REJECTED)
    if others.filter(first__lte=last, last__gte=first).exists():
        raise PeriodOverlaps(field="first")
    following = others.filter(first__gt=last).order_by("-last").first()
    if following is not None:
        raise PeriodOutOfOrder(field="first", last=following.last)
    assert project_row.validator_id is not None
    row = MonitoringPeriod.objects.create(
        project=project_row,
        first=first,
        last=last,
        validator_id=project_row.validator_id,
        created_by_id=actor.user_id,
        created_at=at,
    )
    note_contribution(actor, project_row, at)
    record_audit(
        actor=actor,
        verb="create_period",
        subject=row.subject,
        before=None,
        after={"project": project_row.code, "first": first, "last": last},
        at=at,
    )
    return row


@transaction.atomic
def edit_period(
    *, actor: Actor, period_id: int, stated: Mapping[str, float], version: int | None = None, at: datetime
) -> MonitoringPeriod:
    """State the totals that stand beside the workbooks; None takes one back. The period is a draft again.

    Raises StatedUnknown, StateForbids, RoleForbids, StaleVersion.
    """
    gate = locked_period(actor, period_id, Verb.EDIT, version=version)
    row = gate.row
    methodology = row.project.methodology
    for name, value in stated.items():
        is_number = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        if name not in STATED[methodology] or not is_number or (value is not None and not math.isfinite(value)):
            raise StatedUnknown(field=f"stated.{name}", methodology=methodology, name=name)
    new = {name: value for name, value in {**row.stated, **stated}.items() if value is not None}
    note_contribution(actor, row.project, at)
    change(actor, row, "edit", at, state=gate.to, stated=new)
    return row


def upload_observations(
    *, actor: Actor, period_id: int, kind: str, date_of: str, name: str, content: bytes, at: datetime
) -> ObservationFile:
    """Take in a workbook of a period: read in a limited child, kept by its hash, and the period a draft again.

    Every problem is told at once in found["problems"] (CellProblem: sheet, row, column, reason), and then nothing is
    stored. Raises UploadNotTaken, UploadRejected, UnknownSpecies, FileRejected, ArchiveRejected.
    """
    with transaction.atomic():  # Asked before anything is read; the locks go before the parser begins.
        row = locked_period(actor, period_id, Verb.EDIT).row
    if (kind, date_of) not in UPLOADS[row.project.methodology]:
        raise UploadNotTaken(field="kind", methodology=row.project.methodology)
    return _take_in(actor, period_id, kind, date_of, name, content, _read(kind, content), at)


@transaction.atomic
def _take_in(
    actor: Actor, period_id: int, kind: str, date_of: str, name: str, content: bytes, upload: Upload, at: datetime
) -> ObservationFile:
    gate = locked_period(actor, period_id, Verb.EDIT)
    row = gate.row
    note_contribution(actor, row.project, at)
    paper = keep_document(
        project=row.project,
        kind="monitoring",
        name=name,
        content=content,
        content_type=XLSX,
        actor=actor,
        at=at,
    )
    found = ObservationFile.objects.create(
        period=row,
        kind=kind,
        date_of=date_of,
        document=paper,
        parsed=upload.as_json(),
        uploaded_by_id=actor.user_id,
        at=at,
    )
    change(actor, row, "upload_to", at, state=gate.to)
    return found


def _read(kind: str, content: bytes) -> Upload:
    species = species_names(queries.parameter_sets().get("tree_bef"))
    upload = parse_content(kind, content, species=species)
    if not upload.is_ok:
        _refuse(upload)
    return upload


def _refuse(upload: Upload) -> NoReturn:
    """Raise what fits the problems; all of them go along."""
    first = upload.problems[0]
    codes = {problem.code for problem in upload.problems}
    # In the words of the reader when it is shown; the values of each problem fill its sentence.
    reason = format_lazy(gettext_lazy(REASONS[first.reason].message), **first.values)
    told = {"problems": upload.problems, "problems_left_out": upload.problems_left_out}
    if first.code in WHOLE_FILE:
        raise WHOLE_FILE[first.code](field="file", reason=reason, **told)
    kind = UnknownSpecies if codes == {"unknown_species"} else UploadRejected
    raise kind(field="file", place=place_of(first), reason=reason, **told)


def place_of(problem: CellProblem) -> str:
    """Return where a problem is, as people write it: "每木!C12", the sheet alone, or the file."""
    return "!".join(part for part in (problem.sheet, problem.cell) if part) or "-"
