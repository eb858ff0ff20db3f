"""Baskets: what they take, bought as shown, all of it or nothing."""

import pytest
from django.db import transaction

from accounts.errors import RoleMissing
from accounts.rules import Role
from exchange import errors, queries, services
from exchange.models import MatchState, Order
from exchange.queries import InstrumentFilter
from exchange.rules import Side, TradingMode
from exchange.services import baskets
from settlement import queries as ledger
from settlement.errors import InsufficientFunds
from settlement.models import Holding
from tests.accounts.makers import a_person, signed_in_as
from tests.concurrency import started_and_waiting
from tests.exchange.makers import a_market, broken

ALL = InstrumentFilter()


@pytest.fixture(params=[TradingMode.LISTED, TradingMode.CONTINUOUS])
def market(db, at, request, monkeypatch):
    """An instrument with 100 t at 25.00 and 100 t at 26.00 yuan on offer."""
    monkeypatch.setattr("accounts.web.middleware.now", lambda: at)
    made = a_market(at, mode=request.param)
    made.place(made.seller, Side.SELL, 2600, 100)
    made.place(made.seller, Side.SELL, 2500, 100)
    made.match()
    return made


def shown(market, units, asked=ALL):
    return queries.basket(market.traders[0].organisation_id, asked, units, market.at)


def bought(market, units, digest, asked=ALL):
    """Buy as the first trader; what is refused is rolled back, as at an edge."""
    with transaction.atomic():
        return services.buy_basket(actor=market.traders[0], asked=asked, units=units, digest=digest, at=market.at)


def has(market):
    """What the first trader has: tonnes, fen, orders."""
    own = market.traders[0].organisation_id
    orders = Order.objects.filter(organisation_id=own).count()
    return ledger.available_units(own, market.batch.asset_id), ledger.available_fen(own), orders


def test_a_basket_takes_the_cheapest_and_is_settled_as_shown(market):
    basket = shown(market, 150)
    assert [(line.price_fen, line.quantity) for line in basket.lines] == [(2500, 100), (2600, 50)]
    assert basket.is_whole
    assert basket.value_fen == 380_000
    _units, fen, _orders = has(market)
    orders = bought(market, 150, basket.digest)
    assert sum(order.filled for order in orders) == 150
    units, left, _orders = has(market)
    assert units == 150
    assert basket.value_fen <= fen - left <= basket.total_fen
    assert broken() == {}


def test_the_price_has_its_border(market):
    assert shown(market, 150, InstrumentFilter(price_to=2600)).is_whole
    short = shown(market, 150, InstrumentFilter(price_to=2599))
    assert (short.offered, len(short.lines)) == (100, 1)
    assert shown(market, 150, InstrumentFilter(type="G")).lines == ()


def test_what_is_not_offered_whole_is_not_bought(market):
    before = has(market)
    assert shown(market, 200).is_whole
    basket = shown(market, 201)
    with pytest.raises(errors.BasketNotOffered) as refused:
        bought(market, 201, basket.digest)
    assert (refused.value.found["offered"], refused.value.found["needed"]) == (200, 201)
    assert has(market) == before


def test_other_offers_than_those_shown_are_not_bought(market):
    basket = shown(market, 150)
    kind = {"kind": "accept"} if shown(market, 1).lines[0].instrument.mode is TradingMode.LISTED else {}
    # Accepted, and not yet matched: who came first is served first.
    market.place(market.traders[1], Side.BUY, 2500, 10, **kind)
    before = has(market)
    with pytest.raises(errors.BasketChanged):
        bought(market, 150, basket.digest)
    assert has(market) == before
    assert broken() == {}


def test_a_basket_of_which_a_tonne_is_missing_leaves_nothing(market, monkeypatch):
    basket, before = shown(market, 150), has(market)
    monkeypatch.setattr(baskets, "carry_out_queue", lambda **_given: 0)
    with pytest.raises(errors.BasketChanged):
        bought(market, 150, basket.digest)
    assert has(market) == before


def test_a_basket_sent_twice_is_bought_once(market):
    basket = shown(market, 150)
    bought(market, 150, basket.digest)
    with pytest.raises(errors.BasketChanged):
        bought(market, 150, basket.digest)
    assert has(market)[0] == 150


def test_who_lacks_the_money_buys_nothing(market):
    poor = a_person(Role.FIRM_INITIATOR, at=market.at)
    market.traders[0] = poor
    with pytest.raises(InsufficientFunds):
        bought(market, 150, shown(market, 150).digest)
    assert has(market) == (0, 0, 0)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.EXCHANGE_OPERATOR])
def test_only_traders_buy(market, role):
    market.traders[0] = a_person(role, at=market.at)
    with pytest.raises(RoleMissing):
        bought(market, 150, shown(market, 150).digest)


def test_the_page_shows_it_and_buys_it(market):
    client = signed_in_as(market.traders[0])
    page = client.get("/basket/", {"units": "150", "price_to": "26.00"})
    digest = shown(market, 150).digest
    assert digest in page.content.decode()
    said = {"units": "150", "price_to": "26.00", "digest": "0" * 64}
    refused = client.post("/basket/", said)
    assert refused.status_code == 422
    assert digest in refused.content.decode(), "the basket as it is now is shown again"
    assert client.post("/basket/", {**said, "digest": digest}).status_code == 302
    assert has(market)[0] == 150


def test_nothing_is_no_basket(market):
    with pytest.raises(errors.BasketNotOffered):
        bought(market, 0, shown(market, 0).digest)


@pytest.mark.parametrize(
    "asked",
    [{}, {"units": "0"}, {"units": "x"}, {"units": "5", "type": "G"}, {"units": "5", "price_to": "x"},
     {"units": "5", "price_to": "0"}],
)  # fmt: skip
def test_the_page_stands_whatever_is_asked(market, asked):
    page = signed_in_as(market.traders[0]).get("/basket/", asked)
    assert page.status_code == 200
    assert "digest" not in page.content.decode()


def test_the_api_shows_it_and_buys_it_once(market, monkeypatch):
    monkeypatch.setattr("accounts.api.endpoint.now", lambda: market.at, raising=False)
    client = signed_in_as(market.traders[0])
    asked = {"units": 150, "price_to": "26.00", "type": market.instrument.credit_type}
    told = client.get("/api/v1/baskets/", asked).json()
    assert [(line["price"], line["quantity"]) for line in told["lines"]] == [("25.00", 100), ("26.00", 50)]
    assert (told["offered"], told["total_fen"]) == (150, told["value_fen"] + told["fee_fen"])

    def buy(digest, key):
        body = {**asked, "digest": digest}
        return client.post("/api/v1/baskets/", body, content_type="application/json", headers={"Idempotency-Key": key})

    changed = buy("0" * 64, "a")
    assert (changed.status_code, changed.json()["code"]) == (409, "basket_changed")
    first, again = buy(told["digest"], "b"), buy(told["digest"], "b")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(first.json()["orders"]) == 2
    assert has(market)[0] == 150


@pytest.mark.parametrize("held", ["accept", "match"])
def test_a_basket_locks_queues_then_matching_then_accounts(committed, at, held):
    """While it waits for either, it holds nothing that comes after it: whoever works there never waits for a basket."""
    made = a_market(at)
    made.place(made.seller, Side.SELL, 2500, 100)
    made.match()
    digest = shown(made, 10).digest
    with transaction.atomic():
        MatchState.objects.select_for_update().get(instrument=made.instrument, kind=held)
        second = started_and_waiting(lambda: bought(made, 10, digest))
        later = MatchState.objects.filter(instrument=made.instrument, kind="match")
        assert later.select_for_update(nowait=True).get()
        own = Holding.objects.filter(organisation_id=made.traders[0].organisation_id)
        assert list(own.select_for_update(nowait=True))
    second.join()
    assert second.error is None
    assert has(made)[0] == 10
    assert broken() == {}


def test_a_criterion_that_cannot_be_read_is_named_where_it_stands(market):
    page = signed_in_as(market.traders[0]).get("/basket/", {"units": "5", "price_to": "x"}).content.decode()
    assert 'href="#price_to">价格上限' in page
    assert page.count('id="price_to"') == 1
