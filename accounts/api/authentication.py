"""Hands the actor that ActorMiddleware found to the REST framework, with CSRF protection for sessions."""

from typing import Any

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.request import Request

from accounts.errors import CsrfFailed


class ActorAuthentication(BaseAuthentication):
    """Sessions and bearer tokens alike; `request.actor` says who it is."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        plain: HttpRequest = request._request
        actor = plain.actor  # type: ignore[attr-defined]
        if actor.is_client:
            return None, actor
        if actor.user_id is None:
            return None
        check = CSRFCheck(lambda _request: None)  # type: ignore[arg-type]
        check.process_request(plain)
        if check.process_view(plain, None, (), {}):  # type: ignore[arg-type]
            raise CsrfFailed
        return plain.user, actor

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
