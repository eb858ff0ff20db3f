"""The book of a day step by step, from what was written down: orders, changes, ends and trades, in the queue's order.

The trades are facts here and are not matched anew: the evidence must say what was, also under rules that have changed
since. Shown beside each moment is what stood right before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from exchange.rules.surveillance.records import Act, Market, Moment, OrderMoment, Traded, TradeMoment
from exchange.rules.terms import Side


@dataclass(frozen=True, slots=True)
class Resting:
    """An open order at the begin of a walk."""

    order_id: int
    organisation_id: int
    group: str
    side: Side
    price_fen: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the queue as it was carried out. kind: as the queue calls it.

    quantity, price_fen: of an order what was asked for; of a change the new terms, None: as before.
    adds: the tonnes a change may open. trades: what it led to. rests: whether what is left stays in the book.
    stopped: whether what is left met one of its own group. withdraws: whether an end was not the owner's own.
    ends: orders that ended with it by a rule.
    """

    sequence: int
    at: datetime
    kind: str
    order_id: int = 0
    organisation_id: int = 0
    group: str = ""
    side: Side = Side.BUY
    price_fen: int | None = None
    quantity: int | None = None
    adds: int | None = None
    trades: tuple[Traded, ...] = ()
    rests: bool = True
    stopped: bool = False
    withdraws: bool = False
    ends: tuple[int, ...] = ()


class Walk:
    """A book that goes along with steps. lower_fen, upper_fen: the day's limits; posts outside them sleep."""

    def __init__(
        self, resting: Sequence[Resting], *, base_fen: int, lower_fen: int | None = None, upper_fen: int | None = None
    ) -> None:
        self.last_fen = base_fen
        self._lower, self._upper = lower_fen, upper_fen
        self._open: dict[int, Resting] = {}
        self._levels: dict[Side, dict[int, int]] = {side: {} for side in Side}
        self._units: dict[Side, int] = dict.fromkeys(Side, 0)
        for order in resting:
            self._put(order)

    @property
    def resting(self) -> Mapping[int, Resting]:
        """The open orders by id, as the walk has left them."""
        return self._open

    def market(self) -> Market:
        bids, asks = self._levels[Side.BUY], self._levels[Side.SELL]
        return Market(
            self.last_fen,
            max(bids) if bids else None,
            min(asks) if asks else None,
            self._units[Side.BUY],
            self._units[Side.SELL],
        )

    def take(self, step: Step) -> Iterator[Moment]:
        """Give the moments of one step, and bring the book to what it is after it."""
        if step.kind == "order":
            yield from self._arrival(step)
        elif step.kind == "amend":
            yield from self._amend(step)
        elif step.kind in ("cancel", "expire"):
            order = self._open.get(step.order_id)
            if order is not None:
                act = Act.EXPIRED if step.kind == "expire" else Act.WITHDRAWN if step.withdraws else Act.CANCELLED
                yield self._moment(step, act, order, order.remaining)
                self._lower_by(order.order_id, order.remaining)
        else:
            yield from self._trades(step)
        for order_id in step.ends:
            order = self._open.get(order_id)
            if order is not None:
                yield self._moment(step, Act.WITHDRAWN, order, order.remaining)
                self._lower_by(order_id, order.remaining)

    def _arrival(self, step: Step) -> Iterator[Moment]:
        order = Resting(
            step.order_id, step.organisation_id, step.group, step.side, step.price_fen or 0, step.quantity or 0
        )
        yield OrderMoment(
            step.sequence,
            step.at,
            Act.PLACED,
            order.order_id,
            order.organisation_id,
            order.group,
            order.side,
            step.price_fen,
            order.remaining,
            self.market(),
        )
        yield from self._come(order, step)

    def _amend(self, step: Step) -> Iterator[Moment]:
        old = self._open.get(step.order_id)
        if old is None:
            return
        quantity = old.remaining if step.quantity is None else step.quantity
        price = old.price_fen if step.price_fen is None else step.price_fen
        if step.adds is not None and quantity - old.remaining > step.adds:
            return  # Fills meanwhile had used up what was held for it: the queue refused it.
        new = Resting(old.order_id, old.organisation_id, old.group, old.side, price, quantity)
        moment = self._moment(step, Act.AMENDED, new, quantity)
        self._lower_by(old.order_id, old.remaining)
        yield moment
        yield from self._come(new, step)

    def _come(self, order: Resting, step: Step) -> Iterator[Moment]:
        """Let an order take what it took; then it rests, or what is left of it ends."""
        yield from self._trades(step)
        left = order.remaining - sum(trade.quantity for trade in step.trades if trade.taker_order_id == order.order_id)
        order = Resting(order.order_id, order.organisation_id, order.group, order.side, order.price_fen, max(0, left))
        if not order.remaining:
            return
        if step.stopped:
            yield self._moment(step, Act.STOPPED, order, order.remaining)
        elif step.rests:
            self._put(order)

    def _trades(self, step: Step) -> Iterator[Moment]:
        for trade in step.trades:
            yield TradeMoment(step.sequence, trade.at, trade, self.market())
            for order_id in (trade.maker_order_id, trade.taker_order_id):
                self._lower_by(order_id, trade.quantity)
            self.last_fen = trade.price_fen

    def _moment(self, step: Step, act: Act, order: Resting, quantity: int) -> OrderMoment:
        return OrderMoment(
            step.sequence,
            step.at,
            act,
            order.order_id,
            order.organisation_id,
            order.group,
            order.side,
            order.price_fen or None,
            quantity,
            self.market(),
        )

    def _is_awake(self, order: Resting) -> bool:
        low, high = self._lower, self._upper
        return (low is None or order.price_fen >= low) and (high is None or order.price_fen <= high)

    def _put(self, order: Resting) -> None:
        self._open[order.order_id] = order
        self._count(order, order.remaining)

    def _lower_by(self, order_id: int, quantity: int) -> None:
        """Take tonnes from an open order; one that is not in the book has come only now."""
        order = self._open.get(order_id)
        if order is None:
            return
        taken = min(quantity, order.remaining)
        self._count(order, -taken)
        if taken == order.remaining:
            del self._open[order_id]
        else:
            self._open[order_id] = Resting(
                order.order_id,
                order.organisation_id,
                order.group,
                order.side,
                order.price_fen,
                order.remaining - taken,
            )

    def _count(self, order: Resting, units: int) -> None:
        if not self._is_awake(order):
            return
        levels = self._levels[order.side]
        levels[order.price_fen] = levels.get(order.price_fen, 0) + units
        if not levels[order.price_fen]:
            del levels[order.price_fen]
        self._units[order.side] += units
