"""A firm's story on the market, against real web, worker, stream and bank processes: over the API, then by clicks."""

import threading
import time

import pytest
import requests

from simulators.counterparties.api import Refused
from tests.platform import wait_for

pytestmark = pytest.mark.timeout(600)
CONTINUOUS = "F000001-24"
LISTED = "G000002-23"
LAST_TONNES = "G000002-22"  # No other test leaves a post in its book.


def clean(region) -> None:
    answer = region.invariants()
    assert answer["status"] == "ok", answer["broken"]


def base_price(api, code: str) -> str:
    return api.get(f"/instruments/{code}/")["base_price"]


def units_of(api, purpose: str = "available") -> int:
    return sum(row["units"] for row in api.get("/holdings/")["results"] if row["project"] and row["purpose"] == purpose)


def money_of(api) -> int:
    rows = api.get("/holdings/")["results"]
    return sum(row["units"] for row in rows if row["kind"] == "cash" and row["purpose"] == "available")


def test_a_deposit_is_paid_at_the_bank_and_booked_by_its_signed_notice(region):
    buyer = region.client(1)
    before = money_of(buyer)
    deposit = buyer.post("/deposits/", {"amount_fen": 12_345})
    bank = f"http://127.0.0.1:{region.platform.ports['bank_port']}"
    form = {"reference": deposit["reference"], "amount": "123.45", "name": "某公司", "account": "6222"}
    paid = requests.post(f"{bank}/pay", data=form, timeout=20)
    assert paid.status_code == 200
    wait_for(region.platform, lambda: money_of(buyer) == before + 12_345)
    assert buyer.get(f"/deposits/{deposit['id']}/")["received_fen"] == 12_345
    clean(region)


def test_an_order_is_matched_by_the_worker_and_settled_within_the_wait(region):
    seller, buyer = region.client(0), region.client(1)
    price = base_price(buyer, CONTINUOUS)
    units, money = units_of(buyer), money_of(buyer)
    seller.post("/orders/", {"instrument": CONTINUOUS, "side": "sell", "price": price, "quantity": 7})
    body = {"instrument": CONTINUOUS, "side": "buy", "price": price, "quantity": 7}
    order = buyer.post("/orders/?wait=5", body)
    assert (order["status"], order["filled"], order["remaining"]) == ("filled", 7, 0)
    (trade,) = buyer.get(f"/orders/{order['id']}/trades/")["results"]
    assert (trade["price"], trade["quantity"]) == (price, 7)
    assert units_of(buyer) == units + 7
    assert money_of(buyer) == money - trade["value_fen"] - order["fee_fen"]
    clean(region)


def test_an_accepting_order_takes_posts_of_a_listed_instrument(region):
    seller, buyer = region.client(2), region.client(3)
    price = base_price(buyer, LISTED)
    post = seller.post("/orders/?wait=5", {"instrument": LISTED, "side": "sell", "price": price, "quantity": 9})
    assert post["status"] == "live"
    taken = buyer.post(f"/instruments/{LISTED}/accepts/", {"side": "buy", "limit": price, "quantity": 4})
    wait_for(region.platform, lambda: buyer.get(f"/orders/{taken['id']}/")["status"] == "filled")
    assert seller.get(f"/orders/{post['id']}/")["remaining"] == 5
    clean(region)


def test_two_accepting_orders_at_once_for_the_last_tonnes(region):
    seller, buyers = region.client(4), (region.client(7), region.client(9))
    price = base_price(seller, LAST_TONNES)
    units = [units_of(buyer) for buyer in buyers]
    post = seller.post("/orders/?wait=5", {"instrument": LAST_TONNES, "side": "sell", "price": price, "quantity": 6})
    assert post["status"] == "live"
    taken: dict[int, int] = {}
    both = threading.Barrier(2)

    def take(number: int) -> None:
        both.wait(20)
        body = {"side": "buy", "limit": price, "quantity": 5, "rest": "lapse"}
        taken[number] = buyers[number].post(f"/instruments/{LAST_TONNES}/accepts/", body)["id"]

    threads = [threading.Thread(target=take, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(region.platform, lambda: seller.get(f"/orders/{post['id']}/")["status"] == "filled")
    orders = [buyers[number].get(f"/orders/{taken[number]}/") for number in range(2)]
    assert sorted(order["filled"] for order in orders) == [1, 5]
    assert [order["remaining"] for order in orders] == [0, 0]
    assert [units_of(buyer) - had for buyer, had in zip(buyers, units, strict=True)] == [
        order["filled"] for order in orders
    ]
    clean(region)


def test_one_key_has_one_effect_and_another_body_is_refused(region):
    buyer = region.client(5)
    token = buyer._fresh_token()
    body = {"instrument": CONTINUOUS, "side": "buy", "price": base_price(buyer, CONTINUOUS), "quantity": 3}
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "journey-one"}
    answers: list[requests.Response] = []

    def send() -> None:
        answers.append(requests.post(f"{region.url}/api/v1/orders/", json=body, headers=headers, timeout=20))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replay" in answer.headers for answer in answers) == 5
    other = requests.post(f"{region.url}/api/v1/orders/", json={**body, "quantity": 4}, headers=headers, timeout=20)
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    missing = requests.post(
        f"{region.url}/api/v1/orders/", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=20
    )
    assert (missing.status_code, missing.json()["code"]) == (400, "key_required")


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"price": "1.00"}, "price_out_of_band", "price"),
        ({"price": "66.005"}, "price_off_tick", "price"),
        ({"instrument": "F\u0000"}, "invalid_text", "instrument"),
        ({"price": "66,00"}, "invalid_field", "price"),
        ({"quantity": 0}, "invalid_quantity", "quantity"),
        ({"quantity": -5}, "invalid_quantity", "quantity"),
        ({"quantity": 1.5}, "invalid_quantity", "quantity"),
        ({"quantity": "5"}, "invalid_quantity", "quantity"),
        ({"state": "filled"}, "unknown_field", "state"),
        ({"side": "sell", "quantity": 900_000}, "insufficient_units", "quantity"),
        ({"quantity": 900_000}, "insufficient_funds", ""),
        ({"instrument": "none"}, "not_found", "instrument"),
        ({"type": "market"}, "invalid_price", "price"),
    ],
)
def test_bad_orders_are_refused_with_field_and_reason_and_nothing_is_stored(region, change, code, field):
    buyer = region.client(7)
    before = len(buyer.get("/orders/?page_size=200")["results"])
    body = {"instrument": CONTINUOUS, "side": "buy", "price": base_price(buyer, CONTINUOUS), "quantity": 5, **change}
    with pytest.raises(Refused) as caught:
        buyer.post("/orders/", body)
    assert (caught.value.code, caught.value.status < 500) == (code, True), caught.value
    assert len(buyer.get("/orders/?page_size=200")["results"]) == before


def test_another_organisations_order_is_not_there_and_a_scope_is_needed(region):
    mine, other = region.client(9), region.client(11)
    order = mine.post(
        "/orders/", {"instrument": CONTINUOUS, "side": "buy", "price": base_price(mine, CONTINUOUS), "quantity": 1}
    )
    for act in (
        lambda: other.get(f"/orders/{order['id']}/"),
        lambda: other.post(f"/orders/{order['id']}/cancel/", {}),
        lambda: other.get(f"/orders/{order['id']}/trades/"),
    ):
        with pytest.raises(Refused) as caught:
            act()
        assert (caught.value.status, caught.value.code) == (404, "not_found")
    mine.post(f"/orders/{order['id']}/cancel/", {})


def test_the_stream_tells_of_a_trade_and_replays_after_a_gap(region):
    seller, buyer = region.client(4), region.client(5)
    price = base_price(buyer, CONTINUOUS)
    heard: list[str] = []

    def listen(headers: dict, until: float, asked: str = "") -> None:
        address = f"{region.url}/stream/instruments/{CONTINUOUS}{asked}"
        with requests.get(address, headers=headers, stream=True, timeout=15) as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            for line in answer.iter_lines(decode_unicode=True):
                heard.append(line)
                if line == "event: trade" or time.monotonic() > until:
                    return

    thread = threading.Thread(target=listen, args=({}, time.monotonic() + 12))
    thread.start()
    time.sleep(1)
    seller.post("/orders/", {"instrument": CONTINUOUS, "side": "sell", "price": price, "quantity": 1})
    buyer.post("/orders/?wait=5", {"instrument": CONTINUOUS, "side": "buy", "price": price, "quantity": 1})
    thread.join(20)
    assert "event: trade" in heard
    heard.clear()
    listen({"Last-Event-ID": "0"}, time.monotonic() + 10)
    assert heard[2].startswith("id: ")
    assert "id: 1" in heard
    heard.clear()
    listen({}, time.monotonic() + 10, "?after=1")  # As a page asks that was drawn after the first event.
    assert "id: 2" in heard
    assert "id: 1" not in heard


def test_a_killed_match_worker_loses_and_doubles_nothing(region):
    seller, buyer = region.client(6), region.client(7)
    price = base_price(buyer, CONTINUOUS)
    acknowledged: list[int] = []
    for number in range(12):
        api, side = (seller, "sell") if number % 2 == 0 else (buyer, "buy")
        body = {"instrument": CONTINUOUS, "side": side, "price": price, "quantity": 2}
        acknowledged.append(api.post("/orders/", body)["id"])
        if number in (3, 8):
            region.platform.kill("match-0")
            region.platform.kill("match-1")

    def all_seen() -> bool:
        orders = [
            (seller if place % 2 == 0 else buyer).get(f"/orders/{one}/") for place, one in enumerate(acknowledged)
        ]
        return all(order["status"] not in ("accepted",) for order in orders)

    wait_for(region.platform, all_seen, limit_seconds=90)
    clean(region)


def test_business_time_moves_through_close_and_opening_by_the_command(region):
    buyer = region.client(1)
    price = base_price(buyer, CONTINUOUS)
    order = buyer.post(
        "/orders/?wait=5",
        {
            "instrument": CONTINUOUS,
            "side": "buy",
            "price": f"{float(price) - 1:.2f}",
            "quantity": 1,
            "time_in_force": "DAY",
        },
    )
    assert order["status"] == "live"
    moved = region.platform.ask("move_clock", "2026-03-03T09:31+08:00")
    assert moved.returncode == 0, moved.stderr
    wait_for(region.platform, lambda: buyer.get(f"/orders/{order['id']}/")["status"] == "expired")
    wait_for(region.platform, lambda: buyer.get(f"/instruments/{CONTINUOUS}/")["open"])
    clean(region)
