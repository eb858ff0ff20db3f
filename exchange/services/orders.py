"""Placing orders: checked, held and queued, set-wise; the matching job carries them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.rules import Actor
from exchange import queries
from exchange.models import Instrument, Order
from exchange.queries import Standing
from exchange.rules import OFF_BOOK, Side
from exchange.services.means import (
    batch_to_sell,
    count_purchases,
    refuse_beyond_limits,
    refuse_sold_lately,
    standing_in,
)
from exchange.services.new_orders import NewOrder, PlacedOrder
from exchange.services.sequence import accept_orders, lock_queues
from exchange.services.terms import Terms, check, highest_price, refuse_crossing_itself, terms_of, trader
from rulebook.errors import Refusal
from settlement.rules import HoldForOrder, highest_fee_fen
from settlement.services import hold_for_orders


@transaction.atomic
def place_order(*, actor: Actor, order: NewOrder, at: datetime) -> PlacedOrder:
    """Take in one order: check it, hold its credits or its money, queue it. Return what was accepted.

    Raises InstrumentNotThere, MarketClosed, Halted, NotTradableYet, InvalidQuantity, InvalidPrice, PriceOffTick,
    PriceOutOfBand, ModeForbids, InvalidValidity, SelfTrade, RoundTrip, NotPostable, SeveralBatches, PositionLimit,
    TooManyHolders, ParticipantNotAdmitted, Barred and settlement's InsufficientUnits, UnitsFrozen, UnitsPledged,
    InsufficientFunds, AssetFrozen, HolderFrozen.
    """
    taking = _Taking(actor, {order.instrument_code}, at)
    return taking.written([taking.checked(order)])[0]


@transaction.atomic
def place_orders(*, actor: Actor, orders: Sequence[NewOrder], at: datetime) -> list[PlacedOrder]:
    """Take in several orders, all or none; the refusal names the first that is refused by its place in the list.

    The number of statements does not grow with the number of orders, only with that of their instruments.
    Raises what place_order raises; what they need together is asked of money and credits as a whole.
    """
    taking = _Taking(actor, {order.instrument_code for order in orders}, at)
    rows = []
    for number, order in enumerate(orders):
        try:
            rows.append(taking.checked(order))
        except Refusal as refusal:
            refusal.field = f"orders.{number}.{refusal.field}".rstrip(".")
            raise
    return taking.written(rows)


@dataclass
class _Market:
    """One instrument of a request: its terms, how the organisation stands, what the request takes of that so far."""

    terms: Terms
    standing: Standing
    sold: dict[int, int]
    bought: int = 0


class _Taking:
    """Taking in the orders of one request: the queues are locked first, then each order is checked after the others."""

    def __init__(self, actor: Actor, codes: set[str], at: datetime) -> None:
        self.actor, self.at = actor, at
        self.holder = trader(actor, at)
        self.instruments = {row.code: row for row in Instrument.objects.filter(code__in=codes)}
        lock_queues(row.pk for row in self.instruments.values())
        self.markets: dict[str, _Market] = {}

    def _market(self, code: str) -> _Market:
        if code not in self.markets:
            instrument = self.instruments.get(code) or queries.instrument_by_code(
                code
            )  # Which says that there is none.
            terms = terms_of(self.holder, instrument, self.at)
            self.markets[code] = _Market(terms, standing_in(terms, self.at), {})
        return self.markets[code]

    def checked(self, order: NewOrder) -> Order:
        """Return the row of an order that may be taken in after those that were checked before it."""
        market = self._market(order.instrument_code)
        terms, standing, at = market.terms, market.standing, self.at
        check(order, terms, at)
        if order.kind not in OFF_BOOK:
            refuse_crossing_itself(order.side, order.price_fen, terms)
        quantity, buys = order.quantity, order.side is Side.BUY
        asset_id, hold_price, held_fen = None, 0, 0
        retires = order.retires and buys
        fee_rate = terms.profile.fee_rate_to_retire if retires else terms.profile.fee_rate
        if buys:
            refuse_sold_lately(terms, standing, at)
            if not retires:
                refuse_beyond_limits(market.bought + quantity, terms, standing)
                market.bought += quantity
            hold_price = order.price_fen if order.price_fen is not None else highest_price(terms)
            value = hold_price * quantity
            held_fen = value + highest_fee_fen(rate=fee_rate, value_fen=value)
        else:
            asset_id = batch_to_sell(order, terms, standing, market.sold, at)
            market.sold[asset_id] = market.sold.get(asset_id, 0) + quantity
        return Order(
            instrument=terms.instrument,
            asset_id=asset_id,
            organisation_id=self.holder.id,
            placed_by_id=self.actor.user_id,
            control_group=self.holder.control_group,
            kind=order.kind,
            side=order.side,
            type=order.type,
            time_in_force=order.time_in_force,
            valid_until=order.valid_until,
            posts_rest=order.posts_rest,
            retires=retires,
            minimum_quantity=order.minimum_quantity,
            price_fen=order.price_fen,
            hold_price_fen=hold_price,
            quantity=quantity,
            remaining=quantity,
            fee_rate=fee_rate,
            held_units=0 if buys else quantity,
            held_fen=held_fen,
            at=at,
        )

    def written(self, rows: list[Order]) -> list[PlacedOrder]:
        """Write checked orders, what they hold and their events, and return them as taken in."""
        bought: Counter[int] = Counter()
        for row in rows:
            if row.side == Side.BUY and not row.retires:
                bought[row.instrument_id] += row.quantity
        count_purchases([(number, self.holder.id, units) for number, units in sorted(bought.items())], self.at)
        Order.objects.bulk_create(rows)
        hold_for_orders(
            organisation_id=self.holder.id,
            holds=[HoldForOrder(f"order:{row.pk}:hold", row.asset_id, row.held_units or row.held_fen) for row in rows],
            at=self.at,
        )
        queued = [row for row in rows if row.kind not in OFF_BOOK]
        sequences = {row.pk: sequence for row, sequence in zip(queued, accept_orders(queued, at=self.at), strict=True)}
        return [
            PlacedOrder(row.pk, row.instrument_id, sequences.get(row.pk, 0), row.held_units, row.held_fen)
            for row in rows
        ]
