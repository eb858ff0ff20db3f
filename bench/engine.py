"""The matching engine beside others, and with a million resting orders: `python -m bench.engine` (QUICK=1: fewer).

G7: one seeded flow of limit orders and cancels through this engine and through the peers that are installed, in turns;
their trades must be as many and as much. G8: resting orders in one book, its memory, and what a crossing order costs.
The peers are no part of the project: `pip install --target FOLDER lightmatchingengine==2019.1.4 nanobook==0.19.2`, then
`PYTHONPATH=FOLDER`; without them their recorded figures are printed.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exchange.rules import Book, Cancel, OrderType, Place, Side, TimeInForce, TradingMode

QUICK = os.environ.get("QUICK") == "1"
ORDERS, ROUNDS = (20_000, 3) if QUICK else (100_000, 5)
RESTING = 100_000 if QUICK else 1_000_000
CROSSINGS = 2_000 if QUICK else 20_000
SLOW = 10  # A peer that is slow gets a tenth of the flow.
# Orders a second, recorded on 2 cores of an AMD EPYC 2.6 GHz in one run with others.
RECORDED = {"nanobook": 840_000, "lightmatchingengine": 140_000}
Operation = tuple[bool, int, Side, int, int]
Measured = tuple[float, int, int]


def flow(count: int) -> list[Operation]:
    """Return orders (False, id, side, price, quantity) and cancels (True, id, …): 60 % rest, 15 % of steps cancel."""
    chance = random.Random(3)
    steps: list[Operation] = []
    placed: list[int] = []
    for number in range(1, count + 1):
        if placed and chance.random() < 0.15:
            steps.append((True, chance.choice(placed), Side.BUY, 0, 0))
            continue
        side = chance.choice((Side.BUY, Side.SELL))
        away = int(abs(chance.gauss(0, 50)))
        rests = chance.random() < 0.6
        sign = -1 if (side is Side.BUY) == rests else 1
        steps.append((False, number, side, 10_000 + sign * (away if rests else away // 4), chance.randint(1, 100)))
        placed.append(number)
    return steps


def ours(steps: list[Operation]) -> Measured:
    """Time this engine over a flow; return seconds, trades, volume."""
    book = Book(mode=TradingMode.CONTINUOUS)
    trades = volume = 0
    began = time.perf_counter()
    for cancels, number, side, price, quantity in steps:
        if cancels:
            book.apply(Cancel(number))
            continue
        who = str(number)
        done = book.apply(Place(number, who, who, side, OrderType.LIMIT, TimeInForce.GTC, price, quantity))
        for fill in done.fills:
            trades += 1
            volume += fill.quantity
    return time.perf_counter() - began, trades, volume


def lightmatchingengine(steps: list[Operation]) -> Measured:
    """The same with a peer in Python."""
    from lightmatchingengine.lightmatchingengine import LightMatchingEngine
    from lightmatchingengine.lightmatchingengine import Side as Way

    engine = LightMatchingEngine()
    known: dict[int, Any] = {}
    trades = volume = 0
    began = time.perf_counter()
    for cancels, number, side, price, quantity in steps:
        if cancels:
            if known[number].leaves_qty > 0:
                engine.cancel_order(known[number].order_id, "X")
            continue
        order, told = engine.add_order("X", price, quantity, Way.BUY if side is Side.BUY else Way.SELL)
        known[number] = order
        for trade in told:
            if trade.trade_side != order.side:
                trades += 1
                volume += trade.trade_qty
    return time.perf_counter() - began, trades, volume


def nanobook(steps: list[Operation]) -> Measured:
    """The same with a peer in Rust, whose cancels are left out: with them it does not come to an end."""
    import nanobook as peer

    exchange = peer.Exchange()
    began = time.perf_counter()
    for _cancels, _number, side, price, quantity in steps:
        exchange.submit_limit(side.value, price, quantity, "gtc")
    took = time.perf_counter() - began
    told = exchange.trades()
    return took, len(told), sum(trade.quantity for trade in told)


def rates() -> dict[str, Any]:
    """Return orders a second of this engine and of the peers, medians of rounds in turns, and the ratios."""
    steps = flow(ORDERS)
    placed = [step for step in steps if not step[0]]
    few = steps[: ORDERS // SLOW]
    pairs: dict[str, tuple[Callable[[list[Operation]], Measured], list[Operation]]] = {
        "nanobook": (nanobook, placed),
        "lightmatchingengine": (lightmatchingengine, few),
    }
    here = {name: pair for name, pair in pairs.items() if importlib.util.find_spec(name)}
    found: dict[str, Any] = {"orders_and_cancels_per_second": round(ORDERS / statistics.median(_times(ours, steps)))}
    for name, (peer, its_steps) in here.items():
        mine, its = [], []
        for _ in range(ROUNDS):
            own, other = ours(its_steps), peer(its_steps)
            assert own[1:] == other[1:], f"{name} trades otherwise: {own[1:]} here, {other[1:]} there"
            mine.append(len(its_steps) / own[0])
            its.append(len(its_steps) / other[0])
        found[f"{name}_per_second"] = round(statistics.median(its))
        found[f"over_{name}"] = round(statistics.median(mine) / statistics.median(its), 2)
    for name in pairs.keys() - here.keys():
        found[f"{name}_per_second_recorded"] = RECORDED[name]
    return found


def _times(run: Callable[[list[Operation]], Measured], steps: list[Operation]) -> list[float]:
    return [run(steps)[0] for _ in range(ROUNDS)]


def resting() -> dict[str, Any]:
    """Return what a book of many resting orders weighs, and what an order that crosses it costs."""
    chance = random.Random(8)
    gc.collect()
    before = _resident()
    book = Book(mode=TradingMode.CONTINUOUS)
    for number in range(RESTING):
        side = Side.BUY if number % 2 else Side.SELL
        away = chance.randint(1, 5_000)
        price = 100_000 - away if side is Side.BUY else 100_000 + away
        who = number % 5_000
        book.apply(Place(number, who, f"g{who}", side, OrderType.LIMIT, TimeInForce.GTC, price, chance.randint(1, 100)))
    gc.collect()
    weight = _resident() - before
    gc.freeze()
    took = []
    for number in range(CROSSINGS):
        order = Place(
            RESTING + number, 9_999, "taker", Side.BUY, OrderType.LIMIT, TimeInForce.IOC, 105_000, chance.randint(1, 60)
        )
        began = time.perf_counter_ns()
        book.apply(order)
        took.append(time.perf_counter_ns() - began)
    took.sort()
    return {
        "resting_orders": RESTING,
        "memory_mib": round(weight / 1024),
        "crossing_us_p50": round(took[len(took) // 2] / 1000, 1),
        "crossing_us_p99": round(took[int(len(took) * 0.99)] / 1000, 1),
    }


def _resident() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def main() -> None:
    figures = {"quick": QUICK, **rates(), **resting()}
    for name, value in figures.items():
        print(f"{name:36s} {value}", file=sys.stderr)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
