"""What settlement takes and gives as JSON. Money in whole fen, credits in whole tonnes, times with offset."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel

from accounts.api.bodies import Body, Filters, Quantity
from rulebook.rules import beijing
from settlement import queries
from settlement.models import DepositReference, Withdrawal
from settlement.queries.holdings import StatementLine
from settlement.rules import AssetView, HoldingView, LedgerClock, SerialRange


class HoldingFilters(Filters):
    """Query parameters of holdings. `clock`: whether `as_of` means business time or the server's recorded time."""

    as_of: AwareDatetime | None = None
    clock: LedgerClock = LedgerClock.BUSINESS


class NewDeposit(Body):
    """A deposit to be announced; the amount may be left open."""

    amount_fen: Quantity | None = None


class NewWithdrawal(Body):
    """A withdrawal to the bound bank account."""

    amount_fen: Quantity


class BatchShown(BaseModel):
    """A batch of credits. `units` says by purpose where its tonnes are now; holders are not named."""

    id: int
    scheme: str
    project: str
    project_name: str
    vintage: int
    type: str
    division: str
    division_name: str
    methodology: str
    issued: int
    serials: str
    frozen: bool
    units: dict[str, int]


class HoldingShown(BaseModel):
    """A holding of the caller: units of one asset for one purpose."""

    id: int
    organisation: int | None
    asset: int
    kind: str
    purpose: str
    units: int
    unit: Literal["tCO2e", "fen"]
    project: str | None
    vintage: int | None
    may_be_posted: bool


class MovementShown(BaseModel):
    """One movement on a holding of the caller; `units` is negative when they leave."""

    id: int
    entry: int
    kind: str
    at: datetime
    asset: int
    purpose: str
    units: int
    unit: Literal["tCO2e", "fen"]


class StatementShown(BaseModel):
    """Movements, newest first."""

    next: str | None
    previous: None = None
    results: list[MovementShown]


class DepositShown(BaseModel):
    """An announced deposit: the reference to write on the payment, and what has come in under it."""

    id: int
    reference: str
    amount_fen: int | None
    received_fen: int
    created_at: datetime


class WithdrawalShown(BaseModel):
    """A withdrawal and where it stands."""

    id: int
    amount_fen: int
    state: str
    asked_at: datetime
    closed_at: datetime | None


class NoticesTaken(BaseModel):
    """What the bank is answered: the entries that the money of its message became."""

    entries: list[int]


def batch_shown(asset: AssetView) -> BatchShown:
    """Return a batch as the public sees it."""
    assert asset.credit is not None
    return BatchShown(
        id=asset.id,
        scheme=asset.credit.scheme,
        project=asset.credit.project_code,
        project_name=asset.credit.project_name,
        vintage=asset.credit.vintage_year,
        type=asset.credit.credit_type,
        division=asset.credit.division_code,
        division_name=asset.credit.division_name,
        methodology=asset.credit.methodology,
        issued=asset.issued_units,
        serials=queries.text_of(asset.credit, SerialRange(asset.first_serial, asset.last_serial)),
        frozen=queries.is_frozen(asset.id),
        units={purpose.value: units for purpose, units in queries.units_by_purpose(asset.id).items()},
    )


def holding_shown(holding: HoldingView) -> HoldingShown:
    """Return a holding of the actor."""
    return HoldingShown(
        id=holding.id,
        organisation=holding.organisation_id,
        asset=holding.asset_id,
        kind=holding.asset_kind.value,
        purpose=holding.purpose.value,
        units=holding.units,
        unit="tCO2e" if holding.credit else "fen",
        project=holding.credit.project_code if holding.credit else None,
        vintage=holding.credit.vintage_year if holding.credit else None,
        may_be_posted=holding.may_be_posted,
    )


def movement_shown(line: StatementLine) -> MovementShown:
    """Return one movement."""
    return MovementShown(
        id=line.leg_id,
        entry=line.entry_id,
        kind=line.kind.value,
        at=beijing(line.at),
        asset=line.asset_id,
        purpose=line.purpose.value,
        units=line.units,
        unit="fen" if line.asset_kind == "cash" else "tCO2e",
    )


def deposit_shown(deposit: DepositReference) -> DepositShown:
    """Return a deposit reference."""
    return DepositShown(
        id=deposit.pk,
        reference=deposit.reference,
        amount_fen=deposit.expected_fen,
        received_fen=queries.received_under(deposit.reference),
        created_at=beijing(deposit.created_at),
    )


def withdrawal_shown(withdrawal: Withdrawal) -> WithdrawalShown:
    """Return a withdrawal."""
    return WithdrawalShown(
        id=withdrawal.pk,
        amount_fen=withdrawal.amount_fen,
        state=withdrawal.state,
        asked_at=beijing(withdrawal.asked_at),
        closed_at=beijing(withdrawal.closed_at) if withdrawal.closed_at else None,
    )
