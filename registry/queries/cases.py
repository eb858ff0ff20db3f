from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from accounts.rules import Actor, Role, area_prefix
from registry.errors import ProjectNotThere
from registry.models import MonitoringPeriod, Project, PublicComment, ReviewStep, Validation
from registry.rules.states import PeriodState, ProjectState
from rulebook.queries import business_date, calendar, rule
from rulebook.rules import BEIJING


def projects_visible_to(
    actor: Actor, *, state: str = "", text: str = "", methodology: str = "", division: str = ""
) -> QuerySet[Project]:
    """Return the cases an actor may see, newest first; `division` is a league or a banner by its code."""
    return _found(Project.objects.visible_to(actor).order_by("-pk"), state, text, methodology, division)


def public_projects(*, state: str = "", text: str = "", methodology: str = "", division: str = "") -> QuerySet[Project]:
    """Return the public register, newest first; `division` is a league or a banner by its code."""
    return _found(Project.objects.public().order_by("-pk"), state, text, methodology, division)


def _found(rows: QuerySet[Project], state: str, text: str, methodology: str, division: str) -> QuerySet[Project]:
    if state:
        rows = rows.filter(state=state)
    if methodology:
        rows = rows.filter(methodology=methodology)
    if division:
        rows = rows.filter(division_code__startswith=area_prefix(division))
    if text and "\0" not in text:
        rows = rows.filter(Q(name__icontains=text) | Q(code__icontains=text))
    return rows


def project(actor: Actor, project_id: int) -> Project:
    """Return a case the actor may see. Raises ProjectNotThere."""
    row = Project.objects.visible_to(actor).filter(pk=project_id).first()
    if row is None:
        raise ProjectNotThere
    return row


def project_by_code(code: str) -> Project:
    """Return a project of the public register. Raises ProjectNotThere."""
    row = Project.objects.public().filter(code=code).first() if "\0" not in code else None
    if row is None:
        raise ProjectNotThere
    return row


def levels(scheme: str, at: datetime) -> list[str]:
    """Return the roles that review a submission, in order."""
    return [str(one) for one in rule("review.levels", at=at, scheme=scheme).value]


def checklist(scheme: str, at: datetime) -> list[str]:
    """Return the items of a review's checklist."""
    return [str(one) for one in rule("review.checklist", at=at, scheme=scheme).value]


def steps_of(row: Project) -> QuerySet[ReviewStep]:
    """Return the official acts on a case, oldest first."""
    return row.steps.select_related("reviewer", "organisation").order_by("pk")


def review_queue(actor: Actor, at: datetime) -> list[Project]:
    """Return the submissions that wait for a role of this actor, the most urgent first."""
    roles = levels("nm_regional", at)
    mine = Q(pk__in=[])
    for level, role in enumerate(roles):
        if actor.has(Role(role)):
            mine |= Q(state=ProjectState.SUBMITTED, level=level)
    if actor.has(Role.REGION_MAKER):
        mine |= Q(state=ProjectState.ACCEPTED) | Q(state=ProjectState.REVIEW, proposed_by=None)
    if actor.has(Role.REGION_CHECKER):
        mine |= Q(state=ProjectState.REVIEW, proposed_by__isnull=False, decided_by=None)
    if actor.has(Role.ECOLOGY_RECORDER):
        mine |= Q(state=ProjectState.REVIEW, decided_by__isnull=False)
    rows = Project.objects.visible_to(actor).filter(mine)
    if actor.user_id is not None:  # Who entered something of a case is not asked to review it.
        rows = rows.exclude(contributions__user_id=actor.user_id)
    return list(rows.order_by("due_on", "pk"))


def comments_of(row: Project) -> QuerySet[PublicComment]:
    """Return what was said during the notices of a case and its periods, oldest first."""
    return row.comments.order_by("pk")


def validations_of(row: Project) -> QuerySet[Validation]:
    """Return the signed validations of a case, oldest first."""
    return row.validations.order_by("pk")


def open_comments(row: Project, period: MonitoringPeriod | None = None) -> int:
    """Return how many comments of the notice wait for an answer."""
    return PublicComment.objects.open().filter(project=row, period=period).count()


def notice_is_open(case: Project | MonitoringPeriod, at: datetime) -> bool:
    """Return whether comments on a case are taken now.

    An end past the loaded calendar is provisional: nobody's right to be heard ends on it, only with the report.
    """
    if case.state not in (ProjectState.NOTICE, PeriodState.NOTICE) or case.notice_from is None:
        return False
    assert case.notice_until is not None
    return business_date(at) <= case.notice_until or not calendar().is_loaded(case.notice_until)


def case_due_at(
    actor: Actor, at: datetime, *, project_id: int | None = None, period_id: int | None = None
) -> datetime | None:
    """Return when the next clock of a case the actor may see has run out: the first instant after that day.

    None where no clock runs, or the case is not the actor's to see.
    """
    case: Project | MonitoringPeriod | None = None
    if project_id is not None:
        case = Project.objects.visible_to(actor).filter(pk=project_id).first()
    elif period_id is not None:
        case = MonitoringPeriod.objects.visible_to(actor).filter(pk=period_id).first()
    if case is None:
        return None
    days = [case.due_on]
    if case.state in (ProjectState.NOTICE, PeriodState.NOTICE):
        days.append(case.notice_until)
    ends = [day_begins(day + timedelta(days=1)) for day in days if day is not None]
    return min((one for one in ends if one > at), default=None)


def day_begins(day: date) -> datetime:
    """Return the first instant of a day in Beijing."""
    return datetime.combine(day, time(), tzinfo=BEIJING)


def day_ends(day: date) -> datetime:
    """Return the last second of a day in Beijing: when what is due on it is due."""
    return day_begins(day + timedelta(days=1)) - timedelta(seconds=1)


def due_instants(after: datetime, until: datetime) -> list[datetime]:
    """Return when, in (after, until], a clock of a case runs out or a crediting period ends: the day's end."""
    first, last = business_date(after), business_date(until)
    days = set(
        Project.objects.filter(
            state__in=[ProjectState.RETURNED, ProjectState.NOTICE],
            due_provisional=False,
            due_on__gte=first - timedelta(days=1),
            due_on__lte=last,
        ).values_list("due_on", flat=True)
    )
    days |= set(
        Project.objects.filter(
            state=ProjectState.REGISTERED, crediting_last__gte=first - timedelta(days=1), crediting_last__lte=last
        ).values_list("crediting_last", flat=True)
    )
    days |= set(
        Project.objects.filter(state=ProjectState.NOTICE, notice_until__gte=first - timedelta(days=1)).values_list(
            "notice_until", flat=True
        )
    )
    days |= set(
        MonitoringPeriod.objects.filter(
            state=PeriodState.NOTICE, notice_until__gte=first - timedelta(days=1)
        ).values_list("notice_until", flat=True)
    )
    instants = {day_begins(day + timedelta(days=1)) for day in days if day is not None}
    return sorted(one for one in instants if after < one <= until)
