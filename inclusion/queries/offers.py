"""The best offers over all instruments, for one buyer."""

from __future__ import annotations

from datetime import datetime

import exchange.queries
from inclusion.rules import Offer, Share, Wanted, best_shares
from rulebook.queries import rule
from rulebook.rules import RuleValue
from settlement.queries import assets_of, is_frozen


def offers(organisation_id: int | None, at: datetime) -> list[Offer]:
    """Return every offer an organisation (None: anybody) could buy and retire now.

    Instruments of which a batch stands frozen are left out: nobody can say beforehand which batch a trade brings, and
    a frozen one cannot be retired.
    """
    levels = exchange.queries.offers_to(organisation_id, at)
    products = {level.instrument.id: level.instrument for level in levels}
    frozen = {
        number
        for number, one in products.items()
        if any(is_frozen(batch.id) for batch in assets_of(one.project_code, one.vintage_year))
    }
    return [
        Offer(
            level.instrument.id,
            level.instrument.code,
            level.instrument.project_name,
            level.instrument.vintage_year,
            level.instrument.credit_type,
            level.instrument.division_code,
            level.instrument.division_name,
            level.price_fen,
            level.quantity,
            level.fee_rate,
        )
        for level in levels
        if level.instrument.id not in frozen
    ]


def best_offers(organisation_id: int | None, wanted: Wanted, at: datetime) -> tuple[Share, ...]:
    """Return the offers that fill `wanted` at the least cost; less than wanted where they do not reach."""
    return best_shares(offers(organisation_id, at), wanted)


def two_persons_from(at: datetime) -> RuleValue:
    """Return the rule from how many tonnes on a retirement needs two persons."""
    return rule("retirement.two_persons_from_tonnes", at=at)
