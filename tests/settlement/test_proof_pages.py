"""The page of the proofs: what was found, what waits, and starting one; for two roles alone."""

from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import load_workbook

from accounts.rules import Role
from settlement import queries, services
from settlement.models import ProofRun
from settlement.queries import Reading
from settlement.rules import ProofKind
from tests.accounts.makers import a_person, signed_in_as

pytestmark = pytest.mark.django_db
FOUND = {"what": "units of a holding", "holding": 17, "stored": 8, "by_legs": 7}


def a_reading(at, *differences):
    reading = Reading("1:1:", 5, 9, 4, Decimal("0.2"), len(differences), differences)
    return services.record_second_reading(reading=reading, run_id=None, at=at)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SETTLEMENT_OPERATOR])
def test_the_watchers_see_what_was_found_and_where(role, at):
    client = signed_in_as(a_person(role, at=at))
    assert "尚无复算记录" in client.get("/proofs/").content.decode()
    a_reading(at, FOUND)
    services.record_invariant_proof(
        run_id=None,
        at=at,
        seconds=Decimal(1),
        proved={"I2": "units"},
        broken={"I2": [{"holding": 17}], "I6": [{"what": "batch", "id": 4}]},
    )
    page = client.get("/proofs/").content.decode()
    assert "不符 1 处" in page
    assert "holding 17, stored 8, by_legs 7" in page
    assert "I2" in page
    assert "batch: id 4" in page
    sheet = load_workbook(BytesIO(b"".join(client.get("/proofs/readings.xlsx").streaming_content))).active
    assert [cell.value for cell in sheet[2]][-2:] == ["持仓数量与分录累计不符", "holding 17, stored 8, by_legs 7"]
    a_reading(at)
    assert "相符" in client.get("/proofs/").content.decode()


def test_a_proof_is_asked_for_once_and_its_progress_seen(at):
    person = a_person(Role.SETTLEMENT_OPERATOR, at=at)
    client = signed_in_as(person)
    assert client.post("/proofs/second_reading/").status_code == 302
    run = ProofRun.objects.get()
    assert (run.kind, run.night, run.asked_by_id) == ("second_reading", None, person.user_id)
    assert client.post("/proofs/second_reading/").status_code == 409
    assert client.post("/proofs/anything/").status_code == 404
    ProofRun.objects.update(state="running", done_steps=3, all_steps=9)
    part = client.get("/proofs/", headers={"HX-Request": "true"}).content.decode()
    assert 'value="3"' in part
    assert "<html" not in part
    assert "hx-trigger" in part
    ProofRun.objects.update(state="failed", error="ValueError: no")
    part = client.get("/proofs/", headers={"HX-Request": "true"}).content.decode()
    assert "ValueError: no" in part
    assert "hx-trigger" not in part


def test_nobody_else_sees_them(at):
    a_reading(at, FOUND)
    for role in (Role.FIRM_INITIATOR, Role.OWNER, Role.EXCHANGE_OPERATOR, Role.REGION_CHECKER, Role.SYSTEM_ADMIN):
        person = a_person(role, at=at)
        assert signed_in_as(person).get("/proofs/").status_code in (403, 404), role
        assert queries.readings_visible_to(person) == queries.invariant_proofs_visible_to(person) == []
        assert queries.proof_runs_visible_to(person) == []
    assert ProofKind("second_reading")
