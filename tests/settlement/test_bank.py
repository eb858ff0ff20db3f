"""The bank port: signed notices in, payment orders out, each once; unknown money waits in suspense."""

import base64
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests
from django.test import Client

from accounts.rules import Role
from settlement import queries, services, tasks
from settlement.errors import BankAccountMissing, InsufficientFunds, NoticeContradicts
from settlement.models import PaymentOrder
from settlement.rules.pain import Order, payment_orders, read_answer
from settlement.rules.signatures import is_signed, signed_headers
from settlement.rules.xml import Unreadable
from settlement.services.deposits import BankMessage
from simulators.bank.books import Books
from simulators.bank.camt import Line, notification
from simulators.bank.courier import Courier
from simulators.bank.pain import Order as BankOrder
from simulators.bank.pain import answer as bank_answer
from simulators.bank.pain import read_orders
from simulators.bank.server import fen_of
from tests.accounts.makers import a_person
from tests.settlement.conftest import BANK_ACCOUNT as ACCOUNT
from tests.settlement.conftest import BANK_SECRET as SECRET
from tests.settlement.makers import an_organisation, bind_account, give_money, of_organisation

ADDRESS = "/api/v1/bank-notices/"


@pytest.fixture(autouse=True)
def _secret(bank_secret):
    """The platform and the bank share it in every test."""


WRITTEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def signed(body: str, *, at: datetime | None = None, secret: str = SECRET, said: str | None = None) -> dict:
    headers = signed_headers(secret=secret, message_id="msg_1", text=body, at=at or datetime.now(UTC))
    return {"content_type": "application/xml", "data": (said or body).encode(), "headers": headers}


def deposit(reference: str, serial: str = "B1", fen: int = 5000, *, account: str = ACCOUNT) -> str:
    line = Line(serial, fen, WRITTEN.date(), "某公司", "6222", reference)
    return notification(message_id="N1", account=account, lines=[line], written_at=WRITTEN).decode()


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
    assert Client().post(ADDRESS, data=deposit("x"), content_type="application/xml").status_code == 401
    assert Client().post(ADDRESS, data="{}", content_type="application/json").status_code == 415
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
    bind_account(initiator.organisation_id, at)
    give_money(initiator.organisation_id, 20_000_000, at)
    return initiator


def test_a_small_withdrawal_is_sent_paid_and_closed_once(firm, bank, at):
    organisation_id = firm.organisation_id
    withdrawal = services.request_withdrawal(actor=firm, amount_fen=1_000_000, at=at)
    assert queries.in_transit_fen(organisation_id) == 1_000_000
    tasks.send_payment_orders()
    tasks.send_payment_orders()

    (notice,) = bank.due_notices()
    assert f"<EndToEndId>{withdrawal.pk}</EndToEndId>" in notice.body
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
    order = Order("1", 1, "x", "y", "z")
    message = payment_orders([order], message_id="P1", written_at=WRITTEN, account=ACCOUNT, owner="o")
    assert requests.post(f"{settings.BANK_URL}/payments", data=message, timeout=5).status_code == 401
    assert bank.movements() == []


def test_many_orders_are_one_message_that_counts_and_sums_them(firm, bank, at):
    for fen in (100, 250, 75):
        services.request_withdrawal(actor=firm, amount_fen=fen, at=at)
    tasks.send_payment_orders()
    assert sorted(row["amount_fen"] for row in bank.movements()) == [75, 100, 250]
    assert queries.due_payment_orders(at=at + timedelta(days=9), limit=10) == []

    orders = [Order("1", 12_345, "甲", "6222", "行"), Order("2", 5, "乙", "6228", "行")]
    message = payment_orders(orders, message_id="P1", written_at=WRITTEN, account=ACCOUNT, owner="o")
    assert read_orders(message)[0] == "P1"
    assert [(one.end_to_end, one.fen, one.name) for one in read_orders(message)[1]] == [
        ("1", 12_345, "甲"),
        ("2", 5, "乙"),
    ]
    for change in ((b">123.45<", b">123.46<"), (b"<NbOfTxs>2", b"<NbOfTxs>3"), (b"EndToEndId", b"Other")):
        with pytest.raises(ValueError, match=r"|"):
            read_orders(message.replace(*change))


def test_an_order_that_the_bank_refuses_gives_its_money_back_with_the_reason(firm, bank, at):
    bank.behave("reject")
    withdrawal = services.request_withdrawal(actor=firm, amount_fen=1_000, at=at)
    tasks.send_payment_orders()
    withdrawal.refresh_from_db()
    assert withdrawal.state == "returned"
    assert queries.available_fen(firm.organisation_id) == 20_000_000
    assert PaymentOrder.objects.get(withdrawal=withdrawal).last_error == "AC04 账户已关闭"
    assert bank.movements() == []
    clean()


def test_an_answer_to_another_message_or_with_no_status_leaves_the_order_waiting(firm, at, monkeypatch):
    services.request_withdrawal(actor=firm, amount_fen=1_000, at=at)
    orders = queries.payment_orders_to_send(queries.due_payment_orders(at=at, limit=5))
    theirs = bank_answer("P1", {}, [BankOrder(orders[0][1].end_to_end, 1_000, "x", "y")])
    assert read_answer(theirs, message_id="P1")[orders[0][1].end_to_end].is_taken
    with pytest.raises(Unreadable, match="another message"):
        read_answer(theirs, message_id="P2")
    assert read_answer(theirs.replace(b"ACCP", b"WHAT"), message_id="P1") == {}
    with pytest.raises(Unreadable, match=r"pain\.002"):
        read_answer(deposit("x").encode(), message_id="P1")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><Document>&b;</Document>', 422, "xml_rejected"),
        ("<Document/>", 422, "xml_rejected"),
        (deposit("x", account="999"), 422, "statement_mismatch"),
        (deposit("x").replace("camt.054", "camt.053"), 422, "xml_rejected"),
        (deposit("x").replace("CNY", "EUR"), 422, "xml_rejected"),
        (deposit("x").replace(">B1<", "><"), 422, "xml_rejected"),
        (deposit("", "B2", -100), 404, "not_found"),
        (deposit("x", "B" * 36), 422, "xml_rejected"),
        (deposit("x", fen=0), 422, "xml_rejected"),
    ],
)
def test_a_signed_message_that_is_none_is_answered_and_nothing_is_booked(committed, body, status, code):
    answer = Client().post(ADDRESS, **signed(body))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert queries.suspense_fen() == 0


def test_a_message_is_taken_whole_or_not_at_all(committed):
    lines = [Line("B1", 100, WRITTEN.date(), "甲"), Line("B2", -100, WRITTEN.date(), "乙", "", "", "987654321")]
    body = notification(message_id="N1", account=ACCOUNT, lines=lines, written_at=WRITTEN).decode()
    assert Client().post(ADDRESS, **signed(body)).status_code == 404
    assert queries.suspense_fen() == 0


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
            assert is_signed(
                secret=SECRET,
                body=body.encode(),
                headers=dict(self.headers.items()),
                at=datetime.now(UTC),
                most_age=timedelta(minutes=1),
            )
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


def test_long_words_of_a_payer_are_cut_and_booked(committed):
    line = Line("B1", 100, WRITTEN.date(), "甲" * 5000, "6" * 500, "x" * 5000)
    body = notification(message_id="N1", account=ACCOUNT, lines=[line], written_at=WRITTEN).decode()
    assert Client().post(ADDRESS, **signed(body)).status_code == 202
    assert queries.suspense_fen() == 100


def test_a_payment_of_another_amount_than_ordered_closes_nothing(firm, at):
    withdrawal = services.request_withdrawal(actor=firm, amount_fen=1_000, at=at)
    line = Line("B2", -999, WRITTEN.date(), "某公司", "6222", "", f"{withdrawal.pk}")
    body = notification(message_id="N1", account=ACCOUNT, lines=[line], written_at=WRITTEN).decode()
    answer = Client().post(ADDRESS, **signed(body))
    assert (answer.status_code, answer.json()["code"]) == (409, "statement_mismatch")
    withdrawal.refresh_from_db()
    assert withdrawal.state == "sent"
    clean()


def test_a_refusal_of_what_is_paid_changes_nothing_but_the_last_words(firm, at):
    withdrawal = services.request_withdrawal(actor=firm, amount_fen=1_000, at=at)
    order = PaymentOrder.objects.get(withdrawal=withdrawal)
    services.finish_withdrawal(withdrawal_id=withdrawal.pk, paid=True, at=at)
    services.record_payment_refusal(order_id=order.pk, reason="AC04", at=at)
    order.refresh_from_db()
    withdrawal.refresh_from_db()
    assert (withdrawal.state, order.last_error, order.done_at) == ("paid", "AC04", at)
    clean()


def test_an_answer_under_another_number_or_changed_is_none():
    now, age = datetime.now(UTC), timedelta(minutes=1)
    headers = signed_headers(secret=SECRET, message_id="a", text="ok", at=now)
    given = {"secret": SECRET, "headers": headers, "at": now, "most_age": age}
    assert is_signed(body=b"ok", message_id="a", **given)
    assert not is_signed(body=b"ok", message_id="b", **given)
    assert not is_signed(body=b"o\xff", **given)
    assert not is_signed(body=b"ok", **given | {"at": now + timedelta(minutes=2)})
