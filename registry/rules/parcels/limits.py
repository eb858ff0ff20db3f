"""What a parcel file may take. Limits come before geometry: two harmless-looking rings can take a minute to meet."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Technical bounds, shown on the upload page. Source: reliability.md, section 4."""

    file_bytes: int = 20 * MIB
    unpacked_bytes: int = 200 * MIB
    ratio: int = 100
    members: int = 2000
    ring_vertices: int = 5000
    vertices: int = 20_000
    holes: int = 500
    parcels: int = 500
    # Thinner than a path of this width all along: a gap between two surveys and no land.
    sliver_m: float = 0.2
    memory_mib: int = 1024  # GDAL and its libraries map some 600 MiB before they read a byte.
    seconds: float = 20
