"""Files over the API: base64 in a JSON body, or a part named `file` of a multipart form; the same fields beside it."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError
from rest_framework.parsers import BaseParser, MultiPartParser

from accounts.api.bodies import Body, Text, field_missing, refused
from accounts.api.endpoint import Endpoint
from accounts.api.parsers import StrictJSONParser
from registry.errors import FileRejected
from registry.rules.documents import LIMIT_BYTES, MIB

PARSERS: tuple[type[BaseParser], ...] = (StrictJSONParser, MultiPartParser)
LIMIT_NAME = 160


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("base64_expected", "The file is expected in base64.", {}) from None


# The bytes of a file; base64 in JSON.
Content = Annotated[
    bytes,
    BeforeValidator(_decoded),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]


class FileBody(Body):
    """The base of every upload: the file's name and its content."""

    name: Annotated[Text, Field(min_length=1, max_length=LIMIT_NAME)]
    content: Content


Upload = TypeVar("Upload", bound=Body)


def upload_of(endpoint: Endpoint, schema: type[Upload]) -> Upload:
    """Return an upload from either form. Raises InvalidBody, FileRejected."""
    data = endpoint.request.data
    if hasattr(endpoint.request._request, "raw_json") or not hasattr(data, "getlist"):
        return endpoint.body(schema)
    fields: dict[str, Any] = {}
    for field in data:
        values = data.getlist(field)
        if field == "file" and all(isinstance(one, UploadedFile) for one in values):
            fields |= _file(values[0])
        else:
            fields[field] = values[0] if len(values) == 1 else values
    if "content" not in fields:
        raise field_missing("file")
    try:
        # A form has text alone: numbers and truth values are read from it.
        return schema.model_validate(fields, strict=False)
    except ValidationError as error:
        raise refused(error) from error


def _file(sent: UploadedFile) -> dict[str, Any]:
    if sent.size is None or sent.size > LIMIT_BYTES:
        raise FileRejected(field="file", reason=f"> {LIMIT_BYTES // MIB} MB")
    return {"name": (sent.name or "")[:LIMIT_NAME], "content": sent.read()}


def as_forms(schema: type[Body]) -> dict[str, Any]:
    """Return an upload's body as the schema tells of it, in both forms."""
    plain = schema.model_json_schema(ref_template="#/components/schemas/{model}")
    properties = {
        name: part for name, part in plain["properties"].items() if name not in ("name", "content", "geojson")
    }
    form = {
        "type": "object",
        "additionalProperties": False,
        "properties": {**properties, "file": {"type": "string", "format": "binary"}},
        "required": [*(name for name in plain.get("required", []) if name in properties), "file"],
    }
    return {"application/json": schema, "multipart/form-data": form}
