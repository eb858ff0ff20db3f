"""POST handlers that move value: each request number has one effect and one answer."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.endpoint import Endpoint
from accounts.errors import HeaderRejected, KeyRequired

LIMIT_KEY = 120  # Characters, as the column has.

P = ParamSpec("P")
Handler = Callable[Concatenate[Any, Request, P], Response]


def idempotent(handler: "Handler[P]") -> Callable[Concatenate[Any, Request, P], HttpResponse]:
    """Return the handler, run at most once for each Idempotency-Key of an actor; for what moves value.

    It opens the transaction in which the handler acts; wake tasks with `self.after_commit`. A replay gets the first
    status and body, byte for byte, with `Idempotent-Replay: true`. Refusals: `key_required` and `header_rejected`
    (400), `key_reused` (409), `busy` (503) when the first takes longer than the lock timeout.
    """

    @wraps(handler)
    def once(self: Endpoint, request: Request, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        key = _key(request)

        def act() -> services.Answered:
            response = handler(self, request, *args, **kwargs)
            assert response.status_code < 400, "a refusal is raised, so that its transaction is undone"
            body = JSONRenderer().render(response.data).decode()
            return services.Answered(response.status_code, body, response.headers.get("Location", ""))

        answered, is_replay = services.answer_once(
            actor_key=self.actor.key, key=key, fingerprint=_fingerprint(request), act=act
        )
        response = HttpResponse(answered.body.encode(), status=answered.status, content_type="application/json")
        if answered.location:
            response["Location"] = answered.location
        if is_replay:
            response["Idempotent-Replay"] = "true"
        return response

    once.takes_key = True  # type: ignore[attr-defined]  # For the schema.
    return once


def repeatable(handler: "Handler[P]") -> Callable[Concatenate[Any, Request, P], HttpResponse]:
    """Return the handler, which takes an Idempotency-Key and does not need one: for what moves no value."""
    with_key = idempotent(handler)

    @wraps(handler)
    def either(self: Endpoint, request: Request, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if "Idempotency-Key" in request.headers:
            return with_key(self, request, *args, **kwargs)
        return handler(self, request, *args, **kwargs)

    either.takes_key = False  # type: ignore[attr-defined]
    return either


def _key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        raise KeyRequired(field="Idempotency-Key")
    if len(key) > LIMIT_KEY or not (key.isascii() and key.isprintable()):
        raise HeaderRejected(field="Idempotency-Key", header="Idempotency-Key", limit=LIMIT_KEY)
    return key


def _fingerprint(request: Request) -> str:
    """Return the SHA-256 of method, path and body; of a form its fields and the contents of its files."""
    data = request.data
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    raw = getattr(request._request, "raw_json", None)
    if raw is not None:
        digest.update(raw)
        return digest.hexdigest()
    for name in sorted(data):
        for value in data.getlist(name) if hasattr(data, "getlist") else [data[name]]:
            digest.update(f"{name}\n".encode())
            if hasattr(value, "chunks"):
                for chunk in value.chunks():
                    digest.update(chunk)
                value.seek(0)
            else:
                digest.update(str(value).encode())
    return digest.hexdigest()
