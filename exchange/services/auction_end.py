"""How an auction ends: by its time, with the best bid or none; or by the exchange. What is not traded goes back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.services import close_work_items
from exchange import queries
from exchange.models import Auction, AuctionBid, AuctionEntrant, Order, Trade
from exchange.queries.auctions import terms_of_auction
from exchange.rules import AuctionState, Bid, ranked
from exchange.services.deals import deal, end_beside_book
from exchange.services.sequence import lock_queues, tell_streams
from rulebook.queries import business_date
from settlement.services import release_cash_of_order


def end_due_auctions(at: datetime) -> str:
    """End the auctions whose time is over, each in a transaction of its own; say what was done. Right when run twice.

    While a halt stands in the way of its instrument, an auction waits for its end; once the day's bulletin is out, for
    the next day.
    """
    traded = failed = 0
    for auction_id in queries.due_auctions(at):
        with transaction.atomic():
            row = locked_auction(auction_id)
            if row.state != AuctionState.ANNOUNCED or row.ends_at > at:
                continue
            if queries.live_halt(row.instrument_id, None, at) is not None or queries.is_published(business_date(at)):
                continue
            trade = _with_the_best(row, at)
            finish(row, AuctionState.TRADED if trade else AuctionState.FAILED, at=at, trade=trade)
            traded, failed = traded + (trade is not None), failed + (trade is None)
    return f"{traded} auctions traded, {failed} failed" if traded or failed else ""


def _with_the_best(row: Auction, at: datetime) -> Trade | None:
    """Trade with the best bid that can still be traded; None where none reaches the reserve price."""
    live = AuctionBid.objects.filter(auction=row, order__remaining__gt=0).select_related("order")
    bids = {bid.pk: bid for bid in live}
    standing = [Bid(bid.pk, bid.price_fen, bid.place) for bid in bids.values()]
    for best in ranked(terms_of_auction(row), standing):
        trade = deal(maker=bids[best.id].order, taker=row.lot, quantity=row.quantity, at=at)
        if trade is not None:
            return trade
    return None


def finish(row: Auction, state: AuctionState, *, at: datetime, trade: Trade | None = None, reason: str = "") -> None:
    """Bring a locked auction to its end: what is left of lot and bids ends, deposits go back."""
    numbers = [row.lot_id, *AuctionBid.objects.filter(auction=row).values_list("order_id", flat=True)]
    end_beside_book(orders=list(Order.objects.filter(pk__in=numbers, remaining__gt=0)), at=at)
    for entrant in AuctionEntrant.objects.select_for_update().filter(auction=row, returned_at=None).order_by("pk"):
        return_deposit(entrant, at)
    row.state, row.trade, row.ended_at, row.reason = state, trade, at, reason
    row.save(update_fields=["state", "trade", "ended_at", "reason", "decided_by"])
    close_work_items(subject=auction_subject(row), at=at)
    tell_streams(row.instrument_id, [("auction", {"auction": row.pk, "state": state.value})])


def return_deposit(entrant: AuctionEntrant, at: datetime) -> None:
    """Give an entrant its deposit back, once."""
    if entrant.deposit_fen:
        release_cash_of_order(
            key=f"auction:{entrant.auction_id}:deposit:{entrant.pk}:return",
            organisation_id=entrant.organisation_id,
            fen=entrant.deposit_fen,
            at=at,
        )
    entrant.returned_at = at
    entrant.save(update_fields=["returned_at"])


def locked_auction(auction_id: int) -> Auction:
    """Return an auction, its instrument's queue and itself locked. Raises AuctionNotThere."""
    found = queries.auction(auction_id)
    lock_queues([found.instrument_id])
    rows = Auction.objects.select_for_update(of=("self",)).select_related("instrument", "lot")
    return rows.get(pk=auction_id)


def auction_subject(row: Auction) -> str:
    """Return what work items and the audit trail call an auction."""
    return f"auction:{row.pk}"
