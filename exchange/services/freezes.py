"""A freeze outranks orders: what the holder has offered is withdrawn in the same transaction that freezes it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.rules import Actor
from exchange.models import Instrument, MatchState, Order
from exchange.rules import OrderStatus, Side
from exchange.services.matching import carry_out_queue
from exchange.services.sequence import accept_event, lock_queues
from settlement.queries import asset, hold_summary, unmet_units
from settlement.queries.holds import HoldSummary
from settlement.rules import HoldReason
from settlement.services import NewHold, place_freeze

ROUNDS = 3  # An order accepted before the freeze may trade before its cancellation: then the next ones are cancelled.


@transaction.atomic
def freeze_units(*, actor: Actor, organisation_id: int, reason: HoldReason, new: NewHold, at: datetime) -> HoldSummary:
    """Freeze units of a holder, those held for its orders as well, and return how the freeze stands.

    The newest orders to sell are cancelled first, whole, until the freeze has what it is for; what their end frees is
    caught by the freeze, and nothing of it is ever available. Locks: the instrument's queues, then holdings, then the
    orders; whoever touches these orders waits for the queues first. Raises what settlement.services.place_freeze does.
    """
    instrument_ids = _instruments_of(new.asset_id)
    lock_queues(instrument_ids)
    for instrument_id in instrument_ids:
        MatchState.objects.select_for_update().get(instrument_id=instrument_id, kind="match")
    row = place_freeze(actor=actor, organisation_id=organisation_id, reason=reason, new=new, at=at)
    cancelled: list[int] = []
    for _round in range(ROUNDS):
        orders = _to_cancel(organisation_id, new.asset_id, unmet_units(row.pk))
        if not orders:
            break
        for order in orders:
            accept_event(instrument_id=order.instrument_id, kind="cancel", order_id=order.pk, at=at)
            cancelled.append(order.pk)
        for instrument_id in instrument_ids:
            carry_out_queue(instrument_id=instrument_id, at=at)
    Order.objects.filter(pk__in=cancelled, status=OrderStatus.CANCELLED.value).update(
        reject_code="frozen", freeze_id=row.pk
    )
    return hold_summary(row.pk)


def _instruments_of(asset_id: int) -> list[int]:
    """Return the instruments that trade a batch, in the order in which they are locked."""
    credit = asset(asset_id).credit
    if credit is None:
        return []
    rows = Instrument.objects.filter(
        scheme=credit.scheme, project_code=credit.project_code, vintage_year=credit.vintage_year
    )
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _to_cancel(organisation_id: int, asset_id: int, units: int) -> list[Order]:
    """Return the holder's live sales of a batch, the newest first, as many as hold the units."""
    chosen: list[Order] = []
    rows = Order.objects.filter(
        organisation_id=organisation_id, asset_id=asset_id, side=Side.SELL.value, remaining__gt=0
    )
    for order in rows.order_by("-pk"):
        if units <= 0:
            break
        chosen.append(order)
        units -= order.held_units
    return chosen
