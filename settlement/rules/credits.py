"""What is known of a credit outside the registry, and what issuing and retiring give back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settlement.rules.holdings import AssetKind
    from settlement.rules.serials import SerialRange


@dataclass(frozen=True)
class CreditDescription:
    """What pages show and filters use of a credit; handed over by the registry at issuance, then fixed.

    credit_type: F forest, G grassland, W wetland, S sandland, T tree, P inclusion.
    project_serial: the six digits of the project in a printed serial.
    """

    scheme: str
    project_code: str
    project_name: str
    vintage_year: int
    credit_type: str
    division_code: str
    division_name: str
    methodology: str
    project_serial: str
    region_code: str = "NM"
    scheme_code: str = "CS"


@dataclass(frozen=True)
class AssetView:
    """One asset. For cash `credit` is None and the serial range is 0..0."""

    id: int
    kind: AssetKind
    code: str
    credit: CreditDescription | None
    issued_units: int
    first_serial: int
    last_serial: int


@dataclass(frozen=True)
class IssuedBatch:
    """A batch just issued: its asset, its serial range and how it is printed."""

    asset_id: int
    entry_id: int
    first_serial: int
    last_serial: int
    units: int
    serial_text: str


@dataclass(frozen=True)
class RetiredUnits:
    """Units that have reached their end, with the serial ranges they carry, in serial order."""

    entry_id: int
    asset_id: int
    units: int
    serials: tuple[SerialRange, ...]
    serial_texts: tuple[str, ...]
