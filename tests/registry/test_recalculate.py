"""`manage.py recalculate`: equal to the tonne, or every difference; also for what someone changed behind the guards."""

import json
import os
import subprocess
import sys

import pytest

from ops import postgres
from registry import queries
from tests.database import BASE_DIR
from tests.registry.credit_makers import People, a_monitored_project, a_sound_period, issued


@pytest.fixture
def issuance(committed, at):
    people = People(at)
    found, _ = issued(people, a_sound_period(people, a_monitored_project(people, at, methodology="G1"), at), at)
    return found


@pytest.fixture
def recalculate(committed, admin_url, settings):
    url = postgres.with_role(postgres.with_database(admin_url, committed), postgres.APP_ROLE)
    environment = {**os.environ, "DATABASE_URL": url, "MEDIA_ROOT": str(settings.MEDIA_ROOT), "TIME_TRAVEL": "1"}

    def run(*arguments):
        command = [sys.executable, "manage.py", "recalculate", *map(str, arguments)]
        return subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=120)

    return run


def test_an_issuance_is_equal_and_each_tampering_is_named(issuance, recalculate, as_superuser):
    done = recalculate(issuance.pk)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["status"], answer["differences"]) == (0, "equal", []), done.stdout
    assert answer["verified_tonnes"] == issuance.verified_tonnes

    # Rows of a workbook changed by someone who took the guard away.
    as_superuser.execute("SET session_replication_role = replica")
    as_superuser.execute(
        "UPDATE registry_observationfile SET parsed = jsonb_set(parsed, '{sheets,pairs,0,4}', '99'::jsonb) RETURNING id"
    )
    assert as_superuser.fetchone()
    as_superuser.connection.commit()
    done = recalculate(issuance.pk)
    assert done.returncode == 1
    assert {one["what"] for one in json.loads(done.stdout)["differences"]} >= {
        "rows:grassland_pairs:later",
        "credits",
        "parts",
    }


def test_a_changed_file_or_record_is_named(issuance, as_superuser):
    record = issuance.period.verification.record
    path = queries.path_of(record.files[0]["sha256"])
    content = path.read_bytes()
    path.write_bytes(content + b"\n")
    try:
        told = queries.recalculation(issuance)
    finally:
        path.write_bytes(content)
    assert [one["what"] for one in told["differences"]] == ["file:grassland_pairs:later"]

    as_superuser.execute("SET session_replication_role = replica")
    as_superuser.execute("UPDATE registry_calculationrecord SET credits = credits + 1")
    as_superuser.connection.commit()
    told = queries.recalculation(queries.issuance_to_recalculate(issuance.pk))
    assert {one["what"] for one in told["differences"]} >= {"record", "credits", "verified_tonnes", "vintages"}


@pytest.mark.parametrize("arguments", [(), ("x",), ("999999",), ("1", "2")])
def test_what_cannot_be_read_ends_with_two(recalculate, arguments):
    done = recalculate(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert json.loads(done.stderr)["error"]["field"] == "issuance"
