"""The forms people fill in: kinds of workbooks, their sheets and columns. The headings stand in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

Content = Literal["text", "number", "integer", "flag", "choice", "species", "date"]

CLIMATES = {
    "寒带": "boreal",
    "冷温带干旱": "cool_temperate_dry",
    "冷温带湿润": "cool_temperate_moist",
    "暖温带干旱": "warm_temperate_dry",
    "暖温带湿润": "warm_temperate_moist",
}
ORGANIC_CLIMATES = {"寒带": "boreal", "温带": "temperate"}
DRAINED_USES = {
    "排水林地（贫营养）": "forest_poor",
    "排水林地（富营养）": "forest_rich",
    "排水耕地": "cropland",
    "排水草地（贫营养）": "grassland_poor",
    "深排水草地（富营养）": "grassland_rich_deep",
    "浅排水草地（富营养）": "grassland_rich_shallow",
    "泥炭开采地": "peat_extraction",
}
NUTRIENTS = {"贫营养": "poor", "富营养": "rich", "不明": "unknown"}
DATES = {"前期": "1", "后期": "2"}


@dataclass(frozen=True)
class Column:
    """One column. `above`, `least` and `most` are the ranges of the methodology that will read it."""

    name: str
    heading: str
    content: Content = "text"
    required: bool = True
    above: float | None = None
    least: float | None = None
    most: float | None = None
    choices: Mapping[str, str] | None = None
    example: object = ""


@dataclass(frozen=True)
class SheetForm:
    """One sheet. `row` is the dataclass of its rows; `key` are the columns that name a row together."""

    name: str
    english: str
    row: type[Any]
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    # Column -> the sheet (by its English name) and column in which its values must stand.
    refers: Mapping[str, tuple[str, str]] | None = None


@dataclass(frozen=True)
class WorkbookForm:
    """One kind of upload."""

    kind: str
    title: str
    sheets: tuple[SheetForm, ...]


@dataclass(frozen=True)
class StratumRow:
    """A carbon stratum with its mapped area."""

    row: int
    stratum: str
    area_ha: float


@dataclass(frozen=True)
class SoilStratumRow:
    """A stratum of soil points; the area of a control is a weight only."""

    row: int
    stratum: str
    area_ha: float
    is_control: bool


@dataclass(frozen=True)
class PlotRow:
    """A sample plot."""

    row: int
    stratum: str
    plot: str
    plot_area_ha: float
    slope_deg: float | None
    area_is_slope_measured: bool | None
    surveyed_on: date


@dataclass(frozen=True)
class TreeRow:
    """Trees of one species and size on a plot. `height_m` may be missing below the least diameter only."""

    row: int
    plot: str
    tree: str | None
    species: str
    dbh_cm: float
    height_m: float | None
    count: int | None


@dataclass(frozen=True)
class SoilLayerRow:
    """One layer of a soil profile; `period` is "1" for the earlier date and "2" for the later one."""

    row: int
    stratum: str
    point: str
    period: str
    top_cm: float
    bottom_cm: float
    oc_g_kg: float
    bd_g_cm3: float
    coarse_fraction: float


@dataclass(frozen=True)
class SoilPairRow:
    """The organic carbon of one point at both dates, in t C/ha."""

    row: int
    stratum: str
    point: str
    soc_t1_t_ha: float
    soc_t2_t_ha: float


@dataclass(frozen=True)
class MineralWetlandRow:
    """A stratum of W1.mineral."""

    row: int
    stratum: str
    area_ha: float
    climate: str
    f_before: float | None
    inundated_fraction: float | None
    years_t1: float | None
    years_t2: float


@dataclass(frozen=True)
class OrganicWetlandRow:
    """A stratum of W1.organic."""

    row: int
    stratum: str
    area_ha: float
    years: float
    climate: str
    baseline_use: str
    project_nutrient: str
    peat_depth_cm: float | None
    subsidence_cm_yr: float | None
    years_before: float | None


STRATUM = Column("stratum", "碳层", example="A")
AREA = Column("area_ha", "面积（公顷）", "number", above=0, example=820)
OF_STRATUM = {"stratum": ("strata", "stratum")}
SOIL_STRATA = SheetForm(
    "碳层",
    "strata",
    SoilStratumRow,
    (STRATUM, AREA, Column("is_control", "对照", "flag", example="否")),
    key=("stratum",),
)

FOREST_PLOTS = WorkbookForm(
    "forest_plots",
    "样地与每木检尺",
    (
        SheetForm("碳层", "strata", StratumRow, (STRATUM, AREA), key=("stratum",)),
        SheetForm(
            "样地",
            "plots",
            PlotRow,
            (
                STRATUM,
                Column("plot", "样地号", example="A-01"),
                Column("plot_area_ha", "样地面积（公顷）", "number", above=0, most=10, example=0.06),
                Column("slope_deg", "坡度（度）", "number", required=False, least=0, most=60, example=8),
                Column("area_is_slope_measured", "面积沿坡面量测", "flag", required=False, example="否"),
                Column("surveyed_on", "调查日期", "date", example=date(2025, 8, 12)),
            ),
            key=("plot",),
            refers=OF_STRATUM,
        ),
        SheetForm(
            "每木",
            "trees",
            TreeRow,
            (
                Column("plot", "样地号", example="A-01"),
                Column("tree", "树号", required=False, example="1"),
                Column("species", "树种", "species", example="落叶松"),
                Column("dbh_cm", "胸径（厘米）", "number", above=0, most=300, example=14.8),
                Column("height_m", "树高（米）", "number", required=False, above=0, most=60, example=12.2),
                Column("count", "株数", "integer", required=False, least=0, most=100_000, example=1),
            ),
            key=("plot", "tree"),
            refers={"plot": ("plots", "plot")},
        ),
    ),
)
GRASSLAND_LAYERS = WorkbookForm(
    "grassland_layers",
    "草原土壤分层",
    (
        SOIL_STRATA,
        SheetForm(
            "土层",
            "layers",
            SoilLayerRow,
            (
                STRATUM,
                Column("point", "样点号", example="P-01"),
                Column("period", "期次", "choice", choices=DATES, example="前期"),
                Column("top_cm", "上界（厘米）", "number", least=0, most=300, example=0),
                Column("bottom_cm", "下界（厘米）", "number", above=0, most=300, example=10),
                Column("oc_g_kg", "有机碳（克/千克）", "number", least=0, most=600, example=16.8),
                Column("bd_g_cm3", "容重（克/立方厘米）", "number", least=0.05, most=2.2, example=1.28),
                Column("coarse_fraction", "砾石体积比", "number", least=0, most=0.95, example=0.03),
            ),
            key=("stratum", "point", "period", "top_cm"),
            refers=OF_STRATUM,
        ),
    ),
)
GRASSLAND_PAIRS = WorkbookForm(
    "grassland_pairs",
    "草原土壤有机碳配对样点",
    (
        SOIL_STRATA,
        SheetForm(
            "样点",
            "pairs",
            SoilPairRow,
            (
                STRATUM,
                Column("point", "样点号", example="P-01"),
                Column("soc_t1_t_ha", "前期有机碳（吨碳/公顷）", "number", least=0, most=2000, example=34.1),
                Column("soc_t2_t_ha", "后期有机碳（吨碳/公顷）", "number", least=0, most=2000, example=36.0),
            ),
            key=("stratum", "point"),
            refers=OF_STRATUM,
        ),
    ),
)
WETLAND_MINERAL = WorkbookForm(
    "wetland_mineral",
    "湿地碳层（矿质土）",
    (
        SheetForm(
            "碳层",
            "strata",
            MineralWetlandRow,
            (
                STRATUM,
                AREA,
                Column("climate", "气候区", "choice", choices=CLIMATES, example="冷温带干旱"),
                Column("f_before", "恢复前有机碳系数", "number", required=False, above=0, most=1, example=0.71),
                Column("inundated_fraction", "淹水比例", "number", required=False, least=0, most=1, example=0.3),
                Column("years_t1", "期初距补水年数", "number", required=False, least=0, most=200, example=0),
                Column("years_t2", "期末距补水年数", "number", above=0, most=200, example=5),
            ),
            key=("stratum",),
        ),
    ),
)
WETLAND_ORGANIC = WorkbookForm(
    "wetland_organic",
    "湿地碳层（泥炭地）",
    (
        SheetForm(
            "碳层",
            "strata",
            OrganicWetlandRow,
            (
                STRATUM,
                AREA,
                Column("years", "核算年数", "number", above=0, most=100, example=5),
                Column("climate", "气候区", "choice", choices=ORGANIC_CLIMATES, example="温带"),
                Column("baseline_use", "基线利用方式", "choice", choices=DRAINED_USES, example="深排水草地（富营养）"),
                Column("project_nutrient", "恢复后营养状况", "choice", choices=NUTRIENTS, example="富营养"),
                Column("peat_depth_cm", "泥炭厚度（厘米）", "number", required=False, least=0, most=2000, example=90),
                Column("subsidence_cm_yr", "沉降（厘米/年）", "number", required=False, above=0, most=20, example=1.5),
                Column("years_before", "已排水年数", "number", required=False, least=0, most=100, example=8),
            ),
            key=("stratum",),
        ),
    ),
)
FORMS: Mapping[str, WorkbookForm] = {
    form.kind: form for form in (FOREST_PLOTS, GRASSLAND_LAYERS, GRASSLAND_PAIRS, WETLAND_MINERAL, WETLAND_ORGANIC)
}
NOTES_SHEET = "说明"
