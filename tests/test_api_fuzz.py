"""Hostile calls: whatever is sent to any address of the API by anyone, the answer is never our own mistake (5xx)."""

import json
import random
import time

import pytest
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from accounts.rules import Role
from tests.accounts.makers import User, a_client, a_person
from tests.registry import credit_makers
from tests.registry.makers import People, a_draft
from tests.test_access import routes

pytestmark = pytest.mark.django_db
SECONDS = 25
SEED = 20260302
IDS = ["0", "1", "2147483648", str(2**63 - 1), str(2**63), "9" * 40]
TEXTS = ["none-such", "%00", "%ED%A0%80", "..%2F..%2Fetc", "'%3B--", "%E2%80%AE", "x" * 300, "%F0%9F%8C%B2" * 30]
QUERIES = [
    "",
    "?cursor=%00",
    "?cursor=bnVsbA==",
    "?cursor=cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk=",
    "?page_size=99999999999999999999",
    "?state=%00&text=%00",
    "?text=%25%5C%27",
    "?before=99999999999999999999999",
    "?step=%00",
    "?project=99999999999999999999",
    "?wait=-1",
    "?format=xml",
]
RAW = [b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"a": 1e999}', b'{"a": ' + b"[" * 30 + b"]" * 30 + b"}", b"{}"]
LEAVES = {
    "string": ["", "a", "文" * 5000, "\u0000", "\u202e", "2026-02-30", "2026-03-02", "150430", "-1.5", "=cmd", "AAAA"],
    "integer": [0, 1, -1, 2**31, 2**63, 10**30, True],
    "number": [0, -1e308, 1.5, 10**400],
    "boolean": [True, False, "true", None],
    "null": [None],
}
ROLES = [
    Role.OWNER,
    Role.BANNER_CLERK,
    Role.LEAGUE_REVIEWER,
    Role.REGION_MAKER,
    Role.REGION_CHECKER,
    Role.ECOLOGY_RECORDER,
    Role.VALIDATOR,
    Role.VERIFIER,
    Role.FIRM_INITIATOR,
    Role.EXCHANGE_OPERATOR,
    Role.AUDITOR,
    Role.SYSTEM_ADMIN,
]
SCOPES = ("registry:read", "registry:write", "orders:read", "orders:write", "ledger:read", "ledger:write")


def a_value(chance, part, components, depth=0):
    """Return a value for a part of a schema: mostly of its type, seldom good."""
    if "$ref" in part:
        part = components[part["$ref"].rpartition("/")[2]]
    if "anyOf" in part:
        part = chance.choice(part["anyOf"])
    if "enum" in part and chance.random() < 0.8:
        return chance.choice(part["enum"])
    if "const" in part:
        return part["const"]
    kind = part.get("type", "string")
    if kind == "object":
        named = part.get("properties", {})
        found = {
            name: a_value(chance, one, components, depth + 1)
            for name, one in named.items()
            if name in part.get("required", []) or chance.random() < 0.5
        }
        if not named or chance.random() < 0.05:
            found[chance.choice(["a", "\u0000", "__proto__"])] = chance.choice(LEAVES["string"] + LEAVES["integer"])
        return found
    if kind == "array":
        count = chance.choice([0, 1, 3, 1000 if depth < 2 else 2])
        return [a_value(chance, part.get("items", {}), components, depth + 1)] * count
    if chance.random() < 0.1:
        return chance.choice([None, [], {}, "x", 5])
    return chance.choice(LEAVES.get(kind, LEAVES["string"]))


def callers(at, people):
    """Return everyone who calls: nobody, an owner's client, and a person of each role."""
    nobody = Client(raise_request_exception=False)
    new = a_client(*SCOPES, at=at, organisation_id=people.owner.organisation_id)
    values = {"grant_type": "client_credentials", "client_id": new.client_id, "client_secret": new.client_secret}
    token = Client().post("/oauth/token/", values).json()["access_token"]
    found = [("nobody", nobody, {}), ("client", nobody, {"Authorization": f"Bearer {token}"})]
    for role in ROLES:
        actor = people.owner if role is Role.OWNER else a_person(role, at=at)
        http = Client(raise_request_exception=False)
        http.force_login(User.objects.get(pk=actor.user_id), backend="django.contrib.auth.backends.ModelBackend")
        session = http.session
        session["organisation_id"], session["confirmed_at"] = actor.organisation_id, at.isoformat()
        session.save()
        found.append((role.value, http, {}))
    return found


def test_no_call_breaks_the_api(at, monkeypatch, settings):
    settings.DEMO = True
    monkeypatch.setattr("accounts.api.throttling.ClientThrottle.allow_request", lambda *_arguments: True)
    monkeypatch.setattr("accounts.web.middleware.now", lambda: at)
    monkeypatch.setattr("registry.tasks.wake_calculation", lambda _job_id: None)
    monkeypatch.setattr("registry.tasks.wake_verification", lambda _run_id: None)
    chance = random.Random(SEED)
    schema = SchemaGenerator().get_schema(request=None, public=True)
    people = People(at)
    project = credit_makers.a_monitored_project(people, at, methodology="W1")
    period = credit_makers.a_period(people, project, at)
    real = {"project_id": [project.pk, a_draft(people, at, complete=False).pk], "period_id": [period.pk]}
    everyone = callers(at, people)
    calls = [
        (address, verb) for address, _name, view in routes() if address.startswith("api/v1/") for verb in view.access
    ]
    assert len(calls) > 100
    broken, done, begun = {}, 0, time.monotonic()
    chance.shuffle(calls)
    while time.monotonic() - begun < SECONDS:
        address, verb = calls[done % len(calls)]
        who, http, headers = chance.choice(everyone)
        target = "/" + _filled(chance, address, real) + chance.choice(QUERIES)
        body = _body(chance, schema, address, verb)
        key = {} if chance.random() < 0.3 else {"Idempotency-Key": chance.choice([str(done), "k", "x" * 200])}
        with transaction.atomic():  # Taken back, so that a broken statement spoils no other call.
            answer = http.generic(verb, target, body, content_type="application/json", headers={**headers, **key})
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            broken[verb, address] = (who, target, body[:300], answer.status_code)
        done += 1
    assert broken == {}
    assert done >= len(calls) or done > 150, f"only {done} calls in {SECONDS} s"


def _filled(chance, address, real):
    parts = []
    for part in address.split("/"):
        if part.startswith("<int:"):
            known = [str(one) for one in real.get(part[5:-1], [])]
            parts.append(chance.choice(known) if known and chance.random() < 0.6 else chance.choice(IDS))
        elif part.startswith("<"):
            parts.append(chance.choice(TEXTS))
        else:
            parts.append(part)
    return "/".join(parts)


def _body(chance, schema, address, verb):
    if verb in ("GET", "DELETE"):
        return b""
    if chance.random() < 0.15:
        return chance.choice(RAW)
    pattern = "/" + address.replace("<int:", "{").replace("<str:", "{").replace(">", "}")
    operation = schema["paths"].get(pattern, {}).get(verb.lower(), {})
    part = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return json.dumps(a_value(chance, part or {"type": "object"}, schema["components"]["schemas"])).encode()
