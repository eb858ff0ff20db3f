"""The slow, obvious book: one list of orders, searched anew for every tonne group. Written from the design alone."""

import copy
from itertools import count


class SlowBook:
    """Plays scenario events, prices as integers, and answers like `exchange.rules.scenario.play`."""

    def __init__(self, mode, tick, stp, pick_levels, base):
        self.mode, self.tick, self.stp, self.pick_levels, self.base = mode, tick, stp, pick_levels, base
        self.orders, self.trades, self.rejected = {}, [], []
        self.auction, self.closes, self.clock = False, 0, count(1)

    def play(self, events):
        for number, event in enumerate(events):
            code = getattr(self, event["do"])(event)
            if code:
                self.rejected.append((number, event.get("id"), code))
                if event["do"] in ("place", "accept", "pick") and code != "duplicate_id":
                    self.orders[event["id"]] = {
                        "id": event["id"],
                        "status": "rejected",
                        "resting": False,
                    } | dict.fromkeys(("filled", "cancelled", "expired", "remaining"), 0)
        return self

    # What may be asked of it.

    def place(self, event):
        immediate = event["tif"] in ("IOC", "FOK")
        if event["id"] in self.orders:
            return "duplicate_id"
        if self.mode == "listed_agreement" and (event["type"] == "market" or immediate or event.get("minimum")):
            return "mode_forbids"
        if event["quantity"] <= 0 or event.get("minimum", 0) > event["quantity"]:
            return "invalid_quantity"
        if event["type"] == "limit" and self.is_off(event["price"]):
            return "price_off_tick"
        least = event["quantity"] if event["tif"] == "FOK" else event.get("minimum", 0)
        if least and self.mode == "continuous":
            trial = copy.deepcopy(self)
            order = trial.enter(event)
            if not trial.auction:
                trial.take(order, None)
            if order["filled"] < least:
                self.drop(self.enter(event))
                return None
        order = self.enter(event)
        if self.mode == "continuous" and not self.auction:
            self.take(order, None)
        self.finish(order, rests=not immediate and event["type"] == "limit")
        return None

    def accept(self, event):
        if event["id"] in self.orders:
            return "duplicate_id"
        if self.mode == "continuous":
            return "mode_forbids"
        if event["quantity"] <= 0:
            return "invalid_quantity"
        if self.is_off(event["price"]):
            return "price_off_tick"
        order = self.enter(event)
        self.take(order, self.pick_levels)
        self.finish(order, rests=event["rest"] == "post")
        return None

    def pick(self, event):
        if event["id"] in self.orders:
            return "duplicate_id"
        if self.mode == "continuous":
            return "mode_forbids"
        if event["quantity"] <= 0:
            return "invalid_quantity"
        if self.is_off(event["price"]):
            return "price_off_tick"
        posts = self.facing(event["side"])
        if not posts:
            return "nothing_to_pick"
        if posts[0]["price"] != event["price"]:
            return "not_best_price"
        if self.stp == "cancel_newest" and posts[0]["group"] == event["group"]:
            return "self_trade"
        order = self.enter(event)
        self.take(order, None)
        self.finish(order, rests=False)
        return None

    def cancel(self, event):
        order = self.orders.get(event["id"])
        if not order or not order["resting"]:
            return "not_live"
        self.drop(order)
        return None

    def amend(self, event):
        order = self.orders.get(event["id"])
        if not order or not order["resting"]:
            return "not_live"
        price, quantity = event.get("price", order["price"]), event.get("quantity", order["remaining"])
        if quantity <= 0:
            return "invalid_quantity"
        if self.is_off(price):
            return "price_off_tick"
        keeps_place = price == order["price"] and quantity < order["remaining"]
        order["cancelled"] += max(0, order["remaining"] - quantity)
        order["price"], order["remaining"] = price, quantity
        if not keeps_place:
            order["time"], order["resting"] = next(self.clock), False
            if self.mode == "continuous" and not self.auction:
                self.take(order, None)
            self.finish(order, rests=True)
        return None

    def open_auction(self, event):
        if self.mode != "continuous" or self.auction:
            return "mode_forbids"
        self.auction = True
        return None

    def uncross(self, event):
        if not self.auction:
            return "mode_forbids"
        self.auction = False
        price = self.clearing_price()
        while price is not None:
            asks = [order for order in self.facing("buy") if order["price"] <= price]
            bids = [order for order in self.facing("sell") if order["price"] >= price]
            if not asks or not bids:
                break
            maker, taker = sorted((asks[0], bids[0]), key=lambda order: order["time"])
            self.trade(maker, taker, price)
        return None

    def close(self, event):
        self.closes += 1
        for order in self.orders.values():
            due = order["resting"] and (
                order["tif"] == "DAY" or (order["tif"] == "GTD" and order["until"] <= self.closes)
            )
            if due:
                order["expired"] += order["remaining"]
                order.update(remaining=0, resting=False, status="expired")

    # What it is made of.

    def is_off(self, price):
        return price <= 0 or price % self.tick != 0

    def enter(self, event):
        order = {
            "id": event["id"],
            "group": event["group"],
            "side": event["side"],
            "price": event.get("price"),
            "tif": event.get("tif", "GTC"),
            "until": event.get("until"),
            "remaining": event["quantity"],
            "time": next(self.clock),
            "resting": False,
            "status": "live",
        } | dict.fromkeys(("filled", "cancelled", "expired"), 0)
        self.orders[event["id"]] = order
        return order

    def facing(self, side):
        """Return the resting orders that an order of `side` could trade with, best first."""
        sign = 1 if side == "buy" else -1
        others = [order for order in self.orders.values() if order["resting"] and order["side"] != side]
        return sorted(others, key=lambda order: (sign * order["price"], order["time"]))

    def take(self, order, most_levels):
        sign, used = (1 if order["side"] == "buy" else -1), set()
        while order["remaining"]:
            within = [
                other
                for other in self.facing(order["side"])
                if order["price"] is None or sign * other["price"] <= sign * order["price"]
            ]
            if not within:
                return
            first = within[0]
            if most_levels is not None and len(used | {first["price"]}) > most_levels:
                return
            if self.trade(first, order, first["price"]):
                used.add(first["price"])

    def trade(self, maker, taker, price):
        """Let two orders meet: trade and return True, or do what self-trade prevention says."""
        quantity = min(maker["remaining"], taker["remaining"])
        if self.stp != "none" and maker["group"] == taker["group"]:
            if self.stp == "cancel_newest":
                self.drop(taker)
            elif self.stp == "cancel_oldest":
                self.drop(maker)
            else:
                self.drop(maker, quantity)
                self.drop(taker, quantity)
            return False
        self.trades.append((maker["id"], taker["id"], price, quantity))
        for order in (maker, taker):
            order["filled"] += quantity
            order["remaining"] -= quantity
            order["status"] = "partially_filled" if order["remaining"] else "filled"
            order["resting"] = order["resting"] and order["remaining"] > 0
        return True

    def drop(self, order, quantity=None):
        quantity = order["remaining"] if quantity is None else quantity
        order["cancelled"] += quantity
        order["remaining"] -= quantity
        if not order["remaining"]:
            order.update(status="cancelled", resting=False)

    def finish(self, order, *, rests):
        if order["remaining"] and not rests:
            self.drop(order)
        order["resting"] = order["remaining"] > 0

    def clearing_price(self):
        asks, bids = self.facing("buy"), self.facing("sell")
        if not asks or not bids or bids[0]["price"] < asks[0]["price"]:
            return None
        prices = range(
            min(order["price"] for order in asks + bids), max(order["price"] for order in asks + bids) + 1, self.tick
        )
        scores = {}
        for price in prices:
            demand = sum(order["remaining"] for order in bids if order["price"] >= price)
            supply = sum(order["remaining"] for order in asks if order["price"] <= price)
            scores[price] = (-min(demand, supply), abs(demand - supply))
        left = [price for price in prices if scores[price] == min(scores.values())]
        if self.base is None:
            return left[(len(left) - 1) // 2]
        return min(left, key=lambda price: abs(price - self.base))

    # Its answer.

    def states(self):
        names = ("status", "filled", "cancelled", "expired", "remaining")
        return {id: tuple(order[name] for name in names) for id, order in self.orders.items()}

    def book(self, side):
        levels = {}
        for order in self.facing("sell" if side == "buy" else "buy"):
            levels[order["price"]] = levels.get(order["price"], 0) + order["remaining"]
        return list(levels.items())
