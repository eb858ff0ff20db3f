"""Mutants of the matching engine: each is a small fault of price, time, quantity or rule, and the oracle must kill it.

`python -m tests.proofs.engine_mutants [NAME…]` plants all or the named ones and records how many were killed.
"""

import sys

from tests.proofs.planted_bugs import Bug, plant

BOOK, QUEUE, AUCTION, PRICES = (f"exchange/rules/{name}.py" for name in ("book", "queue", "auction", "prices"))
ORACLE = ("tests/exchange/test_book.py",)
LIMITS = ("tests/exchange/test_rules_of_the_day.py::test_limits_are_rounded_inward",)


def mutant(name: str, file: str, old: str, new: str, tests: tuple[str, ...] = ORACLE) -> Bug:
    return Bug(name, file, old, new, tests, limit_seconds=45)  # The oracle's tests take five: some mutants never end.


MUTANTS = (
    mutant("an order does not trade at its own limit", BOOK, "sign * level.price > sign * limit) or", "sign * level.price >= sign * limit) or"),
    mutant("the larger quantity trades", BOOK, "quantity, traded = min(left, maker.remaining), True", "quantity, traded = max(left, maker.remaining), True"),
    mutant("an accepting order takes any number of levels", BOOK, " or used == most_levels:", ":"),
    mutant("levels are not counted", BOOK, "used += self._take_level(taker, level, queue, outcome)", "self._take_level(taker, level, queue, outcome)"),
    mutant("self-trade is judged by the participant", BOOK, "if prevents and maker.group == taker.group:", "if prevents and maker.participant == taker.participant:"),
    mutant("an amendment to the same quantity keeps its place", BOOK, "if price == old.price and quantity < old.remaining:", "if price == old.price and quantity <= old.remaining:"),
    mutant("an amendment of the price keeps its place", BOOK, "if price == old.price and quantity < old.remaining:", "if quantity < old.remaining:"),
    mutant("what an amendment gives up is lost", BOOK, "cancelled=old.cancelled + max(0, old.remaining - quantity)", "cancelled=old.cancelled"),
    mutant("an amended order keeps its time", BOOK, "priority=self._take_priority(),", "priority=old.priority,"),
    mutant("fill-or-kill fills in part", BOOK, "least = quantity if given is FOK else event.minimum_quantity", "least = event.minimum_quantity"),
    mutant("just enough is too little", BOOK, "self._fillable(order, least) < least", "self._fillable(order, least) <= least"),
    mutant("an immediate order rests", BOOK, "rests=not (is_market or given is IOC or given is FOK)", "rests=not is_market"),
    mutant("the rest of an accepting order is always posted", BOOK, "rests=event.rest is Rest.POST", "rests=True"),
    mutant("a pick takes any price", BOOK, "if level.price != event.price:", "if False:"),
    mutant("a pick takes a post of its own group", BOOK, "SelfTradePrevention.CANCEL_NEWEST and level.first().group == event.group", "SelfTradePrevention.CANCEL_NEWEST and False"),
    mutant("a dated order lives a close too long", BOOK, "(order.until or 0) <= self.closes", "(order.until or 0) < self.closes"),
    mutant("day orders live on", BOOK, "if order.time_in_force is TimeInForce.DAY\n            or (", "if False\n            or ("),
    mutant("decrement takes the larger quantity", BOOK, "common = min(maker.remaining, taker.remaining)", "common = max(maker.remaining, taker.remaining)"),
    mutant("the newest is cancelled for the oldest", BOOK, "self._cancel_resting(maker, maker.remaining, outcome)", "self._cancel_resting(taker, taker.remaining, outcome)"),
    mutant("the bid is always the maker of a call", BOOK, "maker, taker = (bid, ask) if bid.priority < ask.priority else (ask, bid)", "maker, taker = bid, ask"),
    mutant("a call trades at the bids' prices", BOOK, "outcome.fills.append(Fill(maker.id, taker.id, price, quantity))", "outcome.fills.append(Fill(maker.id, taker.id, bid_level.price, quantity))"),
    mutant("a call never ends", BOOK, "        self.in_auction = False\n        bids", "        bids"),
    mutant("orders of a call trade at once", BOOK, "        if not (self._listed or self.in_auction):\n            if least", "        if not self._listed:\n            if least"),
    mutant("a price between two ticks is taken", BOOK, "price > 0 and price % self.tick == 0", "price > 0"),
    mutant("the worst price comes first", QUEUE, "self.sign = 1 if side is Side.SELL else -1", "self.sign = -1 if side is Side.SELL else 1"),
    mutant("the newest comes first", QUEUE, "level.orders.append(order)", "level.orders.appendleft(order)"),
    mutant("a level does not shrink", QUEUE, "        level.quantity -= quantity\n        if not", "        if not"),
    mutant("a trade does not shrink its level", BOOK, "            level.quantity -= quantity\n", ""),
    mutant("dead orders stay at the head", QUEUE, "while not orders[0].remaining:\n            orders.popleft()", "while False:\n            orders.popleft()"),
    mutant("the call's volume does not matter", AUCTION, "(-min(demand, supply), abs(demand - supply))", "(0, abs(demand - supply))"),
    mutant("the call's surplus does not matter", AUCTION, "(-min(demand, supply), abs(demand - supply))", "(-min(demand, supply), 0)"),
    mutant("the call ignores the base price", AUCTION, "if base_price is None:", "if True:"),
    mutant("the call's price lies between two ticks", AUCTION, "low + (steps + (2 * beyond > tick)) * tick", "low + steps * tick + beyond"),
    mutant("the call takes the farther tick", AUCTION, "(2 * beyond > tick)", "(2 * beyond >= tick)"),
    mutant("prices between those of orders are left out", AUCTION, "for price in sorted({*prices, *gaps}):", "for price in prices:"),
    mutant("the lower limit is rounded outward", PRICES, "rounding=ROUND_CEILING", "rounding=ROUND_FLOOR", LIMITS),
    mutant("the upper limit is rounded outward", PRICES, "(base * (1 + band) / tick).to_integral_value(rounding=ROUND_FLOOR)", "(base * (1 + band) / tick).to_integral_value(rounding=ROUND_CEILING)", LIMITS),
)  # fmt: skip


if __name__ == "__main__":
    sys.exit(plant(MUTANTS, sys.argv[1:], claim="engine-mutants"))
