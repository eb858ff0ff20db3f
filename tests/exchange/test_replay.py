"""`replay_orders`: the design's example to the letter, and the product's own way through the database, which agrees."""

import json
import os
import random
import subprocess
import sys

import pytest

from config import replay
from exchange.rules import scenario
from ops import postgres
from tests.database import BASE_DIR
from tests.exchange.orderflow import scenario_of
from tests.exchange.test_orderflow import stream

EXAMPLE = {
    "instrument": {"mode": "continuous", "tick": "0.01", "self_trade_prevention": "none"},
    "events": [
        {"do": "place", "id": "s1", "participant": "A", "side": "sell", "type": "limit", "time_in_force": "GTC", "price": "25.00", "quantity": 100},
        {"do": "place", "id": "b1", "participant": "B", "side": "buy", "type": "limit", "time_in_force": "IOC", "price": "25.10", "quantity": 60},
        {"do": "amend", "id": "s1", "price": "25.05", "quantity": 30},
        {"do": "cancel", "id": "b1"},
        {"do": "place", "id": "b2", "participant": "B", "side": "buy", "type": "limit", "time_in_force": "GTC", "price": "24.90", "quantity": 10},
    ],
}  # fmt: skip
ANSWER = {
    "trades": [{"maker": "s1", "taker": "b1", "price": "25.00", "quantity": 60}],
    "orders": {
        "s1": {"status": "partially_filled", "filled": 60, "cancelled": 10, "expired": 0, "remaining": 30},
        "b1": {"status": "filled", "filled": 60, "cancelled": 0, "expired": 0, "remaining": 0},
        "b2": {"status": "live", "filled": 0, "cancelled": 0, "expired": 0, "remaining": 10},
    },
    "book": {"bids": [["24.90", 10]], "asks": [["25.05", 30]]},
    "rejected": [{"event": 3, "id": "b1", "code": "not_live"}],
}


def both(written):
    """Return the answers of the engine and of the product."""
    instrument, steps = scenario.read(json.dumps(written))
    engine = scenario.answer(instrument, scenario.play(instrument, steps))
    return engine, scenario.answer(instrument, replay.through_database(instrument, steps))


def random_scenario(seed, mode, prevention, length=70):
    """Return a scenario with every kind of event that the product has, wrong ones among them."""
    chance = random.Random(seed)
    participants = ["A", "B", "C", "D"]
    groups = {"A": "one", "B": "one", "C": "C", "D": "D"}
    events, ids = [], []
    for number in range(length):
        who, side = chance.choice(participants), chance.choice(["buy", "sell"])
        base = {"id": f"o{number}", "participant": who, "group": groups[who], "side": side}
        base["quantity"] = chance.choice([1, 2, 5, 9, 20, 20, 40, 0])
        price = f"{chance.randint(2490, 2510) / 100:.2f}" if chance.random() < 0.95 else "25.005"
        do = chance.choices(
            ["place", "amend", "cancel", "accept", "pick", "close", "open_auction", "uncross"],
            [60, 15, 8, 8, 8, 3, *((4, 6) if mode == "continuous" else (1, 1))],
        )[0]
        if do in ("amend", "cancel"):
            event = {"do": do, "id": chance.choice(ids or ["none"])}
            if do == "amend":
                event |= chance.choice(
                    [{"price": price}, {"quantity": chance.randint(0, 30)}, {"price": price, "quantity": 7}]
                )
        elif do in ("close", "open_auction", "uncross"):
            event = {"do": do}
        elif do == "accept":
            event = {"do": do, **base, "limit": price, "rest": chance.choice(["lapse", "post"])}
        elif do == "pick":
            event = {"do": do, **base, "price": price}
        else:
            force = chance.choice(["GTC", "GTC", "GTC", "DAY", "GTD", "IOC", "FOK"])
            event = {"do": do, **base, "type": "limit", "time_in_force": force, "price": price}
            if force == "GTD":
                event["until"] = chance.randint(1, 4)
            elif chance.random() < 0.1:
                event = {"do": do, **base, "type": "market", "time_in_force": "IOC"}
            elif chance.random() < 0.1:
                event["minimum_quantity"] = chance.randint(0, 30)
        if "participant" in event:
            ids.append(event["id"])
        events.append(event)
    instrument = {
        "mode": mode,
        "tick": "0.01",
        "self_trade_prevention": prevention,
        "pick_levels": chance.choice([1, 5, None]),
        **chance.choice([{}, {"base_price": "24.97"}]),
    }
    return {"instrument": instrument, "events": events}


def test_the_example_of_the_design(committed):
    assert both(EXAMPLE) == (ANSWER, ANSWER)


@pytest.mark.parametrize("prevention", ["none", "cancel_newest", "cancel_oldest", "decrement"])
@pytest.mark.parametrize("mode", ["continuous", "listed_agreement"])
def test_the_product_answers_as_the_engine_does(committed, mode, prevention):
    engine, product = both(random_scenario(f"{mode} {prevention}", mode, prevention))
    assert engine["trades"]
    assert {one["code"] for one in engine["rejected"]} & {"not_live", "invalid_quantity", "price_off_tick"}
    assert product == engine


SEEDS = (  # Found by running many: a purchase amended to less at a better price, a day without an order, others.
    (10, "none"),
    (2, "cancel_newest"),
    (5, "cancel_oldest"),
    (7, "decrement"),
)


@pytest.mark.parametrize(("seed", "prevention"), SEEDS)
def test_longer_scenarios_with_calls_agree_as_well(committed, seed, prevention):
    engine, product = both(random_scenario(f"{seed} {prevention}", "continuous", prevention, length=90))
    assert product == engine


def test_the_beginning_of_the_stream_through_the_database(committed, sample_data):
    events, _, told = stream(sample_data, most=260)
    for event in events:  # A few participants instead of one for each order.
        if "participant" in event:
            event["participant"] = f"P{int(event['participant'].split()[1]) % 4}"
    engine, product = both(scenario_of(events))
    assert len(engine["trades"]) == sum(r["event"] == "trade" for n in range(260) for r in told[n]) > 3
    assert product == engine


def test_the_command_makes_a_database_of_its_own_and_drops_it(admin_url, tmp_path):
    path = tmp_path / "example.json"
    path.write_text(json.dumps(EXAMPLE))
    databases = "SELECT datname FROM pg_database ORDER BY 1"
    before = postgres.fetch(admin_url, databases)
    app = postgres.with_role(admin_url, postgres.APP_ROLE)
    done = subprocess.run(
        [sys.executable, "manage.py", "replay_orders", str(path), "--through-database"],
        cwd=BASE_DIR,
        env={"DATABASE_OWNER_URL": admin_url, "DATABASE_URL": app, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ANSWER
    assert {row for row in postgres.fetch(admin_url, databases) if row[0].startswith("scratch_")} <= set(before)


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("{", "json_rejected", ""),
        ('{"instrument": {"mode": "continuous", "tick": "0.01"}}', "missing_field", "events"),
        ('{"instrument": {"mode": "other", "tick": "0.01"}, "events": []}', "invalid_field", "instrument.mode"),
        ('{"instrument": {"mode": "continuous", "tick": "1"}, "events": [{"do": "x"}]}', "invalid_field", "events[0].do"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_ends_with_2_and_says_where(tmp_path, text, code, field):
    path = tmp_path / "bad.json"
    path.write_text(text)
    done = subprocess.run(
        [sys.executable, "manage.py", "replay_orders", str(path)], cwd=BASE_DIR, env={}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    error = json.loads(done.stderr)["error"]
    assert (error["code"], error["field"]) == (code, field)
    assert error["message"]
