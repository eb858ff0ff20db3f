"""The public home page: figures of the region, today's market, and a schematic of its leagues as equal tiles."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language

from accounts.web.pages import Page
from exchange import queries as exchange
from exchange.queries import InstrumentView
from rulebook import queries as rulebook
from settlement import queries as settlement
from settlement.rules import AssetView, Purpose

# Rough places of the leagues and cities, as equal tiles without border lines: a map of borders needs an approval.
SCHEMATIC = json.loads((Path(__file__).parent / "leagues.json").read_text(encoding="utf-8"))
MARKET_LINES = 5


@dataclass(frozen=True)
class Tile:
    """One league on the schematic: its place, what was issued in it (tCO2e), and which type most of that is."""

    name: str
    column: int
    row: int
    issued: int
    main_type: str
    url: str


@dataclass(frozen=True)
class Quote:
    """An instrument that traded today: last price, how far it is from the base price (%), and the day's tonnes."""

    one: InstrumentView
    last_fen: int
    change_percent: float
    quantity: int


def tiles(batches: list[AssetView]) -> list[Tile]:
    """Return the leagues of the region with what was issued in each."""
    by_league: dict[str, Counter[str]] = defaultdict(Counter)
    for batch in batches:
        if batch.credit is not None:
            by_league[f"{batch.credit.division_code[:4]}00"][batch.credit.credit_type] += batch.issued_units
    is_english = get_language() == "en"
    return [
        Tile(
            name=place["english"] if is_english else league.name,
            column=place["column"],
            row=place["row"],
            issued=by_league[league.code].total(),
            main_type=next((kind for kind, _units in by_league[league.code].most_common(1)), ""),
            url=_register_of(league.code),
        )
        for league in rulebook.divisions(parent=SCHEMATIC["region"])
        if (place := SCHEMATIC["leagues"].get(league.code)) is not None
    ]


def quotes(page: Page) -> list[Quote]:
    """Return the instruments that traded most today, by tonnes."""
    turnover = exchange.turnover(rulebook.business_date(page.at))
    traded = [
        Quote(one, last, round(100 * (last - one.base_price_fen) / one.base_price_fen, 2), quantity)
        for one in exchange.instruments(page.at)
        if one.id in turnover
        for quantity, _value, _first, last in (turnover[one.id],)
    ]
    return sorted(traded, key=lambda quote: -quote.quantity)[:MARKET_LINES]


def _register_of(league: str) -> str:
    """Return where the league's projects are listed, "" where this installation has no register."""
    try:
        return f"{reverse('registry-projects')}?{urlencode({'division': league})}"
    except NoReverseMatch:
        return ""


class Home(Page):
    """Figures, today's market, the schematic of the leagues, and where to go."""

    template_name = "public/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        batches = settlement.batches()
        return super().get_context_data(
            **kwargs,
            issued=sum(batch.issued_units for batch in batches),
            retired=sum(settlement.units_by_purpose(batch.id).get(Purpose.RETIRED, 0) for batch in batches),
            projects=len({batch.credit.project_code for batch in batches if batch.credit}),
            banners=len({batch.credit.division_code for batch in batches if batch.credit}),
            tiles=tiles(batches),
            quotes=quotes(self),
        )
