"""Land of the demonstration: parcels with a drawn look, each inside its banner, none upon another."""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass
from typing import Any

CORNERS = 14
DECIMALS = 6


@dataclass(frozen=True)
class Patch:
    """A parcel to be drawn: its name, where its middle lies, and how far it reaches, in degrees."""

    name: str
    longitude: float
    latitude: float
    wide: float
    high: float


def drawn(patch: Patch) -> dict[str, Any]:
    """Return the polygon of a patch: uneven, but seen from its middle each corner lies behind the one before.

    The same patch is always the same polygon.
    """
    chance = random.Random(f"{patch.name} {patch.longitude} {patch.latitude}")  # noqa: S311 (a drawing)
    ring = []
    for corner in range(CORNERS):
        angle = 2 * math.pi * (corner + chance.uniform(-0.25, 0.25)) / CORNERS
        reach = chance.uniform(0.72, 1.0)
        ring.append(
            [
                round(patch.longitude + patch.wide / 2 * reach * math.cos(angle), DECIMALS),
                round(patch.latitude + patch.high / 2 * reach * math.sin(angle), DECIMALS),
            ]
        )
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def geojson(patches: list[Patch]) -> bytes:
    """Return the patches as the GeoJSON file that an owner would upload."""
    features = [{"type": "Feature", "properties": {"name": one.name}, "geometry": drawn(one)} for one in patches]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()
