"""The replay of a day: the five best levels and the trades of any second, as the market was told of them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from exchange import queries, services
from exchange.models import MarketEvent
from exchange.rules import Side
from tests.exchange.makers import a_market


@pytest.fixture
def played(db, at):
    """A market after some minutes, and what its book was at the end of each: {instant: (bids, asks)}."""
    market = a_market(at, units=5000)
    buyer = market.traders[0]
    seen = {at - timedelta(seconds=1): None}
    steps = [
        [(market.seller, Side.SELL, 2500 + step, 10 + step) for step in range(7)],
        [(buyer, Side.BUY, 2490 - step, 5) for step in range(3)],
        [(buyer, Side.BUY, 2502, 25)],
        [(market.seller, Side.SELL, 2489, 8)],
    ]
    for minute, orders in enumerate(steps):
        market.at = at + timedelta(minutes=minute)
        for who, side, price, quantity in orders:
            market.place(who, side, price, quantity)
        market.match()
        view = queries.book(market.instrument.pk)
        seen[market.at] = tuple([(one.price_fen, one.quantity) for one in side] for side in (view.bids, view.asks))
    return market, seen


def told(moment):
    return tuple([(one.price_fen, one.quantity) for one in side] for side in (moment.bids, moment.asks))


def test_the_book_of_any_second_is_what_it_was_then(played):
    market, seen = played
    day = market.at.date()
    instants = list(seen)
    assert queries.moment(market.instrument.pk, day, instants[0]) is None
    for instant, following in zip(instants[1:], [*instants[2:], market.at + timedelta(hours=1)], strict=True):
        for second in (instant, instant + timedelta(seconds=1), following - timedelta(seconds=1)):
            assert told(queries.moment(market.instrument.pk, day, second)) == seen[instant]
    assert max(map(len, seen[market.at])) <= queries.BEST


def test_a_day_is_replayed_from_its_own_opening_on(played):
    market, _ = played
    number, first = market.instrument.pk, market.at.date()
    services.close_day(instrument_id=number, day=first, at=market.at + timedelta(hours=5))
    market.match()
    market.at += timedelta(days=1)
    services.open_day(instrument_id=number, at=market.at)
    second = market.at.date()

    assert queries.replayable_days(number) == [second, first]
    whole = queries.told_on_day(number, first)
    assert [one.sequence for one in whole] == sorted(
        MarketEvent.objects.filter(instrument_id=number, sequence__lte=whole[-1].sequence).values_list(
            "sequence", flat=True
        )
    )
    opening = queries.told_on_day(number, second)
    assert opening[0].sequence == whole[-1].sequence + 1
    # What lapsed at the close is in neither; what stays is in the new day's first book.
    left = queries.book(number, lower=None)
    assert [one.price_fen for one in queries.moment(number, second, market.at).asks] == [
        one.price_fen for one in left.asks
    ]


def test_pages_of_the_api_give_each_event_once(played, monkeypatch):
    market, seen = played
    monkeypatch.setattr("exchange.api.replay.EVENTS", 3)
    url, results = reverse("api-replay", args=[market.instrument.code]) + f"?day={market.at.date()}", []
    while url:
        page = Client().get(url).json()
        results += page["results"]
        url = page["next"]
    sequences = [one["sequence"] for one in results]
    assert sequences == sorted(set(sequences))
    trades = [one for one in results if one["kind"] == "trade"]
    assert [(one["price"], one["quantity"], one["mode"]) for one in trades] == [
        ("25.00", 10, "continuous"),
        ("25.01", 11, "continuous"),
        ("25.02", 4, "continuous"),
        ("24.90", 5, "continuous"),
        ("24.89", 3, "continuous"),
    ]
    last = [one for one in results if one["kind"] == "book"][-1]
    assert [(round(float(price) * 100), quantity) for price, quantity in last["asks"]] == seen[market.at][1]


@pytest.mark.parametrize(("query", "field"), [("?day=yesterday", "day"), ("?after=-1", "after"), ("?after=x", "after")])
def test_what_cannot_be_read_is_said(played, query, field):
    market, _ = played
    answer = Client().get(reverse("api-replay", args=[market.instrument.code]) + query)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_the_page_shows_a_second_without_script(played):
    market, seen = played
    page = reverse("exchange-replay", args=[market.instrument.code])
    instant = list(seen)[1]
    body = Client().get(f"{page}?day={instant:%Y-%m-%d}&at=10:00:30").content.decode()
    assert "25.00" in body
    assert f'value="{instant:%Y-%m-%d}"' in body
    assert "24.90" not in body  # Bids came a minute later.
    later = Client().get(f"{page}?day={instant:%Y-%m-%d}&at=10:01:30").content.decode()
    assert "24.90" in later
    assert Client().get(f"{page}?day=x&at=y").status_code == 200
