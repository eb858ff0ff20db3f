"""An act that waits for the password: what was sent is kept in the person's session, and sent again once it is known.

So that nothing that was typed is lost, and no act has to be found again. Kept for one act, for the minutes for which a
password counts, and taken out when it is shown; the route that it is sent to decides anew who may do what.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from rulebook.queries import rule

KEY = "waiting_act"
MOST_CHARACTERS = 20_000
NEVER_KEPT = ("csrfmiddlewaretoken", "password")


@dataclass(frozen=True)
class WaitingAct:
    """Where a form was sent, and its fields in order."""

    path: str
    fields: tuple[tuple[str, str], ...]


def keep(request: HttpRequest) -> bool:
    """Keep what was sent until the password is known; tell whether it could be kept: files cannot."""
    if request.method != "POST" or request.FILES or any(name in request.POST for name in NEVER_KEPT[1:]):
        return False
    fields = [[name, value] for name, values in request.POST.lists() if name not in NEVER_KEPT for value in values]
    if sum(len(name) + len(str(value)) for name, value in fields) > MOST_CHARACTERS:
        return False
    request.session[KEY] = {"path": request.get_full_path(), "fields": fields, "at": _now(request).isoformat()}
    return True


def is_kept(request: HttpRequest) -> bool:
    """Tell whether an act waits in the session."""
    return KEY in request.session


def take(request: HttpRequest) -> WaitingAct | None:
    """Return the act that waits, and forget it; None: there is none, or it has waited for too long."""
    kept = request.session.pop(KEY, None)
    if kept is None:
        return None
    at = _now(request)
    minutes = int(rule("password.confirmation_minutes", at=at).value)
    if at - datetime.fromisoformat(kept["at"]) > timedelta(minutes=minutes):
        return None
    return WaitingAct(kept["path"], tuple((name, value) for name, value in kept["fields"]))


def page_of(request: HttpRequest) -> str:
    """Return the page to come back to: of a form sent, itself if it can be opened, else the page that it stood on."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    match = request.resolver_match
    if match is not None and "GET" in getattr(match.func, "access", {}):
        return request.path
    came_from = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    return came_from if came_from and is_ours else reverse("workbench")


def _now(request: HttpRequest) -> datetime:
    at: datetime = request.at  # type: ignore[attr-defined]
    return at
