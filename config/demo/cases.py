"""Projects of the demonstration, each brought by the services as far as it has come: no state is written."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from config.demo import papers, workbooks
from config.demo.land import Patch, geojson
from config.demo.telling import Desk, Story, at_hour
from registry import queries, services
from registry.rules.inputs import ChecklistAnswer, NewProject, ParcelCommon
from registry.rules.states import Verb
from rulebook.queries import division

ALL_OF_IT = "issued"
MINUTES = timedelta(minutes=1)
CREDITING = (date(2021, 1, 1), date(2040, 12, 31))
# How far a project has come. Each word stands where the story stops.
STOPS = (
    "draft",
    "banner",
    "league",
    "region",
    "returned",
    "accepted",
    "notice",
    "validation",
    "proposed",
    "decided",
    "registered",
    "calculated",
    "checked",
    "verification",
    "issuance",
    "unrecorded",
    ALL_OF_IT,
)
ACTIVITY = {
    "F1": "在无林地上营造兴安落叶松与白桦混交林，采用 F1 造林碳汇方法学。",
    "G1": "对退化草原实施围封、补播和草畜平衡，采用 G1 草原恢复方法学。",
    "W1": "对退化的湖滨湿地退耕补水，恢复湿地水文过程，采用 W1 湿地恢复方法学。",
}
LAND = {"F1": ("unused", "use_right"), "G1": ("grassland", "contract"), "W1": ("wetland", "operation_right")}


@dataclass(frozen=True)
class Period:
    """A monitoring period of a plan, and how far it has come."""

    first: date
    last: date
    begins: date
    until: str = ALL_OF_IT


@dataclass(frozen=True)
class Plan:
    """A project of the demonstration: what it is, when it began, how far it has come."""

    name: str
    methodology: str
    owner: str
    division: str
    patches: tuple[Patch, ...]
    begins: date
    until: str = "registered"
    periods: tuple[Period, ...] = ()
    growth: float = 2.6  # Of stems in cm, or of soil carbon in t/ha, over a period.
    comment: str = ""

    def reaches(self, stop: str) -> bool:
        """Whether the story goes beyond a stop."""
        return STOPS.index(self.until) > STOPS.index(stop)


def life(desk: Desk, plan: Plan) -> Story:
    """Tell a project from its draft as far as it has come."""
    project_id = yield from _application(desk, plan)
    if not plan.reaches("draft"):
        return
    at = yield from _review(desk, plan, project_id)
    if not plan.reaches("accepted"):
        return
    at = yield from _registration(desk, plan, project_id, at)
    for period in plan.periods:
        yield from _period(desk, plan, project_id, period)


def _owner(desk: Desk, plan: Plan) -> str:
    return desk.first_of(plan.owner)


def _application(desk: Desk, plan: Plan) -> Generator[datetime, None, int]:
    """Enter the project, its land and its papers; return its id."""
    who = _owner(desk, plan)
    at = at_hour(desk.working_day(plan.begins), 9, 30)
    yield at
    project = services.create_project(
        actor=desk.person(who, at),
        project=NewProject(
            name=plan.name,
            methodology=plan.methodology,
            division_code=plan.division,
            summary=f"{plan.name}位于{division(plan.division).name}。{ACTIVITY[plan.methodology]}",
            crediting_first=CREDITING[0],
            crediting_last=CREDITING[1],
            validator_id=desk.cast.organisations["validator"],
        ),
        at=at,
    )
    at += 25 * MINUTES
    yield at
    category, tenure = LAND[plan.methodology]
    services.add_parcels(
        actor=desk.person(who, at),
        project_id=project.pk,
        name="地块.geojson",
        content=geojson(list(plan.patches)),
        common=ParcelCommon(category, tenure, f"演示权字〔2024〕第{project.serial}号"),
        at=at,
    )
    at += 15 * MINUTES
    yield at
    for kind, title, lines in (
        ("design", "项目设计文件", [plan.name, ACTIVITY[plan.methodology], "签发量的 20% 计入缓冲池。"]),
        ("tenure", "权属证明", [plan.name, "权属清晰，无争议。", "本件为演示样例，不具有法律效力。"]),
    ):
        services.add_document(
            actor=desk.person(who, at),
            project_id=project.pk,
            kind=kind,
            name=f"{title}.pdf",
            content=papers.paper(title, lines),
            is_public=kind == "design",
            at=at,
        )
    return project.pk


def _review(desk: Desk, plan: Plan, project_id: int) -> Generator[datetime, None, datetime]:
    """Submit, and pass the levels of the review; return when the last one was passed."""
    who = _owner(desk, plan)
    at = desk.after(at_hour(desk.working_day(plan.begins), 9), 2, 14, 20)
    yield at
    services.submit_project(actor=desk.person(who, at), project_id=project_id, at=at)
    reviewers = (
        ("banner", f"qi{plan.division}", 3),
        ("league", f"meng{plan.division[:4]}00", 4),
        ("region", "qujingban", 4),
    )
    for stop, reviewer, days in reviewers:
        if STOPS.index(plan.until) <= STOPS.index(stop):
            return at
        at = desk.after(at, days, 10, 40)
        yield at
        if plan.until == "returned" and stop == "league":
            _look(desk, reviewer, project_id, Verb.RETURN, at, "权属证明缺少林地四至，请补正后重新提交。")
            return at
        _look(desk, reviewer, project_id, Verb.PASS, at, "材料齐全，同意。")
    return at


def _look(desk: Desk, reviewer: str, project_id: int, verb: Verb, at: datetime, opinion: str) -> None:
    items = queries.checklist("nm_regional", at)
    is_good = verb is Verb.PASS
    services.review_project(
        actor=desk.person(reviewer, at),
        project_id=project_id,
        verb=verb,
        opinion=opinion,
        checklist=[
            ChecklistAnswer(item, is_good or item != "tenure", "" if is_good or item != "tenure" else opinion)
            for item in items
        ],
        at=at,
    )


def _registration(desk: Desk, plan: Plan, project_id: int, at: datetime) -> Generator[datetime, None, datetime]:
    """Publish, validate, decide and record; return when the project was registered."""
    at = desk.after(at, 2, 9, 50)
    yield at
    project = services.publish_project(actor=desk.person("qujingban", at), project_id=project_id, at=at)
    if plan.comment:
        at = desk.after(at, 3, 15, 10)
        yield at
        said = services.comment(project_code=project.code, author="附近牧户", text=plan.comment, at=at)
        if plan.reaches("notice"):
            at = desk.after(at, 2, 11, 0)
            yield at
            services.answer_comment(
                actor=desk.person(_owner(desk, plan), at),
                comment_id=said.pk,
                answer="项目边界外的放牧通道全部保留，已与嘎查签订协议。",
                at=at,
            )
    if not plan.reaches("notice"):
        return at
    assert project.notice_until is not None
    at = at_hour(project.notice_until + timedelta(days=1), 0, 1)
    yield at
    services.run_due_cases(at)
    if not plan.reaches("validation"):
        return at
    at = desk.after(at, 3, 16, 0)
    yield at
    validator = desk.person("shending", at)
    report = services.add_document(
        actor=validator,
        project_id=project_id,
        kind="validation",
        name="审定报告.pdf",
        content=papers.paper("审定报告", [plan.name, "经现场走访和文件评审，项目设计符合方法学要求，同意登记。"]),
        is_public=True,
        at=at,
    )
    services.sign_validation(
        actor=validator, project_id=project_id, opinion="项目设计符合方法学要求。", document_id=report.pk, at=at
    )
    at = desk.after(at, 2, 10, 10)
    yield at
    services.propose_registration(
        actor=desk.person("qujingban", at), project_id=project_id, opinion="建议予以登记。", at=at
    )
    if not plan.reaches("proposed"):
        return at
    at = desk.after(at, 2, 15, 30)
    yield at
    services.decide_registration(
        actor=desk.person("qufuhe", at), project_id=project_id, approve=True, opinion="同意登记。", at=at
    )
    if not plan.reaches("decided"):
        return at
    at = desk.after(at, 3, 11, 20)
    yield at
    services.record_registration(actor=desk.person("huanbao", at), project_id=project_id, at=at)
    return at


def _files(plan: Plan, period: Period, areas_ha: Mapping[str, float]) -> list[tuple[str, str, str, bytes]]:
    """Return the workbooks of a period: kind, the date they speak of, name, content."""
    strata = {chr(ord("A") + place): round(area, 2) for place, area in enumerate(areas_ha.values())}
    # A later period goes on where the one before it ended: the same plots, what stood there then.
    told = plan.periods[: plan.periods.index(period) + 1]
    seed = f"{plan.name} {told[0].first}"
    if plan.methodology == "F1":
        surveyed = [one - timedelta(days=70) for one in (told[0].first, *(each.last for each in told))]
        inventories = workbooks.forest_inventories(
            seed,
            strata,
            plots=5,
            surveyed=surveyed,
            growth_cm=[plan.growth * (each.last - each.first).days / 1460 for each in told],
        )
        return [
            ("forest_plots", date_of, f"样地调查_{day.year}.xlsx", content)
            for date_of, day, content in zip(("earlier", "later"), surveyed[-2:], inventories[-2:], strict=True)
        ]
    years = (period.last - period.first).days / 365
    if plan.methodology == "G1":
        total = round(sum(areas_ha.values()), 2)
        gains = [plan.growth * (each.last - each.first).days / 365 / 3 for each in told]
        content = workbooks.grassland_pairs(seed, total, points=8, gains_t_ha=gains)
        return [("grassland_pairs", "later", "土壤有机碳配对样点.xlsx", content)]
    content = workbooks.wetland_strata(strata, inundated=0.3, years=(20, round(20 + years, 2)))
    return [("wetland_mineral", "later", "湿地碳层.xlsx", content)]


def _period(desk: Desk, plan: Plan, project_id: int, period: Period) -> Story:
    """Tell one monitoring period from its workbooks to its issuance, as far as it has come."""

    def reaches(stop: str) -> bool:
        return STOPS.index(period.until) > STOPS.index(stop)

    who = _owner(desk, plan)
    at = at_hour(desk.working_day(period.begins), 9, 40)
    yield at
    owner = desk.person(who, at)
    row = services.create_period(actor=owner, project_id=project_id, first=period.first, last=period.last, at=at)
    parcels = {one.name: float(one.area_ha) for one in queries.parcels_of(queries.project(owner, project_id))}
    for kind, date_of, name, content in _files(plan, period, parcels):
        services.upload_observations(
            actor=owner, period_id=row.pk, kind=kind, date_of=date_of, name=name, content=content, at=at
        )
    job = services.request_calculation(actor=owner, period_id=row.pk, at=at)
    done = services.run_calculation(job_id=job.pk, at=at)
    assert done.state == "done", done.problem
    if not reaches("calculated"):
        return
    at += 90 * MINUTES
    yield at
    services.submit_period(
        actor=desk.person(who, at), period_id=row.pk, verifier_id=desk.cast.organisations["verifier"], at=at
    )
    for run_id in queries.queued_runs():
        services.run_verification(run_id=run_id, is_demonstration=True, at=at + MINUTES)
    if not reaches("checked"):
        return
    at = desk.after(at, 2, 10, 30)
    yield at
    row = services.publish_period(actor=desk.person("qujingban", at), period_id=row.pk, at=at)
    at = desk.after(at, 6, 15, 20)
    yield at
    finding = services.raise_finding(
        actor=desk.person("hecha", at),
        period_id=row.pk,
        text="请说明本期监测与前期是否在同一批样地（样点）上进行。",
        at=at,
    )
    if not reaches("verification"):
        return
    at = desk.after(at, 2, 11, 10)
    yield at
    services.answer_finding(
        actor=desk.person(who, at),
        finding_id=finding.pk,
        answer="为同一批固定样地（样点），桩号与定位记录已附。",
        at=at,
    )
    assert row.notice_until is not None
    at = at_hour(desk.working_day(row.notice_until + timedelta(days=1)), 9, 30)
    yield at
    verifier = desk.person("hecha", at)
    services.close_finding(actor=verifier, finding_id=finding.pk, at=at)
    report = services.add_document(
        actor=verifier,
        project_id=project_id,
        kind="verification",
        name="核查报告.pdf",
        content=papers.paper("核查报告", [plan.name, "经现场复测和数据复核，减排量真实、准确，同意签发。"]),
        is_public=True,
        at=at,
    )
    services.sign_verification(
        actor=verifier, period_id=row.pk, opinion="减排量核算准确，予以确认。", document_id=report.pk, at=at
    )
    at = desk.after(at, 2, 10, 0)
    yield at
    issuance = services.propose_issuance(
        actor=desk.person("qujingban", at), period_id=row.pk, is_demonstration=True, at=at
    )
    if not reaches("issuance"):
        return
    at = desk.after(at, 2, 15, 30)
    yield at
    services.decide_issuance(
        actor=desk.person("qufuhe", at),
        issuance_id=issuance.pk,
        approve=True,
        opinion="同意签发。",
        digest=issuance.digest,
        is_demonstration=True,
        at=at,
    )
    if not reaches("unrecorded"):
        return
    at = desk.after(at, 2, 11, 0)
    yield at
    services.record_issuance(actor=desk.person("huanbao", at), issuance_id=issuance.pk, at=at)
