"""Statements of the bank: taken once, explained to the fen, and what does not fit is refused or stays open to see."""

import json
import threading
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from standardwebhooks.webhooks import Webhook

from accounts.rules import Role
from settlement import queries, services, tasks
from settlement.errors import (
    FileUnreadable,
    StatementContradicts,
    StatementDoesNotFollow,
    StatementElsewhere,
    StatementOff,
    XmlRejected,
)
from settlement.models import BankNotice, BankStatement, PaymentOrder, StatementLine, Withdrawal
from settlement.rules.pain import OrderAnswer
from settlement.rules.xml import MOST_BYTES
from settlement.services.deposits import BankMessage
from simulators.bank.books import Books
from simulators.bank.camt import Line, statement
from simulators.bank.courier import Courier
from simulators.bank.server import serve
from tests.accounts.makers import a_person, signed_in_as
from tests.concurrency import started_and_waiting
from tests.settlement.makers import an_organisation, bind_account, of_organisation
from tests.settlement.test_bank import SECRET

ACCOUNT = "150100888800000001"
DAY = date(2026, 3, 2)
WRITTEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _bank(settings):
    settings.BANK_SECRET = SECRET
    settings.BANK_ACCOUNT = ACCOUNT


def written(*lines, number=1, opening=0, **changes):
    return statement(number=number, account=ACCOUNT, opening_fen=opening, lines=lines, written_at=WRITTEN, **changes)


def take(data, at, actor=None):
    return services.take_statement_file(data=data, account=ACCOUNT, at=at, actor=actor)


@pytest.fixture
def firm(committed, at):
    """A firm with a bank account, its reference, and a notice of 500 yuan under it."""
    number = an_organisation(at=at)
    bind_account(number, at)
    reference = services.request_deposit(actor=of_organisation(number), amount_fen=None, at=at).reference
    services.book_bank_notice(message=BankMessage("B1", 50_000, reference, "某公司", "6222"), at=at)
    return number, reference


def withdraw(firm, fen, at):
    actor = a_person(Role.FIRM_INITIATOR, at=at, organisation_id=firm, confirmed=True)
    return services.request_withdrawal(actor=actor, amount_fen=fen, at=at)


def clean():
    assert {name: proof["broken"] for name, proof in queries.broken_invariants().items() if proof["broken"]} == {}
    assert queries.unreconciled_holdings() == []


def watcher(at):
    return a_person(Role.SETTLEMENT_OPERATOR, at=at)


def test_lines_are_explained_by_what_moved_their_money(firm, at):
    number, reference = firm
    paid = withdraw(number, 20_000, at)
    (row,) = take(
        written(
            Line("B1", 50_000, DAY, "某公司", "6222", reference),
            Line("B2", -20_000, DAY, "某公司", "6222", "", f"{paid.pk}"),
        ),
        at + timedelta(minutes=1),
    )

    paid.refresh_from_db()
    assert (row.lines, row.closing_fen, paid.state) == (2, 30_000, Withdrawal.State.PAID)
    assert all(hasattr(line, "explained") for line in queries.lines_of(row))
    money = queries.open_money(watcher(at))
    assert (money.lines, money.notices, money.withdrawals, money.breaks) == ((), (), (), ())
    clean()


def test_money_that_no_notice_told_of_is_booked_from_the_statement_and_never_twice(firm, at):
    number, reference = firm
    lost = Line("B5", 7_000, DAY, "某公司", "6222", reference)
    unknown = Line("B6", 300, DAY, "路人", "", "不知何故")
    take(written(Line("B1", 50_000, DAY, "某公司", "6222", reference), lost, unknown), at)
    assert queries.available_fen(number) == 57_000
    assert queries.suspense_fen() == 300

    late = services.book_bank_notice(message=BankMessage("B5", 7_000, reference, "某公司", "6222"), at=at)
    assert queries.available_fen(number) == 57_000
    assert late.bank_serial == "B5"
    clean()


def test_the_same_statement_again_changes_nothing(firm, at):
    data = written(Line("B7", 100, DAY, "甲"))
    first, again = take(data, at), take(data, at + timedelta(days=1))
    assert [one.pk for one in first] == [one.pk for one in again]
    assert BankNotice.objects.filter(bank_serial="B7").count() == 1
    clean()


def test_statements_that_come_in_the_wrong_order_are_absorbed(firm, at):
    _, reference = firm
    second = written(Line("B8", 100, DAY, "甲"), number=2, opening=50_000)
    first = written(Line("B1", 50_000, DAY, "某公司", "6222", reference))
    take(second, at)
    take(first, at + timedelta(minutes=1))
    assert queries.suspense_fen() == 100
    assert StatementLine.objects.filter(explained__isnull=True).count() == 0
    clean()


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (written(Line("B1", 50_000, DAY), closing_fen=50_001), StatementOff),
        (written(Line("B3", 100, DAY), Line("B3", 100, DAY)), StatementOff),
        (written(Line("B3", 100, DAY)).replace(ACCOUNT.encode(), b"6222000"), StatementElsewhere),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><Document>&b;</Document>', XmlRejected),
        (b"<Document/>", XmlRejected),
        (written(Line("B" * 36, 100, DAY)), XmlRejected),
        (written(Line("B3", 0, DAY)), XmlRejected),
        (("日期,金额,余额\n2026-03-02,1.00,1.00\n" + "\n" * MOST_BYTES).encode(), FileUnreadable),
        (b"", FileUnreadable),
        (b"\x89PNG\r\n\x1a\n\x00\x00", FileUnreadable),
        ("日期,金额,余额\n2026-03-02,1.00,1.00\n2026-03-03,1.00,3.00\n".encode(), StatementOff),
    ],
)
def test_what_is_off_is_refused_and_nothing_of_it_stays(firm, at, data, refusal):
    before = BankNotice.objects.count()
    with pytest.raises(refusal):
        take(data, at)
    assert (BankStatement.objects.count(), BankNotice.objects.count()) == (0, before)


@pytest.mark.parametrize("change", [(b"100.00", b"100.01"), (b"B4", b"B4X"), (b"\xe7\x94\xb2", b"\xe4\xb9\x99")])
def test_a_statement_that_was_tampered_with_is_refused(firm, at, change):
    data = written(Line("B4", 10_000, DAY, "甲"))
    take(data, at)
    changed = data.replace(*change)
    if change[0] == b"100.00":
        changed = changed.replace(b">100.00<", b">100.01<")
    with pytest.raises(StatementContradicts):
        take(changed, at)
    assert BankStatement.objects.count() == 1


def test_a_movement_stands_on_one_statement(firm, at):
    take(written(Line("B4", 100, DAY, "甲")), at)
    with pytest.raises(StatementContradicts):
        take(written(Line("B4", 100, DAY, "甲"), number=2, opening=100), at)
    clean()


def test_what_does_not_fit_stays_open_to_see(firm, at):
    number, reference = firm
    paid = withdraw(number, 20_000, at)
    take(
        written(
            Line("B1", 49_999, DAY, "某公司", "6222", reference),  # The notice said 500.00.
            Line("B2", -20_001, DAY, "某公司", "6222", "", f"{paid.pk}"),
            Line("B9", -5, DAY, "账户管理费"),
        ),
        at + timedelta(minutes=1),
    )
    take(written(number=2, opening=77), at + timedelta(minutes=2))

    money = queries.open_money(watcher(at))
    assert [line.bank_serial for line in money.lines] == ["B1", "B2", "B9"]
    assert [one.statement_id for one in money.breaks] == ["STMT-000002"]
    paid.refresh_from_db()
    assert paid.state == Withdrawal.State.SENT


def test_a_withdrawal_paid_out_twice_leaves_one_line_open(firm, at):
    number, _ = firm
    paid = withdraw(number, 20_000, at)
    twice = [Line(f"B{one}", -20_000, DAY, "某公司", "6222", "", f"{paid.pk}") for one in (2, 3)]
    take(written(*twice), at + timedelta(minutes=1))
    assert [line.bank_serial for line in queries.open_money(watcher(at)).lines] == ["B3"]
    clean()


def test_the_chain_of_balances_is_judged_by_the_banks_own_count(firm, at):
    take(written(number=2, opening=100), at)
    take(written(Line("B4", 100, DAY, "甲")), at + timedelta(minutes=1))  # The first, and later.
    assert queries.open_money(watcher(at)).breaks == ()
    take(written(number=4, opening=7), at + timedelta(minutes=2))  # The third is missing: nothing is known of it yet.
    assert queries.open_money(watcher(at)).breaks == ()
    assert queries.next_sequence() == 3
    take(written(number=3, opening=101), at + timedelta(minutes=3))
    assert [one.sequence for one in queries.open_money(watcher(at)).breaks] == [3, 4]


@pytest.mark.parametrize(
    ("opening", "day", "taken"),
    [
        (50_000, DAY, True),
        (50_001, DAY, False),
        (49_999, DAY, False),
        (0, DAY, False),
        (50_000, DAY - timedelta(days=1), False),  # Before the last movement that is known.
        (50_000, DAY + timedelta(days=1), False),  # In the future.
    ],
)
def test_a_file_that_a_person_gives_goes_on_where_the_last_statement_ended(firm, at, opening, day, taken):
    _number, reference = firm
    take(written(Line("B1", 50_000, DAY, "某公司", "6222", reference)), at)
    data = written(Line("X1", 981, day, "陌生人", "6217"), number=2, opening=opening)
    if taken:
        assert take(data, at, watcher(at))[0].lines == 1
        return
    with pytest.raises(StatementDoesNotFollow) as caught:
        take(data, at, watcher(at))
    assert caught.value.found["expected"] == "500.00"
    assert BankStatement.objects.count() == 1
    assert not BankNotice.objects.filter(bank_serial="X1").exists()
    take(data, at)  # What the bank itself sends is taken, and shown.
    clean()


def test_one_statement_taken_twice_at_once_is_taken_once(firm, at):
    data = written(Line("B7", 100, DAY, "甲"))
    with transaction.atomic():
        (first,) = take(data, at)
        other = started_and_waiting(lambda: take(data, at))
    other.join()
    assert other.error is None
    assert [one.pk for one in other.result] == [first.pk]
    clean()


# -- over the network


@pytest.fixture
def bank(settings, tmp_path):
    books = Books(str(tmp_path / "bank.db"), ACCOUNT)
    courier = Courier(books, "http://127.0.0.1:1/none", SECRET)
    server = serve(books, courier, host="127.0.0.1", port=0, secret=SECRET)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    settings.BANK_URL = f"http://127.0.0.1:{server.server_address[1]}"
    yield books
    server.shutdown()
    server.server_close()
    books.close()


def tell(settings, how):
    body = json.dumps({"behaviour": how})
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "m",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("m", now, body),
    }
    return requests.post(f"{settings.BANK_URL}/behaviour", data=body, headers=headers, timeout=5).status_code


def test_the_next_statement_is_fetched_and_the_same_number_stays_the_same(firm, bank, settings, at):
    number, reference = firm
    bank.pay_in(amount_fen=900, reference=reference, name="某公司", account="6222")
    assert tasks.fetch_next_statement(at) == ""
    assert queries.available_fen(number) == 50_900
    assert bank.statement(1) == bank.statement(1)
    assert bank.statement(7) is None
    bank.pay_in(amount_fen=50, reference="", name="路人", account="")
    assert tasks.fetch_next_statement(at + timedelta(days=1)) == ""
    assert queries.suspense_fen() == 50
    assert [one.closing_fen for one in queries.statements_visible_to(watcher(at))] == [950, 900]
    assert queries.open_money(watcher(at)).breaks == ()
    clean()


@pytest.mark.parametrize("how", ["wrong", "away"])
def test_a_bank_that_is_wrong_or_away_changes_nothing_and_is_asked_again(firm, bank, settings, at, how):
    number, reference = firm
    bank.pay_in(amount_fen=900, reference=reference, name="某公司", account="6222")
    assert tell(settings, how) == 200
    assert tasks.fetch_next_statement(at) != ""
    assert BankStatement.objects.count() == 0
    assert tell(settings, "honest") == 200
    assert tasks.fetch_next_statement(at) == ""
    assert queries.available_fen(number) == 50_900
    clean()


def test_lost_and_doubled_notices_end_in_the_same_money(firm, bank, settings, at):
    number, reference = firm
    for how in ("lost", "double", "late"):
        tell(settings, how)
        bank.pay_in(amount_fen=100, reference=reference, name="某公司", account="6222")
    assert len({one.message_id for one in bank.due_notices()}) == 2  # The late one waits, the lost one is lost.
    tasks.fetch_next_statement(at)
    assert queries.available_fen(number) == 50_300
    clean()


@pytest.fixture
def impostor(settings):
    """Whoever answers at the bank's address without its secret: anything, with 200 and a signature that is none."""

    class Counter(BaseHTTPRequestHandler):
        def log_message(self, *_):
            return

        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = said["body"]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("webhook-id", "a")
            self.send_header("webhook-timestamp", str(int(datetime.now(UTC).timestamp())))
            self.send_header("webhook-signature", "v1,AAAA")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            self.do_GET()

    said = {"body": b""}
    server = HTTPServer(("127.0.0.1", 0), Counter)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    settings.BANK_URL = f"http://127.0.0.1:{server.server_address[1]}"
    yield said
    server.shutdown()
    server.server_close()


def test_what_the_bank_has_not_signed_is_no_statement(firm, impostor, at):
    impostor["body"] = written(Line("B9", 5_000_000, DAY, "路人"))
    assert tasks.fetch_next_statement(at) == "signature"
    assert BankStatement.objects.count() == 0


def test_what_the_bank_has_not_signed_is_no_answer_to_orders(firm, impostor, at, monkeypatch):
    paid = withdraw(firm[0], 20_000, at)
    monkeypatch.setattr(tasks.bank, "read_answer", lambda *_, **__: {f"{paid.pk}": OrderAnswer(False, "AC04")})
    tasks.send_payment_orders()
    paid.refresh_from_db()
    assert paid.state == Withdrawal.State.SENT
    assert PaymentOrder.objects.get(withdrawal=paid).last_error == "signature"


def test_only_the_platform_is_given_statements_and_tells_the_bank_how_to_be(bank, settings):
    assert requests.get(f"{settings.BANK_URL}/statements/1", timeout=5).status_code == 401
    assert requests.post(f"{settings.BANK_URL}/behaviour", data='{"behaviour":"away"}', timeout=5).status_code == 401
    assert tell(settings, "mad") == 422


def test_a_statement_is_due_once_a_trading_day_after_its_hour(committed, at):
    afternoon = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)  # 16:30 in Beijing, a Monday.
    assert not queries.statement_is_due(afternoon - timedelta(minutes=1))
    assert queries.statement_is_due(afternoon)
    assert not queries.statement_is_due(afternoon - timedelta(days=1))
    take(written(), afternoon)
    assert not queries.statement_is_due(afternoon + timedelta(hours=1))


# -- the page


def test_the_operator_takes_a_file_and_sees_what_is_open(firm, at):
    operator = a_person(Role.SETTLEMENT_OPERATOR, at=at)
    client = signed_in_as(operator)
    file = SimpleUploadedFile("s.xml", written(Line("B9", -5, DAY, "账户管理费")), "text/xml")
    answer = client.post("/bank-desk/statements/", {"file": file}, follow=True)
    assert answer.status_code == 200
    assert "待查" in answer.content.decode()
    page = client.get("/bank-desk/statements/").content.decode()
    assert "对账单有，账本无" in page
    bad = client.post("/bank-desk/statements/", {"file": SimpleUploadedFile("s.xml", b"<a/>", "text/xml")})
    assert bad.status_code == 422
    assert "无法作为对账单读取" in bad.content.decode()
    row = BankStatement.objects.get()
    sheet = client.get(f"/bank-desk/statements/{row.pk}.xlsx")
    assert b"".join(sheet.streaming_content)[:2] == b"PK"
    sheet.close()
    assert client.get("/bank-desk/statements/987654321/").status_code == 404


def test_others_see_no_statement(firm, at):
    assert Client().get("/bank-desk/statements/").status_code == 302
    take(written(), at)
    person = a_person(Role.FIRM_INITIATOR, at=at)
    assert list(queries.statements_visible_to(person)) == []
    stranger = signed_in_as(person)
    assert stranger.get("/bank-desk/statements/").status_code == 403
    auditor = signed_in_as(a_person(Role.AUDITOR, at=at))
    assert auditor.get("/bank-desk/statements/").status_code == 200
    assert auditor.post("/bank-desk/statements/fetch/").status_code == 403
