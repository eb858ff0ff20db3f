"""The bar of the guided tour 碳汇的一生 on every page of the demonstration, its page, and its sample files."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views import View

from accounts.rules import NOBODY, Actor
from accounts.web.pages import Page
from accounts.web.refusals import role_name
from accounts.web.signing import safe_next
from config import tour
from config.demo import samples
from config.tour_steps import CASE, TOLD, Step
from registry.queries import first_project_after, newest_project_id, projects_visible_to
from rulebook.queries import now

# A cookie, not the session: whoever goes on as another person begins a new session, and the story goes on with them.
FOLLOWS, HIDES = "tour", "tour_hidden"
AFTER = "after-"
LISTED = 30


def followed(request: HttpRequest) -> tuple[bool, int | None]:
    """Return whether the tour has begun in this browser, and the project that it follows if there is one by now."""
    told = request.COOKIES.get(FOLLOWS, "")
    number = told.removeprefix(AFTER)
    if not number.isdecimal() or len(number) > 15:
        return False, None
    if told.startswith(AFTER):
        return True, first_project_after(tour.ONLOOKER, int(number))
    return True, int(number)


class TourBar:
    """What the bar shows, found when the frame asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.actor: Actor = getattr(request, "actor", NOBODY)
        self.at = getattr(request, "at", None) or now()
        self.is_hidden = bool(request.COOKIES.get(HIDES))
        self.has_begun, self._project_id = (False, None) if self.is_hidden else followed(request)
        self.back = request.get_full_path()

    @cached_property
    def _stand(self) -> tuple[Any, Any]:
        return tour.stand(self._project_id, at=self.at)

    @property
    def case(self) -> Any:
        return self._stand[0]

    @cached_property
    def place(self) -> tour.Place | None:
        return tour.place_of(*self._stand, at=self.at)

    @property
    def label(self) -> str:
        return _(self.place.step.label) if self.place else ""

    @property
    def hint(self) -> str:
        return _(self.place.step.hint) if self.place else ""

    @property
    def role(self) -> str:
        return role_of(self.place.step) if self.place else ""

    @property
    def is_ones_own(self) -> bool:
        """Whether the person who is due is the one signed in."""
        who = self.place.who if self.place else None
        return who is not None and who.id == self.actor.user_id

    @property
    def is_here(self) -> bool:
        """Whether the page shown is the page of the step."""
        return bool(self.place and self.place.url.partition("?")[0] == self._request.path)

    @property
    def is_told(self) -> bool:
        """Whether the story is over: the credits are retired."""
        return is_told(self.place)

    @property
    def certificate_number(self) -> str:
        return certificate_of(self._stand[1])

    @property
    def files(self) -> list[dict[str, str]]:
        return files_of(self.place.step.key) if self.place else []


def role_of(step: Step) -> str:
    """Return who does a step, as people call the role."""
    return role_name(step.role) if step.role else _("The business clock")


def is_told(place: tour.Place | None) -> bool:
    """Return whether a story has come to its end."""
    return place is not None and place.step.key == TOLD


def certificate_of(market: tour.Market | None) -> str:
    """Return the number of the certificate that a story ends with."""
    return market.certificate_number if market else ""


def files_of(key: str) -> list[dict[str, str]]:
    """Return the sample files that a step needs."""
    return [
        {"name": samples.FILES[name][0], "url": reverse("tour-file", args=[name])}
        for name in samples.FOR_STEP.get(key, ())
    ]


class TourPage(Page):
    """The whole story as a list, where it stands, which project it follows (POST: begin, follow, hide, show, end)."""

    template_name = "tour/page.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEMO:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        has_begun, project_id = followed(self.request)
        case, market = tour.stand(project_id, at=self.at)
        place = tour.place_of(case, market, at=self.at)
        due = place.step.key if place else None
        return super().get_context_data(
            **kwargs,
            has_begun=has_begun,
            case=case,
            case_url=CASE.format(project=case.id) if case else "",
            place=place,
            is_told=is_told(place),
            certificate_number=certificate_of(market),
            steps=_listed(due, is_over=bool(case) and (place is None or is_told(place))),
            others=projects_visible_to(tour.ONLOOKER)[:LISTED],
        )

    def post(self, request: HttpRequest) -> HttpResponseBase:
        asked, chosen = request.POST.get("do", ""), request.POST.get("project", "")
        answer = HttpResponseRedirect(safe_next(request, reverse("tour")))
        if asked in ("hide", "end"):
            answer.set_cookie(HIDES, "1", samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=True)
            if asked == "end":  # Nothing is followed any more, so the tour's page offers to begin.
                answer.delete_cookie(FOLLOWS)
            return answer
        answer.delete_cookie(HIDES)
        if asked == "begin":
            chosen = f"{AFTER}{newest_project_id(tour.ONLOOKER)}"
        elif asked != "follow" or not chosen.isdecimal():
            return answer
        answer.set_cookie(FOLLOWS, chosen[:20], samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=True)
        return answer


def _listed(due: str | None, *, is_over: bool) -> list[dict[str, Any]]:
    """Return the steps by what has become of them: done, current, to come."""
    rows, state = [], "done" if due or is_over else "later"
    for step in tour.shown_steps(due):
        if step.key == due and not is_over:
            state = "current"
        rows.append(
            {
                "label": _(step.label),
                "hint": _(step.hint),
                "chapter": _(step.chapter),
                "role": role_of(step),
                "state": state,
                "files": files_of(step.key),
            }
        )
        if state == "current":
            state = "later"
    return rows


class TourFile(View):
    """A sample file, made for the project that the tour follows."""

    def get(self, request: HttpRequest, name: str) -> HttpResponseBase:
        if not settings.DEMO or name not in samples.FILES:
            raise Http404
        _begun, project_id = followed(request)
        case, _market = tour.stand(project_id, at=request.at)  # type: ignore[attr-defined]
        file_name, make = samples.FILES[name]
        answer = HttpResponse(make(case), content_type="application/octet-stream")
        answer["Content-Disposition"] = content_disposition_header(True, file_name) or ""
        answer["Cache-Control"] = "no-store"
        return answer
