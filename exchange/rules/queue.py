"""One side of a book: price levels by price, orders of a level by time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush

from exchange.rules.events import BookOrder
from exchange.rules.terms import Side

SLACK = 32  # Dead orders that a level may carry before its queue is written anew.


class Level:
    """The orders at one price, earliest first. Dead ones stay in the queue until they come to its head."""

    __slots__ = ("dead", "orders", "price", "quantity")

    def __init__(self, price: int) -> None:
        self.price = price
        self.quantity = 0  # Of all live orders: 0 where there is none.
        self.dead = 0  # Orders in the queue that live no more.
        self.orders: deque[BookOrder] = deque()

    def first(self) -> BookOrder:
        """Return the earliest live order; there is one."""
        orders = self.orders
        while not orders[0].remaining:
            orders.popleft()
            self.dead -= 1
        return orders[0]

    def live(self) -> Iterator[BookOrder]:
        """Give the live orders, earliest first."""
        return (order for order in self.orders if order.remaining)


class Queue:
    """All levels of one side, best first."""

    __slots__ = ("heap", "levels", "sign")

    def __init__(self, side: Side) -> None:
        self.sign = 1 if side is Side.SELL else -1
        self.heap: list[int] = []  # Signed prices, best first; those whose level is gone are skipped.
        self.levels: dict[int, Level] = {}

    def best(self) -> Level | None:
        """Return the level with the best price, or None."""
        heap, levels, sign = self.heap, self.levels, self.sign
        while heap:
            level = levels.get(sign * heap[0])
            if level is not None:
                return level
            heappop(heap)
        return None

    def top(self, count: int) -> list[Level]:
        """Return the best `count` levels, best first: what it costs grows with them, not with the book."""
        heap, levels, sign = self.heap, self.levels, self.sign
        found: list[Level] = []
        while heap and len(found) < count:
            level = levels.get(sign * heappop(heap))
            # A price whose level is gone drops out; one that came back while its old entry was there stands twice.
            if level is not None and (not found or found[-1] is not level):
                found.append(level)
        for level in found:
            heappush(heap, sign * level.price)
        return found

    def sorted_levels(self) -> list[Level]:
        """Return the levels, best first."""
        return sorted(self.levels.values(), key=lambda level: self.sign * level.price)

    def add(self, order: BookOrder) -> None:
        """Put a live order at the end of its level."""
        price = order.price
        assert price is not None
        level = self.levels.get(price)
        if level is None:
            level = self.levels[price] = Level(price)
            heappush(self.heap, self.sign * price)
        order.price = level.price  # One number for all orders of a level: a million of their own weigh 30 MiB.
        level.orders.append(order)
        level.quantity += order.remaining

    def lowered(self, order: BookOrder, quantity: int) -> None:
        """Take note that a resting order has `quantity` less than before; at 0 it is dead."""
        assert order.price is not None
        level = self.levels[order.price]
        level.quantity -= quantity
        if not level.quantity:
            self.drop(level)
        elif not order.remaining:
            level.dead += 1
            if 2 * level.dead > len(level.orders) + SLACK:
                level.orders, level.dead = deque(level.live()), 0

    def drop(self, level: Level) -> None:
        """Take out a level that has no live order any more."""
        del self.levels[level.price]
        if len(self.heap) > 2 * len(self.levels) + SLACK:
            self.heap = sorted(self.sign * price for price in self.levels)
