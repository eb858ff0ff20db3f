"""What an endpoint says of itself in the schema: body, filters, answer, pages, request number.

`described` is the one way to say it; what follows from that (cursor parameters, the header of a request number,
unique operation names) is added here and not by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from drf_spectacular.drainage import set_override
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel, create_model

from accounts.api.pagination import LIMIT_PAGE_SIZE, PAGE_SIZE

Handler = TypeVar("Handler", bound=Callable[..., Any])

_PAGE_MEMBERS = {"next", "previous", "results"}
_KEY_WORDS = "Up to 120 printable ASCII characters, new for each act; the same key and body get the first answer again."
_PAGE_PARAMETERS = [
    OpenApiParameter("cursor", str, description="From `next` or `previous` of another page."),
    OpenApiParameter(
        "page_size",
        {"type": "integer", "minimum": 1, "maximum": LIMIT_PAGE_SIZE, "default": PAGE_SIZE},
    ),
]


@cache
def page_of(shown: type[BaseModel]) -> type[BaseModel]:
    """Return the schema of a page of such rows."""
    name = f"{shown.__name__.removesuffix('Shown')}Page"
    return create_model(
        name,
        __doc__="A page of a collection.",
        next=(str | None, ...),
        previous=(str | None, ...),
        results=(list[shown], ...),  # type: ignore[valid-type]
    )


def described(
    answer: Any = None,
    *,
    body: Any = None,
    filters: type[BaseModel] | None = None,
    query: dict[str, str] | None = None,
    status: int = 200,
    needs_key: bool | None = None,
    media_type: str = "application/json",
) -> Callable[[Handler], Handler]:
    """Return a decorator that documents a handler.

    answer:  a pydantic model, a page of one (`page_of`), or the bare JSON schema of what comes back.
    body:    a pydantic model, or {media type: model or schema}.
    query:   query parameters that are read by hand, each with what it does.
    needs_key: whether an Idempotency-Key is needed; by the handler's own decorator if left out.
    """
    parameters: list[Any] = [OpenApiParameter(name, str, description=words) for name, words in (query or {}).items()]
    if filters is not None:
        parameters.append(filters)
    if _is_page(answer):
        parameters += _PAGE_PARAMETERS
    names = {*(query or {}), *(filters.model_fields if filters is not None else ())}
    if _is_page(answer):
        names |= {one.name for one in _PAGE_PARAMETERS}
    found: dict[Any, Any] = {(status, media_type): answer or OpenApiResponse(description="No body")}

    def document(handler: Handler) -> Handler:
        needed = needs_key if needs_key is not None else getattr(handler, "takes_key", None)
        key = [] if needed is None else [_key_parameter(required=needed)]
        documented: Handler = extend_schema(request=body, responses=found, parameters=[*parameters, *key])(handler)
        documented.query_names = frozenset(names)  # type: ignore[attr-defined]  # Endpoint refuses all others.
        return documented

    return document


def _key_parameter(*, required: bool) -> OpenApiParameter:
    return OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=required, description=_KEY_WORDS)


def _is_page(answer: Any) -> bool:
    return isinstance(answer, type) and issubclass(answer, BaseModel) and set(answer.model_fields) == _PAGE_MEMBERS


class ApiSchema(AutoSchema):
    """Names each operation by its address and verb: a collection is listed, a record retrieved."""

    def get_operation_id(self) -> str:
        words = [token.replace("-", "_") for token in self._tokenize_path()] or ["root"]
        verb = "list" if self._answers_a_page() else {**self.method_mapping, "post": "create"}[self.method.lower()]
        return "_".join([*words, verb])

    def _answers_a_page(self) -> bool:
        answers = self.get_response_serializers()
        return self.method == "GET" and isinstance(answers, dict) and any(_is_page(one) for one in answers.values())


class BodyExtension(OpenApiSerializerExtension):
    """Bodies and filters as they are taken: what has a default need not be sent."""

    target_class = "pydantic.BaseModel"
    match_subclasses = True
    priority = 1

    def get_name(self, auto_schema: Any, direction: Any) -> str:
        # A model also comes as a part of another, under its name alone; a test sees to it that names are unique.
        set_override(self.target, "suppress_collision_warning", True)
        return str(self.target.__name__)

    def map_serializer(self, auto_schema: Any, direction: Any) -> Any:
        mode = "validation" if self.target.model_config.get("extra") == "forbid" else "serialization"
        schema = self.target.model_json_schema(ref_template="#/components/schemas/{model}", mode=mode)
        for name, part in schema.pop("$defs", {}).items():
            component = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, object=name, schema=part)
            auto_schema.registry.register_on_missing(component)
        return schema
