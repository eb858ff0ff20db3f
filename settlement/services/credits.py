"""Issuing, freezing and retiring credits."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from accounts.queries import organisation
from accounts.rules import Actor
from settlement import queries
from settlement.errors import AssetNotThere, HolderFrozen, InvalidQuantity
from settlement.models import Asset, AssetFreeze, Holding
from settlement.rules import (
    AssetKind,
    CreditDescription,
    EntryKind,
    IssuedBatch,
    NewLeg,
    Purpose,
    RetiredUnits,
    SerialRange,
)
from settlement.services.entries import open_holdings, post_entry
from settlement.services.orders import refuse_frozen_asset


@transaction.atomic
def issue_credits(
    *,
    key: str,
    credit: CreditDescription,
    owner_id: int,
    available_units: int,
    buffer_units: int,
    at: datetime,
    maker_id: int,
    checker_id: int,
    basis: str,
) -> IssuedBatch:
    """Issue one batch: `available_units` to the owner, `buffer_units` to the region's pool; return what was issued.

    Serials run on over all batches of the project and vintage. The same key returns the first batch again.
    Raises InvalidQuantity, KeyReused.
    """
    units = available_units + buffer_units
    if units <= 0 or available_units < 0 or buffer_units < 0:
        raise InvalidQuantity(field="units", found_value=units)
    batch_code = f"{credit.project_code}-{credit.vintage_year}-{key}"
    asset = Asset.objects.filter(code=batch_code).first()
    if asset is None:
        # One issuance of a project and vintage at a time: the next takes its serials after this one's.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
                [f"{credit.project_code}/{credit.vintage_year}"],
            )
        issued_so_far = Asset.objects.filter(
            kind=AssetKind.CREDIT, project_code=credit.project_code, vintage_year=credit.vintage_year
        ).aggregate(last=Max("last_serial"))["last"]
        first = (issued_so_far or 0) + 1
        asset = Asset.objects.create(
            kind=AssetKind.CREDIT, code=batch_code, first_serial=first, last_serial=first + units - 1, **asdict(credit)
        )
    ids = open_holdings(
        [
            (None, asset.pk, Purpose.ISSUANCE),
            (owner_id, asset.pk, Purpose.AVAILABLE),
            (None, asset.pk, Purpose.BUFFER),
        ]
    )
    source, owners, pool = (
        ids[None, asset.pk, Purpose.ISSUANCE],
        ids[owner_id, asset.pk, Purpose.AVAILABLE],
        ids[None, asset.pk, Purpose.BUFFER],
    )
    legs = [NewLeg(asset.pk, source, owners, units)]
    if buffer_units:
        legs.append(NewLeg(asset.pk, owners, pool, buffer_units))
    entry_id = post_entry(
        key=f"issue:{key}",
        kind=EntryKind.ISSUE,
        legs=legs,
        at=at,
        basis=basis,
        maker_id=maker_id,
        checker_id=checker_id,
    )
    assert asset.first_serial is not None
    assert asset.last_serial is not None
    serials = SerialRange(asset.first_serial, asset.last_serial)
    return IssuedBatch(asset.pk, entry_id, serials.first, serials.last, serials.units, queries.text_of(credit, serials))


@transaction.atomic
def retire_units(
    *,
    key: str,
    organisation_id: int,
    asset_id: int,
    units: int,
    at: datetime,
    maker_id: int | None,
    checker_id: int | None,
    basis: str,
) -> RetiredUnits:
    """Retire available credits of an organisation, for ever, and return their serials.

    Raises InsufficientUnits, AssetFrozen, HolderFrozen, AssetNotThere, KeyReused.
    """
    if units <= 0:
        raise InvalidQuantity(field="quantity", found_value=units)
    asset = queries.asset(asset_id)
    if asset.credit is None:
        raise AssetNotThere
    refuse_frozen_asset(asset_id)
    if organisation(organisation_id).is_frozen:
        raise HolderFrozen
    ids = open_holdings([(organisation_id, asset_id, Purpose.AVAILABLE), (organisation_id, asset_id, Purpose.RETIRED)])
    retired = ids[organisation_id, asset_id, Purpose.RETIRED]
    entry_id = post_entry(
        key=f"retire:{key}",
        kind=EntryKind.RETIRE,
        legs=[NewLeg(asset_id, ids[organisation_id, asset_id, Purpose.AVAILABLE], retired, units)],
        at=at,
        basis=basis,
        maker_id=maker_id,
        checker_id=checker_id,
    )
    serials = queries.serials_moved(entry_id, retired)
    return RetiredUnits(
        entry_id, asset_id, units, serials, tuple(queries.text_of(asset.credit, part) for part in serials)
    )


@transaction.atomic
def freeze_asset(*, asset_id: int, reason: str, order_number: str, set_by_id: int | None, at: datetime) -> int:
    """Freeze a batch as a whole, at once, and return the id of the freeze. One person suffices."""
    asset = Asset.objects.select_for_update().filter(pk=asset_id, kind=AssetKind.CREDIT).first()
    if asset is None:
        raise AssetNotThere
    return AssetFreeze.objects.create(
        asset=asset, reason=reason, order_number=order_number, set_by_id=set_by_id, since=at
    ).pk


@transaction.atomic
def lift_asset_freeze(*, freeze_id: int, asked_by_id: int, lifted_by_id: int, at: datetime) -> None:
    """Lift a freeze. Two persons, by constraint `asset_freeze_is_lifted_by_two_persons`."""
    AssetFreeze.objects.select_for_update().filter(pk=freeze_id, lifted_at__isnull=True).update(
        lifted_at=at, lift_asked_by=asked_by_id, lifted_by=lifted_by_id
    )


@transaction.atomic
def set_may_be_posted(*, actor: Actor, asset_id: int, allowed: bool) -> None:
    """Say whether the actor's organisation lets a batch be posted for sale. Raises AssetNotThere."""
    if actor.organisation_id is None:
        raise AssetNotThere
    changed = Holding.objects.filter(
        organisation_id=actor.organisation_id, asset_id=asset_id, purpose=Purpose.AVAILABLE
    ).update(may_be_posted=allowed)
    if not changed:
        raise AssetNotThere
