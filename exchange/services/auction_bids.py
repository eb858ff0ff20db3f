"""Entering an auction with a deposit, being admitted to it, and bidding."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from accounts.queries import organisation
from accounts.rules import Actor
from accounts.services import close_work_items, open_work_item
from exchange import errors, queries
from exchange.models import Auction, AuctionBid, AuctionEntrant, Order
from exchange.queries.auctions import terms_of_auction
from exchange.rules import AuctionFormat, AuctionState, EntrantState, Side, TimeInForce, end_after
from exchange.services.auction_end import return_deposit
from exchange.services.auctions import in_state, note_auction, readable, require_operator
from exchange.services.deals import end_beside_book
from exchange.services.new_orders import NewOrder
from exchange.services.orders import place_order
from exchange.services.sequence import tell_streams
from exchange.services.terms import require_trader, trader, yuan
from rulebook.rules import beijing
from settlement.services import hold_cash_for_order


@transaction.atomic
def apply_to_auction(*, actor: Actor, auction_id: int, statement: str, at: datetime) -> AuctionEntrant:
    """Apply to bid in an announced auction; the deposit is held until it ends. statement: of the own qualification.

    Raises RoleMissing, AuctionNotThere, AuctionEnded (also for a second application), AuctionNotOpenToYou,
    AuctionTextUnreadable, settlement's InsufficientFunds.
    """
    require_trader(actor)
    row = in_state(auction_id, AuctionState.ANNOUNCED)
    holder = trader(actor, at)
    if holder.control_group == organisation(row.organisation_id).control_group:
        raise errors.AuctionNotOpenToYou
    if at >= row.ends_at:
        raise errors.AuctionEnded
    text = readable(statement, "statement")
    try:
        with transaction.atomic():  # `entrant_applies_once` has the word.
            entrant = AuctionEntrant.objects.create(
                auction=row,
                organisation_id=holder.id,
                deposit_fen=row.deposit_fen,
                statement=text,
                applied_by_id=actor.user_id,
                at=at,
            )
    except IntegrityError as error:
        if "entrant_applies_once" not in str(error):
            raise
        raise errors.AuctionEnded from error
    if row.deposit_fen:
        hold_cash_for_order(
            key=f"auction:{row.pk}:deposit:{entrant.pk}:hold",
            organisation_id=holder.id,
            fen=row.deposit_fen,
            at=at,
        )
    open_work_item(
        kind="admit_entrant",
        title=_("Decide who may bid in the auction {number}"),
        subject=_subject(entrant),
        url=f"/auctions/{row.pk}/",
        role=queries.OPERATOR,
        found={"number": row.number},
        at=at,
    )
    note_auction(row, actor, "apply_to_auction", at)
    return entrant


@transaction.atomic
def decide_entrant(*, actor: Actor, entrant_id: int, admit: bool, at: datetime) -> AuctionEntrant:
    """Admit an applicant to the bidding as the exchange, or refuse it and give its deposit back.

    Raises RoleMissing, AuctionNotThere, AuctionEnded.
    """
    require_operator(actor)
    found = AuctionEntrant.objects.filter(pk=entrant_id).first()
    if found is None:
        raise errors.AuctionNotThere
    row = in_state(found.auction_id, AuctionState.ANNOUNCED)
    entrant = AuctionEntrant.objects.select_for_update().get(pk=entrant_id)
    if entrant.state != EntrantState.APPLIED:
        raise errors.AuctionEnded
    entrant.state = EntrantState.ADMITTED if admit else EntrantState.REFUSED
    entrant.decided_by_id = actor.user_id
    entrant.save(update_fields=["state", "decided_by"])
    if not admit:
        return_deposit(entrant, at)
    close_work_items(subject=_subject(entrant), at=at)
    note_auction(row, actor, "admit_entrant" if admit else "refuse_entrant", at)
    return entrant


@transaction.atomic
def bid(*, actor: Actor, auction_id: int, price_fen: int, at: datetime) -> AuctionBid:
    """Bid for the whole lot; what the bid needs is held while it stands. A late bid of an open auction makes it longer.

    In an open auction a better bid ends the one that was the best; in a sealed one the own newest takes the place of
    the own former one. Raises RoleMissing, AuctionNotThere, AuctionNotRunning, AuctionNotOpenToYou, BidTooLow and what
    place_order raises.
    """
    require_trader(actor)
    holder = trader(actor, at)
    row = in_state(auction_id, AuctionState.ANNOUNCED)
    if not row.begins_at <= at < row.ends_at:
        raise errors.AuctionNotRunning(begins_at=_clock(row.begins_at), ends_at=_clock(row.ends_at))
    entrant = AuctionEntrant.objects.filter(
        auction=row, organisation_id=holder.id, state=EntrantState.ADMITTED.value
    ).first()
    if entrant is None:
        raise errors.AuctionNotOpenToYou
    terms, sealed = terms_of_auction(row), row.format == AuctionFormat.SEALED
    standing = AuctionBid.objects.filter(auction=row, order__remaining__gt=0)
    best = None if sealed else _best(row)
    if not terms.may_stand(price_fen, best):
        raise errors.BidTooLow(field="price", least=yuan(terms.least(best)), price=yuan(price_fen))
    former = standing.filter(entrant=entrant) if sealed else standing
    end_beside_book(orders=list(Order.objects.filter(pk__in=former.values("order_id"))), at=at)
    order = NewOrder(
        row.instrument.code,
        Side(row.side).other,
        row.quantity,
        price_fen,
        kind="auction",
        time_in_force=TimeInForce.GTC,
    )
    placed = place_order(actor=actor, order=order, at=at)
    made = AuctionBid.objects.create(
        auction=row,
        entrant=entrant,
        order_id=placed.id,
        place=AuctionBid.objects.filter(auction=row).count() + 1,
        price_fen=price_fen,
        at=at,
    )
    if not sealed:
        _extend(row, at)
    told: dict[str, object] = {"auction": row.pk, "state": "bid"}
    tell_streams(row.instrument_id, [("auction", told if sealed else {**told, "price": price_fen})])
    return made


def _best(row: Auction) -> int | None:
    """Return the best price ever bid in an open auction: also of a bid that has ended, the next one betters it."""
    prices = AuctionBid.objects.filter(auction=row).values_list("price_fen", flat=True)
    return (max if row.side == Side.SELL else min)(prices, default=None)


def _extend(row: Auction, at: datetime) -> None:
    window, more = queries.profile(at, row.instrument.rule_scheme).auction_late_bids
    ends_at = end_after(row.ends_at, bid_at=at, window=window, more=more, latest=row.latest_end)
    if ends_at != row.ends_at:
        row.ends_at = ends_at
        row.save(update_fields=["ends_at"])


def _clock(instant: datetime) -> str:
    return beijing(instant).strftime("%Y-%m-%d %H:%M:%S")


def _subject(entrant: AuctionEntrant) -> str:
    return f"entrant:{entrant.pk}"
