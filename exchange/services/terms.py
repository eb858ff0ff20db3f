"""What an order is checked against, and the checks that need nothing but the order, the day and the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.errors import RoleMissing
from accounts.queries import organisation
from accounts.rules import HOLDER_KINDS, Actor, OrganisationView, Role
from exchange import errors, queries
from exchange.models import Instrument, InstrumentDay, Order
from exchange.rules import (
    GATHERS,
    OFF_BOOK,
    TAKES_ORDERS,
    OrderType,
    Phase,
    Profile,
    Side,
    TimeInForce,
    TradingMode,
    price_limits,
)
from exchange.services.bars import refuse_barred
from exchange.services.new_orders import NewOrder
from exchange.services.sessions import advance_day
from rulebook.queries import business_date
from rulebook.rules import beijing
from settlement.services import refuse_frozen_product

IMMEDIATE = (TimeInForce.IOC, TimeInForce.FOK)
TRADERS = (Role.FIRM_INITIATOR, Role.OWNER)


@dataclass(frozen=True)
class Terms:
    """What an order is checked against: the instrument's day and the rules in force."""

    instrument: Instrument
    day: InstrumentDay
    profile: Profile
    holder: OrganisationView


def trader(actor: Actor, at: datetime) -> OrganisationView:
    """Return the organisation that an actor trades for. Only who may hold trades, and nobody who is barred.

    Raises ParticipantNotAdmitted, Barred.
    """
    if actor.organisation_id is None:
        raise errors.ParticipantNotAdmitted
    holder = organisation(actor.organisation_id)
    if holder.kind not in HOLDER_KINDS:
        raise errors.ParticipantNotAdmitted
    refuse_barred(actor, holder, at)
    return holder


def require_trader(actor: Actor) -> None:
    """Raise RoleMissing unless the actor is a person who trades, or an API client: what one may, its scopes say."""
    if not actor.is_client and not actor.has(*TRADERS):
        raise RoleMissing(roles=list(TRADERS))


def terms_of(holder: OrganisationView, instrument: Instrument, at: datetime) -> Terms:
    """Return what orders in an instrument are checked against; the day is brought to its phase by whoever comes first.

    Raises NotTradableYet, MarketClosed, Halted, settlement's AssetFrozen.
    """
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
    return Terms(instrument, day, profile, holder)


def refuse_in_firm_call(instrument: Instrument, at: datetime) -> None:
    """Raise CallIsFirm in the last part of a call, when what has gathered is neither changed nor cancelled."""
    profile = queries.profile(at, instrument.rule_scheme)
    mode = queries.mode_of_day(instrument, business_date(at))
    if queries.phase_at(at, profile, mode) is Phase.CALL_FIRM:
        raise errors.CallIsFirm(rule=profile.values["trading.call_auction"])


def refuse_crossing_itself(side: Side, price_fen: int | None, terms: Terms) -> None:
    """In a call, refuse an order that reaches one of the own control group: at the one price both would trade."""
    if terms.day.phase not in GATHERS or price_fen is None or not terms.profile.round_trip_days:
        return
    others = Order.objects.exclude(kind__in=OFF_BOOK).filter(
        instrument_id=terms.instrument.pk,
        control_group=terms.holder.control_group,
        side=side.other,
        remaining__gt=0,
    )
    reached = {"price_fen__lte": price_fen} if side is Side.BUY else {"price_fen__gte": price_fen}
    if others.filter(**reached).exists():
        raise errors.SelfTrade(field="price", rule=terms.profile.values.get("trading.self_trade_prevention"))


def check(order: NewOrder, terms: Terms, at: datetime) -> None:
    mode = OFF_BOOK.get(order.kind, TradingMode(terms.day.mode))
    if order.kind in OFF_BOOK and (order.type is OrderType.MARKET or order.time_in_force in IMMEDIATE):
        raise errors.ModeForbids(field="type", mode=mode.value)
    listed_only = order.kind in ("accept", "pick")
    continuous_only = (
        order.type is OrderType.MARKET or order.time_in_force in IMMEDIATE or order.minimum_quantity
    ) and not listed_only
    if (listed_only and mode is not TradingMode.LISTED) or (continuous_only and mode is not TradingMode.CONTINUOUS):
        raise errors.ModeForbids(field="type", mode=mode.value)
    check_quantity(order.quantity, terms, mode)
    if (order.type is OrderType.MARKET) != (order.price_fen is None):
        raise errors.InvalidPrice(field="price")
    if not 0 <= order.minimum_quantity <= order.quantity:
        raise errors.InvalidQuantity(
            field="minimum_quantity", least=0, most=order.quantity, found_value=order.minimum_quantity
        )
    check_price(order.price_fen, terms, mode)
    if order.time_in_force is TimeInForce.GTD:
        today = business_date(at)
        longest = terms.profile.validity_days
        latest = today + timedelta(days=longest) if longest is not None else date.max
        if order.valid_until is None or not today <= order.valid_until <= latest:
            raise errors.InvalidValidity(
                field="valid_until", rule=terms.profile.values.get("trading.validity_days"), latest=latest.isoformat()
            )


def check_quantity(quantity: int, terms: Terms, mode: TradingMode) -> None:
    profile = terms.profile
    unit, least, most = profile.least_tonnes, profile.least_tonnes_of(mode), profile.most_tonnes
    if quantity < least or quantity % unit or (most is not None and quantity > most):
        name = "trading.most_tonnes" if most is not None and quantity > most else "trading.least_tonnes"
        own = profile.values.get(f"{name}.{mode.value}") if quantity < least else None
        raise errors.InvalidQuantity(
            field="quantity", rule=own or profile.values.get(name), least=least, most=most or "—", found_value=quantity
        )


def limits(terms: Terms, mode: TradingMode) -> tuple[int | None, int | None]:
    """Return the lowest and the highest price of a mode on the day, in fen; None, None: it has no band.

    The book has those that its day opened with; a deal beside it has its own band around the same base price.
    """
    if mode is TradingMode(terms.day.mode):
        return terms.day.lower_fen, terms.day.upper_fen
    band = terms.profile.band(mode)
    if band is None:
        return None, None
    return price_limits(base_fen=terms.day.base_price_fen, band=band, tick_fen=terms.profile.tick_fen)


def check_price(price_fen: int | None, terms: Terms, mode: TradingMode) -> None:
    if price_fen is None:
        return
    tick = terms.profile.tick_fen
    if price_fen <= 0:
        raise errors.InvalidPrice(field="price")
    if price_fen % tick:
        raise errors.PriceOffTick(
            field="price",
            rule=terms.profile.values["trading.tick_fen"],
            tick=yuan(tick),
            price=yuan(price_fen),
        )
    lower, upper = limits(terms, mode)
    if lower is not None and upper is not None and not lower <= price_fen <= upper:
        raise errors.PriceOutOfBand(
            field="price",
            rule=terms.profile.values[f"trading.band.{mode.value}"],
            lower=yuan(lower),
            upper=yuan(upper),
            price=yuan(price_fen),
        )


def yuan(fen: int) -> str:
    """Return an amount in fen as yuan, 1234 → 12.34."""
    return f"{fen // 100}.{fen % 100:02d}"


def highest_price(terms: Terms) -> int:
    """Return what a market order to buy is held at: the day's upper limit, the profile's, or twice the base price."""
    highest = terms.profile.value("trading.highest_price_fen")
    return terms.day.upper_fen or (int(highest) if highest else 2 * terms.day.base_price_fen)
