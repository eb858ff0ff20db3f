"""Trading organisations that use every verb of the API under keys, and keep a list of their own of what was acknowledged.

After an answer that a client does not know (none, or 5xx) it sends the same key again until it has one; what was refused
has had no effect. Some keys are sent again although they were answered.
"""

from __future__ import annotations

import base64
import random
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import requests

CONTINUOUS, LISTED = "F000001-24", "G000002-23"
PATIENCE_SECONDS = 120  # For a request to be acknowledged.
PAUSE_SECONDS = (0.02, 0.15)
MOST_LIVE = 3  # Orders left in the book, the older ones are cancelled.
PAPER = base64.b64encode(b"%PDF-1.4\n% a deed\n%%EOF\n").decode()


class Points:
    """Named points of the clients' work. Who waits at one is woken as soon as any client passes it."""

    NAMES = ("before an answer", "after an answer", "in a bulk")

    def __init__(self) -> None:
        self._waited_for = ""
        self._passed = threading.Event()

    def passed(self, name: str) -> None:
        """Say that a client is here."""
        if name == self._waited_for:
            self._passed.set()

    def wait(self, name: str, seconds: float) -> bool:
        """Return whether a client passed the point within the time, at once when it does."""
        self._passed.clear()
        self._waited_for = name
        try:
            return self._passed.wait(seconds)
        finally:
            self._waited_for = ""


@dataclass(frozen=True)
class Acknowledged:
    """What a client was told: the rows that an answer names, all of one kind."""

    kind: str
    key: str
    ids: tuple[int, ...]


@dataclass
class Client:
    """One organisation: sells the credits it holds, or buys with its money, and does all else that a holder may."""

    url: str
    bank_url: str
    client_id: str
    secret: str
    sells: bool
    prices: dict[str, str]
    receiver: str  # The USCC to which it proposes transfers.
    points: Points
    seed: str
    asked: Counter[str] = field(default_factory=Counter)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    paid: dict[str, int] = field(default_factory=dict)  # The bank's serial, and fen.
    refused: Counter[str] = field(default_factory=Counter)
    contradicted: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    _token: str = ""
    _live: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def work(self, ended: threading.Event) -> None:
        """Use one verb after the other until the end: each of them once at first, then orders more than others.

        In rounds, since a short run of drawn verbs would now and then leave one out, and prove nothing of it.
        """
        verbs: list[Callable[[], object]] = [
            self.order,
            self.bulk,
            self.think_again,
            self.retire,
            self.withdraw,
            self.deposit,
        ]
        verbs += [self.transfer] if self.sells else [self.accept, self.pick]
        left: list[Callable[[], object]] = []
        round_of: list[Callable[[], object]] = verbs
        while not ended.is_set():
            if not left:
                left, round_of = self._chance.sample(round_of, len(round_of)), [*verbs, *[self.order] * 3]
            try:
                left.pop()()
                if len(self._live) > MOST_LIVE:
                    self.cancel(self._live.pop(0))
            except requests.RequestException:  # Of a question; what moves something is asked again inside.
                time.sleep(0.3)
            ended.wait(self._chance.uniform(*PAUSE_SECONDS))

    # -- the verbs

    def order(self) -> None:
        told = self._post("order", "/orders/", self._order(CONTINUOUS if self._chance.random() < 0.6 else LISTED))
        self._live += [told["id"]] if told else []

    def bulk(self) -> None:
        orders = [self._order(CONTINUOUS) for _ in range(8)]
        told = self._post("order", "/orders/bulk/", {"orders": orders}, point="in a bulk")
        self._live += [one["id"] for one in told["results"]] if told else []

    def think_again(self) -> None:
        """Place an order a step short of where everyone trades, and cancel it: others are mostly filled by then."""
        body = self._order(CONTINUOUS)
        step = Decimal("0.01") if self.sells else Decimal("-0.01")
        told = self._post("order", "/orders/", body | {"price": str(Decimal(body["price"]) + step)})
        if told:
            self.cancel(told["id"])

    def accept(self) -> None:
        body = {"side": "buy", "limit": self.prices[LISTED], "quantity": self._chance.randint(1, 3)}
        self._post("order", f"/instruments/{LISTED}/accepts/", body)

    def pick(self) -> None:
        body = {"side": "buy", "price": self.prices[LISTED], "quantity": self._chance.randint(1, 2)}
        self._post("order", f"/instruments/{LISTED}/picks/", body)

    def cancel(self, order_id: int) -> None:
        self._post("cancel", f"/orders/{order_id}/cancel/", {})

    def retire(self) -> None:
        asset = self._asset()
        body = {"asset_id": asset, "tonnes": 1, "beneficiary": "草原音乐节", "purpose": "event"}
        self._post("retirement", "/retirements/", body)

    def withdraw(self) -> None:
        self._post("withdrawal", "/withdrawals/", {"amount_fen": self._chance.randint(100, 5000)})

    def transfer(self) -> None:
        body = {
            "kind": "merger",
            "asset": self._asset(),
            "units": 1,
            "to": self.receiver,
            "basis_number": uuid.uuid4().hex,
            "reason": "吸收合并",
            "evidence": {"kind": "merger_agreement", "name": "协议.pdf", "content": PAPER},
        }
        self._post("transfer", "/transfers/", body)

    def deposit(self) -> None:
        """Ask for a reference and pay under it at the bank's page; the bank tells the platform by itself."""
        fen = self._chance.randint(1, 10**5)
        told = self._post("deposit", "/deposits/", {"amount_fen": fen})
        if told:
            form = {
                "reference": told["reference"],
                "amount": f"{fen // 100}.{fen % 100:02d}",
                "name": "演示户名",
                "account": "6222",
            }
            page = requests.post(f"{self.bank_url}/pay", data=form, timeout=30)
            serial = re.search(r"流水号 (\w+)", page.text)
            assert page.status_code == 200, page.text
            assert serial, page.text
            self.paid[serial[1]] = fen

    def _order(self, code: str) -> dict[str, Any]:
        side = "sell" if self.sells else "buy"
        return {"instrument": code, "side": side, "price": self.prices[code], "quantity": self._chance.randint(1, 3)}

    def _asset(self) -> int:
        """Return a batch of which something is available, 0 where there is none: that is refused."""
        answer = requests.get(f"{self.url}/api/v1/holdings/", headers=self._headers(), timeout=15)
        if answer.status_code != 200:
            raise requests.RequestException(f"holdings: {answer.status_code}")
        found = [
            row["asset"]
            for row in answer.json()["results"]
            if row["purpose"] == "available" and row["project"] and row["units"] > 0
        ]
        return int(self._chance.choice(found)) if found else 0

    # -- asking until there is an answer

    def _post(self, kind: str, path: str, body: dict[str, Any], point: str = "before an answer") -> Any:
        key = uuid.uuid4().hex
        self.asked[kind] += 1
        told = self._insist(key, path, body, point)
        if told is None:
            return None
        self.acknowledged.append(Acknowledged(kind, key, _ids(told)))
        self.points.passed("after an answer")
        if self._chance.random() < 0.2:
            again = self._insist(key, path, body, point)
            if again is None or _ids(again) != _ids(told):
                self.contradicted.append(f"{kind} {key}")
        return told

    def _insist(self, key: str, path: str, body: dict[str, Any], point: str) -> Any:
        """Send one request until it is answered; return what was acknowledged, None for a refusal."""
        limit = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < limit:
            try:
                headers = {**self._headers(), "Idempotency-Key": key}
                self.points.passed(point)
                answer = requests.post(f"{self.url}/api/v1{path}", json=body, headers=headers, timeout=15)
            except requests.RequestException:
                time.sleep(0.3)
                continue
            if answer.status_code < 300:
                return answer.json()
            if answer.status_code == 401:
                self._token = ""
            elif answer.status_code < 500 and answer.status_code != 429:
                self.refused[answer.json().get("code", "")] += 1
                return None
            time.sleep(0.3)
        self.given_up.append(f"{path} {key}")
        return None

    def _headers(self) -> dict[str, str]:
        if not self._token:
            form = {"grant_type": "client_credentials"}
            answer = requests.post(
                f"{self.url}/oauth/token/", data=form, auth=(self.client_id, self.secret), timeout=15
            )
            if answer.status_code != 200:
                raise requests.RequestException(f"no token: {answer.status_code}")
            self._token = answer.json()["access_token"]
        return {"Authorization": f"Bearer {self._token}"}


def _ids(told: dict[str, Any]) -> tuple[int, ...]:
    return tuple(one["id"] for one in told["results"]) if "results" in told else (told["id"],)
