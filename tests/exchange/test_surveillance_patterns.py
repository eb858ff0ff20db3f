"""Each pattern of surveillance just inside and just outside each of its rule values; honest trading gives no alert."""

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.rules import Side
from exchange.rules.surveillance import (
    PATTERNS,
    Act,
    Limits,
    Pattern,
    before_disclosure,
    buy_high_sell_low,
    closing_price,
    far_orders,
    place_and_cancel,
    reverse_trades,
    self_trades,
    volume_share,
    watch,
)
from tests.exchange.watching import BASE, CLOSE, DAY, TEN, act, day_of, placed, profile, trade

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
NOON = TEN + timedelta(hours=2)


def found(pattern, watched, **changes):
    """Return the groups that a pattern finds, with shipped rule values but for `changes`."""
    return {alert.groups for alert in pattern(watched, Limits(profile(**changes)))}


def traded(bought=19_000, sold=1_000, others=43_333, back=0, news=TEN + MINUTE):
    """Return a day in which A buys and sells and others trade, some days back, before something is disclosed."""
    day = DAY - timedelta(days=back)
    rows = [
        trade(1, "A", "B", bought, day=day, at=TEN - timedelta(days=back)),
        trade(2, "C", "A", sold, day=day, at=TEN - timedelta(days=back)),
        trade(3, "D", "E", others, day=day, at=TEN - timedelta(days=back)),
    ]
    disclosures = [("halt:1", news)]
    return day_of(earlier=rows, disclosures=disclosures) if back else day_of(*rows, disclosures=disclosures)


@pytest.mark.parametrize(
    ("watched", "changes", "is_found"),
    [
        (traded(), {}, True),
        (traded(others=43_334), {}, False),
        (traded(sold=1_001), {}, False),
        (traded(), {"disclosure_tonnes": 19_000}, True),
        (traded(), {"disclosure_tonnes": 19_001}, False),
        (traded(back=4), {}, True),
        (traded(back=5), {}, False),
        (traded(news=TEN), {}, False),  # In the same instant nobody was ahead.
        (traded(), {"disclosure_share": None}, False),
    ],
)
def test_heavy_one_way_trading_before_a_disclosure(watched, changes, is_found):
    assert (("A",) in found(before_disclosure, watched, **changes)) is is_found


def test_the_evidence_names_the_trades_the_figures_and_what_was_disclosed():
    alert = next(one for one in before_disclosure(traded(), Limits(profile())) if one.groups == ("A",))
    assert (alert.trade_ids, alert.disclosures, alert.organisation_ids) == ((1, 2), ("halt:1",), (ord("A"),))
    assert [(one.rule, one.found, one.limit) for one in alert.figures] == [
        ("surveillance.disclosure_tonnes", 19_000, 10_000),
        ("surveillance.disclosure_share", "0.3000", "0.30"),
        ("surveillance.disclosure_one_way", "0.9000", "0.90"),
    ]
    assert (alert.since, alert.until) == (TEN, TEN + MINUTE)


def back_and_forth(there=3, back=3, units=50, ago=0):
    """Return trades of 100 t from B to A, and of `units` from A to B; the first of them some days ago."""
    rows = [trade(number, "A", "B", 100) for number in range(there)]
    rows += [trade(10 + number, "B", "A", units) for number in range(back)]
    day = DAY - timedelta(days=ago)
    old = [trade(0, "A", "B", 100, day=day, at=TEN - timedelta(days=ago))] if ago else []
    return day_of(*rows[bool(ago) :], earlier=old)


@pytest.mark.parametrize(
    ("watched", "is_found"),
    [
        (back_and_forth(), True),
        (back_and_forth(there=2, back=3, units=100), False),
        (back_and_forth(there=3, back=2, units=100), False),
        (back_and_forth(units=49), False),
        (back_and_forth(ago=19), True),
        (back_and_forth(ago=20), False),
        (day_of(earlier=back_and_forth().trades), False),  # Nothing of today.
    ],
)
def test_frequent_trades_back_and_forth(watched, is_found):
    assert found(reverse_trades, watched) == ({("A", "B")} if is_found else set())


def far(count, quantity=100, price=2625, step=MINUTE, **more):
    return day_of(*(placed(number, "A", quantity, price, at=TEN + step * number, **more) for number in range(count)))


@pytest.mark.parametrize(
    ("watched", "changes", "is_found"),
    [
        (far(1, 10_000), {}, True),
        (far(1, 9_999), {}, False),
        (far(1, 10_000, 2624), {}, False),
        (far(1, 10_000, 2375), {}, True),
        (far(1, 10_000, 2376), {}, False),
        (far(1, 10_000, 2626, last=2500), {"far_share": "0.0505"}, False),
        (far(10, step=NOON - TEN), {}, True),
        (far(9, step=NOON - TEN), {}, False),
        (far(10, 99, step=NOON - TEN), {}, False),
        (far(5, step=timedelta(minutes=2, seconds=30)), {}, True),  # The fifth ten minutes after the first.
        (far(5, step=timedelta(minutes=2, seconds=31)), {}, False),
        (far(4), {}, False),
    ],
)
def test_large_serial_or_dense_orders_far_from_the_last_price(watched, changes, is_found):
    assert found(far_orders, watched, **changes) == ({("A",)} if is_found else set())


def test_an_order_that_is_moved_far_away_counts_and_a_market_order_does_not():
    assert found(far_orders, day_of(act(1, "A", Act.AMENDED, 10_000, 2700))) == {("A",)}
    assert found(far_orders, day_of(placed(1, "A", 10_000, None))) == set()


def cancelled(count=10, kept=10, seconds=60, quantity=100, standing=400, what=Act.CANCELLED):
    """Return orders of A, each cancelled some seconds later, others of A that are kept."""
    moments = []
    for number in range(count):
        at = TEN + MINUTE * 2 * number
        moments.append(placed(number, "A", quantity, at=at, standing=standing))
        moments.append(act(number, "A", what, quantity, at=at + SECOND * seconds))
    moments += [placed(100 + number, "A", 1, at=NOON) for number in range(kept)]
    return day_of(*moments)


@pytest.mark.parametrize(
    ("watched", "is_found"),
    [
        (cancelled(), True),
        (cancelled(count=9, kept=9), False),
        (cancelled(kept=11), False),
        (cancelled(seconds=61), False),
        (cancelled(standing=401), False),
        (cancelled(what=Act.WITHDRAWN), False),
        (cancelled(what=Act.EXPIRED), False),
    ],
)
def test_frequent_placing_and_cancelling(watched, is_found):
    assert found(place_and_cancel, watched) == ({("A",)} if is_found else set())


def turns(count, sold=2450, first="A", ago=0):
    """Return turns in each of which A buys at 25.00 and sells lower (or, as B would see it, the other way round)."""
    rows = []
    for number in range(count):
        at = TEN + MINUTE * number
        rows.append(trade(2 * number, "A", chr(ord("M") + number), 100, 2500, at=at))
        rows.append(trade(2 * number + 1, chr(ord("S") + number), "A", 100, sold, at=at + SECOND))
    if first != "A":  # Sold low before bought high.
        rows = [pair for number in range(count) for pair in (rows[2 * number + 1], rows[2 * number])]
    day = DAY - timedelta(days=ago)
    old = [trade(0, "A", "M", 100, 2500, day=day, at=TEN - timedelta(days=ago))] if ago else []
    return day_of(*rows[bool(ago) :], earlier=old)


@pytest.mark.parametrize(
    ("watched", "is_found"),
    [
        (turns(3), True),
        (turns(2), False),
        (turns(3, sold=2451), False),
        (turns(3, first="sale"), True),
        (turns(3, ago=19), True),
        (turns(3, ago=20), False),
        (day_of(earlier=turns(3).trades), False),
    ],
)
def test_buying_high_and_selling_low_again_and_again(watched, is_found):
    assert found(buy_high_sell_low, watched) == ({("A",)} if is_found else set())


def test_a_trade_that_closes_part_leaves_the_rest_open():
    watched = day_of(
        trade(1, "A", "M", 300, 2500),
        trade(2, "N", "A", 100, 2400),
        trade(3, "O", "A", 100, 2400),
        trade(4, "P", "A", 100, 2400),
        trade(5, "Q", "A", 100, 2300),  # Opens a sale: nothing is left to close.
    )
    (alert,) = buy_high_sell_low(watched, Limits(profile()))
    assert alert.trade_ids == (1, 2, 3, 4)


def volume(own, others):
    return day_of(trade(1, "A", "B", own), trade(2, "C", "D", others))


@pytest.mark.parametrize(
    ("watched", "is_found"),
    [
        (volume(6_000, 4_000), True),
        (volume(5_999, 4_001), False),
        (volume(6_000, 3_999), False),
    ],
)
def test_one_group_in_much_of_a_days_volume(watched, is_found):
    assert found(volume_share, watched) == ({("A",), ("B",)} if is_found else set())


def late(price=2575, own=50, others=50, minutes=15, before=()):
    at = CLOSE - MINUTE * minutes
    taker = Side.BUY if price > BASE else Side.SELL
    parties = ("A", "B") if taker is Side.BUY else ("B", "A")
    rows = [
        trade(1, "C", "D", others, BASE, at=at, taker=taker.other),
        trade(2, *parties, own, price, at=at, taker=taker),
    ]
    return day_of(*before, *rows)


@pytest.mark.parametrize(
    ("watched", "is_found"),
    [
        (late(), True),
        (late(price=2574), False),
        (late(price=2425), True),
        (late(price=2426), False),
        (late(own=49), False),
        (late(minutes=16), False),
        (late(before=[trade(9, "E", "F", 1, 2550)]), False),  # The price was there before.
    ],
)
def test_a_group_that_moves_the_price_at_the_close(watched, is_found):
    assert found(closing_price, watched) == ({("A",)} if is_found else set())


def test_without_sessions_there_is_no_close_to_watch():
    assert found(closing_price, day_of(*late().trades, closes_at=None)) == set()


@pytest.mark.parametrize(
    ("moments", "is_found"),
    [
        ([act(number, "A", Act.STOPPED, 5) for number in range(3)], True),
        ([act(number, "A", Act.STOPPED, 5) for number in range(2)], False),
        ([trade(1, "A", "A", 5)], True),
        ([trade(1, "A", "B", 5)], False),
    ],
)
def test_trades_within_a_group_and_attempts_at_them(moments, is_found):
    assert found(self_trades, day_of(*moments)) == ({("A",)} if is_found else set())


def honest(seed, traders=12, count=80):
    """Return a day of small traders who place near the last price, trade one way each, and seldom cancel."""
    dice = random.Random(seed)
    moments, price = [], BASE
    names = [chr(ord("A") + number) for number in range(traders)]
    buyers, sellers = names[::2], names[1::2]
    for number in range(count):
        at = TEN + timedelta(minutes=4 * number // 2)
        buyer, seller = dice.choice(buyers), dice.choice(sellers)
        price = max(BASE - 60, min(BASE + 60, price + dice.randint(-5, 5)))
        units = dice.randint(1, 90)
        moments.append(placed(3 * number, buyer, units, price, at=at, standing=500, last=price))
        if dice.random() < 0.1:
            moments.append(act(3 * number, buyer, Act.CANCELLED, units, price, at=at + MINUTE * 5))
        else:
            moments.append(trade(3 * number + 1, buyer, seller, units, price, at=at))
    return sorted(moments, key=lambda one: one.at)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), news=st.booleans())
def test_honest_trading_of_modest_size_gives_no_alert(seed, news):
    disclosures = [("freeze:1", NOON)] if news else []
    assert watch(day_of(*honest(seed), disclosures=disclosures), profile()) == []


PLANTED = {
    Pattern.BEFORE_DISCLOSURE: [trade(9000, "Z", "Y", 20_000, at=NOON - MINUTE)],
    Pattern.REVERSE_TRADES: [
        *(trade(9000 + number, "Z", "Y", 30, at=NOON) for number in range(3)),
        *(trade(9010 + number, "Y", "Z", 30, at=NOON) for number in range(3)),
    ],
    Pattern.FAR_ORDERS: [placed(9000 + number, "Z", 100, 2700, at=NOON) for number in range(5)],
    Pattern.PLACE_AND_CANCEL: [
        moment
        for number in range(12)
        for moment in (
            placed(9000 + number, "Z", 400, at=NOON + SECOND * number, standing=500),
            act(9000 + number, "Z", Act.CANCELLED, 400, at=NOON + SECOND * (number + 20)),
        )
    ],
    Pattern.BUY_HIGH_SELL_LOW: [
        one
        for number in range(3)
        for one in (
            trade(9000 + 2 * number, "Z", "Y", 20, 2600, at=NOON),
            trade(9001 + 2 * number, "X", "Z", 20, 2500, at=NOON),
        )
    ],
    Pattern.VOLUME_SHARE: [trade(9000, "Z", "Y", 15_000, at=NOON)],
    Pattern.CLOSING_PRICE: [trade(9000, "Z", "Y", 300, 2700, at=CLOSE - MINUTE)],
    Pattern.SELF_TRADES: [act(9000 + number, "Z", Act.STOPPED, 9, at=NOON) for number in range(3)],
}


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
@pytest.mark.parametrize("pattern", Pattern)
def test_planted_abuse_in_honest_traffic_is_found(pattern, seed):
    moments = sorted([*honest(seed), *PLANTED[pattern]], key=lambda one: one.at)
    alerts = watch(day_of(*moments, disclosures=[("issue:1", NOON)]), profile())
    assert pattern in {alert.pattern for alert in alerts if "Z" in alert.groups}
    assert all({"X", "Y", "Z"} & set(alert.groups) for alert in alerts)  # Nobody honest is accused.


def test_a_pattern_without_its_rule_values_is_not_looked_for():
    everything = day_of(*(one for planted in PLANTED.values() for one in planted), disclosures=[("issue:1", NOON)])
    nothing = Limits(profile(**{name.removeprefix("surveillance."): None for name in profile().values}))
    assert watch(everything, profile())
    assert [alert for pattern in PATTERNS for alert in pattern(everything, nothing)] == []
