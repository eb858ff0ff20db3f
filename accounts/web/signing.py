"""Sign-in, sign-out, language, organisation, and the password entered again."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from accounts import queries, services
from accounts.errors import UserNotThere
from accounts.rules import OrganisationView
from accounts.web import waiting
from accounts.web.middleware import CONFIRMED_KEY, ORGANISATION_KEY
from accounts.web.pages import FormPage, Page
from accounts.web.refusals import role_name
from rulebook.errors import NotThere

DEMO_KEY = "is_demonstration"  # Signed in by one click: such a session confirms by one click, too.
BACKEND = "django.contrib.auth.backends.ModelBackend"


def safe_next(request: HttpRequest, otherwise: str) -> str:
    """Return the address of this site that `next` names, or the other one."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if wanted and is_ours else otherwise


class SignInForm(forms.Form):
    """User name and password."""

    username = forms.CharField(
        label=_("User name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class SignInPage(FormPage):
    """The sign-in page; in the demonstration also one button a role."""

    template_name = "accounts/sign_in.html"
    form_class = SignInForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        if self.actor.user_id is not None:
            return HttpResponseRedirect(safe_next(request, reverse("workbench")))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        people = [
            {
                "username": person.username,
                "display_name": person.display_name,
                "organisation_name": person.organisation_name,
                "role_name": role_name(person.role),
            }
            for person in (queries.people_with_roles(self.at) if settings.DEMO else [])
        ]
        return super().get_context_data(**kwargs, next=safe_next(self.request, ""), people=people)

    def act(self, form: Any) -> str:
        user_id = services.sign_in(
            username=form.cleaned_data["username"],
            password=form.cleaned_data["password"],
            address=address_of(self.request),
            browser=browser_of(self.request),
            at=self.at,
        )
        begin_session(self.request, user_id)
        return safe_next(self.request, reverse("workbench"))


def demo_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Sign in as a person of the demonstration by one click; without the demonstration there is no such page."""
    if not settings.DEMO:
        raise NotThere
    user_id = queries.user_id_of(request.POST.get("username", ""))
    if user_id is None:
        raise UserNotThere
    begin_session(request, user_id)
    request.session[DEMO_KEY] = True
    return HttpResponseRedirect(safe_next(request, reverse("workbench")))


def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session."""
    services.sign_out(
        actor=request.actor,  # type: ignore[attr-defined]
        address=address_of(request),
        browser=browser_of(request),
        at=request.at,  # type: ignore[attr-defined]
    )
    logout(request)
    return HttpResponseRedirect(safe_next(request, reverse("sign-in")))


def set_language(request: HttpRequest) -> HttpResponseBase:
    """Remember the language in a cookie, and with the person if one is signed in."""
    language = request.POST.get("language", "")
    response = HttpResponseRedirect(safe_next(request, "/"))
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 24 * 3600,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
        user_id = request.actor.user_id  # type: ignore[attr-defined]
        if user_id is not None:
            services.set_language(user_id=user_id, language=language)
    return response


def switch_organisation(request: HttpRequest) -> HttpResponseBase:
    """Act for another organisation that the person belongs to."""
    actor, at = request.actor, request.at  # type: ignore[attr-defined]
    own: list[OrganisationView] = queries.organisations_of_user(actor.user_id, at)
    wanted = request.POST.get("organisation", "")
    chosen = next((one for one in own if str(one.id) == wanted), None)
    if chosen is None:
        raise NotThere
    request.session[ORGANISATION_KEY] = chosen.id
    request.session.pop(CONFIRMED_KEY, None)  # A confirmation counts for the organisation it was made for.
    return HttpResponseRedirect(safe_next(request, reverse("workbench")))


class ConfirmForm(forms.Form):
    """The password, once more. A session of the demonstration, begun by one click, leaves it empty."""

    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


class ConfirmPage(FormPage):
    """Asks for the password before an irreversible step, then goes on to the page of the step."""

    template_name = "accounts/confirm.html"
    form_class = ConfirmForm

    def is_demonstration(self) -> bool:
        return bool(settings.DEMO and self.request.session.get(DEMO_KEY))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs, next=safe_next(self.request, ""), is_demonstration=self.is_demonstration()
        )

    def act(self, form: Any) -> str:
        if not self.is_demonstration():
            services.confirm_password(
                actor=self.actor,
                password=form.cleaned_data["password"],
                address=address_of(self.request),
                browser=browser_of(self.request),
                at=self.at,
            )
        self.request.session[CONFIRMED_KEY] = self.at.isoformat()
        if waiting.is_kept(self.request):
            return f"{reverse('go-on')}?{urlencode({'next': safe_next(self.request, reverse('workbench'))})}"
        return safe_next(self.request, reverse("workbench"))


class GoOnPage(Page):
    """Sends the act again that waited for the password: by itself, or by its one button where no script runs."""

    template_name = "accounts/go_on.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        act = waiting.take(request)
        if act is None:  # Sent already, or too late.
            return HttpResponseRedirect(safe_next(request, reverse("workbench")))
        return self.render_to_response(self.get_context_data(act=act, next=safe_next(request, reverse("workbench"))))


def begin_session(request: HttpRequest, user_id: int) -> None:
    """Begin a new session of a person, acting for the organisation with most of the roles."""
    login(request, queries.user_to_sign_in(user_id), backend=BACKEND)
    request.session[ORGANISATION_KEY] = queries.sign_in_organisation_id(user_id, request.at)  # type: ignore[attr-defined]


def address_of(request: HttpRequest) -> str:
    """Return the address the request came from, as the server in front of us saw it."""
    return str(request.META.get("REMOTE_ADDR", ""))


def browser_of(request: HttpRequest) -> str:
    """Return what the browser says it is."""
    return request.headers.get("User-Agent", "")
