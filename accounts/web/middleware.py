"""Whose session it is, who is asking, and whether the route lets them."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.sessions import middleware
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from accounts import queries
from accounts.errors import TokenRejected, VerbNotStated
from accounts.rules import NOBODY, Access
from rulebook.errors import NotThere, Refusal
from rulebook.queries import now

ORGANISATION_KEY = "organisation_id"
CONFIRMED_KEY = "confirmed_at"

log = logging.getLogger(__name__)

Answer = Callable[[HttpRequest], HttpResponseBase]


class AccessRefused(PermissionDenied):
    """The access table refuses. `config.refusals.refused` (handler403) turns its refusal into the answer."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class SessionMiddleware(middleware.SessionMiddleware):
    """Django's, but for one thing: only whoever ends a session has the browser forget its cookie.

    A live page asks again and again. What it asked just before somebody signs in arrives with the session that the
    sign-in has ended; Django answers it by deleting the cookie, which by then is the new session's.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        session = request.session
        if session.is_empty() and not session.modified:
            patch_vary_headers(response, ("Cookie",))
            return response
        return super().process_response(request, response)


class ActorMiddleware:
    """Sets `request.at`, the business instant of this request, and `request.actor`, for tokens and sessions alike."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.at = now()  # type: ignore[attr-defined]
        request.actor = NOBODY  # type: ignore[attr-defined]
        request.token_is_rejected = False  # type: ignore[attr-defined]
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            # A request with a token is its client's alone: a session beside it does not count.
            actor = queries.actor_of_token(token.strip(), request.at)  # type: ignore[attr-defined]
            request.token_is_rejected = actor is None  # type: ignore[attr-defined]
            request.actor = actor or NOBODY  # type: ignore[attr-defined]
        elif request.user.is_authenticated:
            request.actor = queries.actor_of(  # type: ignore[attr-defined]
                request.user.pk,
                request.session.get(ORGANISATION_KEY),
                request.at,  # type: ignore[attr-defined]
                confirmed_at=confirmed_at(request),
            )
        return self.get_response(request)


def confirmed_at(request: HttpRequest) -> datetime | None:
    """Return when the password was last entered in this session, in business time."""
    text = request.session.get(CONFIRMED_KEY)
    return datetime.fromisoformat(text) if text else None


class AccessMiddleware:
    """Refuses whatever no access row of the route allows: deny by default."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        if any(isinstance(one, str) and "\0" in one for one in kwargs.values()):
            raise AccessRefused(NotThere())  # The database takes no such text, so nothing has this name.
        rows: dict[str, Access] = getattr(view, "access", {})
        if not rows:
            log.error("%s has no access rows", request.path)
        try:
            check(request, rows)
        except Refusal as refusal:
            raise AccessRefused(refusal) from refusal


def check(request: HttpRequest, rows: dict[str, Access]) -> None:
    """Return if one of the rows lets this request pass, else raise the refusal."""
    if request.token_is_rejected:  # type: ignore[attr-defined]
        raise TokenRejected
    method = request.method or ""
    verb = "GET" if method == "HEAD" else method
    if verb not in rows:
        refusal = VerbNotStated(method=method)
        refusal.allowed = tuple(rows)
        raise refusal
    rows[verb].check(request.actor)  # type: ignore[attr-defined]
