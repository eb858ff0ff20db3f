"""The base of the API: tokens, bodies, request numbers, pages, rate, problems."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from accounts import services
from accounts.models import ApiUsage, AuditRecord, IdempotencyRecord
from accounts.rules import Role
from tests.accounts import makers, sample_urls

SAMPLES = "/api/v1/samples/"
GOOD = {"name": "a", "quantity": 5}


@pytest.fixture(autouse=True)
def _sample_routes(settings):
    settings.ROOT_URLCONF = "tests.accounts.sample_urls"
    sample_urls.RUNS.clear()
    sample_urls.NUDGES.clear()


def token_of(new, scope=""):
    """Return a bearer token from the token endpoint."""
    values = {"grant_type": "client_credentials", "client_id": new.client_id, "client_secret": new.client_secret}
    answer = Client().post("/oauth/token/", {**values, **({"scope": scope} if scope else {})})
    assert answer.status_code == 200, answer.content
    return answer.json()["access_token"]


def bearer(at, *scopes):
    return {"Authorization": f"Bearer {token_of(makers.a_client(*(scopes or ('orders:write',)), at=at))}"}


def posted(body, headers, path=SAMPLES, **more):
    raw = body if isinstance(body, str | bytes) else json.dumps(body)
    return Client().post(path, raw, content_type="application/json", headers={**headers, **more})


@pytest.mark.django_db
class TestTokens:
    def test_a_client_acts_for_its_organisation_in_its_scopes(self, at):
        firm = makers.an_organisation(at=at)
        new = makers.a_client("organisations:read", "orders:read", at=at, organisation_id=firm)

        answer = Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {token_of(new)}"}).json()

        assert answer["kind"] == "client"
        assert answer["organisation"]["id"] == firm
        assert answer["scopes"] == ["orders:read", "organisations:read"]

    def test_only_own_scopes_are_given_and_a_narrower_token_stays_narrow(self, at):
        new = makers.a_client("organisations:read", "orders:read", at=at)
        values = {"grant_type": "client_credentials", "client_id": new.client_id, "client_secret": new.client_secret}

        refused = Client().post("/oauth/token/", {**values, "scope": "ledger:write"})
        narrow = token_of(new, "orders:read")

        assert refused.status_code == 400
        assert refused.json()["error"] == "invalid_scope"
        answer = Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {narrow}"})
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")

    def test_the_secret_is_stored_as_a_hash(self, at):
        new = makers.a_client(at=at)

        assert not AccessToken._meta.get_field("application").related_model.objects.filter(
            client_secret=new.client_secret
        )

    @pytest.mark.parametrize("how", ["unknown", "expired", "closed", "rotated", "waiting"])
    def test_a_token_that_does_not_count_is_answered_401(self, how, at):
        admins = makers.administrators(at)
        system = makers.the_actor(admins.system_id, at)
        new = makers.a_client(at=at)
        token = token_of(new)
        if how == "unknown":
            token = "x" * 30
        elif how == "expired":
            AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
        elif how == "closed":
            services.close_api_client(api_client_id=new.id, actor=system, at=at)
        elif how == "rotated":
            services.rotate_client_secret(api_client_id=new.id, actor=system, at=at)
        else:
            makers.queries.api_client(system, new.id).__class__.objects.filter(pk=new.id).update(
                approved_by=None, approved_at=None
            )

        answer = Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"})

        assert (answer.status_code, answer.json()["code"]) == (401, "token_rejected")
        assert answer["WWW-Authenticate"].startswith("Bearer")

    def test_a_session_beside_a_bad_token_does_not_count(self, at):
        person = makers.a_person(Role.OWNER, at=at)
        client = Client()
        client.force_login(makers.User.objects.get(pk=person.user_id), backend=makers_backend())

        assert client.get("/api/v1/me/", headers={"Authorization": "Bearer nothing"}).status_code == 401

    def test_a_browsers_session_needs_the_csrf_token(self, at):
        person = makers.a_person(Role.OWNER, at=at)
        client = Client(enforce_csrf_checks=True)
        client.force_login(makers.User.objects.get(pk=person.user_id), backend=makers_backend())

        answer = client.post(SAMPLES, json.dumps(GOOD), content_type="application/json")

        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def makers_backend():
    return "django.contrib.auth.backends.ModelBackend"


@pytest.mark.django_db
class TestBodies:
    @pytest.mark.parametrize(
        ("raw", "status", "code", "field"),
        [
            ('{"name": "a", "quantity": 5, "state": "filled"}', 422, "unknown_field", "state"),
            ('{"name": "a", "quantity": 0}', 422, "invalid_quantity", "quantity"),
            ('{"name": "a", "quantity": -5}', 422, "invalid_quantity", "quantity"),
            ('{"name": "a", "quantity": 1.5}', 422, "invalid_quantity", "quantity"),
            ('{"name": "a", "quantity": 1e400}', 422, "invalid_quantity", "quantity"),
            ('{"name": "a", "quantity": "５"}', 422, "invalid_quantity", "quantity"),
            ('{"name": "a", "quantity": "1,000"}', 422, "invalid_quantity", "quantity"),
            ('{"name": "a", "quantity": true}', 422, "invalid_quantity", "quantity"),
            ('{"name": "a", "quantity": 99999999999999999999}', 422, "invalid_quantity", "quantity"),
            ('{"name": "a\\u202e", "quantity": 5}', 422, "invalid_text", "name"),
            ('{"name": "a\\u0000", "quantity": 5}', 422, "invalid_text", "name"),
            ('{"name": 7, "quantity": 5}', 422, "invalid_field", "name"),
            ('{"quantity": 5}', 422, "field_missing", "name"),
            ('{"name": "a", "quantity": 5, "lines": [{"price": 1}]}', 422, "invalid_field", "lines.0.price"),
            ("[]", 400, "json_rejected", ""),
            ('{"name": "a", "name": "b"}', 400, "json_rejected", "name"),
            ('{"quantity": NaN}', 400, "json_rejected", ""),
            ("{", 400, "json_rejected", ""),
            ("[" * 21 + "]" * 21, 400, "json_rejected", ""),
            (b'{"name": "\xff"}', 400, "json_rejected", ""),
        ],
    )
    def test_bad_input_is_named_and_nothing_is_stored(self, raw, status, code, field, at):
        headers = {**bearer(at), "Idempotency-Key": "k"}
        before = AuditRecord.objects.count()

        answer = posted(raw, headers)

        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (status, code, field)
        assert answer["Content-Type"] == "application/problem+json"
        assert AuditRecord.objects.count() == before
        assert not IdempotencyRecord.objects.exists()

    def test_brackets_in_texts_are_no_depth(self, at):
        answer = posted({"name": "[" * 50 + '"' + "{" * 50, "quantity": 5}, {**bearer(at), "Idempotency-Key": "k"})

        assert answer.status_code == 201

    def test_more_than_ten_megabytes_are_refused(self, at):
        answer = posted(b'{"name": "' + b"a" * (10 * 1024 * 1024) + b'"}', {**bearer(at), "Idempotency-Key": "k"})

        assert (answer.status_code, answer.json()["code"]) == (400, "json_rejected")

    def test_another_content_type_is_415(self, at):
        answer = Client().post(SAMPLES, "a=1", content_type="text/xml", headers={**bearer(at), "Idempotency-Key": "k"})

        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")

    def test_messages_follow_the_language_and_codes_do_not(self, at):
        headers = {**bearer(at), "Idempotency-Key": "k"}

        chinese = posted('{"name": "a", "quantity": -5}', headers).json()
        english = posted('{"name": "a", "quantity": -5}', headers, **{"Accept-Language": "en"}).json()

        assert chinese["code"] == english["code"] == "invalid_quantity"
        assert "数量" in chinese["detail"]
        assert "-5" in chinese["detail"]
        assert english["detail"] == "The quantity must be a positive whole number, found “-5”."


@pytest.mark.django_db
class TestRequestNumbers:
    def test_a_replay_gets_the_first_answer_byte_for_byte(self, at):
        headers = {**bearer(at), "Idempotency-Key": "k1"}

        first, again = posted(GOOD, headers), posted(GOOD, headers)

        assert first.status_code == again.status_code == 201
        assert first.content == again.content
        assert first["Location"] == again["Location"]
        assert "Idempotent-Replay" not in first
        assert again["Idempotent-Replay"] == "true"
        assert sample_urls.RUNS == ["a"]

    def test_another_body_or_path_under_the_number_is_409(self, at):
        headers = {**bearer(at), "Idempotency-Key": "k1"}
        posted(GOOD, headers)

        answer = posted({"name": "b", "quantity": 5}, headers)

        assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
        assert sample_urls.RUNS == ["a"]

    def test_the_number_is_the_clients_own(self, at):
        first = posted(GOOD, {**bearer(at), "Idempotency-Key": "k1"})
        other = posted(GOOD, {**bearer(at), "Idempotency-Key": "k1"})

        assert first.json()["id"] != other.json()["id"]
        assert "Idempotent-Replay" not in other

    @pytest.mark.parametrize(
        ("key", "code"),
        [(None, "key_required"), ("", "key_required"), ("k" * 200, "header_rejected"), ("钥", "header_rejected")],
    )
    def test_a_missing_or_bad_number_is_400(self, key, code, at):
        answer = posted(GOOD, {**bearer(at), **({} if key is None else {"Idempotency-Key": key})})

        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert sample_urls.RUNS == []

    def test_a_refusal_undoes_everything_and_leaves_the_number_free(self, at):
        headers = {**bearer(at), "Idempotency-Key": "k1"}
        before = AuditRecord.objects.count()

        refused = posted({"name": "refused", "quantity": 5}, headers)

        assert refused.status_code == 404
        assert AuditRecord.objects.count() == before
        assert posted(GOOD, headers).status_code == 201


def test_six_equal_requests_at_once_have_one_effect(committed, at):
    headers = {**bearer(at), "Idempotency-Key": "k1"}
    answers = []

    def ask():
        try:
            answers.append(posted({"name": "slow", "quantity": 5}, headers))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.headers.get("Idempotent-Replay", "") for answer in answers) == ["", *["true"] * 5]
    assert sample_urls.RUNS == ["slow"]
    assert sample_urls.NUDGES == ["slow"]  # After the commit, once.
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.django_db
class TestPages:
    def filled(self, at, count):
        return [
            services.record_audit(actor=None, verb="page", subject=f"row:{n}", before=None, after=None, at=at)
            for n in range(count)
        ]

    def test_pages_neither_skip_nor_repeat_while_rows_are_added(self, at):
        ids = self.filled(at, 5)
        client, seen = Client(), []

        address = f"{SAMPLES}?verb=page&page_size=2"
        while address:
            page = client.get(address).json()
            assert set(page) == {"next", "previous", "results"}
            seen += [row["id"] for row in page["results"]]
            address = page["next"]
            self.filled(at, 1)  # New rows come first in the list and must not shift the pages.

        assert seen == sorted(ids, reverse=True)

    def test_rows_read_already_are_paged_the_same(self):
        client = Client()
        first = client.get("/api/v1/listed-samples/?page_size=2").json()
        second = client.get(first["next"]).json()
        last = client.get(second["next"]).json()

        assert [row["n"] for row in first["results"] + second["results"] + last["results"]] == [1, 2, 3, 4, 5]
        assert (first["previous"], last["next"]) == (None, None)
        assert client.get(last["previous"]).json()["results"] == second["results"]
        assert client.get(second["previous"]).json()["results"] == first["results"]

    @pytest.mark.parametrize(
        ("query", "status", "code"),
        [
            ("page_size=1000000000", 422, "page_too_large"),
            ("page_size=0", 422, "invalid_field"),
            ("page_size=-1", 422, "invalid_field"),
            ("cursor=%25%25", 400, "cursor_rejected"),
            ("_connector=OR", 400, "unknown_filter"),
            ("verb__in=a", 400, "unknown_filter"),
        ],
    )
    def test_bad_pages_and_filters_are_refused(self, query, status, code):
        answer = Client().get(f"{SAMPLES}?{query}")

        assert (answer.status_code, answer.json()["code"]) == (status, code)

    def test_a_read_that_has_not_changed_is_304(self, at):
        self.filled(at, 1)
        client = Client()
        first = client.get(f"{SAMPLES}?verb=page")

        again = client.get(f"{SAMPLES}?verb=page", headers={"If-None-Match": first["ETag"]})
        self.filled(at, 1)
        changed = client.get(f"{SAMPLES}?verb=page", headers={"If-None-Match": first["ETag"]})

        assert (again.status_code, again.content) == (304, b"")
        assert changed.status_code == 200
        assert changed["ETag"] != first["ETag"]


@pytest.mark.django_db
class TestRate:
    def test_headers_count_down_and_the_limit_refuses_with_its_rule(self, at, monkeypatch):
        headers = bearer(at, "organisations:read")

        first, second = (Client().get("/api/v1/me/", headers=headers) for _ in range(2))
        assert int(first["RateLimit-Remaining"]) - int(second["RateLimit-Remaining"]) == 1
        ApiUsage.objects.update(requests=int(first["RateLimit-Limit"]))
        refused = Client().get("/api/v1/me/", headers=headers)

        # The minute may have turned over between the two.
        if refused.status_code == 200:
            ApiUsage.objects.update(requests=int(first["RateLimit-Limit"]))
            refused = Client().get("/api/v1/me/", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
        assert refused.json()["rule"]["key"] == "api.requests_per_minute"
        assert int(refused["Retry-After"]) <= 60

    def test_clients_are_counted_apart(self, at):
        Client().get("/api/v1/me/", headers=bearer(at, "organisations:read"))
        Client().get("/api/v1/me/", headers=bearer(at, "organisations:read"))

        assert set(ApiUsage.objects.values_list("requests", flat=True)) == {1}


@pytest.mark.django_db
class TestProblems:
    def test_foreign_and_missing_look_the_same(self, at):
        firm, foreign = makers.an_organisation(at=at), makers.an_organisation(at=at)
        new = makers.a_client("organisations:read", at=at, organisation_id=firm)
        headers = {"Authorization": f"Bearer {token_of(new)}"}

        theirs, missing, absent = (
            Client().get(f"/api/v1/organisations/{pk}/", headers=headers) for pk in (foreign, 10**6, 2**63)
        )

        assert theirs.status_code == missing.status_code == absent.status_code == 404
        assert theirs.content == missing.content == absent.content
        assert [row["id"] for row in Client().get("/api/v1/organisations", headers=headers).json()["results"]] == [firm]

    def test_addresses_work_with_and_without_the_slash(self, at):
        headers = {**bearer(at), "Idempotency-Key": "k"}

        assert posted(GOOD, headers, path="/api/v1/samples").status_code == 201

    def test_nobody_gets_401_and_the_wrong_scope_403(self, at):
        nobody = Client().post(SAMPLES, "{}", content_type="application/json")
        other = posted(GOOD, bearer(at, "orders:read"))

        assert (nobody.status_code, nobody.json()["code"]) == (401, "not_signed_in")
        assert (other.status_code, other.json()["code"]) == (403, "scope_missing")
        assert sample_urls.RUNS == []

    def test_a_verb_without_a_row_is_405_with_the_others(self):
        answer = Client().delete(SAMPLES)

        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert answer["Allow"] == "GET, POST"

    def test_a_lost_lock_is_503_and_our_own_mistake_500_without_detail(self):
        client = Client(raise_request_exception=False)

        busy = client.get("/api/v1/failing/busy/")
        bug = client.get("/api/v1/failing/bug/")
        crash = client.get("/api/v1/failing/crash/")

        assert (busy.status_code, busy.json()["code"]) == (503, "busy")
        assert busy["Retry-After"] == "2"
        assert bug.status_code == crash.status_code == 500
        assert bug.json()["code"] == "internal_error"
        assert "constraint" not in bug.content.decode()

    def test_an_unknown_address_is_a_problem_too(self):
        answer = Client().get("/api/v1/nothing-here/")

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer["Content-Type"] == "application/problem+json"
