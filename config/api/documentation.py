"""The API about itself: root, schema, documentation page, list of problem codes; and the token endpoint."""

from typing import Any

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import get_resolver, reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from oauth2_provider.views import TokenView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described
from accounts.api.endpoint import Endpoint
from accounts.rules import PUBLIC
from accounts.web.routes import route
from config.api import openapi
from config.refusals import status_of
from rulebook.errors import Refusal

assert openapi.ActorScheme  # type: ignore[truthy-function]  # Imported for the schema, which finds its extensions among the loaded classes.

token = csrf_exempt(TokenView.as_view())


class Root(Endpoint):
    """What there is under /api/v1/."""

    @described({"type": "object", "additionalProperties": {"type": "string", "format": "uri"}})
    def get(self, request: Request) -> Response:
        found: dict[str, str] = {}
        for name in get_resolver().reverse_dict:
            if isinstance(name, str) and name.startswith("api-") and name != "api-root":
                address = _address(name)
                if address:
                    found[name.removeprefix("api-")] = request.build_absolute_uri(address)
        return self.answer(dict(sorted(found.items())))


def _address(name: str) -> str | None:
    """Return the address of a route without arguments; None for one that has some."""
    (possibility, *_rest) = get_resolver().reverse_dict.getlist(name)[0][0]
    return None if possibility[1] else reverse(name)


def refusal_kinds(kind: type[Refusal] = Refusal) -> list[type[Refusal]]:
    """Return every kind of refusal that any room knows."""
    return [kind, *(one for sub in kind.__subclasses__() for one in refusal_kinds(sub))]


def problems(request: HttpRequest) -> HttpResponse:
    """Show every stable code with its status and its words: where the `type` of a problem leads."""
    rows: dict[str, tuple[int, str]] = {}
    for kind in refusal_kinds():
        rows.setdefault(kind.code, (status_of(kind.__new__(kind)), gettext(kind.message)))
    context = {"rows": sorted((code, *row) for code, row in rows.items())}
    return render(request, "accounts/problems.html", context)


# Swagger's page writes style attributes; nothing else is relaxed, and only here.
_swagger = csp_update({"style-src": ["'unsafe-inline'"]})(
    SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="accounts/swagger.html")
)


def docs(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
    """Show the schema as a page to try the API on."""
    return _swagger(request, **kwargs)


api_routes = [
    route("", Root.as_view(), name="api-root", GET=PUBLIC),
    route("schema/", SpectacularJSONAPIView.as_view(), name="api-schema", GET=PUBLIC),
    route("docs/", docs, name="api-docs", GET=PUBLIC),
    route("problems/", problems, name="api-problems", GET=PUBLIC),
]
