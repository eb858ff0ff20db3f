"""JSON as this API takes it: UTF-8, at most 10 MB and 20 levels, no key twice, no NaN."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from accounts.errors import JsonRejected

LIMIT_BYTES = 10 * 1024 * 1024
LIMIT_DEPTH = 20

STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
BRACKET = re.compile(rb"[\[\]{}]")


class StrictJSONParser(BaseParser):
    """Reads a JSON body; the bytes stay on the request as `raw_json`, for schemas and request numbers."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = stream.read(LIMIT_BYTES + 1)
        value = parse_json(raw)
        if parser_context:
            parser_context["request"]._request.raw_json = raw
        return value


def parse_json(raw: bytes) -> Any:
    """Return the value of a JSON text. Raises JsonRejected."""
    if len(raw) > LIMIT_BYTES:
        raise JsonRejected(reason=f"> {LIMIT_BYTES // 1024 // 1024} MB")
    # Before the parser, which recurses: brackets outside of strings, counted.
    _check_depth(raw)
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise JsonRejected(reason="UTF-8") from error
    except (ValueError, RecursionError) as error:  # ValueError also for integers of over 4,300 digits.
        place = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "number"
        raise JsonRejected(reason=place) from error


def _check_depth(raw: bytes) -> None:
    depth = 0
    for bracket in BRACKET.findall(STRING.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        if depth > LIMIT_DEPTH:
            raise JsonRejected(reason=f"depth > {LIMIT_DEPTH}")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise JsonRejected(field=key[:80], reason=f"duplicate key {key[:80]}")
        found[key] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise JsonRejected(reason=name)
