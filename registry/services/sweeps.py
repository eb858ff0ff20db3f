"""What the clock itself does with cases: lapses, ends of notices, crediting periods that are over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop as _

from accounts.rules import Role
from registry.models import MonitoringPeriod, Project
from registry.queries.cases import open_comments
from registry.rules.states import PeriodState, ProjectState, Verb
from registry.services.acts import change, open_item
from registry.services.projects import end_case
from rulebook.queries import add_working_days, business_date, rule


def run_due_cases(at: datetime) -> str:
    """Do what is due by `at`, each case in a transaction of its own, and say what. Right when run late or twice.

    A returned case lapses after its due date, a validation after its own unless an answer of the owner is missing;
    a date past the loaded calendar lapses nothing until its year is loaded.
    """
    today = business_date(at)
    fixed = _each(Project.objects.filter(state=ProjectState.RETURNED, due_provisional=True), _fix_date, at)
    late = Project.objects.filter(due_on__lt=today, due_provisional=False)
    lapsed = _each(late.filter(state__in=[ProjectState.RETURNED, ProjectState.NOTICE]), _lapse, at)
    ended = _each(Project.objects.filter(state=ProjectState.NOTICE, notice_until__lt=today), _tell_validator, at)
    over = Project.objects.filter(state=ProjectState.REGISTERED, crediting_last__lt=today)
    completed = _each(over, _complete, at)
    for period in MonitoringPeriod.objects.filter(state=PeriodState.NOTICE, notice_until__lt=today).exclude(
        verifier=None
    ):
        title = _("Sign the verification of {code} {name}")
        ended += open_item(period, "sign_verification", title, Role.VERIFIER, at, organisation_id=period.verifier_id)
    counted = {"dates fixed": fixed, "cases lapsed": lapsed, "notices ended": ended, "projects completed": completed}
    return ", ".join(f"{count} {what}" for what, count in counted.items() if count)


def _each(rows: QuerySet[Project], act: Callable[[Project, datetime], bool], at: datetime) -> int:
    """Do something with each case of a query, locked and asked once more, and return with how many."""
    done = 0
    for project_id in list(rows.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            # Whoever works on the case now goes first; the query's condition is asked again of the row as locked.
            row = rows.select_for_update(of=("self",)).filter(pk=project_id).first()
            if row is not None and act(row, at):
                done += 1
    return done


def _fix_date(row: Project, at: datetime) -> bool:
    """Count a provisional date anew: the calendar of its year may have been loaded since."""
    returned = row.steps.filter(verb=Verb.RETURN.value, period=None).order_by("-pk").first()
    if returned is None:
        return False
    days = int(rule("return.working_days", at=returned.at, scheme=row.scheme).value)
    due = add_working_days(business_date(returned.at), days)
    if due.provisional:
        return False
    change(None, row, "fix_date_of", at, due_on=due.date, due_provisional=False)
    return True


def _lapse(row: Project, at: datetime) -> bool:
    if row.state == ProjectState.NOTICE and open_comments(row):
        return False  # The owner's delay is not the validator's.
    end_case(None, row, Verb.LAPSE, ProjectState.LAPSED, at)
    return True


def _tell_validator(row: Project, at: datetime) -> bool:
    title = _("The notice of {code} {name} has ended: sign the validation")
    return open_item(row, "sign_validation", title, Role.VALIDATOR, at, organisation_id=row.validator_id)


def _complete(row: Project, at: datetime) -> bool:
    change(None, row, Verb.COMPLETE.value, at, state=ProjectState.COMPLETED)
    return True
