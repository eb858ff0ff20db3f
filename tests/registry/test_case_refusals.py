"""What the database refuses of cases and land, whoever writes: each row is one attack by raw SQL and its guard's name.

The owner of the tables, who has every right, and the app's role meet the same guards; where the app's role has not
even the right, that refuses it first.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest
from django.db import connection, transaction
from django.db.utils import Error

from ops import postgres
from registry import queries
from registry.rules.states import Verb
from tests import database
from tests.attacks import in_world, not_missed
from tests.registry.makers import (
    People,
    a_draft,
    a_published_project,
    a_registered_project,
    a_submitted_project,
    review,
)

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def shared_database(admin_url: str, django_db_blocker: Any) -> Iterator[str]:
    """A committed database for all attacks: each of them must leave it as it was."""
    with (
        database.copy_of_template(admin_url) as name,
        django_db_blocker.unblock(),
        database.connected_to(admin_url, name),
    ):
        yield name


@pytest.fixture(scope="module")
def world(shared_database):
    """One case of each kind that the attacks need."""
    people = People(AT)
    registered, submitted = a_registered_project(people, AT), a_submitted_project(people, AT)
    published, draft = a_published_project(people, AT), a_draft(people, AT)
    rejected = review(people.clerk, a_submitted_project(people, AT), AT, Verb.REJECT, "不符合条件")
    return {
        "registered": registered.pk,
        "submitted": submitted.pk,
        "published": published.pk,
        "draft": draft.pk,
        "rejected": rejected.pk,
        "owner": people.owner.user_id,
        "clerk": people.clerk.user_id,
        "maker": people.maker.user_id,
        "bureau": people.clerk.organisation_id,
        "live": queries.parcels_of(registered)[0].pk,
        "other_live": queries.parcels_of(submitted)[0].pk,
        "free": queries.parcels_of(draft)[0].pk,
    }


@pytest.fixture
def owner(shared_database, admin_url):
    """A cursor with the owner's rights, in transactions."""
    url = postgres.with_role(postgres.with_database(admin_url, shared_database), postgres.OWNER_ROLE)
    link = psycopg2.connect(url)
    try:
        with link.cursor() as cursor:
            yield cursor
    finally:
        link.close()


STEP = (
    "INSERT INTO registry_reviewstep (project_id, round, level, verb, role, reviewer_id, organisation_id, opinion,"
    " checklist, at) VALUES ({project}, 1, 0, '{verb}', 'banner_clerk', {reviewer}, {{bureau}}, '', '[]', now())"
)
PARCEL = (
    "INSERT INTO registry_parcel (project_id, name, division_code, land_category, tenure, tenure_number, geometry,"
    " area_ha, west, south, east, north, is_outside_banner, is_live, is_removed, at)"
    " SELECT {project}, name, division_code, land_category, tenure, tenure_number, geometry, {area}, west, south,"
    " {east}, north, false, {is_live}, {is_removed}, now() FROM registry_parcel WHERE id = {parcel}"
)
COMPARED = "INSERT INTO registry_landcomparison (first_id, second_id, shared_ha, tolerance_ha, at) VALUES "


def step(project, verb, reviewer):
    return STEP.format(project=project, verb=verb, reviewer=reviewer)


def parcel(project="{draft}", of="{live}", area="area_ha", east="east", is_live="false", is_removed="false"):
    return PARCEL.format(project=project, parcel=of, area=area, east=east, is_live=is_live, is_removed=is_removed)


def kept(table):
    return {f"remove a {table}": ([f"DELETE FROM registry_{table}"], f"{table}_is_kept|foreign key")}


def appended(table, column):
    return {
        f"change a {table}": ([f"UPDATE registry_{table} SET {column} = {column}"], f"{table}_is_append_only"),
        f"remove a {table}": ([f"DELETE FROM registry_{table}"], f"{table}_is_append_only"),
        f"empty the {table}s": ([f"TRUNCATE registry_{table} CASCADE"], "is_not_truncated"),
    }


# What is tried (statements of one transaction), and the name of the guard that refuses it.
ATTACKS = {
    **appended("reviewstep", "opinion"),
    **appended("contribution", "at"),
    **appended("document", "name"),
    **appended("validation", "opinion"),
    **kept("project"),
    **kept("parcel"),
    "change a comparison": (
        [COMPARED + "({live}, {free}, 0, 0.01, now())", "UPDATE registry_landcomparison SET shared_ha = 0"],
        "landcomparison_is_append_only",
    ),
    "another code": (["UPDATE registry_project SET code = 'X' WHERE id = {draft}"], "project_keeps_its_code"),
    "another owner": (
        ["UPDATE registry_project SET owner_id = {bureau} WHERE id = {draft}"],
        "project_keeps_its_code",
    ),
    "a second code": (
        ["UPDATE registry_project SET code = 'X', serial = '000001' WHERE id = {draft}"],
        "project_keeps_its_code",
    ),
    "wake the rejected": (
        ["UPDATE registry_project SET state = 'draft' WHERE id = {rejected}"],
        "ended_project_stays_ended",
    ),
    "decide one's own proposal": (
        ["UPDATE registry_project SET proposed_by_id = {maker}, decided_by_id = {maker} WHERE id = {published}"],
        "project_maker_and_checker_differ",
    ),
    "decide what nobody proposed": (
        ["UPDATE registry_project SET decided_by_id = {maker} WHERE id = {published}"],
        "project_maker_and_checker_differ",
    ),
    "register by hand": (
        ["UPDATE registry_project SET state = 'registered' WHERE id = {published}"],
        "registered_project_was_decided_and_recorded",
    ),
    "unrecord the registered": (
        ["UPDATE registry_project SET recorded_by_id = NULL WHERE id = {registered}"],
        "registered_project_was_decided_and_recorded",
    ),
    "a crediting period that ends first": (
        ["UPDATE registry_project SET crediting_last = crediting_first WHERE id = {draft}"],
        "crediting_period_has_days",
    ),
    "accept without a validator": (
        ["UPDATE registry_project SET validator_id = NULL WHERE id = {published}"],
        "accepted_project_has_validator_and_crediting_period",
    ),
    "accept without a crediting period": (
        ["UPDATE registry_project SET crediting_first = NULL, crediting_last = NULL WHERE id = {published}"],
        "accepted_project_has_validator_and_crediting_period",
    ),
    "review one's own": ([step("{submitted}", "pass", "{owner}")], "reviewer_took_no_part"),
    "enter after the review": (
        ["INSERT INTO registry_contribution (project_id, user_id, at) VALUES ({registered}, {clerk}, now())"],
        "contributor_reviewed_nothing",
    ),
    "review and enter at once": (
        [
            step("{submitted}", "pass", "{maker}"),
            "INSERT INTO registry_contribution (project_id, user_id, at) VALUES ({submitted}, {maker}, now())",
        ],
        "contributor_reviewed_nothing",
    ),
    "enter and review at once": (
        [
            "INSERT INTO registry_contribution (project_id, user_id, at) VALUES ({submitted}, {maker}, now())",
            step("{submitted}", "pass", "{maker}"),
        ],
        "reviewer_took_no_part",
    ),
    "note a contribution twice": (
        ["INSERT INTO registry_contribution (project_id, user_id, at) VALUES ({draft}, {owner}, now())"],
        "contribution_is_noted_once",
    ),
    "return without a word": ([step("{submitted}", "return", "{clerk}")], "refusal_has_an_opinion"),
    "reject without a word": ([step("{submitted}", "reject", "{clerk}")], "refusal_has_an_opinion"),
    "sign twice": (
        [
            "INSERT INTO registry_validation (project_id, organisation_id, round, opinion, signed_by_id, signed_at)"
            " SELECT project_id, organisation_id, round, 'x', signed_by_id, now() FROM registry_validation"
        ],
        "validation_is_signed_once",
    ),
    "an empty paper": (
        [
            "INSERT INTO registry_document (kind, name, content_type, size, sha256, is_public, at)"
            " VALUES ('design', 'x', 'x', 0, 'x', false, now())"
        ],
        "document_is_not_empty",
    ),
    "land without area": ([parcel(area="0")], "parcel_has_area"),
    "a box inside out": ([parcel(east="west")], "parcel_box_is_a_box"),
    "removed and bound": ([parcel(is_live="true", is_removed="true")], "removed_parcel_is_not_live"),
    "bind bound land": ([parcel(is_live="true")], "live_land_is_compared"),
    "bind bound land of a draft": (
        [parcel(), "UPDATE registry_parcel SET is_live = true WHERE project_id = {draft}"],
        "live_land_is_compared",
    ),
    "shift bound land": (
        ["UPDATE registry_parcel SET west = west + 0.001, east = east + 0.001 WHERE id = {live}"],
        "parcel_keeps_its_shape",
    ),
    "grow bound land": (
        ["UPDATE registry_parcel SET area_ha = area_ha + 1 WHERE id = {live}"],
        "parcel_keeps_its_shape",
    ),
    "redraw free land": (
        ["UPDATE registry_parcel SET geometry = '{{}}' WHERE id = {free}"],
        "parcel_keeps_its_shape",
    ),
    "hand land to another project": (
        ["UPDATE registry_parcel SET project_id = {draft} WHERE id = {live}"],
        "parcel_keeps_its_shape",
    ),
    "compare to no end": ([COMPARED + "({live}, {other_live}, 0.02, 0.01, now())"], "live_land_is_not_shared"),
    "share less than nothing": ([COMPARED + "({live}, {other_live}, -1, 0.01, now())"], "live_land_is_not_shared"),
    "compare backwards": ([COMPARED + "({other_live}, {live}, 0, 0.01, now())"], "comparison_has_one_order"),
    "compare twice": (
        [COMPARED + "({live}, {other_live}, 0, 0.01, now()), ({live}, {other_live}, 0, 0.01, now())"],
        "parcels_are_compared_once",
    ),
    "decide a border twice": (
        [
            "INSERT INTO registry_borderdecision (parcel_id, reason, decided_by_id, at)"
            " VALUES ({live}, 'x', {clerk}, now()), ({live}, 'y', {clerk}, now())"
        ],
        "registry_borderdecision_parcel_id_key",
    ),
}


# The attack, and the name under which it is refused once its guard is dropped; the others go through.
ALSO = {
    "remove a document": ("foreign key",),
    "empty the documents": ("observationfile_is_not_truncated",),
    "remove a project": ("foreign key",),
    "a second code": ("registry_project_serial_key",),
    "removed and bound": ("live_land_is_compared",),
}


def broken():
    return {name: proof["broken"] for name, proof in queries.broken_invariants().items() if proof["broken"]}


@pytest.mark.parametrize("name", ATTACKS)
def test_the_owner_of_the_tables_is_refused_by_the_guard(name, world, owner):
    statements, guard = ATTACKS[name]
    with pytest.raises(psycopg2.Error) as caught:  # noqa: PT012
        for statement in statements:
            owner.execute(statement.format(**world))
        owner.connection.commit()
    owner.connection.rollback()
    assert re.search(guard, f"{caught.value.diag.constraint_name} {caught.value}"), caught.value
    assert broken() == {}


@pytest.mark.parametrize("name", ATTACKS)
def test_the_apps_role_is_refused(name, world):
    statements, guard = ATTACKS[name]
    with pytest.raises(Error) as caught, transaction.atomic(), connection.cursor() as cursor:  # noqa: PT012
        for statement in statements:
            cursor.execute(statement.format(**world))
    said = f"{caught.value.__cause__.diag.constraint_name} {caught.value}"
    assert re.search(f"{guard}|permission denied", said), said
    assert broken() == {}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_guard_is_missed_when_it_is_dropped(name, world, owner):
    statements = [statement.format(**world) for statement in ATTACKS[name][0]]
    attack = in_world(statements, owner, also=ALSO.get(name, ()))
    assert not_missed(attack, owner, "registry") == ""


def test_land_that_was_compared_is_bound(world, owner):
    """The right way works: an attack that fails because nothing works would prove nothing."""
    owner.execute(parcel(is_live="true").format(**world) + " RETURNING id")
    new = owner.fetchone()[0]
    owner.execute((COMPARED + "({live}, %s, 0.005, 0.01, now())").format(**world), [new])
    owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
    owner.connection.rollback()
