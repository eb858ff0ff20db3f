"""An act that waits for the password is done once it is known, once, by whoever asked for it."""

import re

import pytest

from accounts.rules import Role
from settlement.models import Withdrawal
from tests.accounts.makers import PASSWORD, a_person, signed_in_as
from tests.settlement.makers import bind_account, give_money


@pytest.fixture
def firm(committed, at):
    """A firm with money and a bound account, and the browser of its initiator and of its confirmer."""
    initiator = a_person(Role.FIRM_INITIATOR, at=at)
    confirmer = a_person(Role.FIRM_CONFIRMER, at=at, organisation_id=initiator.organisation_id)
    give_money(initiator.organisation_id, 100_000_000, at)
    bind_account(initiator.organisation_id, at)
    return signed_in_as(initiator), signed_in_as(confirmer)


def asked(browser, path, fields):
    """Send a form that needs the password, enter it, and return the page that goes on."""
    answer = browser.post(path, fields, headers={"referer": "http://testserver/funds/"})
    assert answer["Location"].startswith("/confirm/?next=")
    assert "funds" in answer["Location"]
    answer = browser.post(answer["Location"], {"password": PASSWORD, "next": "/funds/"})
    assert answer["Location"].startswith("/confirm/go-on/")
    return browser.get(answer["Location"])


def sent_again(browser, page):
    """Send the form of the page that goes on, as its script does."""
    text = page.content.decode()
    action = re.search(r'<form method="post"\s+action="([^"]+)"\s+data-go-on', text)[1]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text))
    fields.pop("csrfmiddlewaretoken", None)
    return browser.post(action, fields)


def test_the_first_withdrawal_goes_through_and_so_does_its_approval(firm):
    first, second = firm
    page = asked(first, "/funds/withdrawals/", {"out-amount": "600000"})
    assert not Withdrawal.objects.exists()
    assert sent_again(first, page).status_code == 302
    row = Withdrawal.objects.get()
    assert row.state == "asked"
    page = asked(second, f"/funds/withdrawals/{row.pk}/approve/", {})
    sent_again(second, page)
    row.refresh_from_db()
    assert row.state == "sent"


def test_it_goes_on_once_and_only_in_the_own_session(firm):
    first, second = firm
    answer = first.post("/funds/withdrawals/", {"out-amount": "100"})
    first.post(answer["Location"], {"password": PASSWORD})
    assert second.get("/confirm/go-on/")["Location"] == "/workbench/"
    assert first.get("/confirm/go-on/").status_code == 200
    assert first.get("/confirm/go-on/")["Location"] == "/workbench/"


def test_a_wrong_password_keeps_what_waits(firm):
    first, _second = firm
    answer = first.post("/funds/withdrawals/", {"out-amount": "100"})
    assert first.post(answer["Location"], {"password": "wrong"}).status_code == 422
    page = asked(first, "/funds/withdrawals/", {"out-amount": "200"})  # The newest one waits.
    sent_again(first, page)
    assert Withdrawal.objects.get().amount_fen == 20_000


def test_what_waits_holds_no_password_and_no_token(firm):
    first, _second = firm
    first.post("/funds/withdrawals/", {"out-amount": "100", "csrfmiddlewaretoken": "x" * 64})
    assert first.session["waiting_act"]["fields"] == [["out-amount", "100"]]
    assert "password" not in str(first.session["waiting_act"])


def test_too_long_forms_are_not_kept_and_lead_back_to_their_page(firm):
    first, _second = firm
    answer = first.post(
        "/funds/withdrawals/",
        {"out-amount": "100", "note": "x" * 30_000},
        headers={"referer": "http://testserver/funds/"},
    )
    assert "waiting_act" not in first.session
    answer = first.post(answer["Location"], {"password": PASSWORD, "next": "/funds/"})
    assert answer["Location"] == "/funds/"


def test_a_page_elsewhere_is_never_led_to(firm):
    first, _second = firm
    answer = first.post("/funds/withdrawals/", {"out-amount": "100"}, headers={"referer": "https://evil.example/x"})
    assert "evil" not in answer["Location"]


def test_a_withdrawal_for_two_is_a_task_of_the_second_until_it_is_approved(firm, at):
    first, second = firm
    sent_again(first, asked(first, "/funds/withdrawals/", {"out-amount": "600000"}))
    assert "复核出金：600,000.00 元" in second.get("/workbench/").content.decode()
    sent_again(second, asked(second, f"/funds/withdrawals/{Withdrawal.objects.get().pk}/approve/", {}))
    assert "复核出金" not in second.get("/workbench/").content.decode()


def test_the_page_of_funds_says_where_to_pay_and_what_may_leave(firm, settings):
    settings.BANK_ACCOUNT = "150100888800000001"
    text = firm[0].get("/funds/").content.decode()
    assert "150100888800000001" in text
    assert "¥1,000,000.00" in text
