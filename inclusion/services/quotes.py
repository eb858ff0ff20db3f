"""Quotes: an amount at the best offers of an instant, kept for some minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

import exchange.queries
from accounts.queries import organisation
from accounts.rules import HOLDER_KINDS, Actor
from accounts.services import record_audit
from exchange.errors import MarketClosed, ParticipantNotAdmitted
from inclusion import queries
from inclusion.errors import NotEnoughOffered, NothingToOffset, SecondPersonNeeded
from inclusion.models import Footprint, OffsetQuote, QuoteLine
from inclusion.rules import Wanted
from registry.queries import retired_alone
from registry.queries.footprints import OPERATION
from rulebook.queries import business_date, rule
from rulebook.rules import beijing


@dataclass(frozen=True)
class EventToOffset:
    """An event whose whole footprint is to be offset: its name, and the inputs of I1.event."""

    name: str
    inputs: Mapping[str, Any]


@transaction.atomic
def make_quote(*, actor: Actor, wanted: Wanted, event: EventToOffset | None, at: datetime) -> OffsetQuote:
    """Return a new quote for `wanted`; of an event, for what its footprint needs (wanted.units is then not read).

    Raises FootprintRefused, NothingToOffset, SecondPersonNeeded, NotEnoughOffered, and the exchange's MarketClosed,
    ParticipantNotAdmitted.
    """
    if actor.organisation_id is None or organisation(actor.organisation_id).kind not in HOLDER_KINDS:
        raise ParticipantNotAdmitted
    footprint = None
    if event is not None:
        shown = queries.calculated(event.inputs)
        wanted = replace(wanted, units=shown.units_required)
        footprint = Footprint(
            organisation_id=actor.organisation_id,
            event=event.name,
            operation=OPERATION,
            methodology_version=shown.methodology_version,
            inputs=dict(shown.inputs),
            outputs=dict(shown.outputs),
            warnings=list(shown.warnings),
            trace=[dict(step) for step in shown.trace],
            units_required=shown.units_required,
            made_by_id=actor.user_id,
            at=at,
        )
    if wanted.units <= 0:
        raise NothingToOffset
    refuse_what_needs_two(actor.organisation_id, wanted.units, at)
    _refuse_closed(at)
    shares = queries.best_offers(actor.organisation_id, wanted, at)
    offered = sum(share.quantity for share in shares)
    if offered < wanted.units:
        raise NotEnoughOffered(field="units", offered=offered, needed=wanted.units)
    minutes = int(rule("offset.quote_minutes", at=at).value)
    if footprint is not None:
        footprint.save()
    value, fee = sum(share.value_fen for share in shares), sum(share.fee_fen for share in shares)
    quote = OffsetQuote.objects.create(
        organisation_id=actor.organisation_id,
        footprint=footprint,
        units=wanted.units,
        wanted={
            "credit_types": sorted(wanted.credit_types),
            "vintage_years": sorted(wanted.vintage_years),
            "division_code": wanted.division_code,
        },
        value_fen=value,
        fee_fen=fee,
        total_fen=value + fee,
        made_by_id=actor.user_id,
        at=at,
        expires_at=at + timedelta(minutes=minutes),
    )
    QuoteLine.objects.bulk_create(
        QuoteLine(
            quote=quote,
            number=number,
            instrument_id=share.offer.instrument_id,
            instrument_code=share.offer.instrument_code,
            project_name=share.offer.project_name,
            vintage_year=share.offer.vintage_year,
            credit_type=share.offer.credit_type,
            division_name=share.offer.division_name,
            price_fen=share.offer.price_fen,
            quantity=share.quantity,
            value_fen=share.value_fen,
            fee_rate=share.offer.fee_rate,
            fee_fen=share.fee_fen,
        )
        for number, share in enumerate(shares, start=1)
    )
    record_audit(
        actor=actor,
        verb="make_offset_quote",
        subject=f"offset_quote:{quote.pk}",
        before=None,
        after={"units": quote.units, "total_fen": quote.total_fen},
        at=at,
    )
    return quote


def refuse_what_needs_two(organisation_id: int, units: int, at: datetime) -> None:
    """Raise SecondPersonNeeded where a retirement of so much needs two persons: parts of it would side-step that.

    What the organisation has retired today with one person alone counts, as the registry counts it.
    """
    limit = queries.two_persons_from(at)
    if retired_alone(organisation_id, business_date(at)) + units >= int(limit.value):
        raise SecondPersonNeeded(field="units", rule=limit, limit=limit.value)


def _refuse_closed(at: datetime) -> None:
    if exchange.queries.is_market_open(at):
        return
    profile = exchange.queries.profile(at, "nm_regional")
    opens_at = exchange.queries.next_opening(at, profile)
    raise MarketClosed(
        rule=profile.values.get("trading.sessions"),
        opens_at=beijing(opens_at).strftime("%Y-%m-%d %H:%M") if opens_at else "—",
    )
