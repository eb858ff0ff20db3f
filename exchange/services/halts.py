"""Halts: of an instrument, a participant or the market, at once; lifted by hand or over at their time."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.rules import Actor
from accounts.services import record_audit
from exchange.errors import HaltEndsTooEarly, HaltNotThere
from exchange.models import Halt
from exchange.services.sessions import tell_of_halt


@transaction.atomic
def halt(
    *,
    actor: Actor,
    instrument_id: int | None = None,
    organisation_id: int | None = None,
    order_number: str,
    reason: str,
    until: datetime | None = None,
    at: datetime,
) -> Halt:
    """Halt an instrument, a participant, or (neither named) the whole market, at once. One person suffices.

    until: when it ends by itself; None: when somebody lifts it. Raises HaltEndsTooEarly.
    """
    assert actor.user_id is not None
    if until is not None and until <= at:
        raise HaltEndsTooEarly(field="until")
    row = Halt.objects.create(
        instrument_id=instrument_id,
        organisation_id=organisation_id,
        order_number=order_number,
        reason=reason,
        since=at,
        until=until,
        set_by_id=actor.user_id,
    )
    tell_of_halt(row, halted=True)
    record_audit(
        actor=actor,
        verb="halt",
        subject=_halted(row),
        before=None,
        after={"order_number": order_number, "reason": reason, "until": until.isoformat() if until else None},
        at=at,
    )
    return row


@transaction.atomic
def lift_halt(*, actor: Actor, halt_id: int, at: datetime) -> None:
    """Let trading go on. Raises HaltNotThere, also where it has ended."""
    row = Halt.objects.select_for_update().filter(pk=halt_id, ended_at__isnull=True).first()
    if row is None:
        raise HaltNotThere
    row.lifted_by_id, row.ended_at = actor.user_id, at
    row.save(update_fields=["lifted_by", "ended_at"])
    tell_of_halt(row, halted=False)
    record_audit(
        actor=actor,
        verb="lift_halt",
        subject=_halted(row),
        before={"halted": True},
        after={"halted": False},
        at=at,
    )


def _halted(row: Halt) -> str:
    if row.organisation_id is not None:
        return f"organisation:{row.organisation_id}"
    return f"instrument:{row.instrument_id or 'market'}"
