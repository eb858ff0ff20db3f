"""The registry's routes, each with who may use it."""

from registry.api import routes
from registry.web import case_routes, credit_routes

api_routes = routes.api_routes
web_routes = [*case_routes.web_routes, *credit_routes.web_routes]
