"""What the API of daily statements and objections takes and gives. Money in whole fen, credits in whole tCO2e."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from accounts.api.bodies import Body, Filters
from rulebook.rules import beijing
from settlement.models import Objection
from settlement.rules.daily import DailyStatement, Day, Movement

LARGEST = 2**63 - 1
Standing = Literal["final", "provisional", ""]
State = Literal["raised", "proposed", "dismissed", "compensated", "withdrawn"]


class DailyFilters(Filters):
    """Query parameters of the daily statement. `day`: the business date, today's without it."""

    day: date | None = None


class DailyAssetShown(BaseModel):
    """One asset over the day; `moved`: signed sums by act. `asset` is a batch's id, that of the currency for money."""

    asset: int
    name: str
    unit: Literal["fen", "tCO2e"]
    opening: int
    moved: dict[str, int]
    closing: int


class DailyMovementShown(BaseModel):
    """One movement of the day, signed."""

    entry: int
    at: datetime
    kind: str
    asset: int
    units: int


class DailyShown(BaseModel):
    """The day of one holder. `standing`: final once the day is closed, "" before the venue kept days."""

    number: str
    holder: str
    uscc: str
    day: date
    until: datetime
    standing: Standing
    money: DailyAssetShown
    credits: list[DailyAssetShown]
    movements: list[DailyMovementShown]


class ObjectionFilters(Filters):
    """Query parameters of objections. `state`: only those in this state."""

    state: State | None = None


class NewObjection(Body):
    """An objection to the settlement of a trade, named by its entry in the ledger."""

    entry: Annotated[int, Field(ge=1, le=LARGEST)]
    claimed_fen: Annotated[int, Field(ge=1, le=LARGEST)]
    reason: Annotated[str, Field(min_length=1, max_length=300)]


class ObjectionShown(BaseModel):
    """An objection, and how it ended: `compensation_fen` is 0 where it was dismissed."""

    id: int
    entry: int
    raised_by: str
    against: str
    claimed_fen: int
    reason: str
    state: State
    raised_at: datetime
    decided_at: datetime | None
    finding: str
    compensation_fen: int | None
    compensation_entry: int | None


def daily_shown(one: DailyStatement) -> DailyShown:
    """Return a day as the API gives it."""
    return DailyShown(
        number=one.number,
        holder=one.holder,
        uscc=one.uscc,
        day=one.day,
        until=beijing(one.until),
        standing=one.standing,
        money=_asset(one.cash, "fen"),
        credits=[_asset(row, "tCO2e") for row in one.credits],
        movements=[_movement(row) for row, _name in one.movements],
    )


def _asset(row: Day, unit: Literal["fen", "tCO2e"]) -> DailyAssetShown:
    return DailyAssetShown(
        asset=row.asset_id,
        name=row.name,
        unit=unit,
        opening=row.opening,
        moved={act.value: units for act, units in sorted(row.moved.items()) if units},
        closing=row.closing,
    )


def _movement(row: Movement) -> DailyMovementShown:
    return DailyMovementShown(
        entry=row.entry_id, at=beijing(row.at), kind=row.kind.value, asset=row.asset_id, units=row.units
    )


def objection_shown(row: Objection) -> ObjectionShown:
    """Return an objection; what is only proposed is told to nobody but the operators, on their pages."""
    is_ended = row.state in ("dismissed", "compensated")
    return ObjectionShown(
        id=row.pk,
        entry=row.entry_id,
        raised_by=row.organisation.name,
        against=row.against.name,
        claimed_fen=row.claimed_fen,
        reason=row.reason,
        state=row.state,
        raised_at=beijing(row.raised_at),
        decided_at=beijing(row.decided_at) if row.decided_at else None,
        finding=row.finding if is_ended else "",
        compensation_fen=row.compensation_fen if is_ended else None,
        compensation_entry=row.compensation_id,
    )
