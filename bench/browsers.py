"""How soon an order shows in another browser: `python -m bench.browsers` (QUICK=1: fewer orders).

A page of the hall is open in Chromium; orders are posted over HTTP by somebody else, each at a price of its own; the page
notes when the price stands in its book. Printed: the time from before the POST, median and 95th of a hundred.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time

from playwright.sync_api import sync_playwright

from bench.market import CODE, order
from ops import browser, postgres
from simulators.counterparties.api import Api
from tests.platform import platform

ORDERS = 10 if os.environ.get("QUICK") == "1" else 40
REST_SECONDS = 0.7
WATCH = """() => {
    window.seen = {};
    new MutationObserver(() => {
        for (const level of document.querySelectorAll('[data-part="book"] [data-price]'))
            window.seen[level.dataset.price] ??= Date.now();
    }).observe(document.querySelector('[data-part="book"]'), { childList: true, subtree: true });
}"""


def main() -> None:
    path = os.environ.get("CHROMIUM") or browser.find(print)
    waits = []
    with platform(postgres.Profile.DURABLE, without=("traffic", "beat"), demonstration=True) as running:
        told = json.loads((running.state / "demo_logins.json").read_text(encoding="utf-8"))
        one = told["clients"][1]
        client = Api(running.url, one["client_id"], one["client_secret"])
        base = round(float(client.get(f"/instruments/{CODE}/")["base_price"]) * 100)
        with sync_playwright() as play:
            chromium = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = chromium.new_page()
            page.goto(f"{running.url}/market/{CODE}/")
            page.wait_for_timeout(2000)
            page.evaluate(WATCH)
            for number in range(ORDERS):
                price = f"{(base - 300 + number) / 100:.2f}"  # Each the best bid so far: it stands among the five.
                began = time.time()
                post = threading.Thread(target=client.post, args=("/orders/", order(price, "buy")))
                post.start()
                page.wait_for_function("(price) => window.seen[price]", arg=price, timeout=20_000)
                waits.append(page.evaluate("(price) => window.seen[price]", price) - 1000 * began)
                post.join()
                page.wait_for_timeout(1000 * REST_SECONDS)
            chromium.close()
    figures = {
        "orders": ORDERS,
        "post_to_other_browser_ms_median": round(statistics.median(waits), 1),
        "post_to_other_browser_ms_p95": round(sorted(waits)[int(0.95 * len(waits))], 1),
    }
    print(json.dumps(figures), file=sys.stderr)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
