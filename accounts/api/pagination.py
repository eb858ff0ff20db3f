"""Pages of lists: {"next", "previous", "results"}, by cursor, so that new rows never shift a page."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from accounts.errors import CursorRejected, InvalidField, PageTooLarge

PAGE_SIZE = 50
LIMIT_PAGE_SIZE = 200

Row = TypeVar("Row")


def page_size_of(request: Request) -> int:
    """Return how many rows the request asks for on a page. Raises PageTooLarge, InvalidField."""
    text = request.query_params.get("page_size", "")
    if not text:
        return PAGE_SIZE
    if not (text.isascii() and text.isdecimal()) or int(text[:20]) == 0:
        raise InvalidField(field="page_size", reason="A whole number is expected.")
    if int(text[:20]) > LIMIT_PAGE_SIZE:
        raise PageTooLarge(field="page_size", limit=LIMIT_PAGE_SIZE, found_value=text[:20])
    return int(text)


class CursorPage(CursorPagination):
    """Pages of a queryset in the order of one unique field."""

    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    ordering = "-pk"

    def get_page_size(self, request: Request) -> int:
        return page_size_of(request)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        try:
            # Strictly: the framework reads what is no base64 as the first page.
            base64.b64decode(request.query_params.get("cursor", ""), validate=True)
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValueError, ValidationError) as error:  # The last: what is no day where days order the rows.
            raise CursorRejected(field="cursor") from error


class ListPage:
    """Pages of rows that are read already; the cursor names the last key shown."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def answer(self, rows: Sequence[Row], show: Callable[[Row], Any], key: Callable[[Row], int | str]) -> Response:
        """Return the page's answer. Raises CursorRejected, PageTooLarge."""
        size, cursor = page_size_of(self.request), self._cursor()
        ordered = sorted(rows, key=key)
        start = 0
        if cursor is not None:
            try:
                start = next((i for i, row in enumerate(ordered) if key(row) > cursor), len(ordered))  # type: ignore[operator]
            except TypeError as error:
                raise CursorRejected(field="cursor") from error
        page, before = ordered[start : start + size], max(start - size, 0)
        follows = start + size < len(ordered)
        return Response(
            {
                "next": self._link(key(page[-1])) if follows else None,
                "previous": (self._link(key(ordered[before - 1])) if before else self._first()) if start else None,
                "results": [show(row) for row in page],
            }
        )

    def _cursor(self) -> int | str | None:
        text = self.request.query_params.get("cursor", "")
        if not text:
            return None
        try:
            value = json.loads(base64.urlsafe_b64decode(text.encode()))
        except (binascii.Error, ValueError) as error:
            raise CursorRejected(field="cursor") from error
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise CursorRejected(field="cursor")
        return value

    def _link(self, key: int | str) -> str:
        cursor = base64.urlsafe_b64encode(json.dumps(key).encode()).decode()
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def _first(self) -> str:
        return replace_query_param(self.request.build_absolute_uri(), "cursor", "")
