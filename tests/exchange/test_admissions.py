"""Admission by steps: the first seller asks, one operator reviews, another approves; suspension follows the freeze."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.errors import ChangedMeanwhile, PasswordNeeded, RoleMissing, SamePerson
from accounts.rules import Role
from exchange import errors, queries, services
from exchange.models import Admission
from exchange.rules import Side, TradingMode
from settlement.errors import AssetFrozen
from settlement.services import freeze_asset, lift_asset_freeze
from tests.accounts.makers import PASSWORD, a_person, signed_in_as
from tests.exchange.makers import a_market
from tests.settlement.makers import issue


@pytest.fixture
def seller(db, at):
    return a_person(Role.FIRM_INITIATOR, at=at)


@pytest.fixture
def batch(seller, at):
    return issue(seller.organisation_id, 500, at)


@pytest.fixture
def operators(db, at):
    return [a_person(Role.EXCHANGE_OPERATOR, at=at, confirmed=True) for _ in range(3)]


def asked(seller, batch, at, **changes):
    return services.request_admission(**{"actor": seller, "asset_id": batch.asset_id, "initial_price_fen": 4000,
                                         "note": "同类成交", "at": at, **changes})  # fmt: skip


def reviewed(row, operator, at):
    return services.review_admission(actor=operator, admission_id=row.pk, opinion="齐全", at=at)


@pytest.mark.parametrize(
    ("day", "tradable_from"),
    [
        (date(2026, 3, 2), date(2026, 3, 3)),
        (date(2026, 3, 6), date(2026, 3, 9)),  # Friday: over the weekend.
        (
            date(2026, 2, 13),
            date(2026, 2, 24),
        ),  # Before the Spring Festival; the 14th is a working Saturday: no trading.
    ],
)
def test_what_two_operators_admit_trades_from_the_next_trading_day_on(seller, operators, at, day, tradable_from):
    at = at.replace(year=day.year, month=day.month, day=day.day)
    batch = issue(seller.organisation_id, 500, at)
    first, second, _ = [*operators[:2], None]

    row = asked(seller, batch, at)
    reviewed(row, first, at)
    done = services.approve_admission(
        actor=replace(second, confirmed_at=at), admission_id=row.pk, digest=row.digest, at=at
    )
    assert (done.state, done.instrument.initial_price_fen) == ("admitted", 4000)
    assert (done.instrument.tradable_from, done.instrument.rule_scheme) == (tradable_from, "nm_regional")
    with pytest.raises(errors.InstrumentAdmitted):
        asked(seller, batch, at)


def test_each_act_is_of_whom_it_is_for(seller, batch, operators, at):
    first, second, third = operators
    row = asked(seller, batch, at)
    with pytest.raises(errors.AdmissionOpen):
        asked(seller, batch, at)
    with pytest.raises(RoleMissing):
        reviewed(row, seller, at)
    with pytest.raises(errors.AdmissionNotThere):  # Not reviewed yet.
        services.approve_admission(actor=second, admission_id=row.pk, digest=row.digest, at=at)
    with pytest.raises(errors.AdmissionTextUnreadable):
        services.review_admission(actor=first, admission_id=row.pk, opinion=" ", at=at)
    reviewed(row, first, at)
    with pytest.raises(SamePerson):
        services.approve_admission(actor=first, admission_id=row.pk, digest=row.digest, at=at)
    with pytest.raises(ChangedMeanwhile):
        services.approve_admission(actor=second, admission_id=row.pk, digest="x", at=at)
    with pytest.raises(PasswordNeeded):
        services.approve_admission(
            actor=a_person(Role.EXCHANGE_OPERATOR, at=at), admission_id=row.pk, digest=row.digest, at=at
        )
    stranger = a_person(Role.FIRM_INITIATOR, at=at)
    with pytest.raises(errors.AdmissionNotThere):
        services.withdraw_admission(actor=stranger, admission_id=row.pk, at=at)
    with pytest.raises(errors.AdmissionNotThere):
        queries.admission(stranger, row.pk)
    services.refuse_admission(actor=third, admission_id=row.pk, opinion="价格无依据", at=at)
    row.refresh_from_db()
    assert (row.state, row.opinion, row.instrument) == ("refused", "价格无依据", None)
    again = asked(seller, batch, at)
    assert services.withdraw_admission(actor=seller, admission_id=again.pk, at=at).state == "withdrawn"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"initial_price_fen": 0}, errors.InvalidPrice),
        ({"note": "a\x00"}, errors.AdmissionTextUnreadable),
    ],
)
def test_what_cannot_be_asked_for_is_refused(seller, batch, at, changes, error):
    with pytest.raises(error):
        asked(seller, batch, at, **changes)


def test_only_who_holds_it_asks_for_it(batch, at):
    other = a_person(Role.FIRM_INITIATOR, at=at)
    with pytest.raises(errors.NothingToSell):
        asked(other, batch, at)
    assert queries.admissible_batches(other.organisation_id) == []


def test_a_product_under_freeze_is_neither_asked_for_nor_admitted(seller, batch, operators, at):
    row = asked(seller, batch, at)
    reviewed(row, operators[0], at)
    freeze_asset(
        set_by_id=operators[0].user_id, asset_id=batch.asset_id, order_number="停〔2026〕3号", reason="火灾", at=at
    )
    with pytest.raises(AssetFrozen):
        services.approve_admission(actor=operators[1], admission_id=row.pk, digest=row.digest, at=at)
    assert Admission.objects.get().state == "reviewed"


def test_a_product_is_suspended_while_its_credits_are_frozen_and_trades_again_by_itself(db, at):
    market = a_market(at, mode=TradingMode.LISTED)
    official = a_person(Role.ECOLOGY_RECORDER, at=at)
    freeze = freeze_asset(
        set_by_id=official.user_id, asset_id=market.batch.asset_id, order_number="停〔2026〕3号", reason="火灾", at=at
    )
    (shown,) = queries.instruments(at, code=market.instrument.code)
    assert (shown.suspended_since, shown.suspended_by) == (at, "停〔2026〕3号 火灾")
    answer = Client().get(f"/api/v1/instruments/{market.instrument.code}/").json()
    assert answer["suspended_by"] == "停〔2026〕3号 火灾"
    with pytest.raises(AssetFrozen):
        market.place(market.seller, Side.SELL, 2500, 5)
    lift_asset_freeze(freeze_id=freeze, asked_by_id=official.user_id, lifted_by_id=market.seller.user_id, at=at)
    assert market.place(market.seller, Side.SELL, 2500, 5)
    assert queries.instruments(at, code=market.instrument.code)[0].suspended_since is None


def test_an_instrument_under_the_ccer_profile_takes_one_level_a_regional_one_five(at, db):
    regional, ccer = queries.profile(at, "nm_regional"), queries.profile(at, "ccer")
    assert (ccer.pick_levels, regional.pick_levels) == (1, 5)
    assert queries.rule_scheme_of("ccer", at) == "ccer"
    assert queries.rule_scheme_of("unheard_of", at) == "nm_regional"
    # What the national scheme does not know is left out, not 0.
    assert (ccer.round_trip_days, ccer.most_holders, ccer.position_limit) == (0, None, None)
    market = a_market(at, mode=TradingMode.LISTED)
    type(market.instrument).objects.filter(pk=market.instrument.pk).update(rule_scheme="ccer")
    for step in range(3):
        market.place(market.seller, Side.SELL, 2500 + step, 5)
    market.match()
    order = market.order(market.place(market.traders[0], Side.BUY, 2600, 15, kind="accept"))
    market.match()
    order.refresh_from_db()
    assert (order.filled, str(order.fee_rate)) == (5, "0.003000")


def test_the_whole_way_by_the_pages(seller, batch, operators, at, monkeypatch):
    monkeypatch.setattr("accounts.web.middleware.now", lambda: at + timedelta(minutes=1))
    owner, first, second = (signed_in_as(one) for one in (seller, *operators[:2]))
    new = reverse("exchange-admission-new")
    assert "500" in owner.get(new).content.decode()
    typed = {"asset": batch.asset_id, "price": "40.00", "note": "同类成交"}
    owner.post(new, {**typed, "price": "0"})
    assert not Admission.objects.exists()
    assert owner.post(new, typed).status_code == 302
    row = Admission.objects.get()
    page = reverse("exchange-admission", args=[row.pk])
    assert "初审通过" in first.get(page).content.decode()
    assert first.post(f"{page}review/", {"opinion": "齐全"}).status_code == 302
    assert "准予" not in first.get(page).content.decode()  # Who has reviewed does not approve.
    second.post("/confirm/", {"password": PASSWORD})
    assert second.post(f"{page}approve/", {"digest": row.digest}).status_code == 302
    row.refresh_from_db()
    assert row.instrument.code in owner.get(reverse("exchange-admissions")).content.decode()
    assert b"".join(owner.get(reverse("exchange-admissions-export")).streaming_content).startswith(b"PK")
