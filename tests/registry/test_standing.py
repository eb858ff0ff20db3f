"""The standing of a registered project: who may change it, what is refused, the whole way by forms and over the API."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.errors import InvalidField, PasswordNeeded
from accounts.models import RoleGrant
from accounts.queries import work_items_for
from accounts.rules import Role
from accounts.services import open_work_item
from config import invariants
from registry import queries, services
from registry.errors import (
    OpinionNeeded,
    ProjectNotThere,
    RoleForbids,
    SamePerson,
    StaleVersion,
    StateForbids,
    TookPart,
)
from registry.models import Contribution, Document, Parcel
from registry.rules.states import ProjectState, Verb
from rulebook.services import set_clock
from settlement.queries import is_frozen
from tests.accounts.makers import a_person
from tests.database import check_deferred
from tests.registry.credit_makers import a_monitored_project, a_period, a_sound_period, issued
from tests.registry.makers import People, a_draft, a_paper, again, confirmed, fresh
from tests.registry.test_case_pages import browser, text

pytestmark = pytest.mark.django_db

REASON, ORDER = "举报地块重复，核实中", "内林草函〔2026〕1号"


@pytest.fixture
def people(at):
    set_clock(to=at)
    return People(at)


@pytest.fixture
def project(people, at):
    return a_monitored_project(people, at)


def suspend(people, row, at, **changes):
    given = {"actor": people.checker, "reason": REASON, "order_number": ORDER, **changes}
    return services.suspend_project(project_id=row.pk, at=at, **given)


def propose(people, row, at):
    return services.propose_resumption(actor=people.maker, project_id=row.pk, reason="核实无误", at=at)


def digest_of(row):
    return queries.suspension_of(fresh(row)).digest


def kinds(actor, at):
    return {one.kind for one in work_items_for(actor, at=at)}


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "error", "field"),
        [
            ({"reason": "  "}, OpinionNeeded, "reason"),
            ({"reason": "x" * 1001}, InvalidField, "reason"),
            ({"reason": "a\u202eb"}, InvalidField, "reason"),
            ({"order_number": " "}, InvalidField, "order_number"),
            ({"order_number": "x" * 61}, InvalidField, "order_number"),
            ({"version": 999}, StaleVersion, "version"),
        ],
    )
    def test_what_a_suspension_needs(self, people, project, at, changes, error, field):
        with pytest.raises(error) as caught:
            suspend(people, project, at, **changes)
        assert caught.value.field == field
        assert fresh(project).state == ProjectState.REGISTERED

    def test_nobody_else_suspends_or_takes_off_the_register(self, people, project, at):
        for who in (people.owner, people.clerk, people.league, people.maker, people.recorder):
            with pytest.raises(RoleForbids):
                suspend(people, project, at, actor=who)
            with pytest.raises(RoleForbids):
                services.deregister_project(actor=who, project_id=project.pk, reason=REASON, at=at)

    def test_the_password_is_asked_for(self, people, project, at):
        hasty = confirmed(people.checker, at - timedelta(hours=2))
        with pytest.raises(PasswordNeeded):
            suspend(people, project, at, actor=hasty)
        with pytest.raises(PasswordNeeded):
            services.deregister_project(actor=hasty, project_id=project.pk, reason=REASON, at=at)
        suspend(people, project, at)
        propose(people, project, at)
        with pytest.raises(PasswordNeeded):
            services.resume_project(actor=hasty, project_id=project.pk, digest=digest_of(project), at=at)

    def test_who_entered_something_takes_no_part(self, people, project, at):
        Contribution.objects.create(project=project, user_id=people.checker.user_id, at=at)
        with pytest.raises(TookPart):
            suspend(people, project, at)
        with pytest.raises(TookPart):
            services.deregister_project(actor=people.checker, project_id=project.pk, reason=REASON, at=at)

    def test_a_draft_is_neither_suspended_nor_taken_off(self, people, at):
        row = a_draft(people, at, complete=False)
        with pytest.raises(StateForbids):
            suspend(people, row, at)
        with pytest.raises(StateForbids):
            services.deregister_project(actor=people.checker, project_id=row.pk, reason=REASON, at=at)
        with pytest.raises(StateForbids):
            propose(people, row, at)

    def test_who_proposed_the_end_does_not_decide_on_it(self, people, project, at):
        suspend(people, project, at)
        second = replace(people.maker, roles=frozenset({Role.REGION_MAKER, Role.REGION_CHECKER}))
        propose(people, project, at)
        for decide in (services.resume_project, services.keep_suspended):
            with pytest.raises(SamePerson):
                decide(actor=second, project_id=project.pk, reason="同意", digest=digest_of(project), at=at)
        assert fresh(project).state == ProjectState.SUSPENDED

    def test_what_was_not_read_is_not_decided_on(self, people, project, at):
        suspend(people, project, at)
        propose(people, project, at)
        old = digest_of(project)
        services.keep_suspended(actor=people.checker, project_id=project.pk, reason="材料不足", digest=old, at=at)
        for decide in (services.resume_project, services.keep_suspended):
            with pytest.raises(StateForbids):
                decide(actor=people.checker, project_id=project.pk, reason="同意", digest=old, at=at)
        propose(people, project, at)
        for decide in (services.resume_project, services.keep_suspended):
            with pytest.raises(StaleVersion):
                decide(actor=people.checker, project_id=project.pk, reason="同意", digest=old, at=at)
        with pytest.raises(OpinionNeeded):
            services.keep_suspended(
                actor=people.checker, project_id=project.pk, reason=" ", digest=digest_of(project), at=at
            )
        services.resume_project(actor=people.checker, project_id=project.pk, digest=digest_of(project), at=at)
        assert fresh(project).state == ProjectState.REGISTERED

    def test_a_review_does_not_reach_a_suspended_project(self, people, project, at):
        suspend(people, project, at)
        for who in (people.maker, people.checker):
            with pytest.raises(StateForbids):
                services.review_project(
                    actor=who, project_id=project.pk, verb=Verb.RETURN, opinion="x", checklist=[], at=at
                )
            with pytest.raises(StateForbids):
                services.decide_registration(actor=who, project_id=project.pk, approve=True, opinion="", at=at)


class TestWhoIsTold:
    def test_each_step_goes_to_the_next_person_and_the_owner(self, people, project, at):
        suspend(people, project, at)
        assert "propose_resumption" in kinds(people.maker, at)
        assert "project_suspended" in kinds(people.owner, at)
        propose(people, project, at)
        assert "propose_resumption" not in kinds(people.maker, at)
        assert "resume_project" in kinds(people.checker, at)
        services.resume_project(actor=people.checker, project_id=project.pk, at=at)
        assert "resume_project" not in kinds(people.checker, at)
        assert kinds(people.owner, at) & {"project_suspended", "project_resumed"} == {"project_resumed"}

        for who, error in (
            (people.maker, RoleForbids),
            (people.clerk, RoleForbids),
            (a_person(Role.OWNER, at=at), ProjectNotThere),
        ):
            with pytest.raises(error):
                services.note_standing(actor=who, project_id=project.pk, at=at)
        assert "project_resumed" in kinds(people.owner, at)
        services.note_standing(actor=people.owner, project_id=project.pk, at=at)
        assert "project_resumed" not in kinds(people.owner, at)

    def test_an_owner_without_people_is_told_through_the_banner(self, people, project, at):
        RoleGrant.objects.filter(organisation_id=people.owner.organisation_id).update(held_until=at)
        services.deregister_project(actor=people.checker, project_id=project.pk, reason=REASON, at=at)
        assert "project_deregistered" in kinds(people.clerk, at)
        services.note_standing(actor=people.clerk, project_id=project.pk, at=at)
        assert "project_deregistered" not in kinds(people.clerk, at)

    def test_reports_under_way_end_with_the_project(self, people, project, at):
        period = a_period(people, project, at)
        open_work_item(kind="x", title="x", subject=period.subject, url="/", role=Role.REGION_MAKER, at=at)
        services.deregister_project(actor=people.checker, project_id=project.pk, reason=REASON, at=at)
        assert "x" not in kinds(people.maker, at)


def test_what_a_suspension_froze_is_freed_by_two_persons_after_the_deregistration(people, at):
    project = a_monitored_project(people, at, methodology="G1")
    done, later = issued(people, a_sound_period(people, project, at), at)
    (asset, *_rest) = [one.asset_id for one in done.batches.all()]
    maker, checker = again(people.maker, later), again(people.checker, later)
    services.suspend_project(
        actor=checker, project_id=project.pk, reason="长" * 900, order_number=ORDER, at=later
    )  # A freeze keeps the beginning of it.
    services.deregister_project(actor=checker, project_id=project.pk, reason=REASON, at=later)
    assert is_frozen(asset)
    assert {"propose_resumption"} <= kinds(maker, later)

    with pytest.raises(StateForbids):
        services.resume_project(actor=checker, project_id=project.pk, at=later)
    services.propose_resumption(actor=maker, project_id=project.pk, reason="持有人善意", at=later)
    services.resume_project(actor=checker, project_id=project.pk, digest=digest_of(project), at=later)
    check_deferred()

    assert not is_frozen(asset)
    assert fresh(project).state == ProjectState.DEREGISTERED
    with pytest.raises(StateForbids):
        services.propose_resumption(actor=maker, project_id=project.pk, reason="再次", at=later)
    assert invariants.broken() == {}


BUTTONS = {"suspension": "暂停项目", "resumption": "恢复", "deregistration": "注销登记"}
# State -> who sees which button.
SEEN = {
    "registered": {"checker": {"suspension", "deregistration"}},
    "suspended": {"maker": {"resumption"}, "checker": {"deregistration"}},
    "proposed": {"checker": {"resumption", "deregistration"}},
    "completed": {"checker": {"deregistration"}},
    "deregistered": {},
    "draft": {},
}
INSIDE = ("owner", "clerk", "league", "maker", "checker", "recorder")
OUTSIDE = ("validator", "verifier")


def in_state(people, at, state):
    if state == "draft":
        return a_draft(people, at, complete=False)
    row = a_monitored_project(people, at)
    if state in ("suspended", "proposed"):
        suspend(people, row, at)
    if state == "proposed":
        propose(people, row, at)
    if state == "completed":
        type(row).objects.filter(pk=row.pk).update(state=ProjectState.COMPLETED)
    if state == "deregistered":
        services.deregister_project(actor=people.checker, project_id=row.pk, reason=REASON, at=at)
    return fresh(row)


class TestPages:
    @pytest.mark.parametrize("state", SEEN)
    def test_who_sees_which_button(self, people, at, state):
        row = in_state(people, at, state)
        for name in INSIDE:
            page = text(browser(getattr(people, name)).get(f"/projects/{row.pk}/"))
            seen = {one for one in BUTTONS if f'href="/projects/{row.pk}/{one}/"' in page}
            assert seen == SEEN[state].get(name, set()), (state, name)

    def test_who_opens_which_page(self, people, project, at):
        allowed = {"suspension": {"checker"}, "resumption": {"maker", "checker"}, "deregistration": {"checker"}}
        for page, names in allowed.items():
            for name in (*INSIDE, *OUTSIDE):
                client = browser(getattr(people, name), confirmed_at=at)
                expected = 200 if name in names else 403
                assert client.get(f"/projects/{project.pk}/{page}/").status_code == expected, (page, name)
                assert client.post(f"/projects/{project.pk}/{page}/").status_code == (422 if name in names else 403), (
                    page,
                    name,
                )
            assert browser(people.checker, confirmed_at=at).get(f"/projects/987654/{page}/").status_code == 404
            assert browser().get(f"/projects/{project.pk}/{page}/").status_code == 302
        read = f"/projects/{project.pk}/standing/read/"
        stranger = a_person(Role.OWNER, at=at)
        assert browser(stranger).post(read).status_code == 404
        assert browser(people.checker).post(read).status_code == 403

    def test_the_password_is_asked_for_before_the_form(self, people, project, at):
        client = browser(people.checker)
        for page in ("suspension", "deregistration"):
            answer = client.get(f"/projects/{project.pk}/{page}/")
            assert (answer.status_code, answer["Location"].startswith("/confirm/")) == (302, True)

    def test_the_registration_page_proposes_no_resumption(self, people, project, at):
        suspend(people, project, at)
        page = text(browser(people.maker).get(f"/projects/{project.pk}/registration/"))
        assert 'value="propose"' not in page

    def test_a_page_whose_step_is_not_open_says_so(self, people, at):
        row = in_state(people, at, "deregistered")
        client = browser(people.checker, confirmed_at=at)
        for page in BUTTONS:
            shown = text(client.get(f"/projects/{row.pk}/{page}/"))
            assert "项目当前状态不能办理此步骤" in shown
            assert "<textarea" not in shown


def test_the_whole_way_by_forms(people, project, at):
    place, public = f"/projects/{project.pk}/", f"/register/{project.code}/"
    checker, maker = browser(people.checker, confirmed_at=at), browser(people.maker)
    order = SimpleUploadedFile("order.pdf", a_paper())
    typed = {"version": project.version, "order_number": ORDER, "reason": f"{REASON}<b>"}

    stale = checker.post(f"{place}suspension/", {**typed, "version": project.version + 1})
    assert stale.status_code == 422
    assert REASON in text(stale)
    bad = SimpleUploadedFile("order.pdf", b"MZ\x00\x01")
    assert checker.post(f"{place}suspension/", {**typed, "paper": bad}).status_code == 422
    assert (fresh(project).state, Document.objects.filter(kind="evidence").count()) == (ProjectState.REGISTERED, 0)

    assert "立即冻结" in text(checker.get(f"{place}suspension/"))
    assert checker.post(f"{place}suspension/", {**typed, "paper": order})["Location"] == place
    shown = text(browser().get(public))
    assert "起暂停" in shown
    assert ORDER in shown
    assert f"{REASON}&lt;b&gt;" in shown
    assert "order.pdf" in shown

    notice = text(browser(people.owner).get(place))
    assert "请阅知" in notice
    assert browser(people.owner).post(f"{place}standing/read/").status_code == 302
    assert "请阅知" not in text(browser(people.owner).get(place))

    asked = maker.post(f"{place}resumption/", {"verb": "propose", "reason": "现场核实，地块无重复"})
    assert asked["Location"] == place
    assert "须由另一人复核" in text(maker.get(f"{place}resumption/"))
    page = text(checker.get(f"{place}resumption/"))
    digest = digest_of(project)
    assert digest in page
    assert "现场核实，地块无重复" in page
    blind = checker.post(f"{place}resumption/", {"verb": "resume", "digest": "", "reason": "同意"})
    assert blind.status_code == 422
    assert fresh(project).state == ProjectState.SUSPENDED
    resumed = checker.post(f"{place}resumption/", {"verb": "resume", "digest": digest, "reason": "同意恢复"})
    assert resumed["Location"] == place
    assert fresh(project).state == ProjectState.REGISTERED
    shown = text(browser().get(public))
    assert "起暂停" not in shown
    assert "登记状态变更" in shown
    assert "同意恢复" in shown

    given = {"version": fresh(project).version, "reason": "业主申请退出", "code": project.code}
    wrong = checker.post(f"{place}deregistration/", {**given, "code": "NM-CS-999999"})
    assert "与本项目编号不符" in text(wrong)
    assert checker.post(f"{place}deregistration/", given)["Location"] == place
    assert fresh(project).state == ProjectState.DEREGISTERED
    assert not Parcel.objects.filter(project=project, is_live=True).exists()
    shown = text(browser().get(public))
    assert "起注销登记" in shown
    assert "业主申请退出" in shown
    record = text(checker.get(f"{place}?tab=record"))
    for act in ("已暂停", "提请恢复", "恢复", "已注销登记"):
        assert act in record
