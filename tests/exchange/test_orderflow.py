"""Order flow with published outcomes: the engine agrees with every continuous scenario and with the stream."""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import chain, groupby

from config import replay
from exchange.rules import Side, scenario
from tests import database
from tests.database import BASE_DIR
from tests.exchange.orderflow import Converter, levels_of, original, placed, rows_of, scenario_of

STREAM = "stream_swing-25_5000"


def load(sample_data, name):
    return json.loads((sample_data / "orderflow" / name).read_text())


def play(events, **instrument):
    read, steps = scenario.read(json.dumps(scenario_of(events, **instrument)))
    return scenario.play(read, steps)


def trades(played):
    return [(original(f.maker_id), original(f.taker_id), f.price, f.quantity) for f in played.fills]


def by_level(rows):
    """Return [price, quantity, …] rows as whole levels, in their order."""
    return [(price, sum(row[1] for row in same)) for price, same in groupby(rows, key=lambda row: row[0])]


def test_worked_examples(sample_data):
    for example in load(sample_data, "worked_examples.json"):
        played = play([placed(row, str(row["order"])) for row in example["input"]])
        expected = [(str(t["resting"]), str(t["incoming"]), t["price"], t["qty"]) for t in example["expected_trades"]]
        assert trades(played) == expected, example["name"]
        assert list(played.bids) == by_level(example["expected_final_book"]["buy"])
        assert list(played.asks) == by_level(example["expected_final_book"]["sell"])


def test_edge_cases(sample_data):
    cases = load(sample_data, "edge_cases.json")
    assert len(cases) == 8
    for case in cases:
        refused = {e["step"] for e in case["expected_events"] if e["event"].endswith("rejected")}
        converter, events, step_of = Converter(), [], []
        for step, row in enumerate(case["input"]):
            new = converter.events(row, refused=step in refused)
            events += new
            step_of += [step] * len(new)
        played = play(events)
        expected = [e for e in case["expected_events"] if e["event"] == "trade"]
        assert trades(played) == [
            (str(t["resting_order"]), str(t["incoming_order"]), t["price"], t["qty"]) for t in expected
        ], case["name"]
        assert {step_of[number] for number, _, code in played.rejected if code == "not_live"} == refused
        assert list(played.bids) == by_level(case["expected_final_book"]["buy"])
        assert list(played.asks) == by_level(case["expected_final_book"]["sell"])


def test_times_in_force(sample_data):
    for case in load(sample_data, "time_in_force_scenarios.json"):
        converter = Converter()
        played = play([event for row in case["input"] for event in converter.events(row)])
        expected = case["expected"]
        if case["name"] == "Match_Market":  # There the rest of a market order stays in the book: their convention.
            expected = {"resting_orders": 0, "buy_levels": 0, "sell_levels": 0}
        resting = sum(one.remaining > 0 for one in played.orders.values())
        found = {"resting_orders": resting, "buy_levels": len(played.bids), "sell_levels": len(played.asks)}
        assert found == expected, case["name"]


def test_acknowledgements_trades_and_best_prices(sample_data):
    for case in load(sample_data, "top_of_book_scenarios.json"):
        users = {str(row["order"]): row["user"] for row in case["input"]}
        sides = {str(row["order"]): row["side"] for row in case["input"]}
        expected, found = [], []
        for event in case["expected_events"]:
            if event["event"] == "ack":
                expected.append(Counter())
            expected[-1][tuple(event.values())] += 1
        best = {"buy": None, "sell": None}
        for count, row in enumerate(case["input"], start=1):
            played = play([placed(one, str(one["order"])) for one in case["input"][:count]])
            told = Counter({("ack", row["user"], row["order"]): 1})
            for maker, taker, price, quantity in trades(played):
                if taker == str(row["order"]):
                    bought, sold = (taker, maker) if sides[taker] == "buy" else (maker, taker)
                    told["trade", users[bought], int(bought), users[sold], int(sold), price, quantity] += 1
            for side, levels in (("buy", played.bids), ("sell", played.asks)):
                now = levels[0] if levels else (None, None)
                if best[side] != now and (best[side], now) != (None, (None, None)):
                    told["top_of_book", side, *now] += 1
                    best[side] = now
            found.append(told)
        assert found == expected, case["description"]


def test_accounts_trade_by_price_and_time(sample_data):
    """Their balances are in other assets; orders, trades and books are compared."""
    checked = Counter()
    for case in load(sample_data, "account_scenarios.json")["scenarios"]:
        events: list[dict] = []
        seen = 0
        for step in case["steps"]:
            if step.get("op") == "place":
                events.append(placed(step, str(step["order"])))
            elif step.get("op") == "move":
                events.append({"do": "amend", "id": str(step["order"]), "price": str(step["price"])})
            elif step.get("op") == "cancel":
                events.append({"do": "cancel", "id": str(step["order"])})
            played = play(events)
            checked[step.get("check")] += 1
            if step.get("check") == "book":
                buys = [(row["price"], row["buy_qty"]) for row in step["levels"] if row["buy_qty"]]
                sells = [(row["price"], row["sell_qty"]) for row in step["levels"] if row["sell_qty"]]
                assert (sorted(played.bids), sorted(played.asks)) == (sorted(buys), sorted(sells)), step
            elif step.get("check") == "trade":
                (maker, _, price, quantity), seen = trades(played)[-1], seen + 1
                assert (maker, price, quantity) == (str(step["resting_order"]), step["price"], step["qty"])
                assert len(played.fills) == seen
                assert (played.orders[maker].remaining == 0) is step["complete"]
            elif step.get("check") == "no_trades":
                assert len(played.fills) == seen
            elif step.get("check") == "open_orders":
                for row in step["orders"]:
                    standing = played.orders[str(row["order"])]
                    assert (standing.remaining + standing.filled, standing.filled) == (row["qty"], row["filled"])
        assert not played.rejected, case["name"]
    assert checked["book"] >= 4
    assert checked["trade"] >= 2


def stream(sample_data, most=5000):
    """Return the events of the stream, the message each belongs to, and what the source says came of it."""
    folder = sample_data / "orderflow"
    told = defaultdict(list)
    for row in rows_of(folder / f"{STREAM}_expected.csv.gz"):
        told[int(row["seq"])].append(row)
    converter, events, message_of = Converter(), [], []
    for row in rows_of(folder / f"{STREAM}_orders.csv.gz"):
        number = int(row["seq"])
        if number >= most:
            break
        refused = any(one["event"] == "modify_rejected" for one in told[number])
        new = converter.events(row, refused=refused)
        events += new
        message_of += [number] * len(new)
    return events, message_of, told


def expected_trades(told, most=5000):
    return [
        (row["resting_order"], row["order"], int(row["price"]), int(row["qty"]))
        for number in sorted(told)
        if number < most
        for row in told[number]
        if row["event"] == "trade"
    ]


def test_the_stream(sample_data):
    events, message_of, told = stream(sample_data)
    played = play(events)
    assert len(played.fills) == 180
    assert trades(played) == expected_trades(told)

    refused = {n for n, rows in told.items() if any(row["event"].endswith("rejected") for row in rows)}
    assert {message_of[number] for number, _, _ in played.rejected} == refused
    assert len(played.rejected) == 105 + 23

    cut = {int(row["order"]) for rows in told.values() for row in rows if row["event"] == "cancelled"}
    immediate = {e["id"]: int(original(e["id"])) for e in events if e.get("time_in_force") == "IOC"}
    assert len(immediate) == 414
    for name, order in immediate.items():
        assert (played.orders[name].cancelled > 0) is (order in cut), name


def test_the_whole_book_of_the_stream_after_every_thousand_messages(sample_data):
    events, message_of, _ = stream(sample_data)
    instrument, steps = scenario.read(json.dumps(scenario_of(events)))
    wanted = defaultdict(list)
    for row in rows_of(sample_data / "orderflow" / f"{STREAM}_book.csv.gz"):
        wanted[int(row["after_messages"])].append(row)
    book, compared = instrument.new_book(), 0
    for number, step in enumerate(steps):
        book.apply(step.event)
        done = message_of[number] + 1
        if done in wanted and (number + 1 == len(steps) or message_of[number + 1] == done):
            for side in Side:
                expected = by_level(levels_of(wanted[done], side.value))
                assert book.levels(side) == sorted(expected, reverse=side is Side.BUY), done
            compared += 1
    assert compared == len(wanted) == 5


def test_the_ten_best_levels_of_a_real_exchange_after_each_message(sample_data):
    folder = sample_data / "orderflow"
    _, seed = scenario.read(
        json.dumps(scenario_of([placed(r, r["order"]) for r in rows_of(folder / "lob_msft_seed.csv")]))
    )
    book = scenario.read(json.dumps(scenario_of([])))[0].new_book()
    for step in seed:
        assert book.apply(step.event).rejected is None
    for message, best in zip(
        rows_of(folder / "lob_msft_events.csv"), rows_of(folder / "lob_msft_book10.csv.gz"), strict=True
    ):
        if message["op"] == "new":
            event = placed(message, message["order"])
        elif message["op"] == "cancel":
            event = {"do": "cancel", "id": message["order"]}
        elif message["op"] == "reduce":
            left = book.orders[message["order"]].remaining - int(message["qty"])
            event = {"do": "amend", "id": message["order"], "quantity": left}
        else:
            continue
        _, (step,) = scenario.read(json.dumps(scenario_of([event])))
        outcome = book.apply(step.event)
        assert outcome.rejected is None, message
        if message["expected_resting_order"]:
            assert outcome.fills[0].maker_id == message["expected_resting_order"]
        for side, word in ((Side.BUY, "bid"), (Side.SELL, "ask")):
            shown = [(int(best[f"{word}{n}_price"]), int(best[f"{word}{n}_qty"])) for n in range(1, 11)]
            assert book.levels(side)[:10] == shown, message["k"]


def ask(path, *more):
    done = subprocess.run(
        [sys.executable, "manage.py", "replay_orders", str(path), *more],
        cwd=BASE_DIR,
        env={},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command_answers_the_whole_stream_in_an_empty_environment(sample_data, tmp_path):
    events, _, told = stream(sample_data)
    path = tmp_path / "stream.json"
    path.write_text(json.dumps(scenario_of(events)))
    status, out, _ = ask(path)
    assert status == 0
    answer = json.loads(out)
    found = [(original(t["maker"]), original(t["taker"]), int(t["price"]), t["quantity"]) for t in answer["trades"]]
    assert found == expected_trades(told)


def every_scenario(sample_data):
    """Give a name and the events of every scenario of the small files, whole."""
    for example in load(sample_data, "worked_examples.json"):
        yield example["name"], [placed(row, str(row["order"])) for row in example["input"]]
    for case in load(sample_data, "edge_cases.json"):
        refused = {e["step"] for e in case["expected_events"] if e["event"].endswith("rejected")}
        converter = Converter()
        events = [converter.events(row, refused=step in refused) for step, row in enumerate(case["input"])]
        yield case["name"], list(chain.from_iterable(events))
    for case in load(sample_data, "time_in_force_scenarios.json"):
        converter = Converter()
        yield case["name"], [event for row in case["input"] for event in converter.events(row)]
    for case in load(sample_data, "top_of_book_scenarios.json"):
        yield case["description"], [placed(row, str(row["order"])) for row in case["input"]]
    for case in load(sample_data, "account_scenarios.json")["scenarios"]:
        events = []
        for step in case["steps"]:
            if step.get("op") == "place":
                events.append(placed(step, str(step["order"])))
            elif step.get("op") == "move":
                events.append({"do": "amend", "id": str(step["order"]), "price": str(step["price"])})
            elif step.get("op") == "cancel":
                events.append({"do": "cancel", "id": str(step["order"])})
        yield "accounts", events


def test_every_scenario_comes_out_alike_through_the_database(sample_data, admin_url, django_db_blocker):
    """What the tests above compare with the published outcome, the product's own way gives as well."""
    done = 0
    for name, events in every_scenario(sample_data):
        instrument, steps = scenario.read(json.dumps(scenario_of(events)))
        engine = scenario.answer(instrument, scenario.play(instrument, steps))
        with (
            database.copy_of_template(admin_url) as copy,
            django_db_blocker.unblock(),
            database.connected_to(admin_url, copy),
        ):
            product = scenario.answer(instrument, replay.through_database(instrument, steps))
        assert product == engine, name
        done += 1
    assert done == 2 + 8 + 7 + 4 + 2
