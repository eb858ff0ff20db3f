"""The one search box: a serial, a certificate number or a project leads to its page."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, reverse
from django.views import View

from accounts.rules import Actor
from registry.queries import projects_visible_to, public_projects

SERIAL = re.compile(r"[A-Z]{2}-[A-Z]{2}-\d{6}-[A-Z]-\d{6}-\d{4}-.+")
PROJECT = re.compile(r"[A-Z]{2}-[A-Z]{2}-\d{6}")
CERTIFICATE = re.compile(r"[A-Z]{2}-[A-Z]{2}-R.+|[A-Z]{2}-?ZX-?.+")


class Search(View):
    """Sends on to the page that fits what was typed; what is neither serial nor certificate is taken for a project."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        asked = request.GET.get("q", "").strip()[:120]
        if SERIAL.fullmatch(asked.upper()):
            return HttpResponseRedirect(f"{reverse('settlement-serial')}?{urlencode({'serial': asked})}")
        try:
            if PROJECT.fullmatch(asked.upper()) and (page := _project_page(request.actor, asked.upper())):  # type: ignore[attr-defined]
                return HttpResponseRedirect(page)
            if CERTIFICATE.fullmatch(asked.upper()):
                return HttpResponseRedirect(f"{reverse('registry-certificate-check')}?{urlencode({'number': asked})}")
            return HttpResponseRedirect(f"{reverse('registry-projects')}?{urlencode({'q': asked})}")
        except NoReverseMatch:
            return HttpResponseRedirect(f"{reverse('settlement-serial')}?{urlencode({'serial': asked})}")


def _project_page(actor: Actor, code: str) -> str:
    """Return the page of the project with this code: in full for who may see it, else the public one; else ""."""
    own = projects_visible_to(actor).filter(code=code).first()
    if own is not None:
        return reverse("registry-project", args=[own.pk])
    if public_projects().filter(code=code).exists():
        return reverse("registry-public-project", args=[code])
    return ""
