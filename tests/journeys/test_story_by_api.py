"""The whole life of a credit over the REST API: from the land to a certificate, on real processes, without a page.

The owner and the buyer call with their API clients; whoever decides is a person with a session and a password. Time
moves by the platform's own clock. The tonnes that come out are those of the plain calculation.
"""

import base64
import hashlib
import json
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.journeys import plain, trees
from tests.journeys.callers import Person, refused, until

pytestmark = pytest.mark.timeout(600)
BEIJING = ZoneInfo("Asia/Shanghai")
OFFER, BOUGHT, RETIRED = 40, 25, 20


def pdf(title: str) -> bytes:
    return b"%PDF-1.4\n% " + title.encode() + b"\n%%EOF\n"


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def move_after(region, day: str) -> None:
    """Move the business clock past a day, by the platform's own command."""
    at = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(9, 0), BEIJING)
    moved = region.platform.ask("move_clock", at.isoformat())
    assert moved.returncode == 0, moved.stdout + moved.stderr


def move_by_bar(region, person: Person, target: str) -> None:
    """Move the business clock as the bar's buttons do, and wait until it has got there."""
    person.form("/clock/", {"to": target})
    until(lambda: "<progress" not in person.http.get(f"{region.url}/clock/", timeout=30).text)


@pytest.fixture(scope="module")
def people(region):
    """Give each person of the story, signed in when first needed."""
    known: dict[str, Person] = {}

    def person(username: str) -> Person:
        if username not in known:
            known[username] = Person(region.url, region.logins[username])
        return known[username]

    return person


def looked_at(reviewer: Person, project: str, verb: str = "pass") -> dict:
    items = reviewer.get(f"{project}reviews/")["checklist"]
    answers = [{"item": item, "passed": True} for item in items]
    return reviewer.post(f"{project}reviews/", {"verb": verb, "opinion": "材料齐全，同意。", "checklist": answers})


def test_a_credit_lives_from_the_land_to_its_certificate(region, people):
    owner, firm = region.client_of("绿源兴安国有林场"), region.client_of("青山会展服务有限公司")
    bodies = {one["name"]: one["id"] for one in people("qujingban").get("/verification-bodies/")["results"]}
    validator = next(number for name, number in bodies.items() if "北疆" in name)
    verifier = next(number for name, number in bodies.items() if "青城" in name)

    # The land and the application.
    project = owner.post(
        "/projects/",
        {
            "name": "接口旅程造林碳汇项目",
            "methodology": "F1",
            "division_code": "150782",
            "crediting_first": "2021-01-01",
            "crediting_last": "2040-12-31",
            "validator_id": validator,
        },
    )
    case = f"/projects/{project['id']}/"
    assert refused(lambda: owner.post(f"{case}submit/", {})) == "incomplete"
    land = {"land_category": "unused", "tenure": "use_right", "tenure_number": "旅程权字第1号"}
    parcels = owner.post(f"{case}parcels/", {**land, "geojson": json.loads(trees.parcels())})
    assert sum(float(one["area_ha"]) for one in parcels["results"]) == pytest.approx(
        sum(trees.AREAS.values()), rel=1e-3
    )
    for kind in ("design", "tenure"):
        content = encoded(pdf(f"{kind} of the journey"))
        owner.post(f"{case}documents/", {"kind": kind, "name": f"{kind}.pdf", "content": content})
    assert owner.post(f"{case}submit/", {})["state"] == "submitted"

    # Three levels of review, the notice, the validation, the registration.
    assert refused(lambda: looked_at(people("meng150700"), case)) == "role_forbids"
    for reviewer in ("qi150782", "meng150700", "qujingban"):
        state = looked_at(people(reviewer), case)["state"]
    assert state == "accepted"
    published = people("qujingban").post(f"{case}publish/")
    said = requests.post(
        f"{region.url}/api/v1/register/{project['code']}/comments/",
        json={"author": "邻近牧户", "text": "请保留牧道。"},
        timeout=30,
    ).json()
    people("shending").confirm()
    signature = {"opinion": "设计符合方法学。"}
    assert refused(lambda: people("shending").post(f"{case}validation/", signature)) == "notice_runs"
    move_after(region, published["notice_until"])
    people("shending").confirm()
    assert refused(lambda: people("shending").post(f"{case}validation/", signature)) == "comments_open"
    owner.post(f"/comments/{said['id']}/answer/", {"answer": "牧道全部保留。"})
    paper = people("shending").post(
        f"{case}documents/", {"kind": "validation", "name": "v.pdf", "content": encoded(pdf("validation"))}
    )
    people("shending").post(f"{case}validation/", {**signature, "document_id": paper["id"]})
    people("qujingban").post(f"{case}registration/proposal/", {"opinion": "建议登记。"})
    people("qufuhe").confirm()
    decision = {"approve": True, "opinion": "同意。", "version": people("qufuhe").get(case)["version"]}
    people("qufuhe").post(f"{case}registration/decision/", decision)
    people("huanbao").confirm()
    assert people("huanbao").post(f"{case}registration/record/")["state"] == "registered"

    # Two inventories; the tonnes of the job are those of the plain calculation.
    forest = trees.forest()
    told = plain.expected(forest, trees.FIRST, trees.LAST)
    period = owner.post(
        f"{case}monitoring-periods/", {"first": trees.FIRST.isoformat(), "last": trees.LAST.isoformat()}
    )
    report = f"/monitoring-periods/{period['id']}/"
    for date_of, standing, day in (("earlier", forest.earlier, trees.EARLIER), ("later", forest.later, trees.LATER)):
        owner.post(
            f"{report}observations/",
            {
                "kind": "forest_plots",
                "date_of": date_of,
                "name": f"{date_of}.xlsx",
                "content": encoded(trees.workbook(forest, standing, day)),
            },
        )
    job = owner.post(f"{report}calculations/", {})
    done = until(lambda: (row := owner.get(f"{report}calculations/{job['id']}/"))["state"] != "queued" and row)
    assert done["state"] == "done", done
    record = owner.get(f"{report}record/")
    assert record["credits"] == told.credits
    assert record["net_tco2e"] == pytest.approx(told.net_tco2e, rel=1e-9)
    assert record["uncertainty"] == pytest.approx(told.uncertainty, rel=1e-9)

    # The report, its automatic checks, its notice, the other body's verification.
    assert refused(lambda: owner.post(f"{report}submit/", {"verifier_id": validator})) == "verifier_not_independent"
    owner.post(f"{report}submit/", {"verifier_id": verifier})
    run = until(lambda: next((one for one in owner.get(f"{report}checks/")["results"] if one["state"] == "done"), None))
    assert [one["code"] for one in run["results"] if one["outcome"] != "passed"] == []
    assert {f"V{number:02d}" for number in range(1, 13)} <= {one["code"] for one in run["results"]}
    published = people("qujingban").post(f"{report}publish/")
    people("hecha").post(f"{report}findings/", {"text": "复测样地是否为同一批？"})
    finding = owner.get(f"{report}findings/")["results"][-1]
    owner.post(f"/findings/{finding['id']}/answer/", {"answer": "是同一批固定样地。"})
    people("hecha").post(f"/findings/{finding['id']}/close/")
    move_after(region, published["notice_until"])
    people("hecha").confirm()
    signed = people("hecha").post(f"{report}verification/", {"opinion": "减排量属实。"})
    assert signed["verified_tonnes"] == told.credits

    # Maker and checker issue; the buffer and the years are as told.
    proposed = people("qujingban").post(f"{report}issuance/")
    vintages = [(one["year"], one["tonnes"], one["buffer_tonnes"]) for one in proposed["vintages"]]
    assert (proposed["verified_tonnes"], proposed["buffer_tonnes"], vintages) == (
        told.credits,
        told.buffer,
        told.vintages,
    )
    people("qufuhe").confirm()
    decision = {"approve": True, "opinion": "同意签发。", "digest": proposed["digest"]}
    issued = people("qufuhe").post(f"/issuances/{proposed['id']}/decision/", decision)
    assert issued["state"] == "issued"
    assert [batch["tonnes"] for batch in issued["batches"]] == [tonnes for _year, tonnes, _buffer in told.vintages]
    people("huanbao").confirm()
    people("huanbao").post(f"/issuances/{issued['id']}/record/")
    holdings = [one for one in owner.get("/holdings/")["results"] if one["project"] == project["code"]]
    assert sum(one["units"] for one in holdings if one["purpose"] == "available") == told.credits - told.buffer

    # To the market, to a firm, and out of circulation.
    batch = issued["batches"][-1]
    asked = owner.post("/admissions/", {"asset": batch["batch"], "initial_price": "61.00"})
    people("jiaoyi").form(f"/admissions/{asked['id']}/review/", {"opinion": "齐全"})
    people("jiaoyi2").confirm()
    people("jiaoyi2").form(f"/admissions/{asked['id']}/approve/", {"digest": asked["digest"]})
    code = f"F{project['code'][-6:]}-25"
    move_by_bar(region, people("jiaoyi"), "next_trading_day")
    until(lambda: firm.get(f"/instruments/{code}/")["open"])
    owner.post("/orders/?wait=5", {"instrument": code, "side": "sell", "price": "61.00", "quantity": OFFER})
    taken = firm.post(f"/instruments/{code}/accepts/", {"side": "buy", "limit": "61.00", "quantity": BOUGHT})
    until(lambda: firm.get(f"/orders/{taken['id']}/")["status"] == "filled")
    retired = firm.post(
        "/retirements/",
        {
            "asset_id": batch["batch"],
            "tonnes": RETIRED,
            "beneficiary": "接口旅程受益人",
            "purpose": "voluntary",
            "period_first": "2025-01-01",
            "period_last": "2025-12-31",
        },
    )
    assert retired["state"] == "retired"
    checked = requests.get(f"{region.url}/api/v1/certificates/{retired['certificate']}/", timeout=30).json()
    assert (checked["tonnes"], checked["beneficiary"], checked["project"]) == (
        RETIRED,
        "接口旅程受益人",
        project["code"],
    )
    first, second = (
        requests.get(f"{region.url}/api/v1/certificates/{retired['certificate']}/pdf/", timeout=60).content
        for _ in range(2)
    )
    assert first.startswith(b"%PDF")
    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()
    page = requests.get(f"{region.url}/certificates/{retired['certificate']}/", timeout=30)
    assert page.status_code == 200
    assert retired["certificate"] in page.text
    assert checked["serials"][0]["text"] in page.text

    answer = region.invariants()
    assert answer["status"] == "ok", answer["broken"]
