"""Which instruments are looked for: by what they are and by what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exchange.queries.instruments import InstrumentView, instruments
from exchange.queries.tape import turnover
from rulebook.queries import business_date


@dataclass(frozen=True)
class InstrumentFilter:
    """What is asked of an instrument; what is left empty asks nothing. Prices in fen: of the last trade, else the base.

    division: the beginning of a division code ("1504" a league, "150430" a banner); text: in code, name or place.
    """

    type: str = ""
    mode: str = ""
    vintage_from: int | None = None
    vintage_to: int | None = None
    division: str = ""
    methodology: str = ""
    price_to: int | None = None
    text: str = ""


def instruments_matching(asked: InstrumentFilter, at: datetime) -> list[InstrumentView]:
    """Return the instruments that a filter lets through, by code."""
    prices = {number: last for number, (_q, _v, _first, last) in turnover(business_date(at)).items()}
    return [one for one in instruments(at) if _fits(one, asked, prices.get(one.id) or one.base_price_fen)]


def _fits(one: InstrumentView, asked: InstrumentFilter, price_fen: int) -> bool:
    words = f"{one.code} {one.project_name} {one.division_name} {one.vintage_year}"
    return (
        (not asked.type or one.credit_type == asked.type)
        and (not asked.mode or one.mode == asked.mode)
        and (asked.vintage_from is None or one.vintage_year >= asked.vintage_from)
        and (asked.vintage_to is None or one.vintage_year <= asked.vintage_to)
        and one.division_code.startswith(asked.division)
        and (not asked.methodology or one.methodology == asked.methodology)
        and (asked.price_to is None or price_fen <= asked.price_to)
        and asked.text in words
    )
