"""The base of every page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views import View
from django.views.generic import FormView, TemplateView

from accounts import services
from accounts.errors import PasswordNeeded
from accounts.rules import Actor
from accounts.web.refusals import message_of
from rulebook.errors import NotThere, Refusal, Unavailable


class _Asked:
    """Who asks and when, for every kind of page; `needs_password` asks for the password before the page opens."""

    request: HttpRequest
    needs_password = False

    @property
    def actor(self) -> Actor:
        return self.request.actor  # type: ignore[attr-defined]

    @property
    def at(self) -> datetime:
        """The business instant of this request, read once by ActorMiddleware."""
        return self.request.at  # type: ignore[attr-defined]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.needs_password:
            # Before the form is shown, so that nothing typed is lost; the service checks again.
            services.require_confirmed(self.actor, self.at)
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class Page(_Asked, TemplateView):
    """A page that shows something. `get_context_data` reads through the room's queries, with `actor` and `at`."""


class FormPage(_Asked, FormView):
    """A page with one form: `act` makes the one service call and returns where to go next.

    A refusal stands at its field if the form has it, else above the form; what was typed stays.
    """

    def act(self, form: Any) -> str:
        """Call the service with what the form holds and return the address of the next page."""
        raise NotImplementedError

    def form_valid(self, form: Form) -> HttpResponseBase:  # type: ignore[override]
        try:
            return HttpResponseRedirect(self.act(form))
        except Refusal as refusal:
            return self.refused(form, refusal)

    def refused(self, form: Form, refusal: Refusal) -> HttpResponseBase:
        """Answer the form again with the refusal in it. What is not about the form is raised again."""
        if isinstance(refusal, NotThere | Unavailable | PasswordNeeded):
            raise refusal
        form.add_error(refusal.field if refusal.field in form.fields else None, message_of(refusal))
        return self.render_to_response(self.get_context_data(form=form), status=422)


class Act(_Asked, View):
    """One act by POST that leads back to a page: there it is said to be done, or why it was refused.

    `call` makes the one service call, `done` is said then, `back` is the address of the page. With `needs_password` the
    password is asked for first; the way back from there is a GET, which only leads on.
    """

    done: Any = ""

    def call(self) -> None:
        """Call the service with what was sent."""
        raise NotImplementedError

    def back(self) -> str:
        """Return the address of the page it leads back to, whether it was done or refused."""
        raise NotImplementedError

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return View.dispatch(self, request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return HttpResponseRedirect(self.back())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.needs_password:
            services.require_confirmed(self.actor, self.at)
        try:
            self.call()
        except (NotThere, Unavailable, PasswordNeeded):  # Not about what was asked: answered as everywhere.
            raise
        except Refusal as refusal:
            messages.error(request, message_of(refusal))
        else:
            messages.success(request, str(self.done))
        return HttpResponseRedirect(self.back())
