"""The base of every REST endpoint."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext_noop as _
from pydantic import BaseModel, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from accounts.api.bodies import Schema, parsed, refused
from accounts.api.pagination import CursorPage, ListPage
from accounts.errors import InvalidField, JsonRejected, UnknownFilter
from accounts.rules import Actor

LIMIT_DIGITS = 18  # Of an id: what fits the column for certain.

log = logging.getLogger(__name__)

Row = TypeVar("Row")
Entity = TypeVar("Entity", bound=Model)


class Endpoint(APIView):
    """Parses, asks its room once, answers. Who may call it stands in the access rows of its route.

    Reads carry an ETag and answer If-None-Match with 304; every answer carries the rate headers.
    """

    @property
    def actor(self) -> Actor:
        return self.request._request.actor  # type: ignore[attr-defined]

    @property
    def at(self) -> datetime:
        """The business instant of this request, read once by ActorMiddleware."""
        return self.request._request.at  # type: ignore[attr-defined]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what the handler does not document: a filter that is passed over answers another question.

        Raises UnknownFilter, besides what the framework raises.
        """
        super().initial(request, *args, **kwargs)
        known: frozenset[str] = getattr(getattr(self, (request.method or "").lower(), None), "query_names", frozenset())
        for name in request.query_params:
            if name not in known:
                raise UnknownFilter(field=name[:80], name=name[:80])

    def body(self, schema: type[Schema]) -> Schema:
        """Return the body as an instance of the schema. Raises JsonRejected, InvalidBody (`unknown_field`, …)."""
        data = self.request.data
        if not isinstance(data, dict):
            raise JsonRejected(reason="{ … }")
        if not hasattr(self.request._request, "raw_json"):  # No body at all, or a form.
            try:
                return schema.model_validate(dict(data.items()))
            except ValidationError as error:
                raise refused(error) from error
        return parsed(schema, self.request._request.raw_json)

    def filters(self, schema: type[Schema]) -> Schema:
        """Return the query parameters as an instance of the schema. Raises InvalidBody."""
        params = {key: value for key, value in self.request.query_params.items() if key in schema.model_fields}
        try:
            return schema.model_validate(params)
        except ValidationError as error:
            raise refused(error) from error

    def page(
        self,
        rows: QuerySet[Entity],
        show: Callable[[Entity], Any],
        *,
        ordering: str = "-pk",
    ) -> Response:
        """Answer one page of a queryset as {"next", "previous", "results"}.

        ordering: a field that is unique among the rows, so that pages neither skip nor repeat one.
        """
        page = CursorPage()
        page.ordering = ordering
        shown = [shown_value(show(row)) for row in page.paginate_queryset(rows, self.request, view=self) or []]
        return page.get_paginated_response(shown)

    def list_page(
        self, rows: Sequence[Row], show: Callable[[Row], Any], *, key: Callable[[Row], int | str]
    ) -> Response:
        """Answer one page of rows that a query has already read, ordered by `key`, which is unique among them."""
        return ListPage(self.request).answer(rows, lambda row: shown_value(show(row)), key)

    def before(self) -> int | None:
        """Return the id that `?before=` names, for lists that go on by it. Raises InvalidField."""
        text = self.request.query_params.get("before", "")
        if not text:
            return None
        if not (text.isascii() and text.isdecimal()) or len(text) > LIMIT_DIGITS:
            raise InvalidField(field="before", reason=_("A whole number is expected."))
        return int(text)

    def link_before(self, row_id: int) -> str:
        """Return this request's address for the rows before one."""
        return replace_query_param(self.request.build_absolute_uri(), "before", row_id)

    def answer(self, value: Any, status: int = 200, location: str = "") -> Response:
        """Answer with a value: a pydantic schema, a dict, or a list of them."""
        return Response(shown_value(value), status=status, headers={"Location": location} if location else None)

    def after_commit(self, nudge: Callable[[], object]) -> None:
        """Call `nudge` once the transaction is committed; its failure is logged and never reaches the caller."""

        def safely() -> None:
            try:
                nudge()
            except Exception:
                log.exception("a nudge after commit failed")

        transaction.on_commit(safely)

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        answer = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        rate: dict[str, str] = getattr(request, "rate_headers", {})
        for name, value in rate.items():
            answer[name] = value
        patch_vary_headers(answer, ["Authorization", "Cookie", "Accept-Language"])
        if request.method in ("GET", "HEAD") and isinstance(answer, Response) and answer.status_code == 200:
            answer["Cache-Control"] = "private, no-cache"
            plain: HttpRequest = request._request
            answer.add_post_render_callback(lambda rendered: _with_etag(plain, rendered))
        return answer


def shown_value(value: Any) -> Any:
    """Return a value as JSON takes it: schemas as dicts (decimals and times as text), the rest unchanged."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: shown_value(one) for key, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [shown_value(one) for one in value]
    return value


def _with_etag(request: HttpRequest, response: Any) -> Any:
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = etag
    conditional = get_conditional_response(request, etag=etag, response=response)
    return None if conditional is response else conditional
