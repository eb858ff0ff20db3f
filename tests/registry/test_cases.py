"""A case from its draft to the register and out of it again, by the services. Dates are those of the loaded 2026."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from accounts.errors import InvalidField, PasswordNeeded, UnknownField
from accounts.queries import history_of, work_items_for
from accounts.rules import OrganisationKind, Role
from config import invariants, sweeps
from config.web.clock import bar
from registry import queries, services
from registry.errors import (
    CommentsOpen,
    DueDatePassed,
    Incomplete,
    ItemsFailed,
    NoticeOver,
    NoticeRuns,
    OpinionNeeded,
    ProjectNotThere,
    ReviewedIt,
    RoleForbids,
    SamePerson,
    StaleVersion,
    StateForbids,
    TookPart,
    TooManyComments,
)
from registry.models import Contribution, Parcel
from registry.rules.inputs import NewProject
from registry.rules.states import ProjectState, Verb
from rulebook.errors import Conflicting
from rulebook.queries import business_date
from rulebook.queries import now as rulebook_now
from settlement.queries import is_frozen
from settlement.services import freeze_asset
from tests.accounts.makers import a_person, an_organisation
from tests.database import check_deferred
from tests.registry.credit_makers import a_monitored_project, a_sound_period, issued
from tests.registry.makers import (
    People,
    a_draft,
    a_paper,
    a_project_in_review,
    a_published_project,
    a_registered_project,
    a_square,
    a_submitted_project,
    add_land,
    after_notice,
    an_accepted_project,
    confirmed,
    fresh,
    review,
    ticked,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def people(at):
    return People(at)


def kinds(actor, at):
    return [one.kind for one in work_items_for(actor, at=at)]


def test_a_case_runs_from_the_draft_to_the_register(people, at):
    row = a_registered_project(people, at)
    check_deferred()

    assert row.state == ProjectState.REGISTERED
    assert row.registered_at == after_notice(at)
    assert [one.verb for one in queries.steps_of(row)] == [
        "pass", "pass", "accept", "publish", "sign", "propose", "decide", "record",
    ]  # fmt: skip
    assert queries.project_by_code(row.code) == row
    assert row.code == f"NM-CS-{row.serial}"
    assert row.due_on is None
    assert all(kinds(one, at) == [] for one in (people.owner, people.validator, people.recorder))
    assert {"create_project", "submit_project", "pass_project", "record_project"} <= {
        one.verb for one in history_of(subject=row.subject)
    }
    assert invariants.broken() == {}


def test_each_step_lies_in_the_queue_of_who_takes_it(people, at):
    row = a_submitted_project(people, at)
    assert kinds(people.clerk, at) == ["review_project"]
    assert kinds(people.league, at) == []

    review(people.clerk, row, at)
    assert kinds(people.clerk, at) == []
    assert kinds(people.league, at) == ["review_project"]

    review(people.league, row, at)
    review(people.maker, row, at)
    assert kinds(people.maker, at) == ["publish_project"]

    services.publish_project(actor=people.maker, project_id=row.pk, at=at)
    assert kinds(people.maker, at) == []
    assert kinds(people.validator, at) == ["validate_project"]


def test_the_clocks_of_a_case_count_as_the_rulebook_says(people, at):
    row = a_submitted_project(people, at)
    assert row.due_on == date(2026, 3, 16)  # Ten working days after Monday 2 March.

    row = an_accepted_project(people, at)
    assert row.due_on is None

    row = a_published_project(people, at)
    assert (row.notice_from, row.notice_until) == (date(2026, 3, 2), date(2026, 3, 27))  # The first day counts.
    assert row.due_on == date(2026, 6, 10)  # A hundred calendar days.

    row = a_project_in_review(people, at)
    assert after_notice(at).date() == date(2026, 3, 28)
    assert row.due_on == date(2026, 4, 20)  # Fifteen working days after Saturday 28 March; 6 April is Qingming.


# Who may.


def test_another_banners_clerk_sees_no_case(people, at):
    row = a_submitted_project(people, at)
    bureau = an_organisation(OrganisationKind.FORESTRY_BUREAU, at=at, division_code="150421")
    stranger = a_person(Role.BANNER_CLERK, at=at, organisation_id=bureau)

    assert kinds(stranger, at) == []
    with pytest.raises(ProjectNotThere):
        review(stranger, row, at)


def test_another_owner_sees_no_case(people, at):
    row = a_draft(people, at, complete=False)
    stranger = a_person(Role.OWNER, at=at)

    with pytest.raises(ProjectNotThere):
        services.edit_project(actor=stranger, project_id=row.pk, changes={"name": "x"}, at=at)


def test_a_level_is_reviewed_by_its_own_office(people, at):
    row = a_submitted_project(people, at)

    for other in (people.league, people.maker):
        with pytest.raises(RoleForbids):
            review(other, row, at)
    accepted = an_accepted_project(people, at)
    with pytest.raises(RoleForbids):
        services.publish_project(actor=people.league, project_id=accepted.pk, at=at)


def test_who_helped_takes_no_part_in_the_review_and_a_colleague_does(people, at):
    row = a_submitted_project(people, at, by=people.clerk, owner_id=people.owner.organisation_id)
    colleague = a_person(Role.BANNER_CLERK, at=at, organisation_id=people.clerk.organisation_id)

    with pytest.raises(TookPart):
        review(people.clerk, row, at)
    assert review(colleague, row, at).level == 1


def test_each_way_to_enter_something_is_a_contribution(people, at):
    row = a_draft(people, at)
    in_the_bureau = {"at": at, "organisation_id": people.clerk.organisation_id}
    edits, draws, uploads, removes = (a_person(Role.BANNER_CLERK, **in_the_bureau) for _ in range(4))
    services.edit_project(actor=edits, project_id=row.pk, changes={"summary": "说明"}, at=at)
    parcel = add_land(draws, row, at, a_square())[0]
    services.add_document(actor=uploads, project_id=row.pk, kind="photo", name="a.pdf", content=a_paper(), at=at)
    services.remove_parcel(actor=removes, parcel_id=parcel.pk, at=at)
    services.submit_project(actor=people.owner, project_id=row.pk, at=at)

    for helper in (edits, draws, uploads, removes):
        with pytest.raises(TookPart):
            review(helper, row, at)


def test_who_reviewed_enters_nothing_afterwards(people, at):
    row = a_submitted_project(people, at)
    review(people.clerk, row, at, Verb.RETURN, "请补充权属材料")

    with pytest.raises(ReviewedIt):
        services.edit_project(actor=people.clerk, project_id=row.pk, changes={"summary": "x"}, at=at)
    with pytest.raises(ReviewedIt):
        services.add_document(
            actor=people.clerk, project_id=row.pk, kind="tenure", name="a.pdf", content=a_paper(), at=at
        )


def test_a_validators_report_is_no_contribution(people, at):
    row = a_published_project(people, at)
    later = after_notice(at)
    paper = services.add_document(
        actor=people.validator, project_id=row.pk, kind="validation", name="审定报告.pdf", content=a_paper(), at=later
    )
    row = services.sign_validation(
        actor=confirmed(people.validator, later), project_id=row.pk, opinion="通过", document_id=paper.pk, at=later
    )

    assert row.state == ProjectState.REVIEW
    assert not Contribution.objects.filter(project=row, user_id=people.validator.user_id).exists()


def test_another_validator_signs_nothing(people, at):
    row = a_published_project(people, at)
    later = after_notice(at)

    with pytest.raises(ProjectNotThere):
        services.sign_validation(
            actor=a_person(Role.VALIDATOR, at=at), project_id=row.pk, opinion="x", document_id=None, at=later
        )


def test_maker_and_checker_are_two_persons(people, at):
    row = a_project_in_review(people, at)
    later = after_notice(at)
    both = a_person(
        Role.REGION_MAKER, Role.REGION_CHECKER, at=at, organisation_id=people.maker.organisation_id, confirmed=True
    )
    both = confirmed(both, later)
    services.propose_registration(actor=both, project_id=row.pk, opinion="同意", at=later)

    with pytest.raises(SamePerson):
        services.decide_registration(actor=both, project_id=row.pk, approve=True, opinion="", at=later)


def test_nothing_is_decided_before_it_is_proposed_nor_recorded_before_it_is_decided(people, at):
    row = a_project_in_review(people, at)
    later = after_notice(at)
    checker, recorder = confirmed(people.checker, later), confirmed(people.recorder, later)

    with pytest.raises(StateForbids):
        services.decide_registration(actor=checker, project_id=row.pk, approve=True, opinion="", at=later)
    with pytest.raises(StateForbids):
        services.record_registration(actor=recorder, project_id=row.pk, at=later)


def test_what_cannot_be_undone_needs_the_password_again(people, at):
    row = a_project_in_review(people, at)
    later = after_notice(at)
    services.propose_registration(actor=people.maker, project_id=row.pk, opinion="", at=later)

    with pytest.raises(PasswordNeeded):
        services.decide_registration(actor=people.checker, project_id=row.pk, approve=True, opinion="", at=later)
    with pytest.raises(PasswordNeeded):
        services.sign_validation(
            actor=people.validator,
            project_id=a_published_project(people, at).pk,
            opinion="x",
            document_id=None,
            at=later,
        )


def test_nobody_approves_what_has_changed_since_it_was_read(people, at):
    row = a_submitted_project(people, at)

    with pytest.raises(StaleVersion):
        services.review_project(
            actor=people.clerk,
            project_id=row.pk,
            verb=Verb.PASS,
            opinion="",
            checklist=ticked(at),
            version=row.version - 1,
            at=at,
        )


def test_an_owners_client_hands_in_and_reviews_nothing(people, at):
    actor = replace(people.owner, user_id=None, client_id=1)
    row = a_draft(people, at, by=actor)

    assert services.submit_project(actor=actor, project_id=row.pk, at=at).state == ProjectState.SUBMITTED
    assert not Contribution.objects.filter(project=row).exists()


# What must be there.


def test_a_submission_says_everything_it_lacks(people, at):
    row = a_draft(people, at, complete=False, validator_id=None, crediting_first=None, crediting_last=None)

    with pytest.raises(Incomplete) as refused:
        services.submit_project(actor=people.owner, project_id=row.pk, at=at)

    assert refused.value.found["missing"] == [
        "validation body",
        "crediting period",
        "at least one parcel",
        "design document",
        "tenure document",
    ]
    assert fresh(row).state == ProjectState.DRAFT


def test_every_item_is_answered_and_a_failed_one_says_why(people, at):
    row = a_submitted_project(people, at)
    call = {"actor": people.clerk, "project_id": row.pk, "at": at}

    with pytest.raises(Incomplete):
        services.review_project(verb=Verb.PASS, opinion="", checklist=ticked(at)[1:], **call)
    with pytest.raises(ItemsFailed):
        services.review_project(verb=Verb.PASS, opinion="", checklist=ticked(at, failed="tenure"), **call)
    silent = [replace(one, reason="") for one in ticked(at, failed="tenure")]
    with pytest.raises(OpinionNeeded):
        services.review_project(verb=Verb.RETURN, opinion="退回", checklist=silent, **call)
    with pytest.raises(OpinionNeeded):
        services.review_project(verb=Verb.RETURN, opinion=" ", checklist=ticked(at, failed="tenure"), **call)
    with pytest.raises(InvalidField):
        services.review_project(verb=Verb.SIGN, opinion="", checklist=ticked(at), **call)
    assert fresh(row).state == ProjectState.SUBMITTED
    assert list(queries.steps_of(row)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"name": "x" * 121},
        {"name": "a\u202eb"},
        {"name": "a\x00b"},
        {"methodology": "X9"},
        {"division_code": "150400"},
        {"division_code": "1 OR 1=1"},
        {"division_code": "\x00"},
        {"crediting_last": date(2021, 1, 1)},
        {"crediting_first": None},
        {"design": {"a": float("nan")}},
        {"design": {"a": "\x00"}},
        {"design": {"a": "x" * 30_000}},
    ],
)
def test_a_description_that_cannot_be_is_refused(people, at, changes):
    with pytest.raises(InvalidField):
        a_draft(people, at, complete=False, **changes)


def test_a_validator_is_a_verification_body_and_an_owner_can_hold_credits(people, at):
    with pytest.raises(InvalidField):
        a_draft(people, at, complete=False, validator_id=people.owner.organisation_id)
    with pytest.raises(InvalidField):
        a_draft(people, at, complete=False, by=people.clerk, owner_id=people.validator.organisation_id)


def test_a_clerk_opens_cases_of_its_own_banner_only(people, at):
    with pytest.raises(RoleForbids):
        a_draft(
            people,
            at,
            complete=False,
            by=people.clerk,
            owner_id=people.owner.organisation_id,
            division_code="150421",
        )
    with pytest.raises(RoleForbids):  # An owner for another owner.
        a_draft(people, at, complete=False, owner_id=an_organisation(OrganisationKind.STATE_FARM, at=at))
    with pytest.raises(RoleForbids):
        services.create_project(
            actor=people.maker, project=NewProject(name="x", methodology="F1", division_code="150430"), at=at
        )


def test_only_the_known_fields_of_a_draft_change(people, at):
    row = a_draft(people, at, complete=False)

    with pytest.raises(UnknownField):
        services.edit_project(actor=people.owner, project_id=row.pk, changes={"state": "registered"}, at=at)
    row = services.edit_project(
        actor=people.owner, project_id=row.pk, changes={"name": " 新 名 "}, version=row.version, at=at
    )
    assert row.name == "新 名"
    submitted = a_submitted_project(people, at)
    with pytest.raises(StateForbids):
        services.edit_project(actor=people.owner, project_id=submitted.pk, changes={"name": "x"}, at=at)


# Return, lapse, withdrawal.


def test_a_returned_case_is_corrected_and_reviewed_anew(people, at):
    row = a_submitted_project(people, at)
    row = review(people.clerk, row, at)
    row = review(people.league, row, at, Verb.RETURN, "边界不清")
    assert (row.state, row.due_on) == (ProjectState.RETURNED, date(2026, 4, 14))  # Thirty working days.
    assert kinds(people.owner, at) == ["answer_return"]

    services.edit_project(actor=people.owner, project_id=row.pk, changes={"summary": "已修改"}, at=at)
    row = services.submit_project(actor=people.owner, project_id=row.pk, at=at)

    assert (row.state, row.level, row.round) == (ProjectState.SUBMITTED, 0, 2)
    assert kinds(people.owner, at) == []
    assert kinds(people.clerk, at) == ["review_project"]


def test_the_clock_lapses_a_return_that_nobody_answered(people, at):
    row = a_submitted_project(people, at)
    row = review(people.clerk, row, at, Verb.RETURN, "边界不清")
    assert row.due_on == date(2026, 4, 14)
    last_day = at + (row.due_on - business_date(at))
    due = queries.day_ends(row.due_on) + timedelta(seconds=1)

    assert services.run_due_cases(last_day) == ""
    assert fresh(row).state == ProjectState.RETURNED
    with pytest.raises(DueDatePassed):
        services.submit_project(actor=people.owner, project_id=row.pk, at=due)
    assert due in queries.due_instants(at, due)
    place = [sweep.name for sweep in sweeps.SWEEPS].index("registry.cases")
    assert sweeps.Place(due, place) in sweeps.due_places(at, due)
    assert services.run_due_cases(due) == "1 cases lapsed"
    assert fresh(row).state == ProjectState.LAPSED
    assert services.run_due_cases(due) == ""
    assert not Parcel.objects.filter(project=row, is_live=True).exists()
    assert kinds(people.owner, at) == []


def test_no_right_lapses_on_a_date_past_the_loaded_calendar(people, at):
    late = at.replace(month=12, day=14)
    row = review(people.clerk, a_submitted_project(people, late), late, Verb.RETURN, "边界不清")
    assert row.due_provisional
    assert row.due_on.year == 2027

    next_year = late + timedelta(days=100)
    assert services.run_due_cases(next_year) == ""
    row = services.submit_project(actor=people.owner, project_id=row.pk, at=next_year)

    assert row.state == ProjectState.SUBMITTED


def test_a_notice_past_the_loaded_calendar_hears_people_until_the_report(people, at):
    late = at.replace(month=12, day=14)
    row = a_published_project(people, late)
    after = late + timedelta(days=40)
    assert row.notice_until < business_date(after)

    assert services.comment(project_code=row.code, author="牧民", text="有意见", at=after).pk


def test_a_withdrawn_case_frees_its_land(people, at):
    shape = a_square()
    first = a_draft(people, at, complete=False)
    add_land(people.owner, first, at, shape)
    for kind in ("design", "tenure"):
        services.add_document(
            actor=people.owner, project_id=first.pk, kind=kind, name="a.pdf", content=a_paper(), at=at
        )
    services.submit_project(actor=people.owner, project_id=first.pk, at=at)
    row = services.withdraw_project(actor=people.owner, project_id=first.pk, reason="不再实施", at=at)

    assert row.state == ProjectState.WITHDRAWN
    second = a_draft(people, at, complete=False)
    assert add_land(people.owner, second, at, shape)
    with pytest.raises(StateForbids):
        services.submit_project(actor=people.owner, project_id=first.pk, at=at)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_any_level_rejects_with_an_opinion_and_the_land_is_free(people, at, level):
    row = a_submitted_project(people, at)
    reviewers = (people.clerk, people.league, people.maker)
    for reviewer in reviewers[:level]:
        row = review(reviewer, row, at)
    row = review(reviewers[level], row, at, Verb.REJECT, "不符合条件")
    check_deferred()

    assert row.state == ProjectState.REJECTED
    assert not Parcel.objects.filter(project=row, is_live=True).exists()


# Notice and validation.


def test_the_report_waits_for_the_end_of_the_notice(people, at):
    row = a_published_project(people, at)
    last_day = after_notice(at) - DAY
    sign = {"project_id": row.pk, "opinion": "通过", "document_id": None}

    with pytest.raises(NoticeRuns) as refused:
        services.sign_validation(actor=confirmed(people.validator, last_day), at=last_day, **sign)
    assert refused.value.found == {"until": "2026-03-27"}
    assert kinds(people.validator, at) == ["validate_project"]
    ended = queries.day_ends(row.notice_until) + timedelta(seconds=1)
    assert ended in queries.due_instants(at, ended)
    assert services.run_due_cases(ended) == "1 notices ended"
    assert services.run_due_cases(ended) == ""
    assert sorted(kinds(people.validator, at)) == ["sign_validation", "validate_project"]


def test_comments_are_heard_during_the_notice_and_answered_before_the_report(people, at):
    row = a_published_project(people, at)
    later = after_notice(at)
    sign = {"project_id": row.pk, "opinion": "通过", "document_id": None}
    said = services.comment(project_code=row.code, author="敖汉旗村民", text="这片地有争议", at=at)
    assert kinds(people.owner, at) == ["answer_comments"]

    with pytest.raises(NoticeOver):
        services.comment(project_code=row.code, author="村民", text="晚了", at=later)
    with pytest.raises(CommentsOpen):
        services.sign_validation(actor=confirmed(people.validator, later), at=later, **sign)
    with pytest.raises(RoleForbids):
        services.answer_comment(actor=people.validator, comment_id=said.pk, answer="x", at=later)
    services.answer_comment(actor=people.owner, comment_id=said.pk, answer="已与村委会核实", at=later)
    with pytest.raises(Conflicting):
        services.answer_comment(actor=people.owner, comment_id=said.pk, answer="再答", at=later)
    assert kinds(people.owner, at) == []
    assert services.sign_validation(actor=confirmed(people.validator, later), at=later, **sign).state == (
        ProjectState.REVIEW
    )


def test_a_notice_is_not_flooded_and_hears_the_same_once(people, at):
    row = a_published_project(people, at)
    first = services.comment(project_code=row.code, author="村民", text="有争议", at=at)
    assert services.comment(project_code=row.code, author=" 村民 ", text="有争议 ", at=at).pk == first.pk

    for number in range(59):
        services.comment(project_code=row.code, author="村民", text=f"{number}", at=at + timedelta(minutes=20))
    with pytest.raises(TooManyComments) as refused:
        services.comment(project_code=row.code, author="另一村民", text="还有", at=at + timedelta(minutes=50))
    assert refused.value.found == {"limit": 60, "minutes": 10, "seconds": 600}
    assert services.comment(project_code=row.code, author="另一村民", text="还有", at=at + timedelta(hours=1)).pk
    other = a_published_project(people, at)
    assert services.comment(project_code=other.code, author="村民", text="有争议", at=at).pk


def test_the_days_an_owner_answers_late_are_given_back_to_the_validator(people, at):
    row = a_published_project(people, at)
    said = services.comment(project_code=row.code, author="村民", text="有争议", at=at)
    row = fresh(row)
    past = queries.day_ends(row.due_on) + timedelta(seconds=1)

    assert services.run_due_cases(past) == "1 notices ended"  # No lapse: the owner's answer is missing.
    late = after_notice(at) + timedelta(days=9)  # Ten days after the last day of the notice.
    services.answer_comment(actor=people.owner, comment_id=said.pk, answer="已核实", at=late)

    assert fresh(row).due_on == row.due_on + timedelta(days=10)
    assert services.run_due_cases(past + timedelta(days=9)) == ""
    assert services.run_due_cases(past + timedelta(days=10)) == "1 cases lapsed"
    assert fresh(row).state == ProjectState.LAPSED


def test_a_validation_after_its_time_is_not_signed(people, at):
    row = a_published_project(people, at)
    late = queries.day_ends(row.due_on) + timedelta(seconds=1)

    with pytest.raises(DueDatePassed):
        services.sign_validation(
            actor=confirmed(people.validator, late), project_id=row.pk, opinion="通过", document_id=None, at=late
        )


def test_a_validator_rejects(people, at):
    row = a_published_project(people, at)
    row = services.reject_validation(actor=people.validator, project_id=row.pk, opinion="额外性不成立", at=at)

    assert row.state == ProjectState.REJECTED


@pytest.mark.parametrize(("author", "text"), [("", "x"), ("x", " "), ("x" * 61, "x"), ("x", "x" * 2001), ("x", "\0")])
def test_a_comment_is_a_text_with_an_author(people, at, author, text):
    row = a_published_project(people, at)
    with pytest.raises(InvalidField):
        services.comment(project_code=row.code, author=author, text=text, at=at)


def test_nobody_comments_on_what_is_not_published(people, at):
    row = a_submitted_project(people, at)
    for code in (row.code, "NM-CS-999999", "\0"):
        with pytest.raises(ProjectNotThere):
            services.comment(project_code=code, author="x", text="x", at=at)


# After the registration.


def test_a_checker_may_refuse_what_was_proposed(people, at):
    row = a_project_in_review(people, at)
    later = after_notice(at)
    services.propose_registration(actor=people.maker, project_id=row.pk, opinion="", at=later)
    with pytest.raises(OpinionNeeded):
        services.decide_registration(
            actor=confirmed(people.checker, later), project_id=row.pk, approve=False, opinion="", at=later
        )
    row = services.decide_registration(
        actor=confirmed(people.checker, later), project_id=row.pk, approve=False, opinion="材料不实", at=later
    )

    assert row.state == ProjectState.REJECTED


def test_a_suspension_ends_by_two_persons(people, at):
    row = a_registered_project(people, at)
    later = after_notice(at)
    maker, checker = confirmed(people.maker, later), confirmed(people.checker, later)
    row = services.suspend_project(
        actor=checker, project_id=row.pk, reason="举报核实中", order_number="内林草函〔2026〕1号", at=later
    )
    assert row.state == ProjectState.SUSPENDED

    with pytest.raises(StateForbids):
        services.resume_project(actor=checker, project_id=row.pk, at=later)
    services.propose_resumption(actor=maker, project_id=row.pk, reason="核实无误", at=later)
    with pytest.raises(StateForbids):
        services.propose_resumption(actor=maker, project_id=row.pk, reason="再次", at=later)
    row = services.resume_project(actor=checker, project_id=row.pk, reason="同意", at=later)
    assert row.state == ProjectState.REGISTERED

    # The old proposal does not serve the next suspension.
    services.suspend_project(actor=checker, project_id=row.pk, reason="再次", order_number="2号", at=later)
    with pytest.raises(StateForbids):
        services.resume_project(actor=checker, project_id=row.pk, at=later)


def test_a_suspension_freezes_the_credits_and_lifts_no_freeze_but_its_own(people, at):
    project = a_monitored_project(people, at, methodology="G1")
    done, later = issued(people, a_sound_period(people, project, at), at)
    assets = [one.asset_id for one in done.batches.all()]
    freeze_asset(asset_id=assets[0], reason="法院冻结", order_number="法1号", set_by_id=None, at=later)
    maker, checker = confirmed(people.maker, later), confirmed(people.checker, later)

    services.suspend_project(actor=checker, project_id=project.pk, reason="核实", order_number="1号", at=later)
    assert all(is_frozen(one) for one in assets)
    services.propose_resumption(actor=maker, project_id=project.pk, reason="核实无误", at=later)
    services.resume_project(actor=checker, project_id=project.pk, at=later)
    check_deferred()

    assert [one for one in assets if is_frozen(one)] == assets[:1]
    assert invariants.broken() == {}


def test_a_deregistered_project_is_final_and_its_land_free(people, at):
    row = a_registered_project(people, at)
    later = after_notice(at)
    row = services.deregister_project(
        actor=confirmed(people.checker, later), project_id=row.pk, reason="业主申请", at=later
    )
    check_deferred()

    assert row.state == ProjectState.DEREGISTERED
    assert not Parcel.objects.filter(project=row, is_live=True).exists()
    with pytest.raises(StateForbids):
        services.suspend_project(
            actor=confirmed(people.checker, later), project_id=row.pk, reason="x", order_number="x", at=later
        )


def test_a_crediting_period_that_is_over_completes_the_project(people, at):
    row = a_registered_project(people, at, crediting_last=date(2026, 6, 30))
    end = queries.day_ends(date(2026, 6, 30)) + timedelta(seconds=1)

    assert services.run_due_cases(end - timedelta(seconds=1)) == ""
    assert end in queries.due_instants(at, end)
    assert services.run_due_cases(end) == "1 projects completed"
    assert fresh(row).state == ProjectState.COMPLETED


def test_the_next_deadline_of_a_case_is_told_to_those_who_see_it(people, at):
    row = a_published_project(people, at)
    seen = queries.case_due_at(people.owner, at, project_id=row.pk)

    assert seen == queries.day_ends(row.notice_until) + timedelta(seconds=1)
    assert queries.case_due_at(people.owner, after_notice(at), project_id=row.pk) == (
        queries.day_ends(row.due_on) + timedelta(seconds=1)
    )
    assert queries.case_due_at(a_person(Role.OWNER, at=at), at, project_id=row.pk) is None
    assert queries.case_due_at(people.owner, at, project_id=a_draft(people, at, complete=False).pk) is None


def test_the_clock_on_a_page_of_a_case_knows_its_deadline(people, rf):
    now = rulebook_now()
    row = a_submitted_project(People(now), now)
    page = rf.get(f"/projects/{row.pk}/")
    page.resolver_match = SimpleNamespace(kwargs={"project_id": row.pk})
    page.actor = a_person(Role.AUDITOR, at=now)
    assert bar(page)["clock_case_due"] == queries.day_ends(row.due_on) + timedelta(seconds=1)

    page.actor = a_person(Role.OWNER, at=now)
    assert "clock_case_due" not in bar(page)


def test_a_queue_leaves_out_what_its_reader_entered(people, at):
    row = a_submitted_project(people, at, by=people.clerk, owner_id=people.owner.organisation_id)
    colleague = a_person(Role.BANNER_CLERK, at=at, organisation_id=people.clerk.organisation_id)

    assert queries.review_queue(people.clerk, at) == []
    assert queries.review_queue(colleague, at) == [row]


def test_an_owner_without_people_is_helped_by_the_banners_clerks(people, at):
    herders = an_organisation(OrganisationKind.COLLECTIVE, at=at, division_code="150430")
    row = a_submitted_project(people, at, by=people.clerk, owner_id=herders)
    colleague = a_person(Role.BANNER_CLERK, at=at, organisation_id=people.clerk.organisation_id)
    review(colleague, row, at, Verb.RETURN, "缺少合同")

    assert kinds(people.clerk, at) == ["answer_return"]
