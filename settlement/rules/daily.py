"""The statement of one holder's day (日结算单): opening, what crossed the border of what it holds, closing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from accounts.rules.paper import chinese_day, english_day, paper
from rulebook.rules import beijing
from settlement.rules.entries import EntryKind
from settlement.rules.holdings import AssetKind, Purpose

TEMPLATE = Path(__file__).with_name("daily.typ")
# What a holder has; what is retired, cancelled or exported has left it.
HELD = (Purpose.AVAILABLE, Purpose.HELD_FOR_ORDERS, Purpose.PLEDGED, Purpose.FROZEN, Purpose.IN_TRANSIT)


class Act(StrEnum):
    """What a movement over the border of a holder's day was."""

    PAID_IN = "paid_in"
    PAID_OUT = "paid_out"
    BOUGHT = "bought"
    SOLD = "sold"
    FEE = "fee"
    RETIRED = "retired"
    OTHER = "other"


ACTS: Mapping[AssetKind, tuple[Act, ...]] = {
    AssetKind.CASH: (Act.PAID_IN, Act.PAID_OUT, Act.BOUGHT, Act.SOLD, Act.FEE, Act.OTHER),
    AssetKind.CREDIT: (Act.BOUGHT, Act.SOLD, Act.RETIRED, Act.OTHER),
}
WORDS = {
    Act.PAID_IN: ("入金", "Paid in"),
    Act.PAID_OUT: ("出金", "Paid out"),
    Act.BOUGHT: ("买入", "Bought"),
    Act.SOLD: ("卖出", "Sold"),
    Act.FEE: ("手续费", "Fees"),
    Act.RETIRED: ("注销", "Retired"),
    Act.OTHER: ("其他", "Other"),
}


STANDINGS = {"final": ["日终已关闭", "Final"], "provisional": ["日终未关闭", "Provisional"]}


@dataclass(frozen=True)
class Movement:
    """One leg that crossed the border; `units` are signed: fen, or whole tCO2e. `asset`: its shown name."""

    entry_id: int
    at: datetime
    kind: EntryKind
    asset_id: int
    other: Purpose
    units: int


@dataclass(frozen=True)
class Day:
    """One asset of a holder over one day: opening, signed sums by act, closing."""

    asset_id: int
    asset_kind: AssetKind
    name: str
    opening: int
    moved: Mapping[Act, int]

    @property
    def closing(self) -> int:
        return self.opening + sum(self.moved.values())

    @property
    def acts(self) -> list[int]:
        """The sums in the order of ACTS."""
        return [self.moved.get(act, 0) for act in ACTS[self.asset_kind]]


@dataclass(frozen=True)
class DailyStatement:
    """What one holder had and did on one day; `until` is its end, or the present of an unfinished day.

    standing: "final" once its settlement day is closed, "provisional" until then, "" before there were such days.
    """

    number: str
    venue: str
    holder: str
    uscc: str
    day: date
    until: datetime
    is_whole: bool
    standing: str
    cash: Day
    credits: tuple[Day, ...]
    movements: tuple[tuple[Movement, str], ...]  # With the name of its asset.


def act_of(kind: EntryKind, asset_kind: AssetKind, other: Purpose, units: int) -> Act:
    """Return what a movement was: by its entry, by where it went to or came from, and by its direction."""
    if other is Purpose.FEES:
        return Act.FEE
    if other is Purpose.RETIRED:
        return Act.RETIRED
    if kind is EntryKind.TRADE:
        is_in = units > 0
        return Act.BOUGHT if is_in == (asset_kind is AssetKind.CREDIT) else Act.SOLD
    if kind in (EntryKind.DEPOSIT, EntryKind.SUSPENSE_EXPLAINED):
        return Act.PAID_IN
    if kind is EntryKind.WITHDRAWAL_PAID:
        return Act.PAID_OUT
    return Act.OTHER


def moved_by_act(movements: Iterable[Movement], asset_kind: AssetKind) -> dict[Act, int]:
    """Return the signed sums of one asset's movements by act."""
    sums: dict[Act, int] = defaultdict(int)
    for one in movements:
        sums[act_of(one.kind, asset_kind, one.other, one.units)] += one.units
    return dict(sums)


def daily_pdf(statement: DailyStatement, *, kinds: Mapping[str, str], check_url: str) -> bytes:
    """Return the statement as PDF, A4 across; byte-identical for equal content. `kinds`: entries in Chinese words."""
    return paper(TEMPLATE, shown(statement, kinds), day=statement.day, qr=check_url)


def shown(statement: DailyStatement, kinds: Mapping[str, str]) -> dict[str, Any]:
    """Return the texts of a statement as they are printed."""
    one = statement
    return {
        "number": one.number,
        "venue": one.venue,
        "holder": one.holder,
        "uscc": one.uscc,
        "day": [chinese_day(one.day), english_day(one.day)],
        "standing": {"final": ["日终已关闭", "Final"], "provisional": ["日终未关闭", "Provisional"]}.get(
            one.standing, []
        ),
        "until": "" if one.is_whole else f"{beijing(one.until):%Y-%m-%d %H:%M}",
        "cash_acts": [list(WORDS[act]) for act in ACTS[AssetKind.CASH]],
        "cash": [_yuan(fen) for fen in (one.cash.opening, *one.cash.acts, one.cash.closing)],
        "credit_acts": [list(WORDS[act]) for act in ACTS[AssetKind.CREDIT]],
        "credits": [
            [row.name, *(f"{units:,}" for units in (row.opening, *row.acts, row.closing))] for row in one.credits
        ],
        "movements": [
            [
                f"{beijing(move.at):%H:%M:%S}",
                str(move.entry_id),
                kinds.get(move.kind, move.kind),
                name,
                _yuan(move.units) if move.asset_id == one.cash.asset_id else f"{move.units:,} t",
            ]
            for move, name in one.movements
        ],
    }


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
