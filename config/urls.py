"""Every route of the installation. Each is made by `accounts.web.routes.route`, which states who may use it."""

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accounts.rules import PUBLIC, SIGNED_IN
from accounts.web.routes import route
from config.api import documentation
from config.api.slashes import with_or_without_slash
from config.web import health
from config.web.workbench import Workbench

rooms = [import_module(f"{room}.urls") for room in settings.ROOMS if find_spec(f"{room}.urls")]
if find_spec("config.web.urls"):
    rooms.append(import_module("config.web.urls"))

api_routes: list[URLPattern] = [
    *documentation.api_routes,
    *(one for room in rooms for one in getattr(room, "api_routes", [])),
]
web_routes: list[URLPattern] = [
    *health.web_routes,
    route("workbench/", Workbench.as_view(), name="workbench", GET=SIGNED_IN),
    *(one for room in rooms for one in getattr(room, "web_routes", [])),
]

urlpatterns: list[URLPattern | URLResolver] = [
    route("oauth/token/", documentation.token, name="oauth-token", POST=PUBLIC),
    path("api/v1/", include([with_or_without_slash(one) for one in api_routes])),
    *web_routes,
]

handler400 = "config.refusals.malformed"
handler403 = "config.refusals.refused"
handler404 = "config.refusals.not_found"
handler500 = "config.refusals.broken"
