"""The OpenAPI schema: it builds without a warning, says everything of every endpoint, and its names are unique."""

import importlib
import json
import pkgutil
import re
from importlib.util import find_spec

import pytest
from django.conf import settings
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from config.urls import api_routes

UNDESCRIBED = {"/api/v1/schema/", "/api/v1/docs/", "/api/v1/problems/"}  # Pages, and the schema itself.


@pytest.fixture(scope="module")
def schema():
    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema):
    for address, verbs in schema["paths"].items():
        for verb, operation in verbs.items():
            yield address, verb.upper(), operation


def test_it_builds_without_a_warning(schema):
    assert dict(GENERATOR_STATS._warn_cache) == {}
    assert dict(GENERATOR_STATS._error_cache) == {}


def test_every_verb_of_every_route_is_described(schema):
    from config.api.openapi import _as_path

    stated = {(_as_path(str(one.pattern)), verb) for one in api_routes for verb in one.callback.access}
    stated = {(address, verb) for address, verb in stated if address not in UNDESCRIBED}
    assert stated == {(address, verb) for address, verb, _ in operations(schema)}


def test_every_operation_says_what_it_takes_gives_and_refuses(schema):
    names = [operation["operationId"] for _, _, operation in operations(schema)]
    assert len(names) == len(set(names))
    for address, verb, operation in operations(schema):
        assert operation["description"], (address, verb)
        good = [status for status in operation["responses"] if status.startswith("2")]
        assert len(good) == 1, (address, verb)
        assert "404" in operation["responses"], (address, verb)
        assert "application/problem+json" in operation["responses"]["404"]["content"]
        assert operation["security"] is not None


def test_the_names_of_models_are_unique():
    found: dict[str, type] = {}
    for room in ("config", *filter(lambda room: find_spec(f"{room}.api"), settings.ROOMS)):
        package = importlib.import_module(f"{room}.api")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, BaseModel):
                    assert found.setdefault(value.__name__, value) is value, value.__name__
    assert len(found) > 30


def test_every_component_is_a_json_schema(schema):
    for part in schema["components"]["schemas"].values():
        Draft202012Validator.check_schema(part)


def examples():
    """Give address and body of every call with a JSON body in the guide."""
    text = (settings.BASE_DIR / "docs" / "api.md").read_text()
    for address, body in re.findall(r"api \"?(/[^\s\"]+)\"?(?:(?!api \"?/).)*?-d '(\{.*?\})'", text, re.DOTALL):
        yield re.sub(r"\$[A-Z]+", "1", address.partition("?")[0]), json.loads(body)


def test_the_guides_examples_are_what_the_schema_takes(schema):
    found = list(examples())
    assert len(found) >= 7
    for address, body in found:
        (operation,) = [
            verbs["post"]
            for pattern, verbs in schema["paths"].items()
            if "post" in verbs and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), f"/api/v1{address}")
        ]
        part = operation["requestBody"]["content"]["application/json"]["schema"]
        Draft202012Validator({**part, "components": schema["components"]}).validate(body)
