"""The tax port over HTTP: one invoice an order, whatever the port does; what is not as asked is shown to an operator."""

import base64
import json
import socket
import threading
from datetime import UTC, datetime, timedelta

import pytest
import requests

from settlement import queries, services, tasks
from settlement.models import Invoice, TaxOrder
from settlement.queries.transfers import evidence_path
from settlement.rules.signatures import signed_headers
from simulators.tax.books import BEHAVIOURS, Books, Contradiction, invoice_number
from simulators.tax.server import serve
from tests.settlement.invoice_makers import Invoicing

SECRET = "whsec_" + base64.b64encode(b"a secret of this test alone, 32 B").decode()


@pytest.fixture
def world(committed, at):
    return Invoicing(at)


@pytest.fixture
def port(tmp_path, settings):
    """The simulated tax port, running on a free port."""
    books = Books(str(tmp_path / "tax.sqlite3"))
    server = serve(books, host="127.0.0.1", port=0, secret=SECRET)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    settings.TAX_URL = f"http://127.0.0.1:{server.server_address[1]}"
    settings.TAX_SECRET = SECRET
    yield books
    server.shutdown()
    server.server_close()
    thread.join()
    books.close()


def tell(settings, how, secret=SECRET):
    body = json.dumps({"behaviour": how})
    headers = signed_headers(secret=secret, message_id="m", text=body, at=datetime.now(UTC))
    return requests.post(f"{settings.TAX_URL}/behaviour", data=body, headers=headers, timeout=5).status_code


def pass_(minutes):
    """Let every order be due, as if so many minutes had passed."""
    for order in TaxOrder.objects.filter(done_at__isnull=True):
        order.next_at -= timedelta(minutes=minutes)
        order.save(update_fields=["next_at"])


def clean():
    assert {name: proof["broken"] for name, proof in queries.broken_invariants().items() if proof["broken"]} == {}


def test_an_invoice_and_its_red_letter_come_with_their_files(world, port, settings):
    row = world.ask()
    tasks.send_tax_orders()
    tasks.send_tax_orders()
    row.refresh_from_db()
    assert row.state == "issued"
    blue = Invoice.objects.get()
    year = datetime.now(UTC).year % 100
    assert blue.number[:5] == f"{year}151"
    assert evidence_path(blue.sha256).read_bytes().startswith(b"%PDF-")
    assert blue.file_size == evidence_path(blue.sha256).stat().st_size

    red = world.approve(world.propose(row))
    tasks.send_tax_orders()
    red.refresh_from_db()
    assert red.state == "issued"
    assert [one.order["corrects"] for one in port.issued()] == [blue.number, ""]
    assert Invoice.objects.get(red_letter=red).amount_fen == -580
    shown = requests.get(f"{settings.TAX_URL}/", timeout=5).text
    assert blue.number in shown
    assert "-5.80" in shown
    clean()


def test_late_is_sent_and_then_issued(world, port, settings):
    assert tell(settings, "late") == 200
    row = world.ask()
    tasks.send_tax_orders()
    row.refresh_from_db()
    assert row.state == "sent"
    assert queries.tax_orders_in_trouble(world.first) == []
    pass_(5)
    tasks.send_tax_orders()
    row.refresh_from_db()
    assert row.state == "sent"
    port.hurry()
    pass_(5)
    tasks.send_tax_orders()
    row.refresh_from_db()
    assert (row.state, len(port.issued())) == ("issued", 1)
    clean()


def test_a_lost_answer_is_asked_for_again_and_is_the_same_invoice(world, port, settings):
    tell(settings, "lost")
    row = world.ask()
    tasks.send_tax_orders()
    row.refresh_from_db()
    assert row.state == "asked"  # It is issued, and nobody here knows.
    assert len(port.issued()) == 1
    (order,) = queries.tax_orders_in_trouble(world.auditor)
    assert (order.attempts, order.last_error, order.dead_at) == (1, "500", None)
    tell(settings, "honest")
    pass_(5)
    tasks.send_tax_orders()
    assert [Invoice.objects.get().number] == [one.number for one in port.issued()]
    clean()


@pytest.mark.parametrize("how", ["wrong-amount", "wrong-taxpayer"])
def test_an_answer_over_something_else_is_shown_and_not_taken(world, port, settings, how):
    tell(settings, how)
    row = world.ask()
    tasks.send_tax_orders()
    row.refresh_from_db()
    assert (row.state, Invoice.objects.count()) == ("asked", 0)
    (order,) = queries.tax_orders_in_trouble(world.first)
    field = {"wrong-amount": "amount_fen", "wrong-taxpayer": "taxpayer_id"}[how]
    assert order.last_error == f"contradiction: {field}"
    assert order.dead_at is not None
    tell(settings, "honest")
    services.send_tax_order_again(actor=world.second, order_id=order.pk, at=world.at)
    tasks.send_tax_orders()
    row.refresh_from_db()
    assert row.state == "issued"
    clean()


def test_a_number_given_twice_is_shown_and_not_taken(world, port, settings):
    legs = world.legs()
    world.ask(legs[0])
    tasks.send_tax_orders()
    tell(settings, "double")
    second = world.ask(legs[1])
    tasks.send_tax_orders()
    second.refresh_from_db()
    assert (second.state, Invoice.objects.count()) == ("asked", 1)
    assert queries.tax_orders_in_trouble(world.first)[0].last_error == "contradiction: number"
    clean()


def test_a_refusal_frees_the_fees(world, port, settings):
    tell(settings, "reject")
    legs = world.legs()
    row = world.ask()
    tasks.send_tax_orders()
    row.refresh_from_db()
    assert (row.state, row.reason) == ("refused", "购买方纳税人状态异常")
    assert world.legs() == legs
    clean()


def test_away_is_asked_again(world, port, settings):
    tell(settings, "away")
    row = world.ask()
    tasks.send_tax_orders()
    tasks.send_tax_orders()  # Not due yet.
    assert TaxOrder.objects.get().attempts == 1
    settings.TAX_URL = ""
    pass_(9)
    tasks.send_tax_orders()  # No port is connected: it waits.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.TAX_URL = f"http://127.0.0.1:{taken.getsockname()[1]}"
        tasks.send_tax_orders()
    order = TaxOrder.objects.get()
    assert (order.attempts, order.last_error) == (2, "ConnectionError")
    row.refresh_from_db()
    assert row.state == "asked"
    clean()


def test_an_answer_that_the_port_has_not_signed_is_no_answer(world, port, settings):
    settings.TAX_SECRET = "whsec_" + base64.b64encode(b"the secret of somebody else, 32 B").decode()
    world.ask()
    tasks.send_tax_orders()
    assert TaxOrder.objects.get().last_error == "401"
    assert port.issued() == []


def test_a_signed_answer_to_another_question_is_no_answer(world, port, settings, monkeypatch):
    post, kept = requests.post, []

    def first_answer_for_ever(*args, **kwargs):
        kept.append(post(*args, **kwargs))
        return kept[0]

    legs = world.legs()
    world.ask(legs[0])
    world.ask(legs[1])
    monkeypatch.setattr(requests, "post", first_answer_for_ever)
    tasks.send_tax_orders()
    assert Invoice.objects.count() == 1
    assert queries.tax_orders_in_trouble(world.first)[0].last_error == "signature"


def test_the_port_itself(port, settings):
    assert tell(settings, "asleep") == 422
    assert tell(settings, "away", secret="whsec_" + base64.b64encode(b"another one").decode()) == 401
    assert {tell(settings, how) for how in BEHAVIOURS} == {200}
    tell(settings, "honest")
    assert invoice_number(year=2026, kind="special", serial=7) == "26151000000000000007"
    order = {"number": "B1", "kind": "ordinary", "name": "x", "amount_fen": 1}
    assert port.take(order) == port.take(order)
    with pytest.raises(Contradiction):
        port.take({**order, "amount_fen": 2})
    assert requests.post(f"{settings.TAX_URL}/invoices", data="{}", timeout=5).status_code == 401
    assert requests.get(f"{settings.TAX_URL}/health", timeout=5).status_code == 200
