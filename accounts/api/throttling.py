"""How often one actor may ask in a minute, counted in PostgreSQL, so that it holds over all web processes."""

import time
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts import services
from accounts.errors import TooManyRequests
from rulebook.queries import rule


class ClientThrottle(BaseThrottle):
    """Counts per API client or person, never per address: who is nobody reads public data and passes uncounted."""

    def allow_request(self, request: Request, view: Any) -> bool:
        actor = request._request.actor  # type: ignore[attr-defined]
        if not actor.is_signed_in:
            return True
        limit = rule("api.requests_per_minute", at=request._request.at)  # type: ignore[attr-defined]
        minute, second = divmod(int(time.time()), 60)  # Real time: load does not follow the business clock.
        used = services.count_request(actor_key=actor.key, minute=minute)
        left = int(limit.value) - used
        request.rate_headers = {  # type: ignore[attr-defined]
            "RateLimit-Limit": str(limit.value),
            "RateLimit-Remaining": str(max(left, 0)),
            "RateLimit-Reset": str(60 - second),
        }
        if left < 0:
            raise TooManyRequests(rule=limit, limit=limit.value, seconds=60 - second)
        return True
