"""What the schema says beyond the endpoints: who may call, and how refusals look."""

import re
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension

from accounts.rules import SCOPES, Access, AccessKind

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `code` is stable, everything else is for people and follows Accept-Language.",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "field": {"type": "string", "description": "The field that is meant, empty for the request as a whole."},
        "rule": {
            "type": ["object", "null"],
            "description": "The rule value in force that the refusal rests on, with its legal basis.",
            "properties": {
                "scheme": {"type": "string"},
                "key": {"type": "string"},
                "value": {},
                "unit": {"type": "string"},
                "basis": {"type": "object", "additionalProperties": True},
                "in_force_from": {"type": "string", "format": "date"},
                "in_force_to": {"type": ["string", "null"], "format": "date"},
            },
        },
        "remedy": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "place": {
                        "type": "object",
                        "additionalProperties": True,
                        "description": "In a workbook sheet, cell, row and column; in a parcel file the parcel.",
                    },
                    "expected": {"type": "string"},
                    "remedy": {"type": "string"},
                },
                "required": ["field", "code", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code", "field"],
}

READ_REFUSALS = {"400": "Malformed", "404": "Not there, or not yours"}
READ_REFUSALS |= {"422": "A filter or a page that is not accepted", "429": "Too many requests", "503": "Busy"}
SIGNED_REFUSALS = {"401": "No or no valid token", "403": "Scope or role missing"}
WRITE_REFUSALS = {"409": "Contradicts what is there", "415": "Content type", "422": "Refused: see code, field, rule"}


class ActorScheme(OpenApiAuthenticationExtension):
    """Bearer tokens by client credentials, or the session of a signed-in person."""

    target_class = "accounts.api.authentication.ActorAuthentication"
    name = ["oauth2", "session"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return [
            {
                "type": "oauth2",
                "flows": {"clientCredentials": {"tokenUrl": f"{settings.PUBLIC_URL}/oauth/token/", "scopes": SCOPES}},
            },
            {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
        ]


def with_refusals(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Return the schema with each operation's scope, and its refusals as application/problem+json."""
    from config.urls import api_routes  # The routes import this module's neighbours.

    rows = {_as_path(str(one.pattern)): one.callback.access for one in api_routes}  # type: ignore[attr-defined]
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    for address, operations in result.get("paths", {}).items():
        for verb, operation in operations.items():
            row = rows.get(address, {}).get(verb.upper())
            if row is not None:
                _document(operation, row, verb)
    return result


def _as_path(route: str) -> str:
    return "/api/v1/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)


def _document(operation: dict[str, Any], row: Access, verb: str) -> None:
    refusals = dict(READ_REFUSALS)
    if row.kind is AccessKind.PUBLIC:
        operation["security"] = [{}]
    else:
        refusals |= SIGNED_REFUSALS
        operation["security"] = [*([{"oauth2": [row.scope]}] if row.scope else []), {"session": []}]
        if row.roles:
            operation["x-roles"] = sorted(row.roles)
    if verb != "get":
        refusals |= WRITE_REFUSALS
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, description in sorted(refusals.items()):
        operation.setdefault("responses", {})[status] = {"description": description, "content": content}
