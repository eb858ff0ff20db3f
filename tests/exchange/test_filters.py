"""Instruments by what they are and what they cost: each filter lets through what fits, on the page and over the API."""

import pytest
from django.test import Client

from exchange import queries
from exchange.queries import InstrumentFilter
from exchange.rules import TradingMode
from tests.exchange.makers import a_market


@pytest.fixture
def one(db, at, monkeypatch):
    """The only instrument: forest, base price 25.00 yuan."""
    monkeypatch.setattr("accounts.web.middleware.now", lambda: at)
    monkeypatch.setattr("accounts.api.endpoint.now", lambda: at, raising=False)
    return a_market(at, mode=TradingMode.LISTED).instrument


def asked_of(one):
    """Filters that it just fits, and the same a step beyond."""
    return [
        ({"type": one.credit_type}, {"type": "G"}),
        ({"mode": "listed_agreement"}, {"mode": "continuous"}),
        ({"vintage_from": one.vintage_year}, {"vintage_from": one.vintage_year + 1}),
        ({"vintage_to": one.vintage_year}, {"vintage_to": one.vintage_year - 1}),
        ({"division": one.division_code[:4]}, {"division": "9999"}),
        ({"methodology": one.methodology}, {"methodology": "X9"}),
        ({"price_to": 2500}, {"price_to": 2499}),
        ({"text": one.code[:4]}, {"text": "nowhere"}),
    ]


def test_each_filter_has_its_border(one, at):
    for fits, beyond in asked_of(one):
        assert [found.code for found in queries.instruments_matching(InstrumentFilter(**fits), at)] == [one.code], fits
        assert queries.instruments_matching(InstrumentFilter(**beyond), at) == [], beyond


def test_the_api_and_the_page_filter_alike(one):
    for fits, beyond in asked_of(one):
        for asked, count in ((fits, 1), (beyond, 0)):
            if "price_to" in asked:
                asked = {"price_to": f"{asked['price_to'] / 100:.2f}"}
            assert len(Client().get("/api/v1/instruments/", asked).json()["results"]) == count, asked
            if "division" not in asked:
                page = Client().get(
                    "/market/rows/", {"q" if name == "text" else name: value for name, value in asked.items()}
                )
                assert (one.code in page.content.decode()) == bool(count), asked


@pytest.mark.parametrize("asked", [{"vintage_from": "x"}, {"price_to": "-1"}, {"division": "1" * 7}])
def test_what_cannot_be_asked_is_said_by_the_api_and_ignored_by_the_page(one, asked):
    assert Client().get("/api/v1/instruments/", asked).status_code == 422
    assert one.code in Client().get("/market/rows/", asked).content.decode()
