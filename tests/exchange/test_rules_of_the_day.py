"""Each market rule on its border, one step inside and one outside; every refusal names its rule and legal basis."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import ChangedMeanwhile, RoleMissing, SamePerson
from accounts.models import WorkItem
from accounts.rules import Role
from config import invariants
from exchange import errors, queries, rules, services
from exchange.models import Instrument, InstrumentDay, Order, Trade, TradeProposal
from exchange.rules import OrderType, Side, TimeInForce, TradingMode
from rulebook.models import RuleValue
from rulebook.rules import BEIJING
from rulebook.services import load_rules
from rulebook.services.shipped import ShippedRule, shipped_rules
from settlement.errors import AssetFrozen
from settlement.services import freeze_asset
from tests.accounts.makers import a_person, a_user, signed_in_as
from tests.concurrency import started_and_waiting
from tests.exchange.makers import PAPER, a_market, approval
from tests.settlement.makers import give_money, issue


@pytest.fixture
def market(committed, at):
    return a_market(at, base_fen=7005)


@pytest.fixture
def listed(committed, at):
    return a_market(at, mode=TradingMode.LISTED, base_fen=7005)


@given(
    base=st.integers(100, 10_000_000), tick=st.sampled_from([1, 5, 10]), band=st.sampled_from(["0.1", "0.3", "0.05"])
)
def test_limits_are_rounded_inward(base, tick, band):
    base -= base % tick
    lower, upper = rules.price_limits(base_fen=base, band=Decimal(band), tick_fen=tick)
    assert lower % tick == upper % tick == 0
    assert base * (1 - Decimal(band)) <= lower <= base <= upper <= base * (1 + Decimal(band))
    assert lower - tick < base * (1 - Decimal(band))
    assert upper + tick > base * (1 + Decimal(band))


@pytest.mark.parametrize(("price", "taken"), [(6305, True), (6304, False), (7705, True), (7706, False), (7005, True)])
def test_the_band_ends_at_its_borders(market, price, taken):
    if taken:
        market.place(market.seller, Side.SELL, price, 1)
        return
    with pytest.raises(errors.PriceOutOfBand) as caught:
        market.place(market.seller, Side.SELL, price, 1)
    assert caught.value.found == {"lower": "63.05", "upper": "77.05", "price": f"{price // 100}.{price % 100:02d}"}
    assert caught.value.rule.key == "trading.band.continuous"
    assert str(caught.value.rule.basis)


@pytest.mark.parametrize(
    ("hour", "minute", "is_open"),
    [(9, 29, False), (9, 30, True), (11, 29, True), (11, 30, False), (12, 59, False), (13, 0, True), (15, 0, False)],
)
def test_orders_are_taken_in_during_the_sessions_alone(market, hour, minute, is_open):
    moment = market.at.astimezone(BEIJING).replace(hour=hour, minute=minute)
    new = services.NewOrder(market.instrument.code, Side.SELL, 1, 7005)
    if is_open:
        services.place_order(actor=market.seller, order=new, at=moment)
        return
    with pytest.raises(errors.MarketClosed) as caught:
        services.place_order(actor=market.seller, order=new, at=moment)
    assert caught.value.rule.key == "trading.sessions"


def test_nothing_trades_on_a_make_up_working_day(market):
    saturday = market.at.replace(month=5, day=9)  # A weekend day that is worked.
    with pytest.raises(errors.MarketClosed):
        services.place_order(
            actor=market.seller, order=services.NewOrder(market.instrument.code, Side.SELL, 1, 7005), at=saturday
        )


@pytest.mark.parametrize(("days", "may_sell"), [(0, False), (4, False), (7, True)])
def test_bought_units_are_sold_again_after_five_trading_days(market, days, may_sell):
    """2 March is a Monday: the fourth trading day after it is Friday 6, the fifth is Monday 9."""
    buyer = market.traders[0]
    market.place(market.seller, Side.SELL, 7005, 10)
    market.place(buyer, Side.BUY, 7005, 10)
    market.match()
    market.at += timedelta(days=days)
    if may_sell:
        market.place(buyer, Side.SELL, 7005, 10)
        return
    with pytest.raises(errors.RoundTrip) as caught:
        market.place(buyer, Side.SELL, 7005, 10)
    assert caught.value.rule.key == "trading.round_trip_days"


def test_units_from_issuance_are_not_held_back_by_what_was_bought(market):
    buyer = market.traders[0]
    market.place(market.seller, Side.SELL, 7005, 10)
    market.place(buyer, Side.BUY, 7005, 10)
    issue(buyer.organisation_id, 25, market.at)
    market.match()
    other = queries.orders_visible_to(buyer).count()
    assert other == 1
    market.place(buyer, Side.SELL, 7005, 25)  # From the batch that was issued to it.
    with pytest.raises(errors.RoundTrip):
        market.place(buyer, Side.SELL, 7005, 1)


@pytest.mark.parametrize(("days", "may_buy"), [(0, False), (4, False), (7, True)])
def test_who_has_sold_buys_again_after_five_trading_days(market, days, may_buy):
    give_money(market.seller.organisation_id, 10_000_000, market.at)
    market.place(market.seller, Side.SELL, 7005, 10)
    market.place(market.traders[0], Side.BUY, 7005, 10)
    market.match()
    market.at += timedelta(days=days)
    if may_buy:
        market.place(market.seller, Side.BUY, 7005, 1)
        return
    with pytest.raises(errors.RoundTrip):
        market.place(market.seller, Side.BUY, 7005, 1)


def test_the_resting_purchase_of_who_sells_ends_with_the_sale(market):
    give_money(market.seller.organisation_id, 10_000_000, market.at)
    resting = market.place(market.seller, Side.BUY, 6500, 5)
    market.match()
    market.place(market.traders[0], Side.BUY, 7005, 10)
    market.place(market.seller, Side.SELL, 7005, 10)
    market.match()
    order = market.order(resting)
    assert (order.status, order.reject_code, order.held_fen) == ("cancelled", "round_trip_interval", 0)
    assert invariants.broken() == {}


def test_day_orders_lapse_at_the_close_and_good_till_date_ones_on_their_day(market):
    today = market.place(market.seller, Side.SELL, 7100, 1, time_in_force=TimeInForce.DAY)
    dated = market.place(
        market.seller,
        Side.SELL,
        7100,
        2,
        time_in_force=TimeInForce.GTD,
        valid_until=market.at.date() + timedelta(days=1),
    )
    stays = market.place(market.seller, Side.SELL, 7100, 3)
    market.match()
    assert services.run_sessions(market.at.replace(hour=7, minute=0)) == "1 instruments closed, 1 orders lapse"
    market.match()
    assert [market.order(one).status for one in (today, dated, stays)] == ["expired", "live", "live"]
    market.at += timedelta(days=1)
    assert services.run_sessions(market.at) == "1 instruments opened"
    services.run_sessions(market.at.replace(hour=7, minute=0))
    market.match()
    assert [market.order(one).status for one in (today, dated, stays)] == ["expired", "expired", "live"]
    assert invariants.broken() == {}


def test_the_next_base_price_is_the_volume_weighted_price_of_the_day(market):
    for price, quantity in ((7005, 10), (7101, 20)):
        market.place(market.seller, Side.SELL, price, quantity)
        market.place(market.traders[0], Side.BUY, price, quantity)
        market.match()
    services.run_sessions(market.at.replace(hour=7, minute=0))
    market.match()
    services.run_sessions(market.at + timedelta(days=1))
    day = InstrumentDay.objects.latest("day")
    assert day.base_price_fen == (7005 * 10 + 7101 * 20 + 15) // 30


def test_a_post_outside_the_new_days_limits_sleeps_and_keeps_its_place(market):
    sleeper = market.place(market.seller, Side.SELL, 7700, 5)
    market.place(market.seller, Side.SELL, 6310, 50)
    market.place(market.traders[0], Side.BUY, 6310, 50)
    market.match()
    market.at += timedelta(days=1)
    services.run_sessions(market.at)
    day = InstrumentDay.objects.latest("day")
    assert day.upper_fen < 7700
    market.place(market.traders[1], Side.BUY, None, 5, type=OrderType.MARKET)
    market.match()
    assert market.order(sleeper).status == "live"
    assert queries.book(market.instrument.pk, lower=day.lower_fen, upper=day.upper_fen).asks == ()
    services.cancel_order(actor=market.seller, order_id=sleeper, at=market.at)
    market.match()
    assert market.order(sleeper).status == "cancelled"
    assert invariants.broken() == {}


def test_a_halt_stops_everybody_until_it_is_lifted(market):
    operator = a_person(Role.EXCHANGE_OPERATOR, at=market.at)
    found = services.halt(
        actor=operator, instrument_id=market.instrument.pk, order_number="T-1", reason="核查", at=market.at
    )
    with pytest.raises(errors.Halted) as caught:
        market.place(market.seller, Side.SELL, 7005, 1)
    assert caught.value.found["order_number"] == "T-1"
    services.lift_halt(actor=operator, halt_id=found.pk, at=market.at)
    market.place(market.seller, Side.SELL, 7005, 1)


def test_a_new_instrument_trades_from_the_next_trading_day(market, at):
    batch = issue(market.seller.organisation_id, 10, at, vintage_year=2025)
    operator = a_person(Role.EXCHANGE_OPERATOR, at=at)
    instrument = services.admit_instrument(actor=operator, asset_id=batch.asset_id, initial_price_fen=5000, at=at)
    with pytest.raises(errors.NotTradableYet):
        services.place_order(actor=market.seller, order=services.NewOrder(instrument.code, Side.SELL, 1, 5000), at=at)
    with pytest.raises(errors.InstrumentAdmitted):
        services.admit_instrument(actor=operator, asset_id=batch.asset_id, initial_price_fen=5000, at=at)


@pytest.fixture
def operators(committed, at):
    return [a_person(Role.EXCHANGE_OPERATOR, at=at, confirmed=True) for _ in range(2)]


def enter(actor, listed, at, *, file=PAPER, demonstration=False, **changes):
    new = approval(at, **{"until": at.date() + timedelta(days=1), **changes})
    return services.propose_approval(
        actor=actor, instrument_id=listed.instrument.pk, new=new, file=file, demonstration=demonstration, at=at
    )


def test_continuous_trading_needs_an_approval_at_state_council_level(listed, operators, at):
    local = {"authority": "某厅", "authority_level": "province"}
    with pytest.raises(errors.ApprovalLevelInsufficient) as caught:
        enter(operators[0], listed, at, **local)
    assert caught.value.rule.basis.code == "guobanfa-2012-37"
    with pytest.raises(errors.ApprovalLevelInsufficient):
        enter(operators[0], listed, at, basis="demonstration", **local)
    row = enter(operators[0], listed, at, basis="demonstration", demonstration=True, file=None, **local)
    assert (row.state, Instrument.objects.get().mode) == ("proposed", "listed_agreement")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"authority": " "}, "authority"),
        ({"document_number": ""}, "document_number"),
        ({"scope": "a\u202eb"}, "scope"),
        ({"file": None}, "file"),
        ({"until": date(2026, 3, 1)}, "valid_to"),
        ({"document_date": date(2026, 3, 3)}, "document_date"),
    ],
)
def test_an_approval_is_whole(listed, operators, at, changes, field):
    with pytest.raises(errors.ApprovalIncomplete) as caught:
        enter(operators[0], listed, at, **changes)
    assert caught.value.field == field


def test_an_approval_is_checked_by_another_operator(listed, operators, at):
    row = enter(operators[0], listed, at)
    with pytest.raises(errors.ApprovalProposed):
        enter(operators[1], listed, at)
    decide = {"approval_id": row.pk, "at": at}
    with pytest.raises(SamePerson):
        services.approve_approval(actor=operators[0], digest=row.digest, **decide)
    with pytest.raises(ChangedMeanwhile):
        services.approve_approval(actor=operators[1], digest="x", **decide)
    with pytest.raises(RoleMissing):
        services.approve_approval(actor=a_person(Role.SETTLEMENT_OPERATOR, at=at), digest=row.digest, **decide)
    services.approve_approval(actor=operators[1], digest=row.digest, **decide)
    with pytest.raises(errors.ApprovalNotThere):
        services.refuse_approval(actor=operators[1], **decide)
    assert row.evidence.sha256


def test_a_refused_approval_changes_nothing(listed, operators, at):
    row = enter(operators[0], listed, at)
    services.refuse_approval(actor=operators[1], approval_id=row.pk, at=at)
    services.run_sessions(at + timedelta(days=1))
    assert InstrumentDay.objects.latest("day").mode == "listed_agreement"


@pytest.mark.parametrize(
    ("days", "mode"), [(0, "listed_agreement"), (1, "continuous"), (2, "continuous"), (3, "listed_agreement")]
)
def test_an_approval_counts_from_its_first_day_to_its_last(listed, operators, at, days, mode):
    """Entered on the Monday for Tuesday and Wednesday; Monday has opened already."""
    row = enter(operators[0], listed, at, valid_from=at.date() + timedelta(days=1), until=at.date() + timedelta(days=2))
    services.approve_approval(actor=operators[1], approval_id=row.pk, digest=row.digest, at=at)
    services.run_sessions(at + timedelta(days=days))
    assert InstrumentDay.objects.latest("day").mode == mode


def test_an_approval_that_is_ended_counts_until_the_day_is_over(listed, operators, at):
    row = enter(operators[0], listed, at, until=at.date() + timedelta(days=30))
    services.approve_approval(actor=operators[1], approval_id=row.pk, digest=row.digest, at=at)
    tuesday, wednesday = at + timedelta(days=1), at + timedelta(days=2)
    services.run_sessions(tuesday)
    services.end_approval(actor=operators[0], approval_id=row.pk, at=tuesday)
    with pytest.raises(errors.ApprovalNotThere):
        services.end_approval(actor=operators[0], approval_id=row.pk, at=tuesday)
    assert queries.mode_of_day(Instrument.objects.get(), tuesday.date()) is TradingMode.CONTINUOUS
    services.run_sessions(wednesday)
    assert InstrumentDay.objects.latest("day").mode == "listed_agreement"


def test_a_listed_instrument_takes_no_order_that_would_cross_by_itself(listed):
    for more in ({"type": OrderType.MARKET}, {"time_in_force": TimeInForce.IOC}, {"time_in_force": TimeInForce.FOK}):
        price = None if "type" in more else 7005
        with pytest.raises(errors.ModeForbids):
            listed.place(listed.traders[0], Side.BUY, price, 1, **more)
    assert not Order.objects.exists()


def test_only_holders_trade(market):
    auditor = a_person(Role.AUDITOR, at=market.at)
    with pytest.raises(errors.ParticipantNotAdmitted):
        market.place(auditor, Side.BUY, 7005, 1)


def test_another_organisations_order_looks_like_none(market):
    order = market.place(market.seller, Side.SELL, 7005, 1)
    for act in (
        lambda: queries.order_view(market.traders[0], order),
        lambda: services.cancel_order(actor=market.traders[0], order_id=order, at=market.at),
        lambda: services.amend_order(
            actor=market.traders[0], order_id=order, price_fen=7000, quantity=None, at=market.at
        ),
    ):
        with pytest.raises(errors.OrderNotThere):
            act()


def test_two_accepting_orders_at_once_for_the_last_tonnes(listed):
    listed.place(listed.seller, Side.SELL, 7005, 10)
    listed.match()
    first = listed.place(listed.traders[0], Side.BUY, 7005, 8, kind="accept")
    second = listed.place(listed.traders[1], Side.BUY, 7005, 8, kind="accept")
    with transaction.atomic():
        services.match_instrument(instrument_id=listed.instrument.pk, at=listed.at)
        other = started_and_waiting(lambda: services.match_instrument(instrument_id=listed.instrument.pk, at=listed.at))
    other.join()
    assert other.error is None
    assert [listed.order(one).filled for one in (first, second)] == [8, 2]
    assert sum(Trade.objects.values_list("quantity", flat=True)) == 10
    assert invariants.broken() == {}


def test_a_freeze_of_a_batch_stops_every_order_on_its_product_and_no_withdrawal(listed):
    post = listed.place(listed.seller, Side.SELL, 7005, 10)
    bid = services.NewOrder(listed.instrument.code, Side.BUY, 4, 7005)
    freeze_asset(
        asset_id=listed.batch.asset_id, reason="核实", order_number="1号", set_by_id=a_user(at=listed.at), at=listed.at
    )
    for kind in ("place", "accept", "pick"):
        with pytest.raises(AssetFrozen) as caught:
            services.place_order(actor=listed.traders[0], order=replace(bid, kind=kind), at=listed.at)
        assert caught.value.found["order_number"] == "1号"
    with pytest.raises(AssetFrozen):
        services.amend_order(actor=listed.seller, order_id=post, price_fen=7000, quantity=None, at=listed.at)
    services.cancel_order(actor=listed.seller, order_id=post, at=listed.at)
    assert not Trade.objects.exists()


def test_a_trade_proposed_before_a_freeze_is_not_confirmed_after_it(listed):
    listed.place(listed.seller, Side.SELL, 7005, 10)
    listed.place(listed.traders[0], Side.BUY, 7005, 4)
    listed.match()
    proposal = TradeProposal.objects.get()
    freeze_asset(
        asset_id=listed.batch.asset_id, reason="核实", order_number="1号", set_by_id=a_user(at=listed.at), at=listed.at
    )
    with pytest.raises(AssetFrozen):
        services.confirm_proposal(actor=listed.traders[0], proposal_id=proposal.pk, at=listed.at)
    assert TradeProposal.objects.get().closed_at is None


def rules_of_a_test(**values):
    """Bring rule values into force beside the shipped ones, under a scheme of their own, and return its name."""
    base = {value.key: value for value in shipped_rules() if value.scheme == "nm_regional"}
    load_rules(
        [
            ShippedRule(
                scheme="test",
                key=key,
                value=values.pop(key, one.value),
                unit=one.unit,
                basis=one.basis,
                in_force_from=one.in_force_from,
            )
            for key, one in base.items()
        ]
    )
    assert not values, values
    return "test"


@pytest.fixture
def limited(committed, at):
    """A listed instrument of which a group may hold 100 t and three organisations some, in orders of 5 t up to 80."""
    scheme = rules_of_a_test(
        **{
            "trading.position_limit": 100,
            "trading.most_holders": 3,
            "trading.least_tonnes": 5,
            "trading.most_tonnes": 80,
        }
    )
    market = a_market(at, mode=TradingMode.LISTED, buyers=4, base_fen=2500)
    Instrument.objects.update(rule_scheme=scheme)
    return market


@pytest.mark.parametrize(
    ("quantity", "taken"), [(0, False), (4, False), (5, True), (6, False), (80, True), (85, False)]
)
def test_an_order_is_for_a_multiple_of_the_least_up_to_the_most(limited, quantity, taken):
    if taken:
        limited.place(limited.traders[0], Side.BUY, 2500, quantity)
        return
    with pytest.raises(errors.InvalidQuantity) as caught:
        limited.place(limited.traders[0], Side.BUY, 2500, quantity)
    assert caught.value.rule.key == ("trading.most_tonnes" if quantity > 80 else "trading.least_tonnes")
    assert (caught.value.found["least"], caught.value.found["most"]) == (5, 80)


@pytest.mark.parametrize(("quantity", "taken"), [(15, True), (20, True), (25, False)])
def test_what_is_held_and_what_is_open_to_buy_count_against_the_position_limit(limited, quantity, taken):
    buyer = limited.traders[0]
    limited.place(limited.seller, Side.SELL, 2500, 50)
    limited.place(buyer, Side.BUY, 2500, 50, kind="accept")
    limited.match()
    limited.place(buyer, Side.BUY, 2400, 30)
    limited.match()
    if taken:
        limited.place(buyer, Side.BUY, 2400, quantity)
        assert invariants.broken() == {}
        return
    with pytest.raises(errors.PositionLimit) as caught:
        limited.place(buyer, Side.BUY, 2400, quantity)
    assert caught.value.rule.key == "trading.position_limit"
    assert caught.value.found == {"limit": 100, "held": 80, "left": 20}


def test_orders_of_one_request_count_together(limited):
    buyer = limited.traders[0]
    new = [services.NewOrder(limited.instrument.code, Side.BUY, 60, 2400) for _ in range(2)]
    with pytest.raises(errors.PositionLimit) as caught:
        services.place_orders(actor=buyer, orders=new, at=limited.at)
    assert caught.value.field == "orders.1.quantity"
    assert not Order.objects.exists()


def test_a_cancelled_or_expired_purchase_counts_no_more(limited):
    buyer = limited.traders[0]
    first = limited.place(buyer, Side.BUY, 2400, 80)
    limited.place(buyer, Side.BUY, 2400, 20, time_in_force=TimeInForce.DAY)
    limited.match()
    services.cancel_order(actor=buyer, order_id=first, at=limited.at)
    services.close_day(instrument_id=limited.instrument.pk, day=limited.at.date(), at=limited.at)
    limited.match()
    assert queries.standing(limited.instrument.pk, buyer.organisation_id, "", since=None).buying == 0
    assert invariants.broken() == {}


@pytest.mark.parametrize(("quantity", "taken"), [(80, True), (85, False)])
def test_an_amendment_counts_what_it_adds(limited, quantity, taken):
    buyer = limited.traders[0]
    limited.place(buyer, Side.BUY, 2400, 20)
    order = limited.place(buyer, Side.BUY, 2400, 50)
    limited.match()
    amend = {"actor": buyer, "order_id": order, "price_fen": None, "quantity": quantity, "at": limited.at}
    Instrument.objects.update(rule_scheme=rules_of_a_test_again(limited, {"trading.most_tonnes": 100}))
    if not taken:
        with pytest.raises(errors.PositionLimit):
            services.amend_order(**amend)
        return
    services.amend_order(**amend)
    assert invariants.broken() == {}
    limited.match()
    assert queries.standing(limited.instrument.pk, buyer.organisation_id, "", since=None).buying == 100
    assert invariants.broken() == {}


def test_an_amendment_that_comes_to_nothing_gives_back_what_it_counted(limited):
    buyer = limited.traders[0]
    order = limited.place(buyer, Side.BUY, 2400, 50)
    limited.match()
    services.amend_order(actor=buyer, order_id=order, price_fen=None, quantity=60, at=limited.at)
    services.cancel_order(actor=buyer, order_id=order, at=limited.at)
    limited.match()
    services_order = limited.order(order)
    assert services_order.status == "cancelled"
    assert queries.standing(limited.instrument.pk, buyer.organisation_id, "", since=None).buying == 0
    assert invariants.broken() == {}


def rules_of_a_test_again(limited, changed):
    """Bring the rules of the test with a change under a second name."""
    rows = list(RuleValue.objects.filter(scheme="test"))
    for row in rows:
        row.pk, row.scheme, row.value = None, "again", changed.get(row.key, row.value)
    RuleValue.objects.bulk_create(rows)
    return "again"


def test_the_last_place_for_a_holder_is_taken_by_an_open_purchase(limited):
    first, second, third, fourth = limited.traders
    limited.place(first, Side.BUY, 2400, 5)
    held = limited.place(second, Side.BUY, 2400, 5)
    with pytest.raises(errors.TooManyHolders) as caught:
        limited.place(third, Side.BUY, 2400, 5)
    assert caught.value.rule.key == "trading.most_holders"
    assert caught.value.rule.basis.code == "guofa-2011-38"
    assert caught.value.found == {"holders": 3, "limit": 3}
    limited.place(second, Side.BUY, 2400, 5)  # It has its place.
    retired = services.NewOrder(limited.instrument.code, Side.BUY, 5, 2400, retires=True)
    services.place_order(actor=fourth, order=retired, at=limited.at)  # Who retires at once holds nothing.
    limited.match()
    for order in Order.objects.filter(organisation_id=second.organisation_id):
        services.cancel_order(actor=second, order_id=order.pk, at=limited.at)
    limited.match()
    assert limited.order(held).status == "cancelled"
    limited.place(third, Side.BUY, 2400, 5)
    assert invariants.broken() == {}


def test_two_at_once_for_the_last_place_are_one(limited):
    first, second, third, _fourth = limited.traders
    limited.place(first, Side.BUY, 2400, 5)

    def place(who):
        new = services.NewOrder(limited.instrument.code, Side.BUY, 5, 2400)
        return lambda: services.place_order(actor=who, order=new, at=limited.at)

    with transaction.atomic():
        place(second)()
        other = started_and_waiting(place(third))
    assert isinstance(other.join().error, errors.TooManyHolders)
    assert invariants.broken() == {}


@pytest.mark.parametrize(("units", "is_large"), [(75, False), (80, True), (85, True)])
def test_who_holds_much_at_the_close_reports_by_the_next_trading_day(limited, units, is_large):
    """80 % of a limit of 100 t; the seller holds the rest of 1,000 t from issuance, and reports as well."""
    buyer = limited.traders[0]
    limited.place(limited.seller, Side.SELL, 2500, 80)
    limited.place(limited.seller, Side.SELL, 2500, 20)
    limited.place(buyer, Side.BUY, 2500, min(units, 80), kind="accept")
    if units > 80:
        limited.place(buyer, Side.BUY, 2500, units - 80, kind="accept")
    limited.match()
    services.close_day(instrument_id=limited.instrument.pk, day=limited.at.date(), at=limited.at.replace(hour=7))
    rows = queries.large_holdings_visible_to(buyer)
    assert [(row.units, row.limit_units, row.due_on) for row in rows] == (
        [(units, 100, date(2026, 3, 3))] if is_large else []
    )
    assert queries.large_holdings_visible_to(limited.seller).count() == 1


def test_a_large_holder_reports_once_and_is_asked_again_for_more_alone(limited):
    seller = limited.seller
    close = limited.at.replace(hour=7)
    services.close_day(instrument_id=limited.instrument.pk, day=limited.at.date(), at=close)
    row = queries.large_holdings_visible_to(seller).get()
    browser = signed_in_as(seller)
    assert "大户报告" in browser.get("/workbench/").content.decode()
    page = f"/large-holdings/{row.pk}/"
    browser.post(page, {"purpose": "", "source_of_money": "自有", "related": ""})
    assert queries.large_holdings_visible_to(seller).get().reported_at is None
    said = {"purpose": "自有碳汇，逐年出售", "source_of_money": "项目签发", "related": ""}
    assert browser.post(page, said).status_code == 302
    assert "项目签发" in browser.get(page).content.decode()
    assert browser.post(page, said).status_code == 404  # Once.
    assert not WorkItem.objects.filter(kind="report_large_holding", closed_at=None).exists()
    stranger = signed_in_as(limited.traders[0])
    assert stranger.get(page).status_code == 404
    operator = signed_in_as(a_person(Role.EXCHANGE_OPERATOR, at=limited.at))
    assert limited.instrument.code in operator.get("/large-holdings/").content.decode()
    assert b"".join(operator.get("/large-holdings.xlsx").streaming_content).startswith(b"PK")
    limited.at += timedelta(days=1)
    services.open_day(instrument_id=limited.instrument.pk, at=limited.at)
    services.close_day(instrument_id=limited.instrument.pk, day=limited.at.date(), at=limited.at.replace(hour=7))
    assert queries.large_holdings_visible_to(seller).count() == 1  # No more than was noted.
