"""The pages of days and objections: who sees them, what they say, and what their buttons do."""

import io
import json
from datetime import timedelta

import openpyxl
import pytest
from django.test import Client

from accounts.rules import Role
from settlement import services
from settlement.models import Objection, SettlementDay
from settlement.rules import Purpose
from tests.accounts.makers import PASSWORD, a_client, a_person, signed_in_as
from tests.accounts.test_api import token_of
from tests.settlement.day_makers import ACCOUNT, a_day_world
from tests.settlement.test_day import MONDAY, evening, morning
from tests.settlement.test_objections import money


@pytest.fixture(scope="session")
def admin_url(own_server):
    return own_server


@pytest.fixture
def world(committed, at, settings, monkeypatch):
    settings.BANK_ACCOUNT = ACCOUNT
    made = a_day_world(at)
    made.run(at - timedelta(minutes=90))
    return made


def page(client, address, status=200):
    answer = client.get(address, headers={"accept-language": "en"})
    assert answer.status_code == status, answer.content[:300]
    return answer.content.decode()


def test_the_list_and_the_day_say_where_it_stands(world):
    desk = signed_in_as(world.operators[0])
    assert "Not cleared yet" in page(desk, "/settlement-days/")
    first = page(desk, f"/settlement-days/{MONDAY}/")
    assert "Not cleared and reconciled yet" in first
    assert "The days before are closed" in first
    world.trade(units=2)
    world.run(evening(world))
    open_ = page(desk, f"/settlement-days/{MONDAY}/")
    assert "statement of the day is missing" in open_
    assert "¥1,000.00" in open_  # The trade's value.
    world.statement(evening(world))
    world.run(morning(world))
    done = page(desk, f"/settlement-days/{MONDAY}/")
    assert "agree to the fen and the tonne" in done
    assert "Run the steps again" not in done
    assert "¥10,000.00" in done  # The bank's balance.


def test_days_are_for_who_watches_over_the_ledger(world, at):
    for role in (Role.FIRM_INITIATOR, Role.OWNER, Role.EXCHANGE_OPERATOR):
        person = signed_in_as(a_person(role, at=at))
        for address in ("/settlement-days/", f"/settlement-days/{MONDAY}/", "/settlement-days.xlsx"):
            page(person, address, 403)
    auditor = signed_in_as(a_person(Role.AUDITOR, at=at))
    assert "Run the steps again" not in page(auditor, f"/settlement-days/{MONDAY}/")
    assert auditor.post(f"/settlement-days/{MONDAY}/run/").status_code == 403
    for wrong in ("2026-03-01", "2026-13-01", "x"):
        page(auditor, f"/settlement-days/{wrong}/", 404)


def test_an_operator_runs_the_steps_again(world):
    desk = signed_in_as(world.operators[0])
    answer = desk.post(f"/settlement-days/{MONDAY}/run/", follow=True, headers={"accept-language": "en"})
    assert "The steps have run again." in answer.content.decode()
    assert SettlementDay.objects.get(pk=MONDAY).runs.filter(run_by_id=world.operators[0].user_id).count() == 2
    assert desk.get(f"/settlement-days/{MONDAY}/run/").status_code == 302  # Back from the password page.


def rows(answer):
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer) if answer.streaming else answer.content))
    return list(book.active.iter_rows(values_only=True))


def test_a_day_and_the_list_are_exported(world):
    trade = world.trade()
    desk = signed_in_as(world.operators[0])
    found = rows(desk.get(f"/settlement-days/{MONDAY}.xlsx"))
    assert found[-1][0] == trade.entry_id
    assert found[-1][5:] == (1, 50_000, 300, 300)
    assert len(rows(desk.get("/settlement-days.xlsx"))) == 2


def test_an_objection_goes_from_the_trade_to_its_end_by_pages(world):
    trade = world.trade()
    firm, first, second = (
        signed_in_as(one) for one in (world.people[world.buyer], world.operators[0], world.operators[1])
    )
    new = f"/objections/new/{trade.entry_id}/"
    assert "¥500.00" in page(firm, new)
    wrong = firm.post(new, {"amount": "500.01", "reason": "错价"}, headers={"accept-language": "en"})
    assert "0.01 to 500.00" in wrong.content.decode()
    assert firm.post(new, {"amount": "9.5", "reason": "错价"}).status_code == 302
    row = Objection.objects.get()
    assert row.claimed_fen == 950
    address = f"/objections/{row.pk}/"
    assert "Take the objection back" in page(firm, address)
    assert "Propose" not in page(firm, address)
    body = {"amount": "5", "paid_from": "counterparty", "finding": "属实"}
    assert firm.post(address, body).status_code == 403
    assert first.post(address, body).status_code == 302
    row.refresh_from_db()
    assert "Another settlement operator decides" in page(first, address)
    had = money(world.buyer)
    form = {"digest": row.digest}
    asked = second.post(f"{address}approve/", form)
    assert "/confirm/" in asked["Location"]  # The password comes first.
    second.post(asked["Location"], {"password": PASSWORD})
    second.post(f"{address}approve/", form)
    assert money(world.buyer) == had + 500
    assert "Compensated" in page(firm, address)
    assert "Compensated" in page(signed_in_as(world.people[world.seller]), "/objections/?state=compensated")
    assert "No objections" in page(firm, "/objections/?state=raised")
    assert rows(first.get("/objections.xlsx"))[-1][5] == 950
    assert money(None, Purpose.RISK_RESERVE) == 0


def test_an_objection_is_taken_back_and_a_proposal_refused_by_pages(world):
    trade = world.trade()
    firm, first, second = (
        signed_in_as(one) for one in (world.people[world.buyer], world.operators[0], world.operators[1])
    )
    firm.post(f"/objections/new/{trade.entry_id}/", {"amount": "1", "reason": "错价"})
    row = Objection.objects.get()
    first.post(f"/objections/{row.pk}/", {"amount": "0", "paid_from": "counterparty", "finding": "不属实"})
    second.post(f"/objections/{row.pk}/refuse/")
    row.refresh_from_db()
    assert row.state == "raised"
    firm.post(f"/objections/{row.pk}/withdraw/")
    row.refresh_from_db()
    assert row.state == "withdrawn"


def test_strangers_find_neither_objection_nor_trade(world, at):
    trade = world.trade()
    row = services.raise_objection(
        actor=world.people[world.buyer], entry_id=trade.entry_id, claimed_fen=1, reason="x", at=world.at
    )
    stranger = signed_in_as(a_person(Role.FIRM_INITIATOR, at=at))
    page(stranger, f"/objections/{row.pk}/", 404)
    page(stranger, f"/objections/new/{trade.entry_id}/", 404)
    assert stranger.post(f"/objections/{row.pk}/withdraw/").status_code == 404
    page(signed_in_as(world.operators[0]), f"/objections/new/{trade.entry_id}/", 403)


def test_the_form_says_that_it_is_too_late(world):
    trade = world.trade()
    world.run(morning(world))
    assert "ended with the next opening" in page(
        signed_in_as(world.people[world.buyer]), f"/objections/new/{trade.entry_id}/"
    )


def api_of(held):
    return Client(headers={"Authorization": f"Bearer {token_of(held)}"})


def post(client, address, body, *, key):
    return client.post(address, json.dumps(body), content_type="application/json", headers={"Idempotency-Key": key})


def test_the_api_gives_the_day_and_takes_objections(world):
    trade = world.trade()
    held = a_client("ledger:read", "ledger:write", at=world.at, organisation_id=world.buyer)
    other = a_client("ledger:read", "ledger:write", at=world.at, organisation_id=world.seller)
    own, theirs = api_of(held), api_of(other)
    body = {"entry": trade.entry_id, "claimed_fen": 950, "reason": "错价"}
    assert post(own, "/api/v1/objections/", {**body, "claimed_fen": 0}, key="k0").status_code == 422
    made = post(own, "/api/v1/objections/", body, key="k1")
    assert made.status_code == 201, made.content
    again = post(own, "/api/v1/objections/", body, key="k1")
    assert again.json()["id"] == made.json()["id"]
    address = f"/api/v1/objections/{made.json()['id']}/"
    assert theirs.get(address).json()["state"] == "raised"
    assert post(theirs, f"{address}withdraw/", {}, key="k2").status_code == 404
    world.statement(evening(world))
    world.run(morning(world))
    answer = own.get(f"/api/v1/statements/daily/?day={MONDAY}").json()
    assert (answer["standing"], answer["money"]["closing"]) == ("final", 1_000_000 - 50_300)
    assert [row["closing"] for row in answer["credits"]] == [1]
    assert own.get("/api/v1/statements/daily/?day=yesterday").status_code == 422
    assert post(own, f"{address}withdraw/", {}, key="k3").json()["state"] == "withdrawn"
    assert own.get("/api/v1/objections/?state=raised").json()["results"] == []
