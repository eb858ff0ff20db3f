"""Workbooks of the demonstration, in the platform's own forms: invented measurements from a fixed seed."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from openpyxl import Workbook

from registry.rules.uploads import FORMS

PLOT_HA = 0.06
LARCH, BIRCH = "落叶松", "白桦"
THIN_CM = 5  # Below it nobody measures a height.


@dataclass(frozen=True)
class _Stem:
    plot: str
    number: int
    species: str
    dbh_cm: float
    height_m: float | None


def workbook(kind: str, rows: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """Return a workbook of a kind with these rows under the Chinese headings.

    rows: by the English names of the sheets.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    for form in FORMS[kind].sheets:
        sheet = book.create_sheet(form.name)
        sheet.append([column.heading for column in form.columns])
        for row in rows[form.english]:
            sheet.append(list(row))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def forest_inventories(
    seed: str,
    areas_ha: Mapping[str, float],
    *,
    plots: int,
    surveyed: Sequence[date],
    growth_cm: Sequence[float] = (2.6,),
) -> tuple[bytes, ...]:
    """Return inventories of the same plots, one a day: larch and birch, some stems too thin, a few died or came up.

    areas_ha:  the strata. growth_cm: how much thicker a stem grows from each inventory to the next, on average.
    """
    chance = random.Random(seed)  # noqa: S311 (a story, not a secret)
    afterwards = random.Random(f"{seed} afterwards")  # noqa: S311 (of its own: it changes none of the first two)
    shapes: list[tuple[str, str, float, int, str]] = []
    standing: list[list[_Stem]] = [[] for _ in surveyed]
    for place, stratum in enumerate(areas_ha):
        leading, second = (LARCH, BIRCH) if place % 2 == 0 else (BIRCH, LARCH)
        for number in range(1, plots + 1):
            plot = f"{stratum}-{number:02d}"
            shapes.append((stratum, plot, PLOT_HA, chance.randrange(0, 22), "是" if number % 4 == 2 else "否"))
            vigour = chance.uniform(0.85, 1.15)
            for stem in range(1, chance.randrange(18, 26)):
                dbh = round(chance.uniform(4.2, 12.0), 1)
                species = leading if chance.random() < 0.8 else second
                young = _Stem(plot, stem, species, dbh, _height(chance, dbh))
                thick = round(dbh + vigour * growth_cm[0] * chance.uniform(0.75, 1.25), 1)
                fate = chance.random()
                if fate < 0.96:
                    standing[0].append(young)
                if fate > 0.02:
                    grown = replace(young, dbh_cm=thick, height_m=_height(chance, thick))
                    standing[1].append(grown)
                    for later, growth in zip(standing[2:], growth_cm[1:], strict=True):
                        thick = round(grown.dbh_cm + vigour * growth, 1)
                        grown = replace(grown, dbh_cm=thick, height_m=_height(afterwards, thick))
                        later.append(grown)
    strata = list(areas_ha.items())
    return tuple(
        workbook(
            "forest_plots",
            {
                "strata": strata,
                "plots": [(*shape, day) for shape in shapes],
                "trees": [(one.plot, one.number, one.species, one.dbh_cm, one.height_m, 1) for one in stems],
            },
        )
        for day, stems in zip(surveyed, standing, strict=True)
    )


def _height(chance: random.Random, dbh_cm: float) -> float | None:
    return round(2.5 + 0.63 * dbh_cm + chance.uniform(-0.4, 0.4), 1) if dbh_cm >= THIN_CM else None


def grassland_pairs(seed: str, area_ha: float, *, points: int, gains_t_ha: Sequence[float]) -> bytes:
    """Return soil carbon of the same points before and after the last gain, with controls outside the restored land.

    gains_t_ha: how much carbon the soil has gained on average, in t C/ha, period by period; controls gain a tenth.
    """
    chance = random.Random(seed)  # noqa: S311 (a story, not a secret)
    strata = [("A", round(area_ha * 0.6, 2), "否"), ("B", round(area_ha * 0.4, 2), "否"), ("K", 100, "是")]
    pairs = []
    for stratum, _, control in strata:
        for number in range(1, points + 1):
            soil = round(chance.uniform(28.0, 38.0), 2)
            share = (0.1 if control == "是" else 1.0) * chance.uniform(0.8, 1.2)
            stocks = [soil]
            for gain in gains_t_ha:
                stocks.append(round(stocks[-1] + gain * share, 2))
            pairs.append((stratum, f"{stratum}-{number:02d}", *stocks[-2:]))
    return workbook("grassland_pairs", {"strata": strata, "pairs": pairs})


def wetland_strata(areas_ha: Mapping[str, float], *, inundated: float, years: tuple[float, float]) -> bytes:
    """Return re-flooded wetland on mineral soil: areas, the flooded share, years since the water came back."""
    strata = [(name, area, "冷温带干旱", 0.71, inundated, *years) for name, area in areas_ha.items()]
    return workbook("wetland_mineral", {"strata": strata})
