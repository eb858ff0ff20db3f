"""Eight traders before eight browsers see the same book after a burst of orders, and it is the one that the API tells."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import sync_playwright

pytestmark = [pytest.mark.timeout(600), pytest.mark.browser]
CODE = "G000002-24"
BROWSERS, REQUESTS, SIZE = 8, 10, 50
BOOK = """() => [...document.querySelectorAll('[data-part="book"] tbody tr')].map(
    (row) => [...row.querySelectorAll('td')].slice(1, 3).map((cell) => cell.textContent.trim().replace(/,/g, '')))"""


def burst(region, base: int) -> list[list[dict]]:
    """500 orders on both sides, of which many meet: ten requests of fifty."""
    chance = random.Random(8)
    orders = [
        {
            "instrument": CODE,
            "side": "buy",
            "price": f"{(base + chance.randint(-60, 20)) / 100:.2f}",
            "quantity": chance.randint(1, 9),
            "time_in_force": "DAY",
        }
        for _ in range(REQUESTS * SIZE)
    ]
    return [orders[place : place + SIZE] for place in range(0, len(orders), SIZE)]


def test_eight_browsers_show_one_book_after_a_burst(region, browser_path):
    base = round(float(region.client(1).get(f"/instruments/{CODE}/")["base_price"]) * 100)
    seller = region.client(0)
    for step in range(6):
        seller.post(
            "/orders/",
            {"instrument": CODE, "side": "sell", "price": f"{(base + 10 + 5 * step) / 100:.2f}", "quantity": 20},
        )
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        pages = []
        for _ in range(BROWSERS):
            page = chromium.new_context().new_page()
            page.goto(f"{region.url}/market/{CODE}/")
            pages.append(page)
        buyers = [region.client(number) for number in (1, 3, 5, 7)]
        with ThreadPoolExecutor(len(buyers)) as pool:
            for done in [
                pool.submit(buyers[place % len(buyers)].post, "/orders/bulk/", {"orders": orders})
                for place, orders in enumerate(burst(region, base))
            ]:
                done.result()
        told = settled_book(region, pages[0])
        for page in pages:
            for _ in range(100):  # Each hears by its stream; none is loaded anew.
                shown = page.evaluate(BOOK)
                if shown == told:
                    break
                page.wait_for_timeout(200)
            assert shown == told
        chromium.close()
    answer = region.invariants()
    assert answer["status"] == "ok", answer["broken"]


def settled_book(region, page) -> list[list[str]]:
    """The book by the API once the queue is done, as the page writes it: asks worst first, then bids."""
    api = region.client(2)
    before = None
    for _ in range(200):
        book = api.get(f"/instruments/{CODE}/book/")
        if book == before:
            break
        before = book
        page.wait_for_timeout(500)
    asks, bids = ([[price, str(quantity)] for price, quantity, _ in book[side]] for side in ("asks", "bids"))
    return [*reversed(asks), *bids]
