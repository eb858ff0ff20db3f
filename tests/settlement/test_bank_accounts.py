"""One bank account a participant: two persons and the bank bind it, two release it; when and how much may leave to it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client

from accounts.errors import PasswordNeeded, RoleMissing
from accounts.models import WorkItem
from accounts.queries import organisation
from accounts.rules import Role
from settlement import queries, services, tasks
from settlement.errors import (
    AccountInUse,
    BankAccountKnown,
    BankAccountMissing,
    BankAccountNotThere,
    BankAccountNotYet,
    BankAccountUnreadable,
    PayerUnknown,
    SoldToday,
    StaleVersion,
    StepNotOpen,
    TransferSamePerson,
    WithdrawalWindowClosed,
)
from settlement.models import BankAccount, Withdrawal
from settlement.rules import TradeToSettle
from settlement.rules.acmt import read_verification, verification_request
from settlement.rules.xml import Unreadable
from settlement.services.deposits import BankMessage
from simulators.bank.acmt import Question, read_question, report
from tests.accounts.makers import a_person, signed_in_as
from tests.concurrency import started_and_waiting
from tests.settlement.makers import bind_account, give_money, issue, of_organisation

NUMBER = "6222020000001234"


class World:
    """A firm with its two persons, and someone of another firm."""

    def __init__(self, at):
        self.at = at
        self.first = a_person(Role.FIRM_INITIATOR, at=at, confirmed=True)
        self.firm = self.first.organisation_id
        self.second = a_person(Role.FIRM_CONFIRMER, at=at, confirmed=True, organisation_id=self.firm)
        self.stranger = a_person(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, at=at, confirmed=True)

    def propose(self, number=NUMBER):
        return services.propose_bank_account(actor=self.first, bank_name="模拟银行", account_number=number, at=self.at)

    def approve(self, row, actor=None, **changes):
        asked = {"account_id": row.pk, "account_number": row.account_number, "at": self.at}
        return services.approve_bank_account(actor=actor or self.second, **{**asked, **changes})

    def bound(self, number=NUMBER, at=None):
        row = self.approve(self.propose(number))
        return services.record_account_answer(account_id=row.pk, is_holders=True, reason="", at=at or self.at)

    def released(self, row):
        services.ask_release(actor=self.first, account_id=row.pk, at=self.at)
        return services.release_bank_account(actor=self.second, account_id=row.pk, at=self.at)

    def withdraw(self, fen=1_000, at=None):
        return services.request_withdrawal(actor=self.first, amount_fen=fen, at=at or self.at)


@pytest.fixture
def world(committed, at):
    return World(at)


def clean():
    assert {name: proof["broken"] for name, proof in queries.broken_invariants().items() if proof["broken"]} == {}
    assert queries.unreconciled_holdings() == []


def test_two_persons_and_the_bank_bind_an_account(world, bank):
    row = world.propose("6222 0200 0000 1234")
    assert (row.account_number, row.account_name) == (NUMBER, organisation(world.firm).name)
    assert WorkItem.objects.filter(subject=f"bank_account:{row.pk}", closed_at=None).count() == 1
    world.approve(row)
    assert queries.bank_account_of(world.firm) is None
    for _ in range(2):
        tasks.ask_about_accounts()
    assert queries.bank_account_of(world.firm) == row
    assert WorkItem.objects.filter(subject=f"bank_account:{row.pk}", closed_at=None).count() == 0
    give_money(world.firm, 5_000, world.at)
    row.refresh_from_db()
    assert world.withdraw(at=row.usable_from).bank_account == row
    clean()


def test_the_bank_refuses_an_account_in_another_name(world, bank):
    bank.verify(account=NUMBER, name="别家公司")
    row = world.approve(world.propose())
    tasks.ask_about_accounts()
    row.refresh_from_db()
    assert (row.state, row.last_error) == ("refused", "户名不符")
    assert world.propose().state == "proposed"  # It may be tried again.


def test_a_bank_that_is_away_is_asked_again(world, bank):
    bank.behave("away")
    row = world.approve(world.propose())
    tasks.ask_about_accounts()
    row.refresh_from_db()
    assert (row.state, row.attempts, row.last_error) == ("asked", 1, "503")
    assert queries.accounts_to_ask(at=world.at, limit=5) == []
    bank.behave("honest")
    assert queries.accounts_to_ask(at=world.at + timedelta(days=400), limit=5) == [row]


def test_a_bank_that_is_away_is_asked_about_one_account_at_a_time(world, bank):
    bank.behave("away")
    other = World(world.at)
    rows = [world.approve(world.propose()), other.approve(other.propose("6222020000005678"))]
    tasks.ask_about_accounts()
    for row in rows:
        row.refresh_from_db()
    assert sorted(row.attempts for row in rows) == [0, 1]
    bank.behave("honest")
    tasks.ask_about_accounts()
    assert queries.bank_account_of(other.firm) == rows[1]


def test_a_later_account_past_the_calendar_is_no_error(world):
    """A leap day has no such day in the next year."""
    leap = world.at.replace(year=2028, month=2, day=29)
    first = world.bound()
    assert queries.bank_account_usable_from(BankAccount(organisation_id=world.firm), leap) > leap > first.bound_at


def test_one_person_or_a_stranger_binds_nothing(world):
    row = world.propose()
    both = a_person(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, at=world.at, confirmed=True, organisation_id=world.firm)
    with pytest.raises(BankAccountNotThere):
        world.approve(row, world.stranger)
    with pytest.raises(RoleMissing):
        world.approve(row, world.first)
    with pytest.raises(PasswordNeeded):
        world.approve(row, replace(world.second, confirmed_at=None))
    with pytest.raises(StaleVersion):
        world.approve(row, account_number="62229999")
    services.refuse_bank_account(actor=world.second, account_id=row.pk, at=world.at)
    own = services.propose_bank_account(actor=both, bank_name="行", account_number=NUMBER, at=world.at)
    with pytest.raises(TransferSamePerson):
        world.approve(own, both)
    with pytest.raises(BankAccountNotThere):
        services.record_account_answer(account_id=own.pk, is_holders=True, reason="", at=world.at)
    assert queries.bank_account_of(world.firm) is None


@pytest.mark.parametrize(
    "number", ["", "1234567", "6" * 33, "６２２２０２００", "6222-0200", "62220200abc", "1 OR 1=1"]
)
def test_what_is_no_account_number_is_refused(world, number):
    with pytest.raises(BankAccountUnreadable):
        world.propose(number)


def test_one_account_is_bound_at_a_time_and_serves_one_holder(world):
    world.propose()
    with pytest.raises(BankAccountKnown):
        world.propose("6222020000009999")
    world.approve(BankAccount.objects.get())
    row = services.record_account_answer(
        account_id=BankAccount.objects.get().pk, is_holders=True, reason="", at=world.at
    )
    with pytest.raises(BankAccountKnown):
        world.propose("6222020000009999")
    other = World(world.at)
    theirs = other.approve(other.propose())
    assert (
        services.record_account_answer(account_id=theirs.pk, is_holders=True, reason="", at=world.at).state == "refused"
    )
    assert queries.bank_account_of(world.firm) == row


def test_an_account_is_released_by_two_and_not_under_a_payment(world):
    row = world.bound()
    give_money(world.firm, 5_000, world.at)
    withdrawal = world.withdraw()
    with pytest.raises(AccountInUse):
        services.ask_release(actor=world.first, account_id=row.pk, at=world.at)
    services.finish_withdrawal(withdrawal_id=withdrawal.pk, paid=True, at=world.at)
    services.ask_release(actor=world.first, account_id=row.pk, at=world.at)
    with pytest.raises(StepNotOpen):
        services.ask_release(actor=world.first, account_id=row.pk, at=world.at)
    services.keep_bank_account(actor=world.second, account_id=row.pk, at=world.at)
    assert world.released(row).state == "released"
    with pytest.raises(BankAccountMissing):
        world.withdraw()
    clean()


def test_who_asked_for_the_release_does_not_carry_it_out(world):
    row = world.bound()
    both = a_person(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, at=world.at, confirmed=True, organisation_id=world.firm)
    services.ask_release(actor=both, account_id=row.pk, at=world.at)
    asked = {"account_id": row.pk, "at": world.at}
    with pytest.raises(TransferSamePerson):
        services.release_bank_account(actor=both, **asked)
    with pytest.raises(PasswordNeeded):
        services.release_bank_account(actor=replace(world.second, confirmed_at=None), **asked)
    with pytest.raises(RoleMissing):
        services.release_bank_account(actor=world.first, **asked)
    with pytest.raises(BankAccountNotThere):
        services.keep_bank_account(actor=world.stranger, **asked)
    assert queries.bank_account_of(world.firm) == row


def test_a_later_account_takes_money_only_from_the_next_trading_day(world):
    give_money(world.firm, 5_000, world.at)
    first = world.bound()
    assert first.usable_from == world.at
    world.released(first)
    second = world.bound("6222020000005678")
    assert second.usable_from.isoformat() == "2026-03-03T00:00:00+08:00"
    with pytest.raises(BankAccountNotYet):
        world.withdraw()
    assert world.withdraw(at=world.at + timedelta(days=1)).bank_account == second


@pytest.mark.parametrize(
    ("moved", "is_open"),
    [
        (timedelta(hours=-1, minutes=-1), False),  # 08:59
        (timedelta(hours=-1), True),
        (timedelta(hours=5, minutes=29), True),
        (timedelta(hours=5, minutes=30), False),  # 15:30
        (timedelta(days=5), False),  # Saturday
    ],
)
def test_money_is_asked_out_in_the_windows_of_trading_days(world, moved, is_open):
    world.bound(at=world.at - timedelta(days=1))
    give_money(world.firm, 5_000, world.at)
    if is_open:
        assert world.withdraw(at=world.at + moved).state == "sent"
    else:
        with pytest.raises(WithdrawalWindowClosed, match="09:00–15:30"):
            world.withdraw(at=world.at + moved)


def test_a_second_person_lets_money_go_in_the_windows_only(world):
    world.bound()
    give_money(world.firm, 9_000_000, world.at)
    row = world.withdraw(6_000_000)
    with pytest.raises(WithdrawalWindowClosed):
        services.approve_withdrawal(actor=world.second, withdrawal_id=row.pk, at=world.at + timedelta(hours=6))


def sell(world, fen, at):
    """Let the firm sell one tonne for `fen`, with a fee of 6 fen, to somebody."""
    from django.db import transaction

    batch = issue(world.firm, 10, at)
    buyer = world.stranger.organisation_id
    give_money(buyer, fen, at)
    services.hold_units_for_order(
        key=f"u{batch.asset_id}", organisation_id=world.firm, asset_id=batch.asset_id, units=1, at=at
    )
    services.hold_cash_for_order(key=f"c{batch.asset_id}", organisation_id=buyer, fen=fen, at=at)
    with transaction.atomic():
        services.settle_trades(
            trades=[TradeToSettle(batch.asset_id, batch.asset_id, 1, fen, buyer, world.firm, fen, 0, 6, 0)], at=at
        )


def test_what_was_sold_for_today_buys_at_once_and_leaves_tomorrow(world):
    world.bound()
    give_money(world.firm, 1_000, world.at)
    sell(world, 500, world.at)
    left = queries.withdrawable(world.firm, world.at)
    assert (left.available_fen, left.sales_fen, left.fen) == (1_494, 494, 1_000)
    with pytest.raises(SoldToday, match=r"10\.00 yuan may leave now"):
        world.withdraw(1_001)
    services.hold_cash_for_order(key="buy", organisation_id=world.firm, fen=1_400, at=world.at)  # It buys at once.
    assert queries.withdrawable(world.firm, world.at).fen == 0
    services.release_cash_of_order(key="not", organisation_id=world.firm, fen=1_400, at=world.at)
    world.withdraw(1_000)
    tomorrow = world.at + timedelta(days=1)
    assert queries.withdrawable(world.firm, tomorrow).fen == 494
    world.withdraw(494, at=tomorrow)
    clean()


def test_the_database_keeps_todays_sales_where_the_code_does_not(world, monkeypatch):
    world.bound()
    sell(world, 500, world.at)
    unlimited = queries.Withdrawable(10**9, 0, 0)
    monkeypatch.setattr(queries, "withdrawable", lambda *_: unlimited)
    with pytest.raises(IntegrityError, match="sold for leaves only after"):
        world.withdraw(1)


def test_a_release_waits_for_a_withdrawal_and_then_refuses(world):
    from django.db import transaction

    row = world.bound()
    give_money(world.firm, 5_000, world.at)
    services.ask_release(actor=world.first, account_id=row.pk, at=world.at)
    with transaction.atomic():
        world.withdraw()
        later = started_and_waiting(
            lambda: services.release_bank_account(actor=world.second, account_id=row.pk, at=world.at)
        )
    later.join()
    assert isinstance(later.error, AccountInUse)
    clean()


def test_a_withdrawal_waits_for_a_release_and_finds_the_account_gone(world):
    from django.db import transaction

    row = world.bound()
    give_money(world.firm, 5_000, world.at)
    services.ask_release(actor=world.first, account_id=row.pk, at=world.at)
    with transaction.atomic():
        services.release_bank_account(actor=world.second, account_id=row.pk, at=world.at)
        later = started_and_waiting(world.withdraw)
    later.join()
    assert isinstance(later.error, BankAccountMissing)
    clean()


def test_the_page_leads_through_binding_and_release(world):
    first, second = signed_in_as(world.first), signed_in_as(world.second)
    url = "/funds/bank-account/"
    assert first.post(url, {"bank_name": "行", "account_number": "12"}).status_code == 422
    assert first.post(url, {"bank_name": "行", "account_number": NUMBER}).status_code == 302
    row = BankAccount.objects.get()
    assert NUMBER in second.get(url).content.decode()
    stranger = signed_in_as(world.stranger)
    assert NUMBER not in stranger.get(url).content.decode()
    steps = [(second, "approve", {"account_number": NUMBER})]
    for who, verb, body in steps:
        answer = who.post(f"{url}{row.pk}/{verb}/", body)
        assert answer.status_code == 302
        if answer.url.startswith("/confirm"):  # The password is asked for first.
            from tests.accounts.makers import PASSWORD

            who.post(answer.url, {"password": PASSWORD})
            who.post(f"{url}{row.pk}/{verb}/", body)
    row.refresh_from_db()
    assert row.state == "asked"
    services.record_account_answer(account_id=row.pk, is_holders=True, reason="", at=world.at)
    first.post(f"{url}{row.pk}/ask-release/")
    second.post(f"{url}{row.pk}/keep/")
    row.refresh_from_db()
    assert (row.state, row.release_asked_by_id) == ("bound", None)
    first.post(f"{url}{row.pk}/ask-release/")
    second.post(f"{url}{row.pk}/release/")
    row.refresh_from_db()
    assert row.state == "released"
    assert stranger.post(f"{url}{row.pk}/ask-release/").status_code == 404
    assert Client().get(url).status_code == 302


# -- unknown money goes back


@pytest.fixture
def operators(at, committed):
    first = a_person(Role.SETTLEMENT_OPERATOR, at=at, confirmed=True)
    return first, a_person(Role.SETTLEMENT_OPERATOR, at=at, organisation_id=first.organisation_id, confirmed=True)


def returned(operators, at, serial="B1"):
    notice = services.book_bank_notice(message=BankMessage(serial, 50_000, "", "路人", "62229999"), at=at)
    row = services.propose_return(actor=operators[0], notice_id=notice.pk, reason="无法查明", at=at)
    with pytest.raises(TransferSamePerson):
        services.approve_explanation(actor=operators[0], explanation_id=row.pk, digest=row.digest, at=at)
    return services.approve_explanation(actor=operators[1], explanation_id=row.pk, digest=row.digest, at=at)


def test_unknown_money_goes_back_to_who_paid_it(operators, bank, at):
    row = returned(operators, at)
    assert (queries.suspense_fen(), queries.unknown_money(operators[0])) == (0, [])
    tasks.send_payment_orders()
    (movement,) = bank.movements()
    assert (movement["amount_fen"], movement["name"], movement["account"]) == (50_000, "路人", "62229999")
    withdrawal = Withdrawal.objects.get(returns=row.notice)
    services.finish_withdrawal(withdrawal_id=withdrawal.pk, paid=True, at=at)
    clean()


def test_money_that_the_bank_gives_back_is_unknown_again(operators, bank, at):
    bank.behave("reject")
    row = returned(operators, at)
    tasks.send_payment_orders()
    row.refresh_from_db()
    assert row.state == "failed"
    assert queries.suspense_fen() == 50_000
    assert [one.pk for one, _ in queries.unknown_money(operators[0])] == [row.notice_id]
    clean()
    again = services.propose_return(actor=operators[0], notice_id=row.notice_id, reason="再退", at=at)
    services.approve_explanation(actor=operators[1], explanation_id=again.pk, digest=again.digest, at=at)
    assert queries.suspense_fen() == 0
    clean()


def test_money_without_a_payers_account_cannot_go_back(operators, at):
    notice = services.book_bank_notice(message=BankMessage("B1", 50_000, "", "路人", ""), at=at)
    with pytest.raises(PayerUnknown):
        services.propose_return(actor=operators[0], notice_id=notice.pk, reason="无法查明", at=at)
    with pytest.raises(RoleMissing):
        services.propose_return(actor=of_organisation(1), notice_id=notice.pk, reason="x", at=at)


# -- the messages


def test_question_and_answer_are_read_as_they_were_written(at):
    question = verification_request(
        message_id="V1", written_at=at, asker="平台", number="A7", name="某公司", account=NUMBER
    )
    assert read_question(question) == Question("V1", "A7", "某公司", NUMBER)
    yes, no = (report(Question("V1", "A7", "某公司", NUMBER), reason=reason) for reason in ("", "户名不符"))
    assert read_verification(yes, message_id="V1", number="A7").is_holders
    told = read_verification(no, message_id="V1", number="A7")
    assert (told.is_holders, told.reason) == (False, "户名不符")
    for wrong, message, number in (
        (yes, "V2", "A7"),
        (yes, "V1", "A8"),
        (yes.replace(b"true", b"maybe"), "V1", "A7"),
        (yes.replace(b"acmt.024", b"acmt.023"), "V1", "A7"),
    ):
        with pytest.raises(Unreadable):
            read_verification(wrong, message_id=message, number=number)
    with pytest.raises(ValueError, match="no question"):
        read_question(question.replace(b"IdVrfctnReq", b"Other"))


def test_a_holder_bound_by_the_maker_is_bound(committed, at):
    """The maker that other tests use makes what the services make."""
    firm = a_person(Role.FIRM_INITIATOR, at=at).organisation_id
    assert queries.bank_account_of(firm) is None
    assert queries.bank_account_of(firm) != bind_account(firm, at)
    assert queries.bank_account_of(firm) is not None
