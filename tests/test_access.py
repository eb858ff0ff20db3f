"""The access table: every route states who may use each of its verbs, and nobody else gets an answer."""

import re

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path

from accounts.api.endpoint import Endpoint
from accounts.rules import Access, AccessKind, Role
from tests.accounts.makers import a_person, signed_in_as

UNKNOWN_ID, UNKNOWN_TEXT = "987654321", "none-such"


def routes(patterns=None, prefix=""):
    """Give every route of the installation: address, name, view."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, prefix + str(one.pattern))
        else:
            assert isinstance(one, URLPattern)
            yield prefix + str(one.pattern), one.name, one.callback


def without_rows(patterns=None):
    """Return the addresses of routes that state nothing, or something that is no access row."""
    return [
        address
        for address, _name, view in routes(patterns)
        if not getattr(view, "access", None) or not all(isinstance(row, Access) for row in view.access.values())
    ]


def filled(address: str) -> str:
    """Return an address with something in each of its places that surely does not exist."""
    text = re.sub(r"<(?:(\w+):)?\w+>", lambda found: UNKNOWN_ID if found[1] == "int" else UNKNOWN_TEXT, address)
    text = re.sub(r"\(\?P<\w+>[^)]*\)", UNKNOWN_TEXT, text)
    return "/" + re.sub(r"[\^$?\\]", "", text)


def test_every_route_states_who_may_use_it():
    assert len(list(routes())) > 60
    assert without_rows() == []


def test_a_route_without_rows_is_found():
    assert without_rows([path("forgotten/", lambda request: None, name="forgotten")]) == ["forgotten/"]


def test_a_role_that_a_row_names_exists():
    for address, _name, view in routes():
        for row in view.access.values():
            assert row.roles <= set(Role), address


CLOSED = [
    (address, verb)
    for address, _name, view in routes()
    for verb, row in view.access.items()
    if row.kind is not AccessKind.PUBLIC
]


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "verb"), CLOSED, ids=lambda value: str(value))
def test_nobody_is_let_in_where_signing_in_is_needed(address, verb):
    target = filled(address)
    answer = Client().generic(verb, target, data=b"{}", content_type="application/json")
    if target.startswith("/api/"):
        assert answer.status_code == 401, answer.content
        assert answer.json()["code"] == "not_signed_in"
    elif verb == "GET":
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/")
    else:
        assert answer.status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.AUDIT_ADMIN, Role.VALIDATOR])
def test_a_signed_in_person_without_the_role_is_refused(at, role):
    client = signed_in_as(a_person(role, at=at))
    for address, _name, view in routes():
        for verb, row in view.access.items():
            if row.kind is not AccessKind.ROLES or role in row.roles:
                continue
            target = filled(address)
            answer = client.generic(verb, target, data=b"{}", content_type="application/json")
            assert answer.status_code == 403, (verb, target, answer.status_code)


@pytest.mark.django_db
def test_a_verb_without_a_row_is_not_answered():
    assert Client().put("/api/v1/instruments/").status_code == 405
    assert Client().delete("/market/").status_code == 405


@pytest.mark.django_db
def test_no_read_of_the_api_passes_over_a_filter_it_does_not_know(at):
    """Whoever filters by what is not there would take the whole list for the answer."""
    clients: dict[Role, Client] = {}
    asked = 0
    for address, _name, view in routes():
        row = view.access.get("GET")
        if row is None or not issubclass(getattr(view, "cls", object), Endpoint):
            continue
        role = min(row.roles, default=Role.AUDITOR)
        client = clients.setdefault(role, signed_in_as(a_person(role, at=at)))
        answer = client.get(f"{filled(address)}?none_such=1")
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_filter"), address
        asked += 1
    assert asked > 60
