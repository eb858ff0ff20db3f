"""A basket: an amount of credits by criteria, at the cheapest offers of an instant."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime

from exchange.queries.filters import InstrumentFilter, instruments_matching
from exchange.queries.instruments import InstrumentView
from exchange.queries.offers import OfferLevel, offers_to
from exchange.rules import Cost, cost_of, take
from settlement.rules import highest_fee_fen


@dataclass(frozen=True)
class BasketLine:
    """What a basket takes at one price of one instrument: fen per tonne, tonnes; fee_fen: the most the buyer pays."""

    instrument: InstrumentView
    price_fen: int
    quantity: int
    value_fen: int
    fee_fen: int


@dataclass(frozen=True)
class Basket:
    """What `units` tonnes come to now, in fen; offered: how many of them there are. digest: of the lines as shown."""

    units: int
    offered: int
    lines: tuple[BasketLine, ...]

    @property
    def value_fen(self) -> int:
        return sum(line.value_fen for line in self.lines)

    @property
    def fee_fen(self) -> int:
        return sum(line.fee_fen for line in self.lines)

    @property
    def total_fen(self) -> int:
        return self.value_fen + self.fee_fen

    @property
    def is_whole(self) -> bool:
        return self.offered == self.units > 0

    @property
    def digest(self) -> str:
        said = [self.units, *([one.instrument.code, one.price_fen, one.quantity, one.fee_fen] for one in self.lines)]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def basket(organisation_id: int | None, asked: InstrumentFilter, units: int, at: datetime) -> Basket:
    """Return the basket of an organisation (None: anybody); asked.price_to is the most that a tonne may cost."""
    fits = {one.id for one in instruments_matching(replace(asked, price_to=None), at)}
    levels = [
        level
        for level in offers_to(organisation_id, at, retires=False)
        if level.instrument.id in fits and (asked.price_to is None or level.price_fen <= asked.price_to)
    ]
    shares = take(levels, units, _cost)
    lines = []
    for level, quantity in shares:
        value = level.price_fen * quantity
        fee = highest_fee_fen(rate=level.fee_rate, value_fen=value)
        lines.append(BasketLine(level.instrument, level.price_fen, quantity, value, fee))
    return Basket(units, sum(line.quantity for line in lines), tuple(lines))


def _cost(level: OfferLevel) -> Cost:
    one = level.instrument
    return cost_of(price_fen=level.price_fen, fee_rate=level.fee_rate, vintage_year=one.vintage_year, code=one.code)
