from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.rules import Actor, Role
from exchange.models.instruments import Instrument
from exchange.rules import (
    LIVE_STATUSES,
    OFF_BOOK,
    AuctionFormat,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    TradingMode,
)

ACCEPTED = "accepted"  # Taken in, its units or money held; the matching job has not seen it yet.
STATUSES = [ACCEPTED, *(status.value for status in OrderStatus)]
OF_AN_ORDER = ("order", "amend", "cancel", "confirm", "expire", "deal")
OF_A_CALL = ("call", "uncross")  # A call auction begins; it ends and what meets trades at one price.
WATCHERS = (Role.EXCHANGE_OPERATOR, Role.AUDITOR)


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, actor: Actor) -> OrderQuerySet:
        """Return what `actor` may see: its organisation's own orders; all for those who watch over the market.

        Until an auction has ended, those who watch see no sealed bid, and the exchange alone of them the lot, which has
        the reserve price.
        """
        if actor.has(*WATCHERS):
            bids = apps.get_model("exchange", "AuctionBid").objects.filter(auction__ended_at=None)
            unseen = Q(pk__in=bids.filter(auction__format=AuctionFormat.SEALED.value).values("order_id"))
            if not actor.has(Role.EXCHANGE_OPERATOR):
                lots = apps.get_model("exchange", "Auction").objects.filter(ended_at=None)
                unseen |= Q(pk__in=lots.values("lot_id"))
            return self.exclude(unseen)
        return self.filter(organisation_id=actor.organisation_id) if actor.organisation_id else self.none()


class Order(models.Model):
    """An instruction to buy or sell; in a listed instrument a posted offer, an accepting order or a pick.

    One beside the book (of a block agreement, of an auction) is taken in and holds what it needs until it is dealt.

    ordered = filled + cancelled + expired + remaining; what is held for it is what its remaining part needs, fee
    included. Columns that a match changes have no index, so that its updates stay in the page.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey("settlement.Asset", null=True, on_delete=models.PROTECT, related_name="+")  # Of a sale.
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    control_group = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=[(one, one) for one in ("place", "accept", "pick", *OFF_BOOK)])
    side = models.CharField(max_length=4, choices=[(side.value, side.value) for side in Side])
    type = models.CharField(max_length=8, choices=[(one.value, one.value) for one in OrderType])
    time_in_force = models.CharField(max_length=4, choices=[(one.value, one.value) for one in TimeInForce])
    valid_until = models.DateField(null=True)
    retires = models.BooleanField(default=False)  # Of a purchase that is retired at once: it makes nobody a holder.
    posts_rest = models.BooleanField(default=False)  # Of an accepting order: its rest is posted, else it lapses.
    minimum_quantity = models.BigIntegerField(default=0)
    price_fen = models.BigIntegerField(null=True)
    hold_price_fen = models.BigIntegerField(default=0)  # Of a purchase: what each open tonne is held at.
    quantity = models.BigIntegerField()
    filled = models.BigIntegerField(default=0)
    cancelled = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    remaining = models.BigIntegerField()
    status = models.CharField(max_length=20, default=ACCEPTED, choices=[(one, one) for one in STATUSES])
    reject_code = models.CharField(max_length=32, blank=True)
    # The freeze for which a sale was cancelled; a column of the end, never looked up by it.
    freeze = models.ForeignKey("settlement.Hold", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    fee_rate = models.DecimalField(max_digits=9, decimal_places=6)
    traded_value_fen = models.BigIntegerField(default=0)
    fee_taken_fen = models.BigIntegerField(default=0)
    held_units = models.BigIntegerField(default=0)
    held_fen = models.BigIntegerField(default=0)
    priority = models.BigIntegerField(default=0)  # The sequence of the event that gave it its place in the queue.
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_quantity_positive"),
            models.CheckConstraint(
                condition=Q(filled__gte=0, cancelled__gte=0, expired__gte=0, remaining__gte=0)
                & Q(quantity=F("filled") + F("cancelled") + F("expired") + F("remaining")),
                name="order_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(type=OrderType.MARKET.value, price_fen__isnull=True)
                # Said aloud: an unknown comparison is no refusal.
                | Q(type=OrderType.LIMIT.value, price_fen__isnull=False, price_fen__gt=0),
                name="limit_order_has_a_price",
            ),
            models.CheckConstraint(
                condition=Q(side=Side.SELL.value, asset__isnull=False, held_fen=0, held_units=F("remaining"))
                | Q(side=Side.BUY.value, held_units=0),
                name="sale_holds_what_remains",
            ),
            models.CheckConstraint(
                condition=Q(remaining=0)
                | Q(status__in=[ACCEPTED, OrderStatus.LIVE.value, OrderStatus.PARTIALLY_FILLED.value]),
                name="ended_order_has_no_rest",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=list(OFF_BOOK), status__in=[one.value for one in LIVE_STATUSES]),
                name="order_beside_the_book_never_rests",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "-id"], name="order_of_organisation")]

    @property
    def ended(self) -> int:
        """Tonnes that are open no more: filled, cancelled or expired."""
        return self.quantity - self.remaining

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} {self.instrument_id}"


class OrderEvent(models.Model):
    """One thing accepted for an instrument, in its sequence: these rows are the queue of the matching job.

    A deal is of an order and its counterpart, the maker. price_fen, quantity: as asked for, of an order and of an
    amendment; of the end of a call the base price, to which the call's price is close.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    sequence = models.BigIntegerField()
    kind = models.CharField(max_length=8, choices=[(one, one) for one in (*OF_AN_ORDER, *OF_A_CALL)])
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="events")
    counterpart = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="+")
    price_fen = models.BigIntegerField(null=True)
    quantity = models.BigIntegerField(null=True)
    extra_held = models.BigIntegerField(default=0)  # Of an amendment: units or fen held for it beside the order's own.
    adds = models.BigIntegerField(default=0)  # Of an amendment of a purchase: the tonnes that it opens beside the rest.
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "sequence"], name="event_sequence_is_one"),
            models.CheckConstraint(
                condition=Q(kind__in=OF_AN_ORDER, order__isnull=False) | Q(kind__in=OF_A_CALL, order__isnull=True),
                name="event_is_of_an_order_or_a_call",
            ),
            models.CheckConstraint(
                condition=~Q(kind="deal") | Q(counterpart__isnull=False, quantity__isnull=False, quantity__gt=0),
                name="deal_has_two_orders",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.sequence} {self.kind}"


class TradeQuerySet(models.QuerySet["Trade"]):
    def visible_to(self, actor: Actor) -> TradeQuerySet:
        """Return the trades whose parties `actor` may know: its own organisation's; all for the market's watchers."""
        if actor.has(*WATCHERS):
            return self
        if not actor.organisation_id:
            return self.none()
        return self.filter(Q(buyer_id=actor.organisation_id) | Q(seller_id=actor.organisation_id))


class Trade(models.Model):
    """A concluded exchange of credits and money, settled in the transaction that records it. Append-only."""

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey("settlement.Asset", on_delete=models.PROTECT, related_name="+")
    maker_order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    taker_order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    # Looked up by party and day: `trade_of_buyer`, `trade_of_seller`.
    buyer = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    seller = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    buyer_group = models.CharField(max_length=64)
    seller_group = models.CharField(max_length=64)
    taker_side = models.CharField(max_length=4, choices=[(side.value, side.value) for side in Side])
    mode = models.CharField(max_length=20)
    at_call = models.BooleanField(default=False)  # At the one price of a call auction, else at the maker's price.
    price_fen = models.BigIntegerField()
    quantity = models.BigIntegerField()
    value_fen = models.BigIntegerField()
    buyer_fee_fen = models.BigIntegerField()
    seller_fee_fen = models.BigIntegerField()
    # Its constraint, `trade_of_an_entry`, goes through the entry's key: see settlement's EntryKey.
    entry = models.OneToOneField("settlement.Entry", db_constraint=False, on_delete=models.PROTECT, related_name="+")
    batch = models.ForeignKey("exchange.MatchBatch", on_delete=models.PROTECT, related_name="+")
    business_date = models.DateField()
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    objects = TradeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(value_fen=F("quantity") * F("price_fen"), quantity__gt=0, price_fen__gt=0),
                name="trade_value_is_quantity_times_price",
            ),
            models.CheckConstraint(
                condition=~Q(buyer_group=F("seller_group")) & ~Q(buyer=F("seller")), name="trade_between_two_groups"
            ),
            models.CheckConstraint(
                condition=Q(at_call=False) | Q(mode=TradingMode.CONTINUOUS.value), name="call_is_of_continuous_trading"
            ),
        ]
        indexes = [
            models.Index(fields=["instrument", "-id"], name="trade_of_instrument"),
            models.Index(fields=["business_date"], name="trade_of_day"),
            models.Index(fields=["buyer", "business_date"], name="trade_of_buyer"),
            models.Index(fields=["seller", "business_date"], name="trade_of_seller"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} at {self.price_fen}"
