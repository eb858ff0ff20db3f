"""Second steps over the API: a proposed trade confirmed, a withdrawal approved by another person."""

import json

import pytest
from django.test import Client

from accounts.rules import Role
from exchange.models import Trade
from exchange.rules import Side, TradingMode
from settlement.models import Withdrawal
from settlement.services import request_withdrawal
from tests.accounts.makers import User, a_person
from tests.exchange.makers import a_market
from tests.settlement.makers import bind_account, give_money

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(monkeypatch, at):
    """Call the API as a person whose password was entered just now."""
    monkeypatch.setattr("accounts.web.middleware.now", lambda: at)
    monkeypatch.setattr("exchange.tasks.wake", lambda _instrument_id: None)

    def as_person(actor, verb, path, key=""):
        http = Client()
        http.force_login(User.objects.get(pk=actor.user_id), backend="django.contrib.auth.backends.ModelBackend")
        session = http.session
        session["organisation_id"], session["confirmed_at"] = actor.organisation_id, at.isoformat()
        session.save()
        headers = {"Idempotency-Key": key} if key else {}
        return http.generic(verb, f"/api/v1{path}", json.dumps({}), content_type="application/json", headers=headers)

    return as_person


def test_the_first_to_confirm_a_proposed_trade_is_its_taker(call, at):
    market = a_market(at, mode=TradingMode.LISTED)
    market.place(market.seller, Side.SELL, 2500, 10)
    bid = market.place(market.traders[0], Side.BUY, 2600, 25)
    market.match()
    (proposal,) = call(market.traders[0], "GET", "/proposals/").json()["results"]
    assert (proposal["side"], proposal["price"], proposal["quantity"], proposal["order"]) == ("buy", "25.00", 10, bid)
    assert call(market.traders[1], "GET", "/proposals/").json()["results"] == []
    path = f"/proposals/{proposal['id']}/confirm/"
    assert call(market.traders[1], "POST", path, key="k").status_code == 404
    assert call(market.traders[0], "POST", path).json()["code"] == "key_required"
    assert [call(market.traders[0], "POST", path, key="k").status_code for _ in range(2)] == [202, 202]
    market.match()
    assert Trade.objects.get().taker_order_id == bid
    assert call(market.seller, "POST", path, key="k").status_code == 404


def test_a_withdrawal_is_approved_by_another_person_of_the_firm(call, at):
    asker = a_person(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, at=at, confirmed=True)
    second = a_person(Role.FIRM_CONFIRMER, at=at, organisation_id=asker.organisation_id)
    stranger = a_person(Role.FIRM_CONFIRMER, at=at)
    give_money(asker.organisation_id, 20_000_000, at)
    bind_account(asker.organisation_id, at)
    withdrawal = request_withdrawal(actor=asker, amount_fen=5_000_000, at=at)
    path = f"/withdrawals/{withdrawal.pk}/approve/"
    assert call(stranger, "POST", path, key="k").status_code == 404
    same = call(asker, "POST", path, key="k")
    assert (same.status_code, same.json()["code"]) == (403, "same_person")
    assert call(second, "POST", path, key="k").json()["state"] == "sent"
    assert Withdrawal.objects.get().approved_by_id == second.user_id
