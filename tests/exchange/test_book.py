"""The engine against the slow book, on any events that Hypothesis can think of."""

import json
import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.rules import (
    Book,
    BookOrder,
    Cancel,
    OrderType,
    Place,
    SelfTradePrevention,
    Side,
    TimeInForce,
    TradingMode,
    clearing_price,
    scenario,
)
from tests.exchange.oracle import SlowBook

IDS = [f"o{number}" for number in range(12)]
GROUPS = ["A", "B", "C"]
TICK = 2
PRICES = st.integers(min_value=45, max_value=55).map(lambda half: half * TICK) | st.sampled_from([0, 97, 101])
QUANTITIES = st.integers(min_value=0, max_value=12)


@st.composite
def orders(draw):
    event = {
        "do": draw(st.sampled_from(["place", "place", "place", "accept", "pick"])),
        "id": draw(st.sampled_from(IDS)),
        "group": draw(st.sampled_from(GROUPS)),
        "side": draw(st.sampled_from(["buy", "sell"])),
        "price": draw(PRICES),
        "quantity": draw(QUANTITIES),
    }
    if event["do"] == "place":
        event["type"] = draw(st.sampled_from(["limit", "limit", "limit", "market"]))
        event["minimum"] = draw(st.sampled_from([0, 0, 0, 3]))
        if event["type"] == "market":
            event["price"] = None
    if event["do"] == "accept":
        event["rest"] = draw(st.sampled_from(["lapse", "post"]))
    event["tif"] = draw(st.sampled_from(["GTC", "GTC", "GTC", "DAY", "GTD", "IOC", "FOK"]))
    if event["do"] == "pick" or (event["do"] == "accept" and event["tif"] in ("IOC", "FOK")):
        event["tif"] = "GTC"
    event["until"] = draw(st.integers(1, 3)) if event["tif"] == "GTD" else None
    return event


EVENTS = (
    orders()
    | st.fixed_dictionaries({"do": st.just("cancel"), "id": st.sampled_from(IDS)})
    | st.fixed_dictionaries(
        {"do": st.just("amend"), "id": st.sampled_from(IDS)}, optional={"price": PRICES, "quantity": QUANTITIES}
    )
    | st.fixed_dictionaries({"do": st.sampled_from(["open_auction", "uncross", "close"])})
)


def written(event):
    """Return the event as a scenario file has it."""
    out = {"do": event["do"]}
    for name in ("id", "quantity", "side", "type", "rest", "until", "group"):
        if event.get(name) is not None:
            out[name] = event[name]
    if event["do"] in ("place", "accept", "pick"):
        out["participant"] = f"{event['group']}-{event['id']}"
    if event["do"] in ("place", "accept"):
        out["time_in_force"] = event["tif"]
    if event.get("minimum"):
        out["minimum_quantity"] = event["minimum"]
    if event.get("price") is not None:
        out["limit" if event["do"] == "accept" else "price"] = f"{event['price'] / 100:.2f}"
    return out


def play(mode, stp, pick_levels, base, events):
    instrument = {"mode": mode, "tick": f"{TICK / 100:.2f}", "self_trade_prevention": stp, "pick_levels": pick_levels}
    if base is not None:
        instrument["base_price"] = f"{base / 100:.2f}"
    return scenario.play(*scenario.read(json.dumps({"instrument": instrument, "events": [*map(written, events)]})))


@settings(max_examples=1500, deadline=None)
@given(
    mode=st.sampled_from(["continuous", "listed_agreement"]),
    stp=st.sampled_from(["none", "cancel_newest", "cancel_oldest", "decrement"]),
    pick_levels=st.sampled_from([1, 2, 5, None]),
    base=st.sampled_from([None, 96, 100, 108]),
    events=st.lists(EVENTS, max_size=40),
)
def test_any_events_come_out_as_in_the_slow_book(mode, stp, pick_levels, base, events):
    slow = SlowBook(mode, TICK, stp, pick_levels, base).play(events)

    played = play(mode, stp, pick_levels, base, events)

    assert [(f.maker_id, f.taker_id, f.price, f.quantity) for f in played.fills] == slow.trades
    assert [(number, id, code.value) for number, id, code in played.rejected] == slow.rejected
    states = {id: (s.status, s.filled, s.cancelled, s.expired, s.remaining) for id, s in played.orders.items()}
    assert states == slow.states()
    assert played.bids == slow.book("buy")
    assert played.asks == slow.book("sell")


def crowded(seed, mode, length=45):
    """Return events in which orders meet all the time: three prices, four groups, ids that live, each kind now and then."""
    chance = random.Random(seed)
    events, ids = [], []
    listed = mode == "listed_agreement"
    for number in range(length):
        do = chance.choices(
            ["place", "amend", "cancel", "accept", "pick", "open_auction", "uncross", "close"],
            [50, 14, 6, 14, 10, 0, 0, 2] if listed else [66, 14, 6, 0, 0, 4, 7, 2],
        )[0]
        if do in ("open_auction", "uncross", "close"):
            events.append({"do": do})
            continue
        price, quantity = chance.choice((98, 100, 102)), chance.randint(1, 6)
        if do in ("amend", "cancel"):
            event = {"do": do, "id": chance.choice(ids[-8:] or ["none"])}
            if do == "amend":
                event |= chance.choice(
                    [{"price": price}, {"quantity": quantity}, {"price": price, "quantity": quantity}]
                )
            events.append(event)
            continue
        event = {
            "do": do,
            "id": f"o{number}",
            "group": chance.choice(["A", "A", "B", "C", "D"]),
            "side": chance.choice(["buy", "sell"]),
            "price": price,
            "quantity": quantity,
            "tif": "GTC",
            "until": None,
        }
        if do == "place":
            event |= {"type": "limit", "minimum": chance.choice([0, 0, 0, 0, 2, 4])}
            event["tif"] = chance.choices(["GTC", "DAY", "GTD", "IOC", "FOK"], [60, 8, 8, 10, 14])[0]
            if listed:
                event |= {"tif": chance.choice(["GTC", "GTC", "DAY"]), "minimum": 0}
            elif chance.random() < 0.08:
                event |= {"type": "market", "price": None, "tif": "GTC"}
            if event["tif"] == "GTD":
                event["until"] = chance.randint(1, 3)
        elif do == "accept":
            event["rest"] = chance.choice(["lapse", "post"])
        ids.append(event["id"])
        events.append(event)
    return events


@pytest.mark.parametrize("mode", ["continuous", "listed_agreement"])
@pytest.mark.parametrize("stp", ["none", "cancel_newest", "cancel_oldest", "decrement"])
def test_crowded_books_come_out_as_in_the_slow_book(mode, stp):
    """Random events seldom meet: without these, thirteen of the mutants in tests/proofs stayed alive."""
    met = 0
    for seed in range(60):
        pick_levels, base = (1, 2, None)[seed % 3], (None, 98, 101)[seed % 3]
        events = crowded(f"{mode} {stp} {seed}", mode)
        slow = SlowBook(mode, TICK, stp, pick_levels, base).play(events)
        played = play(mode, stp, pick_levels, base, events)
        assert [(f.maker_id, f.taker_id, f.price, f.quantity) for f in played.fills] == slow.trades, seed
        assert [(number, id, code.value) for number, id, code in played.rejected] == slow.rejected, seed
        states = {id: (s.status, s.filled, s.cancelled, s.expired, s.remaining) for id, s in played.orders.items()}
        assert states == slow.states(), seed
        assert (played.bids, played.asks) == (slow.book("buy"), slow.book("sell")), seed
        met += len(slow.trades)
    assert met > 300


@settings(max_examples=300, deadline=None)
@given(events=st.lists(EVENTS, max_size=40))
def test_a_book_built_anew_from_its_live_orders_goes_on_alike(events):
    instrument, steps = scenario.read(
        json.dumps({"instrument": {"mode": "continuous", "tick": "0.02"}, "events": [*map(written, events)]})
    )
    half = len(steps) // 2
    book, seen = instrument.new_book(), []
    for step in steps[:half]:
        if step.event and step.code is None:
            book.apply(step.event)
    again = instrument.new_book()
    again.in_auction, again.closes = book.in_auction, book.closes
    for order in sorted(book.orders.values(), key=lambda order: order.priority):
        again.restore(copy_of(order))

    for step in steps[half:]:
        if step.event and step.code is None:
            ours, theirs = book.apply(step.event), again.apply(step.event)
            seen.append((ours.fills, ours.rejected))
            assert seen[-1] == (theirs.fills, theirs.rejected)
        assert_owners_are_known(book)
    assert [book.levels(side) for side in Side] == [again.levels(side) for side in Side]


def assert_owners_are_known(book):
    """Each participant's live orders are found as if the whole book had been searched."""
    found = {}
    for order in book.orders.values():
        found.setdefault((order.participant, order.side), []).append(order.id)
    for participant, side in product((f"{group}-{one}" for group in GROUPS for one in IDS), Side):
        assert sorted(book.resting(participant, side)) == sorted(found.get((participant, side), []))


def copy_of(order):
    names = ("id", "participant", "group", "side", "price", "remaining", "time_in_force", "until", "filled")
    return BookOrder(**{name: getattr(order, name) for name in names}, priority=order.priority)


@given(
    bids=st.dictionaries(st.integers(1, 30), st.integers(1, 9), max_size=6),
    asks=st.dictionaries(st.integers(1, 30), st.integers(1, 9), max_size=6),
    base=st.none() | st.integers(1, 30),
)
def test_the_clearing_price_moves_the_most_with_the_least_left_over(bids, asks, base):
    price = clearing_price(bids, asks, tick=1, base_price=base)

    def score(at):
        demand = sum(quantity for limit, quantity in bids.items() if limit >= at)
        supply = sum(quantity for limit, quantity in asks.items() if limit <= at)
        return -min(demand, supply), abs(demand - supply), abs(at - base) if base is not None else 0

    if price is None:
        assert not bids or not asks or max(bids) < min(asks)
    else:
        assert score(price) == min(score(at) for at in range(1, 31))


def test_a_level_with_many_dead_orders_is_written_anew():
    book = Book(mode=TradingMode.CONTINUOUS, self_trade_prevention=SelfTradePrevention.NONE)
    for number in range(1000):
        book.restore(
            BookOrder(
                id=number, participant=1, group=1, side=Side.BUY, price=5, remaining=1,
                time_in_force=TimeInForce.GTC, priority=number + 1,
            )
        )  # fmt: skip
    from exchange.rules import Cancel

    for number in range(1, 1000):
        book.apply(Cancel(number))

    [level] = book._bids.levels.values()
    assert len(level.orders) < 100
    assert level.first().id == 0
    assert book.levels(Side.BUY) == [(5, 1)]


def test_posts_that_reach_each_other_are_paired_once_and_never_within_a_group():
    def post(id, group, side, price, quantity):
        return {"do": "place", "id": id, "group": group, "side": side, "type": "limit", "price": price,
                "quantity": quantity, "tif": "GTC"}  # fmt: skip

    events = [
        post("o0", "A", "sell", 98, 5),
        post("o1", "B", "sell", 100, 5),
        post("o2", "A", "buy", 102, 7),
        post("o3", "C", "buy", 100, 4),
        post("o4", "C", "buy", 96, 9),
    ]
    instrument, steps = scenario.read(
        json.dumps({"instrument": {"mode": "listed_agreement", "tick": "0.02"}, "events": [*map(written, events)]})
    )
    book = instrument.new_book()
    for step in steps:
        assert not book.apply(step.event).fills

    pairs = [(bid.id, ask.id, quantity) for bid, ask, quantity in book.meetings()]

    assert pairs == [("o2", "o1", 5), ("o3", "o0", 4)]


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3), st.sampled_from(list(Side))), max_size=60),
    count=st.integers(0, 4),
)
def test_the_best_levels_are_the_first_of_all_levels(steps, count):
    """Levels come, go and come back at the same price; looking at the best ones never changes what the best is."""
    book, live = Book(mode=TradingMode.LISTED), {side: [] for side in Side}
    for number, (price, action, side) in enumerate(steps):
        if action or not live[side]:
            book.apply(Place(number, number, str(number), side, OrderType.LIMIT, TimeInForce.GTC, price, 5))
            live[side].append(number)
        else:
            book.apply(Cancel(live[side].pop(price % len(live[side]))))
        for one in Side:
            every = book.levels(one)
            assert book.levels(one, count) == every[:count]
            assert book.best_price(one) == (every[0][0] if every else None)
