"""The trading day by business time: before the opening, call auction, sessions, halts, close; each at its border."""

from datetime import datetime, timedelta

import pytest

from accounts.rules import Role
from exchange import errors, queries, services
from exchange.models import InstrumentDay, OrderEvent, Trade
from exchange.rules import Phase, Side, TimeInForce, TradingMode
from rulebook.rules import BEIJING
from tests.accounts.makers import a_person
from tests.exchange.makers import a_market, broken
from tests.settlement.makers import give_money

TUESDAY = datetime(2026, 3, 3, tzinfo=BEIJING)
TURNS = [
    ("08:59", Phase.CLOSED, Phase.CLOSED),
    ("09:00", Phase.PRE_OPEN, Phase.PRE_OPEN),
    ("09:14", Phase.PRE_OPEN, Phase.PRE_OPEN),
    ("09:15", Phase.CALL, Phase.PRE_OPEN),
    ("09:19", Phase.CALL, Phase.PRE_OPEN),
    ("09:20", Phase.CALL_FIRM, Phase.PRE_OPEN),
    ("09:25", Phase.PAUSE, Phase.PRE_OPEN),
    ("09:29", Phase.PAUSE, Phase.PRE_OPEN),
    ("09:30", Phase.SESSION, Phase.SESSION),
    ("11:29", Phase.SESSION, Phase.SESSION),
    ("11:30", Phase.BREAK, Phase.BREAK),
    ("13:00", Phase.SESSION, Phase.SESSION),
    ("14:59", Phase.SESSION, Phase.SESSION),
    ("15:00", Phase.CLOSED, Phase.CLOSED),
]


def clock(text):
    return TUESDAY.replace(hour=int(text[:2]), minute=int(text[3:]))


@pytest.fixture
def market(db, at):
    """An instrument that trades continuously, at Tuesday's call."""
    market = a_market(at, base_fen=7005)
    services.run_sessions(at.replace(hour=7, minute=0))  # Monday is closed.
    market.match()
    give_money(market.seller.organisation_id, 10_000_000, at)
    market.at = clock("09:15")
    return market


def at_time(market, text):
    """Let the clock of the market be `text` and run what is due by then."""
    market.at = clock(text)
    services.run_sessions(market.at)
    market.match()


@pytest.mark.parametrize(("text", "continuous", "listed"), TURNS)
def test_each_phase_begins_at_its_minute(market, text, continuous, listed):
    rules = queries.profile(clock(text), "nm_regional")
    assert queries.phase_at(clock(text), rules, TradingMode.CONTINUOUS) is continuous
    assert queries.phase_at(clock(text), rules, TradingMode.LISTED) is listed
    saturday = clock(text) + timedelta(days=4)
    assert queries.phase_at(saturday, rules, TradingMode.CONTINUOUS) is Phase.CLOSED


def test_the_sweep_is_due_when_a_phase_begins(market):
    due = queries.session_instants(clock("08:00"), clock("15:00"))
    texts = [f"{one:%H:%M}" for one in due]
    assert texts == ["09:00", "09:15", "09:20", "09:25", "09:30", "11:30", "13:00", "15:00"]


def test_a_call_gathers_orders_and_ends_in_one_price(market):
    first, second = market.traders
    at_time(market, "09:15")
    high = market.place(first, Side.BUY, 7100, 30)
    low = market.place(second, Side.BUY, 7000, 30)
    cheap = market.place(market.seller, Side.SELL, 6900, 20)
    dear = market.place(market.seller, Side.SELL, 7050, 25)
    market.match()
    assert not Trade.objects.exists()
    one = queries.instruments(market.at, code=market.instrument.code)[0]
    assert one.phase is Phase.CALL
    call = queries.call_of(one, market.at)
    assert (call.price_fen, call.quantity, call.surplus) == (7050, 30, -15)
    at_time(market, "09:25")
    trades = list(Trade.objects.order_by("pk"))
    assert [(t.price_fen, t.quantity, t.at_call) for t in trades] == [(7050, 20, True), (7050, 10, True)]
    assert [market.order(one).status for one in (high, low, cheap, dear)] == [
        "filled",
        "live",
        "filled",
        "partially_filled",
    ]
    # Who bid more than the call's price has the difference back, fee included.
    assert market.order(high).held_fen == 0
    assert broken() == {}


@pytest.mark.parametrize(
    ("text", "taken"),
    [("09:14", False), ("09:15", True), ("09:24", True), ("09:25", False), ("09:29", False), ("09:30", True)],
)
def test_orders_are_taken_in_from_the_call_on_but_not_in_the_pause(market, text, taken):
    at_time(market, text)
    if taken:
        market.place(market.seller, Side.SELL, 7005, 1)
        return
    with pytest.raises(errors.MarketClosed) as caught:
        market.place(market.seller, Side.SELL, 7005, 1)
    assert caught.value.found["opens_at"] == ("2026-03-03 09:15" if text < "09:15" else "2026-03-03 09:30")


@pytest.mark.parametrize(("text", "may"), [("09:19", True), ("09:20", False), ("09:24", False), ("09:25", True)])
def test_in_the_firm_part_of_a_call_nothing_is_changed_or_cancelled(market, text, may):
    at_time(market, "09:15")
    order = market.place(market.traders[0], Side.BUY, 7000, 5)
    at_time(market, text)
    if may:
        services.cancel_order(actor=market.traders[0], order_id=order, at=market.at)
        market.match()
        assert market.order(order).status == "cancelled"
        return
    with pytest.raises(errors.CallIsFirm) as caught:
        services.cancel_order(actor=market.traders[0], order_id=order, at=market.at)
    assert caught.value.rule.key == "trading.call_auction"
    with pytest.raises(errors.CallIsFirm):
        services.amend_order(actor=market.traders[0], order_id=order, price_fen=6990, quantity=None, at=market.at)


@pytest.mark.parametrize(("price", "meets"), [(6999, False), (7000, True), (7001, True)])
def test_in_a_call_nobody_meets_himself(market, price, meets):
    at_time(market, "09:15")
    market.place(market.seller, Side.SELL, 7000, 5)
    if not meets:
        market.place(market.seller, Side.BUY, price, 5)
        return
    with pytest.raises(errors.SelfTrade):
        market.place(market.seller, Side.BUY, price, 5)


def test_what_met_over_night_is_brought_together_by_the_call(market):
    """A sleeping bid wakes above an ask that rests: no pair may cross once the session has begun."""
    at_time(market, "09:30")
    sleeper = market.place(market.traders[0], Side.BUY, 7600, 5)
    market.match()
    at_time(market, "15:00")
    day = InstrumentDay.objects.latest("day")
    assert day.closed_at is not None
    market.at = clock("09:15") + timedelta(days=1)
    services.run_sessions(market.at)
    ask = market.place(market.seller, Side.SELL, 7000, 5)
    market.at = clock("09:30") + timedelta(days=1)
    services.run_sessions(market.at)
    market.match()
    trade = Trade.objects.get()
    assert (trade.at_call, trade.maker_order_id, trade.taker_order_id) == (True, sleeper, ask)
    assert 7000 <= trade.price_fen <= 7600
    assert trade.price_fen == InstrumentDay.objects.latest("day").base_price_fen
    assert broken() == {}


def test_a_call_that_nobody_began_has_no_length(market):
    """The installation stood still from the close of Monday until Tuesday, 10:00."""
    market.at = clock("10:00")
    services.open_day(instrument_id=market.instrument.pk, at=market.at)
    market.place(market.seller, Side.SELL, 7005, 5)
    market.match()
    assert [event.kind for event in OrderEvent.objects.order_by("sequence")] == ["order"]  # Nobody was there to call.
    assert InstrumentDay.objects.latest("day").phase == Phase.SESSION


def test_a_halt_keeps_a_call_open_until_it_is_lifted(market):
    operator = a_person(Role.EXCHANGE_OPERATOR, at=market.at)
    at_time(market, "09:15")
    market.place(market.traders[0], Side.BUY, 7000, 5)
    market.place(market.seller, Side.SELL, 7000, 5)
    at_time(market, "09:20")
    halt = services.halt(
        actor=operator, instrument_id=market.instrument.pk, order_number="T-1", reason="核查", at=market.at
    )
    at_time(market, "09:40")
    assert not Trade.objects.exists()
    assert queries.instruments(market.at)[0].phase is Phase.CALL_FIRM
    with pytest.raises(errors.Halted):
        market.place(market.traders[0], Side.BUY, 7000, 5)
    services.lift_halt(actor=operator, halt_id=halt.pk, at=market.at)
    at_time(market, "09:41")
    assert Trade.objects.get().at_call
    assert broken() == {}


def test_a_call_that_a_halt_kept_open_over_the_close_begins_anew(market):
    operator = a_person(Role.EXCHANGE_OPERATOR, at=market.at)
    at_time(market, "09:15")
    stays = market.place(market.traders[0], Side.BUY, 7000, 5)
    services.halt(
        actor=operator,
        instrument_id=market.instrument.pk,
        order_number="T-1",
        reason="核查",
        until=clock("16:00"),
        at=market.at,
    )
    at_time(market, "15:00")
    market.at = clock("09:15") + timedelta(days=1)
    services.run_sessions(market.at)
    market.place(market.seller, Side.SELL, 7000, 5)
    market.match()
    assert not Trade.objects.exists()
    market.at = clock("09:25") + timedelta(days=1)
    services.run_sessions(market.at)
    market.match()
    assert market.order(stays).status == "filled"
    assert broken() == {}


def test_a_lost_book_comes_back_in_the_middle_of_a_call(market):
    from exchange.services import matching

    at_time(market, "09:15")
    market.place(market.traders[0], Side.BUY, 7100, 5)
    market.match()
    matching._KEPT.clear()
    market.place(market.seller, Side.SELL, 7000, 5)
    market.match()
    assert not Trade.objects.exists()
    matching._KEPT.clear()
    at_time(market, "09:25")
    assert Trade.objects.get().at_call


def test_day_orders_of_a_call_lapse_at_the_close(market):
    at_time(market, "09:15")
    order = market.place(market.seller, Side.SELL, 7100, 5, time_in_force=TimeInForce.DAY)
    for text in ("09:25", "09:30", "11:30", "13:00", "15:00"):
        at_time(market, text)
    assert market.order(order).status == "expired"
    day = InstrumentDay.objects.latest("day")
    assert (day.phase, day.closed_at) == (Phase.CLOSED, market.at)


def halt_of(market, **whom):
    operator = a_person(Role.EXCHANGE_OPERATOR, at=market.at)
    return services.halt(actor=operator, order_number="T-2", reason="核查", at=market.at, **whom)


def test_a_halt_of_a_participant_stops_nobody_else(market):
    at_time(market, "10:00")
    halted, other = market.traders
    halt = halt_of(market, organisation_id=halted.organisation_id)
    with pytest.raises(errors.Halted):
        market.place(halted, Side.BUY, 7005, 1)
    market.place(other, Side.BUY, 7005, 1)
    services.lift_halt(actor=a_person(Role.EXCHANGE_OPERATOR, at=market.at), halt_id=halt.pk, at=market.at)
    market.place(halted, Side.BUY, 7005, 1)


def test_a_halt_of_the_market_stops_everybody(market):
    at_time(market, "10:00")
    halt_of(market)
    for who in market.traders:
        with pytest.raises(errors.Halted):
            market.place(who, Side.BUY, 7005, 1)


@pytest.mark.parametrize(("text", "stands"), [("10:29", True), ("10:30", False), ("10:31", False)])
def test_a_halt_ends_by_itself_at_its_time(market, text, stands):
    at_time(market, "10:00")
    halt = halt_of(market, instrument_id=market.instrument.pk, until=clock("10:30"))
    at_time(market, text)
    if stands:
        with pytest.raises(errors.Halted):
            market.place(market.seller, Side.SELL, 7005, 1)
        return
    market.place(market.seller, Side.SELL, 7005, 1)
    halt.refresh_from_db()
    assert halt.ended_at == market.at
    with pytest.raises(errors.HaltNotThere):
        services.lift_halt(actor=a_person(Role.EXCHANGE_OPERATOR, at=market.at), halt_id=halt.pk, at=market.at)


def test_a_halt_ends_later_than_it_begins(market):
    at_time(market, "10:00")
    with pytest.raises(errors.HaltEndsTooEarly):
        halt_of(market, until=market.at)
