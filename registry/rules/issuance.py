"""Verified tonnes into vintages and buffer: exact sums, by the largest remainder. Source: design, section 3.4."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from registry.rules.methodologies import evaluate


@dataclass(frozen=True)
class Vintage:
    """The tonnes of one calendar year, the buffer's share among them."""

    year: int
    tonnes: int
    buffer_tonnes: int

    @property
    def available_tonnes(self) -> int:
        return self.tonnes - self.buffer_tonnes


def share_out(total: int, weights: list[int]) -> list[int]:
    """Return `total` split in proportion to the weights: whole parts, sum exact, by the largest remainder.

    Of equal remainders the earlier place comes first. Weights are not negative, and at least one is above 0.
    """
    whole = sum(weights)
    assert total >= 0
    assert whole > 0
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: (-(total * weights[place] % whole), place))
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return parts


def days_by_year(first: date, last: date) -> list[tuple[int, int]]:
    """Return (calendar year, days of the period in it); both ends count."""
    found = []
    for year in range(first.year, last.year + 1):
        begins, ends = max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
        found.append((year, (ends - begins + timedelta(days=1)).days))
    return found


def buffer_of(verified_tonnes: int, net_tco2e: float, stock_part_tco2e: float | None, percent: int) -> int:
    """Return the whole tonnes withheld of a verified amount, by B1.withhold: rounded up, in favour of the buffer.

    stock_part_tco2e: of the net what is stored carbon and may be lost; None where all of it is.
    """
    inputs = {"net_tco2e": net_tco2e, "rating_percent": percent}
    if stock_part_tco2e is not None:
        inputs["stock_part_tco2e"] = stock_part_tco2e
    withheld = evaluate("B1.withhold", inputs).outputs["buffer_units"]
    return min(verified_tonnes, int(withheld))


def vintages(first: date, last: date, verified_tonnes: int, buffer_tonnes: int) -> list[Vintage]:
    """Return the vintages of a period; tonnes and buffers each sum exactly. Years without a tonne are left out.

    The buffer goes by the tonnes of the years, so a year never withholds more than it has.
    """
    assert 0 <= buffer_tonnes <= verified_tonnes
    if verified_tonnes == 0:
        return []
    years = days_by_year(first, last)
    tonnes = share_out(verified_tonnes, [days for _, days in years])
    buffers = share_out(buffer_tonnes, tonnes)
    return [
        Vintage(year, units, buffer)
        for (year, _), units, buffer in zip(years, tonnes, buffers, strict=True)
        if units > 0
    ]


def digest(content: Any) -> str:
    """Return the SHA-256 of a JSON value in one canonical form: what a second person approves is what was proposed."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
