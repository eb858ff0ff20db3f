"""Published market data: daily figures, reference prices by their method, bulletins that stay as they were, the history."""

import base64
import hashlib
import json
from datetime import timedelta
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from exchange import queries, services
from exchange.models import Bulletin, DailyFigure, ReferencePrice, Trade
from exchange.rules import Reference, ReferenceMethod, Side, TradingMode, reference_price
from exchange.services.deals import deal
from exchange.services.sequence import lock_queues
from tests.exchange.makers import a_market
from tests.settlement.makers import give_money

CLOSE = timedelta(hours=5)  # 15:00 in Beijing; the bulletin is due at 15:30.


@pytest.fixture
def market(db, at):
    made = a_market(at, mode=TradingMode.LISTED, units=40_000, base_fen=2500)
    give_money(made.traders[0].organisation_id, 100_000_000, at)
    return made


def traded(market, prices):
    for price, quantity in prices:
        market.place(market.seller, Side.SELL, price, quantity)
        market.place(market.traders[0], Side.BUY, price, quantity, kind="accept")
        market.match()


def dealt_beside(market):
    """A block of 10,000 t at 30.00 yuan."""
    sale = market.order(market.place(market.seller, Side.SELL, 3000, 10_000, kind="block"))
    purchase = market.order(market.place(market.traders[0], Side.BUY, 3000, 10_000, kind="block"))
    with transaction.atomic():
        lock_queues([market.instrument.pk])
        assert deal(maker=sale, taker=purchase, quantity=10_000, at=market.at)


def closed(market, at):
    services.run_sessions(at)
    market.match()


def test_the_bulletin_tells_the_day_and_nothing_trades_on_it_any_more(market, at):
    traded(market, [(2500, 10), (2550, 20), (2450, 7)])
    dealt_beside(market)
    due = at + CLOSE + timedelta(minutes=30)
    assert services.publish_due_bulletins(due) == ""  # The day is not closed yet.
    closed(market, at + CLOSE)
    assert services.publish_due_bulletins(due - timedelta(seconds=1)) == ""
    assert services.publish_due_bulletins(due) == f"bulletin of {at.date()}"
    assert services.publish_due_bulletins(due) == ""

    figure = DailyFigure.objects.get()
    value = 2500 * 10 + 2550 * 20 + 2450 * 7
    assert (figure.open_fen, figure.high_fen, figure.low_fen, figure.close_fen) == (2500, 2550, 2450, 2450)
    assert (figure.vwap_fen, figure.quantity, figure.value_fen, figure.trades) == (round(value / 37), 37, value, 3)
    assert (figure.block_quantity, figure.block_value_fen, figure.auction_quantity) == (10_000, 30_000_000, 0)
    reference = ReferencePrice.objects.get()
    assert (reference.method, reference.price_fen, reference.quantity) == ("trades", figure.vwap_fen, 37)
    row = Bulletin.objects.get()
    text = json.dumps(row.body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert row.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert row.body["instruments"][0]["block_quantity"] == 10_000
    # Candles, tape and turnover are of the book alone.
    (candle,) = queries.candles(market.instrument.pk, "1d")
    assert (candle.high_fen, candle.volume) == (2550, 37)
    assert len(queries.tape(market.instrument.pk)) == 3
    assert queries.turnover(at.date())[market.instrument.pk][0] == 37

    copy = Trade.objects.order_by("-pk").values().first()
    with pytest.raises(IntegrityError), transaction.atomic():
        Trade.objects.create(**{**copy, "id": copy["id"] + 1, "entry_id": copy["entry_id"] + 10_000})
    for answer, kind in (("", "text/html"), (".pdf", "application/pdf")):
        page = Client().get(f"/bulletins/{at.date()}{answer}" + ("/" if not answer else ""))
        assert page.status_code == 200
        assert page["Content-Type"].startswith(kind)
    again = Client().get(f"/bulletins/{at.date()}.pdf").content
    assert again == Client().get(f"/bulletins/{at.date()}.pdf").content
    book = load_workbook(BytesIO(b"".join(Client().get(f"/bulletins/{at.date()}.xlsx").streaming_content)))
    rows = list(book.active.values)
    assert rows[1][0] == market.instrument.code
    assert rows[1][9:11] == (3, 37)


def test_without_trades_a_price_is_carried_on(market, at):
    traded(market, [(2500, 12)])
    days = [at + timedelta(days=number) for number in range(3)]
    for number, day in enumerate(days):
        if number:
            services.run_sessions(day)  # Opens it.
        closed(market, day + CLOSE)
        services.publish_due_bulletins(day + CLOSE + timedelta(minutes=30))
    rows = list(ReferencePrice.objects.order_by("day").values_list("method", "price_fen", "age"))
    assert rows == [("trades", 2500, 0), ("carried", 2500, 1), ("carried", 2500, 2)]
    assert list(DailyFigure.objects.order_by("day").values_list("close_fen", "base_price_fen")) == [
        (2500, 2500),
        (None, 2500),
        (None, 2500),
    ]
    api = Client().get("/api/v1/reference-prices/?type=F").json()["results"]
    assert [row["age"] for row in api] == [2, 1, 0]
    assert Client().get("/api/v1/reference-prices/?type=G").json()["results"] == []
    figures = Client().get(f"/api/v1/instruments/{market.instrument.code}/figures/").json()["results"]
    assert [row["close"] for row in figures] == [None, None, "25.00"]
    assert Client().get("/api/v1/bulletins/").json()["results"][0]["day"] == str(days[2].date())
    assert Client().get("/api/v1/bulletins/2026-01-01/").status_code == 404
    no_day = base64.b64encode(b"p=999999999999999999999").decode()
    assert Client().get("/api/v1/bulletins/", {"cursor": no_day}).json()["code"] == "cursor_rejected"
    assert "25.00" in Client().get("/bulletins/").content.decode()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("what", ["figures", "trades"])
def test_the_history_has_every_row_and_no_parties(market, at, what, kind):
    traded(market, [(2500, 10), (2510, 5)])
    closed(market, at + CLOSE)
    services.publish_due_bulletins(at + CLOSE + timedelta(minutes=30))
    span = f"from={at.date()}&to={at.date()}&instrument={market.instrument.code}"
    data = b"".join(Client().get(f"/bulletins/history/{what}.{kind}?{span}").streaming_content)
    if kind == "csv":
        rows = [line.split(",") for line in data.decode("utf-8-sig").splitlines()]
    else:
        rows = [tuple(map(str, row)) for row in load_workbook(BytesIO(data)).active.values]
    assert len(rows) == (2 if what == "figures" else 3)
    assert market.instrument.code in rows[1]
    assert "组织" not in str(rows)
    for address in ("trades.csv?instrument=none", "orders.csv", "trades.pdf"):
        assert Client().get(f"/bulletins/history/{address}").status_code == 404


PRICES = st.none() | st.builds(
    Reference, st.just(ReferenceMethod.CARRIED), st.integers(1, 9999), st.integers(0, 12)
) | st.just(Reference(ReferenceMethod.NONE, None, 0))  # fmt: skip


@given(quantity=st.integers(0, 30), price=st.integers(1, 9999), previous=PRICES, days=st.integers(0, 10))
def test_the_method_is_as_published(quantity, price, previous, days):
    found = reference_price(
        quantity=quantity, value_fen=quantity * price, least_tonnes=10, previous=previous, most_days=days
    )
    if quantity >= 10:
        assert found == Reference(ReferenceMethod.TRADES, price, 0)
    elif previous and previous.price and previous.age + 1 <= days:
        assert found == Reference(ReferenceMethod.CARRIED, previous.price, previous.age + 1)
    else:
        assert found == Reference(ReferenceMethod.NONE, None, 0)
