"""Opening an instrument for trading."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.rules import Actor
from accounts.services import record_audit
from exchange import queries
from exchange.errors import InstrumentAdmitted
from exchange.models import Instrument, MatchState
from exchange.rules import TradingMode
from rulebook.queries import business_date, next_trading_day
from settlement.errors import AssetNotThere
from settlement.queries import asset


@transaction.atomic
def admit_instrument(
    *,
    actor: Actor,
    asset_id: int,
    initial_price_fen: int,
    at: datetime,
    mode: TradingMode = TradingMode.LISTED,
    rule_scheme: str | None = None,
) -> Instrument:
    """Open the product of a batch (scheme, project, vintage) for trading from the next trading day on.

    initial_price_fen: the first base price, named by the first seller. rule_scheme: whose rule values hold for it;
    None: its credits' own scheme's, where that has some. Raises InstrumentAdmitted, AssetNotThere.
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
        rule_scheme=rule_scheme or queries.rule_scheme_of(credit.scheme, at),
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
