"""The bar of the business clock: where it stands, where it can go, and what a move did."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View

from accounts.web.refusals import message_of
from config.clock import ask_move
from registry.queries import case_due_at
from rulebook import queries
from rulebook.errors import ClockTimeUnreadable, Refusal
from rulebook.rules import BEIJING

NAME_LIMIT = 150


class Clock(View):
    """The bar as a fragment (GET), and a move of the clock (POST). Only where the installation may move it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.TIME_TRAVEL:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponseBase:
        shown = bar(request)
        mine = request.GET.get("mine", "")
        answer = self._fragment(request, {**shown, "clock_mine": mine})
        move = shown["clock_move"]
        if mine.isdecimal() and move and move.id == int(mine[:18]) and move.state == "done":
            # Whoever asked for the move sees the page as it is at the new time. Nobody else loses what they type.
            answer["HX-Refresh"] = "true"
        return answer

    def post(self, request: HttpRequest) -> HttpResponseBase:
        name = getattr(request.actor, "display_name", "") or "visitor"  # type: ignore[attr-defined]
        by_htmx = request.headers.get("HX-Request") == "true"
        try:
            move_id = ask_move(target=_target(request), asked_by=name[:NAME_LIMIT])
        except Refusal as refusal:
            if not by_htmx:
                raise
            # Answered 200: htmx puts nothing else into the page.
            return self._fragment(request, {**bar(request), "clock_refusal": message_of(refusal)})
        if by_htmx:
            return self._fragment(request, {**bar(request), "clock_mine": str(move_id)})
        return HttpResponseRedirect(_back(request))

    def _fragment(self, request: HttpRequest, shown: dict[str, Any]) -> HttpResponse:
        answer = render(request, "rulebook/clock_bar.html", shown)
        answer["Cache-Control"] = "no-store"
        return answer


def _target(request: HttpRequest) -> datetime:
    """Return where the clock shall go: a target by its name, or a typed time, Beijing's without an offset."""
    asked = request.POST.get("to", "")
    for target in queries.clock_targets(queries.now()):
        if target.name == asked:
            return target.at
    return _time(asked)


def _time(text: str) -> datetime:
    try:
        typed = datetime.fromisoformat(text)
        # A year at the edge has no instant in UTC.
        return (typed if typed.tzinfo else typed.replace(tzinfo=BEIJING)).astimezone(BEIJING)
    except (ValueError, OverflowError) as error:
        raise ClockTimeUnreadable(field="to") from error


def _back(request: HttpRequest) -> str:
    """Return the page that the bar stood on, home where it is none of ours."""
    back = request.POST.get("back", "")
    ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return back if ours else reverse("home")


def _page(request: HttpRequest) -> str:
    """Return the address of the page around the bar, also where only the bar itself is asked for."""
    if around := request.headers.get("HX-Current-URL"):
        parts = urlsplit(around)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return request.get_full_path() if request.method == "GET" else request.POST.get("back", "")


def bar(request: HttpRequest) -> dict[str, Any]:
    """Return what the clock's bar shows: business time, targets, and the move under way or else the last one.

    A page of a case (its address has a project_id or period_id) has the case's deadline as `clock_case_due`; another
    page that shows one puts it into its own context under this name. The bar keeps it.
    """
    at = queries.now()
    shown: dict[str, Any] = {
        "clock_at": at,
        "clock_targets": queries.clock_targets(at),
        "clock_move": queries.last_move(),
        "clock_back": _page(request),
    }
    kept = request.GET.get("case_due") or request.POST.get("case_due")
    if kept and request.path == reverse("clock"):
        try:
            shown["clock_case_due"] = _time(kept)
        except ClockTimeUnreadable:
            return shown
    elif (due := _case_due(request, at)) is not None:
        shown["clock_case_due"] = due
    return shown


def _case_due(request: HttpRequest, at: datetime) -> datetime | None:
    """Return the deadline of the case whose page this is, if it is one that the reader may see."""
    match, actor = request.resolver_match, getattr(request, "actor", None)
    named = {name: match.kwargs[name] for name in ("project_id", "period_id") if name in match.kwargs} if match else {}
    return case_due_at(actor, at, **named) if named and actor is not None else None
