"""One trading organisation: looks at the market, offers, accepts, cancels what has grown old."""

from __future__ import annotations

import random
import sys
import threading
from decimal import Decimal
from typing import Any

import requests

from simulators.counterparties.api import Api, Refused

TICK = Decimal("0.01")
CLOSED_PAUSE = 15.0
MOST_LIVE = 4
WAITS = {"market_closed", "halted", "round_trip_interval", "insufficient_units", "insufficient_funds", "frozen"}


class Trader:
    """Sells what it holds (`sells`) or buys with its money; small quantities around the best prices."""

    def __init__(self, name: str, api: Api, chance: random.Random, *, sells: bool) -> None:
        self._name, self._api, self._chance, self._sells = name, api, chance, sells
        self._live: list[int] = []

    def run(self, ended: threading.Event, pause: float) -> None:
        """Act again and again until the end; a refusal or a silent platform is waited out."""
        ended.wait(self._chance.random() * pause)
        while not ended.is_set():
            wait = pause * (0.5 + self._chance.random())
            try:
                self._act()
            except Refused as refused:
                if refused.code not in WAITS:
                    print(f"{self._name}: {refused}", file=sys.stderr, flush=True)
                if refused.code in ("market_closed", "halted"):
                    wait = CLOSED_PAUSE
                wait = max(wait, refused.retry_after)
            except requests.RequestException as error:
                print(f"{self._name}: {type(error).__name__}", file=sys.stderr, flush=True)
            ended.wait(wait)

    def _act(self) -> None:
        instruments = self._api.get("/instruments/", page_size=100)["results"]
        mine = self._chance.choice(instruments)
        if self._sells:
            mine = self._one_that_i_hold(instruments) or mine
        if len(self._live) >= MOST_LIVE:
            self._cancel_oldest()
        book = self._api.get(f"/instruments/{mine['code']}/book/")
        if mine["mode"] == "continuous" or self._sells:
            self._order(mine, book)
        else:
            self._accept(mine, book)

    def _one_that_i_hold(self, instruments: list[dict[str, Any]]) -> dict[str, Any] | None:
        held = {
            (row["project"], row["vintage"])
            for row in self._api.get("/holdings/")["results"]
            if row["purpose"] == "available" and row["project"] and row["units"] > 0
        }
        mine = [one for one in instruments if (one["project"], one["vintage"]) in held]
        return self._chance.choice(mine) if mine else None

    def _price_near(self, instrument: dict[str, Any], book: dict[str, Any]) -> Decimal:
        bids, asks = book["bids"], book["asks"]
        base = Decimal(instrument["base_price"] or "50.00")
        if bids and asks:
            base = (Decimal(bids[0][0]) + Decimal(asks[0][0])) / 2
        elif bids or asks:
            base = Decimal((bids or asks)[0][0])
        price = (base + TICK * self._chance.randrange(-25, 26)).quantize(TICK)
        if instrument["lower_limit"]:
            price = min(max(price, Decimal(instrument["lower_limit"])), Decimal(instrument["upper_limit"]))
        return price

    def _order(self, instrument: dict[str, Any], book: dict[str, Any]) -> None:
        body = {
            "instrument": instrument["code"],
            "side": "sell" if self._sells else "buy",
            "type": "limit",
            "time_in_force": "DAY",
            "price": str(self._price_near(instrument, book)),
            "quantity": self._chance.randrange(1, 21),
        }
        self._live.append(self._api.post("/orders/", body)["id"])

    def _accept(self, instrument: dict[str, Any], book: dict[str, Any]) -> None:
        if not book["asks"] or self._chance.random() < 0.25:
            self._order(instrument, book)
            return
        body = {"side": "buy", "limit": book["asks"][0][0], "quantity": self._chance.randrange(1, 16), "rest": "lapse"}
        self._api.post(f"/instruments/{instrument['code']}/accepts/", body)

    def _cancel_oldest(self) -> None:
        number = self._live.pop(0)
        try:
            self._api.post(f"/orders/{number}/cancel/", {})
        except Refused as refused:
            if refused.code != "not_live":
                raise
