"""Auctions: public as notices; who bids and at what is known to each reader as far as the format allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.rules import Actor, Role
from exchange.errors import AuctionNotThere
from exchange.models import Auction, AuctionBid, AuctionEntrant
from exchange.rules import AuctionFormat, AuctionState, AuctionTerms, Side

OPERATOR = Role.EXCHANGE_OPERATOR
PUBLIC_STATES = (AuctionState.ANNOUNCED, AuctionState.TRADED, AuctionState.FAILED, AuctionState.CANCELLED)


def terms_of_auction(row: Auction) -> AuctionTerms:
    """Return what the bids of an auction are measured by."""
    return AuctionTerms(
        Side(row.side), AuctionFormat(row.format), row.start_price_fen, row.reserve_price_fen, row.step_fen
    )


def auctions_visible_to(actor: Actor) -> QuerySet[Auction]:
    """Return the auctions `actor` may see, newest first: what was announced, the own proposals, all for watchers."""
    rows = Auction.objects.select_related("instrument", "organisation", "trade").order_by("-pk")
    if actor.has(OPERATOR, Role.AUDITOR):
        return rows
    seen = Q(state__in=[state.value for state in PUBLIC_STATES])
    if actor.organisation_id:
        seen |= Q(organisation_id=actor.organisation_id)
    return rows.filter(seen)


def auction(auction_id: int) -> Auction:
    """Return one auction. Raises AuctionNotThere."""
    found = Auction.objects.filter(pk=auction_id).first()
    if found is None:
        raise AuctionNotThere
    return found


def auction_seen_by(actor: Actor, auction_id: int) -> Auction:
    """Return one auction that `actor` may see. Raises AuctionNotThere."""
    found = auctions_visible_to(actor).filter(pk=auction_id).first()
    if found is None:
        raise AuctionNotThere
    return found


@dataclass(frozen=True)
class BidLine:
    """A bid as a reader sees it: fen; is_own: of the reader's organisation; stands: its order holds what it needs."""

    place: int
    price_fen: int
    at: datetime
    is_own: bool
    stands: bool


def bids_seen_by(actor: Actor, row: Auction) -> list[BidLine]:
    """Return the bids of an auction that a reader may see, newest first.

    Sealed ones are seen by nobody but their maker until the auction has ended: not by the exchange either.
    """
    rows = AuctionBid.objects.filter(auction=row).select_related("entrant", "order").order_by("-place")
    if row.format == AuctionFormat.SEALED and row.ended_at is None:
        rows = rows.filter(entrant__organisation_id=actor.organisation_id) if actor.organisation_id else rows.none()
    own = actor.organisation_id
    return [
        BidLine(
            one.place,
            one.price_fen,
            one.at,
            own is not None and one.entrant.organisation_id == own,
            one.order.remaining > 0,
        )
        for one in rows
    ]


def entrants_seen_by(actor: Actor, row: Auction) -> list[AuctionEntrant]:
    """Return who applied: all for the exchange and auditors, the own application for others."""
    rows = AuctionEntrant.objects.filter(auction=row).select_related("organisation").order_by("pk")
    if not actor.has(OPERATOR, Role.AUDITOR):
        rows = rows.filter(organisation_id=actor.organisation_id) if actor.organisation_id else rows.none()
    return list(rows)


def due_auctions(at: datetime) -> list[int]:
    """Return the announced auctions whose time is over."""
    rows = Auction.objects.filter(state=AuctionState.ANNOUNCED.value, ends_at__lte=at)
    return list(rows.order_by("ends_at", "pk").values_list("pk", flat=True))


def auction_instants(after: datetime, until: datetime) -> list[datetime]:
    """Return when announced auctions end, in (after, until]."""
    rows = Auction.objects.filter(state=AuctionState.ANNOUNCED.value, ends_at__gt=after, ends_at__lte=until)
    return list(rows.values_list("ends_at", flat=True))
