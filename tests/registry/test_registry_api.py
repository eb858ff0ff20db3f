"""The registry over the API: a project from its draft to a certificate, what is refused, and what never breaks."""

import base64
import io
import json
import zipfile
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from accounts.rules import Role
from registry import queries, services
from registry.models import Document, MonitoringPeriod, ObservationFile, Parcel, Project, PublicComment, Retirement
from settlement.queries import units_by_purpose
from tests.accounts.makers import User, a_client, a_person
from tests.database import check_deferred
from tests.registry import credit_makers, makers
from tests.registry.credit_makers import FIRST, LAST, forest
from tests.registry.makers import People, a_paper, a_square, after_notice, geojson
from tests.test_access import routes

API = "/api/v1"
SCOPES = ("registry:read", "registry:write", "ledger:read", "ledger:write")
pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch, at):
    """The business instant of the next requests; a test moves it."""
    clock = SimpleNamespace(at=at)
    monkeypatch.setattr("accounts.web.middleware.now", lambda: clock.at)
    return clock


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    """Nobody listens: what a request wakes is done by the test, as the sweep would."""
    monkeypatch.setattr("registry.tasks.wake_calculation", lambda _job_id: None)
    monkeypatch.setattr("registry.tasks.wake_verification", lambda _run_id: None)


@pytest.fixture(autouse=True)
def _a_demonstration(settings):
    settings.DEMO = True


@pytest.fixture(scope="module")
def schema():
    """The OpenAPI schema of this installation."""
    return SchemaGenerator().get_schema(request=None, public=True)


@pytest.fixture(scope="module")
def answers(schema):
    """The schema's answers by address pattern and verb, each with a validator."""
    found = {}
    for address, verbs in schema["paths"].items():
        for verb, operation in verbs.items():
            for status, answer in operation["responses"].items():
                for media_type, content in answer.get("content", {}).items():
                    whole = {**content["schema"], "components": schema["components"]}
                    found[address, verb.upper(), status, media_type] = Draft202012Validator(whole)
    return found


class Caller:
    """Someone who calls the API: an API client by its token, or a person by a session whose password is fresh."""

    def __init__(self, clock, answers, *, actor=None, client=None):
        self.clock, self.answers, self.http, self.headers, self.count = clock, answers, Client(), {}, 0
        self.actor = actor
        if client is not None:
            values = {"grant_type": "client_credentials"}
            values |= {"client_id": client.client_id, "client_secret": client.client_secret}
            self.headers["Authorization"] = f"Bearer {self.http.post('/oauth/token/', values).json()['access_token']}"
        elif actor is not None:
            user = User.objects.get(pk=actor.user_id)
            self.http.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def _session(self):
        if self.actor is not None:
            session = self.http.session
            session["organisation_id"] = self.actor.organisation_id
            session["confirmed_at"] = self.clock.at.isoformat()
            session.save()

    def call(self, verb, path, body=None, *, status=None, key=None, **more):
        self._session()
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {}), **more.pop("headers", {})}
        if "content_type" not in more:
            more["content_type"] = "application/json"
            body = b"" if body is None else json.dumps(body)
        answer = self.http.generic(verb, f"{API}{path}", body, headers=headers, **more)
        self._check(answer, verb)
        if status is not None:
            assert answer.status_code == status, answer.content.decode()[:2000]
        return answer

    def _check(self, answer, verb):
        """Every answer is one that the schema tells of."""
        if not answer.content or answer.resolver_match is None:
            return
        address = "/" + answer.resolver_match.route.replace("<int:", "{").replace("<str:", "{").replace(">", "}")
        media_type = answer["Content-Type"].partition(";")[0]
        if media_type not in ("application/json", "application/problem+json"):
            return
        validator = self.answers.get((address, verb, str(answer.status_code), media_type))
        assert validator is not None, (address, verb, answer.status_code, media_type)
        validator.validate(answer.json())

    def get(self, path, status=200):
        return self.call("GET", path, status=status).json()

    def post(self, path, body=None, status=200, **more):
        return self.call("POST", path, body, status=status, **more).json()

    def patch(self, path, body, status=200):
        return self.call("PATCH", path, body, status=status).json()


@pytest.fixture
def world(clock, answers, at):
    """Everyone of a story, each at the API."""
    people = People(at)

    def of(actor):
        return Caller(clock, answers, actor=actor)

    def client_of(organisation_id, *scopes):
        return Caller(clock, answers, client=a_client(*scopes, at=at, organisation_id=organisation_id))

    return SimpleNamespace(
        people=people,
        clock=clock,
        of=of,
        client_of=client_of,
        anyone=Caller(clock, answers),
        owner=client_of(people.owner.organisation_id, *SCOPES),
    )


def encoded(content):
    return base64.b64encode(content).decode()


COMMON = {"land_category": "unused", "tenure": "contract", "tenure_number": "蒙(2020)敖汉旗不动产权第0001号"}


def described(world, **changes):
    return {
        "name": "敖汉旗新惠林场碳汇造林项目",
        "methodology": "F1",
        "division_code": "150430",
        "crediting_first": "2022-01-01",
        "crediting_last": "2041-12-31",
        "validator_id": world.people.validator.organisation_id,
        **changes,
    }


def a_draft(world, *, complete=True, **changes):
    project = world.owner.post("/projects/", described(world, **changes), status=201)
    if complete:
        add_parcels(world, project, a_square())
        for kind in ("design", "tenure"):
            paper = {"kind": kind, "name": f"{kind}.pdf", "content": encoded(a_paper()), "is_public": kind == "design"}
            world.owner.post(f"/projects/{project['id']}/documents/", paper, status=201)
    return project


def add_parcels(world, project, *geometries, status=201):
    body = {**COMMON, "geojson": json.loads(geojson(*geometries))}
    return world.owner.post(f"/projects/{project['id']}/parcels/", body, status=status)


def reviewed(world, project, verb="pass"):
    place = f"/projects/{project['id']}/reviews/"
    for reviewer in (world.people.clerk, world.people.league, world.people.maker):
        caller = world.of(reviewer)
        items = caller.get(place)["checklist"]
        body = {"verb": verb, "opinion": "同意", "checklist": [{"item": item, "passed": True} for item in items]}
        project = caller.post(place, body)
    return project


def a_registered(world, **changes):
    project = a_draft(world, **changes)
    place = f"/projects/{project['id']}"
    assert world.owner.post(f"{place}/submit/")["state"] == "submitted"
    assert reviewed(world, project)["state"] == "accepted"
    assert world.of(world.people.maker).post(f"{place}/publish/")["state"] == "notice_and_validation"
    said = {"author": "王某", "text": "请说明补植计划。"}
    comment = world.anyone.post(f"/register/{project['code']}/comments/", said, status=201)
    validator = world.of(world.people.validator)
    early = validator.post(f"{place}/validation/", {"opinion": "审定通过"}, status=409)
    assert early["code"] == "notice_runs"
    world.clock.at = after_notice(world.clock.at)
    open_still = validator.post(f"{place}/validation/", {"opinion": "审定通过"}, status=409)
    assert open_still["code"] == "comments_open"
    world.owner.post(f"/comments/{comment['id']}/answer/", {"answer": "已补充。"})
    assert validator.post(f"{place}/validation/", {"opinion": "审定通过"})["state"] == "registration_review"
    world.of(world.people.maker).post(f"{place}/registration/proposal/", {"opinion": "建议准予登记"})
    checker, decide = world.of(world.people.checker), f"{place}/registration/decision/"
    decision = {"approve": True, "opinion": "同意", "version": checker.get(f"{place}/")["version"]}
    for version in ({}, {"version": None}):  # Nobody decides on what they have not read.
        blind = checker.post(decide, {"approve": True, "opinion": "同意"} | version, status=422)
        assert [one["field"] for one in blind["errors"]] == ["version"]
    stale = checker.post(decide, {**decision, "version": decision["version"] - 1}, status=409)
    assert stale["code"] == "stale_version"
    checker.post(decide, decision)
    return world.of(world.people.recorder).post(f"{place}/registration/record/")


def test_a_project_from_its_draft_to_a_certificate(world):
    project = a_registered(world)
    assert project["state"] == "registered"
    public = world.anyone.get(f"/register/{project['code']}/")
    assert [one["answer"] for one in public["comments"]] == ["已补充。"]
    assert [one["kind"] for one in public["documents"]] == ["design"]
    assert [one["code"] for one in world.anyone.get("/register/")["results"]] == [project["code"]]

    row = Project.objects.get(pk=project["id"])
    period = a_calculated_period(world, row)
    credits_found = period["credits"]
    assert credits_found > 0
    place = f"/monitoring-periods/{period['id']}"
    verifier = world.of(world.people.verifier)
    owner_is_told = world.owner.post(
        f"{place}/submit/", {"verifier_id": world.people.validator.organisation_id}, status=422
    )
    assert owner_is_told["code"] == "verifier_not_independent"
    world.owner.post(f"{place}/submit/", {"verifier_id": world.people.verifier.organisation_id})
    run_checks(world, period)
    (run,) = world.owner.get(f"{place}/checks/")["results"]
    assert (run["state"], run["has_failed"]) == ("done", False)
    world.of(world.people.maker).post(f"{place}/publish/")
    (report,) = world.anyone.get(f"/register/{project['code']}/")["reports"]
    said = {"author": "李某", "text": "样地如何布设？", "period_id": report["id"]}
    asked = world.anyone.post(f"/register/{project['code']}/comments/", said, status=201)
    world.owner.post(f"/comments/{asked['id']}/answer/", {"answer": "系统布设。"})
    finding = verifier.post(f"{place}/findings/", {"text": "请补充样地照片。"}, status=201)
    world.owner.post(f"/findings/{finding['id']}/answer/", {"answer": "已补充。"})
    for one in verifier.get(f"{place}/findings/")["results"]:
        if not one["answer"]:
            world.owner.post(f"/findings/{one['id']}/answer/", {"answer": "已核对。"})
        verifier.post(f"/findings/{one['id']}/close/")
    world.clock.at = after_notice(world.clock.at)
    verification = verifier.post(f"{place}/verification/", {"opinion": "核查通过"}, status=201)
    assert verification["verified_tonnes"] == credits_found
    assert verifier.get(f"/verifications/{verification['id']}/") == verifier.get(f"{place}/verification/")
    run_checks(world, period)

    issuance = world.of(world.people.maker).post(f"{place}/issuance/", status=201)
    decision = {"approve": True, "opinion": "同意签发", "digest": issuance["digest"]}
    checker, decide = world.of(world.people.checker), f"/issuances/{issuance['id']}/decision/"
    assert checker.post(decide, decision, status=400)["code"] == "key_required"
    for approve in (True, False):
        blind = checker.post(decide, {"approve": approve, "opinion": "同意签发"}, key="blind", status=422)
        assert [(one["field"], one["code"]) for one in blind["errors"]] == [("digest", "field_missing")]
    stale = checker.post(decide, {**decision, "digest": "0" * 64}, key="stale", status=409)
    assert stale["code"] == "stale_version"
    issued = checker.post(decide, decision, key="issue-1")
    again = checker.call("POST", decide, decision, key="issue-1", status=200)
    assert (again["Idempotent-Replay"], again.json()) == ("true", issued)
    assert checker.post(decide, {**decision, "opinion": "另"}, key="issue-1", status=409)["code"] == "key_reused"
    assert sum(batch["tonnes"] for batch in issued["batches"]) == credits_found
    assert world.of(world.people.recorder).post(f"/issuances/{issuance['id']}/record/")["recorded_at"]
    assert [one["id"] for one in world.owner.get("/issuances/")["results"]] == [issuance["id"]]

    batch = issued["batches"][0]
    assert world.anyone.get(f"/batches/{batch['batch']}/")["issued"] == batch["tonnes"]
    asked = {"asset_id": batch["batch"], "tonnes": 3, "beneficiary": "草原音乐节", "purpose": "event"}
    assert world.owner.post("/retirements/", asked, status=400)["code"] == "key_required"
    retirement = world.owner.post("/retirements/", asked, status=201, key="retire-1")
    assert world.owner.post("/retirements/", asked, status=201, key="retire-1") == retirement
    assert world.owner.post("/retirements/", {**asked, "tonnes": 4}, status=409, key="retire-1")["code"] == "key_reused"
    assert retirement["state"] == "retired"
    assert Retirement.objects.count() == 1
    certificate = world.anyone.get(f"/certificates/{retirement['certificate']}/")
    assert (certificate["tonnes"], certificate["beneficiary"]) == (3, "草原音乐节")
    paper = world.anyone.call("GET", f"/certificates/{retirement['certificate']}/pdf/", status=200)
    assert paper.content.startswith(b"%PDF-")
    serial = certificate["serials"][0]["text"].rsplit("-", 3)[0]
    assert serial.startswith(f"NM-CS-150430-F-{row.serial}")
    assert units_by_purpose(batch["batch"])["retired"] == 3
    personal = {**asked, "tonnes": 1, "beneficiary": "巴特尔", "beneficiary_is_person": True, "note": "给巴特尔"}
    personal = world.owner.post("/retirements/", personal, status=201, key="retire-2")["certificate"]
    known = world.anyone.get(f"/certificates/{personal}/")
    assert (known["beneficiary"], known["organisation"], known["note"]) == ("巴**", "", "")
    assert world.anyone.call("GET", f"/certificates/{personal}/pdf/").status_code == 404
    check_deferred()


def test_a_project_is_suspended_resumed_and_taken_off_the_register(world):
    row = credit_makers.a_monitored_project(world.people, world.clock.at)
    place = f"/projects/{row.pk}"
    maker, checker = world.of(world.people.maker), world.of(world.people.checker)
    order = {"reason": "举报核实中", "order_number": "内林草函〔2026〕1号", "version": row.version}
    assert maker.post(f"{place}/suspend/", order, status=403)["code"] == "role_missing"
    for left_out in order:
        body = {name: value for name, value in order.items() if name != left_out}
        (missing,) = checker.post(f"{place}/suspend/", body, status=422)["errors"]
        assert (missing["field"], missing["code"]) == (left_out, "field_missing")
    stale = checker.post(f"{place}/suspend/", {**order, "version": row.version + 1}, status=409)
    assert stale["code"] == "stale_version"
    suspended = checker.post(f"{place}/suspend/", order)
    assert (suspended["state"], suspended["resumption"]) == ("suspended", None)
    public = world.anyone.get(f"/register/{row.code}/")
    ((verb, number),) = [(one["verb"], one["order_number"]) for one in public["changes"]]
    assert (verb, number) == ("suspend", order["order_number"])

    asked = maker.post(f"{place}/resumption/proposal/", {"reason": "核实无误"})["resumption"]
    assert world.owner.get(f"{place}/standing/")["resumption"] == asked
    answer = {"digest": asked["digest"], "reason": "同意"}
    assert maker.post(f"{place}/resume/", answer, status=403)["code"] == "role_missing"
    (missing,) = checker.post(f"{place}/resume/", {"reason": "同意"}, status=422)["errors"]
    assert missing["field"] == "digest"
    kept = checker.post(f"{place}/resumption/refusal/", {**answer, "reason": "材料不足"})
    assert (kept["state"], kept["resumption"]) == ("suspended", None)
    again = maker.post(f"{place}/resumption/proposal/", {"reason": "已补充材料"})["resumption"]
    assert checker.post(f"{place}/resume/", answer, status=409)["code"] == "stale_version"
    resumed = checker.post(f"{place}/resume/", {"digest": again["digest"]})
    assert resumed["state"] == "registered"
    ended = checker.post(f"{place}/deregister/", {"reason": "业主申请", "version": resumed["version"]})
    assert [one["verb"] for one in ended["changes"]] == ["deregister", "resume", "suspend"]
    assert world.owner.get(f"{place}/")["state"] == "deregistered"


def a_calculated_period(world, row, *, confirmed=True):
    dates = {"first": FIRST.isoformat(), "last": LAST.isoformat()}
    period = world.owner.post(f"/projects/{row.pk}/monitoring-periods/", dates, status=201)
    place, area = f"/monitoring-periods/{period['id']}", credit_makers.area_of(row)
    for date_of in ("earlier", "later"):
        book = SimpleUploadedFile("样地.xlsx", forest(area, grown=date_of == "later"))
        form = {"kind": "forest_plots", "date_of": date_of, "file": book}
        answer = world.owner.http.post(f"{API}{place}/observations/", form, headers=world.owner.headers)
        assert answer.status_code == 201, answer.content
    assert {one["date_of"] for one in world.owner.get(f"{place}/observations/")["results"]} == {"earlier", "later"}
    calculate(world, period)
    record = queries.record_of(MonitoringPeriod.objects.get(pk=period["id"]))
    if confirmed and record.provisional:
        confirm(world, record)
        calculate(world, period)
    assert world.owner.get(f"{place}/record/")["credits"] == record.credits
    return world.owner.get(f"{place}/")


def calculate(world, period):
    place = f"/monitoring-periods/{period['id']}/calculations/"
    job = world.owner.post(place, status=202)
    assert job["state"] == "queued"
    services.run_calculation(job_id=job["id"], at=world.clock.at)
    done = world.owner.get(f"{place}{job['id']}/")
    assert (done["state"], done["problem"]) == ("done", None)
    assert done["done"] == done["total"] > 0


def confirm(world, record):
    keys = {}
    for set_id, _version, key in record.provisional:
        keys.setdefault(set_id, []).append(key)
    for set_id, names in keys.items():
        body = {"keys": names, "basis": "demonstration", "name": "演示用途.pdf", "content": encoded(a_paper())}
        made = world.of(world.people.checker).post(f"/parameter-sets/{set_id}/confirmations/", body, status=201)
        assert world.anyone.get(f"/parameter-sets/{set_id}/")["version"] == made["version"]


def run_checks(world, period):
    run = queries.latest_run(MonitoringPeriod.objects.get(pk=period["id"]))
    services.run_verification(run_id=run.pk, is_demonstration=True, at=world.clock.at)


def counted():
    """How much of each there is: what a refused request leaves as it was."""
    return [kind.objects.count() for kind in (Project, Parcel, Document, MonitoringPeriod, ObservationFile, Retirement)]


class TestRefusals:
    def test_a_bad_field_is_named_and_nothing_is_stored(self, world):
        before = counted()
        for change, code, field in (
            ({"state": "registered"}, "unknown_field", "state"),
            ({"name": ""}, "invalid_field", "name"),
            ({"name": "a\u0000"}, "invalid_text", "name"),
            ({"name": 7}, "invalid_field", "name"),
            ({"methodology": "CCER-14"}, "invalid_field", "methodology"),
            ({"division_code": "150000"}, "invalid_field", "division_code"),
            ({"division_code": "999999"}, "invalid_field", "division_code"),
            ({"crediting_first": "2022-02-30"}, "invalid_field", "crediting_first"),
            ({"crediting_last": "2021-01-01"}, "invalid_field", "crediting_last"),
            ({"validator_id": 2**63}, "invalid_field", "validator_id"),
            ({"validator_id": 2**62}, "invalid_field", "validator_id"),
            ({"design": {"profile": "a\u0000"}}, "invalid_text", "design"),
            ({"design": []}, "invalid_field", "design"),
        ):
            answer = world.owner.post("/projects/", described(world, **change), status=422)
            assert (answer["code"], answer["field"]) == (code, field), change
        assert counted() == before

    def test_a_field_that_cannot_be_emptied_is_refused(self, world):
        project = a_draft(world, complete=False)
        for body in ({"name": None}, {"name": ""}, {"division_code": ""}, {"owner_id": 1}):
            answer = world.owner.call("PATCH", f"/projects/{project['id']}/", body, status=422).json()
            assert answer["code"] in ("invalid_field", "unknown_field"), body
        changed = world.owner.patch(f"/projects/{project['id']}/", {"name": "新名称", "version": project["version"]})
        assert changed["name"] == "新名称"
        stale = {"name": "再改", "version": project["version"]}
        assert (
            world.owner.call("PATCH", f"/projects/{project['id']}/", stale, status=409).json()["code"]
            == "stale_version"
        )

    def test_a_submission_says_everything_that_is_missing(self, world):
        project = a_draft(world, complete=False)
        answer = world.owner.post(f"/projects/{project['id']}/submit/", status=422)
        assert answer["code"] == "incomplete"
        assert "地块" in answer["detail"]

    def test_a_scope_is_needed(self, world):
        for scopes, verb, path, needed in (
            (("registry:read",), "POST", "/projects/", "registry:write"),
            (("registry:write",), "GET", "/projects/", "registry:read"),
            (("registry:write", "registry:read"), "POST", "/retirements/", "ledger:write"),
            (("ledger:write",), "GET", "/retirements/", "ledger:read"),
            (SCOPES, "POST", "/projects/1/reviews/", ""),
            (SCOPES, "POST", "/issuances/1/decision/", ""),
        ):
            caller = world.client_of(world.people.owner.organisation_id, *scopes)
            answer = caller.call(verb, path, {}, status=403).json()
            assert answer["code"] == ("scope_missing" if needed else "not_for_clients")
            assert needed in answer["detail"]

    def test_nobody_reads_cases_and_everybody_reads_what_is_public(self, world):
        assert world.anyone.call("GET", "/projects/", status=401).json()["code"] == "not_signed_in"
        for path in ("/register/", "/methodologies/", "/parameter-sets/", "/batches/", "/regions/"):
            world.anyone.get(path)

    def test_a_session_without_the_csrf_token_changes_nothing(self, world):
        caller = world.of(world.people.clerk)
        caller.http.handler.enforce_csrf_checks = True
        assert caller.call("POST", "/projects/", {}, status=403).json()["code"] == "csrf_failed"

    def test_what_is_another_organisations_is_not_there_for_any_verb(self, world):
        ours = ids_of_a_case(world)
        other = world.client_of(a_person(Role.OWNER, at=world.clock.at).organisation_id, *SCOPES)
        calls = foreign_calls(world)
        missed = []
        for address, name, view in registry_routes():
            if not any(f"<int:{one}>" in address for one in ours):
                continue
            for verb, row in view.access.items():
                if not row.scope:
                    continue
                path = filled(address, ours)
                answer = other.call(verb, path, calls.get((name, verb), {}), key="k" * 8)
                if answer.status_code != 404 or answer.json()["code"] != "not_found":
                    missed.append((verb, path, answer.status_code, answer.content.decode()[:200]))
        assert missed == []


def registry_routes():
    for address, name, view in routes():
        if address.startswith("api/v1/") and view.__module__.startswith("registry."):
            yield address, name, view


def filled(address, ids):
    """Return an address under the API with real ids in it."""
    path = address.removeprefix("api/v1")
    for name, value in ids.items():
        path = path.replace(f"<int:{name}>", str(value))
    return path


def ids_of_a_case(world):
    """Return the ids of everything of one owner's case, up to an open finding and a retirement that waits."""
    people, at = world.people, world.clock.at
    project = credit_makers.a_monitored_project(people, at, methodology="W1")
    period = credit_makers.an_uploaded_period(people, project, at)
    job = services.request_calculation(actor=people.owner, period_id=period.pk, at=at)
    comment = PublicComment.objects.create(project=project, author="某", text="问", at=at)
    finding = period.findings.create(number=1, text="问", opened_at=at)
    return {
        "project_id": project.pk,
        "parcel_id": Parcel.objects.get(project=project).pk,
        "document_id": Document.objects.filter(project=project).first().pk,
        "comment_id": comment.pk,
        "period_id": period.pk,
        "job_id": job.pk,
        "finding_id": finding.pk,
    }


def foreign_calls(world):
    """Return a good body for each verb that has one, so that it is the object that is refused."""
    answer = {"answer": "答"}
    file = {"name": "a.pdf", "content": encoded(a_paper())}
    return {
        ("api-project", "PATCH"): {"name": "改"},
        ("api-comment-answer", "POST"): answer,
        ("api-finding-answer", "POST"): answer,
        ("api-project-parcels", "POST"): {**COMMON, "geojson": json.loads(geojson(a_square()))},
        ("api-parcels-preview", "POST"): {"geojson": json.loads(geojson(a_square()))},
        ("api-project-documents", "POST"): {**file, "kind": "photo"},
        ("api-project-periods", "POST"): {"first": "2026-01-01", "last": "2026-02-01"},
        ("api-period", "PATCH"): {"stated": {}},
        ("api-period-observations", "POST"): {**file, "kind": "wetland_mineral", "date_of": "later"},
        ("api-period-submit", "POST"): {"verifier_id": world.people.verifier.organisation_id},
    }


class TestFiles:
    def test_a_shapefile_without_its_projection(self, world):
        project, before = a_draft(world, complete=False), counted()
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            for part in ("shp", "shx", "dbf"):
                archive.writestr(f"land.{part}", b"0" * 100)
        body = {**COMMON, "name": "land.zip", "content": encoded(written.getvalue())}
        answer = world.owner.post(f"/projects/{project['id']}/parcels/", body, status=422)
        assert (answer["code"], answer["field"]) == ("shapefile_incomplete", "file")
        assert ".prj" in answer["detail"]
        assert counted() == [before[0] + 1, *before[1:]] or counted() == before

    def test_every_bad_polygon_is_listed_with_its_place(self, world):
        project, before = a_draft(world, complete=False), counted()
        x, y = 119.8, 42.3
        crossing = {
            "type": "Polygon",
            "coordinates": [[[x, y], [x + 0.01, y + 0.01], [x + 0.01, y], [x, y + 0.01], [x, y]]],
        }
        swapped = {"type": "Polygon", "coordinates": [[[y, x], [y, x + 0.01], [y + 0.01, x], [y, x]]]}
        answer = add_parcels(world, project, crossing, a_square(), swapped, status=422)
        assert answer["code"] == "geometry_invalid"
        assert [(one["code"], one["place"]["parcel"]) for one in answer["errors"]] == [
            ("geometry_invalid", 1),
            ("geometry_invalid", 3),
        ]
        assert answer["errors"][0]["detail"] == "边界自相交"
        shown = world.owner.post(
            f"/projects/{project['id']}/parcels/preview/",
            {"geojson": json.loads(geojson(crossing, a_square(), swapped))},
        )
        assert [one["number"] for one in shown["problems"]] == [1, 3]
        assert counted() == before

    def test_land_of_another_project_is_refused_with_its_code_and_area(self, world):
        taken = a_square()
        bound = makers.a_submitted_project(world.people, world.clock.at)
        taken = Parcel.objects.get(project=bound).geometry
        project, before = a_draft(world, complete=False), counted()
        answer = add_parcels(world, project, a_square(), taken, status=422)
        assert answer["code"] == "land_overlap"
        (one,) = answer["errors"]
        assert one["place"]["project"] == bound.code
        assert float(one["place"]["area"]) > 20
        assert counted() == before

    def test_every_bad_cell_of_a_workbook_is_listed_with_its_place(self, world):
        row = credit_makers.a_monitored_project(world.people, world.clock.at)
        period = world.owner.post(
            f"/projects/{row.pk}/monitoring-periods/",
            {"first": FIRST.isoformat(), "last": LAST.isoformat()},
            status=201,
        )

        def spoil(book):
            book["每木"]["D3"] = "=10+4.8"
            book["每木"]["C4"] = "雪豹"

        before = counted()
        body = {"kind": "forest_plots", "date_of": "later", "name": "样地.xlsx"}
        body["content"] = encoded(forest(23, grown=True, change=spoil, plots=2))
        answer = world.owner.post(f"/monitoring-periods/{period['id']}/observations/", body, status=422)
        assert answer["code"] == "cell_rejected"
        places = {(one["code"], one["place"]["sheet"], one["place"]["cell"]) for one in answer["errors"]}
        assert places == {("cell_rejected", "每木", "D3"), ("unknown_species", "每木", "C4")}
        assert all(one["remedy"] for one in answer["errors"])
        assert counted() == before

    def test_a_form_and_json_store_the_same_paper(self, world):
        project, content = a_draft(world, complete=False), a_paper()
        place = f"/projects/{project['id']}/documents/"
        first = world.owner.post(place, {"kind": "photo", "name": "a.pdf", "content": encoded(content)}, status=201)
        form = {"kind": "photo", "is_public": "true", "file": SimpleUploadedFile("b.pdf", content)}
        sent = world.owner.http.post(f"{API}{place}", form, headers={**world.owner.headers, "Idempotency-Key": "f"})
        form["file"] = SimpleUploadedFile("b.pdf", content)
        again = world.owner.http.post(f"{API}{place}", form, headers={**world.owner.headers, "Idempotency-Key": "f"})
        assert sent.status_code == 201, sent.content
        assert (again.content, again["Idempotent-Replay"]) == (sent.content, "true")
        assert sent.json()["sha256"] == first["sha256"]
        saved = world.owner.call("GET", f"/documents/{sent.json()['id']}/content/", status=200)
        assert saved.content == content
        assert saved["Content-Disposition"].startswith("attachment")
        for one in (first, sent.json()):  # A draft is nobody else's, its public papers included.
            assert world.anyone.call("GET", f"/documents/{one['id']}/content/", status=404)
        bare = world.client_of(world.people.owner.organisation_id, "orders:read")
        assert bare.call("GET", f"/documents/{first['id']}/", status=404)

    def test_what_is_no_paper_is_refused(self, world):
        project = a_draft(world, complete=False)
        before = counted()
        for file, code, field in (
            ({"content": "%%%"}, "base64_expected", "content"),
            ({}, "field_missing", "content"),
            ({"content": ""}, "file_rejected", "file"),
            ({"content": encoded(b"MZ\x90\x00program")}, "file_rejected", "file"),
            ({"content": encoded(b"<html><script>")}, "file_rejected", "file"),
        ):
            body = {"kind": "photo", "name": "a.pdf", **file}
            answer = world.owner.post(f"/projects/{project['id']}/documents/", body, status=422)
            assert (answer["code"], answer["field"]) == (code, field), file
        assert counted() == before


class TestReading:
    def test_pages_and_etags(self, world):
        made = [a_draft(world, complete=False)["id"] for _ in range(3)]
        seen, path = [], "/projects/?page_size=2"
        while path:
            page = world.owner.get(path)
            seen += [one["id"] for one in page["results"]]
            path = page["next"] and page["next"].partition(API)[2]
        assert seen == sorted(made, reverse=True)
        first = world.owner.call("GET", f"/projects/{made[0]}/")
        same = world.owner.call("GET", f"/projects/{made[0]}/", headers={"If-None-Match": first["ETag"]})
        assert (same.status_code, same.content) == (304, b"")
        assert world.owner.get("/projects/?state=draft&text=敖汉")["results"]
        assert world.owner.call("GET", "/projects/?state=lost", status=422).json()["field"] == "state"
        assert world.owner.call("GET", "/projects/?owner=1", status=400).json()["code"] == "unknown_filter"

    def test_an_operation_answers_as_the_command_does(self, world):
        path = "/methodologies/P1.plots_required/calculate/"
        good = world.owner.post("/methodologies/D1.reversal/calculate/", {"inputs": {}})
        assert good["status"] == "error"
        unknown = world.owner.post("/methodologies/X9.none/calculate/", {"inputs": {}})
        assert unknown["errors"] == [{"code": "E_ENUM", "field": "operation"}]
        assert world.owner.post(path, {}, status=422)["code"] == "field_missing"
        (f1,) = [one for one in world.anyone.get("/methodologies/")["results"] if one["code"] == "F1"]
        assert "F1.expost" in f1["operations"]
        assert world.anyone.get("/methodologies/F1/versions/1.0.0/") == f1
        world.anyone.call("GET", "/methodologies/F1/versions/9.9.9/", status=404)

    def test_the_root_names_the_collections(self, world):
        root = world.anyone.get("/")
        for name in ("projects", "parcels", "methodologies", "periods", "verifications", "issuances", "batches"):
            assert name in root
