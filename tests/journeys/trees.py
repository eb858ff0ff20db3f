"""The forest of the journeys: larch and birch in two strata of eight plots, measured twice, five years apart.

Made here from a fixed seed, so that nobody else's figures are in it. Some stems are below 5 cm, some plots were
measured along their slope, some trees died between the inventories and some grew into the list.
"""

from __future__ import annotations

import io
import json
import random
from dataclasses import dataclass, replace
from datetime import date

from openpyxl import Workbook

SEED = 150782
EARLIER, LATER = date(2020, 10, 15), date(2025, 10, 15)
FIRST, LAST = date(2021, 1, 1), date(2025, 12, 31)
PLOTS = 8
PLOT_HA = 0.06
SPECIES = {"LARIX": "落叶松", "BETULA": "白桦"}
SHEETS = {
    "碳层": ("碳层", "面积（公顷）"),
    "样地": ("碳层", "样地号", "样地面积（公顷）", "坡度（度）", "面积沿坡面量测", "调查日期"),
    "每木": ("样地号", "树号", "树种", "胸径（厘米）", "树高（米）", "株数"),
}
# Hectares of the strata: what the two parcels measure, but for a surveyor's rounding.
AREAS = {"A": 363.17, "B": 242.1}
# West, south, east and north of the two parcels; each is one stratum.
BOXES = {"A": (120.90, 49.40, 120.93, 49.415), "B": (120.95, 49.40, 120.97, 49.415)}


@dataclass(frozen=True)
class Plot:
    stratum: str
    name: str
    area_ha: float
    slope_deg: int
    is_slope_measured: bool


@dataclass(frozen=True)
class Tree:
    plot: str
    number: str
    species: str
    dbh_cm: float
    height_m: float | None  # Nobody measures the height of a stem below 5 cm.


@dataclass(frozen=True)
class Forest:
    """Areas in hectares by stratum, the plots, and the trees of both inventories."""

    areas: dict[str, float]
    plots: list[Plot]
    earlier: list[Tree]
    later: list[Tree]


def forest(areas: dict[str, float] = AREAS, *, seed: int = SEED) -> Forest:
    """Return the forest on strata of these areas; equal seeds give equal trees."""
    chance = random.Random(seed)
    plots, earlier, later = [], [], []
    for stratum, leading in zip(areas, ("LARIX", "BETULA"), strict=True):
        for place in range(PLOTS):
            plot = Plot(stratum, f"{stratum}-{place + 1:02d}", PLOT_HA, chance.randrange(0, 26), place % 4 == 1)
            plots.append(plot)
            # What makes one plot grow unlike its neighbour, and so the sampling error.
            vigour = chance.uniform(0.72, 1.28)
            for number in range(1, chance.randrange(34, 52)):
                species = leading if chance.random() < 0.8 else ("BETULA" if leading == "LARIX" else "LARIX")
                tree = _young(chance, plot.name, str(number), species)
                fate = chance.random()
                if fate < 0.94:
                    earlier.append(tree)
                if fate > 0.03:
                    later.append(_grown(chance, tree, vigour))
    return Forest(areas, plots, earlier, later)


def _young(chance: random.Random, plot: str, number: str, species: str) -> Tree:
    dbh = round(chance.uniform(4.1, 11.5), 1)
    height = round(2.4 + 0.62 * dbh + chance.uniform(-0.6, 0.6), 1)
    return Tree(plot, number, species, dbh, height if dbh >= 5 else None)


def _grown(chance: random.Random, tree: Tree, vigour: float) -> Tree:
    dbh = round(tree.dbh_cm + vigour * chance.uniform(1.9, 3.4), 1)
    return replace(tree, dbh_cm=dbh, height_m=round(2.6 + 0.64 * dbh + chance.uniform(-0.5, 0.5), 1))


def workbook(of: Forest, trees: list[Tree], surveyed_on: date) -> bytes:
    """Return one inventory as the platform's form takes it: Chinese headings, one row a tree."""
    rows = {
        "碳层": list(of.areas.items()),
        "样地": [
            (one.stratum, one.name, one.area_ha, one.slope_deg, "是" if one.is_slope_measured else "否", surveyed_on)
            for one in of.plots
        ],
        "每木": [(one.plot, one.number, SPECIES[one.species], one.dbh_cm, one.height_m, 1) for one in trees],
    }
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, heading in SHEETS.items():
        sheet = book.create_sheet(title)
        sheet.append(heading)
        for row in rows[title]:
            sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def parcels(*, east_by: float = 0.0) -> bytes:
    """Return the two parcels as GeoJSON, moved so many degrees to the east, so that no two stories share land."""
    features = []
    for name, (west, south, east, north) in BOXES.items():
        west, east = west + east_by, east + east_by
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        features.append(
            {
                "type": "Feature",
                "properties": {"name": f"{name} 小班"},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()
