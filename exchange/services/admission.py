"""Opening an instrument for trading, its approval for continuous trading, and halts."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from accounts.rules import Actor
from accounts.services import record_audit
from exchange import queries
from exchange.errors import ApprovalLevelInsufficient, HaltEndsTooEarly, HaltNotThere, InstrumentAdmitted
from exchange.models import ApprovalRecord, Halt, Instrument, MatchState
from exchange.rules import TradingMode
from exchange.services.sessions import tell_of_halt
from rulebook.queries import business_date, next_trading_day
from settlement.errors import AssetNotThere
from settlement.queries import asset

DEMONSTRATION = "demonstration"


@transaction.atomic
def admit_instrument(
    *,
    actor: Actor,
    asset_id: int,
    initial_price_fen: int,
    at: datetime,
    mode: TradingMode = TradingMode.LISTED,
    rule_scheme: str = "nm_regional",
) -> Instrument:
    """Open the product of a batch (scheme, project, vintage) for trading from the next trading day on.

    initial_price_fen: the first base price, named by the first seller. Raises InstrumentAdmitted, AssetNotThere.
    """
    credit = asset(asset_id).credit
    if credit is None:
        raise AssetNotThere
    where = {
        "scheme": credit.scheme,
        "project_code": credit.project_code,
        "vintage_year": credit.vintage_year,
    }
    if Instrument.objects.filter(**where).exists():
        raise InstrumentAdmitted
    today = business_date(at)
    tradable_from = next_trading_day(today)
    assert tradable_from is not None, "the calendar ends before the next trading day"
    instrument = Instrument.objects.create(
        code=f"{credit.credit_type}{credit.project_serial}-{credit.vintage_year % 100:02d}",
        project_name=credit.project_name,
        credit_type=credit.credit_type,
        division_code=credit.division_code,
        division_name=credit.division_name,
        methodology=credit.methodology,
        mode=mode,
        initial_price_fen=initial_price_fen,
        admitted_on=today,
        tradable_from=tradable_from,
        rule_scheme=rule_scheme,
        **where,
    )
    MatchState.objects.bulk_create(
        MatchState(instrument=instrument, kind=kind) for kind in ("accept", "match", "market")
    )
    record_audit(
        actor=actor,
        verb="admit_instrument",
        subject=f"instrument:{instrument.code}",
        before=None,
        after={"mode": mode.value, "initial_price_fen": initial_price_fen},
        at=at,
    )
    return instrument


@transaction.atomic
def record_approval(
    *,
    instrument_id: int,
    authority: str,
    authority_level: str,
    document_number: str,
    valid_from: date,
    valid_to: date,
    basis: str,
    maker_id: int,
    checker_id: int,
    demonstration: bool,
    at: datetime,
) -> ApprovalRecord:
    """Record the approval on which an instrument trades continuously, entered by two persons.

    demonstration: whether this installation is one; elsewhere a record below State Council level is refused
    (ApprovalLevelInsufficient). Two equal persons are refused by `approval_has_two_persons`.
    """
    instrument = queries.instrument(instrument_id)
    levels = queries.profile(at, instrument.rule_scheme).values["trading.approval_levels"]
    if authority_level not in levels.value and not (demonstration and basis == DEMONSTRATION):
        raise ApprovalLevelInsufficient(field="authority_level", rule=levels, level=authority_level)
    record = ApprovalRecord.objects.create(
        instrument=instrument,
        authority=authority,
        authority_level=authority_level,
        document_number=document_number,
        valid_from=valid_from,
        valid_to=valid_to,
        basis=basis,
        maker_id=maker_id,
        checker_id=checker_id,
        at=at,
    )
    Instrument.objects.filter(pk=instrument_id).update(mode=TradingMode.CONTINUOUS)
    return record


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
