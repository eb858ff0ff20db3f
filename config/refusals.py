"""The one place that turns a refusal into an answer over HTTP: problem+json for the API, a page for people."""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from accounts.errors import (
    Busy,
    CsrfFailed,
    FieldProblem,
    InvalidBody,
    JsonRejected,
    Malformed,
    NotSignedIn,
    OrganisationKnown,
    PasswordNeeded,
    SamePerson,
    TooManyRequests,
    UserKnown,
    VerbNotStated,
)
from accounts.web import waiting
from accounts.web.middleware import AccessRefused
from accounts.web.refusals import message_of, remedy_of
from registry.errors import LandTaken, PeriodOverlaps, ReviewedIt, TookPart
from registry.rules.uploads import REASONS, CellProblem
from rulebook.errors import Conflicting, NotAllowed, NotThere, Refusal, Unavailable
from settlement.errors import HoldSamePerson, LiftAskedAlready, NotReversible, TrustKnown

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"

# The first family that fits gives the status; whatever is in none is 422.
STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (NotSignedIn, 401),
    (VerbNotStated, 405),
    (TooManyRequests, 429),
    (Malformed, 400),
    (NotThere, 404),
    (NotAllowed, 403),
    (Conflicting, 409),
    (Unavailable, 503),
)

# SQLSTATE: lock not available, deadlock, serialization failure, statement timeout, too many connections, shutdown.
BUSY_STATES = {"55P03", "40P01", "40001", "57014", "53300", "57P01", "57P02", "57P03", "53100"}

# Constraints that decide a race between two requests which both passed the check in code: the loser is told as usual.
RACES: dict[str, type[Refusal]] = {
    "accounts_organisation_uscc_key": OrganisationKnown,
    "accounts_user_username_key": UserKnown,
    "role_grant_is_open_once": Conflicting,
    "role_grant_administrators_are_apart": Conflicting,
    "membership_is_open_once": Conflicting,
    "work_item_is_open_once": Conflicting,
    "idempotency_key_answers_once": Busy,
    "withdrawal_has_two_persons": SamePerson,
    "live_land_is_compared": LandTaken,
    "parcels_are_compared_once": LandTaken,
    "reviewer_took_no_part": TookPart,
    "contributor_reviewed_nothing": ReviewedIt,
    "periods_of_a_project_do_not_overlap": PeriodOverlaps,
    "one_calculation_of_a_period_waits": Conflicting,
    "trusted_account_is_open_once": TrustKnown,
    "reversal_request_is_open_once": NotReversible,
    "hold_lift_is_open_once": LiftAskedAlready,
    "hold_is_lifted_by_two_persons": HoldSamePerson,
}


TITLES = {
    400: _("The request cannot be read"),
    401: _("Not signed in"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("Not available"),
    409: _("Contradiction"),
    415: _("Content type not accepted"),
    422: _("Not accepted"),
    429: _("Too many requests"),
    500: _("Internal error"),
    503: _("Busy"),
}


class ProblemRenderer(JSONRenderer):
    """JSON that says it is a problem."""

    media_type = PROBLEM


class UnsupportedMediaType(Malformed):
    """The body's Content-Type is not one that this request takes."""

    code = "unsupported_media_type"
    message = "The content type {media_type} is not accepted here."


def translated(refusal: Refusal) -> str:
    """Return the refusal's message in the active language."""
    return message_of(refusal)


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal."""
    if isinstance(refusal, UnsupportedMediaType):
        return 415
    return next((status for family, status in STATUS if isinstance(refusal, family)), 422)


def problem_of(refusal: Refusal) -> dict[str, Any]:
    """Return the RFC 9457 problem of a refusal, with our members code, field, rule, remedy and errors."""
    status = status_of(refusal)
    errors = errors_of(refusal)
    detail = errors[0]["detail"] if isinstance(refusal, InvalidBody) else message_of(refusal)
    return {
        "type": f"{settings.PUBLIC_URL}/api/v1/problems/#{refusal.code}",
        "title": gettext(TITLES[status]),
        "status": status,
        "detail": detail,
        "code": refusal.code,
        "field": refusal.field,
        "rule": _rule(refusal.rule),
        "remedy": remedy_of(refusal),
        "errors": errors,
    }


def errors_of(refusal: Refusal) -> list[dict[str, Any]]:
    """Return everything that is wrong with the request, each with its field and, in a file, its place.

    Of a workbook every cell, of a file of parcels every parcel, of land every overlap.
    """
    problems = refusal.problems if isinstance(refusal, InvalidBody) else refusal.found.get("problems", ())
    if isinstance(problems, str):  # In words already.
        problems = ()
    found = [_error(one, refusal) for one in problems]
    for one in refusal.found.get("overlaps", ()):
        detail = gettext(refusal.message).format(**one)
        found.append({"field": refusal.field, "code": refusal.code, "detail": detail, "place": one})
    if left_out := refusal.found.get("problems_left_out", 0):
        detail = gettext("{count} more problems are not listed.").format(count=left_out)
        found.append({"field": refusal.field, "code": "more", "detail": detail})
    return found


def _error(problem: Any, refusal: Refusal) -> dict[str, Any]:
    if isinstance(problem, FieldProblem):
        return {"field": problem.field, "code": problem.code, "detail": _words(problem)}
    if isinstance(problem, CellProblem):
        reason = REASONS[problem.reason]
        return {
            "field": refusal.field,
            "code": problem.code,
            "detail": gettext(reason.message).format(**problem.values),
            "expected": gettext(reason.expected).format(**problem.values),
            "remedy": gettext(reason.remedy).format(**problem.values),
            "place": {"sheet": problem.sheet, "cell": problem.cell, "row": problem.row, "column": problem.column},
        }
    return {
        "field": refusal.field,
        "code": problem["code"],
        "detail": gettext(problem["reason"]) if problem["reason"] else message_of(refusal),
        "place": {"parcel": problem["number"], "at": problem["place"]},
    }


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the problem of whatever an endpoint raised; None for our own mistakes, which Django logs as 500."""
    refusal = refusal_of(error)
    if refusal is None:
        return None
    set_rollback()
    # The framework fills the content type from the renderer it has chosen, so that one must say it.
    context["request"].accepted_renderer = ProblemRenderer()
    context["request"].accepted_media_type = PROBLEM
    return Response(problem_of(refusal), status=status_of(refusal), headers=_headers(refusal))


def refusal_of(error: BaseException) -> Refusal | None:
    """Return the refusal that an exception stands for, or None if it is our own mistake."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, AccessRefused):
        return error.refusal
    if isinstance(error, Http404 | exceptions.NotFound):
        return NotThere()
    if isinstance(error, RequestDataTooBig):
        return JsonRejected(reason="> 10 MB")
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return NotSignedIn()
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        return NotAllowed()
    if isinstance(error, exceptions.MethodNotAllowed):
        return VerbNotStated(method=getattr(error, "args", ("",))[0])
    if isinstance(error, exceptions.UnsupportedMediaType):
        return UnsupportedMediaType(media_type=str(error.detail)[:120])
    if isinstance(error, exceptions.ParseError | exceptions.NotAcceptable | SuspiciousOperation):
        return Malformed()
    if isinstance(error, OperationalError | InterfaceError | IntegrityError):
        return _of_database(error)
    return None


def _of_database(error: OperationalError | InterfaceError | IntegrityError) -> Refusal | None:
    cause = error.__cause__
    if isinstance(error, IntegrityError):
        name = getattr(getattr(cause, "diag", None), "constraint_name", None) or ""
        race = RACES.get(name)
        if race is None:
            log.error("the constraint %s was broken", name or "without a name")
            return None
        return race()
    state = getattr(cause, "pgcode", None)
    if state is None or state in BUSY_STATES:  # Without a state the connection itself was lost.
        log.warning("the database is busy or away: %s", state)
        return Busy()
    return None


class RefusalMiddleware:
    """Answers what a page raised: a refusal with its page, a lost lock with 503."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        refusal = refusal_of(error)
        return None if refusal is None else answer(request, refusal)


def answer(request: HttpRequest, refusal: Refusal) -> HttpResponseBase:
    """Return the answer to a refused request: a problem under /api/, else a page or the way to sign in."""
    if request.path.startswith("/api/"):
        response = HttpResponse(json.dumps(problem_of(refusal), ensure_ascii=False), content_type=PROBLEM)
    elif isinstance(refusal, NotSignedIn) and request.method in ("GET", "HEAD"):
        return HttpResponseRedirect(f"{reverse('sign-in')}?{urlencode({'next': request.get_full_path()})}")
    elif isinstance(refusal, PasswordNeeded):
        waiting.keep(request)
        return HttpResponseRedirect(f"{reverse('confirm')}?{urlencode({'next': waiting.page_of(request)})}")
    else:
        context = {"refusal": refusal, "message": message_of(refusal), "remedy": remedy_of(refusal)}
        context |= {"status": status_of(refusal), "title": gettext(TITLES[status_of(refusal)])}
        response = render(request, "accounts/refusal.html", context)
    response.status_code = status_of(refusal)
    for name, value in _headers(refusal).items():
        response[name] = value
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """handler404: the same answer for what is not there and for what is somebody else's."""
    return answer(request, NotThere())


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """handler403: what the access table or CSRF protection refuses."""
    return answer(request, (refusal_of(exception) if exception else None) or NotAllowed())


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """CSRF_FAILURE_VIEW: a form that did not come from a page of ours, or whose session has ended meanwhile."""
    return answer(request, CsrfFailed())


def malformed(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """handler400: what Django itself finds suspicious."""
    return answer(request, (refusal_of(exception) if exception else None) or Malformed())


def broken(request: HttpRequest) -> HttpResponseBase:
    """handler500: our own mistake, logged by Django; told without any detail, and without the database."""
    if request.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": gettext(TITLES[500]), "status": 500, "code": "internal_error"}
        problem |= {"detail": gettext("Something broke on our side. It has been logged."), "field": "", "errors": []}
        return HttpResponse(json.dumps(problem, ensure_ascii=False), content_type=PROBLEM, status=500)
    return HttpResponse(render_to_string("accounts/broken.html"), status=500)


def _headers(refusal: Refusal) -> dict[str, str]:
    if isinstance(refusal, VerbNotStated):
        return {"Allow": ", ".join(refusal.allowed)}
    if isinstance(refusal, NotSignedIn):
        return {"WWW-Authenticate": 'Bearer realm="api"'}
    if isinstance(refusal, TooManyRequests):
        return {"Retry-After": str(refusal.found["seconds"])}
    if isinstance(refusal, Unavailable):
        return {"Retry-After": str(Busy.retry_after_seconds)}
    return {}


def _rule(rule: Any) -> dict[str, Any] | None:
    """Return a rulebook value as JSON, with the legal basis it rests on."""
    if rule is None:
        return None
    basis = rule.basis
    return {
        "scheme": rule.scheme,
        "key": rule.key,
        "value": rule.value,
        "unit": rule.unit,
        "basis": {
            "code": basis.code,
            "title": basis.title,
            "document_number": basis.document_number,
            "article": basis.article,
            "url": basis.url,
        },
        "in_force_from": rule.in_force_from.isoformat(),
        "in_force_to": rule.in_force_to.isoformat() if rule.in_force_to else None,
    }


def _words(problem: FieldProblem) -> str:
    return gettext(problem.message).format(**problem.found)
