from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from exchange.models.instruments import Instrument
from exchange.models.orders import Order, Trade
from exchange.rules import AuctionFormat, AuctionState, EntrantState, Side
from rulebook.rules import beijing


class Auction(models.Model):
    """A one-way auction of one lot: proposed by its owner, announced by the exchange, won by the best bid.

    side: of the lot. lot: the owner's order, which holds what the lot needs from the proposal on. ends_at: only moves
    later, by late bids, up to latest_end.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=4, choices=[(side.value, side.value) for side in Side])
    format = models.CharField(max_length=6, choices=[(one.value, one.value) for one in AuctionFormat])
    quantity = models.BigIntegerField()
    start_price_fen = models.BigIntegerField()
    reserve_price_fen = models.BigIntegerField()
    step_fen = models.BigIntegerField()
    deposit_fen = models.BigIntegerField()
    qualification = models.CharField(max_length=300, blank=True)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    latest_end = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=[(one.value, one.value) for one in AuctionState], default=AuctionState.PROPOSED.value
    )
    lot = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="+")
    trade = models.OneToOneField(Trade, null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    reason = models.CharField(max_length=200, blank=True)  # Why it was refused or cancelled.
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    announced_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0, start_price_fen__gt=0, step_fen__gt=0, deposit_fen__gte=0)
                & (
                    Q(side=Side.SELL.value, reserve_price_fen__gte=F("start_price_fen"))
                    | Q(side=Side.BUY.value, reserve_price_fen__lte=F("start_price_fen"), reserve_price_fen__gt=0)
                ),
                name="auction_prices_fit",
            ),
            models.CheckConstraint(
                condition=Q(begins_at__gt=F("at"), ends_at__gt=F("begins_at"), latest_end__gte=F("ends_at")),
                name="auction_times_fit",
            ),
            models.CheckConstraint(
                condition=Q(state=AuctionState.PROPOSED.value, announced_at=None, trade=None, ended_at=None)
                | Q(state=AuctionState.ANNOUNCED.value, announced_at__isnull=False, trade=None, ended_at=None)
                | Q(
                    state=AuctionState.TRADED.value,
                    announced_at__isnull=False,
                    trade__isnull=False,
                    ended_at__isnull=False,
                )
                | Q(
                    state__in=[AuctionState.FAILED.value, AuctionState.CANCELLED.value],
                    announced_at__isnull=False,
                    trade=None,
                    ended_at__isnull=False,
                )
                | Q(
                    state__in=[AuctionState.REFUSED.value, AuctionState.WITHDRAWN.value],
                    announced_at=None,
                    trade=None,
                    ended_at__isnull=False,
                ),
                name="auction_state_has_its_fields",
            ),
            models.CheckConstraint(
                condition=Q(announced_at=None) | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="auction_is_announced_by_another",
            ),
        ]

    @property
    def number(self) -> str:
        """The number of its notice."""
        return f"JJ{beijing(self.at):%Y}{self.pk:06d}"

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} {self.instrument_id} {self.state}"


class AuctionEntrant(models.Model):
    """Who wants to bid in an auction: applies with its deposit, which goes back at the end, and is admitted or not."""

    auction = models.ForeignKey(Auction, on_delete=models.PROTECT, related_name="entrants")
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=8, choices=[(one.value, one.value) for one in EntrantState], default=EntrantState.APPLIED.value
    )
    deposit_fen = models.BigIntegerField()
    statement = models.CharField(max_length=300, blank=True)  # What the applicant says of its qualification.
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["auction", "organisation"], name="entrant_applies_once"),
            models.CheckConstraint(condition=Q(deposit_fen__gte=0), name="deposit_not_negative"),
            models.CheckConstraint(
                condition=Q(state=EntrantState.APPLIED.value, decided_by=None)
                | (~Q(state=EntrantState.APPLIED.value) & Q(decided_by__isnull=False) & ~Q(decided_by=F("applied_by"))),
                name="entrant_is_decided_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} in {self.auction_id}"


class AuctionBid(models.Model):
    """A bid: an order beside the book that holds what it needs while it stands. Append-only.

    place: its number among the auction's bids.
    """

    auction = models.ForeignKey(Auction, on_delete=models.PROTECT, related_name="bids")
    entrant = models.ForeignKey(AuctionEntrant, on_delete=models.PROTECT, related_name="bids")
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="+")
    place = models.PositiveIntegerField()
    price_fen = models.BigIntegerField()
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["auction", "place"], name="bid_place_is_one")]

    def __str__(self) -> str:
        return f"{self.price_fen} in {self.auction_id}"
