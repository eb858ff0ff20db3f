"""Invoices over pages and API: the whole way of a firm and two operators, and what strangers are told."""

import io
import json
import re

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from accounts.rules import Role
from settlement import queries
from settlement.models import Invoice, InvoiceRequest, InvoiceTitle, RedLetter, TaxOrder
from tests.accounts.makers import a_person
from tests.settlement.invoice_makers import Invoicing
from tests.settlement.test_hold_edges import AT, browser, call, text_of


@pytest.fixture(scope="module")
def founded(shared_database):
    return Invoicing(AT)


@pytest.fixture
def world(founded, monkeypatch):
    monkeypatch.setattr("accounts.web.middleware.now", lambda: AT)
    with transaction.atomic():
        yield founded
        transaction.set_rollback(True)


def page(name, *args, of, **kwargs):
    answer = browser(of, **kwargs).get(reverse(name, args=args))
    assert answer.status_code == 200, answer
    return text_of(answer)


def test_a_firm_sees_its_fees_by_month_and_merges_them(world):
    text = page("settlement-invoices", of=world.firm)
    assert "2026-03" in text
    assert "3 fees" in text
    assert "¥5.80" in text
    assert "seller and buyer invoice each other" in text
    client = browser(world.firm)
    chosen = {"fee": world.legs()[:2]}
    text = text_of(client.get(reverse("settlement-invoice-new"), chosen))
    assert "¥5.73" in text
    assert "伍元柒角叁分" in text
    assert "¥5.41" in text
    assert "6 %" in text
    assert "Trade 9000" in text
    answer = client.post(reverse("settlement-invoice-new"), {**chosen, "kind": "special"})
    row = InvoiceRequest.objects.get()
    assert answer.url == reverse("settlement-invoice", args=[row.pk])
    assert (row.amount_fen, row.kind) == (573, "special")
    text = text_of(client.get(answer.url))
    assert "Waits to be sent" in text
    assert "¥5.73" in page("settlement-invoices", of=world.firm)
    assert "发票" in page("settlement-invoices", of=world.firm, language="zh-hans")


def test_what_cannot_be_chosen_is_said(world):
    client, new = browser(world.firm), reverse("settlement-invoice-new")
    assert client.get(new).url == reverse("settlement-invoices")
    other = world.legs(world.seller.organisation_id)
    assert client.get(new, {"fee": other}).status_code == 404
    for wrong in ("x", "9" * 30, "１"):
        assert client.get(new, {"fee": [wrong]}).status_code == 422
    world.ask(world.legs()[0])
    taken = queries.fees_of_request(InvoiceRequest.objects.get().pk)[0].leg_id
    answer = client.post(new, {"fee": [taken], "kind": "special"})
    assert answer.status_code == 422
    assert "is on an invoice or a request already" in text_of(answer)
    assert "field-error" in client.post(new, {"fee": world.legs(), "kind": "red"}).content.decode()
    assert InvoiceRequest.objects.count() == 1


def test_a_title_is_set_and_its_name_is_the_registers(world):
    client, address = browser(world.firm), reverse("settlement-invoice-title")
    assert 'value="tax@example.cn"' in client.get(address).content.decode()
    form = {"taxpayer_type": "small_scale", "email": "new@example.cn", "name": "别家"}
    assert client.post(address, form).status_code == 302
    title = InvoiceTitle.objects.get(organisation_id=world.firm.organisation_id, superseded_at__isnull=True)
    assert (title.email, title.taxpayer_type) == ("new@example.cn", "small_scale")
    assert title.name == world.firm.organisation_name
    assert "field-error" in client.post(address, {**form, "email": "x"}).content.decode()
    assert InvoiceTitle.objects.filter(organisation_id=world.firm.organisation_id).count() == 2


def test_the_file_is_had_by_the_firm_and_by_watchers_alone(world):
    world.issued()
    address = reverse("settlement-invoice-file", args=[Invoice.objects.get().number])
    for actor in (world.firm, world.first, world.auditor):
        answer = browser(actor).get(address)
        assert answer.status_code == 200
        assert b"".join(answer.streaming_content).startswith(b"%PDF-")
        assert answer["Content-Type"] == "application/pdf"
        assert "attachment" in answer["Content-Disposition"]
        assert "sandbox" in answer["Content-Security-Policy"]
    assert browser(world.seller).get(address).status_code == 404
    assert Client().get(address).status_code in (302, 404)


def test_two_operators_correct_an_invoice_over_pages(world):
    row = world.issued()
    correct, approve = (reverse(f"settlement-{name}", args=[row.pk]) for name in ("invoice-correct", "red-approve"))
    first, second = browser(world.first), browser(world.second)
    assert "field-error" in first.post(correct, {"reason": ""}).content.decode()
    assert first.post(correct, {"reason": "抬头有误"}).status_code == 302
    assert "Another settlement operator decides" in text_of(first.get(correct))
    digest = re.search(r'name="digest" value="(\w+)"', second.get(correct).content.decode())[1]
    first.post(approve, {"digest": digest})
    assert RedLetter.objects.get().state == "proposed"
    second.post(approve, {"digest": "0"})
    assert RedLetter.objects.get().state == "proposed"
    assert "confirm" in browser(world.second, confirmed=False).post(approve, {"digest": digest}).url
    assert second.post(approve, {"digest": digest}, follow=True).status_code == 200
    red = RedLetter.objects.get()
    assert red.state == "asked"
    world.answer(red)
    assert "−¥5.80" in text_of(first.get(correct))
    assert "¥5.80" in page("settlement-invoices", of=world.firm)
    for text in (page("settlement-invoice", row.pk, of=actor) for actor in (world.firm, world.auditor)):
        assert "Taken back in full" in text
        assert red.invoice.number in text


def test_a_proposal_is_taken_back_over_the_page(world):
    row = world.issued()
    world.propose(row)
    refuse = reverse("settlement-red-refuse", args=[row.pk])
    assert browser(world.first).post(refuse).status_code == 302
    assert RedLetter.objects.get().state == "refused"
    assert browser(world.first).post(refuse).status_code == 404


def test_the_desk_shows_what_is_in_trouble_and_sends_it_again(world):
    row = world.ask()
    world.answer(row, amount_fen=9)
    order = TaxOrder.objects.get()
    text = page("settlement-invoice-desk", of=world.first)
    assert "The invoice is over another amount than was asked for." in text
    assert "Send again" in text
    assert "Send again" not in page("settlement-invoice-desk", of=world.auditor)
    again = reverse("settlement-tax-order-again", args=[order.pk])
    assert browser(world.auditor).post(again).status_code in (403, 404)
    assert browser(world.firm).post(again).status_code in (403, 404)
    browser(world.first).post(again)
    order.refresh_from_db()
    assert (order.dead_at, order.attempts) == (None, 0)
    shown = browser(world.first).get(reverse("settlement-invoice-desk"), {"state": "issued"})
    assert "No invoice has been asked for." in text_of(shown)
    assert browser(world.first).get(reverse("settlement-invoice-desk"), {"state": "x"}).status_code == 200


def test_strangers_see_no_request(world):
    row = world.ask()
    assert browser(world.seller).get(reverse("settlement-invoice", args=[row.pk])).status_code == 404
    for name in ("settlement-invoice-desk", "settlement-invoice-desk-export"):
        assert browser(world.firm).get(reverse(name)).status_code in (403, 404)


def test_both_lists_are_had_as_workbooks(world):
    world.issued()
    for actor, name in ((world.firm, "invoices"), (world.first, "invoice-desk"), (world.seller, "invoices")):
        answer = browser(actor).get(reverse(f"settlement-{name}-export"))
        rows = list(load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active.values)
        assert len(rows) == (1 if actor is world.seller else 2)
        if actor is not world.seller:
            assert rows[1][5:8] == (580, 547, 33)
            assert rows[1][9] == Invoice.objects.get().number


def api(actor):
    return browser(actor)


def test_a_request_over_the_api_is_one_whatever_is_sent_twice(world):
    client = api(world.firm)
    fees = client.get("/api/v1/invoices/fees/").json()["results"]
    assert sorted(one["amount_fen"] for one in fees) == [7, 240, 333]
    body = {"kind": "special", "fees": [one["id"] for one in fees]}
    assert call(client, "invoices/", body).json()["code"] == "key_required"
    first = call(client, "invoices/", body, key="k1")
    assert first.status_code == 201, first.content
    again = call(client, "invoices/", body, key="k1")
    assert (again.status_code, again.json(), again["Idempotent-Replay"]) == (201, first.json(), "true")
    assert call(client, "invoices/", {**body, "kind": "ordinary"}, key="k1").json()["code"] == "key_reused"
    taken = call(client, "invoices/", body, key="k2")
    assert (taken.status_code, taken.json()["code"]) == (409, "fees_invoiced")
    one = client.get(first["Location"]).json()
    assert (one["state"], one["amount_fen"], one["net_fen"], one["tax_fen"]) == ("asked", 580, 547, 33)
    assert (one["number"], one["vat_rate"]) == (None, "0.0600")
    world.answer(InvoiceRequest.objects.get())
    (listed,) = client.get("/api/v1/invoices/?state=issued").json()["results"]
    assert len(listed["number"]) == 20
    assert client.get("/api/v1/invoices/?state=asked").json()["results"] == []
    assert client.get("/api/v1/invoices/?state=gone").status_code == 422
    assert client.get("/api/v1/invoices/?who=1").json()["code"] == "unknown_filter"
    assert api(world.seller).get(first["Location"]).status_code == 404
    assert api(world.seller).get("/api/v1/invoices/").json()["results"] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"fees": []}, 422),
        ({"fees": ["1"]}, 422),
        ({"fees": [2**63]}, 422),
        ({"fees": [-1]}, 422),
        ({"fees": [1]}, 404),
        ({"kind": "red"}, 422),
        ({"amount_fen": 1}, 422),
    ],
)
def test_what_the_api_refuses(world, change, status):
    answer = call(api(world.firm), "invoices/", {"kind": "special", "fees": world.legs(), **change}, key="x")
    assert answer.status_code == status, answer.content
    assert InvoiceRequest.objects.count() == 0


def test_titles_over_the_api(world):
    client = api(world.firm)
    body = {"taxpayer_type": "small_scale", "email": "a@b.cn"}
    answer = call(client, "invoice-titles/", body, key="t")
    assert answer.status_code == 201, answer.content
    (shown,) = client.get("/api/v1/invoice-titles/").json()["results"]
    assert shown == answer.json()
    assert shown["taxpayer_type"] == "small_scale"
    for wrong in ({"email": "x"}, {"taxpayer_type": "rich"}, {"name": "别家"}):
        assert call(client, "invoice-titles/", {**body, **wrong}, key="w").status_code == 422
    refused = call(client, "invoices/", {"kind": "special", "fees": world.legs()}, key="s")
    assert refused.json()["code"] == "special_invoice_forbidden"


def test_a_client_asks_with_the_right_scope(world):
    reader = a_person(Role.FIRM_CONFIRMER, at=AT, organisation_id=world.firm.organisation_id)
    answer = call(api(reader), "invoices/", {"kind": "special", "fees": world.legs()}, key="r")
    assert answer.status_code == 403
    assert json.loads(answer.content)["code"]
