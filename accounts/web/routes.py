"""Routes with their access rows. `config/urls.py` takes no other kind, and a test fails on one."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from accounts.rules import Access

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def route(address: str, view: Callable[..., HttpResponseBase], *, name: str, **rows: Access) -> URLPattern:
    """Return the URL pattern of a view that carries one access row for each verb it answers.

    rows: GET=…, POST=…, PUT=…, PATCH=…, DELETE=…; HEAD goes with GET. A verb without a row is refused (405).
    """
    assert rows, f"{name}: a route without access rows answers nobody"
    assert set(rows) <= set(VERBS), f"{name}: {sorted(set(rows) - set(VERBS))} are no verbs"

    # A wrapper of its own: one view may stand under two routes with different rows.
    @wraps(view)
    def stated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    stated.access = dict(rows)  # type: ignore[attr-defined]
    return path(address, stated, name=name)
