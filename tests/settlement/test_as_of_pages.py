"""Holdings and statement as of an instant: page, Excel, API; what cannot be answered is said."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from openpyxl import load_workbook

from accounts.rules import Role
from settlement import queries, services
from tests.accounts.makers import a_client, a_person, an_organisation, signed_in_as
from tests.accounts.test_api import token_of
from tests.settlement.makers import give_money, issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(at):
    """A seller who got 100 t an hour ago, and holds 30 of them for an order since half an hour."""
    seller = an_organisation(at=at)
    batch = issue(seller, 100, at - timedelta(hours=1))
    services.hold_units_for_order(
        key="o", organisation_id=seller, asset_id=batch.asset_id, units=30, at=at - timedelta(minutes=30)
    )
    give_money(seller, 500, at - timedelta(minutes=20))
    return seller, batch


def sheet(client, address):
    return [
        [cell.value for cell in row]
        for row in load_workbook(BytesIO(b"".join(client.get(address).streaming_content))).active.rows
    ]


def test_the_holdings_page_shows_an_instant(world, at):
    seller, batch = world
    client = signed_in_as(a_person(Role.OWNER, at=at, organisation_id=seller))
    now = client.get("/holdings/").content.decode()
    assert "70 tCO₂e" in now
    # `at` is 10:00 in Beijing: at 9:15 nothing was held for the order yet.
    then = client.get("/holdings/?as_of=2026-03-02T09:15").content.decode()
    assert "截至 2026-03-02 09:15:00" in then
    assert "100 tCO₂e" in then
    assert "70 tCO₂e" not in then
    assert batch.serial_text in then
    assert "/posting/" not in then
    assert batch.serial_text not in client.get("/holdings/?as_of=2026-03-02T08:15").content.decode()
    rows = sheet(client, "/holdings.xlsx?as_of=2026-03-02T09:15")
    assert rows[1] == [
        "2026-03-02 09:15:00",
        "NM-CS-000123",
        "试验林场碳汇造林项目",
        2024,
        "敖汉旗",
        100,
        "可用",
        batch.serial_text,
    ]
    assert len(sheet(client, "/holdings.xlsx")) == 3


@pytest.mark.parametrize(
    ("asked", "said"),
    [("2099-01-01T00:00", "尚未到来"), ("yesterday", "请填写日期和时间"), ("0001-01-01T00:00+23:59", "请填写")],
)
def test_what_is_no_instant_of_the_past_is_said(asked, said, world, at):
    seller, _ = world
    client = signed_in_as(a_person(Role.OWNER, at=at, organisation_id=seller))
    for page in ("/holdings/", "/statement/"):
        answer = client.get(page, {"as_of": asked})
        assert answer.status_code == 200
        assert said in answer.content.decode()
    assert client.get("/holdings.xlsx", {"as_of": asked}).status_code == 422


def test_the_statement_ends_at_the_instant(world, at):
    seller, _ = world
    client = signed_in_as(a_person(Role.OWNER, at=at, organisation_id=seller))
    assert len(sheet(client, "/statement.xlsx")) == 1 + 4
    assert len(sheet(client, "/statement.xlsx?as_of=2026-03-02T09:15")) == 1 + 1
    page = client.get("/statement/?as_of=2026-03-02T09:15&of=credits").content.decode()
    assert "签发" in page
    assert "¥5.00" not in page


def test_the_api_answers_by_either_clock(world, at):
    seller, _ = world
    made = a_client("ledger:read", at=at, organisation_id=seller)
    client = Client(headers={"Authorization": f"Bearer {token_of(made)}"})

    def units(**asked):
        answer = client.get("/api/v1/holdings/", asked)
        assert answer.status_code == 200, answer.content
        return {row["purpose"]: row["units"] for row in answer.json()["results"] if row["unit"] == "tCO2e"}

    assert units() == {"available": 70, "held_for_orders": 30}
    assert units(as_of="2026-03-02T09:15:00+08:00") == {"available": 100}
    assert units(as_of="2026-03-02T01:15:00Z") == {"available": 100}
    # All of it was written down by the server just now, whatever business time it carries.
    assert units(as_of="2026-03-02T09:15:00+08:00", clock="recorded") in ({}, {"available": 70, "held_for_orders": 30})
    for asked, code in (
        ({"as_of": "2099-01-01T00:00:00Z"}, "instant_in_future"),
        ({"as_of": "2026-03-02T09:15:00"}, None),
        ({"as_of": "x"}, None),
        ({"clock": "mine"}, None),
    ):
        answer = client.get("/api/v1/holdings/", asked)
        assert answer.status_code in (400, 422), asked
        assert code in (None, answer.json()["code"])


def test_others_see_nothing_of_it(world, at):
    stranger = a_person(Role.OWNER, at=at)
    assert queries.holdings_as_of(stranger, at=at) == []
    assert queries.serials_as_of(stranger, [world[1].asset_id], at=at) == []
    watcher = a_person(Role.AUDITOR, at=at)
    assert {row.organisation_id for row in queries.holdings_as_of(watcher, at=at)} >= {world[0], None}
