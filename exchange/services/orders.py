"""Placing, changing and cancelling orders: checked, held and queued; the matching job carries them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from accounts.queries import organisation
from accounts.rules import HOLDER_KINDS, Actor, OrganisationView
from exchange import errors, queries
from exchange.models import Instrument, InstrumentDay, Order, Trade
from exchange.rules import GATHERS, TAKES_ORDERS, OrderType, Phase, Profile, Side, TimeInForce, TradingMode
from exchange.services.sequence import accept_event, lock_queues
from exchange.services.sessions import advance_day
from rulebook.errors import Refusal
from rulebook.queries import business_date, calendar
from rulebook.rules import beijing
from settlement.errors import InsufficientUnits
from settlement.queries import assets_of, available_units, may_be_posted, shortage
from settlement.rules import highest_fee_fen
from settlement.services import hold_cash_for_order, hold_units_for_order, refuse_frozen_product

IMMEDIATE = (TimeInForce.IOC, TimeInForce.FOK)


@dataclass(frozen=True)
class NewOrder:
    """An order as asked for. kind: place (post), accept (successive picks) or pick (exactly the best price).

    price_fen: None for a market order. asset_id: of a sale, the batch to sell from; None takes the first that suffices.
    retires: of a purchase by the room that retires what it buys at once, at the fee for that; no edge sets it.
    """

    instrument_code: str
    side: Side
    quantity: int
    price_fen: int | None
    kind: str = "place"
    type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    valid_until: date | None = None
    posts_rest: bool = False
    minimum_quantity: int = 0
    asset_id: int | None = None
    retires: bool = False


@dataclass(frozen=True)
class PlacedOrder:
    """An order taken in: its place in the instrument's queue of events, and what is held for it."""

    id: int
    instrument_id: int
    sequence: int
    held_units: int
    held_fen: int


@dataclass(frozen=True)
class _Terms:
    """What an order is checked against: the instrument's day and the rules in force."""

    instrument: Instrument
    day: InstrumentDay
    profile: Profile
    holder: OrganisationView


@transaction.atomic
def place_order(*, actor: Actor, order: NewOrder, at: datetime) -> PlacedOrder:
    """Take in one order: check it, hold its credits or its money, queue it. Return what was accepted.

    Raises InstrumentNotThere, MarketClosed, Halted, NotTradableYet, InvalidQuantity, InvalidPrice, PriceOffTick,
    PriceOutOfBand, ModeForbids, InvalidValidity, SelfTrade, RoundTrip, NotPostable, SeveralBatches,
    ParticipantNotAdmitted and settlement's InsufficientUnits, UnitsFrozen, UnitsPledged, InsufficientFunds,
    AssetFrozen, HolderFrozen.
    """
    lock_queues([queries.instrument_by_code(order.instrument_code).pk])
    terms = _terms(actor, order.instrument_code, at)
    _check(order, terms, at)
    _refuse_crossing_itself(order.side, order.price_fen, terms)
    profile, quantity = terms.profile, order.quantity
    hold_price = 0
    asset_id = None
    if order.side is Side.SELL:
        asset_id = _asset_to_sell(order, terms)
        _refuse_bought_lately(asset_id, order, terms, at)
    else:
        _refuse_sold_lately(terms, at)
        hold_price = order.price_fen if order.price_fen is not None else _highest_price(terms)
    held_fen = 0
    fee_rate = profile.fee_rate_to_retire if order.retires and order.side is Side.BUY else profile.fee_rate
    if order.side is Side.BUY:
        value = hold_price * quantity
        held_fen = value + highest_fee_fen(rate=fee_rate, value_fen=value)
    row = Order.objects.create(
        instrument=terms.instrument,
        asset_id=asset_id,
        organisation_id=terms.holder.id,
        placed_by_id=actor.user_id,
        control_group=terms.holder.control_group,
        kind=order.kind,
        side=order.side,
        type=order.type,
        time_in_force=order.time_in_force,
        valid_until=order.valid_until,
        posts_rest=order.posts_rest,
        minimum_quantity=order.minimum_quantity,
        price_fen=order.price_fen,
        hold_price_fen=hold_price,
        quantity=quantity,
        remaining=quantity,
        fee_rate=fee_rate,
        held_units=quantity if order.side is Side.SELL else 0,
        held_fen=held_fen,
        at=at,
    )
    if order.side is Side.SELL:
        assert asset_id is not None
        hold_units_for_order(
            key=f"order:{row.pk}:hold", organisation_id=terms.holder.id, asset_id=asset_id, units=quantity, at=at
        )
    else:
        hold_cash_for_order(key=f"order:{row.pk}:hold", organisation_id=terms.holder.id, fen=held_fen, at=at)
    sequence = accept_event(instrument_id=terms.instrument.pk, kind="order", order_id=row.pk, at=at)
    return PlacedOrder(row.pk, terms.instrument.pk, sequence, row.held_units, row.held_fen)


@transaction.atomic
def place_orders(*, actor: Actor, orders: Sequence[NewOrder], at: datetime) -> list[PlacedOrder]:
    """Take in several orders, all or none; the refusal names the first that is refused by its place in the list."""
    placed = []
    codes = {order.instrument_code for order in orders}
    lock_queues(one.pk for one in Instrument.objects.filter(code__in=codes))
    for number, order in enumerate(orders):
        try:
            placed.append(place_order(actor=actor, order=order, at=at))
        except Refusal as refusal:
            refusal.field = f"orders.{number}.{refusal.field}".rstrip(".")
            raise
    return placed


@transaction.atomic
def cancel_order(*, actor: Actor, order_id: int, at: datetime) -> Order:
    """Ask for the open part of an order to be cancelled; queued like any event.

    Raises OrderNotThere, OrderEnded, CallIsFirm.
    """
    order = _own_live_order(actor, order_id)
    _refuse_in_firm_call(order.instrument, at)
    accept_event(instrument_id=order.instrument_id, kind="cancel", order_id=order.pk, at=at)
    return order


@transaction.atomic
def amend_order(*, actor: Actor, order_id: int, price_fen: int | None, quantity: int | None, at: datetime) -> Order:
    """Ask for another price or open quantity; one that only lowers the quantity keeps its place in the queue.

    What the new terms need is held beside what the order holds already, until the matching job has carried it out.
    Raises OrderNotThere, OrderEnded, CallIsFirm, and what place_order raises of price, quantity and means.
    """
    order = _own_live_order(actor, order_id)
    _refuse_in_firm_call(order.instrument, at)
    terms = _terms(actor, order.instrument.code, at)
    new_price = order.price_fen if price_fen is None else price_fen
    new_quantity = order.remaining if quantity is None else quantity
    rests = order.kind == "place" or (order.kind == "accept" and order.posts_rest)
    if not rests or order.type != OrderType.LIMIT:
        raise errors.ModeForbids(mode=terms.day.mode)
    _check_quantity(new_quantity, terms)
    _check_price(new_price, terms)
    _refuse_crossing_itself(Side(order.side), new_price, terms)
    extra = 0
    if order.side == Side.SELL:
        extra = max(0, new_quantity - order.remaining)
        if extra:
            assert order.asset_id is not None
            hold_units_for_order(
                key=f"order:{order.pk}:amend:{order.events.count()}",
                organisation_id=order.organisation_id,
                asset_id=order.asset_id,
                units=extra,
                at=at,
            )
    elif new_price != order.price_fen or new_quantity > order.remaining:
        assert new_price is not None
        value = new_price * new_quantity
        needed = value + highest_fee_fen(
            rate=order.fee_rate,
            value_fen=value,
            taken_fen=order.fee_taken_fen,
            traded_value_fen=order.traded_value_fen,
        )
        extra = max(0, needed - order.held_fen)
        if extra:
            hold_cash_for_order(
                key=f"order:{order.pk}:amend:{order.events.count()}",
                organisation_id=order.organisation_id,
                fen=extra,
                at=at,
            )
    accept_event(
        instrument_id=order.instrument_id,
        kind="amend",
        order_id=order.pk,
        price_fen=price_fen,
        quantity=quantity,
        extra_held=extra,
        at=at,
    )
    return order


def _own_live_order(actor: Actor, order_id: int) -> Order:
    found = Order.objects.visible_to(actor).filter(pk=order_id).first()
    if found is None or found.organisation_id != actor.organisation_id:
        raise errors.OrderNotThere
    lock_queues([found.instrument_id])
    order = Order.objects.select_for_update(of=("self",)).select_related("instrument").get(pk=order_id)
    if not order.remaining:
        raise errors.OrderEnded
    return order


def _terms(actor: Actor, code: str, at: datetime) -> _Terms:
    """Return what the order is checked against; the day is opened by whoever comes first."""
    if actor.organisation_id is None:
        raise errors.ParticipantNotAdmitted
    holder = organisation(actor.organisation_id)
    if holder.kind not in HOLDER_KINDS:
        raise errors.ParticipantNotAdmitted
    instrument = queries.instrument_by_code(code)
    profile = queries.profile(at, instrument.rule_scheme)
    today = business_date(at)
    if today < instrument.tradable_from:
        raise errors.NotTradableYet(tradable_from=instrument.tradable_from.isoformat())
    mode = queries.mode_of_day(instrument, today)
    phase = queries.phase_at(at, profile, mode)
    if phase not in TAKES_ORDERS:
        opens_at = queries.next_opening(at, profile, mode)
        raise errors.MarketClosed(
            rule=profile.values.get("trading.sessions"),
            opens_at=beijing(opens_at).strftime("%Y-%m-%d %H:%M") if opens_at else "—",
        )
    halted = queries.live_halt(instrument.pk, holder.id, at)
    if halted is not None:
        raise errors.Halted(
            since=beijing(halted.since).strftime("%Y-%m-%d %H:%M"),
            order_number=halted.order_number,
            reason=halted.reason,
        )
    refuse_frozen_product(instrument.project_code, instrument.vintage_year)
    day = queries.instrument_day(instrument.pk, today)
    if day is None or day.phase != phase:
        day = advance_day(instrument_id=instrument.pk, at=at)
    return _Terms(instrument, day, profile, holder)


def _refuse_in_firm_call(instrument: Instrument, at: datetime) -> None:
    """Raise CallIsFirm in the last part of a call, when what has gathered is neither changed nor cancelled."""
    profile = queries.profile(at, instrument.rule_scheme)
    mode = queries.mode_of_day(instrument, business_date(at))
    if queries.phase_at(at, profile, mode) is Phase.CALL_FIRM:
        raise errors.CallIsFirm(rule=profile.values["trading.call_auction"])


def _refuse_crossing_itself(side: Side, price_fen: int | None, terms: _Terms) -> None:
    """In a call, refuse an order that reaches one of the own control group: at the one price both would trade."""
    if terms.day.phase not in GATHERS or price_fen is None or not terms.profile.round_trip_days:
        return
    others = Order.objects.filter(
        instrument_id=terms.instrument.pk,
        control_group=terms.holder.control_group,
        side=side.other,
        remaining__gt=0,
    )
    reached = {"price_fen__lte": price_fen} if side is Side.BUY else {"price_fen__gte": price_fen}
    if others.filter(**reached).exists():
        raise errors.SelfTrade(field="price", rule=terms.profile.values.get("trading.self_trade_prevention"))


def _check(order: NewOrder, terms: _Terms, at: datetime) -> None:
    mode = TradingMode(terms.day.mode)
    listed_only = order.kind in ("accept", "pick")
    continuous_only = (
        order.type is OrderType.MARKET or order.time_in_force in IMMEDIATE or order.minimum_quantity
    ) and not listed_only
    if (listed_only and mode is not TradingMode.LISTED) or (continuous_only and mode is not TradingMode.CONTINUOUS):
        raise errors.ModeForbids(field="type", mode=mode.value)
    _check_quantity(order.quantity, terms)
    if (order.type is OrderType.MARKET) != (order.price_fen is None):
        raise errors.InvalidPrice(field="price")
    if not 0 <= order.minimum_quantity <= order.quantity:
        raise errors.InvalidQuantity(field="minimum_quantity", most=order.quantity, found_value=order.minimum_quantity)
    _check_price(order.price_fen, terms)
    if order.time_in_force is TimeInForce.GTD:
        today = business_date(at)
        longest = terms.profile.validity_days
        latest = today + timedelta(days=longest) if longest is not None else date.max
        if order.valid_until is None or not today <= order.valid_until <= latest:
            raise errors.InvalidValidity(
                field="valid_until", rule=terms.profile.values.get("trading.validity_days"), latest=latest.isoformat()
            )


def _check_quantity(quantity: int, terms: _Terms) -> None:
    most = terms.profile.most_tonnes
    if quantity <= 0 or (most is not None and quantity > most):
        raise errors.InvalidQuantity(
            field="quantity", rule=terms.profile.values.get("trading.most_tonnes"), most=most, found_value=quantity
        )


def _check_price(price_fen: int | None, terms: _Terms) -> None:
    if price_fen is None:
        return
    tick, day = terms.profile.tick_fen, terms.day
    if price_fen <= 0:
        raise errors.InvalidPrice(field="price")
    if price_fen % tick:
        raise errors.PriceOffTick(
            field="price",
            rule=terms.profile.values["trading.tick_fen"],
            tick=yuan(tick),
            price=yuan(price_fen),
        )
    if day.lower_fen is not None and day.upper_fen is not None and not day.lower_fen <= price_fen <= day.upper_fen:
        raise errors.PriceOutOfBand(
            field="price",
            rule=terms.profile.values[f"trading.band.{day.mode}"],
            lower=yuan(day.lower_fen),
            upper=yuan(day.upper_fen),
            price=yuan(price_fen),
        )


def yuan(fen: int) -> str:
    """Return an amount in fen as yuan, 1234 → 12.34."""
    return f"{fen // 100}.{fen % 100:02d}"


def _highest_price(terms: _Terms) -> int:
    """Return what a market order to buy is held at: the day's upper limit, the profile's, or twice the base price."""
    highest = terms.profile.value("trading.highest_price_fen")
    return terms.day.upper_fen or (int(highest) if highest else 2 * terms.day.base_price_fen)


def _asset_to_sell(order: NewOrder, terms: _Terms) -> int:
    """Return the batch a sale is held from: the one asked for, or the oldest that has enough."""
    batches = [asset.id for asset in assets_of(terms.instrument.project_code, terms.instrument.vintage_year)]
    if order.asset_id is not None:
        if order.asset_id not in batches:
            raise errors.InstrumentNotThere(field="asset")
        batches = [order.asset_id]
    available = {asset_id: available_units(terms.holder.id, asset_id) for asset_id in batches}
    for asset_id, units in available.items():
        if units >= order.quantity:
            if not may_be_posted(terms.holder.id, asset_id):
                raise errors.NotPostable
            return asset_id
    if sum(available.values()) >= order.quantity:
        raise errors.SeveralBatches(field="quantity", most=max(available.values()))
    for asset_id, units in available.items():
        why = shortage(terms.holder.id, asset_id, available=units, needed=order.quantity)
        if type(why) is not InsufficientUnits:  # Frozen, pledged, or held for something: said in so many words.
            why.field = "quantity"
            raise why
    raise errors.NothingToSell(field="quantity", available=sum(available.values()), needed=order.quantity)


def _refuse_bought_lately(asset_id: int, order: NewOrder, terms: _Terms, at: datetime) -> None:
    """Units bought within the interval may not be sold yet; those from issuance, and bought before, may."""
    since = queries.round_trip_start(terms.profile, at)
    if since is None:
        return
    rows = Trade.objects.filter(asset_id=asset_id, buyer_id=terms.holder.id, business_date__gte=since)
    bought = rows.aggregate(units=Sum("quantity"))["units"] or 0
    free = available_units(terms.holder.id, asset_id) - bought
    if bought and order.quantity > free:
        raise _round_trip("quantity", order.quantity - max(0, free), terms, at)


def _refuse_sold_lately(terms: _Terms, at: datetime) -> None:
    since = queries.round_trip_start(terms.profile, at)
    if since is None:
        return
    sold = queries.sold_since(terms.instrument.pk, terms.holder.id, since)
    if sold:
        raise _round_trip("side", sold, terms, at)


def _round_trip(field: str, units: int, terms: _Terms, at: datetime) -> errors.RoundTrip:
    days = terms.profile.round_trip_days
    until = calendar().add_trading_days(business_date(at), days)
    return errors.RoundTrip(
        field=field,
        rule=terms.profile.values["trading.round_trip_days"],
        units=units,
        days=days,
        until=until.isoformat() if until else "—",
    )
