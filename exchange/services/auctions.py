"""Auctions: proposed by the lot's owner, announced or refused by the exchange, withdrawn before, cancelled after."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import ChangedMeanwhile, RoleMissing
from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from exchange import errors, queries
from exchange.models import Auction, Order
from exchange.rules import AuctionFormat, AuctionState, Phase, Profile, Side, TimeInForce, TradingMode
from exchange.services.auction_end import auction_subject, finish, locked_auction
from exchange.services.new_orders import NewOrder
from exchange.services.orders import place_order
from exchange.services.sequence import tell_streams
from exchange.services.terms import require_trader, yuan
from rulebook.queries import add_trading_days, business_date
from rulebook.rules import BEIJING, beijing

OPERATOR = Role.EXCHANGE_OPERATOR
LONGEST_REASON, LONGEST_STATEMENT = 200, 300


@dataclass(frozen=True)
class NewAuction:
    """An auction as it is proposed. side: of the lot, SELL for credits offered; prices in fen, the deposit in fen.

    asset_id: of a sale, the batch; None takes the first that suffices.
    """

    instrument_code: str
    side: Side
    format: AuctionFormat
    quantity: int
    start_price_fen: int
    reserve_price_fen: int
    step_fen: int
    deposit_fen: int
    begins_at: datetime
    ends_at: datetime
    qualification: str = ""
    asset_id: int | None = None


@transaction.atomic
def propose_auction(*, actor: Actor, new: NewAuction, at: datetime) -> Auction:
    """Propose an auction of an own lot; the lot is held from now on. The exchange announces it or refuses.

    Raises AuctionPrices, AuctionTimes, AuctionTextUnreadable and what place_order raises.
    """
    require_trader(actor)
    instrument = queries.instrument_by_code(new.instrument_code)
    profile = queries.profile(at, instrument.rule_scheme)
    _refuse_prices(new, profile)
    latest_end = _latest_end(new, profile, business_date(at))
    readable(new.qualification, "qualification")
    order = NewOrder(
        new.instrument_code,
        new.side,
        new.quantity,
        new.reserve_price_fen,
        kind="auction",
        time_in_force=TimeInForce.GTC,
        asset_id=new.asset_id if new.side is Side.SELL else None,
    )
    lot = Order.objects.get(pk=place_order(actor=actor, order=order, at=at).id)
    said = json.dumps({**asdict(new), "at": at}, default=str, ensure_ascii=False, sort_keys=True)
    row = Auction.objects.create(
        instrument=instrument,
        organisation_id=lot.organisation_id,
        side=new.side,
        format=new.format,
        quantity=new.quantity,
        start_price_fen=new.start_price_fen,
        reserve_price_fen=new.reserve_price_fen,
        step_fen=new.step_fen,
        deposit_fen=new.deposit_fen,
        qualification=new.qualification,
        begins_at=new.begins_at,
        ends_at=new.ends_at,
        latest_end=latest_end if new.format is AuctionFormat.OPEN else new.ends_at,
        lot=lot,
        digest=hashlib.sha256(said.encode()).hexdigest(),
        proposed_by_id=actor.user_id,
        at=at,
    )
    open_work_item(
        kind="announce_auction",
        title=_("Announce the auction in {code}: {quantity} t"),
        subject=auction_subject(row),
        url=f"/auctions/{row.pk}/",
        role=OPERATOR,
        found={"code": instrument.code, "quantity": str(row.quantity)},
        at=at,
    )
    note_auction(row, actor, "propose_auction", at)
    return row


@transaction.atomic
def announce_auction(*, actor: Actor, auction_id: int, digest: str, at: datetime) -> Auction:
    """Announce an auction as the exchange, if its notice is still long enough; applications are taken from now on.

    Raises RoleMissing, PasswordNeeded, AuctionNotThere, AuctionEnded, ChangedMeanwhile, AuctionTimes.
    """
    require_operator(actor)
    require_confirmed(actor, at)
    row = in_state(auction_id, AuctionState.PROPOSED)
    if digest != row.digest:
        raise ChangedMeanwhile(field="digest")
    profile = queries.profile(at, row.instrument.rule_scheme)
    first_day = _first_day(profile, business_date(at))
    if first_day is None or business_date(row.begins_at) < first_day:
        raise _times(profile, first_day, "begins_at")
    row.state, row.announced_at, row.decided_by_id = AuctionState.ANNOUNCED, at, actor.user_id
    row.save(update_fields=["state", "announced_at", "decided_by"])
    close_work_items(subject=auction_subject(row), at=at)
    tell_streams(row.instrument_id, [("auction", {"auction": row.pk, "state": "announced"})])
    note_auction(row, actor, "announce_auction", at)
    return row


@transaction.atomic
def refuse_auction(*, actor: Actor, auction_id: int, reason: str, at: datetime) -> Auction:
    """Refuse a proposed auction as the exchange, with a reason; the lot is given back.

    Raises RoleMissing, AuctionNotThere, AuctionEnded, AuctionTextUnreadable.
    """
    require_operator(actor)
    row = in_state(auction_id, AuctionState.PROPOSED)
    row.decided_by_id = actor.user_id
    finish(row, AuctionState.REFUSED, at=at, reason=readable(reason, "reason", needed=True))
    note_auction(row, actor, "refuse_auction", at)
    return row


@transaction.atomic
def withdraw_auction(*, actor: Actor, auction_id: int, at: datetime) -> Auction:
    """Take an own proposal back before it is announced. Raises AuctionNotThere, AuctionEnded."""
    require_trader(actor)
    row = in_state(auction_id, AuctionState.PROPOSED, AuctionState.ANNOUNCED)
    if row.organisation_id != actor.organisation_id:
        raise errors.AuctionNotThere
    if row.state != AuctionState.PROPOSED:
        raise errors.AuctionEnded
    finish(row, AuctionState.WITHDRAWN, at=at)
    note_auction(row, actor, "withdraw_auction", at)
    return row


@transaction.atomic
def cancel_auction(*, actor: Actor, auction_id: int, reason: str, at: datetime) -> Auction:
    """Cancel an announced auction as the exchange, with a reason: lot, bids and deposits are given back.

    Raises RoleMissing, PasswordNeeded, AuctionNotThere, AuctionEnded, AuctionTextUnreadable.
    """
    require_operator(actor)
    require_confirmed(actor, at)
    row = in_state(auction_id, AuctionState.ANNOUNCED)
    finish(row, AuctionState.CANCELLED, at=at, reason=readable(reason, "reason", needed=True))
    note_auction(row, actor, "cancel_auction", at)
    return row


def in_state(auction_id: int, *states: AuctionState) -> Auction:
    """Return a locked auction in one of some states. Raises AuctionNotThere, AuctionEnded."""
    row = locked_auction(auction_id)
    if row.state not in states:
        raise errors.AuctionEnded
    return row


def require_operator(actor: Actor) -> None:
    """Raise RoleMissing unless the actor is an operator of the exchange."""
    if not actor.has(OPERATOR) or actor.user_id is None:
        raise RoleMissing(roles=[OPERATOR])


def readable(text: str, field: str, *, needed: bool = False) -> str:
    """Return a text as it is stored. Raises AuctionTextUnreadable."""
    text = text.strip()
    longest = LONGEST_REASON if field == "reason" else LONGEST_STATEMENT
    if not text.isprintable() or len(text) > longest or (needed and not text):
        raise errors.AuctionTextUnreadable(field=field)
    return text


def note_auction(row: Auction, actor: Actor, verb: str, at: datetime) -> None:
    """Write an act of an auction into the audit trail."""
    record_audit(
        actor=actor,
        verb=verb,
        subject=auction_subject(row),
        before=None,
        after={"state": str(row.state), "quantity": row.quantity, "reason": row.reason},
        at=at,
    )


def _refuse_prices(new: NewAuction, profile: Profile) -> None:
    share = profile.auction_deposit_share
    value = new.start_price_fen * new.quantity
    highest = value if share is None else int(value * share)
    sells = new.side is Side.SELL
    fits = new.reserve_price_fen >= new.start_price_fen if sells else new.reserve_price_fen <= new.start_price_fen
    field = ""
    if new.start_price_fen <= 0 or new.reserve_price_fen <= 0 or not fits:
        field = "reserve_price"
    elif new.step_fen <= 0 or new.step_fen % profile.tick_fen:
        field = "step"
    elif not 0 <= new.deposit_fen <= highest:
        field = "deposit"
    if field:
        rule = profile.values.get("auction.highest_deposit_share") if field == "deposit" else None
        raise errors.AuctionPrices(field=field, rule=rule, highest_deposit=yuan(max(0, highest)))


def _latest_end(new: NewAuction, profile: Profile, today: date) -> datetime:
    """Return the end of the session that an auction lies in. Raises AuctionTimes."""
    first_day = _first_day(profile, today)
    begins, ends = beijing(new.begins_at), beijing(new.ends_at)
    day = begins.date()
    is_open = queries.phase_at(new.begins_at, profile, TradingMode.LISTED) is Phase.SESSION
    if first_day is None or day < first_day or not is_open:
        raise _times(profile, first_day, "begins_at")
    sessions = profile.schedule(TradingMode.LISTED).sessions
    close = next((end for start, end in sessions or () if start <= begins.time() < end), None)
    latest = ends if close is None else datetime.combine(day, close, BEIJING)
    if ends - begins < profile.auction_shortest or ends > latest:
        raise _times(profile, first_day, "ends_at")
    return latest


def _first_day(profile: Profile, today: date) -> date | None:
    """Return the first day on which an auction announced today may begin; None past the loaded calendar."""
    return add_trading_days(today, profile.auction_notice_days + 1)


def _times(profile: Profile, first_day: date | None, field: str) -> errors.AuctionTimes:
    shortest = profile.auction_shortest
    return errors.AuctionTimes(
        field=field,
        rule=profile.values.get("auction.notice_days" if field == "begins_at" else "auction.shortest_minutes"),
        minutes=int(Decimal(shortest.total_seconds()) / 60),
        first_day=first_day.isoformat() if first_day else "—",
    )
