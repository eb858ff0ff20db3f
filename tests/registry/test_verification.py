"""Automatic verification and the verifier's: what blocks, what becomes a finding, who may sign and when."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from accounts.errors import OrganisationNotThere, PasswordNeeded
from accounts.models import WorkItem
from accounts.rules import Role
from registry import queries, services, tasks
from registry.errors import (
    AnswerMissing,
    ChecksFailed,
    ChecksRunning,
    CommentsOpen,
    FindingsOpen,
    NoticeRuns,
    OpinionNeeded,
    RecordNotThere,
    RoleForbids,
    StateForbids,
    VerifierNotIndependent,
)
from registry.models import CheckResult, Parcel, Project, Validation, VerificationRun
from registry.rules.calculation import stock_per_ha
from registry.rules.checks import check_all
from registry.rules.states import PeriodState
from tests.accounts.makers import a_person
from tests.database import check_deferred
from tests.registry import makers
from tests.registry.credit_makers import (
    LAST,
    People,
    a_monitored_project,
    a_period,
    a_sound_period,
    after_notice,
    again,
    an_uploaded_period,
    calculated,
    files_of,
    fresh,
    issued,
    published,
    run_checks,
    signed,
    submitted,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(at):
    return People(at)


@pytest.fixture
def grassland(people, at):
    return a_sound_period(people, a_monitored_project(people, at, methodology="G1"), at)


def outcomes(row):
    return dict(queries.latest_run(row).results.values_list("code", "outcome"))


def hand_in(people, row, at, verifier_id):
    return services.submit_period(actor=people.owner, period_id=row.pk, verifier_id=verifier_id, at=at)


def test_the_verifier_is_of_another_organisation_than_the_validator(people, at, grassland):
    with pytest.raises(VerifierNotIndependent):
        hand_in(people, grassland, at, people.validator.organisation_id)
    with pytest.raises(OrganisationNotThere):
        hand_in(people, grassland, at, people.owner.organisation_id)
    row = hand_in(people, grassland, at, people.verifier.organisation_id)
    assert (row.state, row.round) == (PeriodState.SUBMITTED, 1)


def test_thirteen_checks_answer_once(people, at, grassland):
    row = submitted(people, grassland, at)

    assert outcomes(row) == dict.fromkeys((f"V{number:02d}" for number in range(1, 14)), "passed")
    services.run_verification(run_id=queries.latest_run(row).pk, at=at)
    assert CheckResult.objects.count() == 13


def test_nothing_is_published_before_the_checks_have_passed(people, at):
    row = calculated(people, an_uploaded_period(people, a_monitored_project(people, at), at), at)
    hand_in(people, row, at, people.verifier.organisation_id)

    with pytest.raises(ChecksRunning):
        services.publish_period(actor=people.maker, period_id=row.pk, at=at)
    run_checks(row, at)
    with pytest.raises(ChecksFailed) as refusal:
        services.publish_period(actor=people.maker, period_id=row.pk, at=at)

    assert refusal.value.found["checks"] == ["V09"]  # Values nobody confirmed.
    back = services.return_period(actor=people.maker, period_id=row.pk, opinion="参数尚未确认", at=at)
    assert back.state == PeriodState.RETURNED
    assert WorkItem.objects.filter(subject=row.subject, closed_at=None).get().role == Role.OWNER


def test_a_question_becomes_a_draft_finding_once(people, at):
    other = a_monitored_project(people, at, methodology="G1")
    an_uploaded_period(people, other, at)
    project = a_monitored_project(people, at, methodology="G1", name="另一草原项目")
    row = a_sound_period_with(people, project, at, files_of(other))

    submitted(people, row, at)

    (finding,) = row.findings.all()
    assert (finding.number, finding.check_code, finding.answer) == (1, "V06", "")
    services.check_again(actor=people.maker, period_id=row.pk, at=at)
    run_checks(row, at)
    assert row.findings.count() == 1
    services.publish_period(actor=people.maker, period_id=row.pk, at=at)
    assert services.close_finding(actor=people.verifier, finding_id=finding.pk, at=at).closed_at == at


def a_sound_period_with(people, project, at, files):
    return calculated(people, an_uploaded_period(people, project, at, files=files), at)


def test_signing_waits_for_notice_comments_and_findings(people, at, grassland):
    row = published(people, grassland, at)
    later = after_notice(at)

    def sign(when, actor=None, opinion="核查通过"):
        return services.sign_verification(
            actor=actor or again(people.verifier, when), period_id=row.pk, opinion=opinion, at=when
        )

    with pytest.raises(NoticeRuns):
        sign(later - timedelta(days=1))
    remark = services.comment(
        project_code=row.project.code, period_id=row.pk, author="牧民", text="围栏位置不对", at=at
    )
    with pytest.raises(CommentsOpen):
        sign(later)
    services.answer_comment(actor=people.owner, comment_id=remark.pk, answer="已更正", at=later)
    finding = services.raise_finding(actor=people.verifier, period_id=row.pk, text="请说明采样时间", at=later)
    with pytest.raises(FindingsOpen):
        sign(later)
    with pytest.raises(AnswerMissing):
        services.close_finding(actor=people.verifier, finding_id=finding.pk, at=later)
    with pytest.raises(RoleForbids):
        services.answer_finding(actor=people.verifier, finding_id=finding.pk, answer="8月", at=later)
    services.answer_finding(actor=people.owner, finding_id=finding.pk, answer="2025年8月", at=later)
    services.close_finding(actor=people.verifier, finding_id=finding.pk, at=later)
    with pytest.raises(OpinionNeeded):
        sign(later, opinion=" ")
    with pytest.raises(PasswordNeeded):
        sign(later, actor=people.verifier)
    with pytest.raises(RecordNotThere):
        sign(later, actor=a_person(Role.VERIFIER, at=at, confirmed=True))

    found = sign(later)

    assert found.verified_tonnes == row.record.credits
    assert fresh(row).state == PeriodState.REVIEW
    with pytest.raises(StateForbids):
        sign(later)


def test_a_file_changed_on_the_disk_stops_the_signature(people, at, grassland):
    row = published(people, grassland, at)
    later = after_notice(at)
    path = queries.path_of(queries.latest_files(row)[0].document.sha256)
    content = path.read_bytes()
    path.write_bytes(b"x" + content)
    try:
        services.check_again(actor=people.verifier, period_id=row.pk, at=later)
        run_checks(row, later)
        with pytest.raises(ChecksFailed):
            services.sign_verification(
                actor=again(people.verifier, later), period_id=row.pk, opinion="核查通过", at=later
            )
    finally:
        path.write_bytes(content)
    assert outcomes(row)["V02"] == "failed"


def test_a_rejected_report_gives_its_days_free(people, at, grassland):
    row, later = signed(people, grassland, at)

    with pytest.raises(OpinionNeeded):
        services.reject_period(actor=people.checker, period_id=row.pk, opinion="", at=later)
    services.reject_period(actor=people.checker, period_id=row.pk, opinion="样地位置不实", at=later)

    assert a_period(people, row.project, later, last=LAST).pk != row.pk


def test_a_returned_report_is_calculated_and_handed_in_again(people, at, grassland):
    row = published(people, grassland, at)
    services.return_period(actor=people.verifier, period_id=row.pk, opinion="请补充控制样点", at=at)

    row = submitted(people, calculated(people, row, at), at)

    assert (row.state, row.round, row.notice_until) == (PeriodState.SUBMITTED, 2, None)


def test_issued_reports_are_checked_again_once_a_business_day(people, at, grassland):
    _, later = issued(people, grassland, at)
    night = later + timedelta(days=1)

    (run_id,) = services.open_nightly_runs(at=night)
    assert services.open_nightly_runs(at=night) == []  # One waits.
    path = queries.path_of(queries.latest_files(grassland)[0].document.sha256)
    content = path.read_bytes()
    path.unlink()
    try:
        run = services.run_verification(run_id=run_id, is_demonstration=True, at=night)
    finally:
        path.write_bytes(content)

    assert run.has_failed
    assert WorkItem.objects.filter(kind="look_into_checks", role=Role.REGION_CHECKER, closed_at=None).count() == 1
    assert services.open_nightly_runs(at=night) == []  # Done today.
    assert len(services.open_nightly_runs(at=night + timedelta(days=1))) == 1


def test_the_task_runs_what_waits(people, at, grassland, monkeypatch):
    row = hand_in(people, grassland, at, people.verifier.organisation_id)
    rung = []
    monkeypatch.setattr(tasks.verify_monitoring_report, "apply_async", lambda **given: rung.append(given["args"]))

    tasks.sweep_verifications()
    tasks.verify_monitoring_report(*rung[0])

    assert VerificationRun.objects.get(period=row).state == "done"


def test_checks_that_break_have_failed_and_do_not_run_for_ever(people, at, grassland, monkeypatch):
    row = hand_in(people, grassland, at, people.verifier.organisation_id)
    monkeypatch.setattr(queries, "case_to_check", lambda *given, **more: 1 // 0)

    assert run_checks(row, at).has_failed
    assert outcomes(row) == {"V00": "failed"}
    assert queries.queued_runs() == []


HALVES = (
    {"first": date(2022, 3, 1), "last": date(2023, 12, 31)},
    {"first": date(2024, 1, 1), "last": date(2025, 12, 31)},
)


@pytest.mark.parametrize("methodology", ["F1", "G1"])
def test_the_growth_of_one_period_is_not_handed_in_for_another(people, at, methodology):
    project = a_monitored_project(people, at, methodology=methodology)
    first, second = (calculated(people, an_uploaded_period(people, project, at, **days), at) for days in HALVES)

    for row in (first, second):  # The same two measurements in both: whichever comes first, neither is published.
        assert outcomes(submitted(people, row, at))["V13"] == "failed"
        with pytest.raises(ChecksFailed):
            services.publish_period(actor=people.maker, period_id=row.pk, at=at)

    services.return_period(actor=people.maker, period_id=second.pk, opinion="期初应为上期期末。", at=at)
    case = queries.case_to_check(fresh(first), is_demonstration=True, at=at)
    ((day, ended, begun),) = case.joints
    assert (day, ended > begun > 0) == (HALVES[1]["first"], True)
    for begins, outcome in ((ended, "passed"), (ended * 1.3, "passed"), (ended * 0.99, "question"), (begun, "failed")):
        answers = {one.code: one.outcome for one in check_all(replace(case, joints=[(day, ended, begins)]))}
        assert answers["V13"] == outcome


@pytest.fixture
def same_land(monkeypatch):
    """Return nothing; every parcel that is made is the same piece of land until told otherwise."""
    place = makers.a_square()

    def use(geometry):
        monkeypatch.setattr(makers, "a_square", lambda *given, **more: geometry)

    use(place)
    return SimpleNamespace(place=place, use=use)


def taken_off(people, project, at):
    actor = again(people.checker, at)
    services.deregister_project(actor=actor, project_id=project.pk, reason="业主申请", at=at)
    check_deferred()  # That land is bound once is judged here, before another project takes it.


def has_issued(people, at, methodology, **days):
    """Return a project that was issued credits for these days, and has left the register; and when."""
    project = a_monitored_project(people, at, methodology=methodology)
    _done, later = issued(people, a_sound_period(people, project, at, **days), at)
    taken_off(people, project, later)
    return project, later


@pytest.mark.parametrize("methodology", ["G1", "W1"])
def test_days_issued_on_a_piece_of_land_are_not_issued_to_another_project(people, at, same_land, methodology):
    first, later = has_issued(people, at, methodology, **HALVES[0])
    second = a_monitored_project(people, later, methodology=methodology)
    overlap = {"first": HALVES[0]["last"], "last": HALVES[1]["last"]}  # By a single day.
    row = submitted(people, a_sound_period(people, second, later, **overlap), later)
    assert outcomes(row)["V10"] == "failed"
    assert first.code in str(CheckResult.objects.get(run=queries.latest_run(row), code="V10").evidence)
    with pytest.raises(ChecksFailed):
        services.publish_period(actor=people.maker, period_id=row.pk, at=later)

    taken_off(people, second, later)  # Nothing was issued to it.
    same_land.use(_beside(same_land.place))
    third = a_monitored_project(people, later, methodology=methodology)
    assert outcomes(submitted(people, a_sound_period(people, third, later, **overlap), later))["V10"] == "passed"


def _beside(square):
    """Return a square that only touches another one."""
    (ring,) = square["coordinates"]
    return {"type": "Polygon", "coordinates": [[[round(x + 0.005, 6), y] for x, y in ring]]}


def test_a_proposed_issuance_is_refused_on_land_that_was_issued_meanwhile(people, at, same_land):
    """The checks of the submission are not the last word: they run again when the second person issues."""
    row, later = signed(people, a_sound_period(people, a_monitored_project(people, at, methodology="W1"), at), at)
    first = Project.objects.get(pk=row.project_id)
    Parcel.objects.filter(project=first).update(is_live=False)  # Whatever may have freed it.
    check_deferred()
    other = a_monitored_project(people, later, methodology="W1")
    _done, last = issued(people, a_sound_period(people, other, later), later)
    taken_off(people, other, last)  # So that no live project claims the land: what stands is its issuance.
    with pytest.raises(ChecksFailed) as caught:
        services.propose_issuance(actor=again(people.maker, later), period_id=row.pk, is_demonstration=True, at=later)
    assert caught.value.found["checks"] == ["V10"]


def test_growth_issued_to_one_project_is_not_counted_again_by_the_next_on_the_same_land(people, at, same_land):
    _first, later = has_issued(people, at, "G1", **HALVES[0])
    second = a_monitored_project(people, later, methodology="G1")
    row = submitted(people, a_sound_period(people, second, later, **HALVES[1]), later)
    assert outcomes(row) | {"V10": "passed", "V13": "failed"} == outcomes(row)  # The same two measurements again.

    case = queries.case_to_check(fresh(row), is_demonstration=True, at=later)
    ((day, ended, begun),) = case.joints
    assert (day, ended > begun > 0) == (HALVES[1]["first"], True)
    loose = replace(case, joints=[], loose_joints=case.joints)  # On part of the land alone: a person looks.
    assert {one.code: one.outcome for one in check_all(loose)}["V13"] == "question"


def test_land_of_a_project_that_was_issued_nothing_is_free(people, at, same_land):
    first = a_monitored_project(people, at, methodology="W1")
    a_sound_period(people, first, at)
    taken_off(people, first, at)
    second = a_monitored_project(people, at, methodology="W1")
    answers = outcomes(submitted(people, a_sound_period(people, second, at), at))
    assert (answers["V10"], answers["V13"]) == ("passed", "passed")


def test_wetland_counts_by_the_year_and_begins_with_no_stock(people, at):
    project = a_monitored_project(people, at, methodology="W1")
    first, second = (calculated(people, an_uploaded_period(people, project, at, **days), at) for days in HALVES)
    assert outcomes(submitted(people, second, at))["V13"] == "passed"
    assert stock_per_ha(first.record.parts[-1]) is None


def test_the_person_who_validated_does_not_verify_for_another_body_either(people, at, grassland):
    published(people, grassland, at)
    later = after_notice(at)
    Validation.objects.create(
        project=grassland.project,
        organisation_id=people.validator.organisation_id,
        round=1,
        opinion="审定通过",
        signed_by_id=people.verifier.user_id,
        signed_at=at,
    )

    with pytest.raises(VerifierNotIndependent):
        services.sign_verification(
            actor=again(people.verifier, later), period_id=grassland.pk, opinion="核查通过", at=later
        )
