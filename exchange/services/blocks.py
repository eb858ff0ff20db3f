"""Block agreements: proposed to a named party, accepted, confirmed by the exchange; each way that they end."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import ChangedMeanwhile, RoleMissing
from accounts.queries import organisation_by_uscc
from accounts.rules import HOLDER_KINDS, Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from exchange import errors, queries
from exchange.models import BlockTrade, Order
from exchange.models.blocks import OPEN_BLOCKS
from exchange.rules import BlockState, Side, TimeInForce
from exchange.services.block_lapse import block_subject
from exchange.services.deals import deal, end_beside_book
from exchange.services.new_orders import NewOrder
from exchange.services.orders import place_order
from exchange.services.sequence import lock_queues, tell_streams
from exchange.services.terms import TRADERS, require_trader
from rulebook.rules import beijing
from settlement.services import refuse_frozen_product

OPERATOR = Role.EXCHANGE_OPERATOR
LONGEST = 200


@dataclass(frozen=True)
class NewBlock:
    """A block agreement as it is proposed. counterparty: its unified social credit code; price in fen, tonnes.

    asset_id: of a sale, the batch; None takes the first that suffices.
    """

    instrument_code: str
    side: Side
    quantity: int
    price_fen: int
    counterparty: str
    note: str = ""
    asset_id: int | None = None


@transaction.atomic
def propose_block(*, actor: Actor, new: NewBlock, at: datetime) -> BlockTrade:
    """Propose a block agreement to a named party; what it needs is held until it is confirmed or ends, at most the day.

    Raises BlockWindowClosed, CounterpartyUnsuitable, SelfTrade, BlockNoteUnreadable and what place_order raises.
    """
    require_trader(actor)
    instrument = queries.instrument_by_code(new.instrument_code)
    _refuse_outside_window(instrument.rule_scheme, at)
    other = organisation_by_uscc(new.counterparty)
    if other is None or other.kind not in HOLDER_KINDS or other.id == actor.organisation_id:
        raise errors.CounterpartyUnsuitable(field="counterparty")
    if not new.note.isprintable() or len(new.note) > LONGEST:
        raise errors.BlockNoteUnreadable(field="note")
    placed = place_order(actor=actor, order=_order(new, new.side, new.asset_id), at=at)
    proposal = Order.objects.get(pk=placed.id)
    if proposal.control_group == other.control_group:
        raise errors.SelfTrade(field="counterparty")
    row = BlockTrade.objects.create(
        instrument=instrument,
        proposer_id=proposal.organisation_id,
        counterparty_id=other.id,
        side=new.side,
        price_fen=new.price_fen,
        quantity=new.quantity,
        note=new.note,
        proposal=proposal,
        digest=_digest(new, proposal.organisation_id, at),
        proposed_by_id=actor.user_id,
        at=at,
    )
    for role in TRADERS:
        open_work_item(
            kind="answer_block",
            title=_("Answer the block agreement proposed in {code}"),
            subject=block_subject(row),
            url=f"/blocks/{row.pk}/",
            role=role,
            organisation_id=other.id,
            found={"code": instrument.code},
            at=at,
        )
    _note(row, actor, "propose_block", at)
    return row


@transaction.atomic
def accept_block(*, actor: Actor, block_id: int, asset_id: int | None = None, at: datetime) -> BlockTrade:
    """Accept a proposed agreement as its counterparty; what it needs is held, and the exchange is asked to confirm.

    Raises BlockNotThere, BlockEnded, BlockWindowClosed and what place_order raises.
    """
    require_trader(actor)
    row = _locked(block_id, actor.organisation_id, BlockState.PROPOSED)
    _refuse_outside_window(row.instrument.rule_scheme, at)
    new = NewBlock(row.instrument.code, Side(row.side), row.quantity, row.price_fen, "")
    placed = place_order(actor=actor, order=_order(new, new.side.other, asset_id), at=at)
    row.state, row.acceptance_id, row.answered_by_id = BlockState.ACCEPTED, placed.id, actor.user_id
    row.save(update_fields=["state", "acceptance", "answered_by"])
    close_work_items(subject=block_subject(row), at=at)
    open_work_item(
        kind="confirm_block",
        title=_("Confirm the block agreement in {code}: {quantity} t"),
        subject=block_subject(row),
        url=f"/blocks/{row.pk}/",
        role=OPERATOR,
        found={"code": row.instrument.code, "quantity": str(row.quantity)},
        at=at,
    )
    _note(row, actor, "accept_block", at)
    return row


@transaction.atomic
def decline_block(*, actor: Actor, block_id: int, reason: str = "", at: datetime) -> BlockTrade:
    """Decline a proposed agreement as its counterparty. Raises BlockNotThere, BlockEnded, BlockNoteUnreadable."""
    require_trader(actor)
    row = _locked(block_id, actor.organisation_id, BlockState.PROPOSED)
    row.answered_by_id, row.reason = actor.user_id, _readable(reason)
    _end(row, BlockState.DECLINED, at)
    _note(row, actor, "decline_block", at)
    return row


@transaction.atomic
def withdraw_block(*, actor: Actor, block_id: int, at: datetime) -> BlockTrade:
    """Take an own proposal back while nobody has accepted it. Raises BlockNotThere, BlockEnded."""
    require_trader(actor)
    row = _locked(block_id, actor.organisation_id, BlockState.PROPOSED, by_proposer=True)
    _end(row, BlockState.WITHDRAWN, at)
    _note(row, actor, "withdraw_block", at)
    return row


@transaction.atomic
def confirm_block(*, actor: Actor, block_id: int, digest: str, at: datetime) -> BlockTrade:
    """Confirm an accepted agreement as the exchange: it trades and is settled in this transaction.

    Where it cannot be traded any more (a party's order has ended, the buyer has sold the product meanwhile), it lapses
    and both get back what is held. Raises RoleMissing,
    PasswordNeeded, BlockNotThere, BlockEnded, ChangedMeanwhile, Halted, settlement's AssetFrozen.
    """
    _operator(actor)
    require_confirmed(actor, at)
    row = _locked(block_id, None, BlockState.ACCEPTED)
    if digest != row.digest:
        raise ChangedMeanwhile(field="digest")
    for organisation_id in (row.proposer_id, row.counterparty_id):
        _refuse_halted(row.instrument_id, organisation_id, at)
    refuse_frozen_product(row.instrument.project_code, row.instrument.vintage_year)
    assert row.acceptance is not None
    trade = deal(maker=row.proposal, taker=row.acceptance, quantity=row.quantity, at=at)
    if trade is None:
        _end(row, BlockState.LAPSED, at)
    else:
        row.trade_id, row.decided_by_id = trade.pk, actor.user_id
        row.state, row.ended_at = BlockState.CONFIRMED, at
        row.save(update_fields=["state", "trade", "decided_by", "ended_at"])
        close_work_items(subject=block_subject(row), at=at)
        tell_streams(
            row.instrument_id, [("block", {"price": row.price_fen, "quantity": row.quantity, "at": at.isoformat()})]
        )
    _note(row, actor, "confirm_block", at)
    return row


@transaction.atomic
def refuse_block(*, actor: Actor, block_id: int, reason: str, at: datetime) -> BlockTrade:
    """Refuse an agreement as the exchange, with a reason; both get back what is held.

    Raises RoleMissing, BlockNotThere, BlockEnded, BlockNoteUnreadable.
    """
    _operator(actor)
    if not reason.strip():
        raise errors.BlockNoteUnreadable(field="reason")
    row = _locked(block_id, None, *OPEN_BLOCKS)
    row.decided_by_id, row.reason = actor.user_id, _readable(reason)
    _end(row, BlockState.REFUSED, at)
    _note(row, actor, "refuse_block", at)
    return row


def _order(new: NewBlock, side: Side, asset_id: int | None) -> NewOrder:
    return NewOrder(
        new.instrument_code,
        side,
        new.quantity,
        new.price_fen,
        kind="block",
        time_in_force=TimeInForce.DAY,
        asset_id=asset_id if side is Side.SELL else None,
    )


def _end(row: BlockTrade, state: BlockState, at: datetime) -> None:
    """End an agreement without a trade: both orders end and give back what they hold."""
    row.state, row.ended_at = state, at
    row.save(update_fields=["state", "ended_at", "answered_by", "decided_by", "reason"])
    numbers = [pk for pk in (row.proposal_id, row.acceptance_id) if pk is not None]
    end_beside_book(orders=list(Order.objects.filter(pk__in=numbers, remaining__gt=0)), at=at)
    close_work_items(subject=block_subject(row), at=at)


def _locked(block_id: int, organisation_id: int | None, *states: str, by_proposer: bool = False) -> BlockTrade:
    """Return an agreement in one of some states, its instrument's queue and itself locked.

    organisation_id: of the party that acts, None for the exchange; only the party whose turn it is finds it.
    """
    found = BlockTrade.objects.filter(pk=block_id).first()
    if found is not None:
        lock_queues([found.instrument_id])
        rows = BlockTrade.objects.select_for_update(of=("self",))
        found = rows.select_related("instrument", "proposal", "acceptance").get(pk=block_id)
    party = None if found is None else found.proposer_id if by_proposer else found.counterparty_id
    if found is None or (organisation_id is not None and party != organisation_id):
        raise errors.BlockNotThere
    if found.state not in states:
        raise errors.BlockEnded
    return found


def _refuse_outside_window(scheme: str, at: datetime) -> None:
    profile = queries.profile(at, scheme)
    if not profile.in_block_window(beijing(at).time()):
        rule = profile.values["trading.block_window"]
        begins, ends = rule.value
        raise errors.BlockWindowClosed(rule=rule, begins=begins, ends=ends)


def _refuse_halted(instrument_id: int, organisation_id: int, at: datetime) -> None:
    halted = queries.live_halt(instrument_id, organisation_id, at)
    if halted is not None:
        raise errors.Halted(
            since=beijing(halted.since).strftime("%Y-%m-%d %H:%M"),
            order_number=halted.order_number,
            reason=halted.reason,
        )


def _operator(actor: Actor) -> None:
    if not actor.has(OPERATOR) or actor.user_id is None:
        raise RoleMissing(roles=[OPERATOR])


def _readable(text: str) -> str:
    text = text.strip()
    if not text.isprintable() or len(text) > LONGEST:
        raise errors.BlockNoteUnreadable(field="reason")
    return text


def _digest(new: NewBlock, proposer_id: int, at: datetime) -> str:
    said = {**asdict(new), "proposer": proposer_id, "at": at.isoformat()}
    return hashlib.sha256(json.dumps(said, default=str, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _note(row: BlockTrade, actor: Actor, verb: str, at: datetime) -> None:
    record_audit(
        actor=actor,
        verb=verb,
        subject=block_subject(row),
        before=None,
        after={"state": str(row.state), "price_fen": row.price_fen, "quantity": row.quantity, "reason": row.reason},
        at=at,
    )
