"""Block agreements: proposed to a named party, accepted, confirmed by the exchange; each way that they end without a trade."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.errors import ChangedMeanwhile, PasswordNeeded, RoleMissing
from accounts.models import Organisation
from accounts.queries import organisation
from accounts.rules import Role
from accounts.rules.paper import money_in_words
from exchange import errors, queries, services
from exchange.models import BlockTrade
from exchange.rules import Side, TradingMode
from exchange.services import NewBlock
from exchange.services.deals import end_beside_book
from exchange.services.sequence import lock_queues
from rulebook.rules import BEIJING
from settlement import queries as ledger
from settlement.errors import AssetFrozen, InsufficientFunds
from settlement.services import freeze_asset
from tests.accounts.makers import a_person, signed_in_as
from tests.exchange.makers import a_market, broken
from tests.settlement.makers import give_money, issue

AFTERNOON = timedelta(hours=3, minutes=30)  # 13:30 in Beijing.


@pytest.fixture
def market(db, at):
    made = a_market(at, mode=TradingMode.LISTED, units=40_000)
    made.at = at + AFTERNOON
    for trader in made.traders:
        give_money(trader.organisation_id, 100_000_000, at)
    return made


@pytest.fixture
def operator(at):
    return a_person(Role.EXCHANGE_OPERATOR, at=at + AFTERNOON, confirmed=True)


def proposed(market, **changes):
    """A sale of 10,000 t at 25.00 yuan that the seller proposes to the first buyer."""
    buyer = organisation(market.traders[0].organisation_id)
    new = NewBlock(**{"instrument_code": market.instrument.code, "side": Side.SELL, "quantity": 10_000,
                      "price_fen": 2500, "counterparty": buyer.uscc, **changes})  # fmt: skip
    return services.propose_block(actor=market.seller, new=new, at=market.at)


def accepted(market):
    return services.accept_block(actor=market.traders[0], block_id=proposed(market).pk, at=market.at)


def held(market):
    """What seller and buyer have held: tonnes, fen."""
    seller, buyer = market.seller.organisation_id, market.traders[0].organisation_id
    return 40_000 - ledger.available_units(seller, market.batch.asset_id), ledger.held_fen(buyer)


def test_an_agreement_is_settled_when_the_exchange_confirms_it(market, operator):
    row = proposed(market)
    assert held(market) == (10_000, 0)
    services.accept_block(actor=market.traders[0], block_id=row.pk, at=market.at)
    assert held(market) == (10_000, 25_000_000 + 150_000)
    done = services.confirm_block(actor=operator, block_id=row.pk, digest=row.digest, at=market.at)

    assert (done.state, done.trade.mode, done.trade.price_fen, done.trade.quantity) == (
        "confirmed",
        "block_agreement",
        2500,
        10_000,
    )
    assert ledger.available_units(market.traders[0].organisation_id, market.batch.asset_id) == 10_000
    assert held(market)[1] == 0
    (line,) = queries.blocks_of_day(market.at.date())
    assert (line.code, line.price_fen, line.quantity) == (market.instrument.code, 2500, 10_000)
    paper = queries.trade_confirmation(market.traders[0], done.trade_id)
    assert (paper.side, paper.mode, paper.order) == ("buy", "block_agreement", done.acceptance_id)
    assert broken() == {}


def test_a_purchase_is_proposed_and_the_seller_accepts(market, operator):
    seller = organisation(market.seller.organisation_id)
    new = NewBlock(market.instrument.code, Side.BUY, 12_000, 2600, seller.uscc)
    row = services.propose_block(actor=market.traders[1], new=new, at=market.at)
    services.accept_block(actor=market.seller, block_id=row.pk, asset_id=market.batch.asset_id, at=market.at)
    services.confirm_block(actor=operator, block_id=row.pk, digest=row.digest, at=market.at)
    assert ledger.available_units(market.traders[1].organisation_id, market.batch.asset_id) == 12_000
    assert broken() == {}


def ways_to_end(market, operator):
    buyer = market.traders[0]
    return {
        "declined": lambda row: services.decline_block(actor=buyer, block_id=row.pk, reason="价高", at=market.at),
        "withdrawn": lambda row: services.withdraw_block(actor=market.seller, block_id=row.pk, at=market.at),
        "refused": lambda row: services.refuse_block(actor=operator, block_id=row.pk, reason="核查", at=market.at),
        "lapsed": lambda row: services.close_day(
            instrument_id=market.instrument.pk, day=market.at.date(), at=market.at + timedelta(minutes=90)
        ),
    }


@pytest.mark.parametrize("state", ["declined", "withdrawn", "refused", "lapsed"])
def test_what_ends_without_a_trade_gives_back_what_is_held(market, operator, state):
    row = proposed(market)
    ways_to_end(market, operator)[state](row)
    market.match()
    row.refresh_from_db()
    assert (row.state, held(market)) == (state, (0, 0))
    with pytest.raises(errors.BlockEnded):
        services.accept_block(actor=market.traders[0], block_id=row.pk, at=market.at)
    assert broken() == {}


@pytest.mark.parametrize("state", ["refused", "lapsed"])
def test_an_accepted_agreement_ends_for_both(market, operator, state):
    row = accepted(market)
    ways_to_end(market, operator)[state](row)
    market.match()
    row.refresh_from_db()
    assert (row.state, held(market)) == (state, (0, 0))
    with pytest.raises(errors.BlockEnded):
        services.confirm_block(actor=operator, block_id=row.pk, digest=row.digest, at=market.at)
    assert broken() == {}


def test_an_agreement_whose_sale_was_frozen_away_lapses_at_the_exchange_s_word(market, operator):
    row = accepted(market)
    with transaction.atomic():
        lock_queues([market.instrument.pk])
        end_beside_book(orders=[market.order(row.proposal_id)], at=market.at)
    done = services.confirm_block(actor=operator, block_id=row.pk, digest=row.digest, at=market.at)
    assert (done.state, done.trade_id, held(market)) == ("lapsed", None, (0, 0))
    assert broken() == {}


def test_the_interval_is_asked_again_at_the_trade(market, operator):
    """Who agreed to buy and sold the product in the book since then does not buy it by the block."""
    row, (buyer, other) = accepted(market), market.traders
    issue(buyer.organisation_id, 100, market.at)
    market.place(buyer, Side.SELL, 2500, 5)
    market.place(other, Side.BUY, 2500, 5, kind="accept")
    market.match()
    done = services.confirm_block(actor=operator, block_id=row.pk, digest=row.digest, at=market.at)
    assert (done.state, done.trade_id, held(market)) == ("lapsed", None, (0, 0))
    assert broken() == {}


@pytest.mark.parametrize(("clock", "open_"), [("12:59", False), ("13:00", True), ("14:59", True), ("15:00", False)])
def test_the_window_of_block_agreements_is_a_rule(market, clock, open_):
    market.at = market.at.astimezone(BEIJING).replace(hour=int(clock[:2]), minute=int(clock[3:]))
    if open_:
        assert proposed(market).state == "proposed"
    else:
        with pytest.raises((errors.BlockWindowClosed, errors.MarketClosed)) as refused:
            proposed(market)
        assert refused.value.rule.key == "trading.block_window"


@pytest.mark.parametrize("uscc", ["", "91150000RE0000008X", "own"])
def test_the_counterparty_is_another_participant(market, uscc):
    if uscc == "own":
        uscc = organisation(market.seller.organisation_id).uscc
    with pytest.raises(errors.CounterpartyUnsuitable):
        proposed(market, counterparty=uscc)
    assert held(market) == (0, 0)


def test_only_who_has_it_agrees_to_it(market):
    with pytest.raises(errors.NothingToSell):
        proposed(market, quantity=40_001)
    row = proposed(market, price_fen=3250, quantity=40_000)
    with pytest.raises(InsufficientFunds):
        services.accept_block(actor=market.traders[0], block_id=row.pk, at=market.at)
    assert BlockTrade.objects.get(pk=row.pk).state == "proposed"


def test_each_act_is_of_whom_it_is_for(market, operator):
    row, (buyer, stranger) = proposed(market), market.traders
    for act in (services.accept_block, services.decline_block):
        for who in (market.seller, stranger):
            with pytest.raises(errors.BlockNotThere):
                act(actor=who, block_id=row.pk, at=market.at)
    with pytest.raises(errors.BlockNotThere):
        services.withdraw_block(actor=buyer, block_id=row.pk, at=market.at)
    with pytest.raises(errors.BlockNotThere):
        queries.block(stranger, row.pk)
    with pytest.raises(RoleMissing):
        services.confirm_block(actor=buyer, block_id=row.pk, digest=row.digest, at=market.at)
    services.accept_block(actor=buyer, block_id=row.pk, at=market.at)
    unsure = a_person(Role.EXCHANGE_OPERATOR, at=market.at)
    with pytest.raises(PasswordNeeded):
        services.confirm_block(actor=unsure, block_id=row.pk, digest=row.digest, at=market.at)
    with pytest.raises(ChangedMeanwhile):
        services.confirm_block(actor=operator, block_id=row.pk, digest="x", at=market.at)
    with pytest.raises(errors.BlockNoteUnreadable):
        services.refuse_block(actor=operator, block_id=row.pk, reason=" ", at=market.at)


def test_a_halted_party_is_not_confirmed(market, operator):
    row = accepted(market)
    services.halt(
        actor=operator,
        organisation_id=market.traders[0].organisation_id,
        order_number="停1",
        reason="核查",
        at=market.at,
    )
    with pytest.raises(errors.Halted):
        services.confirm_block(actor=operator, block_id=row.pk, digest=row.digest, at=market.at)


def test_the_whole_way_by_the_pages(market, operator, monkeypatch):
    monkeypatch.setattr("accounts.web.middleware.now", lambda: market.at)
    seller, buyer, exchange = (signed_in_as(one) for one in (market.seller, market.traders[0], operator))
    typed = {
        "instrument": market.instrument.code,
        "side": "sell",
        "counterparty": organisation(market.traders[0].organisation_id).uscc,
        "price": "25.00",
        "quantity": "10000",
        "note": "",
    }
    check = seller.post(reverse("exchange-block-new"), typed).content.decode()
    assert money_in_words(24_850_000) in check
    wrong = seller.post(reverse("exchange-block-new"), {**typed, "counterparty": "x", "confirmed": "1"})
    assert wrong.status_code == 422
    assert seller.post(reverse("exchange-block-new"), {**typed, "confirmed": "1"}).status_code == 302
    row = BlockTrade.objects.get()
    page = reverse("exchange-block", args=[row.pk])
    assert "接受" in buyer.get(page).content.decode()
    assert buyer.post(f"{page}accept/").status_code == 302
    assert signed_in_as(market.traders[1]).get(page).status_code == 404
    assert exchange.post(f"{page}refuse/", {"reason": "材料不全"}).status_code == 302
    assert "材料不全" in seller.get(page).content.decode()
    assert market.instrument.code in exchange.get(reverse("exchange-blocks")).content.decode()
    assert b"".join(exchange.get(reverse("exchange-blocks-export")).streaming_content).startswith(b"PK")


def test_an_api_client_agrees_as_a_person_does(market):
    """What a client may, its token's scopes say at the edge; it has no roles."""
    seller, buyer = (
        replace(one, user_id=None, roles=frozenset(), client_id=number, scopes=frozenset({"orders:write"}))
        for number, one in enumerate((market.seller, market.traders[0]), start=1)
    )
    new = NewBlock(market.instrument.code, Side.SELL, 10_000, 2500, organisation(buyer.organisation_id).uscc)
    row = services.propose_block(actor=seller, new=new, at=market.at)
    assert services.accept_block(actor=buyer, block_id=row.pk, at=market.at).state == "accepted"
    with pytest.raises(RoleMissing):
        services.confirm_block(actor=buyer, block_id=row.pk, digest=row.digest, at=market.at)


def test_a_product_under_freeze_is_not_confirmed(market, operator):
    row = accepted(market)
    freeze_asset(
        set_by_id=operator.user_id, asset_id=market.batch.asset_id, order_number="停3", reason="火灾", at=market.at
    )
    with pytest.raises(AssetFrozen):
        services.confirm_block(actor=operator, block_id=row.pk, digest=row.digest, at=market.at)


def test_one_control_group_agrees_with_itself_on_nothing(market):
    numbers = [one.organisation_id for one in (market.seller, market.traders[0])]
    Organisation.objects.filter(pk__in=numbers).update(control_group="一家")
    with pytest.raises(errors.SelfTrade):
        proposed(market)
