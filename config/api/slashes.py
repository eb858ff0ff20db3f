"""API addresses with or without the slash at their end: a POST cannot follow a redirect without losing its body."""

from typing import Any

from django.urls import URLPattern
from django.urls.resolvers import RoutePattern


class EitherWay(RoutePattern):
    """A route that ends on a slash and also matches without it; addresses are still made with the slash."""

    def match(self, path: str) -> Any:
        return super().match(path) or (None if path.endswith("/") else super().match(f"{path}/"))


def with_or_without_slash(pattern: URLPattern) -> URLPattern:
    """Return the same route, which matches with and without its slash."""
    pattern.pattern = EitherWay(str(pattern.pattern), name=pattern.name, is_endpoint=True)
    return pattern
