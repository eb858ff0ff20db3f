"""The pages of the market: one answer for all live parts, and a stream that begins where the page was drawn."""

import re

import pytest
from django.test import Client

from config.streams import _seen
from exchange.models import MarketEvent
from exchange.rules import Side, TradingMode
from tests.accounts.makers import User
from tests.exchange.makers import a_market


@pytest.fixture
def browser(monkeypatch, at):
    """Return the browser of a person who is signed in."""
    monkeypatch.setattr("accounts.web.middleware.now", lambda: at)

    def of(actor):
        visitor = Client()
        visitor.force_login(User.objects.get(pk=actor.user_id), backend="django.contrib.auth.backends.ModelBackend")
        session = visitor.session
        session["organisation_id"] = actor.organisation_id
        session.save()
        return visitor

    return of


@pytest.mark.django_db
def test_a_trade_shows_in_every_part_at_once(browser, at):
    market = a_market(at, mode=TradingMode.CONTINUOUS)
    buyer = browser(market.traders[0])
    address = f"/market/{market.instrument.code}/"
    market.place(market.seller, Side.SELL, 2500, 10)
    market.match()
    before = buyer.get(address).content.decode()
    market.place(market.traders[0], Side.BUY, 2500, 4)
    market.match()
    answer = buyer.get(f"{address}parts/")
    assert answer.status_code == 200
    parts = re.split(r'<div data-part="', answer.content.decode())[1:]
    found = {part.partition('"')[0]: part for part in parts}
    assert set(found) == set(re.findall(r'data-part="(\w+)"', before)) == {"head", "strip", "book", "tape", "own"}
    assert ">6<" in found["book"]
    assert ">4<" in found["tape"]
    assert "4 tCO" in found["head"]
    assert ">4<" in found["own"]


@pytest.mark.django_db
def test_the_stream_of_a_page_begins_where_the_page_was_drawn(browser, at):
    market = a_market(at)
    market.place(market.seller, Side.SELL, 2500, 10)
    market.match()
    newest = MarketEvent.objects.filter(instrument_id=market.instrument.pk).order_by("-sequence").first()
    page = Client().get(f"/market/{market.instrument.code}/").content.decode()
    assert f'data-stream="/stream/instruments/{market.instrument.code}?after={newest.sequence}"' in page


@pytest.mark.parametrize(
    ("told", "query", "last"),
    [
        (b"", b"", None),
        (b"", b"after=7", 7),
        (b"9", b"after=7", 9),
        (b"x", b"after=7", 7),
        (b"", b"after=-1", None),
        (b"", b"after=" + b"9" * 40, None),
        (b"\xff", b"after=%FF", None),
    ],
)
def test_what_a_reader_has_seen(told, query, last):
    assert _seen({"query_string": query}, {b"last-event-id": told} if told else {}) == last
