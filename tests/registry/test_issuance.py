"""From the workbook to issued batches, in three ecosystems; two persons, one issuance, exactly the verified tonnes."""

from datetime import date

import pytest

from accounts.errors import PasswordNeeded
from accounts.rules import Role
from config import invariants
from registry import queries, services
from registry.errors import (
    ChecksFailed,
    DemonstrationOnly,
    NothingToIssue,
    OpinionNeeded,
    ProvisionalParameters,
    RoleForbids,
    SamePerson,
    StaleVersion,
    StateForbids,
)
from registry.models import Issuance, Project
from registry.rules.issuance import buffer_of, days_by_year, vintages
from registry.rules.states import PeriodState
from settlement.queries import asset, available_units, units_by_purpose
from tests.accounts.makers import a_person
from tests.database import check_deferred
from tests.registry.credit_makers import (
    People,
    a_monitored_project,
    a_sound_period,
    again,
    an_uploaded_period,
    area_of,
    calculated,
    fresh,
    issued,
    proposed,
    signed,
    wetland_mineral,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(at):
    return People(at)


@pytest.fixture
def grassland(people, at):
    """A period of a grassland whose values need no confirmation."""
    return a_sound_period(people, a_monitored_project(people, at, methodology="G1"), at)


@pytest.mark.parametrize(("methodology", "kind"), [("F1", ""), ("G1", ""), ("G1", "grassland_layers"), ("W1", "")])
def test_from_the_workbook_to_issued_batches(people, at, methodology, kind):
    project = a_monitored_project(people, at, methodology=methodology)
    row = a_sound_period(people, project, at, kind)

    issuance, _ = issued(people, row, at)
    check_deferred()

    batches = list(issuance.batches.order_by("vintage_year"))
    record = fresh(row).record
    assert fresh(row).state == PeriodState.ISSUED
    assert sum(one.tonnes for one in batches) == issuance.verified_tonnes == record.credits > 0
    assert sum(one.buffer_tonnes for one in batches) == issuance.buffer_tonnes
    assert [one.vintage_year for one in batches] == [2022, 2023, 2024, 2025]
    for one in batches:
        credit = asset(one.asset_id)
        owned = available_units(project.owner_id, one.asset_id)
        assert (credit.issued_units, owned) == (one.tonnes, one.tonnes - one.buffer_tonnes)
        assert credit.credit.credit_type == methodology[0]
        assert (credit.credit.project_code, credit.credit.vintage_year) == (project.code, one.vintage_year)
    assert invariants.broken() == {}


def test_the_buffer_is_a_fifth_of_the_stored_carbon_rounded_up(people, at, grassland):
    issuance, _ = issued(people, grassland, at)

    stock = fresh(grassland).record.stock_part_tco2e
    assert issuance.buffer_percent == 20
    assert issuance.buffer_tonnes == -(-int(stock * 1000 * 20) // 100_000) or issuance.buffer_tonnes == -int(
        -stock // 5
    )


@pytest.mark.parametrize(
    ("verified", "net", "stock", "percent", "expected"),
    [
        (12480, 12480.7, 9300.0, 22, 2046),  # B1-2 of the specification.
        (12480, 12480.7, None, 20, 2497),
        (100, 100.4, -3.0, 20, 0),
        (1, 1.0, None, 100, 1),
        (0, 0.4, None, 100, 0),
    ],
)
def test_the_buffer_by_hand(verified, net, stock, percent, expected):
    assert buffer_of(verified, net, stock, percent) == expected


def test_vintages_by_days_sum_to_the_tonne():
    found = vintages(date(2023, 12, 30), date(2025, 1, 1), 1000, 201)

    assert days_by_year(date(2023, 12, 30), date(2025, 1, 1)) == [(2023, 2), (2024, 366), (2025, 1)]
    assert [(one.year, one.tonnes) for one in found] == [(2023, 5), (2024, 992), (2025, 3)]
    assert sum(one.buffer_tonnes for one in found) == 201


def test_maker_and_checker_are_two_persons(people, at, grassland):
    both = a_person(Role.REGION_MAKER, Role.REGION_CHECKER, at=at, confirmed=True)
    people.maker = both
    issuance, later = proposed(people, grassland, at)

    with pytest.raises(SamePerson):
        services.decide_issuance(
            actor=again(both, later), issuance_id=issuance.pk, approve=True, is_demonstration=True, at=later
        )


def test_issuing_twice_gives_one_issuance(people, at, grassland):
    issuance, later = issued(people, grassland, at)
    before = units_by_purpose(issuance.batches.first().asset_id)

    with pytest.raises(StateForbids):
        services.decide_issuance(
            actor=again(people.checker, later), issuance_id=issuance.pk, approve=True, is_demonstration=True, at=later
        )
    with pytest.raises(StateForbids):
        services.propose_issuance(
            actor=again(people.maker, later), period_id=grassland.pk, is_demonstration=True, at=later
        )
    assert Issuance.objects.filter(period=grassland).count() == 1
    assert units_by_purpose(issuance.batches.first().asset_id) == before


def test_nothing_but_what_was_proposed_is_issued(people, at, grassland):
    issuance, later = proposed(people, grassland, at)
    checker = again(people.checker, later)

    with pytest.raises(StaleVersion):
        services.decide_issuance(
            actor=checker, issuance_id=issuance.pk, approve=True, digest="0" * 64, is_demonstration=True, at=later
        )
    changed = [{**one, "tonnes": one["tonnes"] + 1} for one in issuance.vintages]
    Issuance.objects.filter(pk=issuance.pk).update(vintages=changed)
    with pytest.raises(StaleVersion):
        services.decide_issuance(actor=checker, issuance_id=issuance.pk, approve=True, is_demonstration=True, at=later)


def test_a_proposal_given_back_is_made_anew(people, at, grassland):
    issuance, later = proposed(people, grassland, at)
    checker = again(people.checker, later)

    with pytest.raises(OpinionNeeded):
        services.decide_issuance(actor=checker, issuance_id=issuance.pk, approve=False, opinion=" ", at=later)
    services.decide_issuance(actor=checker, issuance_id=issuance.pk, approve=False, opinion="请附会议纪要", at=later)
    with pytest.raises(StateForbids):
        services.decide_issuance(actor=checker, issuance_id=issuance.pk, approve=True, is_demonstration=True, at=later)
    second = services.propose_issuance(
        actor=again(people.maker, later), period_id=grassland.pk, is_demonstration=True, at=later
    )

    assert (second.pk, second.digest) == (issuance.pk, issuance.digest)


def test_only_a_confirmed_password_issues(people, at, grassland):
    issuance, later = proposed(people, grassland, at)

    with pytest.raises(PasswordNeeded):
        services.decide_issuance(
            actor=people.checker, issuance_id=issuance.pk, approve=True, is_demonstration=True, at=later
        )
    with pytest.raises(RoleForbids):
        services.decide_issuance(
            actor=again(people.maker, later), issuance_id=issuance.pk, approve=True, is_demonstration=True, at=later
        )


def test_values_confirmed_for_a_demonstration_are_issued_in_one_only(people, at):
    row = a_sound_period(people, a_monitored_project(people, at), at)
    issuance, later = proposed(people, row, at)

    with pytest.raises(DemonstrationOnly):
        services.decide_issuance(actor=again(people.checker, later), issuance_id=issuance.pk, approve=True, at=later)
    assert Issuance.objects.get(pk=issuance.pk).state == "proposed"


def test_provisional_values_are_refused(people, at, grassland, monkeypatch):
    row, later = signed(people, grassland, at)
    whole = queries.case_to_check

    def with_one(row, **more):
        case = whole(row, **more)
        return type(case)(**{**vars(case), "provisional": ["tree_bef 1.0.0 species.LARIX.cf"]})

    monkeypatch.setattr(queries, "case_to_check", with_one)
    with pytest.raises(ProvisionalParameters) as refusal:
        services.propose_issuance(actor=again(people.maker, later), period_id=row.pk, is_demonstration=True, at=later)
    assert "LARIX" in str(refusal.value)


def test_a_changed_file_stops_the_issuance(people, at, grassland):
    issuance, later = proposed(people, grassland, at)
    paper = queries.latest_files(grassland)[0].document
    path = queries.path_of(paper.sha256)
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    try:
        with pytest.raises(ChecksFailed) as refusal:
            services.decide_issuance(
                actor=again(people.checker, later),
                issuance_id=issuance.pk,
                approve=True,
                is_demonstration=True,
                at=later,
            )
    finally:
        path.write_bytes(content)
    assert refusal.value.found["checks"] == ["V02"]


def test_a_suspended_project_issues_nothing(people, at, grassland):
    issuance, later = proposed(people, grassland, at)
    Project.objects.filter(pk=issuance.project_id).update(state="suspended")

    with pytest.raises(StateForbids):
        services.decide_issuance(
            actor=again(people.checker, later), issuance_id=issuance.pk, approve=True, is_demonstration=True, at=later
        )


def test_the_ecology_department_records_once(people, at, grassland):
    issuance, later = issued(people, grassland, at)

    services.record_issuance(actor=people.recorder, issuance_id=issuance.pk, at=later)
    with pytest.raises(StateForbids):
        services.record_issuance(actor=people.recorder, issuance_id=issuance.pk, at=later)
    assert Issuance.objects.get(pk=issuance.pk).entered_at == later


def test_without_a_whole_tonne_nothing_is_proposed(people, at):
    project = a_monitored_project(people, at, methodology="W1")
    flooded = wetland_mineral(area_of(project), inundated=1.0)  # Gives off more methane than it stores carbon.
    row = an_uploaded_period(people, project, at, files=[("wetland_mineral", "later", flooded)])
    row, later = signed(people, calculated(people, row, at), at)

    assert row.record.net_tco2e < 0
    with pytest.raises(NothingToIssue):
        services.propose_issuance(actor=again(people.maker, later), period_id=row.pk, is_demonstration=True, at=later)
