"""What orders hold, and how trades are settled: delivery versus payment, in the exchange's own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from accounts.queries import organisation
from rulebook.rules import beijing
from settlement import queries, rules
from settlement.errors import AssetFrozen, HolderFrozen
from settlement.models import AssetFreeze
from settlement.rules import EntryKind, HoldForOrder, NewLeg, Purpose, TradeToSettle
from settlement.services.entries import NewEntry, open_holdings, post_entry, post_settlement


def hold_units_for_order(*, key: str, organisation_id: int, asset_id: int, units: int, at: datetime) -> int:
    """Hold credits for an order: available → held for orders. Return the entry id.

    Raises InsufficientUnits, AssetFrozen, HolderFrozen, KeyReused.
    """
    refuse_frozen_asset(asset_id)
    return _shift(key, EntryKind.HOLD, organisation_id, asset_id, units, at)


def hold_cash_for_order(*, key: str, organisation_id: int, fen: int, at: datetime) -> int:
    """Hold money for an order: available → held for orders. Return the entry id.

    Raises InsufficientFunds, HolderFrozen, KeyReused.
    """
    return _shift(key, EntryKind.HOLD, organisation_id, queries.cash_asset_id(), fen, at)


@transaction.atomic
def hold_for_orders(*, organisation_id: int, holds: Sequence[HoldForOrder], at: datetime) -> None:
    """Hold what some new orders of one organisation need: available → held for orders; all of it or nothing.

    Set-wise: the number of statements does not grow with the number of orders. Each key must be new.
    Raises InsufficientUnits, InsufficientFunds, AssetFrozen, HolderFrozen.
    """
    if organisation(organisation_id).is_frozen:
        raise HolderFrozen
    cash_id = queries.cash_asset_id()
    for asset_id in {hold.asset_id for hold in holds if hold.asset_id is not None}:
        refuse_frozen_asset(asset_id)
    assets = {hold.asset_id or cash_id for hold in holds}
    purposes = (Purpose.AVAILABLE, Purpose.HELD_FOR_ORDERS)
    ids = open_holdings((organisation_id, asset_id, purpose) for asset_id in assets for purpose in purposes)
    entries = [
        NewEntry(
            hold.key,
            EntryKind.HOLD,
            (
                NewLeg(
                    hold.asset_id or cash_id,
                    ids[organisation_id, hold.asset_id or cash_id, Purpose.AVAILABLE],
                    ids[organisation_id, hold.asset_id or cash_id, Purpose.HELD_FOR_ORDERS],
                    hold.units,
                ),
            ),
        )
        for hold in holds
    ]
    if len(entries) > 1:
        post_settlement(entries, at=at)
        return
    post_entry(key=entries[0].key, kind=entries[0].kind, legs=entries[0].legs, at=at)


def release_units_of_order(*, key: str, organisation_id: int, asset_id: int, units: int, at: datetime) -> int:
    """Give back credits that an order no longer needs. Return the entry id."""
    return _shift(key, EntryKind.RELEASE, organisation_id, asset_id, units, at)


def release_cash_of_order(*, key: str, organisation_id: int, fen: int, at: datetime) -> int:
    """Give back money that an order no longer needs. Return the entry id."""
    return _shift(key, EntryKind.RELEASE, organisation_id, queries.cash_asset_id(), fen, at)


def refuse_frozen_asset(asset_id: int) -> None:
    """Raise AssetFrozen while a freeze of the asset is live."""
    _refuse(queries.live_freeze(asset_id))


def refuse_frozen_product(project_code: str, vintage_year: int) -> None:
    """Raise AssetFrozen while a freeze of any batch of a project and vintage is live: a trade may bring any of them."""
    _refuse(queries.live_freeze_of_product(project_code, vintage_year))


def _refuse(freeze: AssetFreeze | None) -> None:
    if freeze is not None:
        raise AssetFrozen(
            since=beijing(freeze.since).strftime("%Y-%m-%d %H:%M"),
            order_number=freeze.order_number,
            reason=freeze.reason,
        )


@transaction.atomic
def _shift(key: str, kind: EntryKind, organisation_id: int, asset_id: int, units: int, at: datetime) -> int:
    if kind is EntryKind.HOLD and organisation(organisation_id).is_frozen:
        raise HolderFrozen
    ids = open_holdings(
        [(organisation_id, asset_id, Purpose.AVAILABLE), (organisation_id, asset_id, Purpose.HELD_FOR_ORDERS)]
    )
    available = ids[organisation_id, asset_id, Purpose.AVAILABLE]
    held = ids[organisation_id, asset_id, Purpose.HELD_FOR_ORDERS]
    leg = (
        NewLeg(asset_id, available, held, units) if kind is EntryKind.HOLD else NewLeg(asset_id, held, available, units)
    )
    return post_entry(key=key, kind=kind, legs=[leg], at=at)


def settle_trades(*, trades: Sequence[TradeToSettle], at: datetime) -> list[int]:
    """Settle trades delivery versus payment, one entry a trade (key `trade:<id>`), and return the entry ids in order.

    Must run in the transaction that writes the trades. Set-wise: the number of statements does not grow with the
    number of trades.
    """
    assert connection.in_atomic_block, "a trade and its settlement are one transaction"
    if not trades:
        return []
    cash_id = queries.cash_asset_id()
    ids = open_holdings(key for trade in trades for key in rules.holdings_of_trade(trade, cash_id))
    return post_settlement(
        [
            NewEntry(f"trade:{trade.trade_id}", EntryKind.TRADE, tuple(rules.legs_of_trade(trade, cash_id, ids)))
            for trade in trades
        ],
        at=at,
    )
