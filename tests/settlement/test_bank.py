"""The bank port: signed notices in, payment orders out, each once; unknown money waits in suspense."""

import base64
import json
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from standardwebhooks.webhooks import Webhook

from accounts.rules import Role
from settlement import queries, services, tasks
from settlement.errors import BankAccountMissing, InsufficientFunds, NoticeContradicts
from settlement.services.deposits import BankMessage
from simulators.bank.books import Books
from simulators.bank.courier import Courier
from simulators.bank.server import fen_of, serve
from tests.accounts.makers import a_person
from tests.settlement.makers import an_organisation, give_money, of_organisation

SECRET = "whsec_" + base64.b64encode(b"a secret of this test alone, 32 B").decode()
ADDRESS = "/api/v1/bank-notices/"


@pytest.fixture(autouse=True)
def _secret(settings):
    settings.BANK_SECRET = SECRET


def signed(body: str, *, at: datetime | None = None, secret: str = SECRET, said: str | None = None) -> dict:
    at = at or datetime.now(UTC)
    return {
        "content_type": "application/json",
        "data": said or body,
        "headers": {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign("msg_1", at, body),
        },
    }


def deposit(reference: str, serial: str = "B1", fen: int = 5000) -> str:
    data = {
        "bank_serial": serial,
        "amount_fen": fen,
        "reference": reference,
        "payer_name": "某公司",
        "payer_account": "6222",
    }
    return json.dumps({"type": "deposit.received", "data": data}, ensure_ascii=False)


def clean() -> None:
    assert {name: proof["broken"] for name, proof in queries.broken_invariants().items() if proof["broken"]} == {}


def test_money_under_a_reference_is_booked_once(committed, at):
    firm = an_organisation(at=at)
    reference = services.request_deposit(actor=of_organisation(firm), amount_fen=5000, at=at).reference
    body = deposit(reference)
    answers = [Client().post(ADDRESS, **signed(body)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert queries.available_fen(firm) == 5000
    assert queries.received_under(reference) == 5000
    clean()


def test_the_same_bank_serial_with_another_amount_is_refused(committed, at):
    firm = an_organisation(at=at)
    reference = services.request_deposit(actor=of_organisation(firm), amount_fen=None, at=at).reference
    message = BankMessage("B9", 100, reference, "", "")
    services.book_bank_notice(message=message, at=at)
    with pytest.raises(NoticeContradicts):
        services.book_bank_notice(message=BankMessage("B9", 101, reference, "", ""), at=at)
    assert queries.available_fen(firm) == 100


def test_money_without_a_known_reference_waits_in_suspense(committed):
    answer = Client().post(ADDRESS, **signed(deposit("TH000000000000")))
    assert answer.status_code == 202
    assert queries.suspense_fen() == 5000
    clean()


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "whsec_" + base64.b64encode(b"another secret").decode()},
        {"at": datetime.now(UTC) - timedelta(hours=2)},
        {"at": datetime.now(UTC) + timedelta(hours=2)},
        {"said": deposit("TH1", fen=999_999)},
    ],
    ids=["forged", "old", "early", "changed"],
)
def test_a_notice_that_is_not_the_banks_is_refused_without_a_word(committed, wrong):
    answer = Client().post(ADDRESS, **signed(deposit("TH1"), **wrong))
    assert answer.status_code == 401
    assert answer.content == b""
    assert queries.suspense_fen() == 0


def test_an_unsigned_notice_is_refused(committed):
    assert Client().post(ADDRESS, data=deposit("x"), content_type="application/json").status_code == 401
    assert Client().post(ADDRESS).status_code == 415


@pytest.mark.parametrize(("text", "fen"), [("12", 1200), ("0.01", 1), ("1,234.5", 123450), ("100000", 10_000_000)])
def test_the_bank_reads_amounts(text, fen):
    assert fen_of(text) == fen


@pytest.mark.parametrize("text", ["", "0", "-5", "1.234", "1e5", "１２", "NaN", "a"])
def test_the_bank_refuses_other_amounts(text):
    with pytest.raises(ValueError, match=r"|"):
        fen_of(text)


@pytest.fixture
def firm(committed, at):
    initiator = a_person(Role.FIRM_INITIATOR, at=at, confirmed=True)
    services.bind_bank_account(
        organisation_id=initiator.organisation_id,
        bank_name="模拟银行",
        account_name="某公司",
        account_number="6222020000001234",
        at=at,
    )
    give_money(initiator.organisation_id, 20_000_000, at)
    return initiator


@pytest.fixture
def bank(tmp_path, settings):
    """The simulated bank, running on a free port; its notices are read from its books, not delivered."""
    books = Books(str(tmp_path / "bank.sqlite3"))
    courier = Courier(books, "http://127.0.0.1:9/none", SECRET)
    server = serve(books, courier, host="127.0.0.1", port=0, secret=SECRET)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    settings.BANK_URL = f"http://127.0.0.1:{server.server_address[1]}"
    yield books
    server.shutdown()
    server.server_close()
    thread.join()
    books.close()


def test_a_small_withdrawal_is_sent_paid_and_closed_once(firm, bank, at):
    organisation_id = firm.organisation_id
    withdrawal = services.request_withdrawal(actor=firm, amount_fen=1_000_000, at=at)
    assert queries.in_transit_fen(organisation_id) == 1_000_000
    tasks.send_payment_orders()
    tasks.send_payment_orders()

    (notice,) = bank.due_notices()
    event = json.loads(notice.body)
    assert event["data"]["order_id"] == str(withdrawal.pk)
    for _ in range(2):
        assert Client().post(ADDRESS, **signed(notice.body)).status_code == 200
    assert queries.in_transit_fen(organisation_id) == 0
    assert queries.available_fen(organisation_id) == 19_000_000
    clean()


def test_a_payment_order_waits_while_the_bank_is_away(firm, settings, at):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.BANK_URL = f"http://127.0.0.1:{taken.getsockname()[1]}"
        services.request_withdrawal(actor=firm, amount_fen=1_000, at=at)
        tasks.send_payment_orders()
    assert queries.due_payment_orders(at=at, limit=10) == []
    assert queries.due_payment_orders(at=at + timedelta(days=400), limit=10) != []


def test_the_bank_takes_no_unsigned_order(bank, settings):
    import requests

    order = {"order_id": "1", "amount_fen": 1, "account_name": "x", "account_number": "y"}
    assert requests.post(f"{settings.BANK_URL}/payments", json=order, timeout=5).status_code == 401
    assert bank.movements() == []


def test_a_large_withdrawal_waits_for_a_second_person(firm, at):
    from django.db import IntegrityError

    withdrawal = services.request_withdrawal(actor=firm, amount_fen=5_000_000, at=at)
    assert withdrawal.state == "asked"
    with pytest.raises(IntegrityError, match="withdrawal_has_two_persons"):
        services.approve_withdrawal(actor=firm, withdrawal_id=withdrawal.pk, at=at)
    second = a_person(Role.FIRM_CONFIRMER, at=at, organisation_id=firm.organisation_id)
    assert services.approve_withdrawal(actor=second, withdrawal_id=withdrawal.pk, at=at).state == "sent"
    clean()


def test_a_returned_withdrawal_is_available_again(firm, at):
    withdrawal = services.request_withdrawal(actor=firm, amount_fen=1_000, at=at)
    services.finish_withdrawal(withdrawal_id=withdrawal.pk, paid=False, at=at)
    assert queries.available_fen(firm.organisation_id) == 20_000_000
    clean()


def test_nobody_pays_out_what_is_not_there_or_to_an_unknown_account(firm, at):
    with pytest.raises(InsufficientFunds):
        services.request_withdrawal(actor=firm, amount_fen=20_000_001, at=at)
    other = a_person(Role.FIRM_INITIATOR, at=at)
    with pytest.raises(BankAccountMissing):
        services.request_withdrawal(actor=other, amount_fen=1, at=at)


def test_the_bank_tells_again_until_the_platform_takes_it(tmp_path, settings):
    """A courier against a platform that refuses at first: the notice is not lost, and not delivered twice."""
    from http.server import BaseHTTPRequestHandler, HTTPServer

    seen: list[tuple[int, str]] = []

    class Platform(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            Webhook(SECRET).verify(body, {key.lower(): value for key, value in self.headers.items()})
            status = 503 if not seen else 200
            seen.append((status, body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    platform = HTTPServer(("127.0.0.1", 0), Platform)
    threading.Thread(target=platform.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    books = Books(str(tmp_path / "bank.sqlite3"))
    courier = Courier(books, f"http://127.0.0.1:{platform.server_address[1]}/", SECRET)
    courier.start()
    serial = books.pay_in(amount_fen=100, reference="TH", name="某", account="")
    courier.ring()
    deadline = time.monotonic() + 10
    while not books.is_delivered(serial) and time.monotonic() < deadline:
        time.sleep(0.05)
    courier.stop()
    platform.shutdown()
    platform.server_close()
    books.close()
    assert [status for status, _ in seen] == [503, 200]
