"""The calculation job: everything it rests on is kept, it runs once however often it is called, and it can be killed."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date

import psycopg2
import pytest

from accounts.errors import PasswordNeeded
from accounts.rules import Role
from ops import postgres
from registry import queries, services, tasks
from registry.errors import RoleForbids, StateForbids, UnknownKey
from registry.models import CalculationJob, CalculationRecord, MonitoringPeriod, ParameterVersion
from registry.rules.code_version import code_version
from registry.services import calculation
from tests.accounts.makers import a_person
from tests.concurrency import started
from tests.database import BASE_DIR
from tests.registry.credit_makers import (
    People,
    a_monitored_project,
    a_paper,
    a_period,
    an_uploaded_period,
    calculated,
    confirm_what_it_used,
    files_of,
    fresh,
    grassland_pairs,
    upload,
)


@pytest.fixture
def people(at):
    return People(at)


def asked(people, row, at):
    return services.request_calculation(actor=people.owner, period_id=row.pk, at=at)


@pytest.mark.django_db
def test_a_record_holds_everything_and_is_recalculated_to_the_tonne(people, at):
    row = calculated(people, an_uploaded_period(people, a_monitored_project(people, at), at), at)
    record = CalculationRecord.objects.get(pk=row.record_id)  # As the database gives it back.

    assert [one["kind"] for one in record.files] == ["forest_plots", "forest_plots"]
    assert len([part for part in record.parts if part["operation"] == "F1.plot"]) == 32
    assert all(part["inputs"] and part["answer"]["trace"] for part in record.parts)
    assert record.parts[-1]["operation"] == "F1.expost"
    assert record.parameter_versions["tree_bef"] == "1.0.0"
    assert record.code_version == code_version()
    assert record.sha256 == queries.digest_of(record)
    again = queries.recalculated(record)
    assert (again.credits, again.net_tco2e) == (record.credits, record.net_tco2e)
    job = queries.latest_job(row)
    assert (job.state, job.done, job.total) == ("done", 34, 34)


@pytest.mark.django_db
def test_a_refused_calculation_says_why_and_can_be_asked_for_again(people, at):
    row = a_period(people, a_monitored_project(people, at, methodology="G1"), at)

    job = services.run_calculation(job_id=asked(people, row, at).pk, at=at)

    assert (job.state, job.problem["code"]) == ("failed", "calculation_refused")
    assert "E_REQUIRED" in job.problem["found"]["problems"]
    assert fresh(row).record is None
    upload(people, row, at, "grassland_pairs", "later", grassland_pairs(23))
    assert services.run_calculation(job_id=asked(people, row, at).pk, at=at).state == "done"


@pytest.mark.django_db
def test_one_calculation_of_a_period_waits(people, at):
    row = an_uploaded_period(people, a_monitored_project(people, at, methodology="G1"), at)

    assert asked(people, row, at) == asked(people, row, at)
    with pytest.raises(RoleForbids):
        services.request_calculation(actor=people.maker, period_id=row.pk, at=at)
    done = calculated(people, row, at)
    assert services.run_calculation(job_id=queries.latest_job(row).pk, at=at).state == "done"
    assert CalculationRecord.objects.filter(period=row).count() == 1
    MonitoringPeriod.objects.filter(pk=done.pk).update(state="issued")
    with pytest.raises(StateForbids):
        asked(people, row, at)


@pytest.mark.django_db
def test_inputs_that_change_while_they_are_calculated_are_calculated_anew(people, at, monkeypatch):
    row = an_uploaded_period(people, a_monitored_project(people, at, methodology="G1"), at)
    job = asked(people, row, at)
    whole, calls = calculation.calculate_period, []

    def interrupted(*given, **more):
        calls.append(more["stated"])
        if len(calls) == 1:
            services.edit_period(actor=people.owner, period_id=row.pk, stated={"leakage_tco2e": 5.0}, at=at)
        return whole(*given, **more)

    monkeypatch.setattr(calculation, "calculate_period", interrupted)
    services.run_calculation(job_id=job.pk, at=at)

    assert calls == [{}, {"leakage_tco2e": 5.0}]
    assert fresh(row).record.stated == {"leakage_tco2e": 5.0}
    assert CalculationRecord.objects.filter(period=row).count() == 1


@pytest.mark.django_db
def test_a_calculation_that_breaks_ends_and_is_not_run_for_ever(people, at, monkeypatch):
    row = an_uploaded_period(people, a_monitored_project(people, at, methodology="G1"), at)
    monkeypatch.setattr(calculation, "calculate_period", lambda *given, **more: 1 // 0)

    job = services.run_calculation(job_id=asked(people, row, at).pk, at=at)

    assert (job.state, job.problem["code"]) == ("failed", "calculation_broke")
    assert queries.queued_jobs() == []


@pytest.mark.django_db
def test_what_stood_before_the_period_is_not_counted_as_grown_in_it(people, at):
    project = a_monitored_project(people, at)
    early, late = files_of(project)
    first = an_uploaded_period(
        people,
        project,
        at,
        files=[("forest_plots", "later", early[2])],
        first=date(2022, 1, 1),
        last=date(2023, 12, 31),
    )
    first = calculated(people, first, at)  # New planting: all that stands has grown in it.
    second = an_uploaded_period(people, project, at, files=[late], first=date(2024, 1, 1), last=date(2025, 12, 31))

    job = services.run_calculation(job_id=asked(people, second, at).pk, at=at)
    assert "forest_plots.earlier" in job.problem["found"]["problems"]  # Nobody has verified the first one.
    MonitoringPeriod.objects.filter(pk=first.pk).update(state="issued")
    record = calculated(people, second, at).record

    assert record.previous["total_tco2e"] == pytest.approx(first.record.net_tco2e, rel=1e-6)
    assert queries.recalculated(record).credits == record.credits
    assert 0 < record.credits < first.record.credits


@pytest.mark.django_db
def test_the_sweep_wakes_what_waits_and_a_dead_broker_harms_nobody(people, at, monkeypatch):
    row = an_uploaded_period(people, a_monitored_project(people, at, methodology="G1"), at)
    job = asked(people, row, at)
    rung = []
    monkeypatch.setattr(tasks.run_calculations, "apply_async", lambda **given: rung.append(given["args"]))

    tasks.sweep_calculations()
    tasks.run_calculations(*rung[0])

    assert rung == [[job.pk]]
    assert CalculationJob.objects.get(pk=job.pk).state == "done"

    def dead(**given):
        raise ConnectionError

    monkeypatch.setattr(tasks.run_calculations, "apply_async", dead)
    tasks.wake_calculation(job.pk)


@pytest.mark.django_db
def test_every_provisional_value_in_use_can_be_confirmed_on_a_file(people, at):
    row = calculated(people, an_uploaded_period(people, a_monitored_project(people, at), at), at)
    used = row.record.provisional
    assert {(set_id, key.split(".")[1]) for set_id, _, key in used} >= {("tree_bef", "BETULA"), ("tree_bef", "LARIX")}

    confirm_what_it_used(people, row.record, at)
    confirm_what_it_used(people, row.record, at)  # A second version of each set: the numbers run on.
    again = calculated(people, row, at).record

    assert again.provisional == []
    assert again.parameter_versions["tree_bef"] == "1.0.2"
    assert again.credits == row.record.credits
    versions = ParameterVersion.objects.filter(set_id="tree_bef").order_by("number")
    assert [(one.number, one.version, one.basis) for one in versions] == [
        (1, "1.0.1", "demonstration"),
        (2, "1.0.2", "demonstration"),
    ]
    assert versions[0].evidence.name.startswith("演示用途")
    assert versions[0].document["confirmed"]["species.LARIX.cf"]["by"] == people.checker.display_name
    # The older record still stands on the older version.
    assert queries.recalculated(row.record).provisional == tuple(tuple(one) for one in used)


@pytest.mark.django_db
def test_only_the_checker_confirms_and_only_what_there_is(people, at):
    from registry.errors import DemonstrationOnly, FileRejected

    def confirm(actor=people.checker, set_id="tree_bef", keys=("species.LARIX",), basis="confirmed", **more):
        return services.confirm_parameters(
            actor=actor,
            set_id=set_id,
            keys=list(keys),
            basis=basis,
            evidence_name="批复.pdf",
            **{"evidence": a_paper(), "at": at, **more},
        )

    with pytest.raises(RoleForbids):
        confirm(actor=people.maker)
    with pytest.raises(PasswordNeeded):
        confirm(actor=replace(people.checker, confirmed_at=None))
    with pytest.raises(UnknownKey):
        confirm(keys=["species.BAOBAB"])
    with pytest.raises(UnknownKey):
        confirm(set_id="nothing")
    with pytest.raises(DemonstrationOnly):
        confirm(basis="demonstration")
    with pytest.raises(FileRejected):
        confirm(evidence=b"<html>")
    assert confirm().basis == "confirmed"
    assert ParameterVersion.objects.count() == 1


def test_progress_is_seen_while_the_calculation_runs(committed, admin_url, people, at, monkeypatch):
    row = an_uploaded_period(people, a_monitored_project(people, at), at)
    job = asked(people, row, at)
    monkeypatch.setattr(calculation, "PROGRESS_SECONDS", 0)
    watcher = psycopg2.connect(postgres.with_database(admin_url, committed))
    seen = []
    whole = calculation._Progress.__call__

    def watched(self, done, total):
        whole(self, done, total)
        with watcher, watcher.cursor() as cursor:
            cursor.execute("SELECT state, done, total FROM registry_calculationjob WHERE id = %s", [job.pk])
            seen.append(cursor.fetchone())

    monkeypatch.setattr(calculation._Progress, "__call__", watched)
    services.run_calculation(job_id=job.pk, at=at)
    watcher.close()

    assert [one[1] for one in seen][:3] == [1, 2, 3]
    assert {one[0] for one in seen} == {"queued"}


def test_two_workers_at_once_make_one_record(committed, people, at, monkeypatch):
    row = an_uploaded_period(people, a_monitored_project(people, at, methodology="G1"), at)
    job = asked(people, row, at)
    whole, calls = calculation.calculate_period, []

    def while_another_tries(*given, **more):
        calls.append(1)
        other = started(lambda: services.run_calculation(job_id=job.pk, at=at)).join()
        assert other.error is None
        assert other.result.state == "queued"  # It left the job alone.
        return whole(*given, **more)

    monkeypatch.setattr(calculation, "calculate_period", while_another_tries)
    services.run_calculation(job_id=job.pk, at=at)

    assert calls == [1]
    assert CalculationRecord.objects.filter(period=row).count() == 1


def test_without_the_lock_the_row_still_takes_one_record(committed, people, at, monkeypatch):
    row = an_uploaded_period(people, a_monitored_project(people, at, methodology="G1"), at)
    job = asked(people, row, at)
    whole, calls = calculation.calculate_period, []

    def while_another_finishes(*given, **more):
        calls.append(1)
        if len(calls) == 1:
            other = started(lambda: calculation._calculate_once(CalculationJob.objects.get(pk=job.pk), at)).join()
            assert other.error is None
        return whole(*given, **more)

    monkeypatch.setattr(calculation, "calculate_period", while_another_finishes)
    services.run_calculation(job_id=job.pk, at=at)

    assert calls == [1, 1]
    assert CalculationRecord.objects.filter(period=row).count() == 1


CHILD = """
import os, signal, sys
import django
django.setup()
from rulebook.queries import now
from registry import services
from registry.services import calculation
whole, point = calculation._keep, sys.argv[2]

def keep(*given):
    if point == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    done = whole(*given)
    os.kill(os.getpid(), signal.SIGKILL)

calculation._keep = keep
services.run_calculation(job_id=int(sys.argv[1]), at=now())
"""


@pytest.mark.parametrize("point", ["before", "after"])
def test_a_killed_worker_loses_and_doubles_nothing(committed, admin_url, people, at, point):
    row = an_uploaded_period(people, a_monitored_project(people, at, methodology="G1"), at)
    job = asked(people, row, at)
    url = postgres.with_role(postgres.with_database(admin_url, committed), postgres.APP_ROLE)
    killed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, str(job.pk), point],
        cwd=BASE_DIR,
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", "TIME_TRAVEL": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert CalculationRecord.objects.filter(period=row).count() == (point == "after")

    # The server may take a moment to see that the killed one's session is over, and with it its lock: as the sweep
    # does, ask again.
    until = time.monotonic() + 30
    while (state := services.run_calculation(job_id=job.pk, at=at).state) == "queued" and time.monotonic() < until:
        time.sleep(0.1)
    assert state == "done"
    assert CalculationRecord.objects.filter(period=row).count() == 1
    assert fresh(row).record is not None


@pytest.mark.django_db
def test_a_client_of_the_owner_may_ask_and_an_office_may_not(people, at):
    row = an_uploaded_period(people, a_monitored_project(people, at, methodology="W1"), at)
    colleague = a_person(Role.OWNER, at=at, organisation_id=people.owner.organisation_id)

    assert services.request_calculation(actor=colleague, period_id=row.pk, at=at).state == "queued"
    assert json.loads(json.dumps(queries.latest_files(row)[0].parsed))["kind"] == "wetland_mineral"
