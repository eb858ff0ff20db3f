"""Bodies and filters as pydantic schemas, and the words for what is wrong with them."""

from typing import Annotated, Any, TypeVar

from django.utils.translation import gettext_noop as _
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails, PydanticCustomError

from accounts.errors import FieldProblem, InvalidBody

LIMIT_QUANTITY = 10**12  # A technical bound far above any batch: what fits the columns with room to spare.


class Body(BaseModel):
    """The base of every request body: no unknown fields, no silent conversion of types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Filters(BaseModel):
    """The base of every list's query parameters: they arrive as text, unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _whole_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LIMIT_QUANTITY:
        raise PydanticCustomError(
            "invalid_quantity",
            "The quantity must be a positive whole number, found “{found_value}”.",
            {"found_value": str(value)[:40]},
        )
    return value


# Whole tonnes or fen, above 0: anything else is answered with `invalid_quantity`.
Quantity = Annotated[
    int,
    BeforeValidator(_whole_number),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": LIMIT_QUANTITY}),
]


def _clean_text(value: Any) -> Any:
    if isinstance(value, str) and any(_is_refused(sign) for sign in value):
        raise PydanticCustomError("invalid_text", "The text holds control characters.", {})
    return value


def _is_refused(sign: str) -> bool:
    """Return whether a character may not stand in a text: controls, marks that turn direction, lone surrogates."""
    code = ord(sign)
    return (
        (code < 0x20 and sign not in "\t\n\r")
        or 0x7F <= code < 0xA0
        or 0x202A <= code <= 0x202E
        or 0x2066 <= code <= 0x2069
        or 0xD800 <= code <= 0xDFFF
    )


# A text without control characters, marks that turn the direction, or lone surrogates.
Text = Annotated[str, BeforeValidator(_clean_text)]


def _clean_tree(value: Any) -> Any:
    if isinstance(value, dict):
        for name, part in value.items():
            _clean_text(name)
            _clean_tree(part)
    elif isinstance(value, list):
        for part in value:
            _clean_tree(part)
    else:
        _clean_text(value)
    return value


# Any JSON object whose texts and names are such texts; its depth is bounded by the parser.
JsonObject = Annotated[dict[str, Any], BeforeValidator(_clean_tree)]

# English sentences for pydantic's error types; {names} come from the error's own context.
WORDS = {
    "missing": _("This field is needed."),
    "extra_forbidden": _("The field {name} is not accepted here."),
    "int_type": _("A whole number is expected."),
    "int_parsing": _("A whole number is expected."),
    "int_from_float": _("A whole number is expected."),
    "string_type": _("A text is expected."),
    "bool_type": _("true or false is expected."),
    "bool_parsing": _("true or false is expected."),
    "decimal_type": _("A decimal number as text is expected, as “12.34”."),
    "decimal_parsing": _("A decimal number as text is expected, as “12.34”."),
    "dict_type": _("A JSON object is expected."),
    "model_type": _("A JSON object is expected."),
    "list_type": _("A list is expected."),
    "enum": _("One of these is expected: {expected}."),
    "literal_error": _("One of these is expected: {expected}."),
    "string_too_long": _("At most {max_length} characters are taken."),
    "string_too_short": _("At least {min_length} characters are needed."),
    "too_long": _("At most {max_length} entries are taken."),
    "too_short": _("At least {min_length} entries are needed."),
    "string_pattern_mismatch": _("The text does not have the form that is expected here."),
    "greater_than": _("The value must be greater than {gt}."),
    "greater_than_equal": _("The value must be at least {ge}."),
    "less_than": _("The value must be less than {lt}."),
    "less_than_equal": _("The value must be at most {le}."),
    "date_from_datetime_parsing": _("A date is expected, as 2026-03-02."),
    "date_parsing": _("A date is expected, as 2026-03-02."),
    "datetime_parsing": _("A time with offset is expected, as 2026-03-02T10:00:00+08:00."),
    "datetime_from_date_parsing": _("A time with offset is expected, as 2026-03-02T10:00:00+08:00."),
    "timezone_aware": _("A time with offset is expected, as 2026-03-02T10:00:00+08:00."),
}
OTHER = _("The value is not valid here.")
# Our own words come ready in the error and are translated by themselves.
_OWN = {
    "invalid_quantity": _("The quantity must be a positive whole number, found “{found_value}”."),
    "invalid_text": _("The text holds control characters."),
    "base64_expected": _("The file is expected in base64."),
}

Schema = TypeVar("Schema", bound=BaseModel)


def parsed(schema: type[Schema], raw: bytes) -> Schema:
    """Return the JSON text as an instance of the schema. Raises InvalidBody with every field that is wrong."""
    try:
        return schema.model_validate_json(raw or b"{}")
    except ValidationError as error:
        raise refused(error) from error


def field_missing(field: str) -> InvalidBody:
    """Return the refusal of a body without a field that this request needs."""
    return InvalidBody(problems=[FieldProblem(field=field, code="field_missing", message=WORDS["missing"], found={})])


def refused(error: ValidationError) -> InvalidBody:
    """Return pydantic's findings as our refusal, in their order, unknown fields first."""
    problems = [_problem(detail) for detail in error.errors(include_url=False, include_input=False)]
    problems.sort(key=lambda problem: problem.code != "unknown_field")
    return InvalidBody(problems=problems)


def _problem(detail: ErrorDetails) -> FieldProblem:
    kind, field = detail["type"], ".".join(str(part) for part in detail["loc"])
    found = {name: value for name, value in detail.get("ctx", {}).items() if isinstance(value, str | int | float)}
    if kind == "extra_forbidden":
        return FieldProblem(field=field, code="unknown_field", message=WORDS[kind], found={"name": field[:80]})
    if kind in WORDS:
        code = "field_missing" if kind == "missing" else "invalid_field"
        return FieldProblem(field=field, code=code, message=WORDS[kind], found=found)
    if kind in _OWN:
        return FieldProblem(field=field, code=kind, message=_OWN[kind], found=found)
    return FieldProblem(field=field, code="invalid_field", message=OTHER, found={})
