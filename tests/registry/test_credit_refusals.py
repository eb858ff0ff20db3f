"""What the tables of monitoring, issuance and retirement refuse, whoever writes: one attack by raw SQL for each guard."""

import json
import re
from datetime import UTC, datetime

import psycopg2
import pytest
from django.db import connection, transaction
from django.db.utils import Error

from config import invariants
from ops import postgres
from registry import services
from tests.attacks import in_world, not_missed
from tests.registry.credit_makers import (
    People,
    a_monitored_project,
    a_paper,
    a_period,
    a_sound_period,
    again,
    issued,
    proposed,
)
from tests.registry.test_retirement import Firm

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def make_world() -> dict[str, int]:
    """Return an issued period, one with a proposal, a draft, a done and a requested retirement, a confirmed set."""
    people = People(AT)
    done, later = issued(people, a_sound_period(people, a_monitored_project(people, AT, methodology="G1"), AT), AT)
    open_, _ = proposed(people, a_sound_period(people, a_monitored_project(people, AT, methodology="G1"), AT), AT)
    draft = a_period(people, a_monitored_project(people, AT, methodology="G1"), AT)
    services.request_calculation(actor=people.owner, period_id=draft.pk, at=AT)
    firm = Firm(AT)
    retired, asked = firm.ask(10), firm.ask(2000, key="second")
    services.confirm_parameters(
        actor=again(people.checker, later),
        set_id="tree_bef",
        keys=["species.LARIX"],
        basis="confirmed",
        evidence_name="批复.pdf",
        evidence=a_paper(),
        at=later,
    )
    return {
        "issued": done.pk,
        "proposed": open_.pk,
        "issued_period": done.period_id,
        "proposed_period": open_.period_id,
        "draft": draft.pk,
        "validator": draft.validator_id,
        "checker": people.checker.user_id,
        "retired": retired.pk,
        "requested": asked.pk,
        "asker": firm.first.user_id,
    }


@pytest.fixture(scope="module")
def world(shared_database):
    """One small world for all attacks: each of them must leave it as it was."""
    return make_world()


@pytest.fixture
def owner(shared_database, admin_url):
    """A cursor with the rights of the tables' owner, in transactions."""
    link = psycopg2.connect(postgres.with_role(postgres.with_database(admin_url, shared_database), postgres.OWNER_ROLE))
    try:
        with link.cursor() as cursor:
            yield cursor
    finally:
        link.close()


def copied(table: str, where: str, **changes: object) -> str:
    """Return the statement that writes a row once more, with changes."""
    new = json.dumps({"id": 987654321, **changes})
    return (
        f"INSERT INTO registry_{table} SELECT (jsonb_populate_record(one, '{new}'::jsonb)).*"
        f" FROM registry_{table} one WHERE {where} LIMIT 1"
    )


def updated(table: str, what: str, of: str) -> str:
    return f"UPDATE registry_{table} SET {what} WHERE id = %({of})s"


PERIOD, ISSUANCE, RETIREMENT = "monitoringperiod", "issuance", "retirement"
OF_ISSUED = "period_id = %(issued_period)s"
# What is tried, and the name of the guard that refuses it.
ATTACKS = {
    "period without days": (updated(PERIOD, "last = first - 1", "draft"), "period_has_days"),
    "second period of the days": (copied(PERIOD, "id = %(draft)s"), "periods_of_a_project_do_not_overlap"),
    "verifier who validated": (
        updated(PERIOD, "verifier_id = validator_id", "proposed_period"),
        "verifier_is_not_the_validator",
    ),
    "another validator than the project's": (
        updated(PERIOD, "validator_id = verifier_id, verifier_id = validator_id", "proposed_period"),
        "period_has_the_projects_validator",
    ),
    "report without a calculation": (
        updated(PERIOD, "state = 'submitted'", "draft"),
        "calculated_period_has_a_record",
    ),
    "remove a period": ("DELETE FROM registry_monitoringperiod WHERE id = %(draft)s", "monitoringperiod_is_kept"),
    "second waiting calculation": (
        copied("calculationjob", "period_id = %(draft)s"),
        "one_calculation_of_a_period_waits",
    ),
    "credits below zero": (
        copied("calculationrecord", OF_ISSUED, credits=-1),
        "calculated_credits_not_negative",
    ),
    "change a record": (
        "UPDATE registry_calculationrecord SET credits = credits + 1",
        "calculationrecord_is_append_only",
    ),
    "remove a record": ("DELETE FROM registry_calculationrecord", "calculationrecord_is_append_only"),
    "empty the records": ("TRUNCATE registry_calculationrecord CASCADE", "is_not_truncated"),
    "change a workbook": ("UPDATE registry_observationfile SET parsed = '{}'", "observationfile_is_append_only"),
    "change a paper": ("UPDATE registry_document SET sha256 = ''", "document_is_append_only"),
    "empty paper": (copied("document", "true", size=0), "document_is_not_empty"),
    "change a parameter": ("UPDATE registry_parameterversion SET document = '{}'", "parameterversion_is_append_only"),
    "publish a version twice": (
        copied("parameterversion", "true", number=99),
        "parameter_version_is_published_once",
    ),
    "two versions of a number": (copied("parameterversion", "true", version="9.9.9"), "parameter_versions_run_on"),
    "change an answer": ("UPDATE registry_checkresult SET outcome = 'passed'", "checkresult_is_append_only"),
    "answer a check twice": (copied("checkresult", "true"), "check_answers_once_a_run"),
    "sign twice": (copied("verification", OF_ISSUED), "registry_verification_period_id"),
    "sign a negative amount": (
        copied("verification", OF_ISSUED, verified_tonnes=-1),
        "verified_tonnes_not_negative",
    ),
    "change a signed amount": (
        "UPDATE registry_verification SET verified_tonnes = verified_tonnes + 1",
        "verification_is_append_only",
    ),
    "issue another amount than verified": (
        updated(ISSUANCE, "verified_tonnes = verified_tonnes + 1", "proposed"),
        "issuance_is_the_verified_amount",
    ),
    "withhold more than there is": (
        updated(ISSUANCE, "buffer_tonnes = verified_tonnes + 1", "proposed"),
        "issuance_amounts_fit",
    ),
    "issue alone": (
        updated(ISSUANCE, "checker_id = maker_id", "proposed"),
        "issuance_maker_and_checker_differ",
    ),
    "issue without a checker": (
        updated(ISSUANCE, "state = 'issued', issued_at = now()", "proposed"),
        "issued_by_a_checker",
    ),
    "issue without batches": (
        updated(ISSUANCE, "state = 'issued', issued_at = now(), checker_id = %(checker)s", "proposed"),
        "issuance_sums_up",
    ),
    "issue a period twice": (copied(ISSUANCE, "id = %(issued)s"), "registry_issuance_period_id"),
    "change what was issued": (updated(ISSUANCE, "vintages = '[]'", "issued"), "issued_amounts_stay"),
    "take an issuance back": (
        updated(ISSUANCE, "state = 'proposed', issued_at = NULL", "issued"),
        "issued_amounts_stay",
    ),
    "remove an issuance": ("DELETE FROM registry_issuance WHERE id = %(proposed)s", "issuance_is_kept"),
    "second batch of a vintage": (
        copied("issuedvintage", "issuance_id = %(issued)s", asset_id=1),
        "one_batch_a_vintage_and_issuance",
    ),
    "batch beyond the sum": (
        copied("issuedvintage", "issuance_id = %(issued)s", asset_id=1, vintage_year=2030),
        "issuance_sums_up",
    ),
    "empty batch": (
        copied("issuedvintage", "issuance_id = %(issued)s", asset_id=1, vintage_year=2030, tonnes=0),
        "vintage_amounts_fit",
    ),
    "change a batch": ("UPDATE registry_issuedvintage SET tonnes = tonnes + 1", "issuedvintage_is_append_only"),
    "retire nothing": (updated(RETIREMENT, "tonnes = 0", "requested"), "retired_tonnes_positive"),
    "retire without an entry": (
        updated(RETIREMENT, "state = 'retired', retired_at = now(), confirmed_by_id = %(checker)s", "requested"),
        "retired_units_have_an_entry",
    ),
    "confirm alone": (
        updated(
            RETIREMENT,
            "state = 'retired', retired_at = now(), entry_id = 1, confirmed_by_id = requested_by_id",
            "requested",
        ),
        "large_retirement_has_two_persons",
    ),
    "retire a lot without a second person": (
        updated(RETIREMENT, "state = 'retired', retired_at = now(), entry_id = 1", "requested"),
        "large_retirement_has_two_persons",
    ),
    "another beneficiary afterwards": (
        updated(RETIREMENT, "beneficiary = 'x'", "retired"),
        "retirement_is_final",
    ),
    "undo a retirement": (updated(RETIREMENT, "state = 'cancelled'", "retired"), "retirement_is_final"),
    "remove a retirement": ("DELETE FROM registry_retirement WHERE id = %(requested)s", "retirement_is_kept"),
    "a number twice": (
        copied(RETIREMENT, "id = %(retired)s", key="another"),
        "registry_retirement_number",
    ),
    "a key twice": (copied(RETIREMENT, "id = %(retired)s", number="NMZX-2026-999999"), "registry_retirement_key"),
}


# Two guards of one name: the one that is asked by a batch.
DROPS = {"batch beyond the sum": ("batches_sum_up",)}
# The attack, and the name under which it is refused once its guard is dropped; the others go through.
ALSO = {
    "period without days": ("range lower bound",),
    "a number twice": ("settlement_logleaf_subject_key",),  # Its leaf in the transparency log has that name.
    "remove a period": ("foreign key",),
    "remove a record": ("foreign key",),
    "empty the records": ("verification_is_not_truncated",),
    "sign twice": ("period_and_its_verified_tonnes",),
    "issue a period twice": ("issuance_sums_up",),
    "sign a negative amount": ("registry_verification_period_id_key",),
    "change a signed amount": ("issuance_is_the_verified_amount",),
    "issue without a checker": ("issuance_sums_up",),
    "take an issuance back": ("issuance_sums_up",),
    "second batch of a vintage": ("issuance_sums_up",),
    "empty batch": ("issuance_sums_up",),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_the_owner_of_the_tables_is_refused_by_the_guard(name, world, owner):
    statement, guard = ATTACKS[name]
    with pytest.raises(psycopg2.Error) as caught:  # noqa: PT012
        owner.execute(statement, world)
        owner.connection.commit()
    owner.connection.rollback()
    assert re.search(guard, f"{caught.value.diag.constraint_name} {caught.value}"), caught.value


@pytest.mark.parametrize("name", ATTACKS)
def test_the_apps_role_is_refused(name, world):
    statement, guard = ATTACKS[name]
    with pytest.raises(Error) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, world)
    cause = caught.value.__cause__
    found = f"{cause.diag.constraint_name} {cause}"
    assert re.search(rf"{guard}|permission denied", found), found
    # Only what nobody may ever change ends at a missing right; every other attack ends at the named guard.
    assert ("permission denied" in found) is bool(re.search(r"append_only|truncated", guard))


@pytest.mark.parametrize("name", ATTACKS)
def test_a_guard_is_missed_when_it_is_dropped(name, world, owner):
    statement = owner.mogrify(ATTACKS[name][0], world).decode()
    attack = in_world((statement,), owner, drops=DROPS.get(name, ()), also=ALSO.get(name, ()))
    assert not_missed(attack, owner, "registry") == ""


def test_the_world_is_as_it_was(world):
    assert invariants.broken() == {}
