"""Registered projects with workbooks of three ecosystems, and their periods taken as far as a test needs."""

from __future__ import annotations

import io
import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from unittest.mock import patch

from django.db.models import Sum
from openpyxl import load_workbook

from registry import queries, services
from registry.models import CalculationRecord, Issuance, MonitoringPeriod, Parcel, Project, VerificationRun
from registry.rules.states import ProjectState
from registry.rules.uploads import FORMS, Upload, parse_workbook, template_workbook
from tests.registry.makers import People, a_draft, a_paper, after_notice, again

FIRST, LAST = date(2022, 3, 1), date(2025, 12, 31)
SEED = 20260302
# A value is confirmed with everything below its key; what a calculation has used and nobody confirmed, per set.
EVIDENCE = "演示用途：参数确认说明.pdf"


def workbook(kind: str, change: Any = None, **sheets: list[list[Any]]) -> bytes:
    """Return a filled-in template: rows by the Chinese or English name of their sheet."""
    book = load_workbook(io.BytesIO(template_workbook(kind)))
    names = {one.english: one.name for one in FORMS[kind].sheets}
    for sheet, rows in sheets.items():
        for place, row in enumerate(rows, start=3):
            for column, value in enumerate(row, start=1):
                book[names.get(sheet, sheet)].cell(place, column, value)
    if change is not None:
        change(book)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def forest(area_ha: float, *, grown: bool, change: Any = None, plots: int = 8) -> bytes:
    """Return two strata of permanent plots, birch and larch, at the first inventory or some years later."""
    chance = random.Random(SEED)
    strata, rows, trees = [], [], []
    for stratum, species, share in (("A", "白桦", 0.6), ("B", "落叶松", 0.4)):
        strata.append([stratum, round(area_ha * share, 4)])
        for number in range(1, plots + 1):
            plot = f"{stratum}-{number:02d}"
            rows.append([stratum, plot, 0.06, 8, "否", date(2025 if grown else 2021, 8, 12)])
            for tree in range(1, 21):
                diameter, growth = 7 + 4 * chance.random(), 1.8 + 0.6 * chance.random()
                diameter += growth if grown else 0
                trees.append([plot, str(tree), species, round(diameter, 1), round(1.3 + diameter * 0.6, 1), 1])
    return workbook("forest_plots", change, strata=strata, plots=rows, trees=trees)


def grassland_pairs(area_ha: float) -> bytes:
    """Return soil carbon of paired points in one stratum, with a control that changed less."""
    chance = random.Random(SEED)
    pairs = [["A", f"P-{n:02d}", 34 + chance.random(), 36 + chance.random()] for n in range(12)]
    pairs += [["C", f"C-{n:02d}", 34 + chance.random(), 34.1 + chance.random()] for n in range(12)]
    return workbook("grassland_pairs", strata=[["A", area_ha, "否"], ["C", area_ha, "是"]], pairs=pairs)


def grassland_layers(area_ha: float) -> bytes:
    """Return soil profiles of three layers at both dates; some are denser later, and need the equivalent mass."""
    chance = random.Random(SEED)
    layers = []
    for point in range(10):
        for period, carbon in (("前期", 1.0), ("后期", 1.09)):
            for top, content in ((0, 16.8), (10, 13.1), (20, 10.6)):
                density = 1.30 + (0.05 if period == "后期" and point % 3 == 0 else 0.0)
                value = round(content * carbon + 0.3 * chance.random(), 2)
                layers.append(["A", f"P-{point:02d}", period, top, top + 10, value, density, 0.03])
    return workbook("grassland_layers", strata=[["A", area_ha, "否"]], layers=layers)


def wetland_mineral(area_ha: float, inundated: float = 0.05) -> bytes:
    """Return one stratum of rewetted mineral soil."""
    return workbook("wetland_mineral", strata=[["A", area_ha, "冷温带干旱", 0.71, inundated, 0, 4]])


def area_of(project: Project) -> float:
    """Return the hectares of a project's parcels."""
    return float(queries.parcels_of(project).aggregate(total=Sum("area_ha"))["total"])


@cache
def _files(methodology: str, kind: str, area: float) -> list[tuple[str, str, bytes]]:
    """Return the workbooks of a period: kind, date, content."""
    if methodology == "F1":
        return [
            ("forest_plots", "earlier", forest(area, grown=False)),
            ("forest_plots", "later", forest(area, grown=True)),
        ]
    if methodology == "W1":
        return [("wetland_mineral", "later", wetland_mineral(area))]
    if kind == "grassland_layers":
        return [("grassland_layers", "later", grassland_layers(area))]
    return [("grassland_pairs", "later", grassland_pairs(area))]


def files_of(project: Project, kind: str = "") -> list[tuple[str, str, bytes]]:
    """Return the workbooks of a period of this project: kind, date, content."""
    return _files(project.methodology, kind, area_of(project))


def a_monitored_project(people: People, at: datetime, **changes: Any) -> Project:
    """Return a registered project, its way there left out: what stands in the table at its end is written at once."""
    row = a_draft(people, at, **changes)
    Project.objects.filter(pk=row.pk).update(
        state=ProjectState.REGISTERED,
        proposed_by_id=people.maker.user_id,
        decided_by_id=people.checker.user_id,
        recorded_by_id=people.recorder.user_id,
        registered_at=at,
    )
    Parcel.objects.filter(project=row).update(is_live=True)
    return Project.objects.get(pk=row.pk)


def a_period(
    people: People, project: Project, at: datetime, first: date = FIRST, last: date = LAST
) -> MonitoringPeriod:
    """Return a new period of a project."""
    return services.create_period(actor=people.owner, project_id=project.pk, first=first, last=last, at=at)


def an_uploaded_period(
    people: People,
    project: Project,
    at: datetime,
    kind: str = "",
    files: list[tuple[str, str, bytes]] | None = None,
    **days: date,
) -> MonitoringPeriod:
    """Return a period with its workbooks; read here, once each, for a process of its own takes a second."""
    row = a_period(people, project, at, **days)
    with patch("registry.services.monitoring.parse_content", read_here):
        for one, date_of, content in files or files_of(project, kind):
            upload(people, row, at, one, date_of, content)
    return fresh(row)


def upload(people: People, row: MonitoringPeriod, at: datetime, kind: str, date_of: str, content: bytes) -> None:
    """Upload one workbook as the owner."""
    services.upload_observations(
        actor=people.owner, period_id=row.pk, kind=kind, date_of=date_of, name="观测.xlsx", content=content, at=at
    )


def read_here(kind: str, content: bytes, *, species: Mapping[str, str]) -> Upload:
    """Read a workbook in this process; the same content once."""
    if (kind, content) not in _read:
        with NamedTemporaryFile(suffix=".xlsx") as file:
            file.write(content)
            file.flush()
            _read[kind, content] = parse_workbook(kind, Path(file.name), species=species)
    return _read[kind, content]


_read: dict[tuple[str, bytes], Upload] = {}


def fresh(row: MonitoringPeriod) -> MonitoringPeriod:
    """Return a period as it is now."""
    return MonitoringPeriod.objects.select_related("project", "record").get(pk=row.pk)


def calculated(people: People, row: MonitoringPeriod, at: datetime) -> MonitoringPeriod:
    """Return a period after its calculation, which must have succeeded."""
    job = services.request_calculation(actor=people.owner, period_id=row.pk, at=at)
    job = services.run_calculation(job_id=job.pk, at=at)
    assert job.state == "done", job.problem
    return fresh(row)


def confirm_what_it_used(people: People, record: CalculationRecord, at: datetime, basis: str = "demonstration") -> None:
    """Confirm every value that a calculation has used and nobody confirmed."""
    keys: dict[str, list[str]] = defaultdict(list)
    for set_id, _version, key in record.provisional:
        keys[set_id].append(key)
    for set_id, names in keys.items():
        services.confirm_parameters(
            actor=again(people.checker, at),
            set_id=set_id,
            keys=names,
            basis=basis,
            evidence_name=EVIDENCE,
            evidence=a_paper(),
            is_demonstration=True,
            at=at,
        )


def a_sound_period(people: People, project: Project, at: datetime, kind: str = "", **days: date) -> MonitoringPeriod:
    """Return a period that was calculated on confirmed values."""
    row = calculated(people, an_uploaded_period(people, project, at, kind, **days), at)
    if row.record.provisional:
        confirm_what_it_used(people, row.record, at)
        row = calculated(people, row, at)
    return row


def submitted(people: People, row: MonitoringPeriod, at: datetime) -> MonitoringPeriod:
    """Return a period handed in, its checks done."""
    services.submit_period(actor=people.owner, period_id=row.pk, verifier_id=people.verifier.organisation_id, at=at)
    run_checks(row, at)
    return fresh(row)


def run_checks(row: MonitoringPeriod, at: datetime) -> VerificationRun:
    """Return the newest run of a period's checks, done."""
    run = queries.latest_run(row)
    return services.run_verification(run_id=run.pk, is_demonstration=True, at=at)


def published(people: People, row: MonitoringPeriod, at: datetime) -> MonitoringPeriod:
    """Return a period on the first day of its notice, without findings."""
    submitted(people, row, at)
    row = services.publish_period(actor=people.maker, period_id=row.pk, at=at)
    for finding in row.findings.filter(closed_at=None):
        services.close_finding(actor=people.verifier, finding_id=finding.pk, at=at)
    return fresh(row)


def signed(people: People, row: MonitoringPeriod, at: datetime) -> tuple[MonitoringPeriod, datetime]:
    """Return a period whose verification was signed after its notice, which began at `at`; and when that was."""
    published(people, row, at)
    later = after_notice(at)
    services.sign_verification(actor=again(people.verifier, later), period_id=row.pk, opinion="核查通过", at=later)
    run_checks(row, later)
    return fresh(row), later


def proposed(people: People, row: MonitoringPeriod, at: datetime) -> tuple[Issuance, datetime]:
    """Return an issuance that waits for its second person, and when."""
    row, later = signed(people, row, at)
    issuance = services.propose_issuance(
        actor=again(people.maker, later), period_id=row.pk, is_demonstration=True, at=later
    )
    return issuance, later


def issued(people: People, row: MonitoringPeriod, at: datetime) -> tuple[Issuance, datetime]:
    """Return a done issuance, and when it was done."""
    issuance, later = proposed(people, row, at)
    done = services.decide_issuance(
        actor=again(people.checker, later), issuance_id=issuance.pk, approve=True, is_demonstration=True, at=later
    )
    return done, later
