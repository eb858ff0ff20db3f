"""Surveillance of real days: the walk agrees with the book, a closed day is looked at once, evidence is replayed."""

import random
from datetime import datetime, timedelta

import pytest
from django.db import connection

from accounts.errors import RoleMissing
from accounts.models import WorkItem
from accounts.rules import Role
from exchange import errors, queries, services
from exchange.models import InstrumentDay, Order, SurveillanceAlert, WatchedDay
from exchange.queries.journal import journal, watched
from exchange.rules import Side, TimeInForce, TradingMode
from exchange.rules.surveillance import Act
from rulebook.rules import BEIJING
from tests.accounts.makers import a_person
from tests.exchange.makers import a_market
from tests.settlement.makers import give_money

SECOND = timedelta(seconds=1)


@pytest.fixture
def market(db, at):
    market = a_market(at, units=20_000, buyers=3)
    give_money(market.seller.organisation_id, 10_000_000, at)
    return market


def close(market, day=2):
    market.at = datetime(2026, 3, day, 15, tzinfo=BEIJING)
    services.run_sessions(market.at)
    market.match()


def spoof(market, who, count=12, *, seconds=20, price=2500, quantity=400):
    """Place and cancel orders, each some seconds later."""
    for _ in range(count):
        number = market.place(who, Side.BUY, price, quantity)
        market.match()
        market.at += seconds * SECOND
        services.cancel_order(actor=who, order_id=number, at=market.at)
        market.match()
        market.at += SECOND


def walked(market):
    day = InstrumentDay.objects.select_related("instrument").get(instrument=market.instrument, closed_at=None)
    found = journal(day)
    assert found is not None
    return found.walk()


def open_rows(market):
    rows = Order.objects.filter(instrument=market.instrument, remaining__gt=0).order_by("pk")
    return [(row.pk, row.price_fen, row.remaining) for row in rows]


@pytest.mark.parametrize("mode", TradingMode)
@pytest.mark.parametrize("seed", range(2))
def test_the_walk_through_what_was_written_ends_at_the_book_that_is(db, at, seed, mode):
    dice = random.Random(seed)
    market = a_market(at, units=20_000, buyers=3, mode=mode)
    for trader in market.traders[1:]:  # Two of one control group: some of their orders are stopped.
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE accounts_organisation SET control_group = 'one' WHERE id IN (%s, %s)",
                [trader.organisation_id, market.seller.organisation_id],
            )
    placed = []
    for _ in range(60):
        market.at += SECOND
        if placed and dice.random() < 0.3:
            who, number = dice.choice(placed)
            try:
                if dice.random() < 0.5:
                    services.cancel_order(actor=who, order_id=number, at=market.at)
                else:
                    price = dice.choice([None, dice.randint(2480, 2520)])
                    services.amend_order(
                        actor=who,
                        order_id=number,
                        price_fen=price,
                        quantity=dice.choice([None, dice.randint(1, 60)]),
                        at=market.at,
                    )
            except (errors.OrderEnded, errors.ModeForbids):
                pass
        else:
            sells = dice.random() < 0.5
            who = market.seller if sells else dice.choice(market.traders)
            more = {}
            if mode is TradingMode.CONTINUOUS:
                more = {"time_in_force": dice.choice([TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC])}
            elif dice.random() < 0.4:
                more = {"kind": "accept", "posts_rest": dice.random() < 0.5}
            side = Side.SELL if sells else Side.BUY
            placed.append((who, market.place(who, side, dice.randint(2480, 2520), dice.randint(1, 50), **more)))
        if dice.random() < 0.6:
            market.match()
    market.match()

    moments, walk = walked(market)

    resting = sorted((one.order_id, one.price_fen, one.remaining) for one in walk.resting.values())
    assert resting == open_rows(market)
    book = queries.book(market.instrument.pk)
    best = [side[0].price_fen if side else None for side in (book.bids, book.asks)]
    assert [walk.market().bid_fen, walk.market().ask_fen] == best
    assert queries.trades_visible_to(a_person(Role.AUDITOR, at=at)).count() == len(
        [moment for moment in moments if hasattr(moment, "trade")]
    )


def test_placing_and_cancelling_is_found_after_the_close_once_and_becomes_work(market):
    services.run_sessions(market.at)
    spoof(market, market.traders[0])
    assert services.watch_closed_days(market.at) == ""  # The day is not closed.
    close(market)

    assert services.watch_closed_days(market.at) == "1 days watched, 1 alerts"

    alert = SurveillanceAlert.objects.get()
    assert alert.pattern == "place_and_cancel"
    assert alert.organisations == [market.traders[0].organisation_id]
    assert alert.evidence["orders"] == list(Order.objects.order_by("pk").values_list("pk", flat=True))
    assert {one["rule"]: (one["found"], one["limit"]) for one in alert.figures} == {
        "surveillance.cancel_orders": (12, 10),
        "surveillance.cancel_share": ("1.0000", "0.50"),
        "surveillance.cancel_depth": ("1.0000", "0.20"),
    }
    assert WorkItem.objects.filter(kind="look_into_alert", role=Role.EXCHANGE_OPERATOR, closed_at=None).count() == 1
    before = list(SurveillanceAlert.objects.values())
    assert services.watch_closed_days(market.at) == ""
    assert services.watch_instrument(instrument_id=market.instrument.pk, day=alert.day, at=market.at) == []
    assert list(SurveillanceAlert.objects.values()) == before
    assert WatchedDay.objects.count() == 1


def test_a_day_of_which_something_waits_is_left_for_the_next_time(market):
    services.run_sessions(market.at)
    market.place(market.traders[0], Side.BUY, 2500, 5, time_in_force=TimeInForce.DAY)
    market.at = market.at.replace(hour=15)
    services.run_sessions(market.at)
    assert services.watch_closed_days(market.at) == ""
    market.match()
    assert services.watch_closed_days(market.at) == "1 days watched, 0 alerts"


def test_the_next_day_is_looked_at_from_the_book_of_the_last(market):
    services.run_sessions(market.at)
    kept = market.place(market.traders[0], Side.BUY, 2490, 5)
    market.match()
    close(market)
    services.watch_closed_days(market.at)
    assert WatchedDay.objects.get().book == [[kept, 2490, 5]]
    market.at = datetime(2026, 3, 3, 10, tzinfo=BEIJING)
    services.run_sessions(market.at)
    market.place(market.seller, Side.SELL, 2490, 2)
    market.match()

    moments, walk = walked(market)

    assert [(one.order_id, one.remaining) for one in walk.resting.values()] == [(kept, 3)]
    first = moments[0]
    assert (first.market.bid_fen, first.market.bid_units, first.market.last_fen) == (2490, 5, 2500)


def test_two_that_are_related_later_are_found_by_their_trades(market):
    services.run_sessions(market.at)
    buyer = market.traders[0]
    market.place(market.seller, Side.SELL, 2500, 5)
    market.place(buyer, Side.BUY, 2500, 5)
    market.match()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_organisation SET control_group = 'x' WHERE id IN (%s, %s)",
            [buyer.organisation_id, market.seller.organisation_id],
        )
    close(market)
    services.watch_closed_days(market.at)
    alert = SurveillanceAlert.objects.get(pattern="self_trades")
    assert alert.groups == "x"
    assert len(alert.evidence["trades"]) == 1


def test_attempts_to_trade_within_a_group_are_found_though_they_were_stopped(market):
    services.run_sessions(market.at)
    buyer = market.traders[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_organisation SET control_group = 'x' WHERE id IN (%s, %s)",
            [buyer.organisation_id, market.seller.organisation_id],
        )
    market.place(market.seller, Side.SELL, 2500, 50)
    market.match()
    stopped = []
    for _ in range(3):
        stopped.append(market.place(buyer, Side.BUY, 2500, 5))
        market.match()
    close(market)
    services.watch_closed_days(market.at)
    alert = SurveillanceAlert.objects.get()
    assert (alert.pattern, alert.groups, alert.evidence["orders"]) == ("self_trades", "x", stopped)


def test_a_halt_of_the_product_is_a_disclosure_of_its_day_and_one_of_a_participant_is_none(market):
    operator = a_person(Role.EXCHANGE_OPERATOR, at=market.at)
    services.run_sessions(market.at)
    halted = services.halt(
        actor=operator, instrument_id=market.instrument.pk, order_number="1", reason="x", at=market.at
    )
    services.halt(
        actor=operator, organisation_id=market.seller.organisation_id, order_number="2", reason="x", at=market.at
    )
    day = InstrumentDay.objects.select_related("instrument").get(closed_at=None)
    assert [one.reference for one in watched(journal(day), ()).disclosures] == [f"halt:{halted.pk}"]


def test_the_evidence_is_replayed_with_what_stood_at_each_moment(market):
    services.run_sessions(market.at)
    market.place(market.traders[1], Side.BUY, 2480, 100)
    market.match()
    spoof(market, market.traders[0])
    close(market)
    services.watch_closed_days(market.at)
    operator = a_person(Role.EXCHANGE_OPERATOR, at=market.at)
    alert = queries.alert(operator, SurveillanceAlert.objects.get().pk)

    replay = queries.replay(alert)

    assert [row.act for row in replay.rows] == [Act.PLACED, Act.CANCELLED] * 12
    assert {row.market.bid_fen for row in replay.rows} == {2480, 2500}
    assert replay.rows[0].market.bid_units == 100
    assert len(replay.points) == 25


def test_nobody_but_operators_and_auditors_sees_an_alert(market):
    services.run_sessions(market.at)
    spoof(market, market.traders[0])
    close(market)
    services.watch_closed_days(market.at)
    number = SurveillanceAlert.objects.get().pk
    for role, may in (
        (Role.AUDITOR, True),
        (Role.EXCHANGE_OPERATOR, True),
        (Role.SETTLEMENT_OPERATOR, False),
        (Role.ECOLOGY_RECORDER, False),
    ):
        assert queries.alerts_visible_to(a_person(role, at=market.at)).exists() is may
    with pytest.raises(errors.AlertNotThere):
        queries.alert(market.traders[0], number)


def test_an_alert_is_dismissed_for_a_reason_once(market):
    services.run_sessions(market.at)
    spoof(market, market.traders[0])
    close(market)
    services.watch_closed_days(market.at)
    number = SurveillanceAlert.objects.get().pk
    operator = a_person(Role.EXCHANGE_OPERATOR, at=market.at)
    for who, reason, refusal in (
        (market.traders[0], "x", RoleMissing),
        (a_person(Role.AUDITOR, at=market.at), "x", RoleMissing),
        (operator, " ", errors.ReasonMissing),
        (operator, "x" * 501, errors.ReasonMissing),
    ):
        with pytest.raises(refusal):
            services.dismiss_alert(actor=who, alert_id=number, reason=reason, at=market.at)
    services.dismiss_alert(actor=operator, alert_id=number, reason="做市测试", at=market.at)
    with pytest.raises(errors.AlertNotThere):
        services.dismiss_alert(actor=operator, alert_id=number, reason="x", at=market.at)
    with pytest.raises(errors.AlertNotThere):
        services.open_case(actor=operator, alert_ids=[number], title="x", at=market.at)
    assert not WorkItem.objects.filter(kind="look_into_alert", closed_at=None).exists()
