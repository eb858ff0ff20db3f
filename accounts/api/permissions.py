"""The access table once more, inside the REST framework."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.rules import Access


class RouteAccess(BasePermission):
    """Lets pass what an access row of the route lets pass. A view called beside its route has none and is refused."""

    def has_permission(self, request: Request, view: Any) -> bool:
        match = request._request.resolver_match
        rows: dict[str, Access] = getattr(match.func, "access", {}) if match else {}
        row = rows.get("GET" if request.method == "HEAD" else request.method or "")
        if row is None:
            return False
        row.check(request._request.actor)  # type: ignore[attr-defined]
        return True
