"""Assets: the currency and the batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from settlement import rules
from settlement.errors import AssetNotThere
from settlement.models import Asset, AssetFreeze
from settlement.rules import AssetKind, AssetView, CreditDescription, SerialRange


@cache
def cash_asset_id() -> int:
    """Return the id of the currency. Fixed: a migration made it, and no asset is ever removed."""
    return Asset.objects.values_list("pk", flat=True).get(kind=AssetKind.CASH)


def view(asset: Asset) -> AssetView:
    """Return an asset as other rooms may see it."""
    if asset.kind == AssetKind.CASH:
        return AssetView(asset.pk, AssetKind.CASH, asset.code, None, 0, 0, 0)
    assert asset.first_serial is not None
    assert asset.last_serial is not None
    return AssetView(
        asset.pk,
        AssetKind.CREDIT,
        asset.code,
        description(asset),
        asset.last_serial - asset.first_serial + 1,
        asset.first_serial,
        asset.last_serial,
    )


def description(asset: Asset) -> CreditDescription:
    """Return what is known of the credits of a batch."""
    assert asset.vintage_year is not None
    return CreditDescription(
        scheme=asset.scheme,
        project_code=asset.project_code,
        project_name=asset.project_name,
        vintage_year=asset.vintage_year,
        credit_type=asset.credit_type,
        division_code=asset.division_code,
        division_name=asset.division_name,
        methodology=asset.methodology,
        project_serial=asset.project_serial,
        region_code=asset.region_code,
        scheme_code=asset.scheme_code,
    )


def asset(asset_id: int) -> AssetView:
    """Return one asset. Raises AssetNotThere."""
    found = Asset.objects.filter(pk=asset_id).first()
    if found is None:
        raise AssetNotThere
    return view(found)


def assets_of(project_code: str, vintage_year: int) -> list[AssetView]:
    """Return the batches of a project and vintage, oldest first."""
    rows = Asset.objects.filter(kind=AssetKind.CREDIT, project_code=project_code, vintage_year=vintage_year)
    return [view(row) for row in rows.order_by("first_serial")]


def batches(project_code: str = "") -> list[AssetView]:
    """Return all batches, or those of one project, newest first. Public: a register of what was issued."""
    rows = Asset.objects.filter(kind=AssetKind.CREDIT)
    if project_code:
        rows = rows.filter(project_code=project_code)
    return [view(row) for row in rows.order_by("-pk")]


def live_freeze(asset_id: int) -> AssetFreeze | None:
    """Return the oldest freeze of a batch that has not been lifted."""
    return AssetFreeze.objects.filter(asset_id=asset_id, lifted_at__isnull=True).order_by("pk").first()


def live_freeze_of_product(project_code: str, vintage_year: int) -> AssetFreeze | None:
    """Return the oldest freeze that has not been lifted of any batch of a project and vintage."""
    rows = AssetFreeze.objects.filter(
        lifted_at__isnull=True, asset__project_code=project_code, asset__vintage_year=vintage_year
    )
    return rows.order_by("pk").first()


@dataclass(frozen=True)
class FrozenProduct:
    """Since when and by which document the credits of a product stand still."""

    since: datetime
    order_number: str
    reason: str


def frozen_products() -> dict[tuple[str, int], FrozenProduct]:
    """Return, by project and vintage, the oldest freeze that has not been lifted of any of its batches."""
    columns = ("asset__project_code", "asset__vintage_year", "since", "order_number", "reason")
    rows = AssetFreeze.objects.filter(lifted_at__isnull=True).order_by("-pk").values_list(*columns)
    return {(project, vintage or 0): FrozenProduct(*said) for project, vintage, *said in rows}


def is_frozen(asset_id: int) -> bool:
    """Tell whether a batch stands still."""
    return live_freeze(asset_id) is not None


def text_of(credit: CreditDescription, serials: SerialRange) -> str:
    """Return a serial range of a credit as printed."""
    return rules.serial_text(
        region_code=credit.region_code,
        scheme_code=credit.scheme_code,
        division_code=credit.division_code,
        credit_type=credit.credit_type,
        project_serial=credit.project_serial,
        vintage_year=credit.vintage_year,
        serials=serials,
    )
