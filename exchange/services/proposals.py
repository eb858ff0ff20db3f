"""Proposed trades of a listed instrument: offered where posts meet, taken up by whoever confirms first."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.queries import organisation
from accounts.rules import Actor
from exchange import queries, rules
from exchange.errors import ProposalNotThere
from exchange.models import TradeProposal
from exchange.services.bars import refuse_barred
from exchange.services.match_run import MatchRun
from exchange.services.sequence import accept_event, lock_queues
from settlement.services import refuse_frozen_product

MOST_PROPOSALS = 50  # Technical: how many pairs are proposed at once; the rest follows when these are closed.


@transaction.atomic
def confirm_proposal(*, actor: Actor, proposal_id: int, at: datetime) -> int:
    """Confirm a proposal for the actor's own post and return the instrument's id; the other's price holds.

    Raises ProposalNotThere: unknown, another's, or confirmed already by the other side; Barred, and settlement's
    AssetFrozen.
    """
    asked = TradeProposal.objects.filter(pk=proposal_id).first()
    if asked is None:
        raise ProposalNotThere
    lock_queues([asked.instrument_id])
    proposal = (
        TradeProposal.objects.select_for_update(of=("self",))
        .select_related("bid", "ask")
        .filter(pk=proposal_id, closed_at__isnull=True)
        .first()
    )
    if proposal is None or actor.organisation_id is None:
        raise ProposalNotThere
    sides = {proposal.bid.organisation_id: proposal.bid, proposal.ask.organisation_id: proposal.ask}
    own = sides.get(actor.organisation_id)
    if own is None:
        raise ProposalNotThere
    refuse_barred(actor, organisation(actor.organisation_id), at)
    instrument = queries.instrument(proposal.instrument_id)
    refuse_frozen_product(instrument.project_code, instrument.vintage_year)
    other = proposal.ask if own.pk == proposal.bid_id else proposal.bid
    proposal.closed_at = at
    proposal.save(update_fields=["closed_at"])
    accept_event(
        instrument_id=proposal.instrument_id,
        kind="confirm",
        order_id=own.pk,
        counterpart_id=other.pk,
        quantity=proposal.quantity,
        at=at,
    )
    return proposal.instrument_id


def propose(run: MatchRun) -> None:
    """Offer posts that meet to both parties; proposals whose posts no longer meet are closed."""
    meeting: dict[tuple[int, int], int] = {}
    for bid, ask, quantity in run.book.meetings():
        meeting[_number(bid.id), _number(ask.id)] = quantity
        if len(meeting) >= MOST_PROPOSALS:
            break
    open_ones = {
        (one.bid_id, one.ask_id): one
        for one in TradeProposal.objects.select_for_update().filter(instrument=run.instrument, closed_at__isnull=True)
    }
    for pair, proposal in open_ones.items():
        if meeting.get(pair) != proposal.quantity:
            proposal.closed_at = run.at
            proposal.save(update_fields=["closed_at"])
    TradeProposal.objects.bulk_create(
        TradeProposal(instrument=run.instrument, bid_id=bid, ask_id=ask, quantity=quantity, at=run.at)
        for (bid, ask), quantity in meeting.items()
        if (bid, ask) not in open_ones or open_ones[bid, ask].quantity != quantity
    )


def _number(order_id: rules.Id) -> int:
    assert isinstance(order_id, int)
    return order_id
