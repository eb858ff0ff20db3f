"""The matching engine: one instrument's live orders, and what each event does to them.

Deterministic: no clock, no chance, no float. The same events give the same trades, whoever feeds them.
Source: design section 6 and 7; price-time priority as in docs/decisions/0008-one-engine-two-modes.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from exchange.rules.auction import clearing_price
from exchange.rules.events import (
    Accept,
    Amend,
    BookOrder,
    Cancel,
    Close,
    Confirm,
    Event,
    Expire,
    Fill,
    Id,
    OpenAuction,
    Outcome,
    Pick,
    Place,
    Uncross,
)
from exchange.rules.queue import Level, Queue
from exchange.rules.terms import OrderType, RejectCode, Rest, SelfTradePrevention, Side, TimeInForce, TradingMode

# Names of the module, not members looked up in their enums: see events.py. What each order passes through is written
# for speed, and only that: `apply`, `_place`, `_cancel`, `_new`, `_take`, `_take_level`, `_enter`, `_leave`.
BUY, MARKET, IOC, FOK = Side.BUY, OrderType.MARKET, TimeInForce.IOC, TimeInForce.FOK


class Book:
    """The order book of one instrument.

    tick: smallest step of a price, in the unit of all prices. pick_levels: how many price levels one accepting order
    may use, None for any number. closes: how many closes have passed.
    """

    def __init__(
        self,
        *,
        mode: TradingMode,
        tick: int = 1,
        self_trade_prevention: SelfTradePrevention = SelfTradePrevention.NONE,
        pick_levels: int | None = None,
    ) -> None:
        assert tick > 0
        self.mode = mode
        self.tick = tick
        self.self_trade_prevention = self_trade_prevention
        self.pick_levels = pick_levels
        self.in_auction = False
        self.closes = 0
        self.orders: dict[Id, BookOrder] = {}  # Live orders by id, those that came first in front.
        # The same by participant and side. Made when first asked for and kept from then on: many books are never asked.
        self._owned: dict[tuple[Id, Side], dict[Id, None]] | None = None
        self._bids, self._asks = Queue(Side.BUY), Queue(Side.SELL)
        self._groups: dict[Id, Id] = {}  # One text for all orders of a group: a text of its own weighs half an order.
        self._listed = mode is TradingMode.LISTED
        self._prevents = self_trade_prevention is not SelfTradePrevention.NONE
        self._next_priority = 1

    def restore(self, order: BookOrder) -> None:
        """Put back a live order of an earlier book. Orders are given by ascending priority."""
        assert order.remaining > 0
        assert order.priority >= self._next_priority
        self._next_priority = order.priority + 1
        self._enter(order)

    def apply(self, event: Event) -> Outcome:
        """Carry out one event and return what came of it; a rejected event changes nothing."""
        outcome = Outcome()
        if type(event) is Place:  # Nearly all events are of the first two kinds.
            outcome.rejected = self._place(event, outcome)
        elif type(event) is Cancel:
            outcome.rejected = self._cancel(event, outcome)
        elif isinstance(event, Amend):
            outcome.rejected = self._amend(event, outcome)
        elif isinstance(event, Accept):
            outcome.rejected = self._accept(event, outcome)
        elif isinstance(event, Pick):
            outcome.rejected = self._pick(event, outcome)
        elif isinstance(event, OpenAuction):
            outcome.rejected = self._open_auction()
        elif isinstance(event, Uncross):
            outcome.rejected = self._uncross(event, outcome)
        elif isinstance(event, Confirm):
            outcome.rejected = self._confirm(event, outcome)
        elif isinstance(event, Expire):
            outcome.rejected = self._expire(event, outcome)
        else:
            assert isinstance(event, Close)
            self._close(outcome)
        return outcome

    def resting(self, participant: Id, side: Side) -> list[Id]:
        """Return the ids of a participant's live orders of one side, oldest first."""
        if self._owned is None:
            self._owned = {}
            for order in self.orders.values():
                self._owned.setdefault((order.participant, order.side), {})[order.id] = None
        return list(self._owned.get((participant, side), ()))

    def best_price(self, side: Side) -> int | None:
        """Return the best price of a side, or None where it is empty."""
        level = self._queue(side).best()
        return level.price if level else None

    def levels(self, side: Side, count: int | None = None) -> list[tuple[int, int]]:
        """Return price and quantity of the levels of a side, best first."""
        queue = self._queue(side)
        return [
            (level.price, level.quantity) for level in (queue.sorted_levels() if count is None else queue.top(count))
        ]

    def meetings(self) -> Iterator[tuple[BookOrder, BookOrder, int]]:
        """Give the pairs of posted bid and ask that reach each other, best first, with the quantity in common.

        Each open tonne is in one pair at most; orders of one control group do not meet.
        """
        left: dict[Id, int] = {}
        asks = self._asks.sorted_levels()
        if not asks:
            return
        for bid_level in self._bids.sorted_levels():
            if bid_level.price < asks[0].price:
                return
            for bid in bid_level.live():
                yield from self._asks_for(bid, asks, left)

    def _asks_for(
        self, bid: BookOrder, asks: list[Level], left: dict[Id, int]
    ) -> Iterator[tuple[BookOrder, BookOrder, int]]:
        open_bid = bid.remaining
        for level in asks:
            if level.price > (bid.price or 0):
                return
            for ask in level.live():
                open_ask = left.get(ask.id, ask.remaining)
                if not open_ask or ask.group == bid.group:
                    continue
                common = min(open_bid, open_ask)
                left[ask.id] = open_ask - common
                open_bid -= common
                yield bid, ask, common
                if not open_bid:
                    return

    # Events.

    def _place(self, event: Place, outcome: Outcome) -> RejectCode | None:
        price, quantity, given = event.price, event.quantity, event.time_in_force
        is_market = event.type is MARKET
        least = quantity if given is FOK else event.minimum_quantity
        if self._listed and (is_market or given is IOC or given is FOK or event.minimum_quantity):
            return RejectCode.MODE_FORBIDS
        if quantity <= 0 or not 0 <= event.minimum_quantity <= quantity:
            return RejectCode.INVALID_QUANTITY
        if is_market:
            price = None
        elif not self._is_on_tick(price):
            return RejectCode.PRICE_OFF_TICK
        order = self._new(event, price, given, event.until, outcome)
        if not (self._listed or self.in_auction):
            if least and self._fillable(order, least) < least:
                order.cancel(quantity)
                return None
            self._take(order, outcome)
        elif least and self.in_auction:
            order.cancel(quantity)
            return None
        self._settle_rest(order, rests=not (is_market or given is IOC or given is FOK))
        return None

    def _cancel(self, event: Cancel, outcome: Outcome) -> RejectCode | None:
        order = self.orders.get(event.id)
        if order is None:
            return RejectCode.NOT_LIVE
        quantity = order.remaining
        order.cancel(quantity)
        self._lowered(order, quantity, outcome)
        return None

    def _amend(self, event: Amend, outcome: Outcome) -> RejectCode | None:
        old = self.orders.get(event.id)
        if old is None:
            return RejectCode.NOT_LIVE
        quantity = old.remaining if event.quantity is None else event.quantity
        price = old.price if event.price is None else event.price
        if quantity <= 0:
            return RejectCode.INVALID_QUANTITY
        if not self._is_on_tick(price):
            return RejectCode.PRICE_OFF_TICK
        if price == old.price and quantity < old.remaining:
            self._cancel_resting(old, old.remaining - quantity, outcome)
            return None
        # Any other change loses the place in the queue: the old entry dies and a new one enters.
        order = BookOrder(
            old.id,
            old.participant,
            old.group,
            old.side,
            price,
            quantity,
            old.time_in_force,
            old.until,
            filled=old.filled,
            cancelled=old.cancelled + max(0, old.remaining - quantity),
            priority=self._take_priority(),
        )
        taken, old.remaining = old.remaining, 0
        self._queue(old.side).lowered(old, taken)
        self._leave(old)
        outcome.touched.append(order)
        if not (self._listed or self.in_auction):
            self._take(order, outcome)
        self._settle_rest(order, rests=True)
        return None

    def _accept(self, event: Accept, outcome: Outcome) -> RejectCode | None:
        if not self._listed:
            return RejectCode.MODE_FORBIDS
        if event.quantity <= 0:
            return RejectCode.INVALID_QUANTITY
        if not self._is_on_tick(event.limit):
            return RejectCode.PRICE_OFF_TICK
        order = self._new(event, event.limit, event.time_in_force, event.until, outcome)
        self._take(order, outcome, most_levels=self.pick_levels)
        self._settle_rest(order, rests=event.rest is Rest.POST)
        return None

    def _pick(self, event: Pick, outcome: Outcome) -> RejectCode | None:
        if not self._listed:
            return RejectCode.MODE_FORBIDS
        if event.quantity <= 0:
            return RejectCode.INVALID_QUANTITY
        if not self._is_on_tick(event.price):
            return RejectCode.PRICE_OFF_TICK
        level = self._queue(event.side.other).best()
        if level is None:
            return RejectCode.NOTHING_TO_PICK
        if level.price != event.price:
            return RejectCode.NOT_BEST_PRICE
        if self.self_trade_prevention is SelfTradePrevention.CANCEL_NEWEST and level.first().group == event.group:
            return RejectCode.SELF_TRADE
        order = self._new(event, event.price, TimeInForce.IOC, None, outcome)
        self._take(order, outcome)
        self._settle_rest(order, rests=False)
        return None

    def _open_auction(self) -> RejectCode | None:
        if self._listed or self.in_auction:
            return RejectCode.MODE_FORBIDS
        self.in_auction = True
        return None

    def _uncross(self, event: Uncross, outcome: Outcome) -> RejectCode | None:
        if not self.in_auction:
            return RejectCode.MODE_FORBIDS
        self.in_auction = False
        bids, asks = self._bids, self._asks
        price = clearing_price(
            {level.price: level.quantity for level in bids.levels.values()},
            {level.price: level.quantity for level in asks.levels.values()},
            tick=self.tick,
            base_price=event.base_price,
        )
        while price is not None:
            bid_level, ask_level = bids.best(), asks.best()
            if bid_level is None or ask_level is None or bid_level.price < price or ask_level.price > price:
                break
            bid, ask = bid_level.first(), ask_level.first()
            maker, taker = (bid, ask) if bid.priority < ask.priority else (ask, bid)
            quantity = min(bid.remaining, ask.remaining)
            if self._prevents and bid.group == ask.group:
                self._give_way(maker, taker, outcome)
                continue
            outcome.fills.append(Fill(maker.id, taker.id, price, quantity))
            for order in (maker, taker):
                order.fill(quantity)
                self._lowered(order, quantity, outcome)
        return None

    def _confirm(self, event: Confirm, outcome: Outcome) -> RejectCode | None:
        taker, maker = self.orders.get(event.taker_id), self.orders.get(event.maker_id)
        if taker is None or maker is None:
            return RejectCode.NOT_LIVE
        if not self._listed or taker.side is maker.side or taker.group == maker.group:
            return RejectCode.MODE_FORBIDS
        assert taker.price is not None
        assert maker.price is not None
        if (maker.price - taker.price) * (1 if taker.side is Side.BUY else -1) > 0:
            return RejectCode.NOTHING_TO_PICK
        quantity = min(event.quantity, taker.remaining, maker.remaining)
        outcome.fills.append(Fill(maker.id, taker.id, maker.price, quantity))
        for order in (maker, taker):
            order.fill(quantity)
            self._lowered(order, quantity, outcome)
        return None

    def _expire(self, event: Expire, outcome: Outcome) -> RejectCode | None:
        order = self.orders.get(event.id)
        if order is None:
            return RejectCode.NOT_LIVE
        quantity = order.remaining
        order.expire()
        self._lowered(order, quantity, outcome)
        return None

    def _close(self, outcome: Outcome) -> None:
        self.closes += 1
        due = [
            order
            for order in self.orders.values()
            if order.time_in_force is TimeInForce.DAY
            or (order.time_in_force is TimeInForce.GTD and (order.until or 0) <= self.closes)
        ]
        for order in due:
            quantity = order.remaining
            order.expire()
            self._lowered(order, quantity, outcome)

    # What the events are made of.

    def _queue(self, side: Side) -> Queue:
        return self._bids if side is BUY else self._asks

    def _is_on_tick(self, price: int | None) -> bool:
        return price is not None and price > 0 and price % self.tick == 0

    def _take_priority(self) -> int:
        priority = self._next_priority
        self._next_priority = priority + 1
        return priority

    def _new(
        self,
        event: Place | Accept | Pick,
        price: int | None,
        time_in_force: TimeInForce,
        until: int | None,
        outcome: Outcome,
    ) -> BookOrder:
        order = BookOrder(  # By place, which is faster than by name.
            event.id,
            event.participant,
            event.group,
            event.side,
            price,
            event.quantity,
            time_in_force,
            until,
            self._take_priority(),
        )
        outcome.touched.append(order)
        return order

    def _take(self, taker: BookOrder, outcome: Outcome, most_levels: int | None = None) -> None:
        """Let `taker` trade with the other side, best price first, then earliest, at the maker's price."""
        queue = self._asks if taker.side is BUY else self._bids
        limit, sign = taker.price, queue.sign
        used = 0
        while taker.remaining:
            level = queue.best()
            if level is None or (limit is not None and sign * level.price > sign * limit) or used == most_levels:
                return
            used += self._take_level(taker, level, queue, outcome)

    def _take_level(self, taker: BookOrder, level: Level, queue: Queue, outcome: Outcome) -> bool:
        """Let `taker` trade with the orders of one level until either is used up; return whether it did with any."""
        fills, touched, price, prevents = outcome.fills, outcome.touched, level.price, self._prevents
        left, traded = taker.remaining, False
        while left:
            maker = level.first()
            if prevents and maker.group == taker.group:
                self._give_way(maker, taker, outcome)
                left = taker.remaining
                if level.quantity:
                    continue
                return traded
            quantity, traded = min(left, maker.remaining), True
            left -= quantity
            fills.append(Fill(maker.id, taker.id, price, quantity))
            touched.append(maker)
            taker.fill(quantity)
            maker.fill(quantity)
            level.quantity -= quantity
            if not maker.remaining:
                level.orders.popleft()
                self._leave(maker)
                if not level.quantity:
                    queue.drop(level)
                    return traded
        return traded

    def _fillable(self, taker: BookOrder, wanted: int) -> int:
        """Return how much `taker` could fill on arrival, counted up to `wanted`."""
        queue, found = self._queue(taker.side.other), 0
        sign = queue.sign
        open_quantity = taker.remaining
        for level in queue.sorted_levels():
            if taker.price is not None and sign * level.price > sign * taker.price:
                break
            for maker in level.live():
                quantity = min(open_quantity, maker.remaining)
                if not self._prevents or maker.group != taker.group:
                    found += quantity
                    open_quantity -= quantity
                elif self.self_trade_prevention is SelfTradePrevention.CANCEL_NEWEST:
                    return found
                elif self.self_trade_prevention is SelfTradePrevention.DECREMENT:
                    open_quantity -= quantity
                if found >= wanted or not open_quantity:
                    return found
        return found

    def _give_way(self, maker: BookOrder, taker: BookOrder, outcome: Outcome) -> None:
        """Two orders of one control group have met: cancel what the instrument's policy says."""
        policy = self.self_trade_prevention
        if policy is SelfTradePrevention.DECREMENT:
            common = min(maker.remaining, taker.remaining)
            self._cancel_resting(maker, common, outcome)
            self._cancel_resting(taker, common, outcome)
        elif policy is SelfTradePrevention.CANCEL_OLDEST:
            self._cancel_resting(maker, maker.remaining, outcome)
        else:
            self._cancel_resting(taker, taker.remaining, outcome)

    def _cancel_resting(self, order: BookOrder, quantity: int, outcome: Outcome) -> None:
        order.cancel(quantity)
        self._lowered(order, quantity, outcome)

    def _lowered(self, order: BookOrder, quantity: int, outcome: Outcome) -> None:
        outcome.touched.append(order)
        if order.id in self.orders:  # An order that has only just come is in no queue yet.
            self._queue(order.side).lowered(order, quantity)
            if not order.remaining:
                self._leave(order)

    def _enter(self, order: BookOrder) -> None:
        self.orders[order.id] = order
        order.group = self._groups.setdefault(order.group, order.group)
        if self._owned is not None:
            self._owned.setdefault((order.participant, order.side), {})[order.id] = None
        (self._bids if order.side is BUY else self._asks).add(order)

    def _leave(self, order: BookOrder) -> None:
        del self.orders[order.id]
        if self._owned is not None:
            owned = self._owned[order.participant, order.side]
            del owned[order.id]
            if not owned:
                del self._owned[order.participant, order.side]

    def _settle_rest(self, order: BookOrder, *, rests: bool) -> None:
        """Let what is left of an arriving order rest, or cancel it."""
        if not order.remaining:
            return
        if rests:
            self._enter(order)
        else:
            order.cancel(order.remaining)
