"""One side of a book: price levels by price, orders of a level by time."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator

from exchange.rules.events import BookOrder
from exchange.rules.terms import Side

SLACK = 32  # Dead orders that a level may carry before its queue is written anew.


class Level:
    """The orders at one price, earliest first. Dead ones stay in the queue until they come to its head."""

    __slots__ = ("count", "orders", "price", "quantity")

    def __init__(self, price: int) -> None:
        self.price = price
        self.quantity = 0  # Of all live orders.
        self.count = 0  # Live orders.
        self.orders: deque[BookOrder] = deque()

    def first(self) -> BookOrder:
        """Return the earliest live order; there is one."""
        orders = self.orders
        while not orders[0].remaining:
            orders.popleft()
        return orders[0]

    def live(self) -> Iterator[BookOrder]:
        """Give the live orders, earliest first."""
        return (order for order in self.orders if order.remaining)


class Queue:
    """All levels of one side, best first."""

    __slots__ = ("_heap", "_sign", "levels")

    def __init__(self, side: Side) -> None:
        self._sign = 1 if side is Side.SELL else -1
        self._heap: list[int] = []  # Signed prices, best first; those whose level is gone are skipped.
        self.levels: dict[int, Level] = {}

    def best(self) -> Level | None:
        """Return the level with the best price, or None."""
        heap, levels, sign = self._heap, self.levels, self._sign
        while heap:
            level = levels.get(sign * heap[0])
            if level is not None:
                return level
            heapq.heappop(heap)
        return None

    def top(self, count: int) -> list[Level]:
        """Return the best `count` levels, best first: what it costs grows with them, not with the book."""
        heap, levels, sign = self._heap, self.levels, self._sign
        found: list[Level] = []
        while heap and len(found) < count:
            level = levels.get(sign * heapq.heappop(heap))
            # A price whose level is gone drops out; one that came back while its old entry was there stands twice.
            if level is not None and (not found or found[-1] is not level):
                found.append(level)
        for level in found:
            heapq.heappush(heap, sign * level.price)
        return found

    def sorted_levels(self) -> list[Level]:
        """Return the levels, best first."""
        return sorted(self.levels.values(), key=lambda level: self._sign * level.price)

    def add(self, order: BookOrder) -> None:
        """Put a live order at the end of its level."""
        assert order.price is not None
        level = self.levels.get(order.price)
        if level is None:
            level = self.levels[order.price] = Level(order.price)
            heapq.heappush(self._heap, self._sign * order.price)
        level.orders.append(order)
        level.count += 1
        level.quantity += order.remaining

    def lowered(self, order: BookOrder, quantity: int) -> None:
        """Take note that a resting order has `quantity` less than before; at 0 it is dead."""
        assert order.price is not None
        level = self.levels[order.price]
        level.quantity -= quantity
        if order.remaining:
            return
        level.count -= 1
        if not level.count:
            del self.levels[order.price]
            if len(self._heap) > 2 * len(self.levels) + SLACK:
                self._heap = sorted(self._sign * price for price in self.levels)
        elif len(level.orders) > 2 * level.count + SLACK:
            level.orders = deque(level.live())
